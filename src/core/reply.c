// SPDX-License-Identifier: MIT
/* From a response to results or an error: the body is parsed once, within limits, and redacted; the
 * provider decodes it. */
#include "reply.h"
#include "decode.h"
#include "error_fill.h"
#include "filter.h"
#include "operation.h"
#include "retry.h"
#include "str.h"
#include <string.h>

#define QUOTED_CHARACTERS 200

/* Text that is no JSON, for people: on one line, redacted, at most 200 characters. */
static void quote(const ia_reply_target *target, const char *body, size_t length,
                  imgact_error *error) {
  ia_buf text;
  length = ia_utf8_cut(body, length, 4096);
  ia_buf_init(&text, target->allocator, 3 * length + 64);
  ia_redact_text(target->redactor, &text, body, length);
  size_t characters = 0, used = 0;
  for (size_t i = 0; ia_buf_text(&text) && i < text.length; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c < 0x20 || c == 0x7f) c = ' ';
    if (c == ' ' && (!used || text.data[used - 1] == ' ')) continue;
    if ((c & 0xC0) != 0x80 && ++characters > QUOTED_CHARACTERS) break;
    text.data[used++] = (char)c;
  }
  if (used && ia_utf8_valid(text.data, used, false)) {
    char message[sizeof error->message];
    ia_str_copy(message, sizeof message, error->message);
    ia_error_text(error, "%s: %.*s", message, (int)used, text.data);
  }
  ia_buf_free(&text);
}

void ia_reply_failure(const ia_redactor *redactor, const imgact_http_response *http,
                      imgact_error *error) {
  static const imgact_status statuses[] = {IMGACT_INTERNAL, IMGACT_NETWORK,  IMGACT_NETWORK,
                                           IMGACT_TLS,      IMGACT_PROTOCOL, IMGACT_PROTOCOL,
                                           IMGACT_PROTOCOL, IMGACT_NOMEM};
  size_t n = (size_t)http->failure < sizeof statuses / sizeof *statuses ? (size_t)http->failure : 0;
  imgact_error_set(error, statuses[n], "%s",
                   http->message ? http->message : "no complete response");
  size_t length = strlen(error->message);
  ia_redact_in_place(redactor, error->message, length, sizeof error->message);
}

/* ---- items that were not requested ---- */

/* A reference in the form of an id must equal the image's id; any other must be its slug or name.
 */
static bool is_asked_image(const ia_reply_target *target, const imgact_image *image) {
  const char *asked = target->call->image_ref;
  if (!asked || ia_str_equal(image->id, asked)) return true;
  if (target->call->kind != IMGACT_OP_GET_IMAGE || target->provider->is_valid_id(asked))
    return false;
  return ia_str_equal_nocase(image->slug, asked) || ia_str_equal(image->name, asked);
}

static imgact_status check_image(const ia_reply_target *target, const imgact_image *image,
                                 imgact_error *error) {
  imgact_op_kind kind = target->call->kind;
  if (kind == IMGACT_OP_CREATE_IMAGE && image->created_from_id &&
      !ia_str_equal(image->created_from_id, target->call->server_id))
    return imgact_error_set(error, IMGACT_PROTOCOL,
                            "unexpected image %s in the response: it is not of server %s",
                            image->id ? image->id : "without an id", target->call->server_id);
  bool of_image =
      kind == IMGACT_OP_GET_IMAGE || (ia_changes_existing(kind) && kind != IMGACT_OP_DELETE_IMAGE);
  if (!of_image || is_asked_image(target, image)) return IMGACT_OK;
  return imgact_error_set(error, IMGACT_PROTOCOL,
                          "unexpected image %s in the response, requested: %s",
                          image->id ? image->id : "without an id", target->call->image_ref);
}

/* The path of a single action may answer for the actions of every image: only the resources of the
 * action name the image. */
static imgact_status check_single_action(const imgact_call *call, const char *asked,
                                         const imgact_action *action, imgact_error *error) {
  if (!ia_str_equal(action->id, asked))
    return imgact_error_set(error, IMGACT_PROTOCOL,
                            "unexpected action %s in the response, requested: %s",
                            action->id ? action->id : "without an id", asked);
  if (call->image_ref && ia_action_of_another_image(action, call->image_ref))
    return imgact_error_set(error, IMGACT_NOT_FOUND, "action %s does not belong to image %s", asked,
                            call->image_ref);
  return IMGACT_OK;
}

