// SPDX-License-Identifier: MIT
// From a response to results or an error: is it about what was asked for, does a list contradict
// itself, is it too large.
#include "failing_allocator.h"
#include "reply.h"
#include "testing.h"

// ---- a provider: {"image":{}}, {"images":[]}, {"action":{}}, {"actions":[]}, and of a page "page"
// and "last"

static int is_valid_id(const char *text) { return text[strspn(text, "0123456789")] == '\0'; }

static int add_image(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  imgact_image *image = imgact_result_add_image(result, object);
  image->id = imgact_decode_id(result, imgact_json_get(object, "id"));
  image->name = imgact_decode_string(result, imgact_json_get(object, "name"));
  image->slug = imgact_decode_string(result, imgact_json_get(object, "slug"));
  image->regions =
      imgact_decode_strings(result, imgact_json_get(object, "regions"), &image->regions_count);
  return image->id != NULL;
}

static int add_action(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  const imgact_json *list = imgact_json_get(object, "resources");
  imgact_action *action = imgact_result_add_action(result, object);
  imgact_resource *resources = imgact_result_alloc_resources(result, imgact_json_count(list));
  imgact_json_iter each = imgact_json_iter_begin(list);
  action->id = imgact_decode_id(result, imgact_json_get(object, "id"));
  action->resources = resources;
  for (const imgact_json *item; resources && (item = imgact_json_iter_next(&each, NULL));
       action->resources_count++) {
    resources[action->resources_count].id = imgact_decode_id(result, imgact_json_get(item, "id"));
    resources[action->resources_count].type =
        imgact_decode_string(result, imgact_json_get(item, "type"));
  }
  return action->id != NULL;
}

static imgact_status decode(const imgact_call *call, const imgact_response *response,
                            imgact_result *result, imgact_error *error) {
  const imgact_json *body = imgact_response_json(response);
  imgact_pagination page = ia_pagination_unknown;
  imgact_json_as_int(imgact_json_get(body, "page"), &page.page);
  imgact_json_as_int(imgact_json_get(body, "last"), &page.last);
  imgact_result_set_pagination(result, &page);
  if (imgact_json_get(body, "next")) imgact_result_set_next_page(result, 2, NULL, NULL);
  if (imgact_json_get(body, "images"))
    return imgact_result_add_list(result, call, response, "images", add_image, error);
  if (imgact_json_get(body, "actions"))
    return imgact_result_add_list(result, call, response, "actions", add_action, error);
  if (imgact_json_get(body, "image"))
    imgact_result_add_object(result, call, response, "image", add_image, error);
  if (imgact_json_get(body, "action"))
    imgact_result_add_object(result, call, response, "action", add_action, error);
  return IMGACT_OK;
}

// Texts are taken without a look at them, as a careless provider does.
static void decode_error(const imgact_call *call, const imgact_response *response,
                         imgact_result *result, imgact_error *error) {
  (void)call;
  const imgact_json *body = imgact_response_json(response);
  const char *text = imgact_json_as_string(imgact_json_get(body, "message"), NULL);
  if (text) snprintf(error->message, sizeof error->message, "%s", text);
  imgact_result_set_error_details(result, imgact_json_get(body, "details"));
}

static const imgact_provider provider = {.size = sizeof provider,
                                         .name = "somebody",
                                         .is_valid_id = is_valid_id,
                                         .decode_error = decode_error};

// ---- a response

typedef struct scene {
  failing_allocator memory;
  imgact_result result;
  ia_arena scratch;
  imgact_call call;
  imgact_slot slot;
  uint32_t local_filters;
  imgact_error error;
} scene;

static scene s;
static ia_redactor redactor; // looks for nothing, unless a test sets it up

static int open_scene(void **state) {
  (void)state;
  memset(&s, 0, sizeof s);
  failing_allocator_init(&s.memory, 0);
  ia_result_init(&s.result, &s.memory.allocator, "somebody", false);
  ia_arena_init(&s.scratch, &s.memory.allocator);
  s.slot.decode = decode;
  return 0;
}

