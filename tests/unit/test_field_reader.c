// SPDX-License-Identifier: MIT
// Objects of a response, read by the rows of a map.
#include "decode.h"
#include "failing_allocator.h"
#include "field_reader.h"
#include "json_doc.h"
#include "request.h"
#include "testing.h"
#include "words.h"
#include <math.h>

static const imgact_word types[] = {{"system", IMGACT_IMAGE_TYPE_SYSTEM},
                                    {"snap*", IMGACT_IMAGE_TYPE_SNAPSHOT},
                                    {NULL, IMGACT_IMAGE_TYPE_UNKNOWN}};
static const imgact_word statuses[] = {{"~ready", IMGACT_IMAGE_STATUS_AVAILABLE},
                                       {NULL, IMGACT_IMAGE_STATUS_UNKNOWN}};
static const imgact_word states[] = {{"bad", IMGACT_ACTION_STATUS_ERROR},
                                     {"good", IMGACT_ACTION_STATUS_SUCCESS},
                                     {NULL, IMGACT_ACTION_STATUS_UNKNOWN}};
static const imgact_field image_fields[] = {
    {"id", IMGACT_TARGET_IMAGE_ID, NULL},
    {"name", IMGACT_TARGET_IMAGE_NAME, NULL},
    {"title", IMGACT_TARGET_IMAGE_NAME, NULL},
    {"slug", IMGACT_TARGET_IMAGE_SLUG, NULL},
    {"type", IMGACT_TARGET_IMAGE_TYPE, types},
    {"status", IMGACT_TARGET_IMAGE_STATUS, statuses},
    {"from.server.id", IMGACT_TARGET_IMAGE_CREATED_FROM_ID, NULL},
    {"from.name", IMGACT_TARGET_IMAGE_CREATED_FROM_NAME, NULL},
    {"zones.all[].name", IMGACT_TARGET_IMAGE_REGIONS, NULL},
    {"tags", IMGACT_TARGET_IMAGE_TAGS, NULL},
    {"labels", IMGACT_TARGET_IMAGE_LABELS, NULL},
    {"size", IMGACT_TARGET_IMAGE_SIZE_GB, NULL},
    {"created", IMGACT_TARGET_IMAGE_CREATED_AT, NULL},
    {"locked", IMGACT_TARGET_IMAGE_IS_PROTECTED, NULL},
    {NULL, 0, NULL}};
