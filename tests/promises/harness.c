// SPDX-License-Identifier: MIT
#include "harness.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define EPOCH_MS       INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define PATIENCE_STEPS 200000

uint64_t harness_random = 1;

/* A seed repeats a run only if the library's dice repeat, too. */
ssize_t getrandom(void *buffer, size_t length, unsigned int flags) {
  (void)flags;
  for (size_t i = 0; i < length; i++) ((unsigned char *)buffer)[i] = (unsigned char)sim_random(&harness_random);
  return (ssize_t)length;
}

/* ---- the world ---- */

static void many_images(const schedule *p, sim_text *out) {
  for (int i = 0; i < HARNESS_IMAGES; i++)
    sim_text_printf(out, "%s{\"id\":%d,\"type\":\"snapshot\"%s}", i ? "," : "", i + 1,
                    p->cloud == SIM_HETZNER ? "" : ",\"regions\":[\"nyc1\"]");
}

static void one_image(const schedule *p, sim_text *out) {
  bool backup = p->change == SCHEDULE_CONVERT;
  sim_text_printf(out, "{\"id\":%" PRId64 ",\"type\":\"%s\",\"description\":\"before\"", HARNESS_IMAGE,
                  backup ? "backup" : "snapshot");
  if (p->cloud == SIM_DIGITALOCEAN)
    sim_text_str(out, ",\"regions\":[\"nyc1\"],\"name\":\"ten\"");
  else if ((p->change == SCHEDULE_UNPROTECT) != p->undoing)
    sim_text_str(out, ",\"protection\":{\"delete\":true}");
  sim_text_str(out, "}");
}

static bool make_world(harness *s) {
  const schedule *p = s->schedule;
  sim_text text = {0};
  char message[200] = "no memory";
  long long ms = (long long)p->duration_ms;
  sim_text_printf(&text,
                  "{\"limits\":{\"hetzner\":{\"limit\":0,\"actions\":0},\"digitalocean\":{\"limit\":0,\"burst\":0}},"
                  "\"settings\":{\"repeats\":%s,\"durations_ms\":{\"transfer\":%lld,\"convert\":%lld,\"protect\":%lld,"
                  "\"unprotect\":%lld}},"
                  "\"%s\":{\"images\":[",
                  p->repeats ? "true" : "false", ms, ms, ms, ms, p->cloud == SIM_HETZNER ? "hetzner" : "digitalocean");
  if (p->list)
    many_images(p, &text);
  else
    one_image(p, &text);
  sim_text_str(&text, "]}}");
  s->instance.clock = (sim_clock){EPOCH_MS, 0, 0};
  s->instance.world = sim_world_new(p->seed);
  s->instance.faults.random = p->seed ^ UINT64_C(0x5DEECE66D);
  const char *json = sim_text_get(&text);
  bool good = json && s->instance.world && sim_world_regions(s->instance.world) &&
              sim_world_load(s->instance.world, json, strlen(json), EPOCH_MS, message, sizeof message) &&
              sim_faults_load(&s->instance.faults, p->faults, strlen(p->faults), message, sizeof message);
  if (!good) fprintf(stderr, "seed %" PRIu64 ": %s\n%s\n", p->seed, message, p->faults);
  sim_text_free(&text);
  return good;
}

/* ---- the library ---- */

static bool make_client(harness *s) {
  const schedule *p = s->schedule;
  harness_random = p->seed * 7 + 1;
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = p->cloud == SIM_HETZNER ? "hetzner" : "digitalocean",
                                   .endpoint = p->cloud == SIM_HETZNER ? "http://127.0.0.1/v1" : "http://127.0.0.1",
                                   .token = "a-token-of-the-tests",
                                   .settle_ms = p->settle_ms,
                                   .max_attempts = p->attempts};
  imgact_error error = {0};
  options.transport = s->transport = harness_transport(s);
  if (options.transport && imgact_client_new(&options, &s->client, &error) == IMGACT_OK) return true;
  fprintf(stderr, "no client: %s\n", error.message);
  return false;
}

static imgact_op *make_op(const harness *s) {
  static const imgact_image_update update = {.size = sizeof update, .description = "after"};
  static const imgact_image_filter all = {.size = sizeof all, .include_deprecated = 0};
  if (s->schedule->list) return imgact_list_images(s->client, &all);
  switch (s->schedule->change) {
  case SCHEDULE_PROTECT: return imgact_protect_image(s->client, "10");
  case SCHEDULE_UNPROTECT: return imgact_unprotect_image(s->client, "10");
  case SCHEDULE_CONVERT: return imgact_convert_image(s->client, "10");
  case SCHEDULE_TRANSFER: return imgact_transfer_image(s->client, "10", "nyc3");
  case SCHEDULE_DELETE: return imgact_delete_image(s->client, "10");
  default: return imgact_update_image(s->client, "10", &update);
  }
}

