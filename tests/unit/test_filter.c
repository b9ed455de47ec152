// SPDX-License-Identifier: MIT
// Local filters and sort orders, also of items without a value.
#include "filter.h"
#include "members.h"
#include "sort.h"
#include "testing.h"

static imgact_image image_of(const char *id, const char *name, int64_t created_at) {
  return (imgact_image){.id = id,
                        .name = name,
                        .created_at = created_at,
                        .type = IMGACT_IMAGE_TYPE_SNAPSHOT,
                        .status = IMGACT_IMAGE_STATUS_AVAILABLE,
                        .is_public = IMGACT_TRISTATE_UNKNOWN};
}

static bool passes(const imgact_image_filter *filter, uint32_t types, const imgact_image *image) {
  imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_LIST_IMAGES, .image_filter = filter};
  return ia_filter_passes(&call, ia_filter_asked(&call), types, image);
}

TEST(filter_image_missing_member_is_excluded) {
  static const char *const servers[] = {"7"}, *const globs[] = {"*"};
  const imgact_image_filter filters[] = {{.name = "a"},
                                         {.architecture = "x86"},
                                         {.tag = "t"},
                                         {.region = "nyc3"},
                                         {.bound_to = servers, .bound_to_count = 1},
                                         {.visibility = IMGACT_VISIBILITY_PUBLIC},
                                         {.visibility = IMGACT_VISIBILITY_PRIVATE},
                                         {.match = globs, .match_count = 1},
                                         {.os_family = "ubuntu"},
                                         {.created_from = "7"},
                                         {.created_before = INT64_MAX},
                                         {.created_after = INT64_MIN + 1},
                                         {.protection = IMGACT_PROTECTION_PROTECTED}};
  imgact_image unknown = image_of("1", NULL, IMGACT_NO_TIME);
  for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
    assert_false(passes(&filters[i], 0, &unknown));
}

TEST(filter_image_match_is_included) {
  static const char *const regions[] = {"sfo2", "nyc3"}, *const servers[] = {"6", "7"};
  static const imgact_image_status statuses[] = {IMGACT_IMAGE_STATUS_CREATING,
                                                 IMGACT_IMAGE_STATUS_AVAILABLE};
  imgact_image image = image_of("1", "a", 0);

  image.architecture = "x86";
  image.tags = image.regions = regions;
  image.tags_count = image.regions_count = 2;
  image.bound_to = "7";
  image.is_public = IMGACT_TRISTATE_FALSE;
  imgact_image_filter all = {.name = "a",
                             .architecture = "x86",
                             .tag = "sfo2",
                             .region = "nyc3",
                             .bound_to = servers,
                             .bound_to_count = 2,
                             .statuses = statuses,
                             .statuses_count = 2,
                             .visibility = IMGACT_VISIBILITY_PRIVATE};
  assert_true(passes(&all, 0, &image));
  all.statuses_count = 1;
  assert_false(passes(&all, 0, &image));
  all.statuses_count = 2;
  all.name = "A";
  assert_false(passes(&all, 0, &image));
  all.name = "a";
  all.visibility = IMGACT_VISIBILITY_PUBLIC;
  assert_false(passes(&all, 0, &image));
}