static const imgact_field action_fields[] = {
    {"id", IMGACT_TARGET_ACTION_ID, NULL},
    {"state", IMGACT_TARGET_ACTION_STATUS, states},
    {"progress", IMGACT_TARGET_ACTION_PROGRESS, NULL},
    {"of[].id", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
    {"of[].kind", IMGACT_TARGET_ACTION_RESOURCE_TYPE, NULL},
    {"why", IMGACT_TARGET_ACTION_ERROR_MESSAGE, NULL},
    {NULL, 0, NULL}};

static int is_valid_id(const char *text) { return strcmp(text, "no") != 0; }

static int keep_images(const imgact_call *call, imgact_result *result, imgact_image *image,
                       const imgact_json *object) {
  (void)call, (void)result, (void)object;
  return !image->slug || strcmp(image->slug, "hidden") != 0;
}

static failing_allocator memory;
static imgact_result result;
static imgact_image_map image_map;
static imgact_action_map action_map;
static imgact_provider provider;

static int open_reader(void **state) {
  (void)state;
  failing_allocator_init(&memory, 0);
  ia_result_init(&result, &memory.allocator, "acme", false);
  image_map = (imgact_image_map){.fields = image_fields};
  action_map = (imgact_action_map){.fields = action_fields};
  provider = (imgact_provider){
      .is_valid_id = is_valid_id, .image_map = &image_map, .action_map = &action_map};
  return 0;
}

static int close_reader(void **state) {
  (void)state;
  ia_result_free(&result);
  assert_memory_fine(&memory);
  return 0;
}

static bool read_n(ia_read_item_fn read, const imgact_field *fields, const char *text,
                   size_t length) {
  const imgact_call call = {.size = sizeof call};
  imgact_json_doc *doc;
  char what[100];
  if (ia_json_parse(text, length, NULL, NULL, &doc, what, sizeof what) != IA_JSON_OK)
    fail_msg("%s: %s", text, what);
  ia_field_plan plan;
  ia_field_plan_init(&plan, fields);
  const ia_field_reader reader = {&plan, &provider, &call};
  bool added = read(&reader, &result, imgact_json_doc_root(doc));
  imgact_json_doc_free(doc);
  return added;
}

/* An image without an id if the object is not one. */
static const imgact_image *image_of(const char *text) {
  static const imgact_image none;
  ia_result_reset(&result);
  bool added = read_n(ia_read_image, image_map.fields, text, strlen(text));
  return added && result.images_count == 1 ? result.images[0] : &none;
}

static const imgact_action *action_of(const char *text) {
  static const imgact_action none;
  ia_result_reset(&result);
  bool added = read_n(ia_read_action, action_map.fields, text, strlen(text));
  return added && result.actions_count == 1 ? result.actions[0] : &none;
}

static const char whole[] =
    "{\"locked\":true,\"x\":{\"id\":9},\"created\":1,\"size\":2.50,\"labels\":{\"a\":\"b\"},"
    "\"tags\":[\"t\",1],\"zones\":{\"all\":[{\"name\":\"z\"},{\"name\":4},3]},"
    "\"from\":{\"name\":\"n\",\"server\":{\"id\":77}},\"status\":\"READY\",\"type\":\"snap-2\","
    "\"slug\":\"\",\"name\":\"\",\"id\":5}";

TEST(reader_any_member_order_is_read) {
  const imgact_image *image = image_of(whole);
  assert_string_equal(image->id, "5");
  assert_string_equal(image->name, "");
  assert_null(image->slug);
  assert_int_equal(image->type, IMGACT_IMAGE_TYPE_SNAPSHOT);
  assert_string_equal(image->provider_type, "snap-2");
  assert_int_equal(image->status, IMGACT_IMAGE_STATUS_AVAILABLE);
  assert_string_equal(image->provider_status, "READY");
  assert_string_equal(image->created_from_id, "77");
  assert_string_equal(image->created_from_name, "n");
  assert_int_equal(image->regions_count, 1);
  assert_string_equal(image->regions[0], "z");
  assert_int_equal(image->tags_count, 1);
  assert_int_equal(image->labels_count, 1);
  assert_string_equal(image->size_gb_text, "2.5");
  assert_int_equal(image->created_at, 1000);
  assert_int_equal(image->is_protected, IMGACT_TRISTATE_TRUE);
}

TEST(reader_key_twice_last_member_counts) {
  assert_string_equal(image_of("{\"id\":1,\"name\":\"a\",\"id\":2,\"name\":\"b\"}")->id, "2");
  assert_string_equal(result.images[0]->name, "b");
  assert_null(image_of("{\"id\":1,\"slug\":\"a\",\"slug\":null}")->slug);
  assert_null(image_of("{\"id\":1,\"from\":{\"name\":\"a\"},\"from\":{}}")->created_from_name);
  assert_null(image_of("{\"id\":1,\"id\":null}")->id);
}

TEST(reader_shared_target_takes_first_value) {
  assert_string_equal(image_of("{\"id\":1,\"title\":\"t\",\"name\":\"n\"}")->name, "n");
  assert_string_equal(image_of("{\"id\":1,\"title\":\"t\",\"name\":7}")->name, "t");
}

TEST(reader_key_with_nul_differs) {
  static const char text[] = "{\"id\":1,\"name\\u0000\":\"a\",\"na\\u0000me\":\"b\",\"\":\"c\"}";
  const imgact_image *image = image_of(text);
  assert_null(image->name);
  assert_string_equal(image_of("{\"id\":1,\"name\":\"a\\u0000b\"}")->name, "a\xc0\x80"
                                                                           "b");
}

TEST(reader_hostile_types_are_not_reported) {
  static const char *const values[] = {"null", "7",   "\"\"",      "true",   "[]",
                                       "{}",   "[7]", "{\"a\":7}", "[[{}]]", "1e400"};
  static const char *const names[] = {"name", "slug",   "type", "status",  "from",  "zones",
                                      "tags", "labels", "size", "created", "locked"};
  char text[200];
  for (size_t i = 0; i < sizeof values / sizeof *values; i++)
    for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
      (void)snprintf(text, sizeof text, "{\"id\":1,\"%s\":%s}", names[j], values[i]);
      const imgact_image *image = image_of(text);
      assert_non_null(image);
      assert_null(image->slug);
      assert_null(image->created_from_id);
      assert_null(image->regions);
      assert_int_equal(image->type, IMGACT_IMAGE_TYPE_UNKNOWN);
    }
  static const char *const roots[] = {"null",
                                      "7",
                                      "\"id\"",
                                      "[]",
                                      "[\"id\",1]",
                                      "{}",
                                      "{\"id\":{}}",
                                      "{\"id\":-1}",
                                      "{\"id\":1.5}",
                                      "{\"id\":\"\"}",
                                      "{\"id\":\"a b\"}",
                                      "{\"id\":\"no\"}"};
  for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) assert_null(image_of(roots[i])->id);
}

