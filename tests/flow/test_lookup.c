// SPDX-License-Identifier: MIT
// Lost answers on the rarer ways: clouds that lack what a look needs, answer with something else,
// or started very much.
#include "cloud.h"
#include "harness.h"

#include <imgact/provider.h>

static const cloud_outcome lost_before = {.effects = 0}, lost_after = {.effects = 1};

// DigitalOcean's table without some of it.
typedef struct table {
  imgact_provider provider;
  imgact_slot slots[IMGACT_OP_COUNT];
  harness *harness;
  cloud *cloud;
} table;

static void open_table(table *t, uint32_t without, bool confirm) {
  t->provider = *imgact_provider_find("digitalocean");
  memcpy(t->slots, t->provider.slots, sizeof t->slots);
  for (size_t i = 0; i < IMGACT_OP_COUNT; i++)
    if (without & (1u << i)) t->slots[i] = (imgact_slot){0};
  if (confirm) t->slots[IMGACT_OP_TRANSFER].flags |= IMGACT_SLOT_VERIFY_IMAGE;
  t->provider.slots = t->slots;
  t->harness = harness_with((harness_options){.client = {.provider = &t->provider}});
  t->cloud = cloud_new(t->harness->script, false);
}

static void close_table(table *t) {
  harness_free(t->harness);
  cloud_free(t->cloud);
}

static imgact_op *transfer(const table *t) {
  return imgact_transfer_image(t->harness->client, CLOUD_IMAGE, "nyc3");
}

#define POST "POST /v2/images/4711/actions {\"type\":\"transfer\",\"region\":\"nyc3\"}"
#define LOOK "GET /v2/images/4711/actions?page=1&per_page=200"

TEST(lookup_without_action_list_is_ambiguous) {
  table t;
  open_table(&t, 1u << IMGACT_OP_LIST_ACTIONS, false);
  cloud_plan(t.cloud, lost_after);
  imgact_op *op = harness_run(transfer(&t), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "cannot list actions"));
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_lines(t.harness->script, POST);
  imgact_op_free(op);
  close_table(&t);
}

TEST(lookup_without_image_uses_actions) {
  table t;
  for (int blind = 0; blind < 2; blind++) {
    open_table(&t, blind ? 0 : 1u << IMGACT_OP_GET_IMAGE, false);
    if (blind)
      t.slots[IMGACT_OP_TRANSFER].image_shows_effect = NULL; // it cannot be seen in an image
    cloud_plan(t.cloud, lost_before);
    imgact_op *op = harness_run(transfer(&t), IMGACT_OK);
    assert_false(imgact_op_adopted(op));
    scripted_assert_lines(t.harness->script, POST, LOOK, LOOK, LOOK, LOOK, LOOK, LOOK, POST);
    assert_int_equal(t.cloud->applied, 1);
    imgact_op_free(op);
    close_table(&t);
  }
}

TEST(lookup_unverifiable_effect_is_ambiguous) {
  table t;
  open_table(&t, 1u << IMGACT_OP_GET_IMAGE, true);
  t.cloud->action_ms = 0; // it has finished when it is found
  cloud_plan(t.cloud, lost_after);
  imgact_op *op = harness_run(transfer(&t), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "does not show"));
  assert_null(imgact_op_action(op));
  assert_int_equal(t.cloud->applied, 1);
  assert_int_equal(scripted_now_ms(t.harness->script), 10000); // the whole time to settle
  imgact_op_free(op);
  close_table(&t);
}

static imgact_status decode_action_without_id(const imgact_call *call,
                                              const imgact_response *response,
                                              imgact_result *result, imgact_error *error) {
  (void)call, (void)response, (void)error;
  imgact_action *action = imgact_result_add_action(result, NULL);
  if (action) action->status = IMGACT_ACTION_STATUS_RUNNING;
  return IMGACT_OK;
}

// It runs, and nobody can ask for it: a wait cannot end well.
TEST(wait_action_without_id_is_internal) {
  for (int waits = 0; waits < 2; waits++) {
    table t;
    open_table(&t, 0, false);
    t.slots[IMGACT_OP_TRANSFER].decode = decode_action_without_id;
    imgact_op *op = transfer(&t);
    imgact_op_set_wait(op, waits);
    harness_run(op, waits ? IMGACT_INTERNAL : IMGACT_OK);
    if (waits) assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_int_equal(t.cloud->mutations, 1);
    imgact_op_free(op);
    close_table(&t);
  }
}