TEST(filter_image_times_are_strict) {
  imgact_image image = image_of("1", NULL, 1000);
  const struct {
    int64_t before, after;
    bool expected;
  } cases[] = {{1001, 0, true},
               {1000, 0, false},
               {0, 999, true},
               {0, 1000, false},
               {-1, 0, false},
               {0, -1, true},
               {1001, 999, true},
               {1000, 999, false},
               {0, 0, true},
               {1001, 1000, false},
               {IMGACT_NO_TIME, IMGACT_NO_TIME, true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const imgact_image_filter filter = {.created_before = cases[i].before,
                                        .created_after = cases[i].after};
    assert_int_equal(passes(&filter, 0, &image), cases[i].expected);
  }
}

// Patterns are alternatives, for the name or the description.
TEST(filter_image_match_reads_two_texts) {
  static const char *const globs[] = {"web-?", "*b", NULL};
  const imgact_image_filter filter = {.match = globs, .match_count = 3};
  imgact_image image = image_of("1", "web-1", 0);
  assert_true(passes(&filter, 0, &image));
  image.name = "a web-1";
  assert_false(passes(&filter, 0, &image));
  image.description = "db";
  assert_true(passes(&filter, 0, &image));
  image.name = NULL;
  assert_true(passes(&filter, 0, &image));
  image.description = "DB";
  assert_false(passes(&filter, 0, &image));
}

TEST(filter_image_family_ignores_case) {
  imgact_image image = image_of("1", NULL, 0);
  image.os_family = "Ubuntu";
  image.created_from_id = "7";
  assert_true(passes(&(imgact_image_filter){.os_family = "UBUNTU"}, 0, &image));
  assert_false(passes(&(imgact_image_filter){.os_family = "ubunt"}, 0, &image));
  assert_true(passes(&(imgact_image_filter){.created_from = "7"}, 0, &image));
  assert_false(passes(&(imgact_image_filter){.created_from = "77"}, 0, &image));
}

TEST(filter_image_protection_missing_is_unprotected) {
  static const imgact_tristate states[] = {IMGACT_TRISTATE_TRUE, IMGACT_TRISTATE_FALSE,
                                           IMGACT_TRISTATE_UNKNOWN};
  for (size_t i = 0; i < 3; i++) {
    imgact_image image = image_of("1", NULL, 0);
    image.is_protected = states[i];
    imgact_image_filter filter = {.protection = IMGACT_PROTECTION_PROTECTED};
    assert_int_equal(passes(&filter, 0, &image), i == 0);
    filter.protection = IMGACT_PROTECTION_UNPROTECTED;
    assert_int_equal(passes(&filter, 0, &image), i != 0);
  }
}

TEST(filter_image_type_uses_query_mask) {
  imgact_image image = image_of("1", "a", 0);
  imgact_call call = {.size = sizeof call,
                      .kind = IMGACT_OP_LIST_IMAGES,
                      .image_filter = &(imgact_image_filter){0}};
  assert_true(ia_filter_passes(&call, IMGACT_FILTER_BIT(IMAGE_TYPE), 0, &image));
  assert_true(ia_filter_passes(&call, IMGACT_FILTER_BIT(IMAGE_TYPE),
                               IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SNAPSHOT), &image));
  assert_false(ia_filter_passes(&call, IMGACT_FILTER_BIT(IMAGE_TYPE),
                                IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_BACKUP), &image));
}

TEST(filter_action_matches_all_members) {
  static const imgact_resource resources[] = {{"4711", "server"}, {"4712", "image"}};
  static const char *const ids[] = {"1", "3"};
  static const imgact_action_status statuses[] = {IMGACT_ACTION_STATUS_RUNNING};
  imgact_action action = {.id = "3",
                          .status = IMGACT_ACTION_STATUS_RUNNING,
                          .resources = resources,
                          .resources_count = 2};
  imgact_action_filter filter = {
      .image_id = "4712", .ids = ids, .ids_count = 2, .statuses = statuses, .statuses_count = 1};
  imgact_call call = {
      .size = sizeof call, .kind = IMGACT_OP_LIST_ACTIONS, .action_filter = &filter};

  assert_int_equal(ia_filter_asked(&call), IMGACT_FILTER_BIT(ACTION_IMAGE) |
                                               IMGACT_FILTER_BIT(ACTION_ID) |
                                               IMGACT_FILTER_BIT(ACTION_STATUS));
  assert_true(ia_filter_passes(&call, ia_filter_asked(&call), 0, &action));
  filter.image_id = "4711"; // id of a server
  assert_false(ia_filter_passes(&call, ia_filter_asked(&call), 0, &action));
  filter.image_id = NULL;
  action.id = "2";
  assert_false(ia_filter_passes(&call, ia_filter_asked(&call), 0, &action));
  action.id = "1";
  action.status = IMGACT_ACTION_STATUS_SUCCESS;
  assert_false(ia_filter_passes(&call, ia_filter_asked(&call), 0, &action));
}

// ---- order

static void check_order(const char *key, const char *second, const char *expected) {
  imgact_image images[] = {image_of("10", "b", 5), image_of("9", NULL, IMGACT_NO_TIME),
                           image_of("007", "a", 5), image_of("11", "b", -5)};
  imgact_image *list[] = {&images[0], &images[1], &images[2], &images[3]};
  imgact_result result = {.images = list, .images_count = 4};
  const char *const keys[] = {key, second};
  assert_true(ia_sort(&result, keys, second == NULL ? 1 : 2, true));
  char order[5] = "";
  for (size_t i = 0; i < 4; i++) order[i] = (char)('0' + (list[i] - images));
  assert_string_equal(order, expected);
}

TEST(sort_missing_values_come_last) {
  check_order("id", NULL, "2103");
  check_order("id:desc", NULL, "3012");
  check_order("name", NULL, "2031");
  check_order("name:desc", NULL, "0321");
  check_order("created", NULL, "3021");
  check_order("created:desc", NULL, "0231");
  check_order("created_at:desc", NULL, "0231");
  check_order("created:desc", "name:asc", "2031");
  check_order("name:desc", "id:desc", "3021");
}

