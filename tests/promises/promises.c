// SPDX-License-Identifier: MIT
/*
 * The guarantees under every fault: promises [--seed N] [--runs M] [--crowds M] [--beyond M]
 * [--step K] [--images] [--verbose]. First every mutation meets every fault, before and after the
 * effect, and responses cut at every Kth byte; then every clock, other call and outage; then M runs
 * by chance, and M runs of many waits. --beyond: as many runs in which the cloud shows what it
 * accepted later than the client waits for it; they are counted, not judged. --images: only calls
 * that make images.
 */
#include "oracle.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally {
  uint64_t runs, by_cloud[SIM_CLOUDS], calls, broken, ok, adopted, maybe, ambiguous, doubled,
      faulty;
} tally;

static bool verbose, images_only;

static void describe(const schedule *p) {
  fprintf(stderr,
          "  %s %s%s%s seed %" PRIu64 " attempts %d duplicates %d settle %" PRId64
          " hidden %" PRId64 " lasts %" PRId64 " deadline %" PRId64 " cancel %" PRId64
          " crash %" PRId64 "+%" PRId64 " skew %" PRId64 " foreign %" PRId64 "%s%s older %" PRId64
          "%s shorten %" PRId64 " latency %" PRId64 " late %" PRId64 " swapped %d%%%s waits %d%s\n",
          sim_cloud_names[p->cloud], p->list ? "list" : schedule_mutation_names[p->change],
          p->wait ? " wait" : "", p->repeats ? " repeats" : "", p->seed, (int)p->attempts,
          (int)p->duplicates, p->settle_ms, p->hide_ms, p->duration_ms, p->deadline_ms,
          p->cancel_ms, p->crash_ms, p->down_ms, p->skew_ms, p->foreign_ms,
          p->foreign_opposite ? " (opposite)" : "", p->undoing ? " undoing" : "", p->older_ms,
          p->older_fails ? " (failed)" : "", p->shorten_bytes, p->latency_ms, p->late_ms,
          (int)p->swap_percent, p->swap_instead ? " (instead)" : "", (int)p->waits,
          p->read ? " read" : "");
  fprintf(stderr,
          "  jump %" PRId64 "@%" PRId64 " resume jump %" PRId64 " suspend %" PRId64 "@%" PRId64
          " gateway %" PRId64 " cloud jump %" PRId64 "@%" PRId64 " dates %d lie %" PRId64
          "%s outage %d %" PRId64 "+%" PRId64 "; beside:",
          p->jump_ms, p->jump_at_ms, p->resume_jump_ms, p->suspend_ms, p->suspend_at_ms,
          p->gateway_ms, p->cloud_jump_ms, p->cloud_jump_at_ms, (int)p->dates, p->lie_ms,
          p->warm ? " warm" : "", (int)p->outage, p->outage_ms, p->outage_for_ms);
  for (int32_t i = 0; i < p->more_count; i++)
    fprintf(stderr, " %s", schedule_mutation_names[p->more[i]]);
  fprintf(stderr, "\n  %s\n", p->faults);
}

static void describe_end(const harness *s) {
  for (size_t i = 0; i < s->calls_count; i++) {
    const harness_call *call = &s->calls[i];
    fprintf(stderr, "  result of %s: %s%s%s, action %" PRId64 ": %s\n",
            schedule_mutation_names[call->mutation], imgact_status_name(call->error.status),
            call->adopted ? ", adopted" : "",
            call->error.flags & IMGACT_ERROR_MAYBE_APPLIED ? ", maybe applied" : "",
            call->action_id, call->error.message);
    if (call->image_id) fprintf(stderr, "    image %" PRId64 "\n", call->image_id);
  }
  if (s->schedule->read)
    fprintf(stderr, "  result of the read: %s: %s\n", imgact_status_name(s->read.error.status),
            s->read.error.message);
  for (int mutation = 0; mutation < SCHEDULE_MUTATIONS; mutation++)
    if (s->groups[mutation].sends)
      fprintf(stderr, "  %s: %" PRIu64 " requests, %" PRIu64 " effects\n",
              schedule_mutation_names[mutation], s->groups[mutation].sends,
              s->groups[mutation].effects);
  uint64_t foreign = 0;
  for (int mutation = 0; mutation < SCHEDULE_MUTATIONS; mutation++) foreign += s->foreign[mutation];
  fprintf(stderr, "  done: %" PRIu64 " effects of others, %" PRIu64 " look-ups, %" PRId64 " ms\n",
          foreign, s->lookups, s->end_ms - s->start_ms);
}