static imgact_tristate cannot_tell(const imgact_call *call, const imgact_action *action) {
  (void)call, (void)action;
  return IMGACT_TRISTATE_UNKNOWN;
}

TEST(lookup_match_unknown_is_ambiguous) {
  for (int without = 0; without < 2; without++) {
    table t;
    open_table(&t, 0, false);
    t.slots[IMGACT_OP_TRANSFER].matches_action = without ? NULL : cannot_tell;
    cloud_plan(t.cloud, lost_after);
    imgact_op *op = harness_run(transfer(&t), IMGACT_AMBIGUOUS);
    assert_non_null(strstr(imgact_op_error(op)->message, "could be its effect"));
    assert_int_equal(t.cloud->mutations, 1);
    assert_int_equal(scripted_now_ms(t.harness->script), 10000); // a later look might have told
    imgact_op_free(op);
    close_table(&t);
  }
}

static bool without_a_start(void *user, const scripted_request *request, scripted_answer *answer) {
  (void)user;
  if (strcmp(request->line, LOOK) != 0) return false;
  answer->status = 200;
  answer->body = "{\"actions\":[{\"id\":7,\"type\":\"transfer\",\"status\":\"in-progress\","
                 "\"region_slug\":\"nyc3\"}]}";
  return true;
}

// It may be from last year.
TEST(lookup_action_without_start_is_ambiguous) {
  harness *s = harness_digitalocean();
  scripted_when(s->script, without_a_start, NULL);
  cloud *c = cloud_new(s->script, false);
  cloud_plan(c, lost_after);
  imgact_op *op =
      harness_run(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "could be its effect"));
  imgact_op_free(op);
  harness_free(s);
  cloud_free(c);
}

// ---- answers about something else

static bool another_image(void *user, const scripted_request *request, scripted_answer *answer) {
  (void)user;
  if (strcmp(request->line, "GET /v2/images/4711") != 0) return false;
  answer->status = 200;
  answer->body = "{\"image\":{\"id\":4712,\"type\":\"snapshot\",\"regions\":[\"nyc3\"]}}";
  return true;
}

TEST(lookup_other_image_state_is_ambiguous) {
  harness *s = harness_digitalocean();
  scripted_when(s->script, another_image, NULL);
  cloud *c = cloud_new(s->script, false);
  cloud_plan(c, lost_before);
  imgact_op *op =
      harness_run(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "unexpected image 4712"));
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_lines(s->script, POST, LOOK, "GET /v2/images/4711");
  imgact_op_free(op);
  harness_free(s);
  cloud_free(c);
}

// ---- very many

typedef struct crowd {
  int64_t last;  // id of the last action
  int64_t loses; // the answer of this one
  char text[1024];
} crowd;

static size_t put_action(char *to, size_t room, int64_t id) {
  int length = snprintf(
      to, room,
      "{\"id\":%lld,\"type\":\"transfer\",\"status\":\"completed\",\"region_slug\":\"nyc3\","
      "\"started_at\":\"2026-01-01T00:00:00Z\"}",
      (long long)id);
  assert_true(length > 0 && (size_t)length < room);
  return (size_t)length;
}

static void put_list(crowd *c) {
  size_t at = (size_t)snprintf(c->text, sizeof c->text, "{\"actions\":[");
  for (int64_t id = 1; id <= c->last; id = id == 1 && c->last > 4 ? c->last - 3 : id + 1) {
    if (id > 1) c->text[at++] = ',';
    at += put_action(c->text + at, sizeof c->text - at, id);
  }
  snprintf(c->text + at, sizeof c->text - at, "],\"links\":{}}");
}

// Every POST starts an action, all in the same second; the list shows the first one and the last
// ones.
static bool start_many(void *user, const scripted_request *request, scripted_answer *answer) {
  crowd *c = user;
  *answer = (scripted_answer){.status = 200, .body = c->text};
  if (strcmp(request->method, "GET") == 0) {
    put_list(c);
    return true;
  }
  size_t at = (size_t)snprintf(c->text, sizeof c->text, "{\"action\":");
  at += put_action(c->text + at, sizeof c->text - at, ++c->last);
  snprintf(c->text + at, sizeof c->text - at, "}");
  if (c->last == c->loses) *answer = (scripted_answer){.delivery = IMGACT_DELIVERY_MAYBE_SENT};
  return true;
}

