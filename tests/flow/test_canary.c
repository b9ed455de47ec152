// SPDX-License-Identifier: MIT
// Every scenario with a token that the API echoes in every text, key, header and error: no output
// contains it.
#include "scenarios.h"

#include <imgact/provider.h>
#include <imgact/transport.h>

#define CANARY "canary-0123456789-never-to-be-seen"

static size_t texts_seen;

// Members of images and actions, by their keys, in which a text was seen.
static const char *keys_seen[128];

static void note_key(const char *key) {
  size_t i = 0;
  while (keys_seen[i] != NULL && keys_seen[i] != key) i++;
  keys_seen[i] = key;
}

static void clean(const char *where, const char *text) {
  if (text == NULL) return;
  texts_seen++;
  if (strstr(text, "canary-0") != NULL) fail_msg("%s: %s", where, text);
}

// An array of texts: strings, or the two texts of labels and resources.
static void clean_texts(const char *key, const char *const *texts, size_t count) {
  for (size_t i = 0; texts != NULL && i < count; i++) {
    clean(key, texts[i]);
    if (texts[i] != NULL) note_key(key);
  }
}

static void clean_member(const imgact_member *member, const void *item) {
  const void *at = (const char *)item + member->offset;
  const void *second = (const char *)item + member->second;

  switch (member->kind) {
  case IMGACT_MEMBER_TEXT:
  case IMGACT_MEMBER_NONEMPTY:
  case IMGACT_MEMBER_ID:
  case IMGACT_MEMBER_DERIVED: clean_texts(member->key, at, 1); break;
  case IMGACT_MEMBER_NUMBER: clean_texts(member->key, second, 1); break;
  case IMGACT_MEMBER_STRINGS:
    clean_texts(member->key, *(const char *const *const *)at, *(const size_t *)second);
    break;
  case IMGACT_MEMBER_LABELS:
  case IMGACT_MEMBER_RESOURCES:
    clean_texts(member->key, *(const char *const *const *)at, *(const size_t *)second * 2);
    break;
  default: break;
  }
}

static void clean_image(const imgact_image *image) {
  const imgact_member *member;
  for (size_t i = 0; (member = imgact_image_member(i)) != NULL; i++) clean_member(member, image);
  clean("a raw image", imgact_image_raw(image));
}

static void clean_action(const imgact_action *action) {
  const imgact_member *member;
  for (size_t i = 0; (member = imgact_action_member(i)) != NULL; i++) clean_member(member, action);
  clean("a raw action", imgact_action_raw(action));
}

static void clean_op(const imgact_op *op) {
  const imgact_error *error = imgact_op_error(op);
  size_t images = 0, actions = 0;
  clean("a message", error->message);
  clean("a code", error->provider_code);
  clean("a request id", error->request_id);
  clean("details", imgact_op_error_details(op));
  imgact_op_images(op, &images);
  imgact_op_actions(op, &actions);
  for (size_t i = 0; i < images; i++) clean_image(imgact_op_images(op, &images)[i]);
  for (size_t i = 0; i < actions; i++) clean_action(imgact_op_actions(op, &actions)[i]);
}

static void clean_trace(void *user, const imgact_trace_event *event) {
  (void)user;
  const char *const texts[] = {event->method, event->url, event->headers, event->body,
                               event->message};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) clean("a trace", texts[i]);
}

static void clean_progress(void *user, imgact_op *op, const imgact_action *action) {
  (void)user;
  (void)op;
  clean_action(action);
}

static imgact_status clean_before_send(void *user, imgact_op *op, const char *call_json) {
  (void)user;
  (void)op;
  clean("a stored call", call_json);
  return IMGACT_OK;
}

// A token for each request, as a caller's short-lived ones are.
static imgact_status ever_new(void *user, char *buffer, size_t capacity, size_t *length) {
  int *turn = user;
  *length = (size_t)snprintf(buffer, capacity, CANARY "-%d", (*turn)++);
  return IMGACT_OK;
}

// The same, with nothing in common at their beginnings.
static imgact_status ever_different(void *user, char *buffer, size_t capacity, size_t *length) {
  int *turn = user;
  *length = (size_t)snprintf(buffer, capacity, "%d-" CANARY, (*turn)++);
  return IMGACT_OK;
}

static imgact_client_options listened_to(imgact_token_fn callback, void *user) {
  imgact_client_options options = {
      .trace = clean_trace, .token_callback = callback, .token_user_data = user, .profile = "prod"};
  if (callback == NULL) options.token = CANARY;
  return options;
}

