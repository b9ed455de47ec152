/* SPDX-License-Identifier: MIT */
/* A simulator without sockets, whose clock the test sets, and functions that send requests to it.
 */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include "control_api.h"
#include "testing.h"

#define HTTP_FIXTURE_EPOCH_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

typedef struct http_fixture {
  sim_instance instance;
  int64_t real_ms;     /* time since HTTP_FIXTURE_EPOCH_MS; the speed is 1 */
  const char *token;   /* "token" at first; NULL = none */
  sim_outcome outcome; /* of the last request */
  imgact_json_doc *document;
} http_fixture;

/* cmocka's setup and teardown. The world has regions only. */
int http_fixture_setup(void **state);
int http_fixture_teardown(void **state);

/* Sends a request, to Hetzner if the target starts with /v1, otherwise to DigitalOcean. Returns the
 * parsed body, valid until the next request; NULL if it is not JSON. */
const imgact_json *http_fixture_send(http_fixture *a, const char *method, const char *target,
                                     const char *body);
/* As http_fixture_send(); fails the test if the response has another status. */
const imgact_json *http_fixture_expect(http_fixture *a, int status, const char *method,
                                       const char *target, const char *body);
/* As http_fixture_expect(); the body must contain the text. */
void http_fixture_error(http_fixture *a, int status, const char *text, const char *method,
                        const char *target, const char *body);
/* Loads a world file; fails the test if it has an error. */
void http_fixture_world(http_fixture *a, const char *json);
void http_fixture_faults(http_fixture *a, const char *json);

/* Returns a value by its path: "images.0.protection.delete". */
const imgact_json *http_fixture_at(const imgact_json *value, const char *path);
int64_t http_fixture_int(const imgact_json *value,
                         const char *path); /* fails the test if it is not an integer */
const char *http_fixture_header(const http_fixture *a, const char *name); /* "" = no such header */
/* Returns the ids of a list: "4711 4712". */
const char *http_fixture_ids(const imgact_json *value, const char *list);

#define http_fixture_text(value, path, text)                                                       \
  assert_true(imgact_json_equals(http_fixture_at((value), (path)), (text)))
#define http_fixture_null(value, path)                                                             \
  assert_int_equal(imgact_json_get_type(http_fixture_at((value), (path))), IMGACT_JSON_NULL)

#endif
