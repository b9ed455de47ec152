// SPDX-License-Identifier: MIT
/*
 * Hetzner Cloud: images, image actions, actions. Undocumented behaviour is the strictest plausible
 * one; docs/simulator.md lists these choices.
 */
#include "hetzner.h"
#include "clouds.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* GET /actions ignores further ids. */
#define MAX_IDS 25

/* ---- lists ---- */

static const char *const type_filters[] = {"system", "app", "snapshot", "backup"};
static const char *const status_filters[] = {"available", "creating", "unavailable"};
static const char *const architectures[] = {"x86", "arm"};
/* hcloud-python sends True and False. */
static const char *const booleans[] = {"true", "True", "1", "false", "False", "0"};
static const char *const image_sorts[] = {"id", "name", "created"};

static int compare_images(const void *a, const void *b, void *user) {
  const sim_image *left = *(const sim_image *const *)a, *right = *(const sim_image *const *)b;
  const hetzner_sorting *by = user;
  for (size_t i = 0; i < by->count; i++) {
    int order = by->keys[i].key == 0 ? hetzner_compare_numbers(left->id, right->id)
                : by->keys[i].key == 1
                    ? hetzner_compare_texts(left->name, right->name)
                    : hetzner_compare_numbers(left->created_ms, right->created_ms);
    if (order) return by->keys[i].descending ? -order : order;
  }
  return hetzner_compare_numbers(left->id, right->id);
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
         (!(given & 1u << BY_LABELS) || hetzner_has_labels(exchange, &image->labels));
}

static bool check_image_filters(sim_exchange *exchange) {
  return hetzner_check_names(exchange, "type", type_filters, SIM_COUNT(type_filters)) &&
         hetzner_check_names(exchange, "status", status_filters, SIM_COUNT(status_filters)) &&
         hetzner_check_names(exchange, "architecture", architectures, SIM_COUNT(architectures)) &&
         hetzner_check_names(exchange, "include_deprecated", booleans, SIM_COUNT(booleans)) &&
         hetzner_check_ids(exchange, "bound_to") && hetzner_check_selector(exchange);
}

static void list_images(sim_exchange *exchange) {
  int64_t page = 0, per_page = 0;
  hetzner_sorting by;
  if (!check_image_filters(exchange) ||
      !hetzner_sort_keys(exchange, image_sorts, SIM_COUNT(image_sorts), &by) ||
      !hetzner_paging(exchange, &page, &per_page))
    return;

  sim_list list;
  const sim_image_query query = {.parameters = image_parameters,
                                 .parameters_count = SIM_COUNT(image_parameters),
                                 .matches = image_matches,
                                 .compare = by.count ? compare_images : NULL,
                                 .user_data = &by};
  if (!sim_list_images(exchange, &query, &list)) return;

  sim_page shown_page = sim_page_of(page, per_page, list.count);
  sim_reply_images(exchange, list.items, &shown_page, hetzner_write_footer);
}

static void list_images_actions(sim_exchange *exchange) {
  hetzner_list_all_actions(exchange, false);
}

/* Since 2025 GET /actions needs ids. Unknown ids are left out. */
static void get_actions_by_id(sim_exchange *exchange) {
  if (!sim_parameter_get(exchange, "id")) {
    hetzner_begin_error(exchange, "deprecated_api_endpoint",
                        "listing actions without ids was removed; ask for actions by their id");
    imgact_json_write_begin_object(exchange->out);
    sim_write_string(exchange->out, "announcement", "https://docs.hetzner.cloud/changelog");
    imgact_json_write_end_object(exchange->out);
    hetzner_end_error(exchange, 410);
    return;
  }
  if (!hetzner_check_ids(exchange, "id")) return;

  void *found[MAX_IDS];
  size_t at = 0, ids = 0, count = 0;
  int64_t id = 0;
  hetzner_sorting by = {0};
  for (const char *value; ids < MAX_IDS && (value = sim_parameter_next(exchange, "id", &at));
       ids++) {
    sim_action *action =
        sim_parse_id(value, &id) ? sim_action_find(exchange->world, SIM_HETZNER, id) : NULL;
    bool repeated = false;
    for (size_t i = 0; i < count; i++) repeated = repeated || found[i] == action;
    if (action && !repeated && sim_action_visible(exchange, action)) found[count++] = action;
  }
  hetzner_reply_actions(exchange, found, count, &by, 1, MAX_IDS);
}

/* ---- one image, one action ---- */

static bool find_image(sim_exchange *exchange) {
  int64_t id = 0;
  if (sim_parse_id(exchange->image_ref, &id))
    exchange->image = sim_image_find(exchange->world, SIM_HETZNER, id);
  if (exchange->image && !exchange->image->deleted && sim_image_visible(exchange, exchange->image))
    return true;
  hetzner_fail_not_found(exchange, "image", exchange->image_ref);
  return false;
}

static void get_image(sim_exchange *exchange) { sim_reply_image(exchange, 200, exchange->image); }

static void get_action(sim_exchange *exchange) {
  const sim_action *action = hetzner_find_action(exchange);
  if (action) sim_reply_action(exchange, 200, action);
}

/* Finds actions of images only. */
static void get_image_action(sim_exchange *exchange) {
  const sim_action *action = hetzner_find_action(exchange);
  if (action && action->image)
    sim_reply_action(exchange, 200, action);
  else if (action)
    hetzner_fail_not_found(exchange, "action", exchange->action_ref);
}

static bool is_private(const sim_image *image) {
  return image->type == SIM_SNAPSHOT || image->type == SIM_BACKUP;
}

