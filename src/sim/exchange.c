// SPDX-License-Identifier: MIT
/*
 * Takes a request apart, lets the cloud's handler answer, and sees that every reply has a status, a
 * Date by the world's time and no half-written body. A target is at most 8 KiB, as front ends have
 * it.
 */
#include "exchange.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TARGET 8192

void sim_reply_free(sim_reply *reply) {
  free(reply->body);
  for (size_t i = 0; i < reply->headers_count; i++) free(reply->headers[i].value);
  *reply = (sim_reply){0};
}

const char *sim_reply_get(const sim_reply *reply, const char *name) {
  for (size_t i = 0; i < reply->headers_count; i++)
    if (!strcasecmp(reply->headers[i].name, name)) return reply->headers[i].value;
  return NULL;
}

void sim_reply_header(sim_reply *reply, const char *name, const char *value) {
  char *copy = sim_copy(value);
  if (!copy) return;
  for (size_t i = 0; i < reply->headers_count; i++)
    if (!strcasecmp(reply->headers[i].name, name)) {
      free(reply->headers[i].value);
      reply->headers[i].value = copy;
      return;
    }
  if (reply->headers_count < SIM_MAX_HEADERS)
    reply->headers[reply->headers_count++] = (sim_header){name, copy};
  else
    free(copy);
}

void sim_reply_header_int(sim_reply *reply, const char *name, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  sim_reply_header(reply, name, text);
}

void sim_reply_body(sim_reply *reply, char *body, size_t length) {
  free(reply->body);
  reply->body = body;
  reply->body_bytes = body ? length : 0;
}

/* ---- the request ---- */

bool sim_controls(const char *target) { return !strncmp(target, "/_sim/", 6); }

static void split_path(sim_exchange *call, char *path) {
  char *rest = NULL;
  for (char *segment = strtok_r(path, "/", &rest); segment; segment = strtok_r(NULL, "/", &rest)) {
    if (call->segments_count > SIM_MAX_SEGMENTS) return;
    sim_decode(segment);
    if (call->segments_count < SIM_MAX_SEGMENTS) call->segments[call->segments_count] = segment;
    call->segments_count++;
  }
}

static bool split_query(sim_exchange *call, char *query) {
  char *rest = NULL;
  call->parameters = calloc(SIM_MAX_PARAMETERS, sizeof *call->parameters);
  if (!call->parameters) return false;
  for (char *pair = strtok_r(query, "&", &rest); pair; pair = strtok_r(NULL, "&", &rest)) {
    if (call->parameters_count == SIM_MAX_PARAMETERS) {
      call->malformed = true;
      break;
    }
    char *value = strchr(pair, '=');
    if (value) *value++ = 0;
    sim_parameter *parameter = &call->parameters[call->parameters_count++];
    *parameter = (sim_parameter){pair, value ? value : pair + strlen(pair)};
    size_t name_length = sim_decode(parameter->name), value_length = value ? sim_decode(value) : 0;
    if (!sim_utf8(parameter->name, name_length) || !sim_utf8(parameter->value, value_length))
      call->malformed = true;
  }
  return true;
}

bool sim_exchange_open(sim_exchange *call) {
  const char *target = call->request->target;
  if (strnlen(target, MAX_TARGET + 1) > MAX_TARGET) target = "/";
  call->store = sim_copy(target);
  if (!call->store) return false;
  char *fragment = strchr(call->store, '#');
  if (fragment) *fragment = 0;
  char *query = strchr(call->store, '?');
  if (query) *query++ = 0;
  split_path(call, call->store);
  return !query || split_query(call, query);
}

void sim_exchange_close(sim_exchange *call) {
  imgact_json_doc_free(call->document);
  imgact_json_writer_free(call->out);
  free(call->parameters);
  free(call->store);
}

const char *sim_parameter_next(const sim_exchange *call, const char *name, size_t *at) {
  while (*at < call->parameters_count) {
    const sim_parameter *parameter = &call->parameters[(*at)++];
    if (!strcmp(parameter->name, name)) return parameter->value;
  }
  return NULL;
}

const char *sim_parameter_of(const sim_exchange *call, const char *name) {
  size_t at = 0;
  return sim_parameter_next(call, name, &at);
}

bool sim_parameter_page(const sim_exchange *call, const char *name, int64_t otherwise,
                        int64_t *out) {
  const char *value = sim_parameter_of(call, name);
  *out = otherwise;
  return !value || (sim_parse_id(value, out) && *out >= 1);
}

bool sim_parameter_allows(const sim_exchange *call, const char *name, const char *value) {
  size_t at = 0;
  const char *wanted = sim_parameter_next(call, name, &at);
  if (!wanted) return true;
  for (; wanted; wanted = sim_parameter_next(call, name, &at))
    if (value && !strcmp(wanted, value)) return true;
  return false;
}

int sim_exchange_parse(sim_exchange *call) {
  const sim_request *request = call->request;
  if (!request->body_bytes) return -1;
  int result =
      imgact_json_doc_parse(request->body, request->body_bytes, NULL, &call->document, NULL, 0);
  if (result) return result;
  call->body = imgact_json_doc_root(call->document);
  return imgact_json_get_type(call->body) == IMGACT_JSON_OBJECT ? 0 : -1;
}

