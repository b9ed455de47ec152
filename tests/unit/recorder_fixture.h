/* SPDX-License-Identifier: MIT */
/* A recorder of scripted responses, and the values of the cassette that it saves. */
#ifndef RECORDER_FIXTURE_H
#define RECORDER_FIXTURE_H

#include "exchanges.h"
#include "scripted.h"

#include <imgact/json.h>

#define TOKEN "Kx7canaryQ9z2Lm4Vb6Nn8Pp0Rr1Tt3Yy5Uu7Ii9Oo1Aa3Ss5Dd7Ff9Gg1Hh3Jj5"

static const imgact_header with_token[] = {{"Authorization", "Bearer " TOKEN},
                                           {"Accept", "application/json"},
                                           {"User-Agent", "app/1.0"},
                                           {"X-Other", "not kept"}};

typedef struct recording {
  folder there;
  scripted *script;
  imgact_transport *transport;
} recording;

static inline recording start(const imgact_allocator *allocator) {
  recording made = {.there = new_folder(), .script = scripted_new()};
  imgact_error error;
  if (imgact_transport_new_recorder(scripted_transport(made.script), made.there.file, allocator,
                                    &made.transport, &error) != IMGACT_OK)
    fail_msg("%s", error.message);
  return made;
}

static inline imgact_http_request authorized(const char *method, const char *url) {
  imgact_http_request request = request_to(method, url);
  request.headers = with_token;
  request.headers_count = 4;
  return request;
}

static inline void exchange_with(const recording *made, const imgact_http_request *request,
                                 kept_exchange *kept) {
  *kept = new_exchange();
  assert_int_equal(made->transport->send(made->transport, request, &kept->exchange), IMGACT_OK);
  drive(made->transport);
}

static inline void ask(const recording *made, const char *method, const char *url) {
  kept_exchange kept;
  imgact_http_request request = authorized(method, url);
  exchange_with(made, &request, &kept);
  assert_int_equal(kept.finished, 1);
  forget(&kept);
}

// Saves the recording, destroys the recorder, and returns the text of the file.
static inline char *finish(recording *made) {
  imgact_error error;
  if (imgact_recorder_save(made->transport, &error) != IMGACT_OK) fail_msg("%s", error.message);
  char *text = read_text(made->there.file);
  made->transport->destroy(made->transport);
  assert_true(scripted_destroyed(made->script));
  scripted_free(made->script);
  assert_int_equal(remove_folder(&made->there), 1);
  return text;
}

static inline imgact_json_doc *parsed(const char *text) {
  imgact_json_doc *doc = NULL;
  char message[200];
  if (imgact_json_doc_parse(text, strlen(text), NULL, &doc, message, sizeof message) != 0)
    fail_msg("%s in %s", message, text);
  return doc;
}

// Returns the value at a path of names and indexes separated by dots.
static inline const imgact_json *at(const imgact_json_doc *doc, const char *path) {
  const imgact_json *value = imgact_json_doc_root(doc);
  while (*path != '\0' && value != NULL) {
    char step[64];
    size_t length = strcspn(path, ".");
    snprintf(step, sizeof step, "%.*s", (int)length, path);
    if (imgact_json_get_type(value) == IMGACT_JSON_ARRAY) {
      imgact_json_iter each = imgact_json_iter_begin(value);
      for (long skip = atol(step); skip >= 0; skip--) value = imgact_json_iter_next(&each, NULL);
    } else {
      value = imgact_json_get(value, step);
    }
    path += length + (path[length] == '.');
  }
  return value;
}

static inline void expect_text(const imgact_json_doc *doc, const char *path, const char *wanted) {
  const imgact_json *value = at(doc, path);
  if (!imgact_json_equals(value, wanted))
    fail_msg("%s is '%s', not '%s'", path, imgact_json_as_string(value, NULL), wanted);
}

static inline void expect_number(const imgact_json_doc *doc, const char *path, int64_t wanted) {
  int64_t number = -12345;
  imgact_json_as_int(at(doc, path), &number);
  if (number != wanted)
    fail_msg("%s is %lld, not %lld", path, (long long)number, (long long)wanted);
}

#endif