// What another operation of this client started is not taken for this one's, however many there
// were meanwhile.
TEST(lookup_adopts_own_among_thousand) {
  static const int64_t losses[] = {2, 1024, 1025, 1026, 1100, 2000};
  for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
    harness *s = harness_digitalocean();
    crowd *c = calloc(1, sizeof *c);
    if (c == NULL) abort();
    c->loses = losses[i];
    scripted_when(s->script, start_many, c);
    for (int64_t n = 1; n < c->loses; n++)
      harness_expect(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_OK);
    imgact_op *op = harness_run(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_OK);
    char id[32];
    snprintf(id, sizeof id, "%lld", (long long)c->loses);
    assert_true(imgact_op_adopted(op));
    assert_string_equal(imgact_op_action(op)->id, id);
    imgact_op_free(op);
    harness_free(s);
    free(c);
  }
}

// The image shows the effect while only another caller's action is listed, which still runs; then
// ours is listed, too.

#define PROTECTION(id, state, started)                                                             \
  "{\"id\":" #id ",\"command\":\"change_protection\",\"status\":\"" state                          \
  "\",\"started\":\"" started "\",\"resources\":[{\"id\":4711,\"type\":\"image\"}]}"
#define OTHERS PROTECTION(1, "running", "2025-12-31T23:59:30Z")
#define OURS   PROTECTION(2, "success", "2026-01-01T00:00:01Z")

static bool show_ours_later(void *user, const scripted_request *request, scripted_answer *answer) {
  int *looks = user;
  *answer = (scripted_answer){.with_date = true, .status = 200};
  if (strncmp(request->line, "POST", 4) == 0)
    *answer = (scripted_answer){.delivery = IMGACT_DELIVERY_MAYBE_SENT,
                                .failure = IMGACT_FAILURE_NETWORK};
  else if (strstr(request->line, "/actions"))
    answer->body =
        (*looks)++ == 0 ? "{\"actions\":[" OTHERS "]}" : "{\"actions\":[" OTHERS "," OURS "]}";
  else
    answer->body = "{\"image\":{\"id\":4711,\"type\":\"snapshot\",\"status\":\"available\","
                   "\"protection\":{\"delete\":true}}}";
  return true;
}

