// SPDX-License-Identifier: MIT
// Items, pagination and error details of a result, copies of actions, failed allocations.
#include "request.h"
#include "result_fixture.h"

#include <math.h>

TEST(result_added_details_form_object) {
  imgact_result_add_error_detail(&s.result, "a", json("[1]"));
  assert_string_equal(s.result.details, "{\"a\":[1]}");
  imgact_result_add_error_detail(&s.result, "b", json("null"));
  imgact_result_add_error_detail(&s.result, "c", json("{\"d\":\"}\"}"));
  assert_string_equal(s.result.details, "{\"a\":[1],\"c\":{\"d\":\"}\"}}");
  imgact_result_set_error_details(&s.result, json("{ }"));
  imgact_result_add_error_detail(&s.result, "a", json("1"));
  assert_string_equal(s.result.details, "{\"a\":1}");
  imgact_result_set_error_details(&s.result, json("[1]"));
  imgact_result_add_error_detail(&s.result, "a", json("2"));
  assert_string_equal(s.result.details, "{\"a\":2}");
}

TEST(result_query_value_is_decoded) {
  static const struct {
    const char *url, *key, *value;
  } cases[] = {
      {"https://h/p?page=2", "page", "2"},
      {"https://h/p?a=b&page=2&c=d", "page", "2"},
      {"https://h/p?page=2&page=3", "page", "2"},
      {"https://h/p?xpage=1&page=2", "page", "2"},
      {"https://h/p?pagex=1&page=2", "page", "2"},
      {"https://h/p?page&page=2", "page", "2"},
      {"https://h/p?&&page=2&&", "page", "2"},
      {"https://h/p?page=a%20b+c%2B", "page", "a b c+"},
      {"https://h/p?page=%zz%4", "page", "%zz%4"},
      {"https://h/p?page=", "page", ""},
      {"https://h/p?page=2#page=3", "page", "2"},
      {"?page=2", "page", "2"},
      {"https://h/p?a=1#&page=3", "page", NULL},
      {"https://h/p#?page=3", "page", NULL},
      {"https://h/p?", "page", NULL},
      {"https://h/p", "page", NULL},
      {"https://h/page=2", "page", NULL},
      {"", "page", NULL},
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *value = imgact_result_query_value(&s.result, cases[i].url, cases[i].key);
    if (!(cases[i].value == NULL ? value == NULL
                                 : value != NULL && strcmp(value, cases[i].value) == 0))
      fail_msg("%s: %s", cases[i].url, value == NULL ? "nothing" : value);
  }
  assert_null(imgact_result_query_value(&s.result, NULL, "page"));
  static char huge[70000] = "https://h/p?page=";
  memset(huge + strlen(huge), 'x', sizeof huge - 1 - strlen(huge));
  assert_null(imgact_result_query_value(&s.result, huge, "page")); // too long for a page cursor
  assert_false(s.result.nomem);
}

// ---- items

TEST(result_new_item_is_unknown) {
  const imgact_image *image = imgact_result_add_image(&s.result, NULL);
  const imgact_action *action = imgact_result_add_action(&s.result, NULL);
  assert_string_equal(image->provider, "example");
  assert_true(image->id == NULL && image->regions == NULL && image->labels == NULL &&
              image->tags == NULL);
  assert_true(isnan(image->size_gb) && isnan(image->min_disk_gb));
  assert_true(image->created_at == IMGACT_NO_TIME && image->deprecated_at == IMGACT_NO_TIME);
  assert_true(image->deleted_at == IMGACT_NO_TIME);
  assert_int_equal(image->is_public, IMGACT_TRISTATE_UNKNOWN);
  assert_int_equal(image->is_protected, IMGACT_TRISTATE_UNKNOWN);
  assert_int_equal(image->type, IMGACT_IMAGE_TYPE_UNKNOWN);
  assert_int_equal(image->status, IMGACT_IMAGE_STATUS_UNKNOWN);
  assert_string_equal(action->provider, "example");
  assert_true(action->started_at == IMGACT_NO_TIME && action->finished_at == IMGACT_NO_TIME);
  assert_int_equal(action->progress, -1);
  assert_int_equal(action->status, IMGACT_ACTION_STATUS_UNKNOWN);
  assert_int_equal(s.result.images_count, 1);
  assert_int_equal(s.result.actions_count, 1);
}

