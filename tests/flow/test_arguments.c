// SPDX-License-Identifier: MIT
// Arguments: copied completely or not at all, and rejected if invalid, in every member.
#include "harness.h"

#define BAD "caf\xe9" // no UTF-8

// Strings that each need memory of their own.
static char large[6][3000];

static void fill_large(void) {
  for (size_t i = 0; i < 6; i++) {
    memset(large[i], 'a' + (int)i, sizeof large[i] - 1);
    large[i][sizeof large[i] - 1] = '\0';
  }
}

static imgact_op *list_images(imgact_client *client) {
  static const imgact_image_type types[] = {IMGACT_IMAGE_TYPE_SNAPSHOT, IMGACT_IMAGE_TYPE_BACKUP};
  static const imgact_image_status statuses[] = {IMGACT_IMAGE_STATUS_AVAILABLE};
  static const char *const bound[] = {"1", "2"}, *const sort[] = {"created:desc", "id"};
  const imgact_image_filter filter = {.size = sizeof filter,
                                      .types = types,
                                      .types_count = 2,
                                      .statuses = statuses,
                                      .statuses_count = 1,
                                      .bound_to = bound,
                                      .bound_to_count = 2,
                                      .sort = sort,
                                      .sort_count = 2,
                                      .name = large[0],
                                      .architecture = large[1],
                                      .label_selector = large[2]};

  return imgact_list_images(client, &filter);
}

static imgact_op *list_by_tag(imgact_client *client) {
  const char *const globs[] = {large[2], large[3]};
  const imgact_image_filter filter = {.size = sizeof filter,
                                      .tag = large[0],
                                      .region = large[1],
                                      .match = globs,
                                      .match_count = 2,
                                      .os_family = large[4]};
  return imgact_list_images(client, &filter);
}

static imgact_op *list_actions(imgact_client *client) {
  static const char *const ids[] = {"1", "2", "3"}, *const sort[] = {"id"};
  static const imgact_action_status statuses[] = {IMGACT_ACTION_STATUS_RUNNING,
                                                  IMGACT_ACTION_STATUS_ERROR};
  const imgact_action_filter filter = {.size = sizeof filter,
                                       .image_id = "4711",
                                       .ids = ids,
                                       .ids_count = 3,
                                       .sort = sort,
                                       .sort_count = 1,
                                       .statuses = statuses,
                                       .statuses_count = 2};
  return imgact_list_actions(client, &filter);
}

static imgact_op *update(imgact_client *client) {
  const imgact_label labels[] = {{large[1], large[2]}, {large[3], large[4]}};
  const imgact_image_update changes = {.size = sizeof changes,
                                       .description = large[0],
                                       .labels = labels,
                                       .labels_count = 2,
                                       .replace_labels = 1};
  return imgact_update_image(client, "4711", &changes);
}

static imgact_op *rename_it(imgact_client *client) {
  const imgact_image_update changes = {
      .size = sizeof changes, .name = large[0], .description = large[1], .distribution = large[2]};
  return imgact_update_image(client, "4711", &changes);
}

static imgact_op *get_by_name(imgact_client *client) {
  return imgact_get_image(client, large[0], large[1]);
}

static imgact_op *wait_for_many(imgact_client *client) {
  static char ids[300][8];
  const char *list[300];
  for (size_t i = 0; i < 300; i++) {
    snprintf(ids[i], sizeof ids[i], "%zu", i + 1);
    list[i] = ids[i];
  }
  return imgact_wait_actions(client, list, 300, "4711");
}

// Each allocation fails in turn while the operation is created: it is complete, NULL, or fails with
// IMGACT_NOMEM.
TEST(op_creation_without_memory_returns_nomem) {
  static const struct {
    imgact_op *(*make)(imgact_client *client);
    bool digitalocean;
  } cases[] = {{list_images, false}, {list_by_tag, true},  {list_actions, false}, {update, false},
               {rename_it, true},    {get_by_name, false}, {wait_for_many, false}};
  fill_large();

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    size_t missing = 0;
    bool more = true;
    for (size_t k = 1; more; k++) {
      harness *s = harness_with((harness_options){.digitalocean = cases[i].digitalocean});
      s->memory.fail_at = s->memory.calls + k;
      imgact_op *op = cases[i].make(s->client);
      more = s->memory.failures > 0;
      imgact_status status = imgact_op_error(op)->status;
      if (status != (more ? IMGACT_NOMEM : IMGACT_OK))
        fail_msg("scenario %zu, allocation %zu: %s", i, k, imgact_status_name(status));
      missing += op == NULL;
      imgact_op_free(op);
      harness_free(s);
    }
    assert_true(missing >= 2);
  }
}

TEST(op_arguments_are_copied) {
  harness *s = harness_new();
  fill_large();
  scripted_json(s->script, 200, "{\"image\":{\"id\":4711}}");
  char first = large[0][0];
  imgact_op *op = update(s->client);
  memset(large, 'z', sizeof large);
  harness_run(op, IMGACT_OK);
  assert_int_equal(scripted_at(s->script, 0)->body[strlen("{\"description\":\"")], first);
  assert_null(strchr(scripted_at(s->script, 0)->body, 'z'));
  imgact_op_free(op);
  harness_free(s);
}

// ---- refused

static void refused(harness *s, imgact_op *op, imgact_status status, const char *words) {
  harness_run(op, status);
  if (strstr(imgact_op_error(op)->message, words) == NULL)
    fail_msg("'%s': %s", words, imgact_op_error(op)->message);
  imgact_op_free(op);
  scripted_assert_nothing_sent(s->script);
}

