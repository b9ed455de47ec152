// SPDX-License-Identifier: MIT
// Path, query and body of requests, built from the rows of a slot.
#include "encode.h"
#include "error_fill.h"
#include "testing.h"

static imgact_request request;
static imgact_error error;
static const imgact_word types[] = {{"sys", IMGACT_IMAGE_TYPE_SYSTEM},
                                    {"app", IMGACT_IMAGE_TYPE_APP},
                                    {"snap", IMGACT_IMAGE_TYPE_SNAPSHOT},
                                    {"system", IMGACT_IMAGE_TYPE_SYSTEM},
                                    {NULL, IMGACT_IMAGE_TYPE_UNKNOWN}};
static const imgact_word statuses[] = {{"on", IMGACT_IMAGE_STATUS_AVAILABLE},
                                       {NULL, IMGACT_IMAGE_STATUS_UNKNOWN}};
static const imgact_word visibilities[] = {{"mine", IMGACT_VISIBILITY_PRIVATE}, {NULL, 0}};
static imgact_image_map map;
static imgact_provider provider = {.size = sizeof provider, .name = "acme", .image_map = &map};

static int open_request(void **state) {
  (void)state;
  ia_request_init(&request, NULL);
  ia_error_clear(&error);
  map = (imgact_image_map){0};
  return 0;
}

static int close_request(void **state) {
  (void)state;
  ia_request_free(&request);
  return 0;
}

static imgact_status encode(const imgact_slot *slot, const imgact_call *call) {
  close_request(NULL);
  ia_request_init(&request, NULL);
  ia_error_clear(&error);
  return ia_request_encode(&request, slot, call, &provider, &error);
}

// Encodes a list with one row in its query.
static imgact_status encode_row(imgact_argument row, const imgact_call *call) {
  const imgact_argument query[] = {row, {NULL, 0, NULL, NULL}};
  const imgact_slot slot = {.path = "/images", .query = query};
  return encode(&slot, call);
}

#define QUERY_IS(expected) assert_string_equal(ia_buf_text(&request.query), expected)

TEST(path_variables_are_encoded) {
  const imgact_slot slot = {.path = "/regions/{region}/images/{image}"};
  imgact_call call = {.kind = IMGACT_OP_TRANSFER, .image_ref = "a/b", .region = "nyc3"};
  assert_int_equal(encode(&slot, &call), IMGACT_OK);
  assert_string_equal(ia_buf_text(&request.path), "/regions/nyc3/images/a%2Fb");
  call.region = NULL;
  assert_int_equal(encode(&slot, &call), IMGACT_UNSUPPORTED);
  assert_non_null(strstr(error.message, "without the region"));
}

TEST(path_part_in_brackets_needs_variable) {
  const imgact_slot slot = {.path = "/images[/{via}]/actions/{action}"};
  imgact_call call = {.kind = IMGACT_OP_GET_ACTION, .image_ref = "5", .action_id = "13"};
  assert_int_equal(encode(&slot, &call), IMGACT_OK);
  assert_string_equal(ia_buf_text(&request.path), "/images/actions/13");
  call.flags = IMGACT_OP_FLAG_VIA_IMAGE;
  assert_int_equal(encode(&slot, &call), IMGACT_OK);
  assert_string_equal(ia_buf_text(&request.path), "/images/5/actions/13");
}

TEST(query_sends_fixed_texts) {
  const imgact_image_filter filter = IMGACT_IMAGE_FILTER_INIT;
  const imgact_call call = {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &filter};
  assert_int_equal(encode_row((imgact_argument){"k", IMGACT_SOURCE_TEXT, "v", NULL}, &call),
                   IMGACT_OK);
  QUERY_IS("k=v");
}

TEST(query_sends_visibility_by_word) {
  const imgact_argument row = {"owner", IMGACT_SOURCE_FILTER_IMAGE_VISIBILITY, NULL, visibilities};
  imgact_image_filter filter = IMGACT_IMAGE_FILTER_INIT;
  const imgact_call call = {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &filter};
  assert_int_equal(encode_row(row, &call), IMGACT_OK);
  QUERY_IS("");
  filter.visibility = IMGACT_VISIBILITY_PRIVATE;
  assert_int_equal(encode_row(row, &call), IMGACT_OK);
  QUERY_IS("owner=mine");
  filter.visibility = IMGACT_VISIBILITY_PUBLIC;
  assert_int_equal(encode_row(row, &call), IMGACT_UNSUPPORTED);
  assert_string_equal(error.message, "acme does not support the visibility 'public'");
  const imgact_word public_only[] = {{"all", IMGACT_VISIBILITY_PUBLIC}, {NULL, 0}};
  filter.visibility = IMGACT_VISIBILITY_PRIVATE;
  assert_int_equal(encode_row((imgact_argument){"owner", row.source, NULL, public_only}, &call),
                   IMGACT_UNSUPPORTED);
  assert_string_equal(error.message, "acme does not support the visibility 'private'");
}

