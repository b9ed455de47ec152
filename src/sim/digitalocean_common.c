// SPDX-License-Identifier: MIT
#include "digitalocean.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_PER_PAGE 200

/* ---- errors ---- */

void digitalocean_fail(sim_exchange *exchange, int status, const char *id, const char *message) {
  imgact_json_write_begin_object(exchange->out);
  sim_write_string(exchange->out, "id", id);
  sim_write_string(exchange->out, "message", message);
  sim_write_string(exchange->out, "request_id", exchange->request_id);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, status);
}

void digitalocean_fail_not_found(sim_exchange *exchange) {
  digitalocean_fail(exchange, 404, "not_found",
                    "The resource you were accessing could not be found.");
}

void digitalocean_fail_input(sim_exchange *exchange, const char *message) {
  digitalocean_fail(exchange, 422, "unprocessable_entity", message);
}

void digitalocean_fail_forbidden(sim_exchange *exchange) {
  digitalocean_fail(exchange, 403, "forbidden",
                    "You are not authorized to perform this operation.");
}

/* ---- objects ---- */

bool digitalocean_has_scope(const sim_exchange *exchange, const char *scope) {
  return exchange->token->access != SIM_SCOPED || sim_strings_has(&exchange->token->scopes, scope);
}

static void write_optional(imgact_json_writer *out, const char *key, double value, bool whole) {
  imgact_json_write_key(out, key);
  if (whole && !isnan(value))
    imgact_json_write_int(out, (int64_t)value);
  else
    imgact_json_write_double(out, value);
}

/* import_pending: the response to an import, without the members that are not known yet. */
static void write_members(sim_exchange *exchange, const sim_image *image, bool import_pending) {
  static const sim_strings none = {0};
  imgact_json_writer *out = exchange->out;

  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", image->id);
  sim_write_string(out, "name", image->name ? image->name : "");
  sim_write_string(out, "type", sim_type_names[image->type]);
  sim_write_string(out, "distribution", image->os ? image->os : "Unknown");
  if (!import_pending) {
    sim_write_string(out, "slug", image->slug);
    sim_write_bool(out, "public", image->is_public);
  }
  sim_write_strings(out, "regions", &image->regions);
  sim_write_time(out, "created_at", image->created_ms);
  if (!import_pending) {
    write_optional(out, "min_disk_size", image->disk_gb, true);
    write_optional(out, "size_gigabytes", image->size_gb, false);
  }
  sim_write_string(out, "description", image->description ? image->description : "");
  sim_write_strings(out, "tags",
                    digitalocean_has_scope(exchange, "tag:read") ? &image->tags : &none);
  sim_write_string(out, "status", sim_status_names[sim_image_status(image, exchange->now_ms)]);
  sim_write_string(out, "error_message", image->error_message ? image->error_message : "");
  if (exchange->dump) sim_dump_image(exchange, image);

  imgact_json_write_end_object(out);
}

void digitalocean_write_image(sim_exchange *exchange, const sim_image *image) {
  write_members(exchange, image, false);
}

void digitalocean_write_import(sim_exchange *exchange, const sim_image *image) {
  write_members(exchange, image, true);
}

void digitalocean_write_region(sim_exchange *exchange, const char *slug) {
  static const sim_strings none = {0};
  imgact_json_writer *out = exchange->out;
  const sim_region *region = sim_region_find(exchange->world, SIM_DIGITALOCEAN, slug);
  imgact_json_write_begin_object(out);
  sim_write_string(out, "name", region ? region->name : slug);
  sim_write_string(out, "slug", slug);
  sim_write_strings(out, "features", region ? &region->features : &none);
  sim_write_bool(out, "available", region && region->available);
  sim_write_strings(out, "sizes",
                    region && digitalocean_has_scope(exchange, "sizes:read") ? &region->sizes
                                                                             : &none);
  imgact_json_write_end_object(out);
}

void digitalocean_write_action(sim_exchange *exchange, const sim_action *action) {
  imgact_json_writer *out = exchange->out;

  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", action->id);
  sim_write_string(out, "status", sim_state_names[SIM_DIGITALOCEAN][action->state]);
  sim_write_string(out, "type", action->command);
  sim_write_time(out, "started_at", action->started_ms);
  sim_write_time(out, "completed_at", action->finished_ms);
  sim_write_id(out, "resource_id", action->resource_id);
  sim_write_string(out, "resource_type", action->resource_type);
  imgact_json_write_key(out, "region");
  if (action->region)
    digitalocean_write_region(exchange, action->region);
  else
    imgact_json_write_null(out);
  sim_write_string(out, "region_slug", action->region);
  if (exchange->dump) sim_dump_action(exchange, action);

  imgact_json_write_end_object(out);
}

