// SPDX-License-Identifier: MIT
/* The world of a schedule, and whether its image shows an effect. */
#include "harness.h"
#include <inttypes.h>
#include <string.h>

static bool asks_for(const schedule *p, schedule_mutation mutation) {
  if (p->change == mutation) return true;
  for (int32_t i = 0; i < p->more_count; i++)
    if (p->more[i] == mutation) return true;
  return false;
}

static void many_images(const schedule *p, sim_text *out) {
  for (int i = 0; i < HARNESS_IMAGES; i++)
    sim_text_printf(out, "%s{\"id\":%d,\"type\":\"snapshot\"%s}", i ? "," : "", i + 1,
                    p->cloud == SIM_HETZNER ? "" : ",\"regions\":[\"nyc1\"]");
}

static void one_image(const schedule *p, sim_text *out) {
  bool backup = asks_for(p, SCHEDULE_CONVERT);
  sim_text_printf(out, "{\"id\":%" PRId64 ",\"type\":\"%s\",\"description\":\"before\"",
                  HARNESS_IMAGE, backup ? "backup" : "snapshot");
  if (p->cloud == SIM_DIGITALOCEAN)
    sim_text_str(out, ",\"regions\":[\"nyc1\"],\"name\":\"ten\"");
  else if ((p->change == SCHEDULE_UNPROTECT) != p->undoing)
    sim_text_str(out, ",\"protection\":{\"delete\":true}");
  sim_text_str(out, "}");
}

/* The image of responses about another object; then the image of the many waits. */
static void other_images(const schedule *p, sim_text *out) {
  for (int64_t id = HARNESS_OTHER_IMAGE; id <= HARNESS_CROWD_IMAGE; id++)
    sim_text_printf(out, ",{\"id\":%" PRId64 ",\"type\":\"snapshot\",\"description\":\"after\"%s}",
                    id,
                    p->cloud == SIM_HETZNER
                        ? p->change == SCHEDULE_UNPROTECT ? "" : ",\"protection\":{\"delete\":true}"
                        : ",\"name\":\"eleven\",\"regions\":[\"nyc1\",\"nyc3\",\"ams3\"]");
}

/* A quarter of the actions fails; the last ones run for a minute longer than the outage. */
static void crowd_action(const schedule *p, int32_t i, sim_text *out) {
  int64_t id = HARNESS_CROWD_ACTION + i,
          runs_ms = 1000 + (int64_t)i * (p->outage_ms + p->outage_for_ms + 60000) / p->waits;
  const char *ends = i % 4 == 3 ? "error" : "success";
  sim_text_printf(
      out, ",{\"id\":%" PRId64 ",\"ends\":\"%s\",\"runs_ms\":%" PRId64 ",\"effect\":\"nothing\"",
      id, ends, runs_ms);
  if (p->cloud == SIM_HETZNER)
    sim_text_printf(
        out,
        ",\"command\":\"change_protection\",\"status\":\"running\",\"resources\":[{\"id\":%" PRId64
        ",\"type\":\"image\"}]}",
        HARNESS_CROWD_IMAGE);
  else
    sim_text_printf(
        out, ",\"type\":\"transfer\",\"status\":\"in-progress\",\"resource_id\":%" PRId64 "}",
        HARNESS_CROWD_IMAGE);
}

static void all_actions(const schedule *p, sim_text *out) {
  static const char *const words[SIM_CLOUDS][SCHEDULE_MUTATIONS] = {
      {"change_protection", "change_protection", "change_protection", "x", "x", "x", "x", "x", "x"},
      {"x", "x", "convert", "transfer", "transfer", "x", "x", "x", "x"}};
  const char *word = words[p->cloud][p->change];
  if (p->cloud == SIM_HETZNER)
    sim_text_printf(out,
                    "{\"id\":%" PRId64
                    ",\"command\":\"%s\",\"status\":\"success\",\"resources\":[{\"id\":%" PRId64
                    ",\"type\":\"image\"}]}",
                    HARNESS_OTHER_ACTION, word, HARNESS_OTHER_IMAGE);
  else
    sim_text_printf(out,
                    "{\"id\":%" PRId64
                    ",\"type\":\"%s\",\"status\":\"completed\",\"resource_id\":%" PRId64
                    ",\"region_slug\":\"%s\"}",
                    HARNESS_OTHER_ACTION, word, HARNESS_OTHER_IMAGE,
                    p->change == SCHEDULE_TRANSFER_ELSEWHERE ? "ams3" : "nyc3");
  harness_put_actions(p, out);
  for (int32_t i = 0; i < p->waits; i++) crowd_action(p, i, out);
}

static void put_world(const schedule *p, sim_text *out) {
  long long ms = (long long)p->duration_ms;
  sim_text_printf(out,
                  "{\"limits\":{\"hetzner\":{\"limit\":0,\"actions\":0},\"digitalocean\":{"
                  "\"limit\":0,\"burst\":0}},"
                  "\"settings\":{\"repeats\":%s,\"image_in_action\":%s,\"durations_ms\":{"
                  "\"transfer\":%lld,\"convert\":%lld,\"protect\":%lld,\"unprotect\":%lld,"
                  "\"create_image\":%lld,\"import\":%lld}},\"%s\":{",
                  p->repeats ? "true" : "false", p->unnamed ? "false" : "true", ms, ms, ms, ms, ms,
                  ms, sim_cloud_names[p->cloud]);
  harness_put_servers(p, out);
  sim_text_str(out, ",\"images\":[");
  if (p->list) {
    many_images(p, out);
  } else {
    one_image(p, out);
    other_images(p, out);
    harness_put_images(p, out);
    sim_text_str(out, "],\"actions\":[");
    all_actions(p, out);
  }
  sim_text_str(out, "]}}");
}

bool harness_make_world(harness *s) {
  const schedule *p = s->schedule;
  sim_text text = {0};
  char message[200] = "no memory";
  put_world(p, &text);
  s->instance.clock = (sim_clock){HARNESS_EPOCH_MS, 0, 0};
  s->instance.world = sim_world_new(p->seed);
  s->instance.faults.random = p->seed ^ UINT64_C(0x5DEECE66D);
  const char *json = sim_text_get(&text);
  bool good =
      json && s->instance.world && sim_world_defaults(s->instance.world) &&
      sim_world_load(s->instance.world, json, strlen(json), HARNESS_EPOCH_MS, message,
                     sizeof message) &&
      sim_faults_load(&s->instance.faults, p->faults, strlen(p->faults), message, sizeof message);
  if (!good) fprintf(stderr, "seed %" PRIu64 ": %s\n%s\n", p->seed, message, p->faults);
  sim_text_free(&text);
  return good;
}

bool harness_shows(const harness *s, schedule_mutation mutation) {
  const sim_image *image = sim_image_find(s->instance.world, s->schedule->cloud, HARNESS_IMAGE);
  switch (mutation) {
  case SCHEDULE_PROTECT: return image->is_protected;
  case SCHEDULE_UNPROTECT: return !image->is_protected;
  case SCHEDULE_CONVERT: return image->type == SIM_SNAPSHOT;
  case SCHEDULE_TRANSFER: return sim_strings_has(&image->regions, "nyc3");
  case SCHEDULE_TRANSFER_ELSEWHERE: return sim_strings_has(&image->regions, "ams3");
  case SCHEDULE_DELETE: return image->deleted;
  case SCHEDULE_SNAPSHOT:
  case SCHEDULE_IMPORT: return harness_has_new_image(s, mutation);
  default: return image->description && !strcmp(image->description, "after");
  }
}
