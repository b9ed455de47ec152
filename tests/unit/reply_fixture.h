/* SPDX-License-Identifier: MIT */
/* Responses of a provider that decodes little, read as the library reads them. */
#ifndef REPLY_FIXTURE_H
#define REPLY_FIXTURE_H

#include "failing_allocator.h"
#include "reply.h"
#include "testing.h"

// ---- a provider: {"image":{}}, {"images":[]}, {"action":{}}, {"actions":[]}, with "page" and
// "last" of a page

static inline int is_valid_id(const char *text) { return text[strspn(text, "0123456789")] == '\0'; }

static inline int add_image(const imgact_call *call, imgact_result *result,
                            const imgact_json *object) {
  (void)call;
  imgact_image *image = imgact_result_add_image(result, object);
  image->id = imgact_decode_id(result, imgact_json_get(object, "id"));
  image->name = imgact_decode_string(result, imgact_json_get(object, "name"));
  image->slug = imgact_decode_string(result, imgact_json_get(object, "slug"));
  image->regions =
      imgact_decode_strings(result, imgact_json_get(object, "regions"), &image->regions_count);
  return image->id != NULL;
}

static inline int add_action(const imgact_call *call, imgact_result *result,
                             const imgact_json *object) {
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

static inline imgact_status decode(const imgact_call *call, const imgact_response *response,
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

// Copies texts without a check, as a careless provider does.
static inline void decode_error(const imgact_call *call, const imgact_response *response,
                                imgact_result *result, imgact_error *error) {
  (void)call;
  const imgact_json *body = imgact_response_json(response);
  const char *text = imgact_json_as_string(imgact_json_get(body, "message"), NULL);
  if (text) snprintf(error->message, sizeof error->message, "%s", text);
  imgact_result_set_error_details(result, imgact_json_get(body, "details"));
}

static const imgact_provider provider = {.size = sizeof provider,
                                         .name = "example",
                                         .is_valid_id = is_valid_id,
                                         .decode_error = decode_error};

// ---- a response

typedef struct reply_fixture {
  failing_allocator memory;
  imgact_result result;
  ia_arena scratch;
  imgact_call call;
  imgact_slot slot;
  uint32_t local_filters;
  imgact_error error;
} reply_fixture;

static reply_fixture s;
static ia_redactor redactor; // without a token, unless a test sets one

static inline int open_fixture(void **state) {
  (void)state;
  memset(&s, 0, sizeof s);
  failing_allocator_init(&s.memory, 0);
  ia_result_init(&s.result, &s.memory.allocator, "example", false);
  ia_arena_init(&s.scratch, &s.memory.allocator);
  s.slot.decode = decode;
  return 0;
}

static inline int close_fixture(void **state) {
  (void)state;
  ia_result_free(&s.result);
  ia_arena_free(&s.scratch);
  assert_memory_fine(&s.memory);
  return 0;
}

static inline imgact_status read_status(int status, const char *body) {
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

static inline imgact_status read_body(const char *body) { return read_status(200, body); }

static inline void ask(imgact_op_kind kind, const char *image, const char *action) {
  s.call =
      (imgact_call){.size = sizeof s.call, .kind = kind, .image_ref = image, .action_id = action};
}

#endif
