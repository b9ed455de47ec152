// SPDX-License-Identifier: MIT
/*
 * All faults that match a request are applied, in the order of the list, so that a delay and a
 * reset can be combined. Counters and random numbers belong to the list, so that a seed repeats a
 * run.
 */
#include "faults.h"
#include "fault_kinds.h"
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FAULTS 1000
#define MAX_MS     (INT64_C(366) * 86400000)

static const char *const when_names[] = {"before", "after"};
static const char *const place_names[] = {"first", "last", "any"};

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
  const char *wrong; /* first wrong key */
} reader;

static void fail_key(reader *r, const char *key) {
  if (!r->wrong) r->wrong = key;
}

static void read_number(reader *r, const char *key, int64_t *out) {
  const imgact_json *value = imgact_json_get(r->object, key);
  if (value && (!imgact_json_as_int(value, out) || *out < 0)) fail_key(r, key);
}

static void read_text(reader *r, const char *key, char **out) {
  const imgact_json *value = imgact_json_get(r->object, key);
  if (value && !(*out = sim_copy_json(value))) fail_key(r, key);
}

static int read_name(reader *r, const char *key, const char *const *names, size_t count,
                     int otherwise) {
  const imgact_json *value = imgact_json_get(r->object, key);
  if (!value) return otherwise;
  for (size_t i = 0; i < count; i++)
    if (imgact_json_equals(value, names[i])) return (int)i;
  fail_key(r, key);
  return otherwise;
}

static void read_probability(reader *r, double *out) {
  const imgact_json *value = imgact_json_get(r->object, "probability");
  if (value && (!imgact_json_as_double(value, out) || *out < 0 || *out > 1))
    fail_key(r, "probability");
}

static const sim_fault_kind *read_kind(const reader *r) {
  const imgact_json *name = imgact_json_get(r->object, "do");
  for (size_t i = 0; i < sim_fault_kinds_count; i++)
    if (imgact_json_equals(name, sim_fault_kinds[i].name)) return &sim_fault_kinds[i];
  return NULL;
}

static const char unknown_key[] = "unknown key";

static void check_keys(reader *r) {
  static const char *const keys[] = {"do",     "cloud", "method",      "path",         "when",
                                     "skip",   "count", "probability", "ms",           "bytes",
                                     "status", "body",  "retry_after", "content_type", "next",
                                     "at",     "leaves"};
  const imgact_json *key;
  imgact_json_iter each = imgact_json_iter_begin(r->object);
  while (imgact_json_iter_next(&each, &key)) {
    bool known = false;
    for (size_t i = 0; i < SIM_COUNT(keys); i++) known = known || imgact_json_equals(key, keys[i]);
    if (!known) fail_key(r, unknown_key);
  }
}

/* Checks the keys that the kind of fault needs. */
static void check_needs(reader *r, const sim_fault *fault) {
  switch (fault->kind->needs) {
  case SIM_NEEDS_NOTHING: break;
  case SIM_NEEDS_MS:
    if (fault->ms < 0) fail_key(r, "ms");
    break;
  case SIM_NEEDS_BYTES:
    if (fault->bytes < 0) fail_key(r, "bytes");
    break;
  case SIM_NEEDS_BYTES_PER_SECOND:
    if (fault->bytes < 1) fail_key(r, "bytes");
    break;
  case SIM_NEEDS_STATUS:
    if (fault->status < 200 || fault->status > 599) fail_key(r, "status");
    break;
  case SIM_NEEDS_CONTENT_TYPE:
    if (!fault->content_type) fail_key(r, "content_type");
    break;
  case SIM_NEEDS_NEXT:
    if (read_name(r, "next", sim_next_names, sim_next_names_count, -1) < 0) fail_key(r, "next");
    break;
  }
  if (fault->ms > MAX_MS) fail_key(r, "ms");
  if (fault->content_type && strpbrk(fault->content_type, "\r\n")) fail_key(r, "content_type");
}