TEST(reader_ids_follow_the_provider) {
  assert_string_equal(image_of("{\"id\":\"ocid1.image/x:7\"}")->id, "ocid1.image/x:7");
  char text[400];
  for (int length = 255; length <= 256; length++) {
    (void)snprintf(text, sizeof text, "{\"id\":\"%0*d.\"}", length - 1, 1);
    assert_int_equal((image_of(text)->id != NULL), length == 255);
  }
}

// 64 rows are read; what stands behind them, which no client would have accepted, is not.
TEST(reader_rows_above_maximum_are_ignored) {
  static char names[IMGACT_MAX_FIELDS][8];
  static imgact_field fields[IMGACT_MAX_FIELDS + 2];
  fields[0] = (imgact_field){"id", IMGACT_TARGET_IMAGE_ID, NULL};
  for (size_t i = 1; i < IMGACT_MAX_FIELDS; i++) {
    (void)snprintf(names[i], sizeof names[i], "m%zu", i);
    fields[i] = (imgact_field){names[i], IMGACT_TARGET_IMAGE_NAME, NULL};
  }
  fields[IMGACT_MAX_FIELDS] = (imgact_field){"late", IMGACT_TARGET_IMAGE_SLUG, NULL};
  image_map.fields = fields;
  const imgact_image *image = image_of("{\"late\":\"s\",\"m63\":\"n\",\"id\":1}");
  assert_string_equal(image->name, "n");
  assert_null(image->slug);
}

TEST(reader_item_left_out_frees_memory) {
  image_map.finish = keep_images;
  static const char text[] = "{\"id\":1,\"slug\":\"hidden\",\"name\":\"a longer name\"}";
  assert_non_null(image_of("{\"id\":1,\"slug\":\"shown\"}")->id);
  size_t bytes = result.reply_bytes, used = result.arena.used_bytes;
  for (int i = 0; i < 1000; i++)
    assert_true(read_n(ia_read_image, image_fields, text, strlen(text)));
  assert_int_equal(result.images_count, 1);
  assert_int_equal(result.reply_bytes, bytes);
  assert_int_equal(result.reply_items, 1);
  assert_int_in_range(result.arena.used_bytes, used, used + 64);
}

// An item that is left out does not fail the page, however large it is.
TEST(reader_item_left_out_may_exceed) {
  image_map.finish = keep_images;
  char text[8000] = "{\"id\":1,\"slug\":\"hidden\",\"tags\":[\"a\"";
  for (size_t i = 0; i < 1001; i++) strcat(text, ",\"a\"");
  strcat(text, "]}");
  assert_true(read_n(ia_read_image, image_fields, text, strlen(text)));
  assert_int_equal(result.images_count, 0);
  assert_null(result.excess);
}

