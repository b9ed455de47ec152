// SPDX-License-Identifier: MIT
#include "hetzner.h"
#include "label_selector.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PER_PAGE 50
#define MAX_LABELS   1000

/* ---- errors ---- */

void hetzner_begin_error(sim_exchange *exchange, const char *code, const char *message) {
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "error");
  imgact_json_write_begin_object(exchange->out);
  sim_write_string(exchange->out, "code", code);
  sim_write_string(exchange->out, "message", message);
  imgact_json_write_key(exchange->out, "details");
}

void hetzner_end_error(sim_exchange *exchange, int status) {
  imgact_json_write_end_object(exchange->out);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, status);
}

void hetzner_fail(sim_exchange *exchange, int status, const char *code, const char *message) {
  hetzner_begin_error(exchange, code, message);
  imgact_json_write_null(exchange->out);
  hetzner_end_error(exchange, status);
}

void hetzner_fail_field(sim_exchange *exchange, const char *field, const char *message) {
  char text[160];

  snprintf(text, sizeof text, "invalid input in field '%s'", field);
  hetzner_begin_error(exchange, "invalid_input", text);
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "fields");
  imgact_json_write_begin_array(exchange->out);
  imgact_json_write_begin_object(exchange->out);
  sim_write_string(exchange->out, "name", field);
  imgact_json_write_key(exchange->out, "messages");
  imgact_json_write_begin_array(exchange->out);
  imgact_json_write_string(exchange->out, message);
  imgact_json_write_end_array(exchange->out);
  imgact_json_write_end_object(exchange->out);
  imgact_json_write_end_array(exchange->out);
  imgact_json_write_end_object(exchange->out);
  hetzner_end_error(exchange, 422);
}

void hetzner_fail_not_found(sim_exchange *exchange, const char *what, const char *id) {
  char text[160];
  snprintf(text, sizeof text, "%s with ID '%.64s' not found", what, id);
  hetzner_fail(exchange, 404, "not_found", text);
}

/* The 404 of an unknown route comes from another program: indented, with a charset. */
void hetzner_fail_route(sim_exchange *exchange) {
  imgact_json_writer_free(exchange->out);
  exchange->out = imgact_json_writer_new(NULL, 2);
  sim_reply_header(exchange->reply, "Content-Type", "application/json; charset=UTF-8");
  hetzner_fail(exchange, 404, "not_found", "api route not found");
}

/* ---- objects ---- */

static void write_number(imgact_json_writer *out, const char *key, double value) {
  imgact_json_write_key(out, key);
  imgact_json_write_double(out, value);
}

static void write_origin(imgact_json_writer *out, const sim_image *image) {
  imgact_json_write_key(out, "created_from");
  if (!image->created_from_id) {
    imgact_json_write_null(out);
    return;
  }
  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", image->created_from_id);
  sim_write_string(out, "name", image->created_from_name ? image->created_from_name : "");
  imgact_json_write_end_object(out);
}

static void write_deprecation(imgact_json_writer *out, const sim_image *image) {
  imgact_json_write_key(out, "deprecation");
  if (image->deprecated_ms == IMGACT_NO_TIME) {
    imgact_json_write_null(out);
    return;
  }
  imgact_json_write_begin_object(out);
  sim_write_time(out, "announced", image->deprecated_ms);
  sim_write_time(out, "unavailable_after",
                 image->unavailable_after_ms == IMGACT_NO_TIME
                     ? image->deprecated_ms + 90 * (int64_t)86400000
                     : image->unavailable_after_ms);
  imgact_json_write_end_object(out);
}

void hetzner_write_image(sim_exchange *exchange, const sim_image *image) {
  imgact_json_writer *out = exchange->out;

  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", image->id);
  sim_write_string(out, "type", sim_type_names[image->type]);
  sim_write_string(out, "status", sim_status_names[sim_image_status(image, exchange->now_ms)]);
  sim_write_string(out, "name", image->name);
  sim_write_string(out, "description", image->description ? image->description : "");
  write_number(out, "image_size", image->size_gb);
  write_number(out, "disk_size", isnan(image->disk_gb) ? 0 : image->disk_gb);
  sim_write_time(out, "created", image->created_ms);
  write_origin(out, image);
  sim_write_id(out, "bound_to", image->bound_to);
  sim_write_string(out, "os_flavor", image->os ? image->os : "unknown");
  sim_write_string(out, "os_version", image->os_version);
  sim_write_bool(out, "rapid_deploy", image->rapid_deploy);
  imgact_json_write_key(out, "protection");
  imgact_json_write_begin_object(out);
  sim_write_bool(out, "delete", image->is_protected);
  imgact_json_write_end_object(out);
  sim_write_time(out, "deprecated", image->deprecated_ms);
  write_deprecation(out, image);
  sim_write_time(out, "deleted", image->deleted_ms);
  sim_write_labels(out, "labels", &image->labels);
  sim_write_string(out, "architecture", image->is_arm ? "arm" : "x86");
  if (exchange->dump) sim_dump_image(exchange, image);

  imgact_json_write_end_object(out);
}