TEST(lookup_action_after_effect_is_result) {
  int looks = 0;
  harness *s = harness_new();
  scripted_when(s->script, show_ours_later, &looks);
  imgact_op *op = harness_run(imgact_protect_image(s->client, "4711"), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_non_null(imgact_op_action(op));
  assert_string_equal(imgact_op_action(op)->id, "2");
  imgact_op_free(op);
  harness_free(s);
}

// The action is listed shortly before the settle time ends. From then on it has the whole settle
// time to finish, and the image to show its effect.

typedef struct late {
  scripted *script;
  int64_t ends_ms, shown_ms;
  size_t lists_after; // lists once the action was found
  char body[256];
} late;

static bool protect_late(void *user, const scripted_request *request, scripted_answer *answer) {
  late *l = user;
  int64_t now_ms = scripted_now_ms(l->script);
  *answer = (scripted_answer){.with_date = true, .status = 200, .body = l->body};
  bool listed = now_ms >= 7000, runs = now_ms < l->ends_ms;
  if (scripted_count(l->script) > 100) fail_msg("it never ends");
  const char *action = runs ? PROTECTION(1, "running", "2026-01-01T00:00:00Z")
                            : PROTECTION(1, "success", "2026-01-01T00:00:00Z");
  if (strcmp(request->method, "POST") == 0)
    *answer = (scripted_answer){.delivery = IMGACT_DELIVERY_MAYBE_SENT,
                                .failure = IMGACT_FAILURE_NETWORK};
  else if (strstr(request->target, "/actions"))
    snprintf(l->body, sizeof l->body, "{\"actions\":[%s]}", listed ? action : "");
  else
    snprintf(l->body, sizeof l->body,
             "{\"image\":{\"id\":4711,\"type\":\"snapshot\",\"status\":\"available\","
             "\"protection\":{\"delete\":%s}}}",
             now_ms >= l->shown_ms ? "true" : "false");
  if (strstr(request->target, "/images/4711/actions?")) l->lists_after += now_ms > 8000;
  return true;
}

TEST(lookup_late_protection_has_own_settle) {
  enum { NEVER = 1000000 };
  static const struct {
    int64_t ends_ms, shown_ms, end_ms; // of the action, of the image, of the operation
    imgact_status status;
  } cases[] = {{5000, 13000, 14000, IMGACT_OK},
               {5000, 17500, 18000, IMGACT_OK},
               {5000, NEVER, 18000, IMGACT_AMBIGUOUS},
               {12500, 16000, 16500, IMGACT_OK},
               {NEVER, NEVER, 18000, IMGACT_AMBIGUOUS}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    harness *s = harness_with((harness_options){.client = {.poll_interval_ms = 1000}});
    late l = {.script = s->script, .ends_ms = cases[i].ends_ms, .shown_ms = cases[i].shown_ms};
    scripted_when(s->script, protect_late, &l);
    imgact_op *op = harness_run(imgact_protect_image(s->client, "4711"), cases[i].status);
    int64_t now_ms = scripted_now_ms(s->script);
    if (now_ms < cases[i].end_ms - 500 || now_ms > cases[i].end_ms + 500)
      fail_msg("%zu: %lld ms", i, (long long)now_ms);
    assert_int_equal(l.lists_after, 0); // the image alone is looked at
    assert_int_equal(imgact_op_adopted(op), cases[i].status == IMGACT_OK);
    if (cases[i].status == IMGACT_OK) assert_string_equal(imgact_op_action(op)->id, "1");
    imgact_op_free(op);
    harness_free(s);
  }
}

// Actions of another image, which the list should not have, and one of the same kind that runs.

#define FOREIGN_PROTECTION                                                                         \
  "{\"id\":1,\"command\":\"change_protection\",\"status\":\"%s\",\"started\":\"2026-01-01T00:00:"  \
  "00Z\","                                                                                         \
  "\"resources\":[{\"id\":8,\"type\":\"image\"}]}"

typedef struct foreign {
  const char *status;
  bool is_protected;
  int posts;
  char body[256];
} foreign;

static bool list_foreign(void *user, const scripted_request *request, scripted_answer *answer) {
  foreign *f = user;
  *answer = (scripted_answer){.with_date = true, .status = 200, .body = f->body};
  if (strcmp(request->method, "POST") == 0) {
    if (f->posts++ == 0)
      *answer = (scripted_answer){.delivery = IMGACT_DELIVERY_MAYBE_SENT,
                                  .failure = IMGACT_FAILURE_NETWORK};
    else
      snprintf(f->body, sizeof f->body, "{\"action\":%s}",
               PROTECTION(2, "success", "2026-01-01T00:00:10Z"));
  } else if (strstr(request->target, "/actions")) {
    snprintf(f->body, sizeof f->body, "{\"actions\":[" FOREIGN_PROTECTION "]}", f->status);
  } else {
    snprintf(f->body, sizeof f->body,
             "{\"image\":{\"id\":4711,\"type\":\"snapshot\",\"status\":\"available\","
             "\"protection\":{\"delete\":%s}}}",
             f->is_protected ? "true" : "false");
  }
  return true;
}

TEST(lookup_other_image_actions_is_ambiguous) {
  for (int is_protected = 0; is_protected < 2; is_protected++) {
    for (int runs = 0; runs < 2; runs++) {
      harness *s = harness_new();
      foreign f = {.status = runs ? "running" : "success", .is_protected = is_protected};
      scripted_when(s->script, list_foreign, &f);
      imgact_op *op = harness_run(imgact_protect_image(s->client, "4711"), IMGACT_AMBIGUOUS);
      assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
      assert_int_equal(f.posts, 1);
      assert_null(imgact_op_action(op));
      imgact_op_free(op);
      harness_free(s);
    }
  }
}

TEST(lookup_impossible_is_not_resent) {
  for (int i = 0; i < 2; i++) {
    table t;
    open_table(&t, i ? 1u << IMGACT_OP_GET_IMAGE : 0, false);
    t.slots[IMGACT_OP_TRANSFER].flags = 0;
    if (!i) t.slots[IMGACT_OP_TRANSFER].image_shows_effect = NULL;
    cloud_plan(t.cloud, lost_after);
    imgact_op *op = transfer(&t);
    imgact_status status = imgact_op_run(op);
    assert_int_equal(t.cloud->applied, 1);
    assert_int_equal(status, IMGACT_AMBIGUOUS);
    imgact_op_free(op);
    close_table(&t);
  }
}

static imgact_status decode_no_image(const imgact_call *call, const imgact_response *response,
                                     imgact_result *result, imgact_error *error) {
  (void)call, (void)response, (void)result, (void)error;
  return IMGACT_OK;
}

static imgact_status decode_listed_without_id(const imgact_call *call,
                                              const imgact_response *response,
                                              imgact_result *result, imgact_error *error) {
  (void)call, (void)response, (void)error;
  imgact_action *action = imgact_result_add_action(result, NULL);
  action->status = IMGACT_ACTION_STATUS_RUNNING;
  action->started_at = SCRIPTED_EPOCH_MS;
  return IMGACT_OK;
}

static imgact_tristate is_that_kind(const imgact_call *call, const imgact_action *action) {
  (void)call, (void)action;
  return IMGACT_TRISTATE_TRUE;
}

// Answers of a provider's own decoder that hold less than a lookup needs.
TEST(lookup_without_image_is_ambiguous) {
  table t;
  open_table(&t, 0, false);
  t.slots[IMGACT_OP_GET_IMAGE].decode = decode_no_image;
  cloud_plan(t.cloud, lost_before);
  imgact_op *op = harness_run(transfer(&t), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "another image"));
  assert_int_equal(t.cloud->mutations, 1);
  imgact_op_free(op);
  close_table(&t);
}

