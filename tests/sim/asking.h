/* SPDX-License-Identifier: MIT */
/* A simulator without sockets whose clock the test moves, and requests to it in one line. */
#ifndef ASKING_H
#define ASKING_H

#include "control_api.h"
#include "testing.h"

#define ASKING_EPOCH_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

typedef struct asking {
  sim_instance instance;
  int64_t real_ms;     /* the clock's speed is 1 and its zero is ASKING_EPOCH_MS */
  const char *token;   /* "token" at first; NULL = none */
  sim_outcome outcome; /* of the last request */
  imgact_json_doc *document;
} asking;

/* cmocka's setup and teardown of an asking with regions and nothing else. */
int asking_setup(void **state);
int asking_teardown(void **state);

/* Sends a request; the reply's body, parsed, lives until the next one (NULL: no JSON). Hetzner for /v1, else DigitalOcean.
 */
const imgact_json *asking_send(asking *a, const char *method, const char *target, const char *body);
/* The same, and fails the test unless it has that status. */
const imgact_json *asking_expect(asking *a, int status, const char *method, const char *target, const char *body);
/* Lays a world file over the world, which must be fine. */
void asking_world(asking *a, const char *json);
void asking_faults(asking *a, const char *json);

/* "images.0.protection.delete": a value by its path. */
const imgact_json *asking_at(const imgact_json *value, const char *path);
int64_t asking_int(const imgact_json *value, const char *path); /* fails the test unless it is one */
const char *asking_header(const asking *a, const char *name);   /* "" = not there */
/* "4711 4712": the ids of a list. */
const char *asking_ids(const imgact_json *value, const char *list);

#define asking_text(value, path, text) assert_true(imgact_json_equals(asking_at((value), (path)), (text)))
#define asking_null(value, path)       assert_int_equal(imgact_json_get_type(asking_at((value), (path))), IMGACT_JSON_NULL)

#endif
