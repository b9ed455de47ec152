// SPDX-License-Identifier: MIT
/*
 * Faults are of the kinds that networks, proxies and clouds have. Left out is what no client can
 * see through: a refusal after the effect was committed, a 2xx to a deletion that was not, a list
 * that ends early and looks complete.
 */
#include "schedule.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const schedule_mutation_names[SCHEDULE_MUTATIONS] = {
    "protect", "unprotect", "convert",  "transfer", "transfer elsewhere",
    "delete",  "update",    "snapshot", "import"};

bool schedule_creates_action(sim_cloud cloud, schedule_mutation mutation) {
  return mutation == SCHEDULE_PROTECT || mutation == SCHEDULE_UNPROTECT ||
         mutation == SCHEDULE_TRANSFER || mutation == SCHEDULE_TRANSFER_ELSEWHERE ||
         mutation == SCHEDULE_SNAPSHOT ||
         (mutation == SCHEDULE_CONVERT && cloud == SIM_DIGITALOCEAN);
}

bool schedule_makes_image(schedule_mutation mutation) {
  return mutation == SCHEDULE_SNAPSHOT || mutation == SCHEDULE_IMPORT;
}

bool schedule_is_unsafe(sim_cloud cloud, schedule_mutation mutation) {
  return schedule_creates_action(cloud, mutation) || schedule_makes_image(mutation);
}

bool schedule_opposes(schedule_mutation mutation, schedule_mutation other) {
  if (schedule_makes_image(mutation)) return false;
  if (other == SCHEDULE_DELETE) return mutation != SCHEDULE_DELETE;
  return (mutation == SCHEDULE_PROTECT && other == SCHEDULE_UNPROTECT) ||
         (mutation == SCHEDULE_UNPROTECT && other == SCHEDULE_PROTECT);
}

void schedule_pair(size_t index, sim_cloud *cloud, schedule_mutation *change) {
  static const schedule_mutation hetzner[] = {SCHEDULE_PROTECT, SCHEDULE_UNPROTECT,
                                              SCHEDULE_CONVERT, SCHEDULE_DELETE,
                                              SCHEDULE_UPDATE,  SCHEDULE_SNAPSHOT};
  static const schedule_mutation digitalocean[] = {SCHEDULE_CONVERT,  SCHEDULE_TRANSFER,
                                                   SCHEDULE_DELETE,   SCHEDULE_UPDATE,
                                                   SCHEDULE_SNAPSHOT, SCHEDULE_IMPORT};
  *cloud = index < SIM_COUNT(hetzner) ? SIM_HETZNER : SIM_DIGITALOCEAN;
  *change = index < SIM_COUNT(hetzner) ? hetzner[index] : digitalocean[index - SIM_COUNT(hetzner)];
}

const char *schedule_method(const schedule *p) {
  if (p->change == SCHEDULE_DELETE) return "DELETE";
  return p->unsafe ? "POST" : "PUT";
}

schedule schedule_calm(sim_cloud cloud, schedule_mutation change, bool wait) {
  schedule p = {.cloud = cloud,
                .change = change,
                .wait = wait,
                .attempts = 5,
                .duplicates = 1,
                .settle_ms = 10000,
                .duration_ms = 3000,
                .latency_ms = 50,
                .foreign_ms = -1,
                .shorten_bytes = -1,
                .faults = "[]"};
  p.unsafe = schedule_is_unsafe(cloud, change);
  return p;
}

/* ---- chance ---- */

typedef struct dice {
  uint64_t state;
  schedule *p;
  size_t used; /* of p->faults */
} dice;

static uint64_t roll(dice *d, uint64_t limit) { return sim_random_below(&d->state, limit); }
static bool chance(dice *d, uint64_t percent) { return roll(d, 100) < percent; }

static void add(dice *d, const char *change, const char *method, const char *more) {
  char *at = d->p->faults + d->used;
  int length = snprintf(at, sizeof d->p->faults - d->used, "%s{\"do\":\"%s\",\"method\":\"%s\"%s}",
                        d->used > 1 ? "," : "", change, method, more);
  if (length > 0) d->used += (size_t)length;
}

