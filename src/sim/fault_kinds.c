// SPDX-License-Identifier: MIT
#include "fault_kinds.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- connection ---- */

static void end_in_silence(const sim_hit *hit) {
  hit->outcome->end = SIM_END_SILENCE;
  if (hit->fault->ms >= 0) hit->outcome->delay_ms = hit->fault->ms;
}

static void close_connection(const sim_hit *hit) { hit->outcome->end = SIM_END_CLOSE; }

static void reset_connection(const sim_hit *hit) { hit->outcome->end = SIM_END_RESET; }

static void delay_reply(const sim_hit *hit) { hit->outcome->delay_ms = hit->fault->ms; }

static void slow_reply(const sim_hit *hit) { hit->outcome->bytes_per_s = hit->fault->bytes; }

/* ---- other responses ---- */

static const char *code_of(sim_cloud cloud, int64_t status) {
  static const struct {
    int64_t status;
    const char *codes[SIM_CLOUDS];
  } errors[] = {{400, {"json_error", "bad_request"}},
                {401, {"unauthorized", "unauthorized"}},
                {403, {"forbidden", "forbidden"}},
                {404, {"not_found", "not_found"}},
                {409, {"conflict", "conflict"}},
                {422, {"invalid_input", "unprocessable_entity"}},
                {423, {"locked", "locked"}},
                {429, {"rate_limit_exceeded", "too_many_requests"}},
                {500, {"server_error", "server_error"}},
                {502, {"bad_gateway", "bad_gateway"}},
                {503, {"unavailable", "service_unavailable"}},
                {504, {"timeout", "gateway_timeout"}}};
  for (size_t i = 0; i < SIM_COUNT(errors); i++)
    if (errors[i].status == status) return errors[i].codes[cloud];

  return "unknown_error";
}

/* The error object of the cloud. */
static void set_error_body(sim_reply *reply, sim_cloud cloud, int64_t status) {
  sim_text body = {0};
  const char *code = code_of(cloud, status);
  if (cloud == SIM_HETZNER)
    sim_text_printf(
        &body, "{\"error\":{\"code\":\"%s\",\"message\":\"simulated fault\",\"details\":null}}",
        code);
  else
    sim_text_printf(&body, "{\"id\":\"%s\",\"message\":\"simulated fault\"}", code);

  size_t length = body.length;
  sim_reply_body(reply, sim_text_take(&body), length);
  sim_reply_header(reply, "Content-Type", "application/json");
}

static void set_body(sim_reply *reply, const char *content, const char *type) {
  sim_reply_body(reply, sim_copy(content), strlen(content));
  sim_reply_header(reply, "Content-Type", type);
}

/* Keeps the other headers of the reply. */
static void replace_reply(const sim_hit *hit, int64_t status) {
  static const char html[] =
      "<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n";
  const sim_fault *fault = hit->fault;
  sim_reply *reply = &hit->outcome->reply;

  reply->status = (int)status;
  if (!fault->body || !strcmp(fault->body, "json"))
    set_error_body(reply, hit->cloud, status);
  else if (!strcmp(fault->body, "html"))
    set_body(reply, html, "text/html");
  else if (!strcmp(fault->body, "empty"))
    sim_reply_body(reply, NULL, 0);
  else
    set_body(reply, fault->body, "application/json");

  if (fault->content_type) sim_reply_header(reply, "Content-Type", fault->content_type);
  if (fault->retry_after_s >= 0) sim_reply_header_int(reply, "Retry-After", fault->retry_after_s);
}

/* An error of the API itself counts as a request and has the rate-limit headers, also if the
 * request has no effect. A response without an error object comes from a gateway, which has none.
 */
static void replace_status(const sim_hit *hit) {
  const sim_fault *fault = hit->fault;
  sim_reply *reply = &hit->outcome->reply;
  bool from_api = !fault->body || !strcmp(fault->body, "json");
  if (from_api && !fault->after) {
    sim_reply_free(reply);
    *reply = sim_dispatch_unhandled(hit->world, hit->cloud, hit->request, hit->now_ms);
  }
  replace_reply(hit, fault->status);
}