/* A slot may insist on an action that names the image. */
static imgact_status check_get_action(const ia_reply_target *target, const imgact_action *action,
                                      imgact_error *error) {
  const imgact_call *call = target->call;
  bool insists = call->image_ref && (target->slot->flags & IMGACT_SLOT_ACTION_OF_IMAGE) &&
                 ia_str_equal(action->id, call->action_id);
  if (insists && !ia_action_of_image(action, call->image_ref))
    return imgact_error_set(error, IMGACT_NOT_FOUND, "action %s is not one of image %s",
                            call->action_id, call->image_ref);
  return check_single_action(call, call->action_id, action, error);
}

/* An action of another image cannot be the result of this mutation; a lookup finds the right one. A
 * list that contains it belongs to the other image. */
static imgact_status check_action_of_image(const imgact_call *call, const imgact_action *action,
                                           imgact_error *error) {
  if (call->server_id && ia_action_of_another_server(action, call->server_id))
    return imgact_error_set(error, IMGACT_PROTOCOL,
                            "unexpected action %s in the response: it does not belong to server %s",
                            action->id ? action->id : "without an id", call->server_id);
  if (!call->image_ref || !ia_action_of_another_image(action, call->image_ref)) return IMGACT_OK;
  return imgact_error_set(error, IMGACT_PROTOCOL,
                          "unexpected action %s in the response: it does not belong to image %s",
                          action->id ? action->id : "without an id", call->image_ref);
}

/* Every action must be of the requested image, unless the library filters by image. */
static imgact_status check_listed_action(const ia_reply_target *target, const imgact_action *action,
                                         imgact_error *error) {
  bool chosen_here = ((target->slot->local_filters | target->local_filters) &
                      IMGACT_FILTER_BIT(ACTION_IMAGE)) != 0;
  return chosen_here ? IMGACT_OK : check_action_of_image(target->call, action, error);
}

/* The poller matches the actions of a batch by their ids; a response to a single id must have that
 * id. */
static imgact_status check_action(const ia_reply_target *target, const imgact_action *action,
                                  imgact_error *error) {
  const imgact_call *call = target->call;
  switch (call->kind) {
  case IMGACT_OP_GET_ACTION: return check_get_action(target, action, error);
  case IMGACT_OP_WAIT_ACTIONS:
    if (target->slot->max_ids > 1) return IMGACT_OK;
    return check_single_action(call, call->action_ids[0], action, error);
  case IMGACT_OP_LIST_ACTIONS:
  case IMGACT_OP_LIST_SERVER_ACTIONS: return check_listed_action(target, action, error);
  default:
    return (target->slot->flags & IMGACT_SLOT_CREATES_ACTION) ||
                   ia_operations[call->kind].action != IMGACT_ACTION_KIND_OTHER
               ? check_action_of_image(call, action, error)
               : IMGACT_OK;
  }
}

/* The items from these counts on came with this response. */
static imgact_status check_items(const ia_reply_target *target, size_t images, size_t actions,
                                 imgact_error *error) {
  const imgact_result *result = target->result;
  imgact_status status = IMGACT_OK;
  for (size_t i = images; i < result->images_count && status == IMGACT_OK; i++)
    status = check_image(target, result->images[i], error);
  for (size_t i = actions; i < result->actions_count && status == IMGACT_OK; i++)
    status = check_action(target, result->actions[i], error);
  return status;
}

/* The end of a list is trusted unless the page itself says that there are further pages. */
static imgact_status check_last_page(const ia_reply_target *target, imgact_error *error) {
  const imgact_result *result = target->result;
  bool lists = ia_lists(target->call->kind);
  int64_t page = result->page.page > 0 ? result->page.page : target->call->page;
  if (!lists || result->has_next || result->page.last <= page) return IMGACT_OK;
  return imgact_error_set(error, IMGACT_INCOMPLETE,
                          "page %lld names no next page, but page %lld as the last one",
                          (long long)page, (long long)result->page.last);
}

/* ---- results ---- */