/* "count", "skip" and, where it makes a difference, "when". */
static const char *times(dice *d, bool either, char *text, size_t capacity) {
  int64_t count = (int64_t)roll(d, 3) + 1;
  if (chance(d, 8)) count = 50;
  snprintf(text, capacity, ",\"count\":%" PRId64 "%s%s", count, chance(d, 15) ? ",\"skip\":1" : "",
           !either         ? ""
           : chance(d, 50) ? ",\"when\":\"after\""
                           : ",\"when\":\"before\"");
  return text;
}

static void add_lost(dice *d, const char *method) {
  static const char *const kinds[] = {"no_reply", "close", "reset", "cut",
                                      "no_reply", "delay", "slow"};
  size_t which = roll(d, SIM_COUNT(kinds));
  char tail[120], more[200], extra[60] = "";
  if (which == 3) snprintf(extra, sizeof extra, ",\"bytes\":%u", (unsigned)roll(d, 900));
  if (which == 4) snprintf(extra, sizeof extra, ",\"ms\":%u", (unsigned)roll(d, 40000));
  if (which == 5) snprintf(extra, sizeof extra, ",\"ms\":%u", (unsigned)roll(d, 60000));
  if (which == 6) snprintf(extra, sizeof extra, ",\"bytes\":%u", (unsigned)roll(d, 200) + 1);
  snprintf(more, sizeof more, "%s%s", extra, times(d, true, tail, sizeof tail));
  add(d, kinds[which], method, more);
}

static const char *a_body(dice *d) {
  static const char *const bodies[] = {
      "json", "html", "empty", "{}", "[]", "null", "{\\\"action\\\":null}", "{\\\"action\\\":{}}"};
  return bodies[roll(d, SIM_COUNT(bodies))];
}

static void add_5xx(dice *d, const char *method) {
  static const int statuses[] = {500, 502, 503, 504, 501, 507, 520};
  char tail[120], more[300];
  const char *body = a_body(d);
  int status = statuses[roll(d, SIM_COUNT(statuses))];
  if (status == 500 && !strcmp(body, "json") && schedule_declines(d->p)) status = 502;
  snprintf(more, sizeof more, ",\"status\":%d,\"body\":\"%s\"%s%s", status, body,
           chance(d, 20) ? ",\"retry_after\":2" : "", times(d, true, tail, sizeof tail));
  add(d, "status", method, more);
}

/* A rejection has no effect. Codes under these statuses that pass (Hetzner's conflict)
 * are among them. */
static void add_refusal(dice *d, const char *method) {
  static const int statuses[] = {400, 401, 403, 404, 409, 409, 412, 422, 423, 429, 429, 302};
  char tail[120], more[300];
  int status = statuses[roll(d, SIM_COUNT(statuses))];
  if (status == 404 && d->p->change == SCHEDULE_DELETE)
    status = 403; /* 404 would be wrong for an existing image */
  snprintf(more, sizeof more, ",\"status\":%d,\"body\":\"%s\"%s%s", status,
           chance(d, 70) ? "json" : "html", chance(d, 20) ? ",\"retry_after\":3" : "",
           times(d, false, tail, sizeof tail));
  add(d, "status", method, more);
}

static void add_useless_2xx(dice *d, const char *method) {
  static const int statuses[] = {200, 201, 202, 204};
  bool read = !strcmp(method, "GET");
  char tail[120], more[300];
  times(d, !read, tail, sizeof tail);
  snprintf(more, sizeof more, ",\"status\":%d,\"body\":\"%s\"%s",
           statuses[roll(d, SIM_COUNT(statuses))], read ? "html" : a_body(d), tail);
  add(d, "status", method, more);
}

static void add_fault(dice *d, const char *method) {
  switch (roll(d, 8)) {
  case 0: add_5xx(d, method); break;
  case 1: add_refusal(d, method); break;
  case 2: strcmp(method, "DELETE") ? add_useless_2xx(d, method) : add_lost(d, method); break;
  case 3:
    add(d, "rate_limit", method, chance(d, 50) ? ",\"count\":2,\"retry_after\":1" : ",\"count\":1");
    break;
  default: add_lost(d, method); break;
  }
}

