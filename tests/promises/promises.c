// SPDX-License-Identifier: MIT
/*
 * The promises under every fault: promises [--seed N] [--runs M] [--beyond M] [--step K] [--verbose]. First every mutation
 * meets every fault, before and after the effect, and answers cut at every Kth byte; then M runs by chance. --beyond: as
 * many runs in which the cloud shows what it accepted later than the client waits for it; they are counted, not judged.
 */
#include "oracle.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally {
  uint64_t runs, broken, ok, adopted, maybe, ambiguous, doubled, faulty;
} tally;

static bool verbose;

static void describe(const schedule *p) {
  fprintf(stderr,
          "  %s %s%s%s seed %" PRIu64 " attempts %d twins %d settle %" PRId64 " hidden %" PRId64 " lasts %" PRId64
          " deadline %" PRId64 " cancel %" PRId64 " crash %" PRId64 "+%" PRId64 " skew %" PRId64 " foreign %" PRId64
          "%s%s shorten %" PRId64 " latency %" PRId64 "\n  %s\n",
          sim_cloud_names[p->cloud], p->list ? "list" : schedule_deed_words[p->change], p->wait ? " wait" : "",
          p->repeats ? " repeats" : "", p->seed, (int)p->attempts, (int)p->twins, p->settle_ms, p->hide_ms, p->duration_ms,
          p->deadline_ms, p->cancel_ms, p->crash_ms, p->down_ms, p->skew_ms, p->foreign_ms,
          p->foreign_opposite ? " (opposite)" : "", p->undoing ? " undoing" : "", p->shorten_bytes, p->latency_ms,
          p->faults);
}

static void describe_end(const harness *s) {
  for (int i = 0; i < s->schedule->twins; i++) {
    const harness_told *told = &s->told[i];
    fprintf(stderr, "  told: %s%s%s, action %" PRId64 ": %s\n", imgact_status_name(told->error.status),
            told->adopted ? ", adopted" : "", told->error.flags & IMGACT_ERROR_MAYBE_APPLIED ? ", maybe applied" : "",
            told->action_id, told->error.message);
  }
  fprintf(stderr,
          "  done: %" PRIu64 " effects (%" PRIu64 " of others), %" PRIu64 " requests, %" PRIu64 " look-ups, %" PRId64
          " ms\n",
          s->effects, s->foreign, s->sends, s->lookups, s->end_ms - s->start_ms);
}

