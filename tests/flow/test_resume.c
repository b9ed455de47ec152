// SPDX-License-Identifier: MIT
// imgact_op_resume(): calls that another program has sent, from their stored JSON.
#include "mutation_fixture.h"

static const char stored[] =
    "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"4711\",\"region\":\"nyc3\"}";

TEST(resume_starts_with_lookup) {
  mutation_fixture p = fixture_digitalocean();
  cloud_add_action(p.cloud, "transfer", "nyc3", 90000, 1000);
  cloud_add_action(p.cloud, "transfer", "nyc3", 59000, 1000);
  imgact_op *op = imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS - 60000);
  harness_run(op, IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_string_equal(imgact_op_action(op)->id, "9002");
  scripted_assert_lines(p.script, DO_ACTIONS);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(resume_without_memory_maybe_applied) {
  bool made = false;
  for (size_t k = 1; !made; k++) {
    harness *s = harness_digitalocean();
    size_t before = s->memory.calls;
    s->memory.fail_at = before + k;
    imgact_op *op = imgact_op_resume(s->client, stored, SCRIPTED_EPOCH_MS - 60000);
    made = s->memory.calls < before + k;
    if (op) {
      assert_true(imgact_op_maybe_applied(op));
      imgact_op_cancel(op);
      imgact_op_run(op);
      assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    }
    imgact_op_free(op);
    harness_free(s);
  }
}

// The error reports that the call may be applied before the operation runs, too.
TEST(resume_invalid_unstarted_maybe_applied) {
  static const char *const wrong[] = {
      "{\"provider\":\"digitalocean\",\"op\":\"transf", stored,
      "{\"provider\":\"hetzner\",\"op\":\"transfer\",\"image\":\"4711\",\"region\":\"nyc3\"}",
      "{\"provider\":\"hetzner\",\"endpoint\":\"https://"
      "other.example\",\"op\":\"delete\",\"image\":\"4711\"}"};

  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    mutation_fixture p = fixture_hetzner();
    imgact_op *op = imgact_op_resume(p.client, wrong[i], SCRIPTED_EPOCH_MS);
    assert_int_not_equal(imgact_op_error(op)->status, IMGACT_OK);
    assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    imgact_op_free(op);
    scripted_assert_nothing_sent(p.script);
    fixture_free(&p);
  }
}

// The clock was set back since: any listed action may be the own one.
TEST(resume_future_time_adopts_nothing) {
  static const int64_t ago_ms[] = {-1, 0, 1500, 3000, 600000};
  for (size_t i = 0; i < sizeof ago_ms / sizeof *ago_ms; i++) {
    bool there = ago_ms[i] >= 0;
    mutation_fixture p = fixture_digitalocean();
    scripted_advance(p.script, 20000);
    if (there) cloud_add_action(p.cloud, "transfer", "nyc3", ago_ms[i], 1200000);
    imgact_op *op = imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS + 1800000);
    harness_run(op, there ? IMGACT_AMBIGUOUS : IMGACT_OK);
    assert_int_equal(p.cloud->mutations, !there);
    assert_false(imgact_op_adopted(op));
    imgact_op_free(op);
    fixture_free(&p);
  }
}

// The first program's clock was six seconds fast: by it, the running action is older than the
// request.
TEST(resume_running_older_action_is_ambiguous) {
  mutation_fixture p = fixture_digitalocean();
  cloud_add_action(p.cloud, "transfer", "nyc3", 0, 60000);
  scripted_advance(p.script, 9000);
  imgact_op *op =
      harness_run(imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS + 6000), IMGACT_AMBIGUOUS);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(p.cloud->mutations, 0);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(resume_resend_adopts_by_own_time) {
  mutation_fixture p = fixture_digitalocean();
  cloud_plan(p.cloud, lost_applied);
  imgact_op *op =
      harness_run(imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS + 1800000), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_int_equal(p.cloud->mutations, 1);
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(resume_without_effect_is_sent) {
  mutation_fixture p = fixture_digitalocean();
  before_send_record h = {0};
  imgact_op *op = imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS - 60000);
  scripted_advance(p.script, 3600000); // created long before it is started
  imgact_op_set_before_send(op, record_before_send, &h);

  harness_run(op, IMGACT_OK);
  assert_int_equal(h.calls, 0);
  assert_false(imgact_op_adopted(op));
  assert_int_equal(p.cloud->applied, 1);
  assert_int_equal(scripted_count(p.script),
                   13); // six lookups of two requests, and the POST

  imgact_op_free(op);
  fixture_free(&p);
}

TEST(resume_counts_first_attempt) {
  mutation_fixture p = fixture_digitalocean();
  imgact_op *op = imgact_op_resume(p.client, stored, SCRIPTED_EPOCH_MS - 60000);
  harness_run(harness_configure(op, (imgact_op_options){.max_attempts = 1}), IMGACT_NETWORK);
  assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  assert_int_equal(p.cloud->mutations, 0);
  imgact_op_free(op);
  fixture_free(&p);
}

static imgact_status give_token(void *user, char *token, size_t capacity, size_t *length) {
  const char *text = user;
  assert_true(strlen(text) < capacity);
  memcpy(token, text, *length = strlen(text));
  return IMGACT_OK;
}

