// SPDX-License-Identifier: MIT
// Each hole of a provider's table is refused by its name.
#include "encode.h"
#include "error_fill.h"
#include "provider_check.h"
#include "testing.h"

static const imgact_word words[] = {{"on", 1}, {NULL, 0}};
static const imgact_field whole_image[] = {{"id", IMGACT_TARGET_IMAGE_ID, NULL},
                                           {"zones[].name", IMGACT_TARGET_IMAGE_REGIONS, NULL},
                                           {NULL, 0, NULL}};
static const imgact_field whole_action[] = {{"id", IMGACT_TARGET_ACTION_ID, NULL},
                                            {"state", IMGACT_TARGET_ACTION_STATUS, words},
                                            {"of[].id", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
                                            {"of[].type", IMGACT_TARGET_ACTION_RESOURCE_TYPE, NULL},
                                            {NULL, 0, NULL}};
static const imgact_argument image_query[] = {
    {"state", IMGACT_SOURCE_FILTER_IMAGE_STATUS, NULL, words},
    {"page", IMGACT_SOURCE_PAGE, NULL, NULL},
    {NULL, 0, NULL, NULL}};
static const imgact_argument transfer_body[] = {{"region", IMGACT_SOURCE_REGION, NULL, NULL},
                                                {NULL, 0, NULL, NULL}};
static const imgact_paging paging = {.next = "next"};
static const imgact_errors errors = {.code = "code"};
static const char *const token_env[] = {"A_TOKEN", NULL};
static const imgact_type_group groups[] = {{1, 0}};

typedef struct table {
  imgact_slot slots[IMGACT_OP_COUNT];
  imgact_image_map image_map;
  imgact_action_map action_map;
  imgact_provider provider;
} table;

static table t;

#define IMAGES   t.slots[IMGACT_OP_LIST_IMAGES]
#define ACTIONS  t.slots[IMGACT_OP_LIST_ACTIONS]
#define TRANSFER t.slots[IMGACT_OP_TRANSFER]
#define DELETION t.slots[IMGACT_OP_DELETE_IMAGE]

static void make_whole(void) {
  t = (table){.image_map = {.fields = whole_image}, .action_map = {.fields = whole_action}};
  IMAGES = (imgact_slot){.path = "/images",
                         .query = image_query,
                         .images = "images",
                         .server_filters = IMGACT_FILTER_BIT(IMAGE_STATUS),
                         .flags = IMGACT_SLOT_IDEMPOTENT};
  ACTIONS = (imgact_slot){.path = "/v2[/images/{image}]/actions",
                          .actions = "actions",
                          .server_filters = IMGACT_FILTER_BIT(ACTION_IMAGE),
                          .flags = IMGACT_SLOT_IDEMPOTENT};
  TRANSFER = (imgact_slot){.method = "POST",
                           .path = "/images/{image}/copies",
                           .body = transfer_body,
                           .action = "",
                           .matches_action = imgact_call_matches_action,
                           .flags = IMGACT_SLOT_CREATES_ACTION};
  DELETION = (imgact_slot){.method = "DELETE", .path = "/images/{image}"};
  t.provider = (imgact_provider){.size = sizeof t.provider,
                                 .name = "acme",
                                 .default_endpoint = "https://a.example",
                                 .token_env = token_env,
                                 .slots = t.slots,
                                 .slots_stride = sizeof *t.slots,
                                 .slots_count = IMGACT_OP_COUNT,
                                 .is_valid_id = imgact_is_decimal_id,
                                 .id_format = "digits",
                                 .type_groups = groups,
                                 .type_groups_stride = sizeof *groups,
                                 .type_groups_count = 1,
                                 .max_per_page = 10,
                                 .image_map = &t.image_map,
                                 .action_map = &t.action_map,
                                 .paging = &paging,
                                 .errors = &errors};
}

static int open_table(void **state) {
  (void)state;
  make_whole();
  return 0;
}

static imgact_error error;

static imgact_status check(void) {
  ia_error_clear(&error);
  return ia_provider_check(&t.provider, &error);
}

static void check_refused(const char *named, const char *file, int line) {
  imgact_status status = check();
  if (status == IMGACT_INVALID_ARGUMENT && strstr(error.message, named) != NULL) {
    make_whole();
    return;
  }
  print_message("%s:%d: '%s' is not in '%s'\n", file, line, named, error.message);
  fail();
}

// One change of a whole table, and what the message names.
#define REFUSED(change, named)                                                                     \
  do {                                                                                             \
    change;                                                                                        \
    check_refused(named, __FILE__, __LINE__);                                                      \
  } while (0)

TEST(check_whole_table_is_accepted) {
  if (check() != IMGACT_OK) fail_msg("%s", error.message);
}

TEST(check_missing_members_are_named) {
  static const char *const none[] = {NULL};
  REFUSED(t.provider.token_env = NULL, "token_env");
  REFUSED(t.provider.token_env = none, "token_env");
  REFUSED(t.provider.errors = NULL, "errors or decode_error");
  REFUSED(t.provider.type_groups_count = 0, "type_groups");
  REFUSED(t.provider.image_map = NULL, "list_images: missing image_map");
  REFUSED(t.provider.action_map = NULL, "list_actions: missing action_map");
  REFUSED(t.provider.paging = NULL, "list_images: missing paging");
}

TEST(check_invalid_members_are_named) {
  REFUSED(t.provider.size = 8, "size");
  REFUSED(t.provider.name = NULL, "name");
  REFUSED(t.provider.default_endpoint = NULL, "default_endpoint");
  REFUSED(t.provider.slots = NULL, "slots");
  REFUSED(t.provider.slots_count = 0, "slots");
  REFUSED(t.provider.slots_stride = 8, "slots_stride");
  REFUSED(t.provider.is_valid_id = NULL, "is_valid_id");
  REFUSED(t.provider.id_format = NULL, "id_format");
  REFUSED(t.provider.max_per_page = 0, "max_per_page");
  REFUSED(t.provider.type_groups = NULL, "type_groups");
  REFUSED(t.provider.type_groups_stride = 1, "type_groups_stride");
}

// A table may end before the last operations, and a provider may have no lists.
TEST(check_short_tables_are_accepted) {
  t.provider.slots_count = IMGACT_OP_LIST_IMAGES + 1;
  assert_int_equal(check(), IMGACT_OK);
  make_whole();
  IMAGES = ACTIONS = (imgact_slot){0};
  t.provider.type_groups_count = 0;
  assert_int_equal(check(), IMGACT_OK);
}

TEST(check_declarations_are_named) {
  static const imgact_field no_resources[] = {{"id", IMGACT_TARGET_ACTION_ID, NULL},
                                              {"state", IMGACT_TARGET_ACTION_STATUS, words},
                                              {NULL, 0, NULL}};
  t.slots[IMGACT_OP_GET_IMAGE] =
      (imgact_slot){.path = "/images/{image}", .image = "image", .flags = IMGACT_SLOT_NAME_LOOKUP};
  assert_int_equal(check(), IMGACT_OK);
  IMAGES = (imgact_slot){0};
  REFUSED((void)0, "get_image: a lookup by name needs list_images");
  t.slots[IMGACT_OP_GET_ACTION] = (imgact_slot){
      .path = "/actions/{action}", .action = "action", .flags = IMGACT_SLOT_ACTION_LOOKUP};
  REFUSED((void)0, "get_action: a lookup of an action needs wait_actions");
  REFUSED(IMAGES.local_filters = IMGACT_FILTER_BIT(IMAGE_LABEL_SELECTOR),
          "list_images: local_filters");
  REFUSED(ACTIONS.local_filters = IMGACT_FILTER_BIT(IMAGE_TAG), "is no filter of this operation");
  REFUSED(IMAGES.server_filters |= IMGACT_FILTER_BIT(ACTION_STATUS),
          "'status' is no filter of this operation");
  REFUSED(DELETION.local_filters = IMGACT_FILTER_BIT(IMAGE_TAG),
          "delete_image: server_filters or local_filters: 'tag'");
  REFUSED(IMAGES.local_filters = IMGACT_FILTER_BIT(IMAGE_TAG),
          "list_images: local_filters: no row of the map sets the member of the filter 'tag'");
  REFUSED(
      ACTIONS.local_filters = IMGACT_FILTER_BIT(ACTION_IMAGE);
      t.action_map.fields = no_resources,
      "list_actions: local_filters: no row of the map sets the member of the filter 'image id'");
  REFUSED(IMAGES.server_filters = 0, "query row 'state' sends the filter 'status', which no mask");
  IMAGES.local_filters = IMGACT_FILTER_BIT(IMAGE_REGION) | IMGACT_FILTER_BIT(IMAGE_SORT);
  ACTIONS.local_filters = IMGACT_FILTER_BIT(ACTION_STATUS) | IMGACT_FILTER_BIT(ACTION_ID);
  assert_int_equal(check(), IMGACT_OK);
  t.provider.slots_count = IMGACT_OP_GET_IMAGE;
  assert_int_equal(check(), IMGACT_OK);
}

TEST(check_results_of_slots_are_named) {
  t.slots[IMGACT_OP_GET_IMAGE] = (imgact_slot){.path = "/images/{image}"};
  REFUSED((void)0, "get_image: missing image");
  t.slots[IMGACT_OP_GET_ACTION] = (imgact_slot){.path = "/actions/{action}"};
  REFUSED((void)0, "get_action: missing action");
  t.slots[IMGACT_OP_WAIT_ACTIONS] = (imgact_slot){.path = "/actions/{action}"};
  REFUSED((void)0, "wait_actions: missing action or actions");
  t.slots[IMGACT_OP_WAIT_ACTIONS] =
      (imgact_slot){.path = "/actions/{action}", .action = "action", .max_ids = 65};
  REFUSED((void)0, "wait_actions: max_ids");
}

static imgact_status encode_nothing(const imgact_call *call, imgact_request *r, imgact_error *e) {
  (void)call, (void)r, (void)e;
  return IMGACT_OK;
}

static imgact_status decode_nothing(const imgact_call *call, const imgact_response *response,
                                    imgact_result *result, imgact_error *e) {
  (void)call, (void)response, (void)result, (void)e;
  return IMGACT_OK;
}

// Functions instead of rows.
TEST(check_functions_need_each_other) {
  REFUSED(DELETION = (imgact_slot){.encode = encode_nothing}, "delete_image: missing decode");
  REFUSED(DELETION = (imgact_slot){.decode = decode_nothing}, "delete_image: missing path");
  REFUSED(DELETION = (imgact_slot){.finish = decode_nothing}, "delete_image: missing path");
  REFUSED(DELETION = (imgact_slot){.prepare = encode_nothing}, "delete_image: missing path");
  REFUSED(DELETION = (imgact_slot){.query = image_query}, "delete_image: missing path");
  REFUSED(DELETION = (imgact_slot){.body = transfer_body}, "delete_image: missing path");
  REFUSED(DELETION = (imgact_slot){.actions = ""}, "delete_image: missing path");
  DELETION = (imgact_slot){.encode = encode_nothing, .decode = decode_nothing};
  assert_int_equal(check(), IMGACT_OK);
  TRANSFER.action = NULL;
  TRANSFER.finish = decode_nothing;
  assert_int_equal(check(), IMGACT_OK);
  TRANSFER.prepare = encode_nothing; // may send what no row sends
  TRANSFER.body = NULL;
  IMAGES.prepare = encode_nothing;
  IMAGES.server_filters |= IMGACT_FILTER_BIT(IMAGE_TAG);
  assert_int_equal(check(), IMGACT_OK);
}

TEST(check_incomplete_slots_are_named) {
  REFUSED(TRANSFER.path = NULL, "transfer: missing path or encode");
  REFUSED(TRANSFER.action = NULL, "transfer: missing action");
  REFUSED(IMAGES.images = NULL, "list_images: missing images");
  REFUSED(ACTIONS.actions = NULL, "list_actions: missing actions");
  REFUSED(TRANSFER.flags = 0, "transfer: flags");
  REFUSED(TRANSFER.matches_action = NULL, "transfer: missing matches_action");
  REFUSED(TRANSFER.flags |= IMGACT_SLOT_IMMEDIATE, "transfer: flags");
  REFUSED(TRANSFER.method = "FETCH", "transfer: unknown method");
  REFUSED(TRANSFER.method = NULL, "transfer: a GET has no body");
  REFUSED(TRANSFER.rate_limit_index = 4, "rate_limit_index");
  t.slots[IMGACT_OP_WAIT_ACTIONS] = (imgact_slot){
      .path = "/actions/{action}", .actions = "actions", .flags = IMGACT_SLOT_IDEMPOTENT};
  REFUSED(t.slots[IMGACT_OP_WAIT_ACTIONS].max_ids = 2, "wait_actions: max_ids");
}

TEST(check_paths_of_slots_are_named) {
  static char path[IMGACT_MAX_PATH_BYTES + 2];
  memset(path, 'a', sizeof path - 1);
  path[0] = '/';
  REFUSED(DELETION.path = "/images/{imag}", "delete_image: path: unknown variable '{imag}'");
  REFUSED(DELETION.path = "/images/{action}", "unknown variable '{action}'");
  REFUSED(IMAGES.path = "/images[/{image}]", "list_images: path: unknown variable '{image}'");
  REFUSED(DELETION.path = "/images/{image", "unknown variable");
  REFUSED(DELETION.path = "/images/{}", "unknown variable '{}'");
  REFUSED(DELETION.path = "images", "must start with '/'");
  REFUSED(DELETION.path = "", "must start with '/'");
  REFUSED(DELETION.path = "/images[/all]", "brackets");
  REFUSED(DELETION.path = "/images[/{image}", "brackets");
  REFUSED(DELETION.path = "/images[[/{image}]]", "brackets");
  REFUSED(DELETION.path = "/images/{image}]", "brackets");
  REFUSED(DELETION.path = "/images?a=b", "invalid character");
  REFUSED(DELETION.path = path, "path: too long");
}

TEST(check_rows_of_requests_are_named) {
  static imgact_argument row[2];
#define ROW(source, text, words) (row[0] = (imgact_argument){"k", source, text, words}, row)
  REFUSED(IMAGES.query = ROW(IMGACT_SOURCE_FILTER_IMAGE_STATUS, NULL, NULL),
          "query row 'k' needs words");
  REFUSED(IMAGES.query = ROW(IMGACT_SOURCE_FILTER_IMAGE_TYPE, NULL, NULL),
          "query row 'k' needs words");
  REFUSED(IMAGES.query = ROW(IMGACT_SOURCE_TEXT, NULL, NULL), "query row 'k' needs a text");
  REFUSED(IMAGES.query = ROW(IMGACT_SOURCE_TEXT, "a", words), "query row 'k' has words");
  REFUSED(IMAGES.query = ROW(IMGACT_SOURCE_PROTECT, NULL, NULL), "'k' has a source");
  REFUSED(IMAGES.query = ROW((imgact_source)99, NULL, NULL), "'k' has a source");
  REFUSED(IMAGES.query = ROW((imgact_source)0, NULL, NULL), "'k' has a source");
  REFUSED(IMAGES.query = ROW(IMGACT_SOURCE_FILTER_IMAGE_VISIBILITY, NULL, NULL),
          "query row 'k' needs words");
  REFUSED(IMAGES.query = ROW(IMGACT_SOURCE_FILTER_IMAGE_INCLUDE_DEPRECATED, NULL, NULL),
          "query row 'k' needs a text");
  REFUSED(IMAGES.query = ROW(IMGACT_SOURCE_FILTERS, NULL, NULL), "'k' has a source");
  REFUSED(TRANSFER.body = ROW(IMGACT_SOURCE_FILTER_IMAGE_TAG, NULL, NULL), "'k' has a source");
  REFUSED(ACTIONS.query = ROW(IMGACT_SOURCE_FILTER_IMAGE_TAG, NULL, NULL),
          "list_actions: query row 'k'");
  REFUSED(TRANSFER.body = ROW(IMGACT_SOURCE_PAGE, NULL, NULL), "transfer: body row 'k'");
  REFUSED(TRANSFER.body = ROW(IMGACT_SOURCE_NAME, NULL, NULL), "transfer: body row 'k'");
  REFUSED(IMAGES.server_filters |= IMGACT_FILTER_BIT(IMAGE_TAG), "no row sends the filter 'tag'");
  REFUSED(ACTIONS.path = "/actions", "no row sends the filter 'image id'");
}

static imgact_field rows[IMGACT_MAX_FIELDS + 2];

// The map of images with two more rows.
static const imgact_field *image_rows(const char *path, imgact_target target,
                                      const imgact_word *its_words, const char *second) {
  memset(rows, 0, sizeof rows);
  rows[0] = whole_image[0];
  rows[1] = (imgact_field){path, target, its_words};
  if (second) rows[2] = (imgact_field){"z", IMGACT_TARGET_IMAGE_SLUG, NULL};
  if (second) rows[3] = (imgact_field){second, IMGACT_TARGET_IMAGE_NAME, NULL};
  return rows;
}

static const imgact_field *many_rows(void) {
  memset(rows, 0, sizeof rows);
  rows[0] = whole_image[0];
  for (size_t i = 1; i <= IMGACT_MAX_FIELDS; i++)
    rows[i] = (imgact_field){"a", IMGACT_TARGET_IMAGE_NAME, NULL};
  return rows;
}

TEST(check_rows_of_maps_are_named) {
  static const char *const paths[] = {"",     ".a",   "a.",    "a..b",   "[]",   "a[",       "a]",
                                      "a[0]", "a[]b", "a[][]", "a.[].b", "a[].", "a[].b[].c"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    REFUSED(t.image_map.fields = image_rows(paths[i], IMGACT_TARGET_IMAGE_TAGS, NULL, NULL),
            "has an invalid path");
#define MAP(...) t.image_map.fields = image_rows(__VA_ARGS__)
  REFUSED(MAP("a", IMGACT_TARGET_ACTION_REGION, NULL, NULL), "row 'a' has a target");
  REFUSED(MAP("a", (imgact_target)0, NULL, NULL), "row 'a' has a target");
  REFUSED(MAP("a", (imgact_target)50, NULL, NULL), "row 'a' has a target");
  REFUSED(MAP("a", (imgact_target)9999, NULL, NULL), "row 'a' has a target");
  REFUSED(MAP("a", IMGACT_TARGET_IMAGE_TYPE, NULL, NULL), "row 'a' needs words");
  REFUSED(MAP("a", IMGACT_TARGET_IMAGE_NAME, words, NULL), "row 'a' has words");
  REFUSED(MAP("a[].b", IMGACT_TARGET_IMAGE_NAME, NULL, NULL), "reads an array");
  REFUSED(MAP("a.b", IMGACT_TARGET_IMAGE_TAGS, NULL, "a.c"), "row 'a.c' must stand next to");
  REFUSED(MAP("id", IMGACT_TARGET_IMAGE_ID, NULL, NULL), "exactly one row must have the id");
  REFUSED(t.image_map.fields = whole_image + 1, "exactly one row must have the id");
  REFUSED(t.image_map.fields = NULL, "image_map: exactly one row");
  REFUSED(t.image_map.fields = many_rows(), "more than 64 rows");
}

TEST(check_action_maps_are_named) {
  static const imgact_field torn[] = {{"id", IMGACT_TARGET_ACTION_ID, NULL},
                                      {"state", IMGACT_TARGET_ACTION_STATUS, words},
                                      {"of[].id", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
                                      {"on[].type", IMGACT_TARGET_ACTION_RESOURCE_TYPE, NULL},
                                      {NULL, 0, NULL}};
  static const imgact_field no_status[] = {{"id", IMGACT_TARGET_ACTION_ID, NULL}, {NULL, 0, NULL}};
  static const imgact_field no_id[] = {{"id", IMGACT_TARGET_ACTION_ID, NULL},
                                       {"state", IMGACT_TARGET_ACTION_STATUS, words},
                                       {"type", IMGACT_TARGET_ACTION_RESOURCE_TYPE, NULL},
                                       {NULL, 0, NULL}};
  static const imgact_field two_ids[] = {{"id", IMGACT_TARGET_ACTION_ID, NULL},
                                         {"state", IMGACT_TARGET_ACTION_STATUS, words},
                                         {"a", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
                                         {"b", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
                                         {NULL, 0, NULL}};
  static const imgact_field half_array[] = {{"id", IMGACT_TARGET_ACTION_ID, NULL},
                                            {"state", IMGACT_TARGET_ACTION_STATUS, words},
                                            {"a", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
                                            {"a[].b", IMGACT_TARGET_ACTION_RESOURCE_TYPE, NULL},
                                            {NULL, 0, NULL}};
  REFUSED(t.action_map.fields = two_ids, "one row for the id of resources");
  REFUSED(t.action_map.fields = half_array, "row 'a[].b' is of another array");
  REFUSED(t.action_map.fields = torn, "row 'on[].type' is of another array");
  REFUSED(t.action_map.fields = no_status, "no row has the status");
  REFUSED(t.action_map.fields = no_id, "resources");
  REFUSED(t.action_map.fields = whole_image, "has a target that actions lack");
}

TEST(check_headers_are_named) {
  static const char *const odd[] = {"X-A", NULL}, *const bad[] = {"X A", "1", NULL},
                           *const split[] = {"X-A", "1\r\nX-B: 2", NULL};
  static const char *many[2 * IA_MAX_PROVIDER_HEADERS + 3];
  for (size_t i = 0; i < 2 * IA_MAX_PROVIDER_HEADERS + 2; i++) many[i] = "a";
  REFUSED(t.provider.headers = odd, "headers: invalid header 'X-A'");
  REFUSED(t.provider.headers = bad, "headers: invalid header 'X A'");
  REFUSED(t.provider.headers = split, "headers: invalid header 'X-A'");
  REFUSED(t.provider.headers = many, "headers: more than 8");
  REFUSED(t.provider.auth_header = "", "auth_header");
  REFUSED(t.provider.auth_header = "A:", "auth_header");
  REFUSED(t.provider.auth_prefix = "a\n", "auth_prefix");
}

// Traces and recordings recognise the token by the name of its header and the form of its prefix.
TEST(check_token_header_must_be_recognisable) {
  static const char *const fixed[] = {"X-Token-Version", "2026-01-15", NULL};
  REFUSED(t.provider.auth_header = "X-Session", "auth_header: the name must contain auth");
  REFUSED(t.provider.auth_prefix = "sid=", "auth_prefix: must be one word and a space");
  REFUSED(t.provider.auth_prefix = "Token token=", "auth_prefix: must be one word");
  REFUSED(t.provider.headers = fixed, "headers: invalid header 'X-Token-Version'");
  t.provider.auth_header = "X-Auth-Token";
  t.provider.auth_prefix = "";
  assert_int_equal(check(), IMGACT_OK);
}

// The text of a path must not become part of the host's name.
TEST(check_path_must_continue_with_slash) {
  REFUSED(ACTIONS.path = "[.evil.example/{image}]/actions", "path: must start with '/'");
  REFUSED(ACTIONS.path = "[/{image}]actions", "path: must start with '/'");
  REFUSED(ACTIONS.path = "[/{image}", "path: must start with '/'");
  REFUSED(ACTIONS.path = "[/{image}]", "path: must start with '/'");
  REFUSED(ACTIONS.path = "actions/{image}", "path: must start with '/'");
  REFUSED(ACTIONS.path = "/actions[.{image}]", "path: a part in brackets");
  ACTIONS.path = "[/images/{image}]/actions";
  assert_int_equal(check(), IMGACT_OK);
}

TEST(check_request_must_send_its_object) {
  REFUSED(DELETION.path = "/images", "delete_image: path: missing {image}");
  REFUSED(TRANSFER.body = NULL, "transfer: no row or path sends the region");
  t.slots[IMGACT_OP_GET_ACTION] = (imgact_slot){.path = "/actions", .action = "action"};
  REFUSED((void)0, "get_action: path: missing {action}");
  t.slots[IMGACT_OP_WAIT_ACTIONS] =
      (imgact_slot){.path = "/actions", .actions = "actions", .max_ids = 1};
  REFUSED((void)0, "wait_actions: no row or path sends the ids");
  t.slots[IMGACT_OP_CHANGE_PROTECTION] = TRANSFER;
  t.slots[IMGACT_OP_CHANGE_PROTECTION].body = NULL;
  REFUSED((void)0, "change_protection: no row sends the protection");
}

TEST(check_words_need_known_values) {
  static const imgact_word high[] = {{"on", 77}, {NULL, 0}}, low[] = {{"on", -1}, {NULL, 0}},
                           rest[] = {{"on", 1}, {NULL, 99}};
  static const imgact_word *const wrong[] = {high, low, rest};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    const imgact_field fields[] = {{"id", IMGACT_TARGET_IMAGE_ID, NULL},
                                   {"kind", IMGACT_TARGET_IMAGE_TYPE, wrong[i]},
                                   {NULL, 0, NULL}};
    const imgact_argument query[] = {{"state", IMGACT_SOURCE_FILTER_IMAGE_STATUS, NULL, wrong[i]},
                                     {NULL, 0, NULL, NULL}};
    REFUSED(t.image_map.fields = fields, "row 'kind' has a word with an unknown value");
    REFUSED(IMAGES.query = query, "query row 'state' has a word with an unknown value");
  }
}

TEST(check_other_forms_are_accepted) {
  static const char *const headers[] = {"X-Version", "2026-01-15", NULL};
  static const imgact_field flat[] = {{"id", IMGACT_TARGET_ACTION_ID, NULL},
                                      {"state", IMGACT_TARGET_ACTION_STATUS, words},
                                      {"a", IMGACT_TARGET_ACTION_RESOURCE_ID, NULL},
                                      {"b", IMGACT_TARGET_ACTION_RESOURCE_TYPE, NULL},
                                      {NULL, 0, NULL}};
  static const imgact_argument types[] = {{"type", IMGACT_SOURCE_FILTER_IMAGE_TYPE, NULL, words},
                                          {NULL, 0, NULL, NULL}};
  t.provider.headers = headers;
  t.provider.auth_prefix = "Sid ";
  assert_int_equal(check(), IMGACT_OK);
  TRANSFER.body = NULL;
  TRANSFER.path = "/images/{image}/copies/{region}";
  assert_int_equal(check(), IMGACT_OK);
  t.action_map.fields = flat;
  assert_int_equal(check(), IMGACT_OK);
  IMAGES.query = types;
  IMAGES.server_filters = IMGACT_FILTER_BIT(IMAGE_TYPE) | IMGACT_FILTER_BIT(IMAGE_VISIBILITY);
  REFUSED((void)0, "no row sends the filter 'visibility'");
  IMAGES.query = types;
  IMAGES.server_filters = IMGACT_FILTER_BIT(IMAGE_TYPE) | IMGACT_FILTER_BIT(IMAGE_VISIBILITY);
  t.image_map.public_types = 1u << 1; // a type decides whether an image is public
  assert_int_equal(check(), IMGACT_OK);
}

TEST(word_text_skips_wildcards) {
  static const imgact_word some[] = {{"x*", 2}, {"~xy", 2}, {"z*", 3}, {NULL, 0}};
  assert_string_equal(imgact_word_text(some, 2), "xy");
  assert_null(imgact_word_text(some, 3));
}

int main(void) { return testing_run(open_table, NULL); }