static int close_scene(void **state) {
  (void)state;
  ia_result_free(&s.result);
  ia_arena_free(&s.scratch);
  assert_memory_fine(&s.memory);
  return 0;
}

static imgact_status read_status(int status, const char *body) {
  const ia_reply_target target = {.provider = &provider,
                                  .slot = &s.slot,
                                  .call = &s.call,
                                  .result = &s.result,
                                  .redactor = &redactor,
                                  .allocator = &s.memory.allocator,
                                  .scratch = &s.scratch,
                                  .local_filters = s.local_filters};
  const imgact_http_response http = {.size = sizeof http,
                                     .status = status,
                                     .body = body,
                                     .body_bytes = strlen(body),
                                     .delivery = IMGACT_DELIVERY_ANSWERED};
  imgact_rate_limit_info rate = {.size = sizeof rate};
  ia_result_reset(&s.result);
  memset(&s.error, 0, sizeof s.error);
  ia_reply_read(&target, &http, 0, &rate, &s.error);
  if (s.error.status != IMGACT_OK) {
    assert_int_equal(s.error.http_status, status);
    assert_int_equal(s.result.images_count + s.result.actions_count, 0);
    assert_true(s.error.message[0] != '\0');
  }
  return s.error.status;
}

static imgact_status read_body(const char *body) { return read_status(200, body); }

static void ask(imgact_op_kind kind, const char *image, const char *action) {
  s.call =
      (imgact_call){.size = sizeof s.call, .kind = kind, .image_ref = image, .action_id = action};
}

// ---- images

TEST(get_image_other_id_is_protocol) {
  static const imgact_op_kind kinds[] = {IMGACT_OP_GET_IMAGE, IMGACT_OP_UPDATE_IMAGE,
                                         IMGACT_OP_CONVERT};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    ask(kinds[i], "5", NULL);
    assert_int_equal(read_body("{\"image\":{\"id\":5}}"), IMGACT_OK);
    assert_int_equal(s.result.images_count, 1);
    assert_int_equal(read_body("{\"image\":{\"id\":6,\"name\":\"5\",\"slug\":\"5\"}}"),
                     IMGACT_PROTOCOL);
    assert_string_equal(s.error.message, "unexpected image 6 in the response, requested: 5");
    assert_int_equal(read_body("{\"image\":{\"id\":\"05\"}}"), IMGACT_PROTOCOL);
  }
}

TEST(get_image_other_slug_is_protocol) {
  ask(IMGACT_OP_GET_IMAGE, "ubuntu-24-04", NULL);
  assert_int_equal(read_body("{\"image\":{\"id\":6,\"slug\":\"ubuntu-24-04\"}}"), IMGACT_OK);
  assert_int_equal(read_body("{\"image\":{\"id\":6,\"slug\":\"Ubuntu-24-04\"}}"), IMGACT_OK);
  assert_int_equal(read_body("{\"image\":{\"id\":6,\"name\":\"ubuntu-24-04\"}}"), IMGACT_OK);
  assert_int_equal(read_body("{\"image\":{\"id\":\"ubuntu-24-04\"}}"), IMGACT_OK);
  assert_int_equal(read_body("{\"image\":{\"id\":6,\"slug\":\"ubuntu-22-04\"}}"), IMGACT_PROTOCOL);
  assert_int_equal(read_body("{\"image\":{\"id\":6}}"), IMGACT_PROTOCOL);
}

TEST(delete_image_other_image_is_ignored) {
  ask(IMGACT_OP_DELETE_IMAGE, "5", NULL);
  assert_int_equal(read_body("{\"image\":{\"id\":6}}"), IMGACT_OK);
  assert_int_equal(read_status(204, ""), IMGACT_OK);
}

// ---- actions