// Ids that are not numbers are sorted by characters.
TEST(sort_non_numeric_ids_by_characters) {
  imgact_image images[] = {image_of("b", NULL, 0), image_of("10", NULL, 0), image_of("a9", NULL, 0),
                           image_of("a", NULL, 0)};
  imgact_image *list[] = {&images[0], &images[1], &images[2], &images[3]};
  imgact_result result = {.images = list, .images_count = 4};
  const char *const key = "id";
  assert_true(ia_sort(&result, &key, 1, true));
  static const char *const expected[] = {"10", "a", "a9", "b"};
  for (size_t i = 0; i < 4; i++) assert_string_equal(list[i]->id, expected[i]);
}

TEST(sort_actions_by_status_and_command) {
  imgact_action actions[] = {
      {.id = "1", .command = "transfer", .status = IMGACT_ACTION_STATUS_SUCCESS},
      {.id = "2", .command = NULL, .status = IMGACT_ACTION_STATUS_RUNNING},
      {.id = "3", .command = "convert", .status = IMGACT_ACTION_STATUS_SUCCESS}};
  imgact_action *list[] = {&actions[0], &actions[1], &actions[2]};
  imgact_result result = {.actions = list, .actions_count = 3};
  const char *const keys[] = {"status:desc", "command"};
  assert_true(ia_sort(&result, keys, 2, false));
  assert_string_equal(list[0]->id, "3");
  assert_string_equal(list[1]->id, "1");
  assert_string_equal(list[2]->id, "2");
}

// A call without an image or action filter requests none.
TEST(filter_asked_other_calls_is_empty) {
  const imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_GET_IMAGE};
  assert_int_equal(ia_filter_asked(&call), 0);
  assert_string_equal(ia_filter_word(0), "filter");
  assert_string_equal(ia_filter_word(IMGACT_FILTER_BIT(IMAGE_TAG)), "tag");
}

TEST(sort_unknown_key_is_rejected) {
  static const char *const good[] = {"id", "name:asc", "created:desc", "created_at"};
  static const char *const wrong[] = {"",           ":",       "size",  "id:",      "id:up", "ID",
                                      "id:asc:asc", "started", "id_at", "created_", "_at"};
  assert_null(ia_sort_wrong(good, 4, true));
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_ptr_equal(ia_sort_wrong(&wrong[i], 1, true), wrong[i]);
  static const char *const of_actions[] = {
      "id", "command", "status", "started:desc", "finished", "started_at", "finished_at:desc"};
  assert_null(ia_sort_wrong(of_actions, 7, false));
}

TEST(sort_many_images_is_stable) {
  enum { COUNT = 1000 };
  static char names[COUNT][2], ids[COUNT][8];
  static imgact_image images[COUNT];
  static imgact_image *list[COUNT];
  uint64_t seed = 7;

  for (size_t i = 0; i < COUNT; i++) {
    names[i][0] = (char)('a' + testing_below(&seed, 5));
    snprintf(ids[i], sizeof ids[i], "%zu", i);
    images[i] = image_of(ids[i], names[i], 0);
    list[i] = &images[i];
  }
  imgact_result result = {.images = list, .images_count = COUNT};
  static const char *const keys[] = {"name"};
  assert_true(ia_sort(&result, keys, 1, true));
  for (size_t i = 1; i < COUNT; i++) {
    assert_true(list[i - 1]->name[0] <= list[i]->name[0]);
    if (list[i - 1]->name[0] == list[i]->name[0]) assert_true(list[i - 1] < list[i]);
  }
}

/* Adds the bytes of a filter's member, and of its count. */
static size_t member_bytes(const ia_filter *f) {
  switch (f->kind) {
  case IA_FILTER_VISIBILITY: return sizeof(imgact_visibility);
  case IA_FILTER_FLAG: return sizeof(int32_t);
  case IA_FILTER_PROTECTION: return sizeof(imgact_protection);
  case IA_FILTER_BEFORE:
  case IA_FILTER_AFTER: return sizeof(int64_t);
  default: return sizeof(void *) + (f->count_offset != f->offset ? sizeof(size_t) : 0);
  }
}

// A member without a row would be neither copied nor checked, sent or applied.
TEST(filter_rows_cover_all_members) {
  static const struct {
    imgact_op_kind kind;
    size_t bytes;
  } lists[] = {{IMGACT_OP_LIST_IMAGES, sizeof(imgact_image_filter)},
               {IMGACT_OP_LIST_ACTIONS, sizeof(imgact_action_filter)}};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    size_t bytes = sizeof(size_t); // the size of the struct
    uint32_t bits = 0;
    for (const ia_filter *f = ia_filters_of(lists[i].kind); f->word; f++) {
      bytes += member_bytes(f);
      assert_int_equal(bits & f->bit, 0);
      bits |= f->bit;
    }
    assert_int_equal((bytes + 7) / 8 * 8, lists[i].bytes); // a member `reserved` may fill the end
  }
  assert_null(ia_filters_of(IMGACT_OP_GET_IMAGE)->word);
}

