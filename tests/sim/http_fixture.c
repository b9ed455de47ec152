// SPDX-License-Identifier: MIT
#include "http_fixture.h"
#include <inttypes.h>

int http_fixture_setup(void **state) {
  http_fixture *a = calloc(1, sizeof *a);
  assert_non_null(a);
  a->instance.world = sim_world_new(7);
  a->instance.clock = (sim_clock){HTTP_FIXTURE_EPOCH_MS, 0, 1};
  a->token = "token";
  assert_non_null(a->instance.world);
  assert_true(sim_world_defaults(a->instance.world));
  *state = a;
  return 0;
}

static void forget_last(http_fixture *a) {
  imgact_json_doc_free(a->document);
  a->document = NULL;
  sim_reply_free(&a->outcome.reply);
}

int http_fixture_teardown(void **state) {
  http_fixture *a = *state;
  forget_last(a);
  sim_instance_clear(&a->instance);
  free(a);
  return 0;
}

const imgact_json *http_fixture_send(http_fixture *a, const char *method, const char *target,
                                     const char *body) {
  char authorization[200];
  snprintf(authorization, sizeof authorization, "Bearer %s", a->token ? a->token : "");
  sim_request request = {
      .method = method, .target = target, .body = body, .body_bytes = body ? strlen(body) : 0};
  request.authorization = a->token ? authorization : NULL;
  forget_last(a);
  sim_cloud cloud = strncmp(target, "/v1", 3) ? SIM_DIGITALOCEAN : SIM_HETZNER;
  a->outcome = sim_instance_serve(&a->instance, cloud, &request, a->real_ms);
  if (a->outcome.reply.body)
    imgact_json_doc_parse(a->outcome.reply.body, a->outcome.reply.body_bytes, NULL, &a->document,
                          NULL, 0);
  return a->document ? imgact_json_doc_root(a->document) : NULL;
}

const imgact_json *http_fixture_expect(http_fixture *a, int status, const char *method,
                                       const char *target, const char *body) {
  const imgact_json *reply = http_fixture_send(a, method, target, body);
  if (a->outcome.end != SIM_END_REPLY || a->outcome.reply.status != status)
    fail_msg("%s %s: %d (end %d), not %d: %s", method, target, a->outcome.reply.status,
             (int)a->outcome.end, status, a->outcome.reply.body ? a->outcome.reply.body : "");
  return reply;
}

void http_fixture_error(http_fixture *a, int status, const char *text, const char *method,
                        const char *target, const char *body) {
  http_fixture_expect(a, status, method, target, body);
  if (!strstr(a->outcome.reply.body, text))
    fail_msg("%s %s: %s", method, target, a->outcome.reply.body);
}

void http_fixture_world(http_fixture *a, const char *json) {
  char message[200] = "";
  if (!sim_world_load(a->instance.world, json, strlen(json), HTTP_FIXTURE_EPOCH_MS + a->real_ms,
                      message, sizeof message))
    fail_msg("%s", message);
}

void http_fixture_faults(http_fixture *a, const char *json) {
  char message[200] = "";
  if (!sim_faults_load(&a->instance.faults, json, strlen(json), message, sizeof message))
    fail_msg("%s", message);
}

static const imgact_json *element(const imgact_json *array, size_t index) {
  imgact_json_iter each = imgact_json_iter_begin(array);
  const imgact_json *value = imgact_json_iter_next(&each, NULL);
  while (value && index--) value = imgact_json_iter_next(&each, NULL);
  return value;
}

const imgact_json *http_fixture_at(const imgact_json *value, const char *path) {
  while (value && *path) {
    char key[64];
    size_t length = strcspn(path, ".");
    assert_true(length < sizeof key);
    memcpy(key, path, length);
    key[length] = 0;
    bool array = imgact_json_get_type(value) == IMGACT_JSON_ARRAY;
    value = array ? element(value, strtoul(key, NULL, 10)) : imgact_json_get(value, key);
    path += length + (path[length] == '.');
  }
  return value;
}

int64_t http_fixture_int(const imgact_json *value, const char *path) {
  int64_t number = 0;
  if (!imgact_json_as_int(http_fixture_at(value, path), &number))
    fail_msg("%s is no integer", path);
  return number;
}

const char *http_fixture_header(const http_fixture *a, const char *name) {
  const char *value = sim_reply_get(&a->outcome.reply, name);
  return value ? value : "";
}

const char *http_fixture_ids(const imgact_json *value, const char *list) {
  static char text[1024];
  const imgact_json *item;
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_get(value, list));
  size_t used = 0;
  text[0] = 0;
  while ((item = imgact_json_iter_next(&each, NULL)) && used < sizeof text - 32)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%" PRId64, used ? " " : "",
                             http_fixture_int(item, "id"));
  return text;
}