TEST(get_action_other_id_is_protocol) {
  ask(IMGACT_OP_GET_ACTION, NULL, "13");
  assert_int_equal(
      read_body("{\"action\":{\"id\":13,\"resources\":[{\"id\":7,\"type\":\"image\"}]}}"),
      IMGACT_OK);
  assert_int_equal(read_body("{\"action\":{\"id\":14}}"), IMGACT_PROTOCOL);
  assert_string_equal(s.error.message, "unexpected action 14 in the response, requested: 13");
  ask(IMGACT_OP_GET_ACTION, "5", "13");
  assert_int_equal(
      read_body("{\"action\":{\"id\":14,\"resources\":[{\"id\":7,\"type\":\"image\"}]}}"),
      IMGACT_PROTOCOL);
}

TEST(get_action_other_image_is_missing) {
  ask(IMGACT_OP_GET_ACTION, "5", "13");
  assert_int_equal(
      read_body("{\"action\":{\"id\":13,\"resources\":[{\"id\":5,\"type\":\"image\"}]}}"),
      IMGACT_OK);
  assert_int_equal(read_body("{\"action\":{\"id\":13}}"), IMGACT_OK);
  assert_int_equal(
      read_body("{\"action\":{\"id\":13,\"resources\":[{\"id\":7,\"type\":\"image\"}]}}"),
      IMGACT_NOT_FOUND);
  assert_string_equal(s.error.message, "action 13 does not belong to image 5");
}

TEST(wait_single_other_action_is_protocol) {
  static const char *const ids[] = {"13", "14"};
  ask(IMGACT_OP_WAIT_ACTIONS, NULL, NULL);
  s.call.action_ids = ids;
  s.call.action_ids_count = s.slot.max_ids = 1;
  assert_int_equal(read_body("{\"action\":{\"id\":13}}"), IMGACT_OK);
  assert_int_equal(read_body("{\"action\":{\"id\":14}}"), IMGACT_PROTOCOL);
  s.call.action_ids_count = s.slot.max_ids = 2; // of a batch each one is looked for
  assert_int_equal(read_body("{\"actions\":[{\"id\":14},{\"id\":15}]}"), IMGACT_OK);
}

TEST(list_actions_other_image_is_protocol) {
  static const char *const other =
      "{\"actions\":[{\"id\":13},{\"id\":14,\"resources\":[{\"id\":7,\"type\":\"image\"}]}]}";
  ask(IMGACT_OP_LIST_ACTIONS, "5", NULL);
  assert_int_equal(
      read_body(
          "{\"actions\":[{\"id\":13},{\"id\":14,\"resources\":[{\"id\":5,\"type\":\"image\"}]}]}"),
      IMGACT_OK);
  assert_int_equal(read_body(other), IMGACT_PROTOCOL);
  assert_string_equal(s.error.message,
                      "unexpected action 14 in the response: it does not belong to image 5");
  s.local_filters = IMGACT_FILTER_IMAGE_ID; // of such a list the library keeps those of the image
  assert_int_equal(read_body(other), IMGACT_OK);
  s.local_filters = 0;
  s.slot.local_filters = IMGACT_FILTER_IMAGE_ID;
  assert_int_equal(read_body(other), IMGACT_OK);
  ask(IMGACT_OP_LIST_ACTIONS, NULL, NULL);
  s.slot.local_filters = 0;
  assert_int_equal(read_body(other), IMGACT_OK);
}

TEST(started_action_other_image_is_protocol) {
  static const imgact_op_kind kinds[] = {IMGACT_OP_CHANGE_PROTECTION, IMGACT_OP_CONVERT,
                                         IMGACT_OP_TRANSFER};
  static const char *const fine[] = {
      "",
      ",\"resources\":[]",
      ",\"resources\":[{\"id\":7,\"type\":\"zone\"}]",
      ",\"resources\":[{\"id\":5}]",
      ",\"resources\":[{\"id\":1,\"type\":\"server\"},{\"id\":5,\"type\":\"image\"}]",
      ",\"resources\":[{\"id\":\"5\",\"type\":\"Image\"}]"};
  static const char *const other[] = {
      ",\"resources\":[{\"id\":7,\"type\":\"image\"}]", ",\"resources\":[{\"id\":7}]",
      ",\"resources\":[{\"id\":5,\"type\":\"server\"},{\"id\":7,\"type\":\"image\"}]"};
  char body[200];
  s.slot.flags = IMGACT_SLOT_CREATES_ACTION;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    ask(kinds[k], "5", NULL);
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
      snprintf(body, sizeof body, "{\"action\":{\"id\":13%s}}", fine[i]);
      assert_int_equal(read_status(201, body), IMGACT_OK);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
      snprintf(body, sizeof body, "{\"action\":{\"id\":13%s}}", other[i]);
      assert_int_equal(read_status(201, body), IMGACT_PROTOCOL);
    }
    assert_int_equal(read_status(201, "{}"), IMGACT_PROTOCOL);
  }
}