static void write_resource(imgact_json_writer *out, int64_t id, const char *type) {
  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", id);
  sim_write_string(out, "type", type);
  imgact_json_write_end_object(out);
}

void hetzner_write_action(sim_exchange *exchange, const sim_action *action) {
  imgact_json_writer *out = exchange->out;

  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", action->id);
  sim_write_string(out, "command", action->command);
  sim_write_string(out, "status", sim_state_names[SIM_HETZNER][action->state]);
  sim_write_int(out, "progress", sim_action_progress(action, exchange->now_ms));
  sim_write_time(out, "started", action->started_ms);
  sim_write_time(out, "finished", action->finished_ms);
  imgact_json_write_key(out, "resources");
  imgact_json_write_begin_array(out);
  if (action->server_id) write_resource(out, action->server_id, "server");
  if (action->resource_id) write_resource(out, action->resource_id, action->resource_type);
  imgact_json_write_end_array(out);
  imgact_json_write_key(out, "error");
  /* Hetzner's examples also show an error of a successful action. */
  if (action->state == SIM_ERROR || action->error_code) {
    imgact_json_write_begin_object(out);
    sim_write_string(out, "code", action->error_code ? action->error_code : "action_failed");
    sim_write_string(out, "message", action->error_message ? action->error_message : "");
    imgact_json_write_end_object(out);
  } else {
    imgact_json_write_null(out);
  }
  if (exchange->dump) sim_dump_action(exchange, action);

  imgact_json_write_end_object(out);
}

/* ---- parameters ---- */

static const char *const state_filters[] = {"running", "success", "error"};
static const char *const action_sorts[] = {"id", "command", "status", "started", "finished"};

bool hetzner_check_names(sim_exchange *exchange, const char *name, const char *const *names,
                         size_t count) {
  size_t at = 0;
  for (const char *value; (value = sim_parameter_next(exchange, name, &at));)
    if (sim_index_of(names, count, value) < 0) {
      hetzner_fail_field(exchange, name, "is not one of the allowed values");
      return false;
    }
  return true;
}

bool hetzner_check_ids(sim_exchange *exchange, const char *name) {
  size_t at = 0;
  int64_t id = 0;
  for (const char *value; (value = sim_parameter_next(exchange, name, &at));)
    if (!sim_parse_id(value, &id) || id < 1) {
      hetzner_fail_field(exchange, name, "must be a valid integer");
      return false;
    }
  return true;
}

static bool page_number(sim_exchange *exchange, const char *name, int64_t otherwise, int64_t *out) {
  if (sim_parameter_page(exchange, name, otherwise, out)) return true;
  hetzner_fail_field(exchange, name, "must be a positive integer");
  return false;
}

bool hetzner_paging(sim_exchange *exchange, int64_t *page, int64_t *per_page) {
  if (!page_number(exchange, "page", 1, page) || !page_number(exchange, "per_page", 25, per_page))
    return false;
  if (*per_page > MAX_PER_PAGE) *per_page = MAX_PER_PAGE;
  return true;
}

/* ---- sorting: one comparison per key; equal items keep the list's order ---- */

bool hetzner_sort_keys(sim_exchange *exchange, const char *const *names, size_t names_count,
                       hetzner_sorting *out) {
  size_t at = 0;

  *out = (hetzner_sorting){0};
  for (const char *value; (value = sim_parameter_next(exchange, "sort", &at));) {
    char key[16] = "";
    size_t length = strcspn(value, ":");
    const char *direction = value + length;
    bool descending = !strcmp(direction, ":desc");
    if (length < sizeof key) memcpy(key, value, length);
    int index = sim_index_of(names, names_count, key);
    if (index < 0 || out->count == HETZNER_MAX_SORTS ||
        (*direction && !descending && strcmp(direction, ":asc") != 0)) {
      hetzner_fail_field(exchange, "sort", "is not a valid sorting");
      return false;
    }
    out->keys[out->count++] = (hetzner_sort_key){index, descending};
  }

  return true;
}

int hetzner_compare_numbers(int64_t a, int64_t b) { return (a > b) - (a < b); }