static bool check_changeable(sim_exchange *exchange, const sim_image *image) {
  if (!is_private(image)) {
    hetzner_fail(exchange, 403, "forbidden", "only snapshots and backups can be changed");
    return false;
  }
  bool busy = !exchange->world->allow_repeats && sim_image_running(image, SIM_NOTHING, NULL);
  if (image->locked || image->status == SIM_CREATING || busy) {
    hetzner_fail(exchange, 423, "locked", "image is locked");
    return false;
  }
  return true;
}

/* Validates the whole body before the update. Returns false after an error response. */
static bool check_update(sim_exchange *exchange, const sim_image *image, sim_labels *labels) {
  const imgact_json *type = imgact_json_get(exchange->body, "type");
  const imgact_json *description = imgact_json_get(exchange->body, "description");
  const imgact_json *wanted = imgact_json_get(exchange->body, "labels");
  if (description && imgact_json_get_type(description) != IMGACT_JSON_STRING) {
    hetzner_fail_field(exchange, "description", "must be a string");
    return false;
  }

  if (type && !imgact_json_equals(type, "snapshot")) {
    hetzner_fail_field(exchange, "type", "must be 'snapshot'");
    return false;
  }
  if (type && image->type != SIM_BACKUP) {
    hetzner_fail(exchange, 422, "unsupported_error", "only backups can be converted to snapshots");
    return false;
  }

  return !wanted || hetzner_read_labels(exchange, wanted, labels);
}

static void update_image(sim_exchange *exchange) {
  sim_image *image = exchange->image;
  sim_labels labels = {0};
  if (!hetzner_parse_body(exchange)) return;
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
    hetzner_fail(exchange, 423, "protected", "image is protected from deletion");
    return;
  }
  sim_image_remove(exchange->world, image);
  sim_world_count(exchange->world, SIM_DELETE);
  sim_exchange_finish(exchange, 204);
}

static void change_protection(sim_exchange *exchange) {
  sim_image *image = exchange->image;
  int is_protected = 0;
  if (!hetzner_parse_body(exchange)) return;
  const imgact_json *value = imgact_json_get(exchange->body, "delete");
  if (value && !imgact_json_as_bool(value, &is_protected)) {
    hetzner_fail_field(exchange, "delete", "must be a boolean");
    return;
  }
  if (!check_changeable(exchange, image)) return;

  if (image->type != SIM_SNAPSHOT) {
    hetzner_fail(exchange, 422, "unsupported_error", "only snapshots can be protected");
    return;
  }
  if (!value) is_protected = image->is_protected;
  const sim_action *action = sim_action_start(
      exchange->world, image, is_protected ? SIM_PROTECT : SIM_UNPROTECT, NULL, exchange->now_ms);
  if (action) sim_reply_action(exchange, 201, action);
}

/* ---- operations ---- */

#define API            "/v1"
#define SERVER_ACTIONS API "/servers/{machine}/actions"

static const sim_operation operations[] = {
    {"GET", API "/images", list_images, NULL, NULL},
    {"GET", API "/images/actions", list_images_actions, NULL, NULL},
    {"GET", API "/images/{image}", get_image, find_image, NULL},
    {"PUT", API "/images/{image}", update_image, find_image, NULL},
    {"DELETE", API "/images/{image}", delete_image, find_image, NULL},
    {"GET", API "/images/actions/{action}", get_image_action, NULL, NULL},
    {"GET", API "/images/{image}/actions", hetzner_list_own_actions, find_image, NULL},
    {"POST", API "/images/{image}/actions/change_protection", change_protection, find_image, NULL},
    {"GET", API "/images/{image}/actions/{action}", get_image_action, find_image, NULL},
    {"GET", API "/servers", hetzner_list_servers, NULL, NULL},
    {"GET", API "/servers/actions", hetzner_list_servers_actions, NULL, NULL},
    {"GET", API "/servers/{machine}", hetzner_get_server, hetzner_find_server, NULL},
    {"GET", API "/servers/actions/{action}", hetzner_get_server_action, NULL, NULL},
    {"GET", SERVER_ACTIONS, hetzner_list_own_actions, hetzner_find_server, NULL},
    {"POST", SERVER_ACTIONS "/create_image", hetzner_create_image, hetzner_find_server, NULL},
    {"GET", SERVER_ACTIONS "/{action}", hetzner_get_server_action, hetzner_find_server, NULL},
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
  hetzner_fail(exchange, 429, "rate_limit_exceeded", text);
  return false;
}

static bool authorized(sim_exchange *exchange) {
  const sim_token *token = exchange->token;
  if (token == &exchange->world->anonymous)
    hetzner_fail(exchange, 401, "unauthorized", "token is required");
  else if (token->access == SIM_INVALID)
    hetzner_fail(exchange, 401, "unauthorized", "the token you have provided is invalid");
  else if (token->access == SIM_READ_ONLY && strcmp(exchange->request->method, "GET") != 0)
    hetzner_fail(exchange, 401, "token_readonly",
                 "the token is only allowed to perform GET requests");
  else
    return true;
  return false;
}

/* Checks the route before the rate limit and the token, and the method after them. */
static bool admit(sim_exchange *exchange) {
  if (!exchange->route && !exchange->world->overrides.over_limit)
    hetzner_fail_route(exchange);
  else if (!within_limit(exchange) || !authorized(exchange))
    return false;
  else if (!exchange->operation)
    hetzner_fail(exchange, 405, "method_not_allowed", "method not allowed");
  else
    return true;
  return false;
}

static void fail_with(sim_exchange *exchange, const sim_error *error) {
  hetzner_fail(exchange, error->status, error->code, error->message);
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
    .write_image = hetzner_write_image,
    .write_action = hetzner_write_action,
};