static void count(tally *t, const harness *s) {
  t->runs++;
  t->doubled += oracle_doubled(s);
  t->faulty += s->instance.world->counters.faults > 0 || s->swapped;
  t->by_cloud[s->schedule->cloud]++;
  for (size_t i = 0; i < s->calls_count; i++) {
    const harness_call *call = &s->calls[i];
    t->calls++;
    t->ok += call->error.status == IMGACT_OK;
    t->adopted += call->adopted;
    t->maybe += (call->error.flags & IMGACT_ERROR_MAYBE_APPLIED) != 0;
    t->ambiguous += call->error.status == IMGACT_AMBIGUOUS;
  }
}

/* What the cloud committed is in *sends: how often the mutation went out. */
static bool run(const schedule *p, tally *t, harness *s) {
  if (!harness_run(s, p, verbose ? stderr : NULL)) exit(2);
  const char *wrong = p->hide_ms > p->settle_ms ? NULL : oracle(s);
  count(t, s);
  if (wrong || verbose) {
    if (wrong) fprintf(stderr, "BROKEN: %s\n", wrong);
    describe(p);
    describe_end(s);
  }
  if (wrong) t->broken++;
  harness_free(s);
  return !wrong;
}

/* ---- every mutation and every fault ---- */

static const char *const kinds[] = {"\"no_reply\"",
                                    "\"no_reply\",\"ms\":700",
                                    "\"close\"",
                                    "\"reset\"",
                                    "\"delay\",\"ms\":45000",
                                    "\"slow\",\"bytes\":1",
                                    "\"status\",\"status\":500",
                                    "\"status\",\"status\":500,\"body\":\"html\"",
                                    "\"status\",\"status\":501",
                                    "\"status\",\"status\":502,\"body\":\"html\"",
                                    "\"status\",\"status\":502,\"body\":\"empty\"",
                                    "\"status\",\"status\":503,\"retry_after\":2",
                                    "\"status\",\"status\":504",
                                    "\"status\",\"status\":520",
                                    "\"content_type\",\"content_type\":\"text/html\"",
                                    "\"fail\"",
                                    "\"last\",\"ms\":90000"};
static const char *const refusals[] = {"\"rate_limit\"",
                                       "\"rate_limit\",\"retry_after\":1",
                                       "\"status\",\"status\":400",
                                       "\"status\",\"status\":401",
                                       "\"status\",\"status\":403",
                                       "\"status\",\"status\":404",
                                       "\"status\",\"status\":409",
                                       "\"status\",\"status\":412",
                                       "\"status\",\"status\":422",
                                       "\"status\",\"status\":423",
                                       "\"status\",\"status\":429,\"body\":\"html\""};

/* Hides what the request makes: its action, and its image. */
static void hide(const schedule *p, int64_t ms, char *text, size_t capacity) {
  static const char format[] = ",{\"do\":\"%s\",\"method\":\"POST\",\"ms\":%" PRId64 "}";
  int used = snprintf(text, capacity, format, "hide", ms);
  if (schedule_makes_image(p->change))
    snprintf(text + used, capacity - (size_t)used, format, "hide_image", ms);
}

static void with(schedule *p, const char *kind, const char *when, int times, const char *more) {
  snprintf(p->faults, sizeof p->faults,
           "[{\"do\":%s,\"method\":\"%s\",\"when\":\"%s\",\"count\":%d}%s]", kind,
           schedule_method(p), when, times, more);
}

static void sweep_kind(const schedule *calm, const char *kind, bool after, tally *t) {
  static const int64_t hidden[] = {0, 1, 4000, 9999, 10000};
  harness s;
  schedule p = *calm;
  for (int times = 1; times <= 6; times++)
    for (size_t h = 0; h < (p.unsafe && after ? SIM_COUNT(hidden) : 1); h++) {
      char hiding[160] = "";
      p.hide_ms = hidden[h];
      if (hidden[h]) hide(&p, hidden[h], hiding, sizeof hiding);
      with(&p, kind, after ? "after" : "before", times, hiding);
      run(&p, t, &s);
    }
}