TEST(result_items_keep_their_address) {
  imgact_image *images[1000];
  imgact_action *actions[1000];
  for (size_t i = 0; i < 1000; i++) {
    images[i] = imgact_result_add_image(&s.result, NULL);
    actions[i] = imgact_result_add_action(&s.result, NULL);
    images[i]->created_at = actions[i]->started_at = (int64_t)i;
  }
  assert_int_equal(s.result.images_count, 1000);
  assert_int_equal(s.result.actions_count, 1000);
  for (size_t i = 0; i < 1000; i++) {
    assert_ptr_equal(s.result.images[i], images[i]);
    assert_ptr_equal(s.result.actions[i], actions[i]);
    assert_true(images[i]->created_at == (int64_t)i && actions[i]->started_at == (int64_t)i);
  }
}

TEST(result_raw_kept_on_request) {
  const imgact_json *object = json("{ \"id\" : 1, \"odd\" : [ 1.50, null ] }");
  assert_null(imgact_image_raw(imgact_result_add_image(&s.result, object)));
  s.result.keep_raw = true;
  assert_string_equal(imgact_image_raw(imgact_result_add_image(&s.result, object)),
                      "{\"id\":1,\"odd\":[1.50,null]}");
  assert_string_equal(imgact_action_raw(imgact_result_add_action(&s.result, object)),
                      "{\"id\":1,\"odd\":[1.50,null]}");
  assert_null(imgact_action_raw(imgact_result_add_action(&s.result, NULL)));
}

TEST(result_next_page_clears_pagination) {
  const imgact_pagination pagination = {1, 50, 0, 2, 9, 450};
  imgact_result_set_pagination(&s.result, &pagination);
  imgact_result_set_next_page(&s.result, 2, "token", NULL);
  imgact_result_set_error_details(&s.result, json("{\"a\":1}"));
  imgact_result_add_image(&s.result, NULL);
  assert_true(s.result.has_next && s.result.next_page == 2 && s.result.next_query == NULL);
  assert_string_equal(s.result.next_token, "token");
  assert_string_equal(s.result.details, "{\"a\":1}");
  assert_int_equal(s.result.page.total, 450);
  ia_result_next_page(&s.result);
  assert_false(s.result.has_next);
  assert_true(s.result.next_page == 0 && s.result.next_token == NULL &&
              s.result.next_query == NULL);
  assert_true(s.result.page.page == -1 && s.result.page.per_page == -1 &&
              s.result.page.previous == -1);
  assert_true(s.result.page.next == -1 && s.result.page.last == -1 && s.result.page.total == -1);
  assert_int_equal(s.result.images_count, 1);
  s.result.nomem = true;
  imgact_result_set_next_page(&s.result, 3, NULL, "q=1");
  ia_result_reset(&s.result);
  assert_false(s.result.has_next || s.result.nomem);
  assert_true(s.result.images_count == 0 && s.result.details == NULL &&
              s.result.next_query == NULL);
}

TEST(result_null_details_are_none) {
  imgact_result_set_error_details(&s.result, NULL);
  assert_null(s.result.details);
  imgact_result_set_error_details(&s.result, json("null"));
  assert_null(s.result.details);
  imgact_result_set_error_details(&s.result, json("[ ]"));
  assert_string_equal(s.result.details, "[]");
}

// ---- lists and objects of a response

static int add_with_id(const imgact_call *call, imgact_result *result, const imgact_json *object) {
  (void)call;
  const char *id = imgact_decode_id(result, imgact_json_get(object, "id"));
  if (id == NULL) return 0;
  imgact_result_add_image(result, object)->id = id;
  return 1;
}

static imgact_status add_each(const char *text, imgact_error *error) {
  const imgact_response response = {.json = text == NULL ? NULL : json(text)};
  const imgact_call call = {.size = sizeof call};
  ia_result_reset(&s.result);
  return imgact_result_add_list(&s.result, &call, &response, "images", add_with_id, error);
}

static imgact_status add_one(const char *text, const char *key, imgact_error *error) {
  const imgact_response response = {.json = text == NULL ? NULL : json(text)};
  const imgact_call call = {.size = sizeof call};
  ia_result_reset(&s.result);
  return imgact_result_add_object(&s.result, &call, &response, key, add_with_id, error);
}

TEST(result_add_list_invalid_is_protocol) {
  imgact_error error;
  assert_int_equal(add_each("{\"images\":[]}", &error), IMGACT_OK);
  assert_int_equal(s.result.images_count, 0);
  assert_int_equal(add_each("{\"images\":[{\"id\":1},{\"id\":\"b\"}]}", &error), IMGACT_OK);
  assert_int_equal(s.result.images_count, 2);
  assert_string_equal(s.result.images[1]->id, "b");
  static const char *const lists[] = {"{}", "{\"images\":null}", "{\"images\":{}}", "[]", "null",
                                      NULL};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    assert_int_equal(add_each(lists[i], &error), IMGACT_PROTOCOL);
    assert_string_equal(error.message, "missing array 'images' in the response");
  }
  assert_int_equal(add_each("{\"images\":[{\"id\":1},{}]}", &error), IMGACT_PROTOCOL);
  assert_string_equal(error.message, "missing or invalid id in images[1] of the response");
}

