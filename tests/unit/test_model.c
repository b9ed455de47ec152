// SPDX-License-Identifier: MIT
// Names of enum values in JSON, questions about an image, and the raw object of an item.
#include "result.h"
#include "testing.h"

#define NAMES(function, kind, ...)                                                                 \
  do {                                                                                             \
    static const char *const names[] = {__VA_ARGS__};                                              \
    size_t count = sizeof names / sizeof *names;                                                   \
    for (size_t i = 0; i < count; i++) assert_string_equal(function((kind)i), names[i]);           \
    assert_string_equal(function((kind)count), names[0]);                                          \
    assert_string_equal(function((kind)-1), names[0]);                                             \
    assert_string_equal(function((kind)INT32_MIN), names[0]);                                      \
  } while (0)

// A later library or a third-party provider may have values that this library does not know.
TEST(model_name_invalid_value_is_unknown) {
  NAMES(imgact_image_type_name, imgact_image_type, "unknown", "system", "app", "snapshot", "backup",
        "custom");
  NAMES(imgact_image_status_name, imgact_image_status, "unknown", "creating", "available",
        "unavailable", "deleted", "retired");
  NAMES(imgact_action_status_name, imgact_action_status, "unknown", "running", "success", "error");
  NAMES(imgact_action_kind_name, imgact_action_kind, "other", "create", "convert", "transfer",
        "change_protection");
}

#define INVERSE(name, from_name, kind, last)                                                       \
  do {                                                                                             \
    for (int i = 0; i <= (int)(last); i++) assert_int_equal(from_name(name((kind)i)), (kind)i);    \
    assert_int_equal(from_name(NULL), 0);                                                          \
    assert_int_equal(from_name(""), 0);                                                            \
    assert_int_equal(from_name("no such name"), 0);                                                \
  } while (0)

TEST(model_from_name_inverts_name) {
  INVERSE(imgact_image_type_name, imgact_image_type_from_name, imgact_image_type,
          IMGACT_IMAGE_TYPE_CUSTOM);
  INVERSE(imgact_image_status_name, imgact_image_status_from_name, imgact_image_status,
          IMGACT_IMAGE_STATUS_RETIRED);
  INVERSE(imgact_action_status_name, imgact_action_status_from_name, imgact_action_status,
          IMGACT_ACTION_STATUS_ERROR);
  INVERSE(imgact_action_kind_name, imgact_action_kind_from_name, imgact_action_kind,
          IMGACT_ACTION_KIND_CHANGE_PROTECTION);
  assert_int_equal(imgact_image_type_from_name("Snapshot"), IMGACT_IMAGE_TYPE_UNKNOWN);
}

TEST(op_kind_from_name_inverts_name) {
  for (size_t i = 0; i < IMGACT_OP_COUNT; i++)
    assert_int_equal(imgact_op_kind_from_name(imgact_op_kind_name((imgact_op_kind)i)), i);
  assert_int_equal(imgact_op_kind_from_name("list"), IMGACT_OP_COUNT);
  assert_int_equal(imgact_op_kind_from_name(NULL), IMGACT_OP_COUNT);
}

TEST(image_label_found_by_key) {
  static const imgact_label labels[] = {{"env", "prod"}, {"empty", ""}};
  const imgact_image image = {.labels = labels, .labels_count = 2}, bare = {.labels = NULL};
  assert_string_equal(imgact_image_label(&image, "env"), "prod");
  assert_string_equal(imgact_image_label(&image, "empty"), "");
  assert_null(imgact_image_label(&image, "ENV"));
  assert_null(imgact_image_label(&image, NULL));
  assert_null(imgact_image_label(&bare, "env"));
  assert_null(imgact_image_label(NULL, "env"));
}

TEST(image_has_region_and_tag) {
  static const char *const texts[] = {"nyc3", "Prod"};
  static const char *const none[1];
  const imgact_image bare = {.id = "1"}, empty = {.regions = none, .tags = none},
                     image = {.regions = texts, .regions_count = 2, .tags = texts, .tags_count = 2};
  assert_int_equal(imgact_image_has_region(&image, "nyc3"), IMGACT_TRISTATE_TRUE);
  assert_int_equal(imgact_image_has_region(&image, "prod"), IMGACT_TRISTATE_FALSE);
  assert_int_equal(imgact_image_has_region(&image, NULL), IMGACT_TRISTATE_FALSE);
  assert_int_equal(imgact_image_has_region(&empty, "nyc3"), IMGACT_TRISTATE_FALSE);
  assert_int_equal(imgact_image_has_region(&bare, "nyc3"), IMGACT_TRISTATE_UNKNOWN);
  assert_int_equal(imgact_image_has_region(NULL, "nyc3"), IMGACT_TRISTATE_UNKNOWN);
  assert_int_equal(imgact_image_has_tag(&image, "pROD"), IMGACT_TRISTATE_TRUE);
  assert_int_equal(imgact_image_has_tag(&image, "production"), IMGACT_TRISTATE_FALSE);
  assert_int_equal(imgact_image_has_tag(&empty, "prod"), IMGACT_TRISTATE_FALSE);
  assert_int_equal(imgact_image_has_tag(&bare, "prod"), IMGACT_TRISTATE_UNKNOWN);
  assert_int_equal(imgact_image_has_tag(NULL, "prod"), IMGACT_TRISTATE_UNKNOWN);
}

TEST(op_kind_name_invalid_is_null) {
  static const char *const names[] = {
      "list_images",     "get_image",           "update_image",       "delete_image",
      "list_actions",    "get_action",          "change_protection",  "convert",
      "transfer",        "wait_actions",        "find_image",         "create_image",
      "import_image",    "list_server_actions", "list_server_images", "list_regions",
      "create_handover", "accept_handover",     "decline_handover",   "cancel_handover",
      "change_tags",     "create_tag",          "tag_images",         "untag_images"};
  assert_int_equal(sizeof names / sizeof *names, IMGACT_OP_COUNT);
  for (size_t i = 0; i < IMGACT_OP_COUNT; i++)
    assert_string_equal(imgact_op_kind_name((imgact_op_kind)i), names[i]);
  assert_null(imgact_op_kind_name(IMGACT_OP_COUNT));
  assert_null(imgact_op_kind_name((imgact_op_kind)-1));
}

TEST(image_raw_returns_raw_json) {
  ia_image image = {.raw = "{\"id\":1}"};
  ia_action action = {.raw = "{\"id\":2}"};
  const ia_image bare_image = {.raw = NULL};
  const ia_action bare_action = {.raw = NULL};
  assert_string_equal(imgact_image_raw(&image.shown), "{\"id\":1}");
  assert_string_equal(imgact_action_raw(&action.shown), "{\"id\":2}");
  assert_null(imgact_image_raw(&bare_image.shown));
  assert_null(imgact_action_raw(&bare_action.shown));
  assert_null(imgact_image_raw(NULL));
  assert_null(imgact_action_raw(NULL));
}

int main(void) { return testing_run(NULL, NULL); }