static void count(tally *t, const harness *s) {
  t->runs++;
  t->doubled += oracle_doubled(s);
  t->faulty += s->instance.world->counters.faults > 0;
  for (int i = 0; i < s->schedule->twins; i++) {
    const harness_told *told = &s->told[i];
    t->ok += told->error.status == IMGACT_OK;
    t->adopted += told->adopted;
    t->maybe += (told->error.flags & IMGACT_ERROR_MAYBE_APPLIED) != 0;
    t->ambiguous += told->error.status == IMGACT_AMBIGUOUS;
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

static void with(schedule *p, const char *kind, const char *when, int times, const char *more) {
  snprintf(p->faults, sizeof p->faults, "[{\"do\":%s,\"method\":\"%s\",\"when\":\"%s\",\"count\":%d}%s]", kind,
           schedule_method(p), when, times, more);
}

static void sweep_kind(const schedule *calm, const char *kind, bool after, tally *t) {
  static const int64_t hidden[] = {0, 1, 4000, 9999, 10000};
  harness s;
  schedule p = *calm;
  for (int times = 1; times <= 6; times++)
    for (size_t h = 0; h < (p.unsafe && after ? SIM_COUNT(hidden) : 1); h++) {
      char hide[100];
      p.hide_ms = hidden[h];
      snprintf(hide, sizeof hide, ",{\"do\":\"hide\",\"method\":\"POST\",\"ms\":%" PRId64 "}", hidden[h]);
      with(&p, kind, after ? "after" : "before", times, hidden[h] ? hide : "");
      run(&p, t, &s);
    }
}

static bool is_refusal(const schedule *p, const char *kind) {
  return schedule_declines(p) && !strcmp(kind, "\"status\",\"status\":500");
}

static void sweep_kinds(const schedule *calm, tally *t) {
  for (size_t k = 0; k < SIM_COUNT(kinds); k++)
    for (int after = 0; after < 2 - is_refusal(calm, kinds[k]); after++) sweep_kind(calm, kinds[k], after, t);
  for (size_t k = 0; k < SIM_COUNT(refusals); k++) sweep_kind(calm, refusals[k], false, t);
}

/* The answer cut at each byte, as a broken connection and as an answer that looks whole, until a cut has no effect any more.
 */
static void sweep_bytes(const schedule *calm, int step, tally *t) {
  harness s;
  for (int64_t k = 0, sends = 2; sends > 1 || k < 40; k += step) {
    schedule p = *calm;
    char kind[60];
    snprintf(kind, sizeof kind, "\"cut\",\"bytes\":%" PRId64, k);
    with(&p, kind, "after", 1, "");
    run(&p, t, &s);
    uint64_t asked = s.sends + s.lookups;
    with(&p, kind, "before", 1, "");
    run(&p, t, &s);
    with(&p, kind, "after", 1, ",{\"do\":\"hide\",\"method\":\"POST\",\"ms\":7000}");
    p.hide_ms = p.unsafe ? 7000 : 0;
    run(&p, t, &s);
    schedule q = *calm;
    q.wait = false;
    q.shorten_bytes = k;
    run(&q, t, &s);
    q.wait = calm->wait;
    run(&q, t, &s);
    sends = (int64_t)asked > (calm->wait ? 6 : 1) ? 2 : 1;
    if (k > 4000) break;
  }
}

static void sweep(int step, tally *t) {
  for (size_t pair = 0; pair < SCHEDULE_PAIRS; pair++)
    for (int variant = 0; variant < 4; variant++) {
      sim_cloud cloud;
      schedule_deed change;
      schedule_pair(pair, &cloud, &change);
      schedule calm = schedule_calm(cloud, change, variant & 1);
      calm.repeats = (variant & 2) != 0;
      sweep_kinds(&calm, t);
      sweep_bytes(&calm, step, t);
    }
}

/* ---- */

static void show(const char *what, const tally *t) {
  printf("# %s: %" PRIu64 " runs, %" PRIu64 " with faults; told: %" PRIu64 " ok, %" PRIu64 " adopted, %" PRIu64
         " maybe applied, %" PRIu64 " ambiguous; %" PRIu64 " double effects, %" PRIu64 " promises broken\n",
         what, t->runs, t->faulty, t->ok, t->adopted, t->maybe, t->ambiguous, t->doubled, t->broken);
  fflush(stdout);
}

static uint64_t chance(uint64_t seed, uint64_t runs, bool beyond, tally *t) {
  harness s;
  for (uint64_t i = 0; i < runs; i++) {
    schedule p = schedule_random(seed + i, beyond);
    run(&p, t, &s);
  }
  return t->broken;
}

static int tap(int number, const tally *t, const char *name) {
  printf("%sok %d - %s\n", t->broken ? "not " : "", number, name);
  return t->broken != 0;
}

int main(int argc, char **argv) {
  static const struct option flags[] = {{"seed", required_argument, NULL, 's'},   {"runs", required_argument, NULL, 'r'},
                                        {"beyond", required_argument, NULL, 'b'}, {"step", required_argument, NULL, 'k'},
                                        {"verbose", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0}};
  int64_t seed = 1, runs = 6000, beyond = 500, step = 10;
  for (int letter; (letter = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
    int64_t *number = letter == 's' ? &seed : letter == 'r' ? &runs : letter == 'b' ? &beyond : &step;
    if (letter == 'v')
      verbose = true;
    else if (letter == '?' || !sim_parse_id(optarg, number))
      return 2;
  }
  tally swept = {0}, random = {0}, late = {0};
  printf("1..3\n");
  if (step) sweep((int)step, &swept);
  show("every mutation, every fault", &swept);
  int failed = tap(1, &swept, "every mutation keeps its promises under every fault");
  chance((uint64_t)seed, (uint64_t)runs, false, &random);
  show("by chance", &random);
  failed |= tap(2, &random, "faults by chance, foreign actions, deadlines and twins break no promise");
  chance((uint64_t)seed, (uint64_t)beyond, true, &late);
  show("beyond the time to settle", &late);
  failed |= tap(3, &late, "what a cloud shows too late is counted");
  return failed;
}