// ---- lists

TEST(list_last_page_beyond_is_incomplete) {
  static const imgact_op_kind kinds[] = {IMGACT_OP_LIST_IMAGES, IMGACT_OP_LIST_ACTIONS};
  for (size_t i = 0; i < 2; i++) {
    ask(kinds[i], NULL, NULL);
    s.call.page = 3;
    assert_int_equal(read_body("{\"images\":[],\"last\":3}"), IMGACT_OK);
    assert_int_equal(read_body("{\"images\":[],\"last\":1}"), IMGACT_OK);
    assert_int_equal(read_body("{\"images\":[]}"), IMGACT_OK);
    assert_int_equal(read_body("{\"images\":[],\"last\":9,\"next\":4}"), IMGACT_OK);
    assert_int_equal(read_body("{\"images\":[],\"last\":4}"), IMGACT_INCOMPLETE);
    assert_string_equal(s.error.message, "page 3 names no next page, but page 4 as the last one");
    assert_int_equal(read_body("{\"images\":[],\"last\":9,\"page\":9}"), IMGACT_OK);
    assert_int_equal(read_body("{\"images\":[],\"last\":3,\"page\":2}"), IMGACT_INCOMPLETE);
  }
  ask(IMGACT_OP_WAIT_ACTIONS, NULL, NULL);
  s.slot.max_ids = 25;
  assert_int_equal(read_body("{\"actions\":[],\"last\":4}"), IMGACT_OK);
}

// ---- bounds

static char *list_of(const char *item, size_t count) {
  size_t length = strlen(item);
  char *text = malloc(count * (length + 1) + 100), *at = text;
  assert_non_null(text);
  at += sprintf(at, "{\"images\":[");
  for (size_t i = 0; i < count; i++) at += sprintf(at, "%s%s", i ? "," : "", item);
  sprintf(at, "]}");
  return text;
}

TEST(reply_too_many_items_is_protocol) {
  ask(IMGACT_OP_LIST_IMAGES, NULL, NULL);
  char *body = list_of("{\"id\":1}", IA_REPLY_MAX_ITEMS);
  assert_int_equal(read_body(body), IMGACT_OK);
  assert_int_equal(s.result.images_count, IA_REPLY_MAX_ITEMS);
  free(body);
  body = list_of("{\"id\":1}", IA_REPLY_MAX_ITEMS + 1);
  assert_int_equal(read_body(body), IMGACT_PROTOCOL);
  assert_string_equal(s.error.message, "the response holds more than 10000 items");
  free(body);
}

TEST(reply_too_many_regions_is_protocol) {
  char regions[6000] = "{\"id\":1,\"regions\":[\"\"";
  for (size_t i = 1; i < 1001; i++) strcat(regions, ",\"\"");
  strcat(regions, "]}");
  ask(IMGACT_OP_LIST_IMAGES, NULL, NULL);
  char *body = list_of(regions, 1);
  assert_int_equal(read_body(body), IMGACT_PROTOCOL);
  assert_non_null(strstr(s.error.message, "1000 elements"));
  free(body);
}

// ---- memory
// The most that a response takes while it is read, its body not included. docs/hostile-input.md
// tells it.

#define READING_MAX_BYTES ((size_t)256 << 20)

static size_t peak_bytes;