TEST(reader_public_types_decide_visibility) {
  image_map.public_types = IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SYSTEM);
  assert_int_equal(image_of("{\"id\":1,\"type\":\"system\"}")->is_public, IMGACT_TRISTATE_TRUE);
  assert_int_equal(image_of("{\"id\":1,\"type\":\"snap\"}")->is_public, IMGACT_TRISTATE_FALSE);
  assert_int_equal(image_of("{\"id\":1}")->is_public, IMGACT_TRISTATE_UNKNOWN);
}

TEST(reader_error_only_of_failed_actions) {
  assert_string_equal(action_of("{\"id\":1,\"why\":\"x\",\"state\":\"bad\"}")->error_message, "x");
  assert_null(action_of("{\"id\":1,\"why\":\"x\",\"state\":\"good\"}")->error_message);
  assert_int_equal(action_of("{\"id\":1,\"progress\":99.9}")->progress, 99);
  assert_int_equal(action_of("{\"id\":1,\"progress\":-1}")->progress, -1);
  assert_int_equal(action_of("{\"id\":1,\"progress\":1e300}")->progress, -1);
}

TEST(reader_resources_pair_id_and_type) {
  const imgact_action *action =
      action_of("{\"id\":1,\"of\":[{\"kind\":\"a\"},{\"id\":2},{\"id\":3,\"kind\":\"image\"},7]}");
  assert_int_equal(action->resources_count, 2);
  assert_string_equal(action->resources[0].id, "2");
  assert_null(action->resources[0].type);
  assert_string_equal(action->resources[1].type, "image");
  assert_non_null(action_of("{\"id\":1,\"of\":[]}")->resources);
  assert_null(action_of("{\"id\":1,\"of\":[7]}")->resources);
  assert_null(action_of("{\"id\":1,\"of\":7}")->resources);
  static const imgact_field one[] = {{"id", IMGACT_TARGET_ACTION_ID, NULL},
                                     {"image", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
                                     {NULL, 0, NULL}};
  action_map.fields = one;
  assert_string_equal(action_of("{\"id\":1,\"image\":\"b\"}")->resources[0].type, "image");
  assert_null(action_of("{\"id\":1,\"image\":{}}")->resources);
}

TEST(reader_without_memory_reports_it) {
  for (size_t fail_at = 1;; fail_at++) {
    ia_result_free(&result);
    failing_allocator_init(&memory, fail_at);
    ia_result_init(&result, &memory.allocator, "acme", false);
    (void)read_n(ia_read_image, image_fields, whole, strlen(whole));
    bool done = !result.nomem;
    if (done) assert_string_equal(result.images[0]->regions[0], "z");
    if (done) return;
    ia_result_free(&result);
    assert_memory_fine(&memory);
  }
}

TEST(words_match_exactly_unless_marked) {
  static const char *const snapshots[] = {"snap", "snapshot", "snap*x", "snap*"};
  for (size_t i = 0; i < sizeof snapshots / sizeof *snapshots; i++)
    assert_int_equal(imgact_word_value(types, snapshots[i]), IMGACT_IMAGE_TYPE_SNAPSHOT);
  static const char *const others[] = {"", "sna", "SNAP", "System", "systems", "syste", "*"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_int_equal(imgact_word_value(types, others[i]), IMGACT_IMAGE_TYPE_UNKNOWN);
  assert_int_equal(imgact_word_value(types, NULL), IMGACT_IMAGE_TYPE_UNKNOWN);
  assert_int_equal(imgact_word_value(statuses, "ReaDY"), IMGACT_IMAGE_STATUS_AVAILABLE);
  assert_int_equal(imgact_word_value(statuses, "~ready"), IMGACT_IMAGE_STATUS_UNKNOWN);
  assert_string_equal(imgact_word_text(statuses, IMGACT_IMAGE_STATUS_AVAILABLE), "ready");
  assert_string_equal(imgact_word_text(types, IMGACT_IMAGE_TYPE_SYSTEM), "system");
  assert_null(imgact_word_text(types, IMGACT_IMAGE_TYPE_BACKUP));
}

int main(void) { return testing_run(open_reader, close_reader); }