static void of_the_action(dice *d, bool beyond) {
  schedule *p = d->p;
  char more[80];
  if (!p->unsafe) return;
  if (beyond || chance(d, 50)) {
    p->hide_ms = (int64_t)roll(d, (uint64_t)p->settle_ms + 1);
    if (beyond) p->hide_ms = p->settle_ms + 1 + (int64_t)roll(d, 3 * (uint64_t)p->settle_ms);
    snprintf(more, sizeof more, ",\"ms\":%" PRId64, p->hide_ms);
    add(d, "hide", "POST", more);
  }
  if (chance(d, 8)) {
    static const char *const remains[] = {"", ",\"leaves\":\"unavailable\"",
                                          ",\"leaves\":\"creating\""};
    add(d, "fail", "POST", schedule_makes_image(p->change) ? remains[roll(d, 3)] : "");
  }
}

/* Of a snapshot or an import: what its image lacks, and how late it is listed. */
static void of_the_image(dice *d) {
  schedule *p = d->p;
  char more[80];
  if (!schedule_makes_image(p->change)) return;
  p->untitled = p->cloud == SIM_HETZNER && chance(d, 25);
  p->unnamed = p->cloud == SIM_HETZNER && chance(d, 50);
  if (!chance(d, 50)) return;
  p->lag_ms = (int64_t)roll(d, (uint64_t)p->settle_ms + 1);
  snprintf(more, sizeof more, ",\"ms\":%" PRId64, p->lag_ms);
  add(d, "hide_image", "POST", more);
}

static void of_others(dice *d) {
  schedule *p = d->p;
  if (chance(d, 20)) p->foreign_ms = (int64_t)roll(d, 20000);
  if (chance(d, 8)) p->foreign_ms = 0;
  p->foreign_opposite = chance(d, 30);
  p->undoing = (p->change == SCHEDULE_PROTECT || p->change == SCHEDULE_UNPROTECT) && chance(d, 25);
  p->duplicates = chance(d, 15) ? 2 : 1;
}

static void of_patience(dice *d) {
  schedule *p = d->p;
  if (chance(d, 20)) p->deadline_ms = 1 + (int64_t)roll(d, 60000);
  if (chance(d, 12)) p->cancel_ms = 1 + (int64_t)roll(d, 40000);
  p->attempts = 1 + (int32_t)roll(d, 6);
  p->wait = chance(d, 50);
}

/* ---- clocks ---- */

/* Either way, from one second to the most. */
static int64_t wrong_by(dice *d, int64_t most_ms) {
  int64_t ms = 1000 + (int64_t)roll(d, chance(d, 50) ? 10000 : (uint64_t)most_ms - 1000);
  return chance(d, 50) ? ms : -ms;
}

#define LOCAL_GRACE_MS INT64_C(600000) /* of the library, if no response has a Date */
#define YEAR_MS        INT64_C(31536000000)

/* Without a Date the client's clock is taken as right within ten minutes. */
static void of_dates(dice *d) {
  schedule *p = d->p;
  if (chance(d, 30)) p->gateway_ms = chance(d, 20) ? -50 * YEAR_MS : wrong_by(d, YEAR_MS);
  if (chance(d, 25)) p->dates = (schedule_dates)(1 + roll(d, 3));
  if (p->dates == SCHEDULE_DATES_OFTEN_WRONG)
    p->lie_ms = chance(d, 20) ? -50 * YEAR_MS : wrong_by(d, YEAR_MS);
  p->warm = chance(d, 30);
}

