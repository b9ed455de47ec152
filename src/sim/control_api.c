// SPDX-License-Identifier: MIT
/* The control API. It needs no token; its requests are not counted and never hit by a fault.
 * docs/simulator.md describes each path. */
#include "control_api.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SPEED 1e9

#define SIM_LAST_MS INT64_C(200000000000000) /* year 8307: the virtual time stops there */

int64_t sim_clock_now(const sim_clock *clock, int64_t real_ms) {
  double passed_ms = (double)(real_ms - clock->real_ms) * clock->speed;
  if (passed_ms > (double)(SIM_LAST_MS - clock->virtual_ms)) return SIM_LAST_MS;
  return clock->virtual_ms + (int64_t)passed_ms;
}

void sim_clock_set(sim_clock *clock, int64_t real_ms, int64_t virtual_ms, double speed) {
  int64_t now_ms = sim_clock_now(clock, real_ms);
  *clock = (sim_clock){virtual_ms > now_ms ? virtual_ms : now_ms, real_ms, speed};
}

void sim_instance_clear(sim_instance *instance) {
  sim_world_free(instance->world);
  sim_faults_clear(&instance->faults);
  instance->world = NULL;
}

typedef struct command {
  sim_instance *instance;
  const sim_request *request;
  int64_t real_ms, now_ms;
  sim_reply *reply;
} command;

static void reply_json(const command *c, int status, imgact_json_writer *out) {
  size_t length = 0;
  const char *text = imgact_json_writer_finish(out, &length);
  char *body = text ? sim_copy_n(text, length) : NULL;
  c->reply->status = body ? status : 500;
  sim_reply_body(c->reply, body, length);
  sim_reply_header(c->reply, "Content-Type", "application/json");
  imgact_json_writer_free(out);
}

static void reply_error(const command *c, int status, const char *message) {
  imgact_json_writer *out = imgact_json_writer_new(NULL, 0);
  imgact_json_write_begin_object(out);
  sim_write_string(out, "error", message);
  imgact_json_write_end_object(out);
  reply_json(c, status, out);
}

/* ---- counters ---- */

static void write_counter(imgact_json_writer *out, const char *key, uint64_t value) {
  sim_write_int(out, key, (int64_t)value);
}

static void write_statuses(imgact_json_writer *out, const sim_counters *counters) {
  static const char *const classes[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
  imgact_json_write_key(out, "status");
  imgact_json_write_begin_object(out);
  for (size_t i = 0; i < SIM_COUNT(classes); i++)
    write_counter(out, classes[i], counters->by_class[i]);
  imgact_json_write_end_object(out);
}

static void get_counters(const command *c) {
  const sim_world *world = c->instance->world;
  const sim_counters *counters = &world->counters;
  imgact_json_writer *out = imgact_json_writer_new(NULL, 0);

  imgact_json_write_begin_object(out);
  write_counter(out, "requests", counters->requests);
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++)
    write_counter(out, sim_cloud_names[cloud], counters->by_cloud[cloud]);
  write_statuses(out, counters);
  imgact_json_write_key(out, "effects");
  imgact_json_write_begin_object(out);
  for (int effect = SIM_UPDATE; effect < SIM_EFFECTS; effect++)
    write_counter(out, sim_effect_names[effect], counters->effects[effect]);
  imgact_json_write_end_object(out);
  write_counter(out, "faults", counters->faults);
  write_counter(out, "in_flight", counters->in_flight);
  write_counter(out, "peak_in_flight", counters->peak_in_flight);
  write_counter(out, "running_actions", world->pending_count);
  imgact_json_write_end_object(out);
  reply_json(c, 200, out);
}

static void clear_counters(const command *c) {
  sim_counters *counters = &c->instance->world->counters;
  *counters =
      (sim_counters){.in_flight = counters->in_flight, .peak_in_flight = counters->in_flight};
  get_counters(c);
}

/* ---- time ---- */

static void get_time(const command *c) {
  imgact_json_writer *out = imgact_json_writer_new(NULL, 0);
  int64_t now_ms = sim_clock_now(&c->instance->clock, c->real_ms);
  imgact_json_write_begin_object(out);
  sim_write_int(out, "now_ms", now_ms);
  sim_write_time(out, "now", now_ms);
  imgact_json_write_key(out, "speed");
  imgact_json_write_double(out, c->instance->clock.speed);
  imgact_json_write_end_object(out);
  reply_json(c, 200, out);
}

static bool read_time(const imgact_json *root, int64_t *now_ms, double *speed) {
  const imgact_json *now = imgact_json_get(root, "now_ms"),
                    *by = imgact_json_get(root, "advance_ms");
  const imgact_json *rate = imgact_json_get(root, "speed");
  int64_t step_ms = 0;
  if (imgact_json_get_type(root) != IMGACT_JSON_OBJECT) return false;
  if (now && !imgact_json_as_int(now, now_ms)) return false;

  if (by && (!imgact_json_as_int(by, &step_ms) || step_ms < 0 || step_ms > INT64_C(4000000000000)))
    return false;
  if (rate && (!imgact_json_as_double(rate, speed) || *speed < 0 || *speed > MAX_SPEED))
    return false;
  if (*now_ms < 0 || *now_ms > SIM_LAST_MS - step_ms) return false;
  *now_ms += step_ms;

  return true;
}

