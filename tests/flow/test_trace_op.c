// SPDX-License-Identifier: MIT
// The operation of trace events, with its user data: of each flow, and of requests that several
// operations share.
#include "cloud.h"
#include "harness.h"

#define HZ_ACTION(id, status) "{\"id\":" #id ",\"command\":\"x\",\"status\":\"" status "\"}"
#define HZ_ACTIONS(items)     "{\"actions\":[" items "]}"

typedef struct note {
  imgact_trace_kind kind;
  const imgact_op *op;
  const void *user_data;
  imgact_op_kind op_kind;
} note;

typedef struct notes {
  harness *harness;
  note all[64];
  size_t count;
} notes;

static void record(void *user, const imgact_trace_event *event) {
  notes *n = user;
  assert_in_range(n->count, 0, 63);
  n->all[n->count++] =
      (note){event->kind, event->op, event->op_user_data, imgact_op_get_kind(event->op)};
}

static notes *notes_new(bool digitalocean) {
  notes *n = calloc(1, sizeof *n);
  if (n == NULL) abort();
  n->harness = harness_with((harness_options){
      .digitalocean = digitalocean,
      .client = {.trace = record, .trace_user_data = n, .poll_interval_ms = 1000}});
  return n;
}

static void notes_free(notes *n) {
  harness_free(n->harness);
  free(n);
}

static void assert_all_of(const notes *n, const imgact_op *op, size_t count) {
  assert_int_equal(n->count, count);
  for (size_t i = 0; i < count; i++) {
    assert_ptr_equal(n->all[i].op, op);
    assert_ptr_equal(n->all[i].user_data, imgact_op_user_data(op));
    assert_int_equal(n->all[i].op_kind, imgact_op_get_kind(op));
  }
}

static imgact_op *run_marked(notes *n, imgact_op *op) {
  imgact_op_set_user_data(op, n);
  return harness_run(op, IMGACT_OK);
}

TEST(trace_op_of_request_and_retry) {
  notes *n = notes_new(false);
  scripted_next(n->harness->script, (scripted_answer){.status = 503, .body = "{}"});
  scripted_json(n->harness->script, 200, "{\"image\":{\"id\":1}}");
  imgact_op *op = run_marked(n, imgact_get_image(n->harness->client, "1", NULL));
  assert_all_of(n, op, 5);
  imgact_op_free(op);
  notes_free(n);
}

TEST(trace_op_of_pages) {
  notes *n = notes_new(false);
  cloud *c = cloud_new(n->harness->script, true);
  c->listed = 150;
  imgact_op *op = run_marked(n, imgact_list_images(n->harness->client, NULL));
  assert_all_of(n, op, 6); // 3 pages, 2 of them ahead
  imgact_op_free(op);
  cloud_free(c);
  notes_free(n);
}

// The mutation, the lookup of its lost response, and the polls.
TEST(trace_op_of_lookup_and_polls) {
  notes *n = notes_new(true);
  cloud *c = cloud_new(n->harness->script, false);
  c->action_ms = 3000;
  cloud_plan(c, (cloud_outcome){.effects = 1});
  imgact_op *op = imgact_transfer_image(n->harness->client, CLOUD_IMAGE, "nyc3");
  imgact_op_set_wait(op, 1);
  run_marked(n, op);
  bool looked_up = false;
  for (size_t i = 0; i < n->count; i++)
    looked_up = looked_up || n->all[i].kind == IMGACT_TRACE_LOOKUP;
  assert_true(looked_up);
  assert_all_of(n, op, n->count);
  imgact_op_free(op);
  cloud_free(c);
  notes_free(n);
}

// A list before the request is part of the same operation.
TEST(trace_op_of_inner_list) {
  notes *n = notes_new(true);
  const imgact_image_create create = {
      .size = sizeof create, .name = "n", .region = "nyc3", .ensure_unique = 1};
  scripted_on(n->harness->script, "GET /v2/images*",
              (scripted_answer){.status = 200, .body = "{\"images\":[]}"});
  scripted_on(n->harness->script, "POST /v2/images*",
              (scripted_answer){.status = 202, .body = "{\"image\":{\"id\":9,\"name\":\"n\"}}"});
  imgact_op *op =
      run_marked(n, imgact_import_image(n->harness->client, "https://example.org/a", &create));
  assert_all_of(n, op, 4);
  imgact_op_free(op);
  notes_free(n);
}