static void cut_reply(const sim_hit *hit) {
  /* A request without effect has no response of its own. */
  if (!hit->fault->after) replace_reply(hit, 502);
  hit->outcome->cut_bytes = hit->fault->bytes;
}

/* The cloud itself rejects the request, so that the response has all of its headers. */
static void exceed_rate_limit(const sim_hit *hit) {
  sim_reply *reply = &hit->outcome->reply;
  sim_reply_free(reply);
  hit->world->overrides.over_limit = true;
  *reply = sim_dispatch(hit->world, hit->cloud, hit->request, hit->now_ms);
  hit->world->overrides.over_limit = false;
  if (hit->fault->retry_after_s >= 0)
    sim_reply_header_int(reply, "Retry-After", hit->fault->retry_after_s);
}

static void change_content_type(const sim_hit *hit) {
  sim_reply_header(&hit->outcome->reply, "Content-Type", hit->fault->content_type);
}

/* ---- wrong lists ---- */

const char *const sim_next_names[] = {"same", "first", "missing", "huge", "text", "host"};
const size_t sim_next_names_count = SIM_COUNT(sim_next_names);

typedef enum edit_mode { EDIT_ITEMS, EDIT_NEXT, EDIT_LAST } edit_mode;

/* Rewrites a response; writes the members of pagination, or the items, that the fault changes. */
typedef struct edit {
  const sim_hit *hit;
  imgact_json_writer *out;
  edit_mode mode;
} edit;

/* "page=2..." of a target, not "per_page=2"; NULL = the first page. */
static const char *page_of(const char *target) {
  for (const char *at = target; (at = strstr(at, "page=")); at++)
    if (at > target && (at[-1] == '?' || at[-1] == '&')) return at;
  return NULL;
}

static void write_next_link(const edit *e, const imgact_json *link) {
  char *old = sim_copy_json(link);
  sim_text text = {0};
  const char *mode = e->hit->fault->next;
  const char *query = old ? strchr(old, '?') : NULL;
  size_t base = old ? query ? (size_t)(query - old) : strlen(old) : 0;
  const char *page = page_of(e->hit->request->target);

  if (!strcmp(mode, "host")) {
    sim_text_printf(&text, "https://elsewhere.example/v2/images%s", query ? query : "");
  } else if (!strcmp(mode, "text")) {
    sim_text_str(&text, "next, please");
  } else {
    if (old) sim_text_add(&text, old, base);
    if (!strcmp(mode, "huge"))
      sim_text_str(&text, "?page=9007199254740991");
    else if (!strcmp(mode, "same") && page)
      sim_text_printf(&text, "?%.*s", (int)strcspn(page, "&"), page);
    else
      sim_text_str(&text, "?page=1");
  }

  imgact_json_write_string(e->out, sim_text_get(&text));
  sim_text_free(&text);
  free(old);
}

/* The link to the last page, with page 0. */
static void write_last_link(const edit *e, const imgact_json *link) {
  char *old = sim_copy_json(link);
  sim_text text = {0};
  if (old) sim_text_add(&text, old, strcspn(old, "?"));
  sim_text_str(&text, "?page=0");
  imgact_json_write_string(e->out, sim_text_get(&text));
  sim_text_free(&text);
  free(old);
}

static void write_next_number(const edit *e, const imgact_json *page) {
  const char *mode = e->hit->fault->next;
  if (!strcmp(mode, "same"))
    imgact_json_write_value(e->out, page);
  else if (!strcmp(mode, "first"))
    imgact_json_write_int(e->out, 1);
  else if (!strcmp(mode, "huge"))
    imgact_json_write_int(e->out, INT64_C(9007199254740991));
  else if (!strcmp(mode, "missing"))
    imgact_json_write_null(e->out);
  else
    imgact_json_write_string(e->out, "next, please");
}