static void set_time(const command *c) {
  imgact_json_doc *document = NULL;
  int64_t now_ms = c->now_ms;
  double speed = c->instance->clock.speed;

  imgact_json_doc_parse(c->request->body ? c->request->body : "", c->request->body_bytes, NULL,
                        &document, NULL, 0);
  bool good = document && read_time(imgact_json_doc_root(document), &now_ms, &speed);
  imgact_json_doc_free(document);
  if (!good) {
    reply_error(c, 422, "expected {\"now_ms\":N} or {\"advance_ms\":N}, optionally with \"speed\"");
    return;
  }
  sim_clock_set(&c->instance->clock, c->real_ms, now_ms, speed);
  sim_world_advance(c->instance->world, sim_clock_now(&c->instance->clock, c->real_ms));
  get_time(c);
}

/* ---- faults and world ---- */

static void get_faults(const command *c) {
  imgact_json_writer *out = imgact_json_writer_new(NULL, 0);
  sim_faults_write(&c->instance->faults, out);
  reply_json(c, 200, out);
}

static void change_faults(const command *c) {
  char message[200] = "";
  const sim_request *request = c->request;
  bool put = !strcmp(request->method, "PUT"), clear = !strcmp(request->method, "DELETE");
  sim_faults new_faults = {.random = c->instance->faults.random};
  sim_faults *into = put ? &new_faults : &c->instance->faults;
  if (!clear && !sim_faults_load(into, request->body ? request->body : "", request->body_bytes,
                                 message, sizeof message)) {
    reply_error(c, 422, message);
    return;
  }

  if (put || clear) {
    sim_faults_clear(&c->instance->faults);
    c->instance->faults = new_faults;
  }
  get_faults(c);
}

static void get_world(const command *c) {
  char *text = sim_world_dump(c->instance->world, c->now_ms);
  c->reply->status = text ? 200 : 500;
  sim_reply_body(c->reply, text, text ? strlen(text) : 0);
  sim_reply_header(c->reply, "Content-Type", "application/json");
}

static void replace_world(sim_instance *instance, sim_world *world) {
  world->counters.in_flight = instance->world->counters.in_flight;
  sim_world_free(instance->world);
  instance->world = world;
}

/* PUT replaces the world, POST changes it. */
static void change_world(const command *c) {
  char message[200] = "no memory";
  sim_world *old = c->instance->world;
  bool put = !strcmp(c->request->method, "PUT");
  sim_world *world = put ? sim_world_new(old->seed) : old;
  bool good = world && (!put || sim_world_defaults(world)) &&
              sim_world_load(world, c->request->body ? c->request->body : "",
                             c->request->body_bytes, c->now_ms, message, sizeof message);

  if (put && good)
    replace_world(c->instance, world);
  else if (put)
    sim_world_free(world);
  if (good)
    get_counters(c);
  else
    reply_error(c, 422, message);
}

static const struct {
  const char *method, *path;
  void (*handle)(const command *c);
} commands[] = {
    {"GET", "counters", get_counters},   {"DELETE", "counters", clear_counters},
    {"GET", "time", get_time},           {"POST", "time", set_time},
    {"PUT", "time", set_time},           {"GET", "faults", get_faults},
    {"PUT", "faults", change_faults},    {"POST", "faults", change_faults},
    {"DELETE", "faults", change_faults}, {"GET", "world", get_world},
    {"PUT", "world", change_world},      {"POST", "world", change_world},
};

static bool run_command(const command *c) {
  const char *path = c->request->target + strlen("/_sim/");
  for (size_t i = 0; i < SIM_COUNT(commands); i++) {
    if (strcmp(path, commands[i].path) || strcmp(c->request->method, commands[i].method)) continue;
    commands[i].handle(c);
    return true;
  }
  return false;
}

sim_outcome sim_instance_serve(sim_instance *instance, sim_cloud cloud, const sim_request *request,
                               int64_t real_ms) {
  int64_t now_ms = sim_clock_now(&instance->clock, real_ms);
  if (!sim_is_control(request->target))
    return sim_serve(instance->world, &instance->faults, cloud, request, now_ms);

  sim_outcome outcome = {.cut_bytes = -1, .delay_ms = -1, .reply = {.status = 500}};
  command c = {instance, request, real_ms, now_ms, &outcome.reply};
  sim_world_advance(instance->world, now_ms);
  if (sim_too_large(request))
    reply_error(&c, 413, "the body is larger than 32 MiB");
  else if (!run_command(&c))
    reply_error(&c, 404,
                "unknown control request: use GET, DELETE counters; GET, POST time; "
                "GET, PUT, POST, DELETE faults; GET, PUT, POST world");

  return outcome;
}