/* ---- lists ---- */

/* per_page is limited without an error. */
bool digitalocean_paging(sim_exchange *exchange, int64_t *page, int64_t *per_page) {
  if (!sim_parameter_page(exchange, "page", 1, page) ||
      !sim_parameter_page(exchange, "per_page", 20, per_page)) {
    digitalocean_fail_input(exchange, "page and per_page must be positive integers.");
    return false;
  }
  if (*per_page > MAX_PER_PAGE) *per_page = MAX_PER_PAGE;
  return true;
}

static void write_link(sim_exchange *exchange, const char *rel, int64_t page) {
  sim_text link = {0};
  const sim_request *request = exchange->request;

  if (exchange->world->link_base)
    sim_text_str(&link, exchange->world->link_base);
  else
    sim_text_printf(&link, "%s://%s", request->host && !request->secure ? "http" : "https",
                    request->host ? request->host : "api.digitalocean.com");
  sim_text_add(&link, request->target, strcspn(request->target, "?#"));
  sim_text_printf(&link, "?page=%" PRId64, page);
  for (size_t i = 0; i < exchange->parameters_count; i++) {
    if (!strcmp(exchange->parameters[i].name, "page")) continue;
    sim_text_str(&link, "&");
    sim_text_encode(&link, exchange->parameters[i].name);
    sim_text_str(&link, "=");
    sim_text_encode(&link, exchange->parameters[i].value);
  }
  sim_write_string(exchange->out, rel, sim_text_get(&link));

  sim_text_free(&link);
}

void digitalocean_write_footer(sim_exchange *exchange, const sim_page *shown_page) {
  imgact_json_writer *out = exchange->out;

  imgact_json_write_key(out, "links");
  imgact_json_write_begin_object(out);
  if (shown_page->last > 1) {
    int64_t previous =
        shown_page->page <= shown_page->last ? shown_page->page - 1 : shown_page->last;
    imgact_json_write_key(out, "pages");
    imgact_json_write_begin_object(out);
    if (shown_page->page > 1) write_link(exchange, "first", 1);
    if (shown_page->page > 1) write_link(exchange, "prev", previous);
    if (shown_page->page < shown_page->last) write_link(exchange, "next", shown_page->page + 1);
    if (shown_page->page < shown_page->last) write_link(exchange, "last", shown_page->last);
    imgact_json_write_end_object(out);
  }
  imgact_json_write_end_object(out);
  imgact_json_write_key(out, "meta");
  imgact_json_write_begin_object(out);
  sim_write_int(out, "total", (int64_t)shown_page->total);

  imgact_json_write_end_object(out);
}

void digitalocean_list_own_actions(sim_exchange *exchange) {
  const sim_machine *machine = exchange->machine;
  sim_action *first = machine ? machine->actions.first : exchange->image->actions.first;
  int64_t page = 0, per_page = 0;
  if (!digitalocean_paging(exchange, &page, &per_page)) return;

  size_t count = 0, at = 0;
  for (const sim_action *action = first; action;
       action = machine ? action->next_of_machine : action->next)
    count += sim_action_visible(exchange, action);
  void **list = sim_scratch(exchange->world, count);
  if (!list) return;

  for (sim_action *action = first; action;
       action = machine ? action->next_of_machine : action->next)
    if (sim_action_visible(exchange, action)) list[count - ++at] = action;
  sim_page shown_page = sim_page_of(page, per_page, count);
  sim_reply_actions(exchange, list, &shown_page, digitalocean_write_footer);
}

/* ---- requests ---- */

bool digitalocean_parse_body(sim_exchange *exchange) {
  int result = sim_exchange_parse(exchange);
  if (result == -1) digitalocean_fail(exchange, 400, "bad_request", "error parsing request body");
  return result == 0;
}

bool digitalocean_is_optional_text(const sim_exchange *exchange, const char *key) {
  imgact_json_type type = imgact_json_get_type(imgact_json_get(exchange->body, key));
  return type == IMGACT_JSON_ABSENT || type == IMGACT_JSON_STRING;
}

void digitalocean_get_action(sim_exchange *exchange) {
  int64_t id = 0;
  const sim_action *action = sim_parse_id(exchange->action_ref, &id)
                                 ? sim_action_find(exchange->world, SIM_DIGITALOCEAN, id)
                                 : NULL;
  bool of_image = !exchange->image || (action && action->image == exchange->image);
  bool of_machine = !exchange->machine || (action && action->machine == exchange->machine);
  if (action && of_image && of_machine && sim_action_visible(exchange, action))
    sim_reply_action(exchange, 200, action);
  else
    digitalocean_fail_not_found(exchange);
}