TEST(result_add_object_invalid_is_protocol) {
  imgact_error error;
  assert_int_equal(add_one("{\"image\":{\"id\":1}}", "image", &error), IMGACT_OK);
  assert_string_equal(s.result.images[0]->id, "1");
  assert_int_equal(add_one("{\"id\":2}", NULL, &error), IMGACT_OK);
  assert_string_equal(s.result.images[0]->id, "2");
  static const char *const without[] = {"{}", "{\"image\":null}", "{\"image\":{\"id\":-1}}", "[]",
                                        NULL};
  for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
    assert_int_equal(add_one(without[i], "image", &error), IMGACT_PROTOCOL);
    assert_string_equal(error.message, "missing 'image' with a valid id in the response");
    assert_int_equal(add_one(without[i], NULL, &error), IMGACT_PROTOCOL);
    assert_string_equal(error.message, "missing or invalid id in the response");
  }
}

// ---- copies

static const imgact_resource resources[] = {{"4711", "image"}, {NULL, "server"}, {"3", NULL}};
static const ia_action whole = {.shown = {.provider = "example",
                                          .id = "1",
                                          .command = "transfer",
                                          .provider_status = "errored",
                                          .region = "nyc3",
                                          .error_code = "code",
                                          .error_message = "message",
                                          .resources = resources,
                                          .resources_count = 3,
                                          .started_at = 5,
                                          .finished_at = 6,
                                          .progress = 7,
                                          .kind = IMGACT_ACTION_KIND_TRANSFER,
                                          .status = IMGACT_ACTION_STATUS_ERROR},
                                .raw = "{\"id\":1}"};

static void check_copy(const imgact_action *copy) {
  const imgact_action *from = &whole.shown;
  const char *const texts[][2] = {{copy->id, from->id},
                                  {copy->command, from->command},
                                  {copy->provider_status, from->provider_status},
                                  {copy->region, from->region},
                                  {copy->error_code, from->error_code},
                                  {copy->error_message, from->error_message},
                                  {imgact_action_raw(copy), whole.raw},
                                  {copy->resources[0].id, resources[0].id},
                                  {copy->resources[0].type, resources[0].type},
                                  {copy->resources[1].type, resources[1].type},
                                  {copy->resources[2].id, resources[2].id}};

  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_string_equal(texts[i][0], texts[i][1]);
    assert_ptr_not_equal(texts[i][0], texts[i][1]);
  }
  assert_null(copy->resources[1].id);
  assert_null(copy->resources[2].type);
  assert_int_equal(copy->resources_count, 3);
  assert_ptr_not_equal(copy->resources, resources);
  assert_true(copy->started_at == 5 && copy->finished_at == 6 && copy->progress == 7);
  assert_true(copy->kind == IMGACT_ACTION_KIND_TRANSFER &&
              copy->status == IMGACT_ACTION_STATUS_ERROR);
}

TEST(result_append_action_copies_deeply) {
  assert_true(ia_result_append_action(&s.result, &whole.shown));
  assert_true(ia_result_append_action(&s.result, &whole.shown));
  assert_int_equal(s.result.actions_count, 2);
  check_copy(s.result.actions[0]);
  check_copy(s.result.actions[1]);
  assert_true(ia_result_set_action(&s.result, s.result.actions[1]));
  assert_int_equal(s.result.actions_count, 1);
  check_copy(s.result.actions[0]);
  const ia_action bare = {.raw = NULL};
  assert_true(ia_result_set_action(&s.result, &bare.shown));
  const imgact_action *copy = s.result.actions[0];
  assert_true(copy->id == NULL && copy->resources == NULL && imgact_action_raw(copy) == NULL);
}

TEST(result_append_action_without_memory_fails) {
  bool more = true, failed = false;
  for (size_t k = 1; more; k++) {
    failing_allocator memory;
    imgact_result result;
    failing_allocator_init(&memory, k);
    ia_result_init(&result, &memory.allocator, "example", false);
    static char text[4096]; // each copy needs a separate block
    memset(text, 'x', sizeof text - 1);
    ia_action large = whole;
    const char **const texts[] = {
        &large.shown.id,     &large.shown.command,    &large.shown.provider_status,
        &large.shown.region, &large.shown.error_code, &large.shown.error_message,
        &large.raw};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = text;
    const imgact_resource large_resources[300] = {{text, text}, {text, text}};
    large.shown.resources = large_resources;
    large.shown.resources_count = 300;
    bool ok = ia_result_append_action(&result, &large.shown);
    assert_int_equal(result.actions_count, ok);
    if (ok) assert_string_equal(result.actions[0]->resources[1].type, text);
    more = memory.failures > 0;
    assert_int_equal(ok, !more);
    failed = failed || more;
    ia_result_free(&result);
    assert_memory_fine(&memory);
  }
  assert_true(failed);
}