TEST(query_status_without_word_is_unsupported) {
  const imgact_image_status some[] = {IMGACT_IMAGE_STATUS_AVAILABLE, IMGACT_IMAGE_STATUS_CREATING};
  const imgact_action_status running = IMGACT_ACTION_STATUS_RUNNING;
  imgact_image_filter filter = {.size = sizeof filter, .statuses = some, .statuses_count = 1};
  imgact_call call = {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &filter};
  imgact_argument row = {"s", IMGACT_SOURCE_FILTER_IMAGE_STATUS, NULL, statuses};
  assert_int_equal(encode_row(row, &call), IMGACT_OK);
  QUERY_IS("s=on");
  filter.statuses_count = 2;
  assert_int_equal(encode_row(row, &call), IMGACT_UNSUPPORTED);
  assert_string_equal(error.message, "acme does not support images of status 'creating'");
  const imgact_action_filter actions = {
      .size = sizeof actions, .statuses = &running, .statuses_count = 1};
  call = (imgact_call){.kind = IMGACT_OP_LIST_ACTIONS, .action_filter = &actions};
  row.source = IMGACT_SOURCE_FILTER_ACTION_STATUS;
  const imgact_word none[] = {{NULL, 0}};
  row.words = none;
  assert_int_equal(encode_row(row, &call), IMGACT_UNSUPPORTED);
  assert_string_equal(error.message, "acme does not support actions of status 'running'");
}

TEST(query_types_are_selected) {
  const imgact_argument row = {"t", IMGACT_SOURCE_FILTER_IMAGE_TYPE, NULL, types};
  const imgact_image_type asked[] = {IMGACT_IMAGE_TYPE_SYSTEM, IMGACT_IMAGE_TYPE_SNAPSHOT,
                                     IMGACT_IMAGE_TYPE_BACKUP};
  imgact_image_filter filter = {.size = sizeof filter, .types = asked, .types_count = 2};
  imgact_call call = {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &filter};
  assert_int_equal(encode_row(row, &call), IMGACT_OK);
  QUERY_IS("t=sys&t=snap");
  call.type_mask = IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SNAPSHOT);
  assert_int_equal(encode_row(row, &call), IMGACT_OK);
  QUERY_IS("t=snap");
  call.type_mask = 0;
  provider.image_map = NULL;
  assert_int_equal(encode_row(row, &call), IMGACT_OK);
  QUERY_IS("t=sys&t=snap");
  provider.image_map = &map;
  filter.types_count = 3;
  assert_int_equal(encode_row(row, &call), IMGACT_UNSUPPORTED);
  assert_string_equal(error.message, "acme does not support images of type 'backup'");
  map.public_types = IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SYSTEM);
  filter = (imgact_image_filter){.size = sizeof filter, .visibility = IMGACT_VISIBILITY_PUBLIC};
  assert_int_equal(encode_row(row, &call), IMGACT_OK);
  QUERY_IS("t=sys"); // each type once, by its first word
  filter.types = asked + 1;
  filter.types_count = 1;
  assert_int_equal(encode_row(row, &call), IMGACT_OK);
  assert_true(request.empty);
}

// A member that the call does not set is left out.
TEST(body_without_values_is_empty) {
  const imgact_argument rows[] = {{"name", IMGACT_SOURCE_NAME, NULL, NULL},
                                  {"description", IMGACT_SOURCE_DESCRIPTION, NULL, NULL},
                                  {"distribution", IMGACT_SOURCE_DISTRIBUTION, NULL, NULL},
                                  {"type", IMGACT_SOURCE_CONVERT, "snapshot", NULL},
                                  {"labels", IMGACT_SOURCE_LABELS, NULL, NULL},
                                  {NULL, 0, NULL, NULL}};
  const imgact_slot slot = {.method = "PUT", .path = "/images/{image}", .body = rows};
  const imgact_image_update update = {.size = sizeof update};
  const imgact_image_update *const updates[] = {NULL, &update};
  for (size_t i = 0; i < 2; i++) {
    imgact_call call = {.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "1", .update = updates[i]};
    assert_int_equal(encode(&slot, &call), IMGACT_OK);
    assert_string_equal(imgact_json_writer_finish(request.body, NULL), "{}");
  }
}