// A body of `length` bytes: `item` as often as it fits between `start` and `end`.
static char *filled(const char *start, const char *item, const char *end, size_t length) {
  char *text = malloc(length + 1), *at = text;
  size_t item_length = strlen(item), rest = strlen(end);
  assert_non_null(text);
  at += sprintf(at, "%s", start);
  while ((size_t)(at - text) + item_length + 1 + rest < length) {
    memcpy(at, item, item_length);
    at += item_length;
    *at++ = ',';
  }
  sprintf(at[-1] == ',' ? at - 1 : at, "%s", end);
  return text;
}

static imgact_status read_measured(int status, char *body) {
  close_scene(NULL);
  open_scene(NULL);
  s.result.keep_raw = true;
  ask(IMGACT_OP_LIST_IMAGES, NULL, NULL);
  assert_true(strlen(body) <= IA_JSON_MAX_BYTES);
  imgact_status result = read_status(status, body);
  free(body);
  if (s.memory.peak_bytes > peak_bytes) peak_bytes = s.memory.peak_bytes;
  return result;
}

// Each part of reading at its largest: values, copied text, raw JSON, redacted text, details.
TEST(reply_memory_is_bounded) {
  static const char values[] = "{\"images\":[{\"id\":1,\"x\":[",
                    name[] = "{\"images\":[{\"id\":1,\"name\":\"";
  char zeros[3001], image[3100];
  peak_bytes = 0;
  assert_int_equal(read_measured(200, filled(values, "0", "]}]}", (size_t)24 << 20)),
                   IMGACT_PROTOCOL);
  assert_non_null(strstr(s.error.message, "its values take more than 96 MiB"));
  (void)snprintf(zeros, sizeof zeros, "%03000d", 0);
  (void)snprintf(image, sizeof image, "{\"id\":1,\"name\":\"%s\"}", zeros);
  assert_int_equal(read_measured(200, filled(name, zeros, "\"}]}", IA_JSON_MAX_BYTES)), IMGACT_OK);
  assert_int_equal(read_measured(200, filled("{\"images\":[", image, "]}", IA_JSON_MAX_BYTES)),
                   IMGACT_PROTOCOL);
  assert_int_equal(read_measured(500, filled("{\"details\":[", image, "]}", IA_JSON_MAX_BYTES)),
                   IMGACT_UNAVAILABLE);
  assert_null(s.result.details);
  ia_redactor_init(&redactor, "0123456789", 10, NULL);
  memcpy(zeros + 1000, redactor.token, redactor.token_length);
  assert_int_equal(read_measured(200, filled(name, zeros, "\"}]}", IA_JSON_MAX_BYTES)), IMGACT_OK);
  (void)snprintf(image, sizeof image, "\"\\u0000%s\"", zeros);
  assert_int_equal(read_measured(200, filled(values, image, "]}]}", IA_JSON_MAX_BYTES)), IMGACT_OK);
  memset(&redactor, 0, sizeof redactor);
  print_message("# peak: %zu MiB\n", peak_bytes >> 20);
  assert_int_in_range(peak_bytes, 1, READING_MAX_BYTES);
}

// ---- errors

TEST(error_whitespace_message_is_none) {
  static const char *const texts[] = {"{\"message\":\"  \"}", "{\"message\":\"\"}",
                                      "{\"message\":\"\\r\\n\"}", "{}", ""};
  ask(IMGACT_OP_GET_IMAGE, "5", NULL);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_int_equal(read_status(404, texts[i]), IMGACT_NOT_FOUND);
    assert_string_equal(s.error.message, "HTTP 404");
  }
  assert_int_equal(read_status(404, "{\"message\":\" no \",\"details\":[1]}"), IMGACT_NOT_FOUND);
  assert_string_equal(s.error.message, " no ");
  assert_string_equal(s.result.details, "[1]");
}

