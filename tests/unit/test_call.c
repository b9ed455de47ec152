// SPDX-License-Identifier: MIT
// A mutation written as JSON and read back; invalid JSON and invalid arguments are rejected.
#include "failing_allocator.h"
#include "op.h"
#include "testing.h"

static int digits(const char *text) {
  return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

static const imgact_provider test_provider = {
    .size = sizeof test_provider, .name = "example", .is_valid_id = digits, .id_format = "digits"};

typedef struct fixture {
  failing_allocator memory;
  ia_arena arena;
} fixture;

static void open_fixture(fixture *s, size_t fail_at) {
  failing_allocator_init(&s->memory, fail_at);
  ia_arena_init(&s->arena, &s->memory.allocator);
}

static void close_fixture(fixture *s) {
  ia_arena_free(&s->arena);
  assert_memory_fine(&s->memory);
}

TEST(call_json_round_trips_every_mutation) {
  static const imgact_label labels[] = {{"a", "1"}, {"quote\"", "\xc3\xa4\xc0\x80"}, {"empty", ""}};
  const imgact_image_update update = {.size = sizeof update,
                                      .name = "n",
                                      .description = "",
                                      .labels = labels,
                                      .labels_count = 3,
                                      .replace_labels = 1,
                                      .convert_to_snapshot = 1};
  const imgact_image_update cleared = {.size = sizeof cleared, .replace_labels = 1};
  const imgact_call calls[] = {
      {.kind = IMGACT_OP_TRANSFER, .image_ref = "1", .region = "nyc3"},
      {.kind = IMGACT_OP_CONVERT, .image_ref = "1"},
      {.kind = IMGACT_OP_CHANGE_PROTECTION, .image_ref = "1", .protect = 1},
      {.kind = IMGACT_OP_CHANGE_PROTECTION, .image_ref = "1"},
      {.kind = IMGACT_OP_DELETE_IMAGE, .image_ref = "1"},
      {.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "1", .update = &update},
      {.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "1", .update = &cleared}};
  const ia_call_target there = {
      .provider = "example", .endpoint = "https://api.example.com/v1", .credential = "0a1b"};

  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    fixture s;
    open_fixture(&s, 0);
    imgact_call back;
    ia_call_target target = {.provider = "example"};
    imgact_error error;
    const char *text = ia_call_json(&calls[i], &there, &s.arena);
    assert_int_equal(ia_call_from_json(&back, &target, text, &s.arena, &error), IMGACT_OK);
    assert_string_equal(target.endpoint, there.endpoint);
    assert_string_equal(target.credential, there.credential);
    assert_int_equal(back.kind, calls[i].kind);
    assert_int_equal(back.protect, calls[i].protect);
    const char *again = ia_call_json(&back, &target, &s.arena);
    assert_string_equal(again, text);
    close_fixture(&s);
  }
}

// Larger than the first block of an arena, so that each copy needs an allocation.
#define TEN "0123456789"
#define LARGE                                                                                      \
  TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN  \
      TEN TEN TEN TEN TEN

TEST(call_from_json_without_memory_fails) {
  static const char *const texts[] = {
      "{\"provider\":\"example\",\"op\":\"update_image\",\"image\":\"1\",\"name\":\"n\","
      "\"labels\":{\"a\":\"1\",\"b\":\"2\"}}",
      "{\"provider\":\"example\",\"op\":\"update_image\",\"image\":\"" LARGE LARGE
      "\",\"description\":\"" LARGE LARGE "\",\"labels\":{\"" LARGE LARGE "\":\"" LARGE LARGE
      "\",\"b\":\"\"}}"};
  for (size_t i = 0; i < 2; i++) {
    for (size_t k = 1, more = 1; more; k++) {
      fixture s;
      open_fixture(&s, k);
      imgact_call back;
      ia_call_target target = {.provider = "example"};
      imgact_error error;
      imgact_status status = ia_call_from_json(&back, &target, texts[i], &s.arena, &error);
      more = s.memory.failures > 0;
      assert_int_equal(status, more ? IMGACT_NOMEM : IMGACT_OK);
      close_fixture(&s);
    }
  }
}