TEST(op_arguments_not_utf8_rejected) {
  harness *s = harness_digitalocean();
  const char *const bad[] = {"1", BAD};
  const imgact_label labels[2][2] = {{{"a", "b"}, {BAD, "c"}}, {{"a", "b"}, {"c", BAD}}};
#define REFUSED(op) refused(s, (op), IMGACT_INVALID_ARGUMENT, "UTF-8")
#define IMAGES(...)                                                                                \
  do {                                                                                             \
    const imgact_image_filter filter = {.size = sizeof filter, __VA_ARGS__};                       \
    REFUSED(imgact_list_images(s->client, &filter));                                               \
  } while (0)
#define ACTIONS(...)                                                                               \
  do {                                                                                             \
    const imgact_action_filter filter = {.size = sizeof filter, __VA_ARGS__};                      \
    REFUSED(imgact_list_actions(s->client, &filter));                                              \
  } while (0)
#define UPDATE(...)                                                                                \
  do {                                                                                             \
    const imgact_image_update changes = {.size = sizeof changes, __VA_ARGS__};                     \
    REFUSED(imgact_update_image(s->client, "1", &changes));                                        \
  } while (0)
  REFUSED(imgact_get_image(s->client, BAD, NULL));
  REFUSED(imgact_transfer_image(s->client, BAD, "nyc3"));
  REFUSED(imgact_transfer_image(s->client, "1", BAD));
  REFUSED(imgact_get_action(s->client, BAD, NULL));
  REFUSED(imgact_get_action(s->client, "1", BAD));
  REFUSED(imgact_wait_actions(s->client, bad, 2, NULL));
  REFUSED(imgact_wait_actions(s->client, bad, 1, BAD));
  IMAGES(.name = BAD);
  IMAGES(.architecture = BAD);
  IMAGES(.label_selector = BAD);
  IMAGES(.tag = BAD);
  IMAGES(.region = BAD);
  IMAGES(.sort = bad, .sort_count = 2);
  IMAGES(.bound_to = bad, .bound_to_count = 2);
  IMAGES(.match = bad, .match_count = 2);
  IMAGES(.os_family = BAD);
  IMAGES(.created_from = BAD);
  ACTIONS(.image_id = BAD);
  ACTIONS(.ids = bad, .ids_count = 2);
  ACTIONS(.sort = bad, .sort_count = 2);
  UPDATE(.name = BAD);
  UPDATE(.description = BAD);
  UPDATE(.distribution = BAD);
  UPDATE(.labels = labels[0], .labels_count = 2, .replace_labels = 1);
  UPDATE(.labels = labels[1], .labels_count = 2, .replace_labels = 1);
#undef REFUSED
#undef IMAGES
#undef ACTIONS
#undef UPDATE
  harness_free(s);
}

// The token would appear in results and in the server's logs.
TEST(op_arguments_with_token_rejected) {
  harness *s = harness_new();
  const char *const ids[] = {"1", HARNESS_TOKEN};
  refused(s, imgact_get_image(s->client, HARNESS_TOKEN, NULL), IMGACT_INVALID_ARGUMENT, "token");
  refused(s, imgact_get_image(s->client, "name", "x" HARNESS_TOKEN), IMGACT_INVALID_ARGUMENT,
          "token");
  imgact_op *op = imgact_wait_actions(s->client, ids, 2, NULL); // no id either
  assert_int_equal(imgact_op_run(op), IMGACT_INVALID_ARGUMENT);
  assert_null(strstr(imgact_op_error(op)->message, HARNESS_TOKEN));
  imgact_op_free(op);
  scripted_assert_nothing_sent(s->script);
  harness_free(s);
  s = harness_digitalocean();
  refused(s, imgact_transfer_image(s->client, "1", HARNESS_TOKEN), IMGACT_INVALID_ARGUMENT,
          "token");
  harness_free(s);
}

TEST(op_arguments_invalid_are_named) {
  harness *s = harness_digitalocean();
  refused(s, imgact_get_image(s->client, "ubuntu-24-04", "x86"), IMGACT_UNSUPPORTED,
          "architecture");
  refused(s, imgact_wait_actions(s->client, NULL, 0, NULL), IMGACT_INVALID_ARGUMENT,
          "missing action ids");
  refused(s, imgact_protect_image(s->client, "1"), IMGACT_UNSUPPORTED, "change_protection");
  const int unknown = 4711;
  const imgact_image_type type = (imgact_image_type)unknown;
  const imgact_image_status status = (imgact_image_status)unknown;
  const imgact_action_status action = (imgact_action_status)unknown;
  const imgact_image_filter filters[] = {
      {.size = sizeof *filters, .types = &type, .types_count = 1},
      {.size = sizeof *filters, .statuses = &status, .statuses_count = 1},
      {.size = sizeof *filters, .visibility = (imgact_visibility)unknown},
  };
  const imgact_action_filter actions = {
      .size = sizeof actions, .statuses = &action, .statuses_count = 1};
  for (size_t i = 0; i < 3; i++)
    refused(s, imgact_list_images(s->client, &filters[i]), IMGACT_INVALID_ARGUMENT, "4711");
  refused(s, imgact_list_actions(s->client, &actions), IMGACT_INVALID_ARGUMENT, "4711");
  const imgact_op_options wrong[] = {
      {.deadline_ms = -1}, {.poll_interval_ms = -1}, {.max_attempts = -1}};
  for (size_t i = 0; i < 3; i++)
    refused(s, harness_configure(imgact_get_image(s->client, "1", NULL), wrong[i]),
            IMGACT_INVALID_ARGUMENT, "not be negative");
  refused(
      s,
      harness_configure(imgact_get_image(s->client, "1", NULL), (imgact_op_options){.flags = 0x80}),
      IMGACT_INVALID_ARGUMENT, "0x80");
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
