// SPDX-License-Identifier: MIT
// Which action a lookup adopts, and which images and actions it ignores.
#include "mutation_fixture.h"

// ---- age and kind

TEST(lookup_older_or_different_actions_ignored) {
  mutation_fixture p = fixture_digitalocean();
  cloud_add_action(p.cloud, "transfer", "nyc3", 3600000, 1000);
  cloud_add_action(p.cloud, "transfer", "nyc3", 3000, 1000);
  cloud_add_action(p.cloud, "transfer", "sfo2", 0, 1000);
  cloud_add_action(p.cloud, "convert", "nyc3", 0, 1000);
  cloud_plan(p.cloud, lost_applied);
  imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_string_equal(imgact_op_action(op)->id, "9005");
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(lookup_compares_with_server_clock) {
  static const int64_t hours[] = {-5, -1, 1, 5, 24 * 400};
  for (size_t i = 0; i < sizeof hours / sizeof *hours; i++) {
    mutation_fixture p = fixture_digitalocean();
    p.cloud->ahead_ms = hours[i] * 3600000;
    cloud_add_action(p.cloud, "transfer", "nyc3", 10000,
                     1000); // started ten seconds before the request: another program's
    cloud_plan(p.cloud, lost_applied);
    imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
    assert_true(imgact_op_adopted(op));
    assert_string_equal(imgact_op_action(op)->id, "9002");
    imgact_op_free(op);
    fixture_free(&p);
  }
}

static cloud_outcome gateway(int effects, int status, int64_t ahead_ms) {
  return (cloud_outcome){
      .effects = effects,
      .answer = {
          .status = status, .body = "<html>", .with_date = true, .cloud_ahead_ms = ahead_ms}};
}

// Only the API's own Date counts. The clock of a gateway may show any time.
TEST(lookup_ignores_gateway_date) {
  static const int64_t years[] = {-56, -1, 1, 10};
  for (size_t i = 0; i < sizeof years / sizeof *years; i++)
    for (int effects = 0; effects < 2; effects++) {
      mutation_fixture p = fixture_digitalocean();
      cloud_add_action(p.cloud, "transfer", "nyc3", 300 * (int64_t)86400000, 1000);
      cloud_plan(p.cloud, gateway(effects, 502, years[i] * 365 * 86400000));
      imgact_op *op = harness_run(transfer(&p), IMGACT_OK);
      assert_int_equal(imgact_op_adopted(op), effects);
      assert_string_equal(imgact_op_action(op)->id, "9002");
      assert_int_equal(p.cloud->applied, 1);
      imgact_op_free(op);
      fixture_free(&p);
    }
}

// ---- another image

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
  cloud_plan(c, lost_unapplied);
  imgact_op *op =
      harness_run(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_AMBIGUOUS);
  assert_non_null(strstr(imgact_op_error(op)->message, "unexpected image 4712"));
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  scripted_assert_lines(s->script, DO_POST, DO_ACTIONS, "GET /v2/images/4711");
  imgact_op_free(op);
  harness_free(s);
  cloud_free(c);
}

// ---- many actions

typedef struct crowd {
  int64_t last;  // id of the last action
  int64_t loses; // the response of this one is lost
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

// An action started by another operation of this client is not adopted, however many there were.
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

// The image shows the effect while only a running action of another program is listed. Then the own
// action is listed, too.

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
    assert_int_equal(l.lists_after, 0); // only the image is read
    assert_int_equal(imgact_op_adopted(op), cases[i].status == IMGACT_OK);
    if (cases[i].status == IMGACT_OK) assert_string_equal(imgact_op_action(op)->id, "1");
    imgact_op_free(op);
    harness_free(s);
  }
}

// The list has an action of another image, of the same kind, running or ended.

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

// ---- slow callbacks

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

// The request is sent after the callback has returned: an action that began before is not its
// effect.
TEST(lookup_action_before_send_not_adopted) {
  busy_caller caller = {.harness = harness_digitalocean(), .others_act = true};
  caller.cloud = cloud_new(caller.harness->script, false);
  cloud_plan(caller.cloud, lost_unapplied);
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

// A callback takes long while responses are read. The Date of the next response is compared with
// the time when that response is read.
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
  cloud_plan(c, lost_applied);
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