TEST(call_json_without_memory_is_null) {
  const imgact_call call = {.kind = IMGACT_OP_TRANSFER, .image_ref = LARGE, .region = LARGE};
  const ia_call_target there = {.provider = "example"};
  for (size_t k = 1, more = 1; more; k++) {
    fixture s;
    open_fixture(&s, k);
    const char *text = ia_call_json(&call, &there, &s.arena);
    more = s.memory.failures > 0;
    assert_int_equal(text == NULL, more);
    close_fixture(&s);
  }
}

TEST(call_from_json_unknown_key_rejected) {
  static const char *const keys[] = {"to_snapshot", "convert_to_snapsho", ""};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    fixture s;
    open_fixture(&s, 0);
    char text[200], expected[100];
    imgact_call back;
    ia_call_target target = {.provider = "example"};
    imgact_error error;
    snprintf(text, sizeof text,
             "{\"provider\":\"example\",\"op\":\"update_image\",\"image\":\"1\",\"%s\":true}",
             keys[i]);
    snprintf(expected, sizeof expected, "the stored call has the unknown key '%s'", keys[i]);
    assert_int_equal(ia_call_from_json(&back, &target, text, &s.arena, &error),
                     IMGACT_INVALID_ARGUMENT);
    assert_string_equal(error.message, expected);
    close_fixture(&s);
  }
}

static const imgact_image_type some_types[] = {IMGACT_IMAGE_TYPE_APP};
static const imgact_image_status some_image_statuses[] = {IMGACT_IMAGE_STATUS_AVAILABLE};
static const imgact_action_status some_action_statuses[] = {IMGACT_ACTION_STATUS_RUNNING};
static const char *const some_texts[] = {"1" LARGE LARGE, "2"};
static const imgact_label some_labels[] = {{"a" LARGE LARGE, "1" LARGE LARGE}, {"b", ""}};
static const imgact_image_filter some_images = {.size = sizeof some_images,
                                                .types = some_types,
                                                .types_count = 1,
                                                .statuses = some_image_statuses,
                                                .statuses_count = 1,
                                                .bound_to = some_texts,
                                                .bound_to_count = 2,
                                                .sort = some_texts,
                                                .sort_count = 2,
                                                .name = "n" LARGE LARGE,
                                                .architecture = "a" LARGE LARGE,
                                                .label_selector = "l" LARGE LARGE,
                                                .tag = "t" LARGE LARGE,
                                                .region = "r" LARGE LARGE};
static const imgact_action_filter some_actions = {.size = sizeof some_actions,
                                                  .image_id = "i" LARGE LARGE,
                                                  .ids = some_texts,
                                                  .ids_count = 2,
                                                  .statuses = some_action_statuses,
                                                  .statuses_count = 1,
                                                  .sort = some_texts,
                                                  .sort_count = 2};
static const imgact_image_update some_update = {.size = sizeof some_update,
                                                .name = "n" LARGE LARGE,
                                                .description = "d" LARGE LARGE,
                                                .distribution = "o" LARGE LARGE,
                                                .labels = some_labels,
                                                .labels_count = 2,
                                                .replace_labels = 1};

static void assert_copied(const char *copy, const char *text) {
  assert_string_equal(copy, text);
  assert_ptr_not_equal(copy, text);
}

static void assert_is_copy(const imgact_call *copy) {
  const imgact_image_filter *images = copy->image_filter;
  const imgact_action_filter *actions = copy->action_filter;
  const imgact_image_update *update = copy->update;

  if (images) {
    assert_copied(images->bound_to[0], some_texts[0]);
    assert_copied(images->bound_to[1], some_texts[1]);
    assert_copied(images->sort[0], some_texts[0]);
    assert_copied(images->name, some_images.name);
    assert_copied(images->architecture, some_images.architecture);
    assert_copied(images->label_selector, some_images.label_selector);
    assert_copied(images->tag, some_images.tag);
    assert_copied(images->region, some_images.region);
    assert_ptr_not_equal(images->types, some_types);
    assert_int_equal(images->statuses[0], IMGACT_IMAGE_STATUS_AVAILABLE);
  }
  if (actions) {
    assert_copied(actions->image_id, some_actions.image_id);
    assert_copied(actions->ids[1], some_texts[1]);
    assert_copied(actions->sort[0], some_texts[0]);
    assert_int_equal(actions->statuses[0], IMGACT_ACTION_STATUS_RUNNING);
  }
  if (update) {
    assert_copied(update->name, some_update.name);
    assert_copied(update->description, some_update.description);
    assert_copied(update->distribution, some_update.distribution);
    assert_copied(update->labels[0].value, some_labels[0].value);
    assert_copied(update->labels[1].key, some_labels[1].key);
  }
}