static bool is_refusal(const schedule *p, const char *kind) {
  return schedule_declines(p) && !strcmp(kind, "\"status\",\"status\":500");
}

static void sweep_kinds(const schedule *calm, tally *t) {
  for (size_t k = 0; k < SIM_COUNT(kinds); k++)
    for (int after = 0; after < 2 - is_refusal(calm, kinds[k]); after++)
      sweep_kind(calm, kinds[k], after, t);
  for (size_t k = 0; k < SIM_COUNT(refusals); k++) sweep_kind(calm, refusals[k], false, t);
}

/* The response cut at each byte, as a broken connection and as a response that looks complete,
 * until a cut has no effect any more.
 */
static void sweep_bytes(const schedule *calm, int step, tally *t) {
  harness s;
  run(calm, t, &s);
  uint64_t usual = s.sends + s.lookups;
  for (int64_t k = 0, sends = 2; sends > 1 || k < 40; k += step) {
    schedule p = *calm;
    char kind[60], hiding[160];
    snprintf(kind, sizeof kind, "\"cut\",\"bytes\":%" PRId64, k);
    with(&p, kind, "after", 1, "");
    run(&p, t, &s);
    uint64_t asked = s.sends + s.lookups;
    with(&p, kind, "before", 1, "");
    run(&p, t, &s);
    hide(&p, 7000, hiding, sizeof hiding);
    with(&p, kind, "after", 1, hiding);
    p.hide_ms = p.unsafe ? 7000 : 0;
    run(&p, t, &s);
    schedule q = *calm;
    q.wait = false;
    q.shorten_bytes = k;
    run(&q, t, &s);
    q.wait = calm->wait;
    run(&q, t, &s);
    sends = asked > usual ? 2 : 1;
    if (k > 4000) break;
  }
}

static bool is_left_out(schedule_mutation change) {
  return images_only && !schedule_makes_image(change);
}

/* Every mutation, waited for or not, on a cloud that accepts or rejects a repeated request. */
static void for_each_calm(void (*sweep_one)(const schedule *calm, int step, tally *t), int step,
                          tally *t) {
  for (size_t pair = 0; pair < SCHEDULE_PAIRS; pair++)
    for (int variant = 0; variant < 4; variant++) {
      sim_cloud cloud;
      schedule_mutation change;
      schedule_pair(pair, &cloud, &change);
      if (is_left_out(change)) continue;
      schedule calm = schedule_calm(cloud, change, variant & 1);
      calm.repeats = (variant & 2) != 0;
      sweep_one(&calm, step, t);
    }
}

static void sweep(const schedule *calm, int step, tally *t) {
  sweep_kinds(calm, t);
  sweep_bytes(calm, step, t);
}

/* ---- every mutation on every clock, together with every other call, with responses about other
 * objects
 * ---- */

static const char *const lost[] = {"\"close\"", "\"status\",\"status\":502,\"body\":\"html\"",
                                   "\"no_reply\""};

static void run_lost(schedule *p, tally *t) {
  harness s;
  for (size_t i = 0; i < SIM_COUNT(lost); i++)
    for (int after = 0; after < 2; after++)
      for (int hidden = 0; hidden < 2; hidden++) {
        char more[300] = "";
        size_t used;
        p->hide_ms = hidden && p->unsafe ? 4000 : 0;
        if (p->hide_ms) hide(p, 4000, more, sizeof more);
        used = strlen(more);
        if (p->list_delay_ms)
          snprintf(more + used, sizeof more - used,
                   ",{\"do\":\"delay\",\"method\":\"GET\",\"path\":\"*/actions*\",\"ms\":%" PRId64
                   "}",
                   p->list_delay_ms);
        with(p, lost[i], after ? "after" : "before", 1, more);
        run(p, t, &s);
      }
}

