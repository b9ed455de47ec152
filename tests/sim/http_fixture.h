/* SPDX-License-Identifier: MIT */
/* A simulator without sockets whose clock the test moves, and requests to it in one line. */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include "control_api.h"
#include "testing.h"

#define HTTP_FIXTURE_EPOCH_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

typedef struct http_fixture {
  sim_instance instance;
  int64_t real_ms;     /* the clock's speed is 1 and its zero is HTTP_FIXTURE_EPOCH_MS */
  const char *token;   /* "token" at first; NULL = none */
  sim_outcome outcome; /* of the last request */
  imgact_json_doc *document;
} http_fixture;

/* cmocka's setup and teardown of an http_fixture with regions and nothing else. */
int http_fixture_setup(void **state);
int http_fixture_teardown(void **state);

/* Sends a request; the reply's body, parsed, lives until the next one (NULL: no JSON). Hetzner for
 * /v1, else DigitalOcean.
 */
const imgact_json *http_fixture_send(http_fixture *a, const char *method, const char *target,
                                     const char *body);
/* The same, and fails the test unless it has that status. */
const imgact_json *http_fixture_expect(http_fixture *a, int status, const char *method,
                                       const char *target, const char *body);
/* Lays a world file over the world, which must be fine. */
void http_fixture_world(http_fixture *a, const char *json);
void http_fixture_faults(http_fixture *a, const char *json);

/* "images.0.protection.delete": a value by its path. */
const imgact_json *http_fixture_at(const imgact_json *value, const char *path);
int64_t http_fixture_int(const imgact_json *value,
                         const char *path); /* fails the test unless it is one */
const char *http_fixture_header(const http_fixture *a, const char *name); /* "" = not there */
/* "4711 4712": the ids of a list. */
const char *http_fixture_ids(const imgact_json *value, const char *list);

#define http_fixture_text(value, path, text)                                                       \
  assert_true(imgact_json_equals(http_fixture_at((value), (path)), (text)))
#define http_fixture_null(value, path)                                                             \
  assert_int_equal(imgact_json_get_type(http_fixture_at((value), (path))), IMGACT_JSON_NULL)

#endif