// An image with the same id in another project or at another endpoint is another image.
TEST(resume_checks_endpoint_and_credential) {
  static const struct {
    const char *target, *token, *word; // word NULL: it is resumed
  } rows[] = {
      {"\"endpoint\":\"https://api.digitalocean.com\",\"credential\":\"" CREDENTIAL "\"",
       HARNESS_TOKEN, NULL},
      {"\"credential\":\"" CREDENTIAL "\"", HARNESS_TOKEN, NULL},
      {"\"endpoint\":\"https://api.digitalocean.com\"", "another-token-0123456789", NULL},
      {"\"endpoint\":\"https://example.com\"", HARNESS_TOKEN, "https://example.com"},
      {"\"credential\":\"" CREDENTIAL "\"", "another-token-0123456789", "another token"},
      {"\"credential\":\"\"", HARNESS_TOKEN, "another token"},
      {"\"credential\":7", HARNESS_TOKEN, "wrong type"},
  };

  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (int callback = 0; callback < 2; callback++) {
      char text[400];
      imgact_client_options options = {.token = callback ? NULL : rows[i].token,
                                       .token_callback = callback ? give_token : NULL,
                                       .token_user_data = (void *)(uintptr_t)rows[i].token};
      mutation_fixture p = fixture_with((harness_options){.digitalocean = true, .client = options});
      snprintf(text, sizeof text,
               "{\"provider\":\"digitalocean\",%s,\"op\":\"transfer\",\"image\":\"4711\","
               "\"region\":\"nyc3\"}",
               rows[i].target);
      imgact_op *op = imgact_op_resume(p.client, text, SCRIPTED_EPOCH_MS - 60000);
      harness_run(op, rows[i].word ? IMGACT_INVALID_ARGUMENT : IMGACT_OK);
      if (rows[i].word) {
        assert_non_null(strstr(imgact_op_error(op)->message, rows[i].word));
        assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
        scripted_assert_nothing_sent(p.script);
      }
      imgact_op_free(op);
      fixture_free(&p);
    }
}

TEST(resume_synchronous_call_succeeds) {
  mutation_fixture p = fixture_hetzner();
  p.cloud->deleted = true;
  imgact_op *op = imgact_op_resume(
      p.client, "{\"provider\":\"hetzner\",\"op\":\"delete_image\",\"image\":\"4711\"}",
      SCRIPTED_EPOCH_MS - 60000);
  harness_run(op, IMGACT_OK);
  scripted_assert_lines(p.script, HZ_DELETE);
  imgact_op_free(op);
  fixture_free(&p);

  p = fixture_hetzner();
  cloud_plan(
      p.cloud,
      replied(0, 422, "{\"error\":{\"code\":\"invalid_input\",\"message\":\"is no backup\"}}"));
  op =
      imgact_op_resume(p.client, "{\"provider\":\"hetzner\",\"op\":\"convert\",\"image\":\"4711\"}",
                       SCRIPTED_EPOCH_MS - 60000);
  harness_run(op, IMGACT_OK);
  scripted_assert_lines(p.script, HZ_PUT, HZ_IMAGE);
  assert_true(imgact_op_adopted(op));
  imgact_op_free(op);
  fixture_free(&p);
}

TEST(resume_invalid_call_rejected) {
  static const char *const texts[] = {
      "",
      "{}",
      "[]",
      "{\"provider\":\"hetzner\",\"op\":\"transfer\",\"image\":\"1\",\"region\":\"a\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"get_image\",\"image\":\"1\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"../1\",\"region\":\"a\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"1\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"1\",\"region\":\"\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\",\"image\":\"1\",\"region\":7}",
      "{\"provider\":\"digitalocean\",\"op\":\"update_image\",\"image\":\"1\"}",
      "{\"provider\":\"digitalocean\",\"op\":\"update_image\",\"image\":\"1\",\"name\":7}",
      "{\"provider\":\"digitalocean\",\"op\":\"transfer\"}"};
  static const char *const hetzner_texts[] = {
      "{\"provider\":\"hetzner\",\"op\":\"change_protection\",\"image\":\"1\"}",
      "{\"provider\":\"hetzner\",\"op\":\"change_protection\",\"image\":\"1\",\"protect\":"
      "\"true\"}",
      "{\"provider\":\"hetzner\",\"op\":\"change_protection\",\"image\":\"1\",\"protect\":null}",
      "{\"provider\":\"hetzner\",\"op\":\"update_image\",\"image\":\"1\",\"convert_to_snapshot\":"
      "1}",
      "{\"provider\":\"hetzner\",\"op\":\"update_image\",\"image\":\"1\",\"description\":\"d\","
      "\"labels\":[1]}",
      "{\"provider\":\"hetzner\",\"op\":\"update_image\",\"image\":\"1\",\"labels\":{\"a\":5}}"};
  mutation_fixture p = fixture_hetzner();

  for (size_t i = 0; i < sizeof hetzner_texts / sizeof *hetzner_texts; i++)
    harness_expect(imgact_op_resume(p.client, hetzner_texts[i], SCRIPTED_EPOCH_MS),
                   IMGACT_INVALID_ARGUMENT);
  scripted_assert_nothing_sent(p.script);
  fixture_free(&p);
  p = fixture_digitalocean();
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    harness_expect(imgact_op_resume(p.client, texts[i], SCRIPTED_EPOCH_MS),
                   IMGACT_INVALID_ARGUMENT);
  scripted_assert_nothing_sent(p.script);
  static const int64_t times[] = {INT64_MIN, -1, 0, INT64_MAX};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    imgact_op *op = imgact_op_resume(p.client, stored, times[i]);
    imgact_op_start(op, NULL, NULL);
    imgact_op_free(op);
  }
  fixture_free(&p);
}

int main(void) { return testing_run(NULL, NULL); }
