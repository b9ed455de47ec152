// SPDX-License-Identifier: MIT
/*
 * Hetzner's side: images, image actions, actions. Routing comes before authentication, methods
 * after it. Where the vendor's behaviour is not known the strictest plausible one is chosen;
 * docs/simulator.md lists those choices.
 */
#include "exchange.h"
#include "label_selector.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PER_PAGE 50
#define MAX_SORTS    8
#define MAX_LABELS   1000
/* Clients that ask for more than this many actions by id are silently shown the first ones only. */
#define MAX_IDS 25

/* ---- errors ---- */

static void begin_error(sim_exchange *call, const char *code, const char *message) {
  imgact_json_write_begin_object(call->out);
  imgact_json_write_key(call->out, "error");
  imgact_json_write_begin_object(call->out);
  sim_write_string(call->out, "code", code);
  sim_write_string(call->out, "message", message);
  imgact_json_write_key(call->out, "details");
}

static void end_error(sim_exchange *call, int status) {
  imgact_json_write_end_object(call->out);
  imgact_json_write_end_object(call->out);
  sim_exchange_finish(call, status);
}

static void fail(sim_exchange *call, int status, const char *code, const char *message) {
  begin_error(call, code, message);
  imgact_json_write_null(call->out);
  end_error(call, status);
}

static void fail_field(sim_exchange *call, const char *field, const char *message) {
  char text[160];
  snprintf(text, sizeof text, "invalid input in field '%s'", field);
  begin_error(call, "invalid_input", text);
  imgact_json_write_begin_object(call->out);
  imgact_json_write_key(call->out, "fields");
  imgact_json_write_begin_array(call->out);
  imgact_json_write_begin_object(call->out);
  sim_write_string(call->out, "name", field);
  imgact_json_write_key(call->out, "messages");
  imgact_json_write_begin_array(call->out);
  imgact_json_write_string(call->out, message);
  imgact_json_write_end_array(call->out);
  imgact_json_write_end_object(call->out);
  imgact_json_write_end_array(call->out);
  imgact_json_write_end_object(call->out);
  end_error(call, 422);
}

static void fail_not_found(sim_exchange *call, const char *what, const char *id) {
  char text[160];
  snprintf(text, sizeof text, "%s with ID '%.64s' not found", what, id);
  fail(call, 404, "not_found", text);
}