static imgact_status leave_name(const imgact_call *call, imgact_request *r, imgact_error *e) {
  (void)call, (void)e;
  imgact_request_filter_locally(r, IMGACT_FILTER_BIT(IMAGE_NAME));
  return IMGACT_OK;
}

static imgact_status leave_sort(const imgact_call *call, imgact_request *r, imgact_error *e) {
  (void)call, (void)e;
  imgact_request_filter_locally(r, IMGACT_FILTER_BIT(IMAGE_SORT));
  return IMGACT_OK;
}

static imgact_status leave_labels(const imgact_call *call, imgact_request *r, imgact_error *e) {
  (void)call, (void)e;
  imgact_request_filter_locally(r, IMGACT_FILTER_BIT(IMAGE_LABEL_SELECTOR));
  return IMGACT_OK;
}

// Otherwise the filter would be lost.
TEST(local_filter_must_be_possible) {
  const imgact_image_filter filter = IMGACT_IMAGE_FILTER_INIT;
  const imgact_call call = {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &filter};
  imgact_slot slot = {.path = "/images",
                      .server_filters = IMGACT_FILTER_BIT(IMAGE_NAME) |
                                        IMGACT_FILTER_BIT(IMAGE_SORT) |
                                        IMGACT_FILTER_BIT(IMAGE_LABEL_SELECTOR),
                      .prepare = leave_name};
  assert_int_equal(encode(&slot, &call), IMGACT_OK);
  slot.prepare = leave_sort;
  assert_int_equal(encode(&slot, &call), IMGACT_INTERNAL);
  slot.prepare = leave_labels;
  assert_int_equal(encode(&slot, &call), IMGACT_INTERNAL);
  assert_non_null(strstr(error.message, "label selector"));
  slot.prepare = leave_name;
  slot.server_filters = 0;
  assert_int_equal(encode(&slot, &call), IMGACT_INTERNAL);
}

TEST(query_sends_texts_encoded) {
  const imgact_argument row = {"n", IMGACT_SOURCE_FILTER_IMAGE_NAME, NULL, NULL};
  const imgact_image_filter filter = {.size = sizeof filter, .name = "a b"};
  const imgact_call call = {.kind = IMGACT_OP_LIST_IMAGES, .image_filter = &filter};
  assert_int_equal(encode_row(row, &call), IMGACT_OK);
  QUERY_IS("n=a%20b");
}

TEST(body_sends_only_requested_changes) {
  static const imgact_argument body[] = {{"name", IMGACT_SOURCE_NAME, NULL, NULL},
                                         {"about", IMGACT_SOURCE_DESCRIPTION, NULL, NULL},
                                         {"labels", IMGACT_SOURCE_LABELS, NULL, NULL},
                                         {"type", IMGACT_SOURCE_CONVERT, "snapshot", NULL},
                                         {"v", IMGACT_SOURCE_TEXT, "2", NULL},
                                         {NULL, 0, NULL, NULL}};
  const imgact_slot slot = {.method = "PUT", .path = "/images/{image}", .body = body};
  const imgact_label labels[] = {{"a", "1"}, {"b", NULL}, {"a", "2"}};
  imgact_image_update update = {.size = sizeof update, .name = "n"};
  const imgact_call call = {.kind = IMGACT_OP_UPDATE_IMAGE, .image_ref = "5", .update = &update};
  assert_int_equal(encode(&slot, &call), IMGACT_OK);
  assert_string_equal(imgact_json_writer_finish(request.body, NULL),
                      "{\"name\":\"n\",\"v\":\"2\"}");
  update = (imgact_image_update){.size = sizeof update,
                                 .labels = labels,
                                 .labels_count = 3,
                                 .replace_labels = 1,
                                 .convert_to_snapshot = 1};
  assert_int_equal(encode(&slot, &call), IMGACT_OK);
  assert_string_equal(imgact_json_writer_finish(request.body, NULL),
                      "{\"labels\":{\"b\":null,\"a\":\"2\"},\"type\":\"snapshot\",\"v\":\"2\"}");
  update = (imgact_image_update){.size = sizeof update, .distribution = "d"};
  assert_int_equal(encode(&slot, &call), IMGACT_UNSUPPORTED);
  assert_string_equal(error.message, "acme cannot change the distribution of an image");
}

int main(void) { return testing_run(open_request, close_request); }