TEST(lookup_action_without_id_is_ambiguous) {
  table t;
  open_table(&t, 0, true);
  t.slots[IMGACT_OP_LIST_ACTIONS].decode = decode_listed_without_id;
  t.slots[IMGACT_OP_TRANSFER].matches_action = is_that_kind;
  cloud_plan(t.cloud, lost_after);
  imgact_op *op = harness_run(transfer(&t), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "the action has no id"));
  assert_int_equal(t.cloud->mutations, 1);
  imgact_op_free(op);
  close_table(&t);
}

// ---- callbacks that take long

typedef struct busy_caller {
  harness *harness;
  cloud *cloud;
  bool others_act;
} busy_caller;

static imgact_status take_ten_seconds(void *user, imgact_op *op, const char *call_json) {
  const busy_caller *caller = user;
  (void)op, (void)call_json;
  if (caller->others_act) cloud_add_action(caller->cloud, "transfer", "nyc3", 0, 100);
  scripted_advance(caller->harness->script, 10000);
  return IMGACT_OK;
}

// The request leaves when the callback has returned: what began before that is not its effect.
TEST(lookup_action_before_send_not_adopted) {
  busy_caller caller = {.harness = harness_digitalocean(), .others_act = true};
  caller.cloud = cloud_new(caller.harness->script, false);
  cloud_plan(caller.cloud, lost_before);
  imgact_op *op = imgact_transfer_image(caller.harness->client, CLOUD_IMAGE, "nyc3");
  imgact_op_set_before_send(op, take_ten_seconds, &caller);
  harness_run(op, IMGACT_OK);
  assert_false(imgact_op_adopted(op));
  assert_int_equal(caller.cloud->mutations, 2);
  assert_int_equal(caller.cloud->applied, 1);
  imgact_op_free(op);
  harness_free(caller.harness);
  cloud_free(caller.cloud);
}

static void take_ten_seconds_once(void *user, const imgact_trace_event *event) {
  harness **waiting = user;
  if (event->kind != IMGACT_TRACE_RESPONSE || !*waiting) return;
  scripted_advance((*waiting)->script, 10000);
  *waiting = NULL;
}

// A callback takes long while responses are read: the Date of the next one is of the time when that
// one is read.
TEST(lookup_slow_callback_keeps_server_time) {
  harness *slow = NULL, *s = harness_with((harness_options){
                            .digitalocean = true,
                            .client = {.trace = take_ten_seconds_once, .trace_user_data = &slow}});
  cloud *c = cloud_new(s->script, false);
  imgact_op *first = imgact_get_image(s->client, CLOUD_IMAGE, NULL);
  imgact_op *second = imgact_get_image(s->client, CLOUD_IMAGE, NULL);
  slow = s;
  imgact_op_start(first, NULL, NULL);
  harness_run(second, IMGACT_OK);
  assert_null(slow);
  cloud_plan(c, lost_after);
  imgact_op *op = harness_run(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(c->applied, 1);
  imgact_op_free(first);
  imgact_op_free(second);
  imgact_op_free(op);
  harness_free(s);
  cloud_free(c);
}

int main(void) { return testing_run(NULL, NULL); }
