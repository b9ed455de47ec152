// SPDX-License-Identifier: MIT
/*
 * Hetzner Cloud: images, image actions, actions. Undocumented behaviour is the strictest plausible
 * one; docs/simulator.md lists these choices.
 */
#include "clouds.h"
#include "label_selector.h"
#include "list.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PER_PAGE 50
#define MAX_SORTS    8
#define MAX_LABELS   1000
/* GET /actions ignores further ids. */
#define MAX_IDS 25

/* ---- errors ---- */

static void begin_error(sim_exchange *exchange, const char *code, const char *message) {
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, "error");
  imgact_json_write_begin_object(exchange->out);
  sim_write_string(exchange->out, "code", code);
  sim_write_string(exchange->out, "message", message);
  imgact_json_write_key(exchange->out, "details");
}

static void end_error(sim_exchange *exchange, int status) {
  imgact_json_write_end_object(exchange->out);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, status);
}

static void fail(sim_exchange *exchange, int status, const char *code, const char *message) {
  begin_error(exchange, code, message);
  imgact_json_write_null(exchange->out);
  end_error(exchange, status);
}

static void fail_field(sim_exchange *exchange, const char *field, const char *message) {
  char text[160];

  snprintf(text, sizeof text, "invalid input in field '%s'", field);
  begin_error(exchange, "invalid_input", text);
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
  end_error(exchange, 422);
}

static void fail_not_found(sim_exchange *exchange, const char *what, const char *id) {
  char text[160];
  snprintf(text, sizeof text, "%s with ID '%.64s' not found", what, id);
  fail(exchange, 404, "not_found", text);
}