static void sweep_clocks(const schedule *calm, int step, tally *t) {
  static const int64_t steps[] = {-31536000000, -600000, -5000,  -2500,
                                  2500,         5000,    600000, 31536000000};
  static const int64_t moments[] = {0, 60, 3000};
  for (size_t i = 0; i < SIM_COUNT(steps); i++)
    for (size_t at = 0; at < SIM_COUNT(moments); at++) {
      schedule skewed = *calm, set = *calm, cloud = *calm, lying = *calm;
      skewed.skew_ms = steps[i];
      skewed.gateway_ms = -steps[i];
      set.jump_ms = steps[i];
      set.jump_at_ms = moments[at];
      if (!at) run_lost(&skewed, t);
      run_lost(&set, t);
      cloud.cloud_jump_ms = steps[i];
      cloud.cloud_jump_at_ms = moments[at];
      cloud.warm = true;
      run_lost(&cloud, t);
      cloud.seed = 25; /* late in a second */
      if (step == 1) run_lost(&cloud, t);
      lying.dates = SCHEDULE_DATES_OFTEN_WRONG;
      lying.lie_ms = steps[i];
      lying.warm = at > 0;
      lying.seed = at;
      if (at < 2) run_lost(&lying, t);
    }
  for (int dates = SCHEDULE_DATES_MISSING; dates <= SCHEDULE_DATES_OFTEN_MISSING; dates++)
    for (int64_t skew_ms = -290000; skew_ms <= 290000; skew_ms += 290000) {
      schedule p = *calm;
      p.dates = (schedule_dates)dates;
      p.skew_ms = skew_ms;
      run_lost(&p, t);
    }
}

/* An older action of the same kind, also under lists that arrive long after they were read. */
static void sweep_older(const schedule *calm, tally *t) {
  static const int64_t ages[] = {1500, 3100, 9000, 30000, 600000},
                       delays[] = {0, 2500, 8000, 20000};
  for (size_t age = 0; age < SIM_COUNT(ages); age++)
    for (size_t delay = 0; delay < SIM_COUNT(delays); delay++)
      for (int fails = 0; fails < 2; fails++) {
        schedule p = *calm;
        p.older_ms = ages[age];
        p.older_fails = fails;
        p.list_delay_ms = delays[delay];
        run_lost(&p, t);
      }
}

static void sweep_beside(const schedule *calm, tally *t) {
  for (int other = 0; other < SCHEDULE_MUTATIONS; other++) {
    bool hetzner = calm->cloud == SIM_HETZNER;
    bool transfers = other == SCHEDULE_TRANSFER || other == SCHEDULE_TRANSFER_ELSEWHERE;
    bool protects = other == SCHEDULE_PROTECT || other == SCHEDULE_UNPROTECT;
    bool missing = hetzner ? transfers || other == SCHEDULE_IMPORT : protects;
    if (other == (int)calm->change || missing) continue;
    schedule p = *calm;
    p.more[0] = (schedule_mutation)other;
    p.more_count = 1;
    run_lost(&p, t);
    p.duplicates = 2;
    run_lost(&p, t);
  }
}

static void sweep_other_objects(const schedule *calm, int step, tally *t) {
  for (int32_t percent = 10; percent <= 100; percent += 30)
    for (int instead = 0; instead < 2; instead++)
      for (uint64_t seed = 0; seed < (step == 1 ? 8 : 3); seed++) {
        schedule p = *calm;
        p.seed = seed;
        p.swap_percent = percent;
        p.swap_instead = instead;
        run_lost(&p, t);
      }
}

static void sweep_outages(const schedule *calm, tally *t) {
  static const int64_t moments[] = {0, 60, 3000}, lengths[] = {1000, 20000, 60000};
  harness s;
  for (int kind = 0; kind < SCHEDULE_OUTAGES; kind++)
    for (size_t at = 0; at < SIM_COUNT(moments); at++)
      for (size_t length = 0; length < SIM_COUNT(lengths); length++) {
        schedule p = *calm;
        p.outage = (schedule_outage)kind;
        p.outage_ms = moments[at];
        p.outage_for_ms = lengths[length];
        run(&p, t, &s);
      }
}