int hetzner_compare_texts(const char *a, const char *b) {
  if (!a || !b) return (a != NULL) - (b != NULL);
  return strcmp(a, b);
}

static int compare_action_key(const sim_action *left, const sim_action *right, int key) {
  switch (key) {
  case 0: return hetzner_compare_numbers(left->id, right->id);
  case 1: return hetzner_compare_texts(left->command, right->command);
  case 2:
    return hetzner_compare_texts(sim_state_names[SIM_HETZNER][left->state],
                                 sim_state_names[SIM_HETZNER][right->state]);
  case 3: return hetzner_compare_numbers(left->started_ms, right->started_ms);
  default: return hetzner_compare_numbers(left->finished_ms, right->finished_ms);
  }
}

static int compare_actions(const void *a, const void *b, void *user) {
  const sim_action *left = *(const sim_action *const *)a, *right = *(const sim_action *const *)b;
  const hetzner_sorting *by = user;
  for (size_t i = 0; i < by->count; i++) {
    int order = compare_action_key(left, right, by->keys[i].key);
    if (order) return by->keys[i].descending ? -order : order;
  }
  return hetzner_compare_numbers(left->id, right->id);
}

bool hetzner_check_selector(sim_exchange *exchange) {
  const sim_labels none = {0};
  const char *selector = sim_parameter_get(exchange, "label_selector");
  if (!selector || sim_label_selector_match(selector, &none) != SIM_MALFORMED) return true;
  hetzner_fail_field(exchange, "label_selector", "is not a valid label selector");
  return false;
}

bool hetzner_has_labels(const sim_exchange *exchange, const sim_labels *labels) {
  const char *selector = sim_parameter_get(exchange, "label_selector");
  return !selector || sim_label_selector_match(selector, labels) == SIM_MATCH;
}

/* ---- lists ---- */

static void add_link(sim_exchange *exchange, sim_text *links, const char *rel, int64_t page) {
  const char *host = exchange->request->host ? exchange->request->host : "api.hetzner.cloud";

  sim_text_printf(links, "%s<%s://%s", links->length ? ", " : "",
                  exchange->request->host && !exchange->request->secure ? "http" : "https", host);
  size_t path = strcspn(exchange->request->target, "?#");
  sim_text_add(links, exchange->request->target, path);
  sim_text_str(links, "?");
  for (size_t i = 0; i < exchange->parameters_count; i++) {
    if (!strcmp(exchange->parameters[i].name, "page")) continue;
    sim_text_encode(links, exchange->parameters[i].name);
    sim_text_str(links, "=");
    sim_text_encode(links, exchange->parameters[i].value);
    sim_text_str(links, "&");
  }
  sim_text_printf(links, "page=%" PRId64 ">; rel=%s", page, rel);
}

void hetzner_write_footer(sim_exchange *exchange, const sim_page *shown_page) {
  imgact_json_writer *out = exchange->out;
  int64_t next = shown_page->page < shown_page->last ? shown_page->page + 1 : 0;
  int64_t previous =
      shown_page->page > 1
          ? (shown_page->page <= shown_page->last ? shown_page->page - 1 : shown_page->last)
          : 0;

  imgact_json_write_key(out, "meta");
  imgact_json_write_begin_object(out);
  imgact_json_write_key(out, "pagination");
  imgact_json_write_begin_object(out);
  sim_write_int(out, "page", shown_page->page);
  sim_write_int(out, "per_page", shown_page->per_page);
  sim_write_id(out, "previous_page", previous);
  sim_write_id(out, "next_page", next);
  sim_write_int(out, "last_page", shown_page->last);
  sim_write_int(out, "total_entries", (int64_t)shown_page->total);
  imgact_json_write_end_object(out);
  imgact_json_write_end_object(out);
  sim_text links = {0};
  if (previous) add_link(exchange, &links, "prev", previous);
  if (next) add_link(exchange, &links, "next", next);
  add_link(exchange, &links, "last", shown_page->last);
  if (sim_text_get(&links)) sim_reply_header(exchange->reply, "Link", sim_text_get(&links));

  sim_text_free(&links);
}

static bool action_matches(const sim_exchange *exchange, const sim_action *action) {
  char id[32];
  snprintf(id, sizeof id, "%" PRId64, action->id);
  return sim_action_visible(exchange, action) &&
         sim_parameter_allows(exchange, "status", sim_state_names[SIM_HETZNER][action->state]) &&
         sim_parameter_allows(exchange, "id", id);
}