// ---- failed allocations

#define LARGE "0123456789012345678901234567890123456789012345678901234567890123"

static bool fill_everything(imgact_result *result, const imgact_json *object) {
  bool complete = true;
  for (int i = 0; i < 9; i++) {
    imgact_image *image = imgact_result_add_image(result, object);
    image->id = imgact_decode_id(result, imgact_json_get(object, "id"));
    image->name = imgact_decode_nonempty_string(result, imgact_json_get(object, "name"));
    image->size_gb_text = imgact_decode_number_text(result, imgact_json_get(object, "size"));
    image->regions =
        imgact_decode_strings(result, imgact_json_get(object, "regions"), &image->regions_count);
    image->labels =
        imgact_decode_labels(result, imgact_json_get(object, "labels"), &image->labels_count);
    assert_non_null(image->regions); // not NULL, even if empty for lack of memory
    assert_non_null(image->labels);
    for (size_t n = 0; n < image->regions_count; n++) assert_non_null(image->regions[n]);
    for (size_t n = 0; n < image->labels_count; n++)
      assert_true(image->labels[n].key && image->labels[n].value);
    imgact_action *action = imgact_result_add_action(result, object);
    imgact_resource *list = imgact_result_alloc_resources(result, 40);
    if (list != NULL) list[39].id = imgact_result_strdup(result, LARGE);
    action->resources = list;
    complete = complete && image->id && image->name && image->size_gb_text &&
               image->regions_count == 2 && image->labels_count == 2 && list && list[39].id &&
               imgact_image_raw(image) && imgact_action_raw(action);
  }
  imgact_result_set_next_page(result, 2, LARGE, LARGE);
  const char *value = imgact_result_query_value(result, "?a=" LARGE, "a");
  imgact_result_set_error_details(result, imgact_json_get(object, "labels"));
  imgact_result_add_error_detail(result, "more", imgact_json_get(object, "labels"));

  return complete && result->next_token && result->next_query && value && result->details;
}

TEST(result_without_memory_stays_nomem) {
  bool more = true;
  size_t failures = 0;
  const imgact_json *object =
      json("{\"id\":12345678901234567,\"name\":\"" LARGE LARGE LARGE LARGE "\",\"size\":2.5,"
           "\"regions\":[\"" LARGE LARGE "\",\"b\"],\"labels\":{\"" LARGE LARGE "\":\"" LARGE LARGE
           "\",\"c\":\"d\"}}");

  for (size_t k = 1; more; k++) {
    failing_allocator memory;
    imgact_result result;
    failing_allocator_init(&memory, k);
    ia_result_init(&result, &memory.allocator, "example", true);
    bool all = fill_everything(&result, object);
    more = memory.failures > 0;
    failures += more;
    if (result.nomem != more)
      fail_msg("allocation %zu: %s", k, more ? "no failure reported" : "there was memory");
    if (!more) assert_true(all && result.images_count == 9 && result.actions_count == 9);
    assert_true(result.images_count <= 9 && result.actions_count <= 9);
    ia_result_free(&result);
    assert_memory_fine(&memory);
  }
  assert_true(failures > 20);
}

TEST(result_without_memory_items_are_writable) {
  failing_allocator memory;
  imgact_result result;
  failing_allocator_init(&memory, 1);

  memory.for_good = true;
  ia_result_init(&result, &memory.allocator, "example", true);
  imgact_image *image = imgact_result_add_image(&result, NULL);
  image->id = "1";
  assert_ptr_equal(imgact_result_add_image(&result, NULL), image);
  assert_null(image->id); // unknown again
  imgact_action *action = imgact_result_add_action(&result, NULL);
  action->id = "1";
  assert_true(result.nomem);
  assert_int_equal(result.images_count + result.actions_count, 0);
  assert_false(ia_result_append_action(&result, &whole.shown));
  size_t count = 9;
  result.nomem = false;
  assert_non_null(imgact_decode_strings(&result, json("[\"a\"]"), &count));
  assert_true(result.nomem && count == 0);
  result.nomem = false;
  count = 9;
  assert_non_null(imgact_decode_labels(&result, json("{\"a\":\"b\"}"), &count));
  assert_true(result.nomem && count == 0);
  result.nomem = false;
  assert_null(imgact_result_alloc_resources(&result, 1));
  assert_true(result.nomem);

  ia_result_free(&result);
  assert_memory_fine(&memory);
}

int main(void) { return testing_run(open_fixture, close_fixture); }