/* What the API's front says is set by another program: indented, with a charset. */
static void fail_route(sim_exchange *call) {
  imgact_json_writer_free(call->out);
  call->out = imgact_json_writer_new(NULL, 2);
  sim_reply_header(call->reply, "Content-Type", "application/json; charset=UTF-8");
  fail(call, 404, "not_found", "api route not found");
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

void sim_hetzner_image(sim_exchange *call, const sim_image *image) {
  imgact_json_writer *out = call->out;
  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", image->id);
  sim_write_string(out, "type", sim_type_names[image->type]);
  sim_write_string(out, "status", sim_status_names[sim_image_status(image, call->now_ms)]);
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
  if (call->dump) sim_dump_image(out, image);
  imgact_json_write_end_object(out);
}

static void write_resource(imgact_json_writer *out, int64_t id, const char *type) {
  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", id);
  sim_write_string(out, "type", type);
  imgact_json_write_end_object(out);
}

void sim_hetzner_action(sim_exchange *call, const sim_action *action) {
  imgact_json_writer *out = call->out;
  imgact_json_write_begin_object(out);
  sim_write_int(out, "id", action->id);
  sim_write_string(out, "command", action->command);
  sim_write_string(out, "status", sim_state_names[SIM_HETZNER][action->state]);
  sim_write_int(out, "progress", sim_action_progress(action, call->now_ms));
  sim_write_time(out, "started", action->started_ms);
  sim_write_time(out, "finished", action->finished_ms);
  imgact_json_write_key(out, "resources");
  imgact_json_write_begin_array(out);
  if (action->server_id) write_resource(out, action->server_id, "server");
  if (action->resource_id) write_resource(out, action->resource_id, action->resource_type);
  imgact_json_write_end_array(out);
  imgact_json_write_key(out, "error");
  /* The vendor's samples have one next to a success, too. */
  if (action->state == SIM_ERROR || action->error_code) {
    imgact_json_write_begin_object(out);
    sim_write_string(out, "code", action->error_code ? action->error_code : "action_failed");
    sim_write_string(out, "message", action->error_message ? action->error_message : "");
    imgact_json_write_end_object(out);
  } else {
    imgact_json_write_null(out);
  }
  if (call->dump) sim_dump_action(call, action);
  imgact_json_write_end_object(out);
}

/* ---- parameters ---- */

static const char *const type_filters[] = {"system", "app", "snapshot", "backup"};
static const char *const status_filters[] = {"available", "creating", "unavailable"};
static const char *const state_filters[] = {"running", "success", "error"};
static const char *const architectures[] = {"x86", "arm"};
/* The vendor's Python client spells them as Python does. */
static const char *const booleans[] = {"true", "True", "1", "false", "False", "0"};
static const char *const image_sorts[] = {"id", "name", "created"};
static const char *const action_sorts[] = {"id", "command", "status", "started", "finished"};

static bool check_words(sim_exchange *call, const char *name, const char *const *words,
                        size_t count) {
  size_t at = 0;
  for (const char *value; (value = sim_parameter_next(call, name, &at));)
    if (sim_index_of(words, count, value) < 0) {
      fail_field(call, name, "is not one of the allowed values");
      return false;
    }
  return true;
}

static bool check_ids(sim_exchange *call, const char *name) {
  size_t at = 0;
  int64_t id = 0;
  for (const char *value; (value = sim_parameter_next(call, name, &at));)
    if (!sim_parse_id(value, &id) || id < 1) {
      fail_field(call, name, "must be a valid integer");
      return false;
    }
  return true;
}

static bool page_number(sim_exchange *call, const char *name, int64_t otherwise, int64_t *out) {
  if (sim_parameter_page(call, name, otherwise, out)) return true;
  fail_field(call, name, "must be a positive integer");
  return false;
}

static bool paging(sim_exchange *call, int64_t *page, int64_t *per_page) {
  if (!page_number(call, "page", 1, page) || !page_number(call, "per_page", 25, per_page))
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

static bool sort_keys(sim_exchange *call, const char *const *words, size_t words_count,
                      sorting *out) {
  size_t at = 0;
  *out = (sorting){0};
  for (const char *value; (value = sim_parameter_next(call, "sort", &at));) {
    char key[16] = "";
    size_t length = strcspn(value, ":");
    const char *direction = value + length;
    bool descending = !strcmp(direction, ":desc");
    if (length < sizeof key) memcpy(key, value, length);
    int index = sim_index_of(words, words_count, key);
    if (index < 0 || out->count == MAX_SORTS ||
        (*direction && !descending && strcmp(direction, ":asc") != 0)) {
      fail_field(call, "sort", "is not a valid sorting");
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

static void add_link(sim_exchange *call, sim_text *links, const char *rel, int64_t page) {
  const char *host = call->request->host ? call->request->host : "api.hetzner.cloud";
  sim_text_printf(links, "%s<%s://%s", links->length ? ", " : "",
                  call->request->host ? "http" : "https", host);
  size_t path = strcspn(call->request->target, "?#");
  sim_text_add(links, call->request->target, path);
  sim_text_str(links, "?");
  for (size_t i = 0; i < call->parameters_count; i++) {
    if (!strcmp(call->parameters[i].name, "page")) continue;
    sim_text_encode(links, call->parameters[i].name);
    sim_text_str(links, "=");
    sim_text_encode(links, call->parameters[i].value);
    sim_text_str(links, "&");
  }
  sim_text_printf(links, "page=%" PRId64 ">; rel=%s", page, rel);
}

static void write_meta(sim_exchange *call, const sim_page *shown_page) {
  imgact_json_writer *out = call->out;
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
  if (previous) add_link(call, &links, "prev", previous);
  if (next) add_link(call, &links, "next", next);
  add_link(call, &links, "last", shown_page->last);
  if (sim_text_get(&links)) sim_reply_header(call->reply, "Link", sim_text_get(&links));
  sim_text_free(&links);
}

static bool wanted_image(const sim_exchange *call, const sim_image *image) {
  char id[32];
  snprintf(id, sizeof id, "%" PRId64, image->bound_to);
  const char *deprecated = sim_parameter_of(call, "include_deprecated");
  const char *selector = sim_parameter_of(call, "label_selector");
  return !image->deleted &&
         (image->deprecated_ms == IMGACT_NO_TIME || sim_index_of(booleans, 3, deprecated) >= 0) &&
         sim_parameter_allows(call, "type", sim_type_names[image->type]) &&
         sim_parameter_allows(call, "status",
                              sim_status_names[sim_image_status(image, call->now_ms)]) &&
         sim_parameter_allows(call, "architecture", image->is_arm ? "arm" : "x86") &&
         sim_parameter_allows(call, "name", image->name) &&
         sim_parameter_allows(call, "bound_to", image->bound_to ? id : NULL) &&
         (!selector || sim_label_selector_match(selector, &image->labels) == SIM_MATCH);
}

static bool check_image_filters(sim_exchange *call) {
  const sim_labels none = {0};
  const char *selector = sim_parameter_of(call, "label_selector");
  if (selector && sim_label_selector_match(selector, &none) == SIM_MALFORMED) {
    fail_field(call, "label_selector", "is not a valid label selector");
    return false;
  }
  return check_words(call, "type", type_filters, SIM_COUNT(type_filters)) &&
         check_words(call, "status", status_filters, SIM_COUNT(status_filters)) &&
         check_words(call, "architecture", architectures, SIM_COUNT(architectures)) &&
         check_words(call, "include_deprecated", booleans, SIM_COUNT(booleans)) &&
         check_ids(call, "bound_to");
}

static void list_images(sim_exchange *call) {
  int64_t page = 0, per_page = 0;
  sorting by;
  if (!check_image_filters(call) || !sort_keys(call, image_sorts, SIM_COUNT(image_sorts), &by) ||
      !paging(call, &page, &per_page))
    return;
  size_t count = 0;
  void **list = sim_images_filter(call, wanted_image, &count);
  if (!list) return;
  if (by.count) qsort_r(list, count, sizeof *list, compare_images, &by);
  sim_page shown_page = sim_page_of(page, per_page, count);
  sim_reply_images(call, list, &shown_page, write_meta);
}

static bool wanted_action(const sim_exchange *call, const sim_action *action) {
  char id[32];
  snprintf(id, sizeof id, "%" PRId64, action->id);
  return sim_action_visible(call, action) &&
         sim_parameter_allows(call, "status", sim_state_names[SIM_HETZNER][action->state]) &&
         sim_parameter_allows(call, "id", id);
}

static void reply_actions(sim_exchange *call, void **list, size_t count, sorting *by, int64_t page,
                          int64_t per_page) {
  if (by->count) qsort_r(list, count, sizeof *list, compare_actions, by);
  sim_page shown_page = sim_page_of(page, per_page, count);
  sim_reply_actions(call, list, &shown_page, write_meta);
}

/* Of all images, or of one. */
static void list_actions(sim_exchange *call, const sim_image *image) {
  int64_t page = 0, per_page = 0;
  sorting by;
  if (!check_words(call, "status", state_filters, SIM_COUNT(state_filters)) ||
      !check_ids(call, "id") || !sort_keys(call, action_sorts, SIM_COUNT(action_sorts), &by) ||
      !paging(call, &page, &per_page))
    return;
  void **list = sim_scratch(call->world, call->side->actions_count);
  if (!list) return;
  size_t count = 0;
  if (image) {
    for (sim_action *action = image->first_action; action; action = action->next)
      if (wanted_action(call, action)) list[count++] = action;
  } else {
    for (size_t i = 0; i < call->side->actions_count; i++)
      if (call->side->actions[i]->image && wanted_action(call, call->side->actions[i]))
        list[count++] = call->side->actions[i];
  }
  reply_actions(call, list, count, &by, page, per_page);
}

/* Not a list any more since 2025: ids are asked for, unknown ones are left out. */
static void actions_by_id(sim_exchange *call) {
  if (!sim_parameter_of(call, "id")) {
    begin_error(call, "deprecated_api_endpoint",
                "listing actions without ids was removed; ask for actions by their id");
    imgact_json_write_begin_object(call->out);
    sim_write_string(call->out, "announcement", "https://docs.hetzner.cloud/changelog");
    imgact_json_write_end_object(call->out);
    end_error(call, 410);
    return;
  }
  void *found[MAX_IDS];
  size_t at = 0, asked = 0, count = 0;
  int64_t id = 0;
  sorting by = {0};
  if (!check_ids(call, "id")) return;
  for (const char *value; asked < MAX_IDS && (value = sim_parameter_next(call, "id", &at));
       asked++) {
    sim_action *action =
        sim_parse_id(value, &id) ? sim_action_find(call->world, SIM_HETZNER, id) : NULL;
    bool again = false;
    for (size_t i = 0; i < count; i++) again = again || found[i] == action;
    if (action && !again && sim_action_visible(call, action)) found[count++] = action;
  }
  reply_actions(call, found, count, &by, 1, MAX_IDS);
}

/* ---- one image, one action ---- */

static sim_image *image_of(sim_exchange *call, const char *segment) {
  int64_t id = 0;
  sim_image *image =
      sim_parse_id(segment, &id) ? sim_image_find(call->world, SIM_HETZNER, id) : NULL;
  if (image && !image->deleted) return image;
  fail_not_found(call, "image", segment);
  return NULL;
}

static void get_action(sim_exchange *call, const char *segment, const sim_image *image,
                       bool of_images) {
  int64_t id = 0;
  const sim_action *action =
      sim_parse_id(segment, &id) ? sim_action_find(call->world, SIM_HETZNER, id) : NULL;
  if (!action || !sim_action_visible(call, action) || (image && action->image != image) ||
      (of_images && !action->image))
    fail_not_found(call, "action", segment);
  else
    sim_reply_action(call, 200, action);
}

static bool parsed_body(sim_exchange *call) {
  int result = sim_exchange_parse(call);
  if (result == -1) fail(call, 400, "json_error", "invalid JSON in the request body");
  return result == 0;
}

static bool own_image(const sim_image *image) {
  return image->type == SIM_SNAPSHOT || image->type == SIM_BACKUP;
}

static bool may_change(sim_exchange *call, const sim_image *image) {
  if (!own_image(image)) {
    fail(call, 403, "forbidden", "only snapshots and backups can be changed");
    return false;
  }
  bool busy = !call->world->repeats && sim_image_running(image, SIM_NOTHING, NULL);
  if (image->locked || image->status == SIM_CREATING || busy) {
    fail(call, 423, "locked", "image is locked");
    return false;
  }
  return true;
}

static bool read_labels(sim_exchange *call, const imgact_json *value, sim_labels *out) {
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
  if (!good) fail_field(call, "labels", "must be a map of valid label keys to valid values");
  return good;
}

/* Everything is checked before anything is changed. */
static bool check_update(sim_exchange *call, const sim_image *image, sim_labels *labels) {
  const imgact_json *type = imgact_json_get(call->body, "type");
  const imgact_json *description = imgact_json_get(call->body, "description");
  const imgact_json *wanted = imgact_json_get(call->body, "labels");
  if (description && imgact_json_get_type(description) != IMGACT_JSON_STRING) {
    fail_field(call, "description", "must be a string");
    return false;
  }
  if (type && !imgact_json_equals(type, "snapshot")) {
    fail_field(call, "type", "must be 'snapshot'");
    return false;
  }
  if (type && image->type != SIM_BACKUP) {
    fail(call, 422, "unsupported_error", "only backups can be converted to snapshots");
    return false;
  }
  return !wanted || read_labels(call, wanted, labels);
}

static void update_image(sim_exchange *call, sim_image *image) {
  sim_labels labels = {0};
  if (!parsed_body(call)) return;
  if (!own_image(image) || image->locked) {
    may_change(call, image);
    return;
  }
  if (!check_update(call, image, &labels)) {
    sim_labels_free(&labels);
    return;
  }
  char *description = sim_copy_json(imgact_json_get(call->body, "description"));
  if (description) {
    free(image->description);
    image->description = description;
  }
  if (imgact_json_get(call->body, "labels")) {
    sim_labels_free(&image->labels);
    image->labels = labels;
  }
  if (imgact_json_get(call->body, "type")) {
    sim_image_convert(image);
    sim_world_commit(call->world, SIM_CONVERT);
  }
  sim_world_commit(call->world, SIM_UPDATE);
  sim_reply_image(call, 200, image);
}

static void delete_image(sim_exchange *call, sim_image *image) {
  if (!may_change(call, image)) return;
  if (image->is_protected) {
    fail(call, 423, "protected", "image is protected from deletion");
    return;
  }
  sim_image_remove(image);
  sim_world_commit(call->world, SIM_DELETE);
  sim_exchange_finish(call, 204);
}

static void change_protection(sim_exchange *call, sim_image *image) {
  int wanted = 0;
  if (!parsed_body(call)) return;
  const imgact_json *value = imgact_json_get(call->body, "delete");
  if (value && !imgact_json_as_bool(value, &wanted)) {
    fail_field(call, "delete", "must be a boolean");
    return;
  }
  if (!may_change(call, image)) return;
  if (image->type != SIM_SNAPSHOT) {
    fail(call, 422, "unsupported_error", "only snapshots can be protected");
    return;
  }
  if (!value) wanted = image->is_protected;
  const sim_action *action =
      sim_world_begin(call->world, image, wanted ? SIM_PROTECT : SIM_UNPROTECT, NULL, call->now_ms);
  if (action) sim_reply_action(call, 201, action);
}

/* ---- routes ---- */

typedef enum route {
  NO_ROUTE,
  IMAGES,
  IMAGE,
  IMAGES_ACTIONS,
  IMAGES_ACTION,
  IMAGE_ACTIONS,
  IMAGE_ACTION,
  CHANGE_PROTECTION,
  ACTIONS,
  ACTION
} route;

static bool is(const sim_exchange *call, size_t index, const char *text) {
  return index < call->segments_count && index < SIM_MAX_SEGMENTS &&
         !strcmp(call->segments[index], text);
}

static route route_of(const sim_exchange *call) {
  size_t count = call->segments_count;
  if (!is(call, 0, "v1")) return NO_ROUTE;
  if (is(call, 1, "actions")) return count == 2 ? ACTIONS : count == 3 ? ACTION : NO_ROUTE;
  if (!is(call, 1, "images")) return NO_ROUTE;
  if (count == 2) return IMAGES;
  if (is(call, 2, "actions"))
    return count == 3 ? IMAGES_ACTIONS : count == 4 ? IMAGES_ACTION : NO_ROUTE;
  if (count == 3) return IMAGE;
  if (!is(call, 3, "actions")) return NO_ROUTE;
  if (count == 4) return IMAGE_ACTIONS;
  if (count != 5) return NO_ROUTE;
  return is(call, 4, "change_protection") ? CHANGE_PROTECTION : IMAGE_ACTION;
}

static bool method_fits(const char *method, route where) {
  if (where == CHANGE_PROTECTION) return !strcmp(method, "POST");
  return !strcmp(method, "GET") ||
         (where == IMAGE && (!strcmp(method, "PUT") || !strcmp(method, "DELETE")));
}

static void dispatch(sim_exchange *call, route where) {
  const char *method = call->request->method;
  sim_image *image = NULL;
  if (where == IMAGE || where == IMAGE_ACTIONS || where == IMAGE_ACTION ||
      where == CHANGE_PROTECTION) {
    image = image_of(call, call->segments[2]);
    if (!image) return;
  }
  switch (where) {
  case IMAGES: list_images(call); break;
  case IMAGE:
    if (!strcmp(method, "PUT"))
      update_image(call, image);
    else if (!strcmp(method, "DELETE"))
      delete_image(call, image);
    else
      sim_reply_image(call, 200, image);
    break;
  case IMAGES_ACTIONS: list_actions(call, NULL); break;
  case IMAGES_ACTION: get_action(call, call->segments[3], NULL, true); break;
  case IMAGE_ACTIONS: list_actions(call, image); break;
  case IMAGE_ACTION: get_action(call, call->segments[4], image, true); break;
  case CHANGE_PROTECTION: change_protection(call, image); break;
  case ACTIONS: actions_by_id(call); break;
  default: get_action(call, call->segments[2], NULL, false); break;
  }
}

/* ---- before the handlers ---- */

/* Recorded replies tell 3600 of things, and 7200 of whatever has "actions" in its path, the POST
 * that begins one included.
 */
static sim_rate_result spend(sim_exchange *call, route where) {
  const sim_rate_limit *limit = &call->side->limit;
  bool of_actions = where != IMAGES && where != IMAGE;
  int64_t size = of_actions ? limit->actions : limit->limit;
  int64_t usual =
      of_actions ? sim_default_limits[SIM_HETZNER].actions : sim_default_limits[SIM_HETZNER].limit;
  sim_rate *rate = of_actions ? &call->token->actions_rate : &call->token->rate[SIM_HETZNER];
  if (!call->world->overrides.refuses) return sim_limit_bucket(size, rate, call->now_ms);
  /* An empty bucket is full in an hour. */
  return (sim_rate_result){.refused = true,
                           .limit = size ? size : usual,
                           .reset_s = call->now_ms / 1000 + 3600,
                           .retry_after_s = -1};
}

static bool within_limit(sim_exchange *call, route where) {
  sim_rate_result result = spend(call, where);
  if (result.limit) {
    sim_reply_header_int(call->reply, "RateLimit-Limit", result.limit);
    sim_reply_header_int(call->reply, "RateLimit-Remaining", result.remaining);
    sim_reply_header_int(call->reply, "RateLimit-Reset", result.reset_s);
  }
  if (!result.refused) return true;
  /* The live message has been seen to quote the token's first half. */
  char text[192];
  snprintf(text, sizeof text,
           "Limit of '%" PRId64 "' requests per hour for token '%.32s...' reached.", result.limit,
           call->token->text ? call->token->text : "");
  fail(call, 429, "rate_limit_exceeded", text);
  return false;
}

static bool authorized(sim_exchange *call) {
  if (call->token == &call->world->anonymous) {
    fail(call, 401, "unauthorized", "token is required");
  } else if (call->token->access == SIM_INVALID) {
    fail(call, 401, "unauthorized", "the token you have provided is invalid");
  } else if (call->token->access == SIM_READ_ONLY && strcmp(call->request->method, "GET") != 0) {
    fail(call, 401, "token_readonly", "the token is only allowed to perform GET requests");
  } else {
    return true;
  }
  return false;
}

void sim_hetzner(sim_exchange *call) {
  snprintf(call->request_id, sizeof call->request_id, "%016" PRIx64, sim_random(&call->world->ids));
  sim_reply_header(call->reply, "X-Correlation-Id", call->request_id);
  route where = route_of(call);
  if (where == NO_ROUTE && !call->world->overrides.refuses)
    fail_route(call);
  else if (!within_limit(call, where) || !authorized(call))
    return;
  else if (!method_fits(call->request->method, where))
    fail(call, 405, "method_not_allowed", "method not allowed");
  else if (call->malformed)
    fail(call, 400, "invalid_input", "malformed query");
  else if (sim_too_large(call->request))
    fail(call, 413, "payload_too_large", "the request body is too large");
  else
    dispatch(call, where);
}
