/* SPDX-License-Identifier: MIT */
/* A replayer of a cassette that is written as text, and what it returns. */
#ifndef REPLAYER_FIXTURE_H
#define REPLAYER_FIXTURE_H

#include "exchanges.h"

#define ENTRY(request, response) "{" request "," response "}"
#define GET(url)                 "\"request\":{\"method\":\"GET\",\"url\":\"" url "\"}"
#define POST(url, body)                                                                            \
  "\"request\":{\"method\":\"POST\",\"url\":\"" url "\",\"postData\":{\"text\":\"" body "\"}}"
#define RESPONSE(status, text)                                                                     \
  "\"response\":{\"status\":" #status ",\"content\":{\"text\":\"" text "\"}}"
#define CANCELLED      "\"response\":{\"status\":0},\"_imgact\":{\"failure\":\"cancelled\"}"
#define AT(time, took) "\"startedDateTime\":\"" time "\",\"time\":" #took ","

static inline void write_cassette(const char *path, const char *const *entries) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  fputs("{\"log\":{\"entries\":[", file);
  for (size_t i = 0; entries[i] != NULL; i++) fprintf(file, "%s%s", i > 0 ? "," : "", entries[i]);
  fputs("]}}", file);
  assert_int_equal(fclose(file), 0);
}

/* entries ends with NULL. */
static inline imgact_transport *replay_with(const char *const *entries,
                                            const imgact_allocator *allocator) {
  folder there = new_folder();
  imgact_transport *made = NULL;
  imgact_error error;
  write_cassette(there.file, entries);
  imgact_status status = imgact_transport_new_replayer(there.file, allocator, &made, &error);
  remove_folder(&there);
  if (status != IMGACT_OK && allocator == NULL) fail_msg("%s", error.message);
  return made;
}

/* A replayer of these entries; NULL = none. */
#define replay(...) replay_with((const char *const[]){__VA_ARGS__, NULL}, NULL)

static inline void send_only(imgact_transport *transport, const imgact_http_request *request,
                             kept_exchange *kept) {
  *kept = new_exchange();
  assert_int_equal(transport->send(transport, request, &kept->exchange), IMGACT_OK);
  assert_int_equal(kept->finished, 0); // never called from within send
}

static inline void expect_response(imgact_transport *transport, const imgact_http_request *request,
                                   int status, const char *body) {
  kept_exchange kept;
  send_only(transport, request, &kept);
  assert_int_equal(transport->timeout_ms(transport), 0);
  transport->dispatch(transport);
  assert_int_equal(kept.finished, 1);
  if (kept.response.delivery != IMGACT_DELIVERY_ANSWERED) fail_msg("%s", kept.response.message);
  assert_int_equal(kept.response.failure, IMGACT_FAILURE_NONE);
  assert_int_equal(kept.response.status, status);
  assert_string_equal(kept.response.body == NULL ? "" : kept.response.body, body);
  forget(&kept);
  assert_int_equal(transport->timeout_ms(transport), -1);
}

static inline void expect_get(imgact_transport *transport, const char *url, int status,
                              const char *body) {
  imgact_http_request request = request_to("GET", url);
  expect_response(transport, &request, status, body);
}

static inline void expect_unmatched(imgact_transport *transport, const char *url, const char *why) {
  kept_exchange kept;
  imgact_http_request request = request_to("GET", url);
  send_only(transport, &request, &kept);
  transport->dispatch(transport);
  assert_int_equal(kept.finished, 1);
  assert_int_equal(kept.response.delivery, IMGACT_DELIVERY_NOT_SENT);
  assert_int_equal(kept.response.failure, IMGACT_FAILURE_UNMATCHED);
  assert_int_equal(kept.response.status, 0);
  if (strstr(kept.response.message, why) == NULL)
    fail_msg("'%s' does not say '%s'", kept.response.message, why);
  forget(&kept);
}

static inline void expect_unused(const imgact_transport *transport, size_t count,
                                 const char *first) {
  const char *name = "";
  assert_int_equal(imgact_replayer_unused(transport, NULL), count);
  assert_int_equal(imgact_replayer_unused(transport, &name), count);
  if (first == NULL)
    assert_null(name);
  else
    assert_string_equal(name, first);
}

#endif
