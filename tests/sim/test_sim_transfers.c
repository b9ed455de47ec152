// SPDX-License-Identifier: MIT
/*
 * Account transfers at DigitalOcean. Image 10 belongs to the default account, whose token is
 * "token"; the token "bob" has an account of its own.
 */
#include "http_fixture.h"

#define TRANSFER "/v2/images/10/account_transfer"
#define BOB      "{\"recipient_email\":\"bob@example.com\"}"
#define BOB_TEAM "11111111-2222-4333-8444-555555555555"

static int setup(void **state) {
  http_fixture_setup(state);
  http_fixture_world(*state,
                     "{\"accounts\":[{\"name\":\"bob\",\"team\":\"" BOB_TEAM "\"}],"
                     "\"tokens\":[{\"token\":\"bob\",\"account\":\"bob\"}],"
                     "\"digitalocean\":{\"images\":[{\"id\":1,\"public\":true,\"name\":\"p\"},"
                     "{\"id\":10,\"tags\":[\"prod\"]},{\"id\":12,\"type\":\"custom\"},"
                     "{\"id\":20,\"account\":\"bob\"}]},"
                     "\"hetzner\":{\"images\":[{\"id\":30,\"account\":\"bob\"}]}}");
  return 0;
}

static void check_images(http_fixture *a, const char *token, const char *ids) {
  a->token = token;
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/images", NULL);
  assert_string_equal(http_fixture_ids(reply, "images"), ids);
}

/* Starts a transfer as the default account and returns the body for its end. */
static const char *offer(http_fixture *a, const char *recipient) {
  static char body[120];
  a->token = "token";
  const imgact_json *reply = http_fixture_expect(a, 201, "POST", TRANSFER, recipient);
  snprintf(body, sizeof body, "{\"transfer_id\":%lld,\"recipient_uuid\":\"" BOB_TEAM "\"}",
           (long long)http_fixture_int(reply, "transfer_id"));
  return body;
}

static uint64_t moved(const http_fixture *a) {
  return a->instance.world->counters.effects[SIM_ACCOUNT_TRANSFER];
}

TEST(accounts_see_their_own_images) {
  http_fixture *a = *state;

  check_images(a, "token", "1 10 12");
  check_images(a, "bob", "1 20");
  http_fixture_error(a, 404, "not_found", "GET", "/v2/images/10", NULL);
  http_fixture_error(a, 404, "not_found", "DELETE", "/v2/images/10", NULL);
  http_fixture_error(a, 404, "not_found", "GET", "/v2/droplets/1", NULL);
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/tags", NULL);
  assert_int_equal(http_fixture_int(reply, "meta.total"), 0);
  http_fixture_expect(a, 200, "GET", "/v1/images/30", NULL);
  a->token = "token";
  http_fixture_error(a, 404, "not_found", "GET", "/v1/images/30", NULL);
  reply = http_fixture_expect(a, 201, "POST", "/v2/images/10/actions",
                              "{\"type\":\"transfer\",\"region\":\"nyc3\"}");
  char target[64];
  snprintf(target, sizeof target, "/v2/actions/%lld",
           (long long)http_fixture_int(reply, "action.id"));
  a->token = "bob";
  http_fixture_error(a, 404, "not_found", "GET", target, NULL);
  reply = http_fixture_expect(a, 200, "GET", "/v2/actions", NULL);
  assert_int_equal(http_fixture_int(reply, "meta.total"), 0);
}

TEST(transfer_accepted_moves_image) {
  http_fixture *a = *state;
  const char *end = offer(a, BOB);

  http_fixture_error(a, 404, "not_found", "POST", TRANSFER "/accept", end);
  a->token = "bob";
  http_fixture_error(a, 404, "not_found", "GET", "/v2/images/10", NULL);
  http_fixture_error(a, 404, "not_found", "POST", TRANSFER "/cancel", end);
  http_fixture_expect(a, 201, "POST", TRANSFER "/accept", end);
  assert_null(a->outcome.reply.body);
  http_fixture_error(a, 404, "not_found", "POST", TRANSFER "/accept", end);
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/images/10", NULL);
  http_fixture_text(reply, "image.status", "available");
  assert_int_equal(imgact_json_count(http_fixture_at(reply, "image.tags")), 0);
  check_images(a, "token", "1 12");
  check_images(a, "bob", "1 10 20");
  assert_int_equal(moved(a), 1);
}

