// SPDX-License-Identifier: MIT
/* Every fault whose patterns fit is asked, in the order of the list; all that hit take part, so a
 * delay and a reset can be combined. Counts and chances belong to the list, so a seed repeats a
 * run. */
#include "faults.h"
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FAULTS 1000

const char *const sim_fault_names[] = {
    [SIM_NO_REPLY] = "no_reply",
    [SIM_CLOSE] = "close",
    [SIM_RESET] = "reset",
    [SIM_CUT] = "cut",
    [SIM_DELAY] = "delay",
    [SIM_SLOW] = "slow",
    [SIM_STATUS] = "status",
    [SIM_RATE_LIMIT] = "rate_limit",
    [SIM_CONTENT_TYPE] = "content_type",
    [SIM_DUPLICATE] = "duplicate",
    [SIM_NEXT] = "next",
    [SIM_HIDE] = "hide",
    [SIM_FAIL] = "fail",
    [SIM_LAST] = "last",
    [SIM_APPEAR] = "appear",
    [SIM_VANISH] = "vanish",
};
static const char *const whens[] = {"before", "after"};
static const char *const places[] = {"first", "last", "any"};
static const char *const nexts[] = {"same", "first", "missing", "huge", "text", "host"};

/* ---- reading ---- */

static void clear_fault(sim_fault *fault) {
  free(fault->method);
  free(fault->path);
  free(fault->body);
  free(fault->content_type);
  free(fault->next);
}

void sim_faults_clear(sim_faults *faults) {
  for (size_t i = 0; i < faults->count; i++) clear_fault(&faults->items[i]);
  free(faults->items);
  faults->items = NULL;
  faults->count = 0;
}

typedef struct reader {
  const imgact_json *object;
  const char *wrong; /* the first key that is */
} reader;

static void number(reader *r, const char *key, int64_t *out) {
  const imgact_json *value = imgact_json_get(r->object, key);
  if (value && (!imgact_json_as_int(value, out) || *out < 0) && !r->wrong) r->wrong = key;
}

static void text(reader *r, const char *key, char **out) {
  const imgact_json *value = imgact_json_get(r->object, key);
  if (value && !(*out = sim_copy_json(value)) && !r->wrong) r->wrong = key;
}

static int word(reader *r, const char *key, const char *const *words, size_t count, int otherwise) {
  const imgact_json *value = imgact_json_get(r->object, key);
  if (!value) return otherwise;
  for (size_t i = 0; i < count; i++)
    if (imgact_json_equals(value, words[i])) return (int)i;
  if (!r->wrong) r->wrong = key;
  return otherwise;
}

static void known_keys(reader *r) {
  static const char *const keys[] = {
      "do", "cloud", "method", "path", "when",        "skip",         "count", "probability",
      "ms", "bytes", "status", "body", "retry_after", "content_type", "next",  "at"};
  const imgact_json *key;
  imgact_json_iter each = imgact_json_iter_begin(r->object);
  while (imgact_json_iter_next(&each, &key)) {
    bool known = false;
    for (size_t i = 0; i < SIM_COUNT(keys); i++) known = known || imgact_json_equals(key, keys[i]);
    if (!known && !r->wrong) r->wrong = "an unknown key";
  }
}

/* What a deed cannot do without. */
static void check_needs(reader *r, const sim_fault *fault) {
  if (r->wrong) return;
  if (fault->kind == SIM_CUT && fault->bytes < 0) r->wrong = "bytes";
  if (fault->kind == SIM_SLOW && fault->bytes < 1) r->wrong = "bytes";
  if ((fault->kind == SIM_DELAY || fault->kind == SIM_HIDE) && fault->ms < 0) r->wrong = "ms";
  if (fault->kind == SIM_STATUS && (fault->status < 200 || fault->status > 599))
    r->wrong = "status";
  if (fault->kind == SIM_CONTENT_TYPE && !fault->content_type) r->wrong = "content_type";
  if (fault->ms > INT64_C(366) * 86400000) r->wrong = "ms";
  if (fault->content_type && strpbrk(fault->content_type, "\r\n")) r->wrong = "content_type";
}