static void of_clocks(dice *d) {
  schedule *p = d->p;
  of_dates(d);
  bool dated = p->dates != SCHEDULE_DATES_MISSING && p->dates != SCHEDULE_DATES_OFTEN_MISSING;
  int64_t most_ms =
      dated ? (chance(d, 20) ? YEAR_MS : 2 * LOCAL_GRACE_MS) : LOCAL_GRACE_MS / 2 - 5000;
  if (chance(d, 40)) p->skew_ms = wrong_by(d, most_ms);
  bool suspended = chance(d, 8);
  if (!suspended && chance(d, 20)) {
    p->jump_at_ms = (int64_t)roll(d, 15000);
    p->jump_ms = wrong_by(d, most_ms);
  }
  /* A steady clock that stood still and a wall clock that was set leave no clock that is right. */
  if (suspended) {
    p->suspend_at_ms = (int64_t)roll(d, 15000);
    p->suspend_ms = 1000 + (int64_t)roll(d, 3600000);
  }
  /* A cloud's clock that is set just between a request and the first Date that its client sees
   * cannot be noticed. */
  if (dated && p->dates == SCHEDULE_DATES_RIGHT && chance(d, 15)) {
    p->warm = true;
    p->cloud_jump_at_ms = (int64_t)roll(d, 15000);
    p->cloud_jump_ms = wrong_by(d, LOCAL_GRACE_MS);
  }
}

static void of_death(dice *d) {
  schedule *p = d->p;
  if (p->duplicates > 1 || p->more_count || p->cloud_jump_ms || !chance(d, 12)) return;
  p->crash_ms = 1 + (int64_t)roll(d, chance(d, 50) ? 300 : 40000);
  p->down_ms = (int64_t)roll(d, 20000);
  p->cancel_ms = 0;
  if (chance(d, 30)) p->resume_jump_ms = wrong_by(d, LOCAL_GRACE_MS / 4);
}

/* ---- what else ---- */

static void of_other_objects(dice *d) {
  d->p->swap_percent = chance(d, 15) ? 1 + (int32_t)roll(d, 60) : 0;
  d->p->swap_instead = chance(d, 40);
}

static void of_lateness(dice *d) {
  if (chance(d, 20)) d->p->late_ms = 1 + (int64_t)roll(d, 8000);
}

static void of_slow_lists(dice *d) {
  char more[120];
  if (!chance(d, 20)) return;
  bool images = schedule_makes_image(d->p->change) && chance(d, 50);
  snprintf(more, sizeof more, ",\"path\":\"*/%s*\",\"ms\":%u,\"count\":%u",
           images ? d->p->cloud == SIM_HETZNER || d->p->change == SCHEDULE_IMPORT ? "images"
                                                                                  : "snapshots"
                  : "actions",
           (unsigned)roll(d, 29000), (unsigned)roll(d, 6) + 1);
  add(d, "delay", "GET", more);
}

static void of_older(dice *d) {
  if (!chance(d, 25)) return;
  d->p->older_ms = 1 + (int64_t)roll(d, chance(d, 50) ? 30000 : 900000);
  d->p->older_fails = chance(d, 50);
}

/* Further calls on the same image: a cloud that refuses one because of another makes refusals, no
 * doubts. */
static void of_calls(dice *d) {
  static const schedule_mutation mutations[SIM_CLOUDS][7] = {
      {SCHEDULE_PROTECT, SCHEDULE_UNPROTECT, SCHEDULE_CONVERT, SCHEDULE_DELETE, SCHEDULE_UPDATE,
       SCHEDULE_SNAPSHOT},
      {SCHEDULE_TRANSFER, SCHEDULE_TRANSFER_ELSEWHERE, SCHEDULE_CONVERT, SCHEDULE_DELETE,
       SCHEDULE_UPDATE, SCHEDULE_SNAPSHOT, SCHEDULE_IMPORT}};
  schedule *p = d->p;
  if (!chance(d, 25) || p->undoing) return;
  for (size_t n = 1 + roll(d, SCHEDULE_CALLS); n; n--) {
    schedule_mutation mutation = mutations[p->cloud][roll(d, p->cloud == SIM_HETZNER ? 6 : 7)];
    bool again = mutation == p->change;
    for (int32_t i = 0; i < p->more_count; i++) again = again || p->more[i] == mutation;
    if (!again) p->more[p->more_count++] = mutation;
  }
}

static void of_an_outage(dice *d) {
  if (!chance(d, 8)) return;
  d->p->outage_ms = (int64_t)roll(d, 10000);
  d->p->outage_for_ms = 1 + (int64_t)roll(d, 60000);
  d->p->outage = (schedule_outage)roll(d, SCHEDULE_OUTAGES);
}