TEST(transfer_declined_or_cancelled_stays) {
  http_fixture *a = *state;
  const char *end = offer(a, BOB);

  a->token = "bob";
  http_fixture_expect(a, 204, "POST", TRANSFER "/decline", end);
  http_fixture_error(a, 404, "not_found", "POST", TRANSFER "/accept", end);
  end = offer(a, "{\"recipient_uuid\":\"" BOB_TEAM "\"}");
  http_fixture_error(a, 404, "not_found", "POST", TRANSFER "/decline", end);
  http_fixture_expect(a, 204, "POST", TRANSFER "/cancel", end);
  check_images(a, "token", "1 10 12");
  assert_int_equal(moved(a), 0);
}

TEST(transfer_with_permissions_moves_now) {
  http_fixture *a = *state;

  http_fixture_world(a, "{\"accounts\":[{\"name\":\"bob\",\"auto_accept\":true}]}");
  const imgact_json *reply =
      http_fixture_expect(a, 201, "POST", TRANSFER, "{\"recipient_uuid\":\"" BOB_TEAM "\"}");
  assert_int_equal(http_fixture_int(reply, "transfer_id"), 0);
  check_images(a, "bob", "1 10 20");
}

TEST(transfer_invalid_is_rejected) {
  http_fixture *a = *state;

  http_fixture_error(a, 400, "exactly one", "POST", TRANSFER, "{}");
  http_fixture_error(a, 400, "exactly one", "POST", TRANSFER,
                     "{\"recipient_email\":\"a@b.c\",\"recipient_uuid\":\"u\"}");
  http_fixture_error(a, 400, "bad_request", "POST", TRANSFER, "{");
  http_fixture_error(a, 422, "owner", "POST", TRANSFER,
                     "{\"recipient_email\":\"default@example.com\"}");
  http_fixture_error(a, 422, "Only snapshots", "POST", "/v2/images/1/account_transfer", BOB);
  http_fixture_error(a, 422, "Only snapshots", "POST", "/v2/images/12/account_transfer", BOB);
  http_fixture_error(a, 404, "not_found", "POST", "/v2/images/99/account_transfer", BOB);
  http_fixture_error(a, 404, "not_found", "POST", TRANSFER "/cancel", "{\"transfer_id\":1}");
  const char *end = offer(a, BOB);
  http_fixture_error(a, 422, "pending transfer", "POST", TRANSFER, BOB);
  http_fixture_error(a, 400, "transfer_id", "POST", TRANSFER "/cancel", "{}");
  a->token = "bob";
  http_fixture_error(a, 404, "not_found", "POST", TRANSFER "/accept",
                     "{\"transfer_id\":1,\"recipient_uuid\":\"" BOB_TEAM "\"}");
  char body[120];
  snprintf(body, sizeof body, "%.*s}", (int)strcspn(end, ","), end);
  http_fixture_error(a, 400, "recipient_uuid", "POST", TRANSFER "/accept", body);
  snprintf(body, sizeof body, "%.*s,\"recipient_uuid\":\"u\"}", (int)strcspn(end, ","), end);
  http_fixture_error(a, 404, "not_found", "POST", TRANSFER "/accept", body);
  http_fixture_expect(a, 201, "POST", TRANSFER "/accept", end);
}

TEST(account_shows_email_and_team) {
  http_fixture *a = *state;
  a->token = "bob";
  const imgact_json *reply = http_fixture_expect(a, 200, "GET", "/v2/account", NULL);
  http_fixture_text(reply, "account.email", "bob@example.com");
  http_fixture_text(reply, "account.team.uuid", BOB_TEAM);
}

int main(void) { return testing_run(setup, http_fixture_teardown); }
