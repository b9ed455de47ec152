/* SPDX-License-Identifier: MIT */
/*
 * A transport that follows a script on a clock of its own: what engine tests run on. Hours of
 * waiting take no time.
 *
 * A request gets the response of the first rule that matches it (rules in the order in which they
 * were added), or the next response of the queue; a request without a response ends as not
 * sent and is counted. Everything given is copied. The script outlives its transport, so that the
 * log can be read after the loop has gone. A breach of the transport's contract by the code under
 * test fails the running test.
 */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include <imgact/transport.h>
#include <stdbool.h>

#define SCRIPTED_EPOCH_MS                                                                          \
  INT64_C(1767225600000)         /* 2026-01-01T00:00:00Z: where every script's clock starts */
#define SCRIPTED_NEVER INT64_MAX /* a delay: no response, the request's own time-out ends it */

typedef struct scripted scripted;

typedef struct scripted_answer {
  int32_t status;    /* 0: no response; failure is the reason (NONE = NETWORK), delivery how far the
                        request got */
  const char *body;  /* NULL = none */
  size_t body_bytes; /* 0 = up to the NUL */
  const char *headers;    /* lines "Name: value\n"; NULL = Content-Type: application/json */
  bool with_date;         /* adds a Date header, of the server's clock when the response comes */
  int64_t cloud_ahead_ms; /* how far that clock is ahead of ours */
  int64_t delay_ms;       /* from sending to the response */
  imgact_delivery delivery;
  imgact_failure failure;
  const char *message; /* of a failure */
} scripted_answer;

/* A request as it was sent. */
typedef struct scripted_request {
  const char *line; /* "GET /v1/images?page=1", followed by a space and the body, if there is one */
  const char *method;
  const char *url;
  const char *target; /* path and query */
  const char *body;   /* NULL = none */
  size_t body_bytes;
  const imgact_header *headers;
  size_t headers_count;
  int64_t timeout_ms;
  int64_t sent_ms; /* since SCRIPTED_EPOCH_MS */
  bool finished;
  bool cancelled;
} scripted_request;

/* Fills the response (all zero at first) to a request; returns false if the rule does not match.
 * Called when the request is sent, so a fake cloud changes its state here. The response is copied
 * right after the function returns. */
typedef bool (*scripted_rule)(void *user, const scripted_request *request, scripted_answer *answer);

scripted *scripted_new(void);
/* One per script. destroy only drops requests in flight. */
imgact_transport *scripted_transport(scripted *script);
/* Once the transport was destroyed or never given away. */
void scripted_free(scripted *script);
bool scripted_destroyed(const scripted *script);

/* Adds a response to the queue. */
void scripted_next(scripted *script, scripted_answer answer);
/* Adds a JSON response to the queue. */
void scripted_json(scripted *script, int32_t status, const char *body);
/* Adds a failure to the queue. */
void scripted_fail(scripted *script, imgact_delivery delivery, imgact_failure failure);
/* Adds a rule for requests whose line matches a shell pattern: "GET /v1/images/4711", "*
 * /v2/actions/[0-9]*". */
void scripted_on(scripted *script, const char *pattern, scripted_answer answer);
/* Adds a rule that is a function. */
void scripted_when(scripted *script, scripted_rule function, void *user);

size_t scripted_count(const scripted *script); /* requests so far */
/* The index-th one, from 0; fails the test past the end. Lives as the script. */
const scripted_request *scripted_at(const scripted *script, size_t index);
const char *scripted_header(const scripted_request *request,
                            const char *name); /* NULL = no such header */
size_t scripted_in_flight(const scripted *script);
int64_t scripted_now_ms(const scripted *script); /* since SCRIPTED_EPOCH_MS */
void scripted_advance(scripted *script, int64_t by_ms);

/* The whole sequence of lines, and nothing else: scripted_assert_lines(script, "GET /a", "POST /b
 * {}"). */
#define scripted_assert_lines(script, ...)                                                         \
  scripted_check_lines((script), (const char *const[]){__VA_ARGS__, NULL}, __FILE__, __LINE__)
#define scripted_assert_nothing_sent(script)                                                       \
  scripted_check_lines((script), (const char *const[]){NULL}, __FILE__, __LINE__)
/* The whole sequence of send times, since SCRIPTED_EPOCH_MS. */
#define scripted_assert_times(script, ...)                                                         \
  scripted_check_times((script), (const int64_t[]){__VA_ARGS__},                                   \
                       sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t), __FILE__,         \
                       __LINE__)
/* Every queued response was used, and no request was without one. */
#define scripted_assert_used_up(script) scripted_check_used_up((script), __FILE__, __LINE__)

void scripted_check_lines(const scripted *script, const char *const *lines, const char *file,
                          int line);
void scripted_check_times(const scripted *script, const int64_t *times_ms, size_t count,
                          const char *file, int line);
void scripted_check_used_up(const scripted *script, const char *file, int line);

#endif