static imgact_status sing(const scenario *s, harness_options options) {
  options.digitalocean = s->digitalocean;
  harness *st = harness_with(options);
  cloud *c = cloud_new(st->script, !s->digitalocean);

  if (s->prepare != NULL) s->prepare(c);
  for (size_t i = 0; i < c->outcomes_count; i++) c->outcomes[i].answer.message = "lost: " CANARY;
  c->echo = CANARY;
  c->headers = "X-Correlation-Id: " CANARY "\nx-request-id: " CANARY "\nX-Odd: Bearer " CANARY
               "\nRateLimit-Limit: " CANARY "\n";
  imgact_op *op = scenario_op(s, st->client, NULL);
  imgact_op_set_wait(op, 1);
  imgact_op_set_progress(op, clean_progress, NULL);
  imgact_op_set_before_send(op, clean_before_send, NULL);
  imgact_op_run(op);
  clean_op(op);
  imgact_status status = imgact_op_error(op)->status;

  imgact_op_free(op);
  harness_free(st);
  cloud_free(c);
  return status;
}

static void sing_failed_action(void) {
  harness *st = harness_with((harness_options){.client = listened_to(NULL, NULL)});
  cloud *c = cloud_new(st->script, true);
  char id[32];
  cloud_action *action = &c->actions[cloud_add_action(c, "change_protection", "", 2000, 1000)];

  c->echo = CANARY;
  action->fails = true;
  snprintf(id, sizeof id, "%lld", action->id);
  imgact_op *op = imgact_get_action(st->client, id, NULL);
  harness_run(op, IMGACT_OK);
  assert_int_equal(imgact_op_action(op)->status, IMGACT_ACTION_STATUS_ERROR);
  clean_op(op);
  imgact_op_free(op);
  harness_free(st);
  cloud_free(c);
}

static bool has_text(imgact_member_kind kind) {
  return kind == IMGACT_MEMBER_TEXT || kind == IMGACT_MEMBER_NONEMPTY || kind == IMGACT_MEMBER_ID ||
         kind == IMGACT_MEMBER_DERIVED || kind == IMGACT_MEMBER_NUMBER ||
         kind == IMGACT_MEMBER_STRINGS || kind == IMGACT_MEMBER_LABELS ||
         kind == IMGACT_MEMBER_RESOURCES;
}

// Every member that holds a text had one: a new member is echoed by cloud.c, too.
static void assert_seen(const imgact_member *(*member)(size_t)) {
  for (size_t i = 0; member(i) != NULL; i++) {
    size_t k = 0;
    while (keys_seen[k] != NULL && keys_seen[k] != member(i)->key) k++;
    if (keys_seen[k] == NULL && has_text(member(i)->kind))
      fail_msg("no scenario has a text in %s", member(i)->key);
  }
}

TEST(token_echoed_in_scenarios_is_redacted) {
  for (size_t i = 0; i < scenarios_count; i++) {
    texts_seen = 0;
    assert_int_equal(sing(&scenarios[i], (harness_options){.client = listened_to(NULL, NULL)}),
                     IMGACT_OK);
    assert_true(texts_seen > 4);
  }
  sing_failed_action();
  assert_seen(imgact_image_member);
  assert_seen(imgact_action_member);
}

TEST(token_changing_in_scenarios_is_redacted) {
  for (size_t i = 0; i < scenarios_count; i++) {
    int turn = 0;
    sing(&scenarios[i], (harness_options){.client = listened_to(ever_new, &turn)});
    assert_true(turn > 0);
  }
}

TEST(token_in_cut_response_is_redacted) {
  for (size_t i = 0; i < scenarios_count; i++)
    for (size_t cut = 0;; cut += 3) {
      fault plan = {.kind = FAULT_CUT_BODY, .exchange = 1, .cut_at = cut};
      sing(&scenarios[i], (harness_options){.fault = &plan, .client = listened_to(NULL, NULL)});
      if (!plan.struck) break;
    }
}