/* Returns NULL, or the key that is wrong. */
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
  fault->kind = read_kind(&r);
  if (!fault->kind) return "do";

  check_keys(&r);
  fault->cloud = read_name(&r, "cloud", sim_cloud_names, SIM_CLOUDS, -1);
  fault->after = read_name(&r, "when", when_names, 2, fault->kind->after) == 1;
  fault->at = (sim_place)read_name(&r, "at", place_names, SIM_PLACES, SIM_AT_FIRST);
  fault->leaves = (sim_remains)read_name(&r, "leaves", sim_remains_names, SIM_REMAINS, SIM_GONE);
  read_text(&r, "method", &fault->method);
  read_text(&r, "path", &fault->path);
  read_text(&r, "body", &fault->body);
  read_text(&r, "content_type", &fault->content_type);
  read_text(&r, "next", &fault->next);
  read_number(&r, "skip", &fault->skip);
  read_number(&r, "count", &fault->count);
  read_number(&r, "ms", &fault->ms);
  read_number(&r, "bytes", &fault->bytes);
  read_number(&r, "status", &fault->status);
  read_number(&r, "retry_after", &fault->retry_after_s);
  read_probability(&r, &fault->probability);

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
    snprintf(message, capacity, "faults[%zu]: %s%s", more->count - 1, wrong,
             wrong == unknown_key ? "" : " is missing or invalid");
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
  sim_write_string(out, "do", fault->kind->name);
  if (fault->cloud >= 0) sim_write_string(out, "cloud", sim_cloud_names[fault->cloud]);
  write_text(out, "method", fault->method);
  write_text(out, "path", fault->path);
  sim_write_string(out, "when", when_names[fault->after]);
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
  if (fault->leaves != SIM_GONE) sim_write_string(out, "leaves", sim_remains_names[fault->leaves]);
  if (fault->at != SIM_AT_FIRST) sim_write_string(out, "at", place_names[fault->at]);

  imgact_json_write_end_object(out);
}

void sim_faults_write(const sim_faults *faults, imgact_json_writer *out) {
  imgact_json_write_begin_array(out);
  for (size_t i = 0; i < faults->count; i++) write_fault(out, &faults->items[i]);
  imgact_json_write_end_array(out);
}

/* ---- one request ---- */

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

/* The response to a request that does not reach the cloud. */
static sim_reply unhandled(int64_t now_ms) {
  sim_reply reply = {.status = 502};
  char date[32];
  sim_format_http_date(now_ms, date);
  sim_reply_header(&reply, "Date", date);
  return reply;
}

/* Counts the response that is sent, which a fault may have replaced. */
static void count_reply(sim_counters *counters, sim_cloud cloud, const sim_outcome *outcome) {
  counters->requests++;
  counters->by_cloud[cloud]++;
  counters->by_class[outcome->end == SIM_END_REPLY ? outcome->reply.status / 100 : 0]++;
}

/* Marks the faults that hit the request and applies those before it. Returns false if one of them
 * keeps the request from being handled. */
static bool apply_before(sim_hit *hit, bool marks[MAX_FAULTS]) {
  sim_faults *faults = hit->faults;
  const char *target = hit->request->target;
  char *path = sim_copy_n(target, strcspn(target, "?#"));
  bool handled = true;

  for (size_t i = 0; path && i < faults->count && i < MAX_FAULTS; i++) {
    sim_fault *fault = &faults->items[i];
    marks[i] = hits(faults, fault, hit->cloud, hit->request, path);
    if (!marks[i]) continue;
    hit->world->counters.faults++;
    hit->fault = fault;
    if (fault->kind->phase == SIM_BEFORE_REQUEST) fault->kind->apply(hit);
    if (fault->kind->phase == SIM_INSTEAD && !fault->after) handled = false;
  }

  free(path);
  return handled;
}

static void apply_after(sim_hit *hit, const bool marks[MAX_FAULTS]) {
  const sim_faults *faults = hit->faults;
  for (size_t i = 0; i < faults->count && i < MAX_FAULTS; i++) {
    const sim_fault_kind *kind = faults->items[i].kind;
    if (!marks[i] || kind->phase == SIM_BEFORE_REQUEST) continue;
    hit->fault = &faults->items[i];
    kind->apply(hit);
  }
}

sim_outcome sim_serve(sim_world *world, sim_faults *faults, sim_cloud cloud,
                      const sim_request *request, int64_t now_ms) {
  sim_outcome outcome = {.cut_bytes = -1, .delay_ms = -1};
  bool marks[MAX_FAULTS] = {false};
  sim_hit hit = {.faults = faults,
                 .world = world,
                 .cloud = cloud,
                 .request = request,
                 .now_ms = now_ms,
                 .outcome = &outcome};

  sim_world_advance(world, now_ms);
  bool handled = apply_before(&hit, marks);
  outcome.reply = handled ? sim_dispatch(world, cloud, request, now_ms) : unhandled(now_ms);
  world->overrides = (sim_overrides){.duration_ms = -1};
  apply_after(&hit, marks);

  count_reply(&world->counters, cloud, &outcome);
  return outcome;
}