/* Writes the items, and the first one again at the end. */
static void write_items(const edit *e, const imgact_json *list) {
  const imgact_json *item, *first = NULL;
  imgact_json_iter each = imgact_json_iter_begin(list);
  imgact_json_write_begin_array(e->out);
  while ((item = imgact_json_iter_next(&each, NULL))) {
    if (!first) first = item;
    imgact_json_write_value(e->out, item);
  }
  if (first) imgact_json_write_value(e->out, first);
  imgact_json_write_end_array(e->out);
}

/* Pagination is at depth 2: meta.pagination, links.pages. */
static bool is_next(const edit *e, const imgact_json *key, const imgact_json *value, int depth) {
  if (e->mode != EDIT_NEXT || depth != 2) return false;
  return imgact_json_equals(key, "next") || (imgact_json_equals(key, "next_page") &&
                                             imgact_json_get_type(value) == IMGACT_JSON_NUMBER);
}

static void write_object(const edit *e, const imgact_json *object, int depth);

static void write_member(const edit *e, const imgact_json *object, const imgact_json *key,
                         const imgact_json *value, int depth) {
  imgact_json_type type = imgact_json_get_type(value);
  bool link = is_next(e, key, value, depth) && imgact_json_equals(key, "next");
  bool last = e->mode == EDIT_LAST && depth == 2;
  char *name = sim_copy_json(key);
  if (!name || (link && !strcmp(e->hit->fault->next, "missing"))) {
    free(name);
    return;
  }

  imgact_json_write_key(e->out, name);
  if (link)
    write_next_link(e, value);
  else if (is_next(e, key, value, depth))
    write_next_number(e, imgact_json_get(object, "page"));
  else if (last && imgact_json_equals(key, "last"))
    write_last_link(e, value);
  else if (last && imgact_json_equals(key, "last_page"))
    imgact_json_write_int(e->out, 0);
  else if (depth == 0 && type == IMGACT_JSON_ARRAY && e->mode == EDIT_ITEMS)
    write_items(e, value);
  else if (depth < 2 && type == IMGACT_JSON_OBJECT)
    write_object(e, value, depth + 1);
  else
    imgact_json_write_value(e->out, value);
  free(name);
}

static void write_object(const edit *e, const imgact_json *object, int depth) {
  const imgact_json *value, *key;
  imgact_json_iter each = imgact_json_iter_begin(object);
  imgact_json_write_begin_object(e->out);
  while ((value = imgact_json_iter_next(&each, &key))) write_member(e, object, key, value, depth);
  imgact_json_write_end_object(e->out);
}

static void edit_reply(const sim_hit *hit, edit_mode mode) {
  sim_reply *reply = &hit->outcome->reply;
  imgact_json_doc *document = NULL;
  if (!reply->body ||
      imgact_json_doc_parse(reply->body, reply->body_bytes, NULL, &document, NULL, 0))
    return;

  edit e = {hit, imgact_json_writer_new(NULL, 0), mode};
  size_t length = 0;
  write_object(&e, imgact_json_doc_root(document), 0);
  const char *edited = imgact_json_writer_finish(e.out, &length);
  char *copy = edited ? sim_copy_n(edited, length) : NULL;
  if (copy) sim_reply_body(reply, copy, length);

  imgact_json_writer_free(e.out);
  imgact_json_doc_free(document);
}

static void duplicate_first_item(const sim_hit *hit) { edit_reply(hit, EDIT_ITEMS); }

static void change_next_page(const sim_hit *hit) { edit_reply(hit, EDIT_NEXT); }

static void zero_last_page(const sim_hit *hit) { edit_reply(hit, EDIT_LAST); }

/* ---- changes of the world between two pages ---- */

static size_t choose_place(const sim_hit *hit, size_t places_count) {
  if (hit->fault->at == SIM_AT_ANY)
    return (size_t)sim_random_below(&hit->faults->random, places_count);
  return hit->fault->at == SIM_AT_FIRST ? 0 : places_count - 1;
}

