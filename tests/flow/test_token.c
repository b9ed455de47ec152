// SPDX-License-Identifier: MIT
// Tokens from a callback, called for each request. Each token has its own rate limit, and a request
// in flight keeps its token.
#include "harness.h"

#define IMAGE   "{\"image\":{\"id\":1}}"
#define EMPTY   "RateLimit-Limit: 3600\nRateLimit-Remaining: 0\n"
#define PLENTY  "RateLimit-Limit: 3600\nRateLimit-Remaining: 3000\n"
#define TOKEN_A "token-a-0123456789"
#define TOKEN_B "token-b-0123456789"

// The callback's side: a token, or a reason for none.
typedef struct purse {
  const char *token;
  imgact_status status;
  size_t asked, length; // length: 0 = the token's
} purse;

static imgact_status give(void *user, char *buffer, size_t capacity, size_t *length) {
  purse *p = user;
  p->asked++;
  if (p->status != IMGACT_OK) return p->status;
  *length = p->length != 0 ? p->length : strlen(p->token);
  memcpy(buffer, p->token, strlen(p->token) < capacity ? strlen(p->token) + 1 : capacity);
  return IMGACT_OK;
}

static harness *harness_of(purse *p) {
  return harness_with((harness_options){.client = {.token_callback = give, .token_user_data = p}});
}

static void reply(harness *s, int32_t status, const char *headers) {
  scripted_next(s->script, (scripted_answer){.status = status,
                                             .body = status == 200 ? IMAGE : "{}",
                                             .headers = headers});
}

static imgact_op *get(harness *s) { return imgact_get_image(s->client, "1", NULL); }

static void sent_with(harness *s, size_t index, const char *token, int64_t at_ms) {
  const scripted_request *request = scripted_at(s->script, index);
  const char *header = scripted_header(request, "Authorization");
  assert_non_null(header);
  assert_int_equal(strncmp(header, "Bearer ", 7), 0);
  assert_string_equal(header + 7, token);
  if (at_ms >= 0) assert_int_equal(request->sent_ms, at_ms);
}