static imgact_op *start_wait(notes *n, const char *id) {
  imgact_op *op = imgact_wait_actions(n->harness->client, &id, 1, NULL);
  imgact_op_set_user_data(op, n);
  imgact_op_start(op, NULL, NULL);
  return op;
}

TEST(trace_shared_poll_has_no_op) {
  notes *n = notes_new(false);
  scripted_json(n->harness->script, 200,
                HZ_ACTIONS(HZ_ACTION(1, "success") "," HZ_ACTION(2, "success")));
  imgact_op *a = start_wait(n, "1"), *b = start_wait(n, "2");
  imgact_loop_run(n->harness->loop);
  assert_int_equal(n->count, 2);
  for (size_t i = 0; i < 2; i++) {
    assert_null(n->all[i].op);
    assert_null(n->all[i].user_data);
    assert_int_equal(n->all[i].op_kind, IMGACT_OP_COUNT);
  }
  imgact_op_free(a);
  imgact_op_free(b);
  notes_free(n);
}

TEST(trace_op_of_own_poll) {
  static const char *const ids[] = {"1", "2"};
  notes *n = notes_new(false);
  scripted_json(n->harness->script, 200,
                HZ_ACTIONS(HZ_ACTION(1, "success") "," HZ_ACTION(2, "success")));
  imgact_op *op = run_marked(n, imgact_wait_actions(n->harness->client, ids, 2, NULL));
  assert_all_of(n, op, 2);
  imgact_op_free(op);
  notes_free(n);
}

// The retry of a shared poll belongs to the operation that is left; the freed one is not named.
TEST(trace_op_of_poll_after_free) {
  notes *n = notes_new(false);
  scripted_next(n->harness->script, (scripted_answer){.status = 503, .body = "{}"});
  scripted_json(n->harness->script, 200, HZ_ACTIONS(HZ_ACTION(2, "success")));
  imgact_op *a = start_wait(n, "1"), *b = start_wait(n, "2");
  while (n->count < 3) imgact_loop_dispatch(n->harness->loop);
  imgact_op_free(a);
  imgact_loop_run(n->harness->loop);
  assert_status(b, IMGACT_OK);
  assert_int_equal(n->count, 5);
  assert_null(n->all[2].op);
  assert_ptr_equal(n->all[3].op, b);
  assert_ptr_equal(n->all[4].op, b);
  imgact_op_free(b);
  notes_free(n);
}

// ---- members that are hidden by their key

typedef struct bodies {
  char text[4][256];
  size_t count;
} bodies;

static void record_body(void *user, const imgact_trace_event *event) {
  bodies *b = user;
  snprintf(b->text[b->count++ % 4], sizeof b->text[0], "%s", event->body ? event->body : "");
}

TEST(trace_body_hides_members_by_key) {
  bodies b = {.count = 0};
  harness *s =
      harness_with((harness_options){.client = {.trace = record_body, .trace_user_data = &b}});
  const imgact_label label = {"root_password", "secret"};
  const imgact_image_update update = {
      .size = sizeof update, .labels = &label, .labels_count = 1, .replace_labels = 1};
  scripted_json(s->script, 200,
                "{\"image\":{\"id\":1,\"labels\":{\"root_password\":\"secret\"}},\"user_data\":"
                "{\"a\":\"secret\"}}");
  imgact_op *op = harness_run(imgact_update_image(s->client, "1", &update), IMGACT_OK);
  assert_string_equal(b.text[0], "{\"labels\":{\"root_password\":\"[redacted]\"}}");
  assert_string_equal(b.text[1],
                      "{\"image\":{\"id\":1,\"labels\":{\"root_password\":\"[redacted]\"}},"
                      "\"user_data\":\"[redacted]\"}");
  assert_string_equal(imgact_image_label(imgact_op_image(op), "root_password"), "secret");
  imgact_op_free(op);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