TEST(call_from_json_foreign_key_rejected) {
  static const char *const calls[][2] = {{"transfer", "\"region\":\"nyc3\",\"protect\":true"},
                                         {"delete_image", "\"region\":\"nyc3\""},
                                         {"convert", "\"name\":\"x\""},
                                         {"change_protection", "\"protect\":true,\"labels\":{}"},
                                         {"update_image", "\"name\":\"x\",\"region\":\"nyc3\""}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    fixture s;
    open_fixture(&s, 0);
    char text[200];
    imgact_call back;
    ia_call_target target = {.provider = "example"};
    imgact_error error;
    snprintf(text, sizeof text, "{\"provider\":\"example\",\"op\":\"%s\",\"image\":\"1\",%s}",
             calls[i][0], calls[i][1]);
    assert_int_equal(ia_call_from_json(&back, &target, text, &s.arena, &error),
                     IMGACT_INVALID_ARGUMENT);
    if (!strstr(error.message, "the stored call has the unknown key"))
      fail_msg("%s: %s", text, error.message);
    close_fixture(&s);
  }
}

TEST(call_copy_without_memory_fails) {
  static const imgact_call calls[] = {
      {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &some_images},
      {.kind = IMGACT_OP_LIST_ACTIONS, .action_filter = &some_actions},
      {.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "1" LARGE LARGE, .update = &some_update},
      {.kind = IMGACT_OP_WAIT_ACTIONS, .action_ids = some_texts, .action_ids_count = 2},
      {.kind = IMGACT_OP_GET_ACTION, .action_id = "1" LARGE LARGE},
      {.kind = IMGACT_OP_TRANSFER, .image_ref = "1", .region = "r" LARGE LARGE},
      {.kind = IMGACT_OP_GET_IMAGE, .image_ref = "n", .architecture = "a" LARGE LARGE}};
  static const char *ids[61]; // fill the block up to each possible remainder

  for (size_t i = 0; i < 61; i++) ids[i] = "1";
  for (size_t i = 0; i < sizeof calls / sizeof *calls * 61; i++) {
    imgact_call call = calls[i / 61];
    if (!call.action_ids) {
      call.action_ids = ids;
      call.action_ids_count = i % 61;
    }
    for (size_t k = 1, more = 1; more; k++) {
      fixture s;
      open_fixture(&s, k);
      imgact_call copy;
      bool ok = ia_call_copy(&copy, &call, &s.arena);
      more = s.memory.failures > 0;
      assert_int_equal(ok, !more);
      if (ok) assert_is_copy(&copy);
      close_fixture(&s);
    }
  }
}

// A filter that is missing selects everything; a text that is missing is empty.
TEST(call_copy_fills_missing_values) {
  const char *const sort[] = {NULL};
  const imgact_label label = {"key", NULL};
  const imgact_image_filter filter = {.size = sizeof filter, .sort = sort, .sort_count = 1};
  const imgact_image_update update = {
      .size = sizeof update, .labels = &label, .labels_count = 1, .replace_labels = 1};
  imgact_call copy, call = {.kind = IMGACT_OP_LIST_IMAGES};
  fixture s;
  open_fixture(&s, 0);
  assert_true(ia_call_copy(&copy, &call, &s.arena));
  assert_int_equal(copy.image_filter->size, sizeof filter);
  call.image_filter = &filter;
  assert_true(ia_call_copy(&copy, &call, &s.arena));
  assert_string_equal(copy.image_filter->sort[0], "");
  call = (imgact_call){.kind = IMGACT_OP_LIST_ACTIONS};
  assert_true(ia_call_copy(&copy, &call, &s.arena));
  assert_int_equal(copy.action_filter->size, sizeof *copy.action_filter);
  call = (imgact_call){.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "1"};
  assert_true(ia_call_copy(&copy, &call, &s.arena));
  assert_null(copy.update->name);
  call.update = &update;
  const ia_call_target target = {.provider = "example", .endpoint = "https://a", .credential = ""};
  assert_non_null(strstr(ia_call_json(&call, &target, &s.arena), "{\"key\":\"\"}"));
  close_fixture(&s);
}