/* NULL, or the key that is wrong. */
static const char *read_fault(const imgact_json *value, sim_fault *fault) {
  reader r = {.object = value};
  *fault = (sim_fault){.cloud = -1,
                       .count = -1,
                       .probability = 1,
                       .ms = -1,
                       .bytes = -1,
                       .status = -1,
                       .retry_after_s = -1};
  if (imgact_json_get_type(value) != IMGACT_JSON_OBJECT) return "the element";
  known_keys(&r);
  fault->kind = (sim_fault_kind)word(&r, "do", sim_fault_names, SIM_FAULT_KINDS, SIM_FAULT_KINDS);
  if (fault->kind == SIM_FAULT_KINDS) return "do";
  fault->cloud = word(&r, "cloud", sim_cloud_names, SIM_CLOUDS, -1);
  fault->after = word(&r, "when", whens, 2, fault->kind == SIM_CUT) == 1;
  text(&r, "method", &fault->method);
  text(&r, "path", &fault->path);
  number(&r, "skip", &fault->skip);
  number(&r, "count", &fault->count);
  number(&r, "ms", &fault->ms);
  number(&r, "bytes", &fault->bytes);
  number(&r, "status", &fault->status);
  number(&r, "retry_after", &fault->retry_after_s);
  text(&r, "body", &fault->body);
  text(&r, "content_type", &fault->content_type);
  text(&r, "next", &fault->next);
  fault->at = (sim_place)word(&r, "at", places, SIM_PLACES, SIM_AT_FIRST);
  if (fault->kind == SIM_NEXT) word(&r, "next", nexts, SIM_COUNT(nexts), fault->next ? 0 : -1);
  if (fault->kind == SIM_NEXT && !fault->next && !r.wrong) r.wrong = "next";
  const imgact_json *chance = imgact_json_get(value, "probability");
  if (chance && (!imgact_json_as_double(chance, &fault->probability) || fault->probability < 0 ||
                 fault->probability > 1))
    r.wrong = "probability";
  check_needs(&r, fault);
  return r.wrong;
}

static bool add_all(sim_faults *more, const imgact_json *list, char *message, size_t capacity) {
  const imgact_json *item;
  imgact_json_iter each = imgact_json_iter_begin(list);
  while ((item = imgact_json_iter_next(&each, NULL))) {
    sim_fault *items =
        more->count < MAX_FAULTS ? realloc(more->items, (more->count + 1) * sizeof *items) : NULL;
    if (!items) {
      snprintf(message, capacity, "no memory, or more than %d faults", MAX_FAULTS);
      return false;
    }
    more->items = items;
    const char *wrong = read_fault(item, &items[more->count++]);
    if (!wrong) continue;
    snprintf(message, capacity, "faults[%zu]: %s is wrong or missing", more->count - 1, wrong);
    return false;
  }
  return true;
}

bool sim_faults_load(sim_faults *faults, const char *json, size_t length, char *message,
                     size_t capacity) {
  imgact_json_doc *document = NULL;
  sim_faults more = {0};
  if (imgact_json_doc_parse(json, length, NULL, &document, message, capacity)) return false;
  const imgact_json *list = imgact_json_doc_root(document);
  if (imgact_json_get_type(list) == IMGACT_JSON_OBJECT) list = imgact_json_get(list, "faults");
  bool good = imgact_json_get_type(list) == IMGACT_JSON_ARRAY;
  if (!good) snprintf(message, capacity, "faults: must be a list");
  good = good && add_all(&more, list, message, capacity);
  imgact_json_doc_free(document);
  size_t total = faults->count + more.count;
  sim_fault *items = good && total ? realloc(faults->items, total * sizeof *items) : NULL;
  if (good && total && !items) {
    snprintf(message, capacity, "no memory");
    good = false;
  }
  if (items) {
    faults->items = items;
    if (more.count) memcpy(items + faults->count, more.items, more.count * sizeof *items);
    faults->count = total;
    free(more.items);
  } else {
    sim_faults_clear(&more);
  }
  return good;
}

static void write_given(imgact_json_writer *out, const char *key, int64_t value) {
  if (value >= 0) sim_write_int(out, key, value);
}

static void write_text(imgact_json_writer *out, const char *key, const char *text) {
  if (text) sim_write_string(out, key, text);
}

static void write_fault(imgact_json_writer *out, const sim_fault *fault) {
  imgact_json_write_begin_object(out);
  sim_write_string(out, "do", sim_fault_names[fault->kind]);
  if (fault->cloud >= 0) sim_write_string(out, "cloud", sim_cloud_names[fault->cloud]);
  write_text(out, "method", fault->method);
  write_text(out, "path", fault->path);
  sim_write_string(out, "when", whens[fault->after]);
  if (fault->skip) sim_write_int(out, "skip", fault->skip);
  write_given(out, "count", fault->count);
  if (fault->probability < 1) {
    imgact_json_write_key(out, "probability");
    imgact_json_write_double(out, fault->probability);
  }
  write_given(out, "ms", fault->ms);
  write_given(out, "bytes", fault->bytes);
  write_given(out, "status", fault->status);
  write_text(out, "body", fault->body);
  write_given(out, "retry_after", fault->retry_after_s);
  write_text(out, "content_type", fault->content_type);
  write_text(out, "next", fault->next);
  if (fault->at != SIM_AT_FIRST) sim_write_string(out, "at", places[fault->at]);
  imgact_json_write_end_object(out);
}