static void take_result(void *user, imgact_op *op) {
  harness *s = user;
  harness_told *told = &s->told[op == s->ops[0] ? 0 : 1];
  const imgact_action *action = imgact_op_action(op);
  told->done = true;
  told->error = *imgact_op_error(op);
  told->adopted = imgact_op_adopted(op);
  told->action_status = action ? action->status : IMGACT_ACTION_STATUS_UNKNOWN;
  if (action && action->id) sim_parse_id(action->id, &told->action_id);
  imgact_op_actions(op, &told->actions);
  const imgact_image *const *images = imgact_op_images(op, &told->images);
  for (size_t i = 0; s->schedule->list && i < told->images && i < SIM_COUNT(told->ids); i++)
    sim_parse_id(images[i]->id, &told->ids[i]);
}

static imgact_status announce(void *user, imgact_op *op, const char *call_json) {
  harness *s = user;
  (void)op;
  if (!s->schedule->crash_ms) return IMGACT_OK;
  snprintf(s->journal, sizeof s->journal, "%s", call_json);
  s->journal_ms = s->transport->now_ms(s->transport);
  return IMGACT_OK;
}

static void start_ops(harness *s) {
  const schedule *p = s->schedule;
  imgact_op_options options = {.size = sizeof options, .deadline_ms = p->deadline_ms, .per_page = p->list ? 10 : 0};
  for (int i = 0; i < p->twins; i++) {
    s->ops[i] = s->crashed ? imgact_op_resume(s->client, s->journal, s->journal_ms) : make_op(s);
    imgact_op_set_options(s->ops[i], &options);
    if (!p->list) imgact_op_set_before_send(s->ops[i], announce, s);
    if (p->wait && !p->list) imgact_op_set_wait(s->ops[i], 1);
  }
  for (int i = 0; i < p->twins; i++) imgact_op_start(s->ops[i], take_result, s);
}

static bool all_done(const harness *s) {
  for (int i = 0; i < s->schedule->twins; i++)
    if (!s->told[i].done) return false;
  return true;
}

/* The program dies with everything that it knows; later another one takes up what the journal holds. */
static void crash(harness *s) {
  imgact_op_free(s->ops[0]);
  s->ops[0] = NULL;
  imgact_client_free(s->client);
  s->client = NULL;
  s->crashed = true;
  int64_t now_ms = sim_clock_now(&s->instance.clock, 0);
  sim_clock_set(&s->instance.clock, 0, now_ms + s->schedule->down_ms, 0);
  sim_world_advance(s->instance.world, now_ms + s->schedule->down_ms);
  if (s->trace) fprintf(s->trace, "  %8" PRId64 " the program dies\n", now_ms - s->start_ms);
  if (!*s->journal)
    s->told[0] = (harness_told){.done = true, .error = {.status = IMGACT_CANCELLED}};
  else if (make_client(s))
    start_ops(s);
}

static void drive(harness *s) {
  const schedule *p = s->schedule;
  for (int step = 0; step < PATIENCE_STEPS && !all_done(s); step++) {
    if (p->crash_ms && !s->crashed && sim_clock_now(&s->instance.clock, 0) >= s->start_ms + p->crash_ms) {
      crash(s);
      continue;
    }
    if (p->cancel_ms && sim_clock_now(&s->instance.clock, 0) >= s->start_ms + p->cancel_ms)
      for (int i = 0; i < p->twins; i++) imgact_op_cancel(s->ops[i]);
    imgact_loop_dispatch(imgact_client_loop(s->client));
  }
  s->finished = all_done(s);
}

/* ---- what is there ---- */

static bool effect_shown(const harness *s) {
  const sim_image *image = sim_image_find(s->instance.world, s->schedule->cloud, HARNESS_IMAGE);
  switch (s->schedule->change) {
  case SCHEDULE_PROTECT: return image->is_protected;
  case SCHEDULE_UNPROTECT: return !image->is_protected;
  case SCHEDULE_CONVERT: return image->type == SIM_SNAPSHOT;
  case SCHEDULE_TRANSFER: return sim_strings_has(&image->regions, "nyc3");
  case SCHEDULE_DELETE: return image->deleted;
  default: return image->description && !strcmp(image->description, "after");
  }
}

static void see_images(harness *s) {
  for (int i = 0; i < HARNESS_IMAGES; i++) {
    const sim_image *image = sim_image_find(s->instance.world, s->schedule->cloud, i + 1);
    s->present[i] = image && !image->deleted;
  }
}

bool harness_run(harness *s, const schedule *p, FILE *trace) {
  *s = (harness){.schedule = p, .trace = trace, .start_ms = EPOCH_MS};
  if (!make_world(s) || !make_client(s)) return false;
  s->initially = !p->list && effect_shown(s);
  if (p->undoing) harness_foreign(s, true);
  s->foreign = 0; /* that was before, and no excuse */
  start_ops(s);
  drive(s);
  s->end_ms = sim_clock_now(&s->instance.clock, 0);
  if (p->list)
    see_images(s);
  else
    s->shown = effect_shown(s);
  return true;
}

void harness_free(harness *s) {
  for (int i = 0; i < HARNESS_TWINS; i++) imgact_op_free(s->ops[i]);
  imgact_client_free(s->client);
  sim_instance_clear(&s->instance);
}
