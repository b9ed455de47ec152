// SPDX-License-Identifier: MIT
// A mutation as JSON text and back: nothing is lost, nothing else is taken.
#include "failing_allocator.h"
#include "op.h"
#include "testing.h"

static int digits(const char *text) { return *text != '\0' && strspn(text, "0123456789") == strlen(text); }

static const imgact_provider somebody = {
    .size = sizeof somebody, .name = "somebody", .is_valid_id = digits, .id_format = "digits"};

typedef struct shelf {
  failing_allocator memory;
  ia_arena arena;
} shelf;

static void open_shelf(shelf *s, size_t fail_at) {
  failing_allocator_init(&s->memory, fail_at);
  ia_arena_init(&s->arena, &s->memory.allocator);
}

static void close_shelf(shelf *s) {
  ia_arena_free(&s->arena);
  assert_memory_fine(&s->memory);
}

static void mutations_survive_their_text(void **state) {
  (void)state;
  static const imgact_label labels[] = {{"a", "1"}, {"quote\"", "\xc3\xa4\xc0\x80"}, {"empty", ""}};
  const imgact_image_update update = {.size = sizeof update,
                                      .name = "n",
                                      .description = "",
                                      .labels = labels,
                                      .labels_count = 3,
                                      .replace_labels = 1,
                                      .convert_to_snapshot = 1};
  const imgact_image_update cleared = {.size = sizeof cleared, .replace_labels = 1};
  const imgact_call calls[] = {{.kind = IMGACT_OP_TRANSFER, .image_ref = "1", .region = "nyc3"},
                               {.kind = IMGACT_OP_CONVERT, .image_ref = "1"},
                               {.kind = IMGACT_OP_CHANGE_PROTECTION, .image_ref = "1", .protect = 1},
                               {.kind = IMGACT_OP_CHANGE_PROTECTION, .image_ref = "1"},
                               {.kind = IMGACT_OP_DELETE_IMAGE, .image_ref = "1"},
                               {.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "1", .update = &update},
                               {.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "1", .update = &cleared}};
  const ia_call_target there = {.provider = "somebody", .endpoint = "https://api.example.com/v1", .credential = "0a1b"};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    shelf s;
    open_shelf(&s, 0);
    imgact_call back;
    ia_call_target target = {.provider = "somebody"};
    imgact_error error;
    const char *text = ia_call_json(&calls[i], &there, &s.arena);
    assert_int_equal(ia_call_from_json(&back, &target, text, &s.arena, &error), IMGACT_OK);
    assert_string_equal(target.endpoint, there.endpoint);
    assert_string_equal(target.credential, there.credential);
    assert_int_equal(back.kind, calls[i].kind);
    assert_int_equal(back.protect, calls[i].protect);
    const char *again = ia_call_json(&back, &target, &s.arena);
    assert_string_equal(again, text);
    close_shelf(&s);
  }
}

static void a_lack_of_memory_is_named_so(void **state) {
  (void)state;
  static const char text[] = "{\"provider\":\"somebody\",\"op\":\"update_image\",\"image\":\"1\",\"name\":\"n\","
                             "\"labels\":{\"a\":\"1\",\"b\":\"2\"}}";
  for (size_t k = 1, more = 1; more; k++) {
    shelf s;
    open_shelf(&s, k);
    imgact_call back;
    ia_call_target target = {.provider = "somebody"};
    imgact_error error;
    imgact_status status = ia_call_from_json(&back, &target, text, &s.arena, &error);
    more = s.memory.failures > 0;
    assert_int_equal(status, more ? IMGACT_NOMEM : IMGACT_OK);
    close_shelf(&s);
  }
}

static void stored_call_unknown_key_is_rejected(void **state) {
  (void)state;
  static const char *const keys[] = {"to_snapshot", "convert_to_snapsho", ""};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    shelf s;
    open_shelf(&s, 0);
    char text[200], expected[100];
    imgact_call back;
    ia_call_target target = {.provider = "somebody"};
    imgact_error error;
    snprintf(text, sizeof text, "{\"provider\":\"somebody\",\"op\":\"update_image\",\"image\":\"1\",\"%s\":true}", keys[i]);
    snprintf(expected, sizeof expected, "the stored call has the unknown key '%s'", keys[i]);
    assert_int_equal(ia_call_from_json(&back, &target, text, &s.arena, &error), IMGACT_INVALID_ARGUMENT);
    assert_string_equal(error.message, expected);
    close_shelf(&s);
  }
}

static void arguments_are_copied_whole_or_not_at_all(void **state) {
  (void)state;
  static const imgact_image_type types[] = {IMGACT_IMAGE_TYPE_APP};
  static const char *const texts[] = {"1", "2"};
  const imgact_image_filter filter = {.size = sizeof filter,
                                      .types = types,
                                      .types_count = 1,
                                      .bound_to = texts,
                                      .bound_to_count = 2,
                                      .sort = texts,
                                      .sort_count = 2,
                                      .name = "n",
                                      .region = "r"};
  const imgact_call call = {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &filter};
  for (size_t k = 1, more = 1; more; k++) {
    shelf s;
    open_shelf(&s, k);
    imgact_call copy;
    bool ok = ia_call_copy(&copy, &call, &s.arena);
    more = s.memory.failures > 0;
    assert_int_equal(ok, !more);
    if (ok) {
      assert_ptr_not_equal(copy.image_filter, &filter);
      assert_string_equal(copy.image_filter->bound_to[1], "2");
      assert_ptr_not_equal(copy.image_filter->bound_to[1], texts[1]);
    }
    close_shelf(&s);
  }
}

static void forms_are_checked(void **state) {
  (void)state;
  static const char *const bad_ids[] = {"1", "x"};
  static const imgact_image_type wild[] = {(imgact_image_type)32};
  const imgact_image_filter bound = {.size = sizeof bound, .bound_to = bad_ids, .bound_to_count = 2};
  const imgact_image_filter types = {.size = sizeof types, .types = wild, .types_count = 1};
  const imgact_image_filter name = {.size = sizeof name, .name = "\xff"};
  const imgact_call calls[] = {{.kind = IMGACT_OP_DELETE_IMAGE, .image_ref = "../1"},
                               {.kind = IMGACT_OP_GET_ACTION, .action_id = ""},
                               {.kind = IMGACT_OP_WAIT_ACTIONS, .action_ids = bad_ids, .action_ids_count = 2},
                               {.kind = IMGACT_OP_TRANSFER, .image_ref = "1", .region = "\xc0\x80"},
                               {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &bound},
                               {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &types},
                               {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &name}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    imgact_error error = {0};
    assert_int_equal(ia_call_check(&calls[i], &somebody, &error), IMGACT_INVALID_ARGUMENT);
    assert_true(error.message[0] != '\0');
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mutations_survive_their_text),
      cmocka_unit_test(a_lack_of_memory_is_named_so),
      cmocka_unit_test(stored_call_unknown_key_is_rejected),
      cmocka_unit_test(arguments_are_copied_whole_or_not_at_all),
      cmocka_unit_test(forms_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
