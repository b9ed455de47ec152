// SPDX-License-Identifier: MIT
/* A target is at most 8 KiB long, the limit of common front-end servers. */
#include "exchange.h"
#include <stdlib.h>
#include <string.h>

#define MAX_TARGET 8192

bool sim_is_control(const char *target) { return !strncmp(target, "/_sim/", 6); }

/* ---- request ---- */

static void split_path(sim_exchange *exchange, char *path) {
  char *rest = NULL;
  for (char *segment = strtok_r(path, "/", &rest); segment; segment = strtok_r(NULL, "/", &rest)) {
    if (exchange->segments_count > SIM_MAX_SEGMENTS) return;
    sim_decode(segment);
    if (exchange->segments_count < SIM_MAX_SEGMENTS)
      exchange->segments[exchange->segments_count] = segment;
    exchange->segments_count++;
  }
}

static bool split_query(sim_exchange *exchange, char *query) {
  char *rest = NULL;
  exchange->parameters = calloc(SIM_MAX_PARAMETERS, sizeof *exchange->parameters);
  if (!exchange->parameters) return false;

  for (char *pair = strtok_r(query, "&", &rest); pair; pair = strtok_r(NULL, "&", &rest)) {
    if (exchange->parameters_count == SIM_MAX_PARAMETERS) {
      exchange->malformed = true;
      break;
    }
    char *value = strchr(pair, '=');
    if (value) *value++ = 0;
    sim_parameter *parameter = &exchange->parameters[exchange->parameters_count++];
    *parameter = (sim_parameter){pair, value ? value : pair + strlen(pair)};
    size_t name_length = sim_decode(parameter->name), value_length = value ? sim_decode(value) : 0;
    if (!sim_utf8(parameter->name, name_length) || !sim_utf8(parameter->value, value_length))
      exchange->malformed = true;
  }

  return true;
}

bool sim_exchange_open(sim_exchange *exchange) {
  const char *target = exchange->request->target;
  if (strnlen(target, MAX_TARGET + 1) > MAX_TARGET) target = "/";
  exchange->store = sim_copy(target);
  if (!exchange->store) return false;
  char *fragment = strchr(exchange->store, '#');
  if (fragment) *fragment = 0;
  char *query = strchr(exchange->store, '?');
  if (query) *query++ = 0;
  split_path(exchange, exchange->store);
  return !query || split_query(exchange, query);
}

void sim_exchange_close(sim_exchange *exchange) {
  imgact_json_doc_free(exchange->document);
  imgact_json_writer_free(exchange->out);
  free(exchange->parameters);
  free(exchange->store);
}

const char *sim_parameter_next(const sim_exchange *exchange, const char *name, size_t *at) {
  while (*at < exchange->parameters_count) {
    const sim_parameter *parameter = &exchange->parameters[(*at)++];
    if (!strcmp(parameter->name, name)) return parameter->value;
  }
  return NULL;
}

const char *sim_parameter_get(const sim_exchange *exchange, const char *name) {
  size_t at = 0;
  return sim_parameter_next(exchange, name, &at);
}

bool sim_parameter_page(const sim_exchange *exchange, const char *name, int64_t otherwise,
                        int64_t *out) {
  const char *value = sim_parameter_get(exchange, name);
  *out = otherwise;
  return !value || (sim_parse_id(value, out) && *out >= 1);
}

bool sim_parameter_allows(const sim_exchange *exchange, const char *name, const char *value) {
  size_t at = 0;
  const char *wanted = sim_parameter_next(exchange, name, &at);
  if (!wanted) return true;
  for (; wanted; wanted = sim_parameter_next(exchange, name, &at))
    if (value && !strcmp(wanted, value)) return true;
  return false;
}

int sim_exchange_parse(sim_exchange *exchange) {
  const sim_request *request = exchange->request;
  if (!request->body_bytes) return -1;
  int result =
      imgact_json_doc_parse(request->body, request->body_bytes, NULL, &exchange->document, NULL, 0);
  if (result) return result;
  exchange->body = imgact_json_doc_root(exchange->document);
  return imgact_json_get_type(exchange->body) == IMGACT_JSON_OBJECT ? 0 : -1;
}

/* ---- response ---- */

void sim_exchange_finish(sim_exchange *exchange, int status) {
  size_t length = 0;
  const char *text = imgact_json_writer_finish(exchange->out, &length);
  char *body = text && length ? sim_copy_n(text, length) : NULL;
  if (status != 204 && !body) status = 500;
  exchange->reply->status = status;
  sim_reply_body(exchange->reply, status == 204 ? NULL : body, length);
  if (status == 204)
    free(body);
  else if (!sim_reply_get(exchange->reply, "Content-Type"))
    sim_reply_header(exchange->reply, "Content-Type", exchange->api->content_type);
}

bool sim_image_visible(const sim_exchange *exchange, const sim_image *image) {
  return image->is_public || image->account == exchange->token->account;
}

bool sim_machine_visible(const sim_exchange *exchange, const sim_machine *machine) {
  return !machine->deleted && machine->account == exchange->token->account;
}

bool sim_action_visible(const sim_exchange *exchange, const sim_action *action) {
  return action->visible_ms <= exchange->now_ms && action->account == exchange->token->account;
}

void sim_reply_image(sim_exchange *exchange, int status, const sim_image *image) {
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "image");
  exchange->api->write_image(exchange, image);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, status);
}

void sim_reply_action(sim_exchange *exchange, int status, const sim_action *action) {
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "action");
  exchange->api->write_action(exchange, action);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, status);
}

void sim_dump_image(sim_exchange *exchange, const sim_image *image) {
  imgact_json_writer *out = exchange->out;
  sim_write_bool(out, "application", image->application);
  sim_write_bool(out, "locked", image->locked);
  sim_write_bool(out, "gone", image->deleted);
  /* Defaults would make the file of a large world larger than a file may be. */
  if (image->account != sim_account_default(exchange->world))
    sim_write_string(out, "account", image->account->name);
  if (exchange->cloud == SIM_DIGITALOCEAN && image->created_from_id)
    sim_write_int(out, "droplet_id", image->created_from_id);
}

void sim_dump_action(sim_exchange *exchange, const sim_action *action) {
  bool ends = action->due_ms != IMGACT_NO_TIME;
  if (action->state != SIM_RUNNING) return;
  sim_write_string(exchange->out, "effect", sim_effect_names[action->effect]);
  sim_write_string(exchange->out, "ends", !ends ? "never" : action->fails ? "error" : "success");
  if (ends) sim_write_int(exchange->out, "runs_ms", action->due_ms - exchange->now_ms);
  if (action->created) sim_write_int(exchange->out, "image_id", action->created->id);
  if (action->name) sim_write_string(exchange->out, "image_name", action->name);
}

sim_rate_result sim_count_request(sim_exchange *exchange) {
  const sim_cloud_api *api = exchange->api;
  sim_rate_result result = api->take_request(exchange);
  if (!result.limit) return result;

  sim_reply_header_int(exchange->reply, api->rate_headers.limit, result.limit);
  sim_reply_header_int(exchange->reply, api->rate_headers.remaining, result.remaining);
  sim_reply_header_int(exchange->reply, api->rate_headers.reset, result.reset_s);
  return result;
}