/* One kind of change a run: an image removed before the cursor and one added behind it leave no
 * trace; lists.c knows that case. */
static void of_a_list(dice *d) {
  static const char *const changes[] = {"appear", "vanish", "duplicate"};
  static const char *const nexts[] = {"same", "first", "text", "host"};
  static const char *const places[] = {"first", "last", "any"};
  const char *change = changes[roll(d, SIM_COUNT(changes))];
  char more[120];
  d->p->allow_twice = !strcmp(change, "duplicate");
  for (size_t n = roll(d, 4); n; n--) {
    snprintf(more, sizeof more, ",\"skip\":%u,\"count\":%u,\"at\":\"%s\"", (unsigned)roll(d, 6),
             (unsigned)roll(d, 3) + 1, places[roll(d, SIM_COUNT(places))]);
    add(d, change, "GET", more);
  }
  if (chance(d, 15)) {
    snprintf(more, sizeof more, ",\"next\":\"%s\",\"skip\":%u,\"count\":1",
             nexts[roll(d, SIM_COUNT(nexts))], (unsigned)roll(d, 3));
    add(d, "next", "GET", more);
  }
  if (chance(d, 40)) add_fault(d, "GET");
}

schedule schedule_random(uint64_t seed, bool beyond) {
  sim_cloud cloud;
  schedule_mutation change;
  dice d = {.state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1, .used = 1};
  do schedule_pair(roll(&d, SCHEDULE_PAIRS), &cloud, &change);
  while (beyond && !schedule_creates_action(cloud, change));
  schedule p = schedule_calm(cloud, change, false);
  d.p = &p;
  p.seed = seed;
  p.repeats = beyond || chance(&d, 50);
  p.settle_ms = 1 + (int64_t)roll(&d, 20000);
  p.duration_ms = (int64_t)roll(&d, 3) * (int64_t)roll(&d, 20000);
  p.latency_ms = (int64_t)roll(&d, 300);
  of_patience(&d);
  of_lateness(&d);
  if (!beyond && chance(&d, 10)) {
    p.list = true;
    p.duplicates = 1;
    of_a_list(&d);
  } else {
    if (!beyond) {
      of_others(&d);
      of_older(&d);
      of_calls(&d);
      of_clocks(&d);
      of_death(&d);
      of_other_objects(&d);
      of_slow_lists(&d);
      of_an_outage(&d);
      p.read = !p.crash_ms && chance(&d, 20);
    }
    of_the_action(&d, beyond);
    of_the_image(&d);
    for (size_t n = 1 + roll(&d, 3); n; n--)
      beyond ? add_lost(&d, "POST") : add_fault(&d, schedule_method(&p));
    p.lookup_faults = !beyond && chance(&d, 35);
    if (p.lookup_faults) add_fault(&d, "GET");
    if (!beyond && chance(&d, 10)) p.shorten_bytes = (int64_t)roll(&d, 500);
  }
  snprintf(p.faults + d.used, sizeof p.faults - d.used, "]");
  return p;
}

schedule schedule_crowd(uint64_t seed) {
  sim_cloud cloud;
  schedule_mutation change;
  dice d = {.state = seed * UINT64_C(0x9E3779B97F4A7C15) + 2, .used = 1};
  schedule_pair(roll(&d, SCHEDULE_PAIRS), &cloud, &change);
  schedule p = schedule_calm(cloud, change, chance(&d, 50));
  d.p = &p;
  p.seed = seed;
  p.attempts = 0; /* as usual: nine for a poll */
  p.waits = 100 + (int32_t)roll(&d, 300);
  p.outage_ms = (int64_t)roll(&d, 40000);
  p.outage_for_ms = 1 + (int64_t)roll(&d, 60000);
  p.outage = (schedule_outage)roll(&d, SCHEDULE_OUTAGES);
  of_clocks(&d);
  of_lateness(&d);
  of_slow_lists(&d);
  snprintf(p.faults + d.used, sizeof p.faults - d.used, "]");
  return p;
}

bool schedule_declines(const schedule *p) {
  return p->cloud == SIM_HETZNER && !strcmp(schedule_method(p), "PUT");
}