void sim_faults_write(const sim_faults *faults, imgact_json_writer *out) {
  imgact_json_write_begin_array(out);
  for (size_t i = 0; i < faults->count; i++) write_fault(out, &faults->items[i]);
  imgact_json_write_end_array(out);
}

/* ---- hitting ---- */

static bool hits(sim_faults *faults, sim_fault *fault, sim_cloud cloud, const sim_request *request,
                 const char *path) {
  if (fault->count == 0 || (fault->cloud >= 0 && fault->cloud != (int)cloud)) return false;
  if (fault->method && fnmatch(fault->method, request->method, 0)) return false;
  if (fault->path && fnmatch(fault->path, path, 0)) return false;
  if (fault->skip > 0) {
    fault->skip--;
    return false;
  }
  if (fault->probability < 1 && sim_random_unit(&faults->random) >= fault->probability)
    return false;
  if (fault->count > 0) fault->count--;
  return true;
}

/* ---- replies of the fault's own ---- */

static const char *code_of(sim_cloud cloud, int64_t status) {
  static const struct {
    int64_t status;
    const char *words[SIM_CLOUDS];
  } codes[] = {{400, {"json_error", "bad_request"}},
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
  for (size_t i = 0; i < SIM_COUNT(codes); i++)
    if (codes[i].status == status) return codes[i].words[cloud];
  return "unknown_error";
}

static void envelope(sim_reply *reply, sim_cloud cloud, int64_t status) {
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

static void other_body(sim_reply *reply, const char *content, const char *type) {
  char *copy = sim_copy(content);
  sim_reply_body(reply, copy, strlen(content));
  sim_reply_header(reply, "Content-Type", type);
}

/* Keeps the headers that a real reply would have had. */
static void replace_reply(sim_reply *reply, sim_cloud cloud, const sim_fault *fault,
                          int64_t status) {
  reply->status = (int)status;
  if (!fault->body || !strcmp(fault->body, "json"))
    envelope(reply, cloud, status);
  else if (!strcmp(fault->body, "html"))
    other_body(
        reply,
        "<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n",
        "text/html");
  else if (!strcmp(fault->body, "empty"))
    sim_reply_body(reply, NULL, 0);
  else
    other_body(reply, fault->body, "application/json");
  if (fault->content_type) sim_reply_header(reply, "Content-Type", fault->content_type);
  if (fault->retry_after_s >= 0) sim_reply_header_int(reply, "Retry-After", fault->retry_after_s);
}

/* ---- lists that lie ---- */

typedef struct edit {
  const sim_fault *fault;
  const sim_request *request;
  imgact_json_writer *out;
} edit;

/* "page=2..." of a target, not "per_page=2"; NULL = the first page. */
static const char *page_of(const char *target) {
  for (const char *at = target; (at = strstr(at, "page=")); at++)
    if (at > target && (at[-1] == '?' || at[-1] == '&')) return at;
  return NULL;
}

static void write_next_link(const edit *e, const imgact_json *link) {
  char *old = sim_copy_json(link);
  sim_text now = {0};
  const char *mode = e->fault->next;
  const char *query = old ? strchr(old, '?') : NULL;
  size_t base = old ? query ? (size_t)(query - old) : strlen(old) : 0;
  if (!strcmp(mode, "host"))
    sim_text_printf(&now, "https://elsewhere.example/v2/images%s", query ? query : "");
  else if (!strcmp(mode, "text"))
    sim_text_str(&now, "next, please");
  else {
    if (old) sim_text_add(&now, old, base);
    sim_text_str(&now, !strcmp(mode, "huge") ? "?page=9007199254740991" : "?page=1");
    const char *page = !strcmp(mode, "same") ? page_of(e->request->target) : NULL;
    if (page) {
      now.length = base;
      sim_text_printf(&now, "?%.*s", (int)strcspn(page, "&"), page);
    }
  }
  imgact_json_write_string(e->out, sim_text_get(&now));
  sim_text_free(&now);
  free(old);
}

static void write_next_number(const edit *e, const imgact_json *page) {
  const char *mode = e->fault->next;
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

static void edited_items(const edit *e, const imgact_json *list) {
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

/* Copies an object; depth is bounded by where pagination can stand: meta.pagination, links.pages.
 */
static void edited_object(const edit *e, const imgact_json *object, int depth) {
  const imgact_json *value, *key;
  imgact_json_iter each = imgact_json_iter_begin(object);
  imgact_json_write_begin_object(e->out);
  while ((value = imgact_json_iter_next(&each, &key))) {
    char *name = sim_copy_json(key);
    bool next = e->fault->kind == SIM_NEXT,
         link = next && depth == 2 && imgact_json_equals(key, "next");
    bool list = depth == 0 && imgact_json_get_type(value) == IMGACT_JSON_ARRAY;
    if (name && !(link && !strcmp(e->fault->next, "missing"))) {
      imgact_json_write_key(e->out, name);
      if (link)
        write_next_link(e, value);
      else if (next && depth == 2 && imgact_json_equals(key, "next_page") &&
               imgact_json_get_type(value) == IMGACT_JSON_NUMBER)
        write_next_number(e, imgact_json_get(object, "page"));
      else if (list && e->fault->kind == SIM_DUPLICATE)
        edited_items(e, value);
      else if (depth < 2 && imgact_json_get_type(value) == IMGACT_JSON_OBJECT)
        edited_object(e, value, depth + 1);
      else
        imgact_json_write_value(e->out, value);
    }
    free(name);
  }
  imgact_json_write_end_object(e->out);
}

static void edit_reply(sim_reply *reply, const sim_fault *fault, const sim_request *request) {
  imgact_json_doc *document = NULL;
  if (!reply->body ||
      imgact_json_doc_parse(reply->body, reply->body_bytes, NULL, &document, NULL, 0))
    return;
  edit e = {fault, request, imgact_json_writer_new(NULL, 0)};
  size_t length = 0;
  edited_object(&e, imgact_json_doc_root(document), 0);
  const char *edited = imgact_json_writer_finish(e.out, &length);
  char *copy = edited ? sim_copy_n(edited, length) : NULL;
  if (copy) sim_reply_body(reply, copy, length);
  imgact_json_writer_free(e.out);
  imgact_json_doc_free(document);
}

/* ---- a world that moves between two pages ---- */

/* One of so many places. */
static size_t choose_place(sim_faults *faults, const sim_fault *fault, size_t places_count) {
  if (fault->at == SIM_AT_ANY) return (size_t)sim_random_below(&faults->random, places_count);
  return fault->at == SIM_AT_FIRST ? 0 : places_count - 1;
}

static void appear(sim_world *world, sim_faults *faults, const sim_fault *fault, sim_cloud cloud,
                   int64_t now_ms) {
  sim_cloud_state *state = &world->clouds[cloud];
  sim_image *image = sim_image_new(world, cloud, 0);
  if (!image) return;
  image->type = SIM_SNAPSHOT;
  image->created_ms = now_ms;
  image->os = sim_intern(world, cloud == SIM_HETZNER ? "ubuntu" : "Ubuntu");
  sim_replace(cloud == SIM_HETZNER ? &image->description : &image->name, "appeared");
  size_t at = choose_place(faults, fault, state->images_count);
  memmove(state->images + at + 1, state->images + at,
          (state->images_count - 1 - at) * sizeof *state->images);
  state->images[at] = image;
}

static bool may_go(const sim_image *image) {
  return !image->deleted && !image->is_public && !image->is_protected && !image->locked;
}

static void vanish(sim_world *world, sim_faults *faults, const sim_fault *fault, sim_cloud cloud) {
  sim_cloud_state *state = &world->clouds[cloud];
  size_t count = 0;
  for (size_t i = 0; i < state->images_count; i++) count += may_go(state->images[i]);
  if (!count) return;
  size_t left = choose_place(faults, fault, count);
  for (size_t i = 0; i < state->images_count; i++)
    if (may_go(state->images[i]) && left-- == 0) {
      sim_image_remove(world, state->images[i]);
      return;
    }
}

/* ---- one request ---- */

static void before(sim_world *world, sim_faults *faults, const sim_fault *fault, sim_cloud cloud,
                   int64_t now_ms) {
  switch (fault->kind) {
  case SIM_HIDE: world->overrides.hide_ms = fault->ms; break;
  case SIM_FAIL: world->overrides.fails = true; break;
  case SIM_LAST: world->overrides.duration_ms = fault->ms < 0 ? -2 : fault->ms; break;
  case SIM_APPEAR: appear(world, faults, fault, cloud, now_ms); break;
  case SIM_VANISH: vanish(world, faults, fault, cloud); break;
  default: break;
  }
}

/* Does the fault keep the request from being handled at all? */
static bool swallows(const sim_fault *fault) {
  if (fault->after) return false;
  return fault->kind == SIM_NO_REPLY || fault->kind == SIM_CLOSE || fault->kind == SIM_RESET ||
         fault->kind == SIM_CUT || fault->kind == SIM_STATUS || fault->kind == SIM_RATE_LIMIT;
}

static void after(sim_outcome *outcome, sim_cloud cloud, const sim_fault *fault,
                  const sim_request *request) {
  sim_reply *reply = &outcome->reply;
  switch (fault->kind) {
  case SIM_NO_REPLY:
    outcome->end = SIM_END_SILENCE;
    if (fault->ms >= 0) outcome->delay_ms = fault->ms;
    break;
  case SIM_CLOSE: outcome->end = SIM_END_CLOSE; break;
  case SIM_RESET: outcome->end = SIM_END_RESET; break;
  case SIM_CUT:
    /* A request that did nothing has no reply of its own to be cut. */
    if (!fault->after) replace_reply(reply, cloud, fault, 502);
    outcome->cut_bytes = fault->bytes;
    break;
  case SIM_DELAY: outcome->delay_ms = fault->ms; break;
  case SIM_SLOW: outcome->bytes_per_s = fault->bytes; break;
  case SIM_STATUS: replace_reply(reply, cloud, fault, fault->status); break;
  case SIM_RATE_LIMIT:
    if (fault->retry_after_s >= 0) sim_reply_header_int(reply, "Retry-After", fault->retry_after_s);
    break;
  case SIM_CONTENT_TYPE: sim_reply_header(reply, "Content-Type", fault->content_type); break;
  case SIM_DUPLICATE:
  case SIM_NEXT: edit_reply(reply, fault, request); break;
  default: break;
  }
}

/* The cloud itself refuses, so that its reply has whatever such a one has. */
static void refuse(sim_world *world, sim_cloud cloud, const sim_request *request, int64_t now_ms,
                   sim_reply *reply) {
  sim_reply_free(reply);
  world->overrides.refuses = true;
  *reply = sim_dispatch(world, cloud, request, now_ms);
  world->overrides.refuses = false;
}

static sim_reply unhandled(int64_t now_ms) {
  sim_reply reply = {.status = 502};
  char date[32];
  sim_format_http_date(now_ms, date);
  sim_reply_header(&reply, "Date", date);
  return reply;
}

/* By the reply that goes out, and not by the one that was to. */
static void count_reply(sim_counters *counters, sim_cloud cloud, const sim_outcome *outcome) {
  counters->requests++;
  counters->by_cloud[cloud]++;
  counters->by_class[outcome->end == SIM_END_REPLY ? outcome->reply.status / 100 : 0]++;
}

sim_outcome sim_serve(sim_world *world, sim_faults *faults, sim_cloud cloud,
                      const sim_request *request, int64_t now_ms) {
  sim_outcome outcome = {.cut_bytes = -1, .delay_ms = -1};
  bool hit[MAX_FAULTS] = {false}, handled = true;
  char *path = sim_copy_n(request->target, strcspn(request->target, "?#"));
  size_t count = faults->count < MAX_FAULTS ? faults->count : MAX_FAULTS;
  sim_world_advance(world, now_ms);
  for (size_t i = 0; path && i < count; i++) {
    hit[i] = hits(faults, &faults->items[i], cloud, request, path);
    if (!hit[i]) continue;
    world->counters.faults++;
    before(world, faults, &faults->items[i], cloud, now_ms);
    if (swallows(&faults->items[i])) handled = false;
  }
  free(path);
  outcome.reply = handled ? sim_dispatch(world, cloud, request, now_ms) : unhandled(now_ms);
  world->overrides = (sim_overrides){.duration_ms = -1};
  for (size_t i = 0; i < count; i++)
    if (hit[i]) {
      if (faults->items[i].kind == SIM_RATE_LIMIT)
        refuse(world, cloud, request, now_ms, &outcome.reply);
      after(&outcome, cloud, &faults->items[i], request);
    }
  count_reply(&world->counters, cloud, &outcome);
  return outcome;
}