static void sweep_late(const schedule *calm, tally *t) {
  for (uint64_t seed = 0; seed < 10; seed++) {
    schedule p = *calm;
    p.seed = seed;
    p.late_ms = 6000;
    p.foreign_ms = (int64_t)seed * 700;
    run_lost(&p, t);
  }
}

/* A step above 1 leaves out what differs only by chance. */
static void sweep_world(const schedule *calm, int step, tally *t) {
  sweep_other_objects(calm, step, t);
  sweep_outages(calm, t);
  sweep_late(calm, t);
  schedule timed = *calm;
  timed.duration_ms =
      20000; /* the image does not show the effect during a lookup: the times decide */
  sweep_clocks(&timed, step, t);
  sweep_older(&timed, t);
  sweep_beside(&timed, t);
}

/* ---- */

static void show(const char *what, const tally *t) {
  printf("# %s: %" PRIu64 " runs (%" PRIu64 " hetzner, %" PRIu64 " digitalocean), %" PRIu64
         " with faults, %" PRIu64 " calls: %" PRIu64 " ok, %" PRIu64 " adopted, %" PRIu64
         " maybe applied, %" PRIu64 " ambiguous; %" PRIu64 " double effects, %" PRIu64
         " promises broken\n",
         what, t->runs, t->by_cloud[SIM_HETZNER], t->by_cloud[SIM_DIGITALOCEAN], t->faulty,
         t->calls, t->ok, t->adopted, t->maybe, t->ambiguous, t->doubled, t->broken);
  fflush(stdout);
}

static uint64_t chance(uint64_t seed, uint64_t runs, bool beyond, tally *t) {
  harness s;
  while (runs) {
    schedule p = schedule_random(seed++, beyond);
    if (is_left_out(p.change)) continue;
    run(&p, t, &s);
    runs--;
  }
  return t->broken;
}

static void crowds(uint64_t seed, uint64_t runs, tally *t) {
  harness s;
  for (uint64_t i = 0; i < runs; i++) {
    schedule p = schedule_crowd(seed + i);
    run(&p, t, &s);
  }
}

static int tap(int number, const tally *t, const char *name) {
  printf("%sok %d - %s\n", t->broken ? "not " : "", number, name);
  return t->broken != 0;
}

int main(int argc, char **argv) {
  static const struct option flags[] = {
      {"seed", required_argument, NULL, 's'},   {"runs", required_argument, NULL, 'r'},
      {"beyond", required_argument, NULL, 'b'}, {"step", required_argument, NULL, 'k'},
      {"crowds", required_argument, NULL, 'c'}, {"images", no_argument, NULL, 'i'},
      {"verbose", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
  int64_t seed = 1, runs = 6000, beyond = 500, step = 19, crowd = 20;
  for (int letter; (letter = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
    int64_t *number = letter == 's'   ? &seed
                      : letter == 'r' ? &runs
                      : letter == 'b' ? &beyond
                      : letter == 'c' ? &crowd
                                      : &step;
    if (letter == 'v')
      verbose = true;
    else if (letter == 'i')
      images_only = true;
    else if (letter == '?' || !sim_parse_id(optarg, number))
      return 2;
  }
  tally swept = {0}, world = {0}, random = {0}, waits = {0}, late = {0};
  printf("1..5\n");
  if (step) for_each_calm(sweep, (int)step, &swept);
  show("every mutation, every fault", &swept);
  int failed = tap(1, &swept, "mutations keep guarantees under every fault");
  if (step) for_each_calm(sweep_world, (int)step, &world);
  show("every clock, every other call, every outage", &world);
  failed |= tap(2, &world, "clocks and outages break no guarantee");
  chance((uint64_t)seed, (uint64_t)runs, false, &random);
  show("by chance", &random);
  failed |= tap(3, &random, "random schedules break no guarantee");
  crowds((uint64_t)seed, (uint64_t)crowd, &waits);
  show("crowds of waits in an outage", &waits);
  failed |= tap(4, &waits, "waits outlast an outage");
  chance((uint64_t)seed, (uint64_t)beyond, true, &late);
  show("beyond the settle time", &late);
  failed |= tap(5, &late, "actions listed too late are counted");
  return failed;
}