/* The 404 of an unknown route comes from another program: indented, with a charset. */
static void fail_route(sim_exchange *exchange) {
  imgact_json_writer_free(exchange->out);
  exchange->out = imgact_json_writer_new(NULL, 2);
  sim_reply_header(exchange->reply, "Content-Type", "application/json; charset=UTF-8");
  fail(exchange, 404, "not_found", "api route not found");
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

static void write_labels(imgact_json_writer *out, const sim_labels *labels) {
  imgact_json_write_key(out, "labels");
  imgact_json_write_begin_object(out);
  for (uint32_t i = 0; i < labels->count; i++)
    sim_write_string(out, labels->items[i].key, labels->items[i].value);
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

static void write_image(sim_exchange *exchange, const sim_image *image) {
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
  write_labels(out, &image->labels);
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

static void write_action(sim_exchange *exchange, const sim_action *action) {
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

static const char *const type_filters[] = {"system", "app", "snapshot", "backup"};
static const char *const status_filters[] = {"available", "creating", "unavailable"};
static const char *const state_filters[] = {"running", "success", "error"};
static const char *const architectures[] = {"x86", "arm"};
/* hcloud-python sends True and False. */
static const char *const booleans[] = {"true", "True", "1", "false", "False", "0"};
static const char *const image_sorts[] = {"id", "name", "created"};
static const char *const action_sorts[] = {"id", "command", "status", "started", "finished"};

static bool check_names(sim_exchange *exchange, const char *name, const char *const *names,
                        size_t count) {
  size_t at = 0;
  for (const char *value; (value = sim_parameter_next(exchange, name, &at));)
    if (sim_index_of(names, count, value) < 0) {
      fail_field(exchange, name, "is not one of the allowed values");
      return false;
    }
  return true;
}

static bool check_ids(sim_exchange *exchange, const char *name) {
  size_t at = 0;
  int64_t id = 0;
  for (const char *value; (value = sim_parameter_next(exchange, name, &at));)
    if (!sim_parse_id(value, &id) || id < 1) {
      fail_field(exchange, name, "must be a valid integer");
      return false;
    }
  return true;
}

static bool page_number(sim_exchange *exchange, const char *name, int64_t otherwise, int64_t *out) {
  if (sim_parameter_page(exchange, name, otherwise, out)) return true;
  fail_field(exchange, name, "must be a positive integer");
  return false;
}

static bool paging(sim_exchange *exchange, int64_t *page, int64_t *per_page) {
  if (!page_number(exchange, "page", 1, page) || !page_number(exchange, "per_page", 25, per_page))
    return false;
  if (*per_page > MAX_PER_PAGE) *per_page = MAX_PER_PAGE;
  return true;
}

/* ---- sorting: one comparison per key; equal items keep the list's order ---- */

typedef struct sort_key {
  int key;
  bool descending;
} sort_key;

typedef struct sorting {
  sort_key keys[MAX_SORTS];
  size_t count;
} sorting;

static bool sort_keys(sim_exchange *exchange, const char *const *names, size_t names_count,
                      sorting *out) {
  size_t at = 0;

  *out = (sorting){0};
  for (const char *value; (value = sim_parameter_next(exchange, "sort", &at));) {
    char key[16] = "";
    size_t length = strcspn(value, ":");
    const char *direction = value + length;
    bool descending = !strcmp(direction, ":desc");
    if (length < sizeof key) memcpy(key, value, length);
    int index = sim_index_of(names, names_count, key);
    if (index < 0 || out->count == MAX_SORTS ||
        (*direction && !descending && strcmp(direction, ":asc") != 0)) {
      fail_field(exchange, "sort", "is not a valid sorting");
      return false;
    }
    out->keys[out->count++] = (sort_key){index, descending};
  }

  return true;
}

static int compare_numbers(int64_t a, int64_t b) { return (a > b) - (a < b); }

static int compare_texts(const char *a, const char *b) {
  if (!a || !b) return (a != NULL) - (b != NULL);
  return strcmp(a, b);
}

static int compare_images(const void *a, const void *b, void *user) {
  const sim_image *left = *(const sim_image *const *)a, *right = *(const sim_image *const *)b;
  const sorting *by = user;
  for (size_t i = 0; i < by->count; i++) {
    int order = by->keys[i].key == 0   ? compare_numbers(left->id, right->id)
                : by->keys[i].key == 1 ? compare_texts(left->name, right->name)
                                       : compare_numbers(left->created_ms, right->created_ms);
    if (order) return by->keys[i].descending ? -order : order;
  }
  return compare_numbers(left->id, right->id);
}

static int compare_action_key(const sim_action *left, const sim_action *right, int key) {
  switch (key) {
  case 0: return compare_numbers(left->id, right->id);
  case 1: return compare_texts(left->command, right->command);
  case 2:
    return compare_texts(sim_state_names[SIM_HETZNER][left->state],
                         sim_state_names[SIM_HETZNER][right->state]);
  case 3: return compare_numbers(left->started_ms, right->started_ms);
  default: return compare_numbers(left->finished_ms, right->finished_ms);
  }
}

static int compare_actions(const void *a, const void *b, void *user) {
  const sim_action *left = *(const sim_action *const *)a, *right = *(const sim_action *const *)b;
  const sorting *by = user;
  for (size_t i = 0; i < by->count; i++) {
    int order = compare_action_key(left, right, by->keys[i].key);
    if (order) return by->keys[i].descending ? -order : order;
  }
  return compare_numbers(left->id, right->id);
}

/* ---- lists ---- */

static void add_link(sim_exchange *exchange, sim_text *links, const char *rel, int64_t page) {
  const char *host = exchange->request->host ? exchange->request->host : "api.hetzner.cloud";

  sim_text_printf(links, "%s<%s://%s", links->length ? ", " : "",
                  exchange->request->host ? "http" : "https", host);
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

static void write_footer(sim_exchange *exchange, const sim_page *shown_page) {
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

static const char *const image_parameters[] = {"include_deprecated", "type", "status",
                                               "architecture",       "name", "bound_to",
                                               "label_selector",     "sort"};
enum { BY_DEPRECATION, BY_TYPE, BY_STATUS, BY_ARCHITECTURE, BY_NAME, BY_SERVER, BY_LABELS };

static bool allows(const sim_exchange *exchange, uint32_t given, int parameter, const char *value) {
  return !(given & 1u << parameter) ||
         sim_parameter_allows(exchange, image_parameters[parameter], value);
}

static bool is_bound(const sim_exchange *exchange, const sim_image *image) {
  char server[32];
  snprintf(server, sizeof server, "%" PRId64, image->bound_to);
  return image->bound_to && sim_parameter_allows(exchange, "bound_to", server);
}

static bool has_labels(const sim_exchange *exchange, const sim_image *image) {
  const char *selector = sim_parameter_get(exchange, "label_selector");
  return sim_label_selector_match(selector, &image->labels) == SIM_MATCH;
}

static bool image_matches(const sim_exchange *exchange, const sim_image *image, uint32_t given) {
  if (image->deleted) return false;
  if (image->deprecated_ms != IMGACT_NO_TIME) {
    const char *shown = sim_parameter_get(exchange, image_parameters[BY_DEPRECATION]);
    if (sim_index_of(booleans, 3, shown) < 0) return false;
  }

  const char *status = sim_status_names[sim_image_status(image, exchange->now_ms)];
  return allows(exchange, given, BY_TYPE, sim_type_names[image->type]) &&
         allows(exchange, given, BY_STATUS, status) &&
         allows(exchange, given, BY_ARCHITECTURE, image->is_arm ? "arm" : "x86") &&
         allows(exchange, given, BY_NAME, image->name) &&
         (!(given & 1u << BY_SERVER) || is_bound(exchange, image)) &&
         (!(given & 1u << BY_LABELS) || has_labels(exchange, image));
}

static bool check_image_filters(sim_exchange *exchange) {
  const sim_labels none = {0};
  const char *selector = sim_parameter_get(exchange, "label_selector");
  if (selector && sim_label_selector_match(selector, &none) == SIM_MALFORMED) {
    fail_field(exchange, "label_selector", "is not a valid label selector");
    return false;
  }
  return check_names(exchange, "type", type_filters, SIM_COUNT(type_filters)) &&
         check_names(exchange, "status", status_filters, SIM_COUNT(status_filters)) &&
         check_names(exchange, "architecture", architectures, SIM_COUNT(architectures)) &&
         check_names(exchange, "include_deprecated", booleans, SIM_COUNT(booleans)) &&
         check_ids(exchange, "bound_to");
}

static void list_images(sim_exchange *exchange) {
  int64_t page = 0, per_page = 0;
  sorting by;
  if (!check_image_filters(exchange) ||
      !sort_keys(exchange, image_sorts, SIM_COUNT(image_sorts), &by) ||
      !paging(exchange, &page, &per_page))
    return;

  sim_list list;
  const sim_image_query query = {.parameters = image_parameters,
                                 .parameters_count = SIM_COUNT(image_parameters),
                                 .matches = image_matches,
                                 .compare = by.count ? compare_images : NULL,
                                 .user_data = &by};
  if (!sim_list_images(exchange, &query, &list)) return;

  sim_page shown_page = sim_page_of(page, per_page, list.count);
  sim_reply_images(exchange, list.items, &shown_page, write_footer);
}

static bool action_matches(const sim_exchange *exchange, const sim_action *action) {
  char id[32];
  snprintf(id, sizeof id, "%" PRId64, action->id);
  return sim_action_visible(exchange, action) &&
         sim_parameter_allows(exchange, "status", sim_state_names[SIM_HETZNER][action->state]) &&
         sim_parameter_allows(exchange, "id", id);
}

/* Reads the parameters of a list of actions. Returns false after an error response. */
static bool read_action_query(sim_exchange *exchange, sorting *by, int64_t *page,
                              int64_t *per_page) {
  return check_names(exchange, "status", state_filters, SIM_COUNT(state_filters)) &&
         check_ids(exchange, "id") &&
         sort_keys(exchange, action_sorts, SIM_COUNT(action_sorts), by) &&
         paging(exchange, page, per_page);
}

static void reply_actions(sim_exchange *exchange, void **list, size_t count, sorting *by,
                          int64_t page, int64_t per_page) {
  if (by->count) qsort_r(list, count, sizeof *list, compare_actions, by);
  sim_page shown_page = sim_page_of(page, per_page, count);
  sim_reply_actions(exchange, list, &shown_page, write_footer);
}

static void list_image_actions(sim_exchange *exchange) {
  int64_t page = 0, per_page = 0;
  sorting by;
  if (!read_action_query(exchange, &by, &page, &per_page)) return;

  size_t count = 0;
  for (const sim_action *action = exchange->image->first_action; action; action = action->next)
    count++;
  void **list = sim_scratch(exchange->world, count);
  if (!list) return;

  count = 0;
  for (sim_action *action = exchange->image->first_action; action; action = action->next)
    if (action_matches(exchange, action)) list[count++] = action;
  reply_actions(exchange, list, count, &by, page, per_page);
}

/* Actions of all images. */
static void list_actions(sim_exchange *exchange) {
  const sim_cloud_state *state = exchange->state;
  int64_t page = 0, per_page = 0;
  sorting by;
  if (!read_action_query(exchange, &by, &page, &per_page)) return;

  bool filtered = sim_parameter_get(exchange, "status") || sim_parameter_get(exchange, "id");
  if (!filtered && !by.count && sim_all_actions_listed(exchange)) {
    sim_page shown_page = sim_page_of(page, per_page, state->actions_count);
    sim_reply_actions(exchange, (void *const *)state->actions, &shown_page, write_footer);
    return;
  }

  void **list = sim_scratch(exchange->world, state->actions_count);
  size_t count = 0;
  if (!list) return;
  for (size_t i = 0; i < state->actions_count; i++)
    if (state->actions[i]->image && action_matches(exchange, state->actions[i]))
      list[count++] = state->actions[i];
  reply_actions(exchange, list, count, &by, page, per_page);
}

/* Since 2025 GET /actions needs ids. Unknown ids are left out. */
static void get_actions_by_id(sim_exchange *exchange) {
  if (!sim_parameter_get(exchange, "id")) {
    begin_error(exchange, "deprecated_api_endpoint",
                "listing actions without ids was removed; ask for actions by their id");
    imgact_json_write_begin_object(exchange->out);
    sim_write_string(exchange->out, "announcement", "https://docs.hetzner.cloud/changelog");
    imgact_json_write_end_object(exchange->out);
    end_error(exchange, 410);
    return;
  }
  if (!check_ids(exchange, "id")) return;

  void *found[MAX_IDS];
  size_t at = 0, ids = 0, count = 0;
  int64_t id = 0;
  sorting by = {0};
  for (const char *value; ids < MAX_IDS && (value = sim_parameter_next(exchange, "id", &at));
       ids++) {
    sim_action *action =
        sim_parse_id(value, &id) ? sim_action_find(exchange->world, SIM_HETZNER, id) : NULL;
    bool repeated = false;
    for (size_t i = 0; i < count; i++) repeated = repeated || found[i] == action;
    if (action && !repeated && sim_action_visible(exchange, action)) found[count++] = action;
  }
  reply_actions(exchange, found, count, &by, 1, MAX_IDS);
}

/* ---- one image, one action ---- */

static bool find_image(sim_exchange *exchange) {
  int64_t id = 0;
  if (sim_parse_id(exchange->image_ref, &id))
    exchange->image = sim_image_find(exchange->world, SIM_HETZNER, id);
  if (exchange->image && !exchange->image->deleted) return true;
  fail_not_found(exchange, "image", exchange->image_ref);
  return false;
}

static void get_image(sim_exchange *exchange) { sim_reply_image(exchange, 200, exchange->image); }

/* The visible action of the request; NULL after a 404. */
static const sim_action *find_action(sim_exchange *exchange) {
  int64_t id = 0;
  const sim_action *action = sim_parse_id(exchange->action_ref, &id)
                                 ? sim_action_find(exchange->world, SIM_HETZNER, id)
                                 : NULL;
  bool of_image = !exchange->image || (action && action->image == exchange->image);
  if (action && of_image && sim_action_visible(exchange, action)) return action;
  fail_not_found(exchange, "action", exchange->action_ref);
  return NULL;
}

static void get_action(sim_exchange *exchange) {
  const sim_action *action = find_action(exchange);
  if (action) sim_reply_action(exchange, 200, action);
}

/* Finds actions of images only. */
static void get_image_action(sim_exchange *exchange) {
  const sim_action *action = find_action(exchange);
  if (action && action->image)
    sim_reply_action(exchange, 200, action);
  else if (action)
    fail_not_found(exchange, "action", exchange->action_ref);
}

static bool parse_body(sim_exchange *exchange) {
  int result = sim_exchange_parse(exchange);
  if (result == -1) fail(exchange, 400, "json_error", "invalid JSON in the request body");
  return result == 0;
}

static bool is_private(const sim_image *image) {
  return image->type == SIM_SNAPSHOT || image->type == SIM_BACKUP;
}

static bool check_changeable(sim_exchange *exchange, const sim_image *image) {
  if (!is_private(image)) {
    fail(exchange, 403, "forbidden", "only snapshots and backups can be changed");
    return false;
  }
  bool busy = !exchange->world->allow_repeats && sim_image_running(image, SIM_NOTHING, NULL);
  if (image->locked || image->status == SIM_CREATING || busy) {
    fail(exchange, 423, "locked", "image is locked");
    return false;
  }
  return true;
}

static bool read_labels(sim_exchange *exchange, const imgact_json *value, sim_labels *out) {
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
  if (!good) fail_field(exchange, "labels", "must be a map of valid label keys to valid values");

  return good;
}

/* Validates the whole body before the update. Returns false after an error response. */
static bool check_update(sim_exchange *exchange, const sim_image *image, sim_labels *labels) {
  const imgact_json *type = imgact_json_get(exchange->body, "type");
  const imgact_json *description = imgact_json_get(exchange->body, "description");
  const imgact_json *wanted = imgact_json_get(exchange->body, "labels");
  if (description && imgact_json_get_type(description) != IMGACT_JSON_STRING) {
    fail_field(exchange, "description", "must be a string");
    return false;
  }

  if (type && !imgact_json_equals(type, "snapshot")) {
    fail_field(exchange, "type", "must be 'snapshot'");
    return false;
  }
  if (type && image->type != SIM_BACKUP) {
    fail(exchange, 422, "unsupported_error", "only backups can be converted to snapshots");
    return false;
  }

  return !wanted || read_labels(exchange, wanted, labels);
}

static void update_image(sim_exchange *exchange) {
  sim_image *image = exchange->image;
  sim_labels labels = {0};
  if (!parse_body(exchange)) return;
  if (!is_private(image) || image->locked) {
    check_changeable(exchange, image);
    return;
  }
  if (!check_update(exchange, image, &labels)) {
    sim_labels_free(&labels);
    return;
  }

  char *description = sim_copy_json(imgact_json_get(exchange->body, "description"));
  if (description) {
    free(image->description);
    image->description = description;
  }
  if (imgact_json_get(exchange->body, "labels")) {
    sim_labels_free(&image->labels);
    image->labels = labels;
  }
  if (imgact_json_get(exchange->body, "type")) {
    sim_image_convert(image);
    sim_world_count(exchange->world, SIM_CONVERT);
  }
  sim_world_count(exchange->world, SIM_UPDATE);

  sim_reply_image(exchange, 200, image);
}

static void delete_image(sim_exchange *exchange) {
  sim_image *image = exchange->image;
  if (!check_changeable(exchange, image)) return;
  if (image->is_protected) {
    fail(exchange, 423, "protected", "image is protected from deletion");
    return;
  }
  sim_image_remove(exchange->world, image);
  sim_world_count(exchange->world, SIM_DELETE);
  sim_exchange_finish(exchange, 204);
}

static void change_protection(sim_exchange *exchange) {
  sim_image *image = exchange->image;
  int is_protected = 0;
  if (!parse_body(exchange)) return;
  const imgact_json *value = imgact_json_get(exchange->body, "delete");
  if (value && !imgact_json_as_bool(value, &is_protected)) {
    fail_field(exchange, "delete", "must be a boolean");
    return;
  }
  if (!check_changeable(exchange, image)) return;

  if (image->type != SIM_SNAPSHOT) {
    fail(exchange, 422, "unsupported_error", "only snapshots can be protected");
    return;
  }
  if (!value) is_protected = image->is_protected;
  const sim_action *action = sim_action_start(
      exchange->world, image, is_protected ? SIM_PROTECT : SIM_UNPROTECT, NULL, exchange->now_ms);
  if (action) sim_reply_action(exchange, 201, action);
}

/* ---- operations ---- */

#define API "/v1"

static const sim_operation operations[] = {
    {"GET", API "/images", list_images, NULL, NULL},
    {"GET", API "/images/actions", list_actions, NULL, NULL},
    {"GET", API "/images/{image}", get_image, find_image, NULL},
    {"PUT", API "/images/{image}", update_image, find_image, NULL},
    {"DELETE", API "/images/{image}", delete_image, find_image, NULL},
    {"GET", API "/images/actions/{action}", get_image_action, NULL, NULL},
    {"GET", API "/images/{image}/actions", list_image_actions, find_image, NULL},
    {"POST", API "/images/{image}/actions/change_protection", change_protection, find_image, NULL},
    {"GET", API "/images/{image}/actions/{action}", get_image_action, find_image, NULL},
    {"GET", API "/actions", get_actions_by_id, NULL, NULL},
    {"GET", API "/actions/{action}", get_action, NULL, NULL},
};

/* ---- admission ---- */

static void identify(sim_exchange *exchange) {
  snprintf(exchange->request_id, sizeof exchange->request_id, "%016" PRIx64,
           sim_random(&exchange->world->ids));
  sim_reply_header(exchange->reply, "X-Correlation-Id", exchange->request_id);
}

/* Recorded responses show 3600 requests for images, and 7200 for paths with "actions" in them,
 * including the POST that creates an action. */
static bool about_actions(const sim_exchange *exchange) {
  for (size_t i = 1; i < exchange->segments_count && i < SIM_MAX_SEGMENTS; i++)
    if (!strcmp(exchange->segments[i], "actions")) return true;
  return false;
}

static sim_rate_result take_request(sim_exchange *exchange) {
  const sim_rate_limit *limit = &exchange->state->limit, *usual = &sim_default_limits[SIM_HETZNER];
  bool actions = about_actions(exchange);
  int64_t size = actions ? limit->actions : limit->limit;
  sim_rate *rate = actions ? &exchange->token->actions_rate : &exchange->token->rate[SIM_HETZNER];
  if (!exchange->world->overrides.over_limit) return sim_limit_bucket(size, rate, exchange->now_ms);

  /* An empty bucket is full in an hour. */
  return (sim_rate_result){.rejected = true,
                           .limit = size      ? size
                                    : actions ? usual->actions
                                              : usual->limit,
                           .reset_s = exchange->now_ms / 1000 + 3600,
                           .retry_after_s = -1};
}

static bool within_limit(sim_exchange *exchange) {
  sim_rate_result result = sim_count_request(exchange);
  if (!result.rejected) return true;

  /* The real message has been seen to quote the first 32 characters of the token. */
  char text[192];
  snprintf(text, sizeof text,
           "Limit of '%" PRId64 "' requests per hour for token '%.32s...' reached.", result.limit,
           exchange->token->text ? exchange->token->text : "");
  fail(exchange, 429, "rate_limit_exceeded", text);
  return false;
}

static bool authorized(sim_exchange *exchange) {
  const sim_token *token = exchange->token;
  if (token == &exchange->world->anonymous)
    fail(exchange, 401, "unauthorized", "token is required");
  else if (token->access == SIM_INVALID)
    fail(exchange, 401, "unauthorized", "the token you have provided is invalid");
  else if (token->access == SIM_READ_ONLY && strcmp(exchange->request->method, "GET") != 0)
    fail(exchange, 401, "token_readonly", "the token is only allowed to perform GET requests");
  else
    return true;
  return false;
}

/* Checks the route before the rate limit and the token, and the method after them. */
static bool admit(sim_exchange *exchange) {
  if (!exchange->route && !exchange->world->overrides.over_limit)
    fail_route(exchange);
  else if (!within_limit(exchange) || !authorized(exchange))
    return false;
  else if (!exchange->operation)
    fail(exchange, 405, "method_not_allowed", "method not allowed");
  else
    return true;
  return false;
}

static void fail_with(sim_exchange *exchange, const sim_error *error) {
  fail(exchange, error->status, error->code, error->message);
}

const sim_cloud_api sim_hetzner = {
    .operations = operations,
    .operations_count = SIM_COUNT(operations),
    .content_type = "application/json",
    .malformed_query = {400, "invalid_input", "malformed query"},
    .body_too_large = {413, "payload_too_large", "the request body is too large"},
    .identify = identify,
    .rate_headers = {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"},
    .take_request = take_request,
    .admit = admit,
    .fail = fail_with,
    .write_image = write_image,
    .write_action = write_action,
};