static void insert_image(const sim_hit *hit) {
  bool hetzner = hit->cloud == SIM_HETZNER;
  sim_cloud_state *state = &hit->world->clouds[hit->cloud];
  sim_image *image = sim_image_new(hit->world, hit->cloud, 0);
  if (!image) return;

  image->type = SIM_SNAPSHOT;
  image->created_ms = hit->now_ms;
  image->os = sim_intern(hit->world, hetzner ? "ubuntu" : "Ubuntu");
  sim_replace(hetzner ? &image->description : &image->name, "appeared");

  size_t at = choose_place(hit, state->images_count);
  memmove(state->images + at + 1, state->images + at,
          (state->images_count - 1 - at) * sizeof *state->images);
  state->images[at] = image;
}

static bool is_removable(const sim_image *image) {
  return !image->deleted && !image->is_public && !image->is_protected && !image->locked;
}

static void remove_image(const sim_hit *hit) {
  const sim_cloud_state *state = &hit->world->clouds[hit->cloud];
  size_t count = 0;
  for (size_t i = 0; i < state->images_count; i++) count += is_removable(state->images[i]);
  if (!count) return;

  size_t left = choose_place(hit, count);
  for (size_t i = 0; i < state->images_count; i++)
    if (is_removable(state->images[i]) && left-- == 0) {
      sim_image_remove(hit->world, state->images[i]);
      return;
    }
}

/* ---- the action that the request starts ---- */

static void hide_action(const sim_hit *hit) { hit->world->overrides.hide_ms = hit->fault->ms; }

static void hide_created(const sim_hit *hit) { hit->world->overrides.lag_ms = hit->fault->ms; }

static void fail_action(const sim_hit *hit) {
  hit->world->overrides.fails = true;
  hit->world->overrides.leaves = hit->fault->leaves;
}

static void set_duration(const sim_hit *hit) {
  hit->world->overrides.duration_ms = hit->fault->ms < 0 ? -2 : hit->fault->ms;
}

/* ---- the table ---- */

const sim_fault_kind sim_fault_kinds[] = {
    {"no_reply", SIM_INSTEAD, SIM_NEEDS_NOTHING, end_in_silence, false},
    {"close", SIM_INSTEAD, SIM_NEEDS_NOTHING, close_connection, false},
    {"reset", SIM_INSTEAD, SIM_NEEDS_NOTHING, reset_connection, false},
    {"cut", SIM_INSTEAD, SIM_NEEDS_BYTES, cut_reply, true},
    {"delay", SIM_AFTER_REQUEST, SIM_NEEDS_MS, delay_reply, false},
    {"slow", SIM_AFTER_REQUEST, SIM_NEEDS_BYTES_PER_SECOND, slow_reply, false},
    {"status", SIM_INSTEAD, SIM_NEEDS_STATUS, replace_status, false},
    {"rate_limit", SIM_INSTEAD, SIM_NEEDS_NOTHING, exceed_rate_limit, false},
    {"content_type", SIM_AFTER_REQUEST, SIM_NEEDS_CONTENT_TYPE, change_content_type, false},
    {"duplicate", SIM_AFTER_REQUEST, SIM_NEEDS_NOTHING, duplicate_first_item, false},
    {"next", SIM_AFTER_REQUEST, SIM_NEEDS_NEXT, change_next_page, false},
    {"last_page", SIM_AFTER_REQUEST, SIM_NEEDS_NOTHING, zero_last_page, false},
    {"hide", SIM_BEFORE_REQUEST, SIM_NEEDS_MS, hide_action, false},
    {"hide_image", SIM_BEFORE_REQUEST, SIM_NEEDS_MS, hide_created, false},
    {"fail", SIM_BEFORE_REQUEST, SIM_NEEDS_NOTHING, fail_action, false},
    {"last", SIM_BEFORE_REQUEST, SIM_NEEDS_NOTHING, set_duration, false},
    {"appear", SIM_BEFORE_REQUEST, SIM_NEEDS_NOTHING, insert_image, false},
    {"vanish", SIM_BEFORE_REQUEST, SIM_NEEDS_NOTHING, remove_image, false},
};
const size_t sim_fault_kinds_count = SIM_COUNT(sim_fault_kinds);