TEST(filter_source_names_its_row) {
  static const struct {
    intptr_t source;
    uint32_t bit;
  } rows[] = {{IMGACT_SOURCE_FILTER_IMAGE_TYPE, IMGACT_FILTER_BIT(IMAGE_TYPE)},
              {IMGACT_SOURCE_FILTER_IMAGE_SORT, IMGACT_FILTER_BIT(IMAGE_SORT)},
              {IMGACT_SOURCE_FILTER_ACTION_IMAGE, IMGACT_FILTER_BIT(ACTION_IMAGE)},
              {IMGACT_SOURCE_FILTER_ACTION_SORT, IMGACT_FILTER_BIT(ACTION_SORT)}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(ia_filter_of_source(rows[i].source)->bit, rows[i].bit);
  const intptr_t others[] = {-1,
                             0,
                             IMGACT_SOURCE_REGION,
                             IMGACT_SOURCE_FILTERS,
                             IMGACT_SOURCE_ACTION_FILTERS,
                             IMGACT_SOURCE_FILTERS + 40};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_null(ia_filter_of_source(others[i]));
}

// A find has the filters of a list.
TEST(filter_find_has_image_filters) {
  const imgact_image_filter filter = {.name = "a"};
  const imgact_call call = {.kind = IMGACT_OP_FIND_IMAGE, .image_filter = &filter};
  assert_ptr_equal(ia_filters_of(IMGACT_OP_FIND_IMAGE), ia_filters_of(IMGACT_OP_LIST_IMAGES));
  assert_int_equal(ia_filter_asked(&call), IMGACT_FILTER_BIT(IMAGE_NAME));
}

// Only what items report can be compared here.
TEST(filter_local_leaves_out_server_filters) {
  assert_int_equal(ia_filter_local(IMGACT_OP_LIST_IMAGES) & IMGACT_FILTER_BIT(IMAGE_LABEL_SELECTOR),
                   0);
  assert_int_equal(
      ia_filter_local(IMGACT_OP_LIST_IMAGES) & IMGACT_FILTER_BIT(IMAGE_INCLUDE_DEPRECATED), 0);
  assert_true(ia_filter_local(IMGACT_OP_LIST_IMAGES) & IMGACT_FILTER_BIT(IMAGE_TYPE));
  assert_true(ia_filter_local(IMGACT_OP_LIST_ACTIONS) & IMGACT_FILTER_BIT(ACTION_SORT));
}

// A filter is compared with a member of a suitable kind, or with none.
TEST(filter_kinds_suit_their_members) {
  static const struct {
    ia_filter_kind filter;
    imgact_member_kind member;
  } pairs[] = {{IA_FILTER_TEXT, IMGACT_MEMBER_TEXT},
               {IA_FILTER_TEXT, IMGACT_MEMBER_STRINGS},
               {IA_FILTER_ID, IMGACT_MEMBER_RESOURCES},
               {IA_FILTER_WORD, IMGACT_MEMBER_TEXT},
               {IA_FILTER_GLOBS, IMGACT_MEMBER_TEXT},
               {IA_FILTER_ID, IMGACT_MEMBER_ID},
               {IA_FILTER_BEFORE, IMGACT_MEMBER_TIME},
               {IA_FILTER_AFTER, IMGACT_MEMBER_TIME},
               {IA_FILTER_PROTECTION, IMGACT_MEMBER_TRISTATE},
               {IA_FILTER_IDS, IMGACT_MEMBER_ID},
               {IA_FILTER_IMAGE_TYPES, IMGACT_MEMBER_IMAGE_TYPE},
               {IA_FILTER_IMAGE_STATUSES, IMGACT_MEMBER_IMAGE_STATUS},
               {IA_FILTER_ACTION_STATUSES, IMGACT_MEMBER_ACTION_STATUS},
               {IA_FILTER_VISIBILITY, IMGACT_MEMBER_TRISTATE}};
  const imgact_op_kind lists[] = {IMGACT_OP_LIST_IMAGES, IMGACT_OP_LIST_ACTIONS};
  for (size_t list = 0; list < 2; list++)
    for (const ia_filter *f = ia_filters_of(lists[list]); f->word; f++) {
      size_t i = 0;
      while (i < sizeof pairs / sizeof *pairs &&
             (pairs[i].filter != f->kind || pairs[i].member != ia_members[f->target].kind))
        i++;
      if (f->target != IMGACT_TARGET_NONE && i == sizeof pairs / sizeof *pairs)
        fail_msg("%s: no comparison of this filter with this member", f->word);
    }
}

int main(void) { return testing_run(NULL, NULL); }