/* ---- the reply ---- */

void sim_exchange_finish(sim_exchange *call, int status) {
  size_t length = 0;
  const char *text = imgact_json_writer_finish(call->out, &length);
  char *body = text && length ? sim_copy_n(text, length) : NULL;
  if (status != 204 && !body) status = 500;
  call->reply->status = status;
  sim_reply_body(call->reply, status == 204 ? NULL : body, length);
  if (status == 204)
    free(body);
  else if (!sim_reply_get(call->reply, "Content-Type"))
    sim_reply_header(call->reply, "Content-Type",
                     call->cloud == SIM_HETZNER ? "application/json"
                                                : "application/json; charset=utf-8");
}

sim_page sim_page_of(int64_t page, int64_t per_page, size_t total) {
  sim_page shown_page = {.page = page, .per_page = per_page, .total = total};
  size_t size = (size_t)per_page;
  shown_page.last = total ? (int64_t)((total - 1) / size) + 1 : 1;
  shown_page.first = page <= shown_page.last ? (size_t)(page - 1) * size : total;
  shown_page.end = total - shown_page.first > size ? shown_page.first + size : total;
  return shown_page;
}

void **sim_images_filter(sim_exchange *call,
                         bool (*fits)(const sim_exchange *call, const sim_image *image),
                         size_t *count) {
  void **list = sim_scratch(call->world, call->side->images_count);
  *count = 0;
  for (size_t i = 0; list && i < call->side->images_count; i++)
    if (fits(call, call->side->images[i])) list[(*count)++] = call->side->images[i];
  return list;
}

bool sim_action_visible(const sim_exchange *call, const sim_action *action) {
  return action->visible_ms <= call->now_ms;
}

void sim_write_image(sim_exchange *call, const sim_image *image) {
  if (call->cloud == SIM_HETZNER)
    sim_hetzner_image(call, image);
  else
    sim_digitalocean_image(call, image, false);
}

void sim_write_action(sim_exchange *call, const sim_action *action) {
  if (call->cloud == SIM_HETZNER)
    sim_hetzner_action(call, action);
  else
    sim_digitalocean_action(call, action);
}

void sim_reply_image(sim_exchange *call, int status, const sim_image *image) {
  imgact_json_write_begin_object(call->out);
  imgact_json_write_key(call->out, "image");
  sim_write_image(call, image);
  imgact_json_write_end_object(call->out);
  sim_exchange_finish(call, status);
}

void sim_reply_action(sim_exchange *call, int status, const sim_action *action) {
  imgact_json_write_begin_object(call->out);
  imgact_json_write_key(call->out, "action");
  sim_write_action(call, action);
  imgact_json_write_end_object(call->out);
  sim_exchange_finish(call, status);
}

static void begin_list(sim_exchange *call, const char *key) {
  imgact_json_write_begin_object(call->out);
  imgact_json_write_key(call->out, key);
  imgact_json_write_begin_array(call->out);
}

static void end_list(sim_exchange *call, const sim_page *shown_page, sim_footer_fn *write_tail) {
  imgact_json_write_end_array(call->out);
  write_tail(call, shown_page);
  imgact_json_write_end_object(call->out);
  sim_exchange_finish(call, 200);
}

void sim_reply_images(sim_exchange *call, void *const *list, const sim_page *shown_page,
                      sim_footer_fn *write_tail) {
  begin_list(call, "images");
  for (size_t i = shown_page->first; i < shown_page->end; i++) sim_write_image(call, list[i]);
  end_list(call, shown_page, write_tail);
}

void sim_reply_actions(sim_exchange *call, void *const *list, const sim_page *shown_page,
                       sim_footer_fn *write_tail) {
  begin_list(call, "actions");
  for (size_t i = shown_page->first; i < shown_page->end; i++) sim_write_action(call, list[i]);
  end_list(call, shown_page, write_tail);
}

void sim_write_time(imgact_json_writer *out, const char *key, int64_t ms) {
  char text[32];
  if (ms != IMGACT_NO_TIME) sim_format_time(ms, text);
  sim_write_string(out, key, ms == IMGACT_NO_TIME ? NULL : text);
}

void sim_write_string(imgact_json_writer *out, const char *key, const char *text) {
  imgact_json_write_key(out, key);
  imgact_json_write_string(out, text);
}

void sim_write_int(imgact_json_writer *out, const char *key, int64_t value) {
  imgact_json_write_key(out, key);
  imgact_json_write_int(out, value);
}

void sim_write_id(imgact_json_writer *out, const char *key, int64_t id) {
  imgact_json_write_key(out, key);
  if (id)
    imgact_json_write_int(out, id);
  else
    imgact_json_write_null(out);
}

void sim_write_bool(imgact_json_writer *out, const char *key, bool value) {
  imgact_json_write_key(out, key);
  imgact_json_write_bool(out, value);
}

void sim_write_strings(imgact_json_writer *out, const char *key, const sim_strings *words) {
  imgact_json_write_key(out, key);
  imgact_json_write_begin_array(out);
  for (uint32_t i = 0; i < words->count; i++) imgact_json_write_string(out, words->items[i]);
  imgact_json_write_end_array(out);
}