/* Checks that apply to every provider. */
static imgact_status check_result(const ia_reply_target *target, size_t images, size_t actions,
                                  imgact_error *error) {
  bool acts = (target->slot->flags & IMGACT_SLOT_CREATES_ACTION) != 0;
  if (acts && target->result->actions_count == actions)
    return imgact_error_set(error, IMGACT_PROTOCOL, "missing action in the response");
  bool makes_image = (target->slot->flags & IMGACT_SLOT_CREATES_IMAGE) != 0;
  if (makes_image && target->result->images_count != images + 1)
    return imgact_error_set(error, IMGACT_PROTOCOL, "missing image in the response");
  if (target->call->kind == IMGACT_OP_CREATE_HANDOVER && !target->result->value)
    return imgact_error_set(error, IMGACT_PROTOCOL, "missing id of the offer in the response");
  imgact_status status = check_items(target, images, actions, error);
  return status == IMGACT_OK ? check_last_page(target, error) : status;
}

static void take_result(const ia_reply_target *target, const imgact_response *response,
                        imgact_error *error) {
  imgact_result *result = target->result;
  size_t images = result->images_count, actions = result->actions_count,
         regions = result->regions_count;
  imgact_status status =
      ia_decode(target->provider, target->slot, target->call, response, result, error);
  if (result->excess)
    status =
        imgact_error_set(error, IMGACT_PROTOCOL, "the response holds more than %s", result->excess);
  else if (result->nomem)
    status = ia_no_memory(error);
  else if (status == IMGACT_OK)
    status = check_result(target, images, actions, error);
  error->status = status;
  if (status == IMGACT_OK) return;
  error->http_status = response->http->status;
  result->images_count = images; /* drop partial results */
  result->actions_count = actions;
  result->regions_count = regions;
}

static bool is_whitespace(const char *text, size_t length) {
  while (length && strchr(" \t\r\n", text[length - 1]) && text[length - 1]) length--;
  return length == 0;
}

/* The provider decodes the error. If its message is whitespace, the text made from the HTTP status
 * remains. */
static void take_error(const ia_reply_target *target, const imgact_response *response,
                       imgact_error *error) {
  char message[sizeof error->message];
  ia_str_copy(message, sizeof message, error->message);
  ia_decode_error(target->provider, target->call, response, target->result, error);
  if (is_whitespace(error->message, strlen(error->message)))
    ia_str_copy(error->message, sizeof error->message, message);
  if (target->result->nomem) ia_no_memory(error);
  error->http_status = response->http->status;
}

static void take_json(const ia_reply_target *target, const imgact_http_response *http,
                      ia_json_status parsed, const char *what, const imgact_response *response,
                      imgact_error *error) {
  bool success = http->status >= 200 && http->status < 300;
  if (parsed == IA_JSON_NOMEM) {
    ia_no_memory(error);
    error->http_status =
        http->status; /* whether a mutation was applied follows from it all the same */
  } else if (success && parsed == IA_JSON_OK) {
    take_result(target, response, error);
  } else if (success) {
    imgact_error_set(error, IMGACT_PROTOCOL, "cannot read the JSON of the response (%s)", what);
    error->http_status = http->status;
    quote(target, http->body, http->body_bytes, error);
  } else {
    ia_error_from_http(error, http->status);
    if (parsed != IA_JSON_OK) quote(target, http->body, http->body_bytes, error);
    take_error(target, response, error);
  }
}

void ia_reply_read(const ia_reply_target *target, const imgact_http_response *http,
                   int64_t server_ms, imgact_rate_limit_info *rate, imgact_error *error) {
  imgact_json_doc *doc = NULL;
  char what[160] = "";
  ia_json_status parsed = IA_JSON_OK;
  ia_redactor redactor = {0};
  if (target->redactor) redactor = *target->redactor;
  redactor.also_encoded =
      http->status / 100 != 2; /* an error may echo the request, in whatever form */
  if (!is_whitespace(http->body, http->body_bytes))
    parsed = ia_json_parse(http->body, http->body_bytes, target->allocator, &redactor, &doc, what,
                           sizeof what);
  imgact_response response = {http, imgact_json_doc_root(doc), target->redactor, target->scratch};
  ia_intern intern = {0};
  ia_result_begin_reply(target->result);
  target->result->intern = &intern;
  target->result->redactor = target->redactor;
  ia_decode_rate_limit(target->provider, &response, rate);
  rate->rate_limit.retry_after_ms =
      ia_retry_after_ms(ia_header(http->headers, http->headers_count, "retry-after"), server_ms);
  take_json(target, http, parsed, what, &response, error);
  target->result->redactor = NULL;
  target->result->intern = NULL;
  imgact_json_doc_free(doc);
  if (error->status == IMGACT_OK) return;
  ia_str_copy(error->provider, sizeof error->provider, target->provider->name);
  error->retry_after_ms = rate->rate_limit.retry_after_ms;
}