TEST(call_copy_makes_sort_keys_canonical) {
  static const char *const keys[] = {"created_at:desc", "created_at", "name:asc", "size_at", ""};
  static const char *const copies[] = {"created:desc", "created", "name:asc", "size_at", ""};
  const imgact_image_filter filter = {.size = sizeof filter, .sort = keys, .sort_count = 5};
  imgact_call copy, call = {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &filter};
  fixture s;
  open_fixture(&s, 0);
  assert_true(ia_call_copy(&copy, &call, &s.arena));
  for (size_t i = 0; i < 5; i++) assert_string_equal(copy.image_filter->sort[i], copies[i]);
  close_fixture(&s);
}

TEST(call_check_invalid_values_are_rejected) {
  static const char *const bad_ids[] = {"1", "x"};
  static const char *const no_utf8[] = {"id", "\xff"};
  static const imgact_image_type wild[] = {(imgact_image_type)32};
  const imgact_image_status wild_image_status = (imgact_image_status)32;
  const imgact_action_status wild_action_status = (imgact_action_status)32;
  const imgact_image_filter bound = {
      .size = sizeof bound, .bound_to = bad_ids, .bound_to_count = 2};
  const imgact_image_filter types = {.size = sizeof types, .types = wild, .types_count = 1};
  const imgact_image_filter name = {.size = sizeof name, .name = "\xff"};
  const imgact_image_filter sort = {.size = sizeof sort, .sort = no_utf8, .sort_count = 2};
  const imgact_image_filter image_statuses = {
      .size = sizeof image_statuses, .statuses = &wild_image_status, .statuses_count = 1};
  const imgact_image_filter protection = {.size = sizeof protection,
                                          .protection = (imgact_protection)3};
  const imgact_image_filter created_from = {.size = sizeof created_from, .created_from = "x"};
  const imgact_image_filter match = {.size = sizeof match, .match = no_utf8, .match_count = 2};
  const imgact_image_filter visibility = {.size = sizeof visibility,
                                          .visibility = (imgact_visibility)3};
  const imgact_action_filter statuses = {
      .size = sizeof statuses, .statuses = &wild_action_status, .statuses_count = 1};
  const imgact_action_filter image = {.size = sizeof image, .image_id = "x"};
  const imgact_action_filter ids = {.size = sizeof ids, .ids = bad_ids, .ids_count = 2};
  const imgact_action_filter order = {.size = sizeof order, .sort = no_utf8, .sort_count = 2};
  const imgact_action_filter odd_image = {.size = sizeof odd_image, .image_id = "\xff"};
  const imgact_label no_key = {NULL, "v"}, odd_value = {"k", "\xff"};
  const imgact_image_update unlabelled = {
      .size = sizeof unlabelled, .labels = &no_key, .labels_count = 1};
  const imgact_image_update label = {.size = sizeof label, .labels = &odd_value, .labels_count = 1};
  const imgact_image_update distribution = {.size = sizeof distribution, .distribution = "\xff"};
  const imgact_call calls[] = {
      {.kind = IMGACT_OP_DELETE_IMAGE, .image_ref = "../1"},
      {.kind = IMGACT_OP_GET_ACTION, .action_id = ""},
      {.kind = IMGACT_OP_WAIT_ACTIONS, .action_ids = bad_ids, .action_ids_count = 2},
      {.kind = IMGACT_OP_TRANSFER, .image_ref = "1", .region = "\xc0\x80"},
      {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &bound},
      {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &types},
      {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &sort},
      {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &image_statuses},
      {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &visibility},
      {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &name},
      {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &protection},
      {.kind = IMGACT_OP_FIND_IMAGE, .image_filter = &created_from},
      {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &match},
      {.kind = IMGACT_OP_LIST_ACTIONS, .action_filter = &statuses},
      {.kind = IMGACT_OP_LIST_ACTIONS, .action_filter = &image},
      {.kind = IMGACT_OP_LIST_ACTIONS, .action_filter = &ids},
      {.kind = IMGACT_OP_LIST_ACTIONS, .action_filter = &order},
      {.kind = IMGACT_OP_LIST_ACTIONS, .action_filter = &odd_image},
      {.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "1", .update = &unlabelled},
      {.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "1", .update = &label},
      {.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "1", .update = &distribution}};

  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    imgact_error error = {0};
    assert_int_equal(ia_call_check(&calls[i], &test_provider, &error), IMGACT_INVALID_ARGUMENT);
    assert_true(error.message[0] != '\0');
  }
}

int main(void) { return testing_run(NULL, NULL); }