TEST(token_in_error_response_is_redacted) {
  static const char *const bodies[] = {
      "{\"error\":{\"code\":\"" CANARY "\",\"message\":\"bad " CANARY "\",\"details\":{\"" CANARY
      "\":[\"" CANARY "\"]}}}",
      "{\"id\":\"" CANARY "\",\"message\":\"" CANARY "\",\"request_id\":\"" CANARY "\"}",
      "<html>" CANARY "</html>", "Bearer " CANARY, "{\"" CANARY "\":"};
  static const int32_t statuses[] = {200, 302, 400, 401, 404, 409, 422, 429, 500, 503};

  for (size_t i = 0; i < scenarios_count; i++)
    for (size_t b = 0; b < sizeof bodies / sizeof *bodies; b++)
      for (size_t k = 0; k < sizeof statuses / sizeof *statuses; k++) {
        harness *s = harness_with((harness_options){.digitalocean = scenarios[i].digitalocean,
                                                    .client = listened_to(NULL, NULL)});
        scripted_on(s->script, "*",
                    (scripted_answer){.status = statuses[k],
                                      .body = bodies[b],
                                      .headers = "X-Correlation-Id: " CANARY
                                                 "\nx-request-id: " CANARY "\n"});
        imgact_op *op = scenario_op(&scenarios[i], s->client, NULL);
        imgact_op_run(op);
        clean_op(op);
        imgact_op_free(op);
        harness_free(s);
      }
}

// The response echoes the token of its request after the client has changed to another one.
static bool echo_own_token(void *user, const scripted_request *request, scripted_answer *answer) {
  static char body[512];
  (void)user;
  const char *token = scripted_header(request, "Authorization");
  snprintf(body, sizeof body, "{\"image\":{\"id\":1,\"name\":\"%s\",\"description\":\"x %s\"}}",
           token, token + 7);
  *answer = (scripted_answer){.status = 200, .body = body, .delay_ms = 1000};
  return true;
}

TEST(token_in_late_response_is_redacted) {
  int turn = 0;
  harness *s = harness_with((harness_options){.client = listened_to(ever_different, &turn)});
  scripted_when(s->script, echo_own_token, NULL);
  imgact_op *ops[4];

  for (size_t i = 0; i < 4; i++)
    imgact_op_start(ops[i] = imgact_get_image(s->client, "1", NULL), NULL, NULL);
  imgact_loop_run(s->loop);
  for (size_t i = 0; i < 4; i++) {
    assert_status(ops[i], IMGACT_OK);
    clean_op(ops[i]);
    imgact_op_free(ops[i]);
  }
  harness_free(s);
}

// An argument that contains the token is rejected, and the error does not contain it.
TEST(token_in_argument_is_rejected) {
  harness *s = harness_with((harness_options){.client = listened_to(NULL, NULL)});
  static const char *const one[] = {"a " CANARY " b"};
  const imgact_label label = {CANARY, "x"}, labelled = {"x", CANARY};
  const imgact_image_filter filters[] = {
      {.size = sizeof *filters, .name = CANARY},
      {.size = sizeof *filters, .label_selector = "a=" CANARY},
      {.size = sizeof *filters, .architecture = CANARY},
      {.size = sizeof *filters, .sort = one, .sort_count = 1},
      {.size = sizeof *filters, .bound_to = one, .bound_to_count = 1}};
  const imgact_image_update updates[] = {
      {.size = sizeof *updates, .description = CANARY},
      {.size = sizeof *updates, .labels = &label, .labels_count = 1, .replace_labels = 1},
      {.size = sizeof *updates, .labels = &labelled, .labels_count = 1, .replace_labels = 1}};
  imgact_op *ops[12];
  size_t count = 0;

  for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
    ops[count++] = imgact_list_images(s->client, &filters[i]);
  for (size_t i = 0; i < sizeof updates / sizeof *updates; i++)
    ops[count++] = imgact_update_image(s->client, "1", &updates[i]);
  ops[count++] = imgact_get_image(s->client, CANARY, NULL);
  ops[count++] = imgact_delete_image(s->client, CANARY);
  for (size_t i = 0; i < count; i++) {
    clean_op(ops[i]); // before it was started, too
    harness_run(ops[i], IMGACT_INVALID_ARGUMENT);
    clean_op(ops[i]);
    imgact_op_free(ops[i]);
  }
  scripted_assert_nothing_sent(s->script);
  harness_free(s);
}

TEST(token_in_rejected_option_not_shown) {
  const imgact_client_options all[] = {
      {.provider_name = CANARY},
      {.provider_name = "hetzner", .endpoint = CANARY},
      {.provider_name = "hetzner", .endpoint = "https://x/" CANARY " y"}};

  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    imgact_client_options options = all[i];
    imgact_client *client = NULL;
    imgact_error error;
    options.size = sizeof options;
    options.token = CANARY "\n";
    assert_int_equal(imgact_client_new(&options, &client, &error), IMGACT_INVALID_ARGUMENT);
    clean("an error", error.message);
  }
}

int main(void) { return testing_run(NULL, NULL); }