/* Reads the parameters of a list of actions. Returns false after an error response. */
static bool read_action_query(sim_exchange *exchange, hetzner_sorting *by, int64_t *page,
                              int64_t *per_page) {
  return hetzner_check_names(exchange, "status", state_filters, SIM_COUNT(state_filters)) &&
         hetzner_check_ids(exchange, "id") &&
         hetzner_sort_keys(exchange, action_sorts, SIM_COUNT(action_sorts), by) &&
         hetzner_paging(exchange, page, per_page);
}

void hetzner_reply_actions(sim_exchange *exchange, void **list, size_t count,
                           hetzner_sorting *sorting, int64_t page, int64_t per_page) {
  if (sorting->count) qsort_r(list, count, sizeof *list, compare_actions, sorting);
  sim_page shown_page = sim_page_of(page, per_page, count);
  sim_reply_actions(exchange, list, &shown_page, hetzner_write_footer);
}

static sim_action *next_action(const sim_exchange *exchange, const sim_action *action) {
  return exchange->machine ? action->next_of_machine : action->next;
}

void hetzner_list_own_actions(sim_exchange *exchange) {
  sim_action *first =
      exchange->machine ? exchange->machine->actions.first : exchange->image->actions.first;
  int64_t page = 0, per_page = 0;
  hetzner_sorting by;
  if (!read_action_query(exchange, &by, &page, &per_page)) return;

  size_t count = 0;
  for (const sim_action *action = first; action; action = next_action(exchange, action)) count++;
  void **list = sim_scratch(exchange->world, count);
  if (!list) return;

  count = 0;
  for (sim_action *action = first; action; action = next_action(exchange, action))
    if (action_matches(exchange, action)) list[count++] = action;
  hetzner_reply_actions(exchange, list, count, &by, page, per_page);
}

bool hetzner_is_about_machine(const sim_action *action) {
  return action->machine || action->server_id || !strcmp(action->resource_type, "server");
}

void hetzner_list_all_actions(sim_exchange *exchange, bool machines) {
  const sim_cloud_state *state = exchange->state;
  int64_t page = 0, per_page = 0;
  hetzner_sorting by;
  if (!read_action_query(exchange, &by, &page, &per_page)) return;

  bool filtered = sim_parameter_get(exchange, "status") || sim_parameter_get(exchange, "id");
  if (!machines && !filtered && !by.count && sim_all_actions_listed(exchange)) {
    sim_page shown_page = sim_page_of(page, per_page, state->actions_count);
    sim_reply_actions(exchange, (void *const *)state->actions, &shown_page, hetzner_write_footer);
    return;
  }

  void **list = sim_scratch(exchange->world, state->actions_count);
  size_t count = 0;
  if (!list) return;
  for (size_t i = 0; i < state->actions_count; i++) {
    sim_action *action = state->actions[i];
    bool kind = machines ? hetzner_is_about_machine(action) : action->image != NULL;
    if (kind && action_matches(exchange, action)) list[count++] = action;
  }
  hetzner_reply_actions(exchange, list, count, &by, page, per_page);
}

/* ---- requests ---- */

bool hetzner_parse_body(sim_exchange *exchange) {
  int result = sim_exchange_parse(exchange);
  if (result == -1) hetzner_fail(exchange, 400, "json_error", "invalid JSON in the request body");
  return result == 0;
}

bool hetzner_read_labels(sim_exchange *exchange, const imgact_json *value, sim_labels *out) {
  imgact_json_iter each = imgact_json_iter_begin(value);
  const imgact_json *key, *member;
  bool good =
      imgact_json_get_type(value) == IMGACT_JSON_OBJECT && imgact_json_count(value) <= MAX_LABELS;

  while (good && (member = imgact_json_iter_next(&each, &key))) {
    char *name = sim_copy_json(key), *text = sim_copy_json(member);
    good = name && text && sim_label_key_ok(name) && sim_label_value_ok(text) &&
           (sim_labels_get(out, name) || sim_labels_add(out, name, text));
    free(name);
    free(text);
  }
  if (!good)
    hetzner_fail_field(exchange, "labels", "must be a map of valid label keys to valid values");

  return good;
}

/* The visible action of the request; NULL after a 404. */
const sim_action *hetzner_find_action(sim_exchange *exchange) {
  int64_t id = 0;
  const sim_action *action = sim_parse_id(exchange->action_ref, &id)
                                 ? sim_action_find(exchange->world, SIM_HETZNER, id)
                                 : NULL;
  bool of_image = !exchange->image || (action && action->image == exchange->image);
  bool of_machine = !exchange->machine || (action && action->machine == exchange->machine);
  if (action && of_image && of_machine && sim_action_visible(exchange, action)) return action;
  hetzner_fail_not_found(exchange, "action", exchange->action_ref);
  return NULL;
}