TEST(token_callback_called_for_each_request) {
  purse p = {.token = TOKEN_A};
  harness *s = harness_of(&p);
  assert_int_equal(p.asked, 0);
  reply(s, 503, NULL);
  reply(s, 200, NULL);
  reply(s, 200, NULL);
  imgact_op *op = get(s);
  imgact_op_start(op, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  p.token = " " TOKEN_B "\r\n"; // for the further attempt, too
  imgact_loop_run(s->loop);
  assert_status(op, IMGACT_OK);
  imgact_op_free(op);
  p.token = TOKEN_A;
  harness_expect(get(s), IMGACT_OK);
  sent_with(s, 0, TOKEN_A, 0);
  sent_with(s, 1, TOKEN_B, -1);
  sent_with(s, 2, TOKEN_A, -1);
  assert_int_equal(p.asked, 3);
  harness_free(s);
}

// Both requests are in flight at the same time. Each response counts for the token of its request.
TEST(token_has_own_rate_limit) {
  purse p = {.token = TOKEN_A};
  harness *s = harness_of(&p);
  scripted_next(s->script,
                (scripted_answer){.status = 200, .body = IMAGE, .headers = EMPTY, .delay_ms = 100});
  scripted_next(s->script,
                (scripted_answer){.status = 200, .body = IMAGE, .headers = PLENTY, .delay_ms = 50});

  for (int i = 0; i < 20; i++) reply(s, 200, PLENTY);
  imgact_op *first = get(s), *second = get(s);
  imgact_op_start(first, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  p.token = TOKEN_B;
  imgact_op_start(second, NULL, NULL);
  imgact_loop_run(s->loop); // the response with the empty quota of A comes last
  for (int i = 0; i < 20; i++) harness_expect(get(s), IMGACT_OK);
  sent_with(s, 0, TOKEN_A, 0);
  sent_with(s, 1, TOKEN_B, 0);
  for (size_t i = 2; i < 22; i++) sent_with(s, i, TOKEN_B, 100);

  imgact_op_free(first);
  imgact_op_free(second);
  harness_free(s);
}

TEST(token_empty_quota_delays_requests) {
  purse p = {.token = TOKEN_A};
  harness *s = harness_of(&p);
  reply(s, 200, EMPTY);
  reply(s, 200, PLENTY);
  harness_expect(get(s), IMGACT_OK);
  harness_expect(get(s), IMGACT_OK);
  assert_int_in_range(scripted_at(s->script, 1)->sent_ms, 1000, 2000); // one comes back each second
  harness_free(s);
}

// The 429 arrives after the client has changed to another token.
TEST(token_429_delays_that_token) {
  purse p = {.token = TOKEN_A};
  harness *s = harness_of(&p);
  scripted_next(s->script,
                (scripted_answer){
                    .status = 429, .body = "{}", .headers = "Retry-After: 30\n", .delay_ms = 100});

  for (int i = 0; i < 12; i++) reply(s, 200, PLENTY);
  imgact_op *refused = get(s), *next = get(s);
  imgact_op_start(refused, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  p.token = TOKEN_B;
  imgact_op_start(next, NULL, NULL);
  while (scripted_now_ms(s->script) < 100) imgact_loop_dispatch(s->loop);
  for (int i = 0; i < 10; i++) harness_expect(get(s), IMGACT_OK);
  imgact_loop_run(s->loop);
  assert_status(refused, IMGACT_OK);
  sent_with(s, 1, TOKEN_B, 0);
  for (size_t i = 2; i < 12; i++) sent_with(s, i, TOKEN_B, 100); // all at once, not one by one
  sent_with(s, 12, TOKEN_B, 30100);

  imgact_op_free(refused);
  imgact_op_free(next);
  harness_free(s);
}

TEST(token_shared_by_clients_shares_limit) {
  purse p = {.token = TOKEN_A};
  harness *s = harness_of(&p);
  imgact_client *same = harness_client(s, (harness_options){.client = {.token = TOKEN_A}});
  imgact_client *other = harness_client(s, (harness_options){.client = {.token = TOKEN_B}});
  reply(s, 200, EMPTY);
  reply(s, 200, PLENTY);
  reply(s, 200, PLENTY);

  harness_expect(get(s), IMGACT_OK);
  harness_expect(imgact_get_image(other, "1", NULL), IMGACT_OK);
  harness_expect(imgact_get_image(same, "1", NULL), IMGACT_OK);
  sent_with(s, 1, TOKEN_B, 0);
  sent_with(s, 2, TOKEN_A, -1);
  assert_int_in_range(scripted_at(s->script, 2)->sent_ms, 1000, 2000);

  imgact_client_free(same);
  imgact_client_free(other);
  harness_free(s);
}

// ---- callbacks that give none

TEST(token_callback_failure_ends_operation) {
  purse p = {.token = TOKEN_A, .status = IMGACT_UNAUTHORIZED};
  harness *s = harness_of(&p);
  imgact_op *op = harness_run(get(s), IMGACT_UNAUTHORIZED);

  assert_non_null(strstr(imgact_op_error(op)->message, "token callback"));
  assert_int_equal(imgact_op_error(op)->http_status, 0);
  imgact_op_free(op);
  op = harness_run(imgact_protect_image(s->client, "1"), IMGACT_UNAUTHORIZED);
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  scripted_assert_nothing_sent(s->script);
  p.status = IMGACT_OK;
  reply(s, 200, NULL);
  harness_expect(get(s), IMGACT_OK);
  harness_free(s);
}

// The first attempt had a token. For the second, the callback has none.
TEST(token_callback_failure_ends_retry) {
  purse p = {.token = TOKEN_A};
  harness *s = harness_of(&p);
  reply(s, 503, NULL);
  imgact_op *op = get(s);
  imgact_op_start(op, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  p.status = IMGACT_FORBIDDEN;
  imgact_loop_run(s->loop);
  assert_status(op, IMGACT_FORBIDDEN);
  assert_int_equal(scripted_count(s->script), 1);
  imgact_op_free(op);
  harness_free(s);
}

TEST(token_invalid_is_rejected_unsent) {
  static char large[4097];
  memset(large, 't', sizeof large - 1);
  const struct {
    purse purse;
    imgact_status status;
  } cases[] = {
      {{.token = ""}, IMGACT_INVALID_ARGUMENT},
      {{.token = " \t\r\n"}, IMGACT_INVALID_ARGUMENT},
      {{.token = "two\r\nlines-of-it"}, IMGACT_INVALID_ARGUMENT},
      {{.token = "del\x7f-in-the-middle"}, IMGACT_INVALID_ARGUMENT},
      {{.token = "caf\xc3\xa9-is-no-ascii"}, IMGACT_INVALID_ARGUMENT},
      {{.token = "a-nul-behind-it", .length = 16}, IMGACT_INVALID_ARGUMENT},
      {{.token = "\"lines-of-it\""}, IMGACT_INVALID_ARGUMENT},
      {{.token = "Bearer lines-of-it"}, IMGACT_INVALID_ARGUMENT},
      {{.token = "HCLOUD_TOKEN=lines-of-it"}, IMGACT_INVALID_ARGUMENT},
      {{.token = "two lines-of-it"}, IMGACT_INVALID_ARGUMENT},
      {{.token = "api.hetzner.cloud"}, IMGACT_INVALID_ARGUMENT}, // it is in every URL
      {{.token = large}, IMGACT_INVALID_ARGUMENT},
      {{.token = large, .length = 4097}, IMGACT_INTERNAL}, // it wrote beyond the end
      {{.token = TOKEN_A, .length = SIZE_MAX}, IMGACT_INTERNAL},
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    purse p = cases[i].purse;
    harness *s = harness_of(&p);
    imgact_op *op = harness_run(get(s), cases[i].status);
    assert_null(strstr(imgact_op_error(op)->message, "lines-of-it"));
    imgact_op_free(op);
    scripted_assert_nothing_sent(s->script);
    harness_free(s);
  }
  purse longest = {.token = large + 1}; // 4095 bytes are one
  harness *s = harness_of(&longest);
  reply(s, 200, NULL);
  harness_expect(get(s), IMGACT_OK);
  sent_with(s, 0, large + 1, 0);
  harness_free(s);
}

// Delayed requests stay delayed: a failure of the callback concerns the next request only.
TEST(token_callback_failure_spares_delayed_requests) {
  purse p = {.token = TOKEN_A};
  harness *s = harness_with((harness_options){
      .client = {.token_callback = give, .token_user_data = &p, .concurrency = 1}});
  imgact_op *ops[30];
  reply(s, 429, "Retry-After: 30\n");

  for (size_t i = 0; i < 29; i++) imgact_op_start(ops[i] = get(s), NULL, NULL);
  imgact_loop_dispatch(s->loop);
  p.status = IMGACT_NETWORK;
  imgact_op_start(ops[29] = get(s), NULL, NULL);
  imgact_loop_dispatch(s->loop);
  p.status = IMGACT_OK;
  for (size_t i = 0; i < 30; i++) reply(s, 200, PLENTY);
  imgact_loop_run(s->loop);
  for (size_t i = 0; i < 30; i++) {
    assert_status(ops[i], IMGACT_OK);
    imgact_op_free(ops[i]);
  }
  harness_free(s);
}

TEST(token_change_escapes_empty_quota) {
  purse p = {.token = TOKEN_A};
  harness *s = harness_of(&p);
  reply(s, 200, EMPTY);
  reply(s, 200, PLENTY);
  harness_expect(get(s), IMGACT_OK);
  p.token = TOKEN_B;
  harness_expect(get(s), IMGACT_OK);
  sent_with(s, 1, TOKEN_B, 0);
  harness_free(s);
}

TEST(token_change_escapes_429_pause) {
  purse p = {.token = TOKEN_A};
  harness *s = harness_of(&p);
  reply(s, 429, "Retry-After: 30\n");
  reply(s, 200, PLENTY);
  reply(s, 200, PLENTY);
  imgact_op *refused = get(s), *next = get(s);

  imgact_op_start(refused, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  p.token = TOKEN_B;
  imgact_op_start(next, NULL, NULL);
  imgact_loop_run(s->loop);
  sent_with(s, 0, TOKEN_A, 0);
  sent_with(s, 1, TOKEN_B, 0);
  sent_with(s, 2, TOKEN_B, 30000); // the request that got the 429 waits for the whole pause

  imgact_op_free(refused);
  imgact_op_free(next);
  harness_free(s);
}

// The quota of A was empty; it is still empty when A is used again.
TEST(token_returning_keeps_its_quota) {
  purse p = {.token = TOKEN_A};
  harness *s = harness_of(&p);
  scripted_next(s->script,
                (scripted_answer){.status = 200, .body = IMAGE, .headers = EMPTY, .delay_ms = 100});
  scripted_next(s->script,
                (scripted_answer){.status = 200, .body = IMAGE, .headers = PLENTY, .delay_ms = 50});
  reply(s, 200, PLENTY);
  imgact_op *first = get(s), *second = get(s);

  imgact_op_start(first, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  p.token = TOKEN_B;
  imgact_op_start(second, NULL, NULL);
  imgact_loop_run(s->loop);
  p.token = TOKEN_A;
  harness_expect(get(s), IMGACT_OK);
  sent_with(s, 2, TOKEN_A, -1);
  assert_true(scripted_at(s->script, 2)->sent_ms >= 1000);

  imgact_op_free(first);
  imgact_op_free(second);
  harness_free(s);
}

// An error may echo the request unchanged, in base64 or percent-encoded. The text around it may be
// redacted, too.
TEST(token_echoed_in_error_is_redacted) {
  static const char *const forms[] = {HARNESS_TOKEN,
                                      "dW5taXN0YWthYmxlLXRva2VuLTAxMjM0NTY3ODlhYmNkZWY=",
                                      ("%75%6e%6d%69%73%74%61%6b%61%62%6c%65%2d%74%6f%6b%65%6e%2d"
                                       "%30%31%32%33%34%35%36%37%38%39%61%62%63%64%65%66")};

  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    char body[512];
    harness *s = harness_new();
    snprintf(body, sizeof body,
             "{\"error\":{\"code\":\"unauthorized\",\"message\":\"bad header: Bearer "
             "%s\",\"details\":{\"sent\":\"%s\"}}}",
             forms[i], forms[i]);
    scripted_json(s->script, 401, body);
    imgact_op *op = harness_run(get(s), IMGACT_UNAUTHORIZED);
    assert_string_equal(imgact_op_error(op)->provider_code, "unauthorized");
    assert_null(strstr(imgact_op_error(op)->message, forms[i]));
    assert_non_null(strstr(imgact_op_error(op)->message, "[redacted]"));
    assert_null(strstr(imgact_op_error_details(op), forms[i]));
    imgact_op_free(op);
    harness_free(s);
  }
}

int main(void) { return testing_run(NULL, NULL); }