// On one line, without what is no text, at most 200 characters.
TEST(error_without_json_quotes_body) {
  static const char accent[] = "\xc3\xa9";
  char many[603] = "", expected[600] = "HTTP 502: ";
  for (int i = 0; i < 300; i++) strcat(many, accent);
  for (int i = 0; i < 200; i++) strcat(expected, accent);
  const char *const cases[][2] = {{"<h1>Bad Gateway</h1>", "HTTP 502: <h1>Bad Gateway</h1>"},
                                  {"\r\n\t \x01 a\n\x7f  b\x02", "HTTP 502: a b "},
                                  {"\x01\x02", "HTTP 502"},
                                  {"\xff\xfe", "HTTP 502"},
                                  {"", "HTTP 502"},
                                  {many, expected}};
  ask(IMGACT_OP_GET_IMAGE, "5", NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(read_status(502, cases[i][0]), IMGACT_UNAVAILABLE);
    assert_string_equal(s.error.message, cases[i][1]);
  }
}

// Neither without an allocation nor after one is a part of the text shown.
TEST(error_without_memory_ends_cleanly) {
  static const char *const bodies[] = {"<h1>Bad Gateway</h1>",
                                       "{\"message\":\"m\",\"details\":[1,2]}"};
  for (size_t i = 0; i < 2; i++) {
    bool whole = false;
    for (size_t budget = 1; budget < 50 && !whole; budget++) {
      close_scene(NULL);
      open_scene(NULL);
      ask(IMGACT_OP_GET_IMAGE, "5", NULL);
      failing_allocator_init(&s.memory, budget);
      imgact_status status = read_status(502, bodies[i]);
      whole = s.memory.failures == 0;
      assert_true(status == IMGACT_UNAVAILABLE || (status == IMGACT_NOMEM && !whole));
      if (whole) assert_string_equal(s.error.message, i ? "m" : "HTTP 502: <h1>Bad Gateway</h1>");
    }
    assert_true(whole);
  }
}

TEST(failure_unknown_kind_is_internal) {
  const imgact_http_response later = {.size = sizeof later, .failure = (imgact_failure)99};
  ia_reply_failure(&redactor, &later, &s.error);
  assert_int_equal(s.error.status, IMGACT_INTERNAL);
  assert_string_equal(s.error.message, "no complete reply");
}

// A provider that lets an item without an id pass.
TEST(items_without_id_are_protocol) {
  ask(IMGACT_OP_GET_IMAGE, "5", NULL);
  assert_int_equal(read_body("{\"image\":{}}"), IMGACT_PROTOCOL);
  assert_string_equal(s.error.message,
                      "unexpected image without an id in the response, requested: 5");
  ask(IMGACT_OP_GET_ACTION, NULL, "7");
  assert_int_equal(read_body("{\"action\":{}}"), IMGACT_PROTOCOL);
  assert_string_equal(s.error.message,
                      "unexpected action without an id in the response, requested: 7");
  ask(IMGACT_OP_TRANSFER, "5", NULL);
  assert_int_equal(read_body("{\"action\":{\"resources\":[{\"id\":6,\"type\":\"image\"}]}}"),
                   IMGACT_PROTOCOL);
  assert_string_equal(
      s.error.message,
      "unexpected action without an id in the response: it does not belong to image 5");
}

TEST(reply_without_memory_ends_cleanly) {
  static const char body[] =
      "{\"images\":[{\"id\":5,\"name\":\"n\",\"regions\":[\"a\",\"b\"]}],\"page\":1}";
  ask(IMGACT_OP_LIST_IMAGES, NULL, NULL);
  bool whole = false;
  for (size_t budget = 1; budget < 100 && !whole; budget++) {
    close_scene(NULL);
    open_scene(NULL);
    ask(IMGACT_OP_LIST_IMAGES, NULL, NULL);
    failing_allocator_init(&s.memory, budget);
    whole = read_body(body) == IMGACT_OK;
    if (!whole) assert_int_equal(s.error.status, IMGACT_NOMEM);
  }
  assert_true(whole);
}

int main(void) {
  if (testing_under_valgrind())
    cmocka_set_skip_filter("reply_memory_is_bounded"); // there it takes minutes
  return testing_run(open_scene, close_scene);
}
