// SPDX-License-Identifier: MIT
/*
 * The promises over real sockets: wires [--seed N] [--runs N] [--threads N].
 *
 * Each run is a client on libcurl, a server on loopback around the simulator's world, and some
 * calls one after the other. The server keeps its connections, and by chance writes unrequested
 * bytes: together with a response, or on a connection that is idle; whole responses among them that
 * were right a moment ago. Connections fall silent for good, are closed and reset, before and after
 * the effect. Calls are made one by one, so each result has exactly one right value.
 */
#include "wire_server.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS       8 /* a run, at most */
#define MAX_THREADS 16
#define TIMEOUT_MS  300
#define SETTLE_MS   250

/* ---- the calls ---- */

typedef enum call_kind { GET, UPDATE, CHANGE, OTHER_CHANGE, LIST, DELETE, KINDS } call_kind;
static const char *const kind_names[KINDS] = {"get",          "update", "change",
                                              "other change", "list",   "delete"};

static imgact_op *make_call(wire *w, call_kind kind, char description[16]) {
  const imgact_image_update update = {.size = sizeof update, .description = description};
  const imgact_action_filter filter = {.size = sizeof filter, .image_id = "10"};
  bool hetzner = w->cloud == SIM_HETZNER;
  switch (kind) {
  case GET: return imgact_get_image(w->client, "10", NULL);
  case UPDATE:
    snprintf(description, 16, "d%d", ++w->changes);
    return imgact_update_image(w->client, "10", &update);
  case CHANGE:
    return hetzner ? imgact_protect_image(w->client, "10")
                   : imgact_transfer_image(w->client, "10", "nyc3");
  case OTHER_CHANGE:
    return hetzner ? imgact_unprotect_image(w->client, "10")
                   : imgact_transfer_image(w->client, "10", "ams3");
  case LIST: return imgact_list_actions(w->client, &filter);
  default: return imgact_delete_image(w->client, "10");
  }
}

static const char *judge_get(const wire *w, const imgact_op *op) {
  const imgact_image *image = imgact_op_image(op);
  if (!image || strcmp(image->id, "10") != 0) return "another image was read";
  const char *now = wire_image(w)->description;
  return image->description && now && !strcmp(image->description, now)
             ? NULL
             : "the image was read as it is not any more";
}

static const char *judge_list(const wire *w, const imgact_op *op) {
  size_t shown = 0, there = 0;
  imgact_op_actions(op, &shown);
  for (const sim_action *action = wire_image(w)->actions.first; action; action = action->next)
    there++;
  return shown == there ? NULL : "a list of actions is not that of the image";
}

static bool shows(const wire *w, call_kind kind, const char *description) {
  const sim_image *image = wire_image(w);
  switch (kind) {
  case UPDATE: return image->description && !strcmp(image->description, description);
  case CHANGE:
    return w->cloud == SIM_HETZNER ? image->is_protected : sim_strings_has(&image->regions, "nyc3");
  case OTHER_CHANGE:
    return w->cloud == SIM_HETZNER ? !image->is_protected
                                   : sim_strings_has(&image->regions, "ams3");
  case DELETE: return image->deleted;
  default: return true;
  }
}

static const char *judge_change(const wire *w, const imgact_op *op, call_kind kind,
                                const char *description, uint64_t effects, bool shown_before) {
  const imgact_error *error = imgact_op_error(op);
  const imgact_action *action = imgact_op_action(op);
  bool maybe = (error->flags & IMGACT_ERROR_MAYBE_APPLIED) != 0;
  if (effects > 1 && kind != UPDATE) return "the effect was committed more than once";
  if (error->status == IMGACT_OK && !effects && !shown_before)
    return "success, and nothing was done";
  if (error->status == IMGACT_OK && !shows(w, kind, description))
    return "success, and the image does not show it";
  if (error->status != IMGACT_OK && !maybe && effects)
    return "an effect was committed that the caller does not know of";
  if (!action || !action->id) return NULL;
  int64_t id = 0;
  const sim_action *real =
      sim_parse_id(action->id, &id) ? sim_action_find(w->instance.world, w->cloud, id) : NULL;
  if (!real || !real->image || real->image->id != IMAGE)
    return "the action in the result is none of this image";
  if (action->status == IMGACT_ACTION_STATUS_SUCCESS && real->state != SIM_SUCCESS)
    return "a success that is none";
  return NULL;
}

static const char *judge(wire *w, const imgact_op *op, call_kind kind, const char *description,
                         uint64_t effects, bool shown_before) {
  imgact_status status = imgact_op_error(op)->status;
  bool may_fail = w->faults || (kind == DELETE && status == IMGACT_PROTECTED);
  if (status != IMGACT_OK && !may_fail) return "nothing but stray bytes, and it failed";
  if (kind == GET) return status == IMGACT_OK ? judge_get(w, op) : NULL;
  if (kind == LIST) return status == IMGACT_OK ? judge_list(w, op) : NULL;
  return judge_change(w, op, kind, description, effects, shown_before);
}

static void set_idle(wire *w, bool idle) {
  pthread_mutex_lock(&w->lock);
  w->idle = idle;
  pthread_cond_broadcast(&w->changed);
  pthread_mutex_unlock(&w->lock);
}

static bool at_rest(const wire *w, int64_t now_ms) {
  for (const sim_action *action = wire_image(w)->actions.first; action; action = action->next)
    if (action->state == SIM_RUNNING || action->visible_ms > now_ms) return false;
  return true;
}

/* What an action of an earlier call still does would blur what this one did. */
static void settle(wire *w) {
  pthread_mutex_lock(&w->lock);
  sim_faults_clear(&w->instance.faults);
  pthread_mutex_unlock(&w->lock);
  set_idle(w, true);
  wire_pause_ms(PAUSE_MS);
  set_idle(w, false);
  for (bool rests = false; !rests;) {
    pthread_mutex_lock(&w->lock);
    int64_t now_ms = sim_clock_now(&w->instance.clock, wire_wall_ms());
    sim_world_advance(w->instance.world, now_ms);
    rests = at_rest(w, now_ms);
    pthread_mutex_unlock(&w->lock);
    if (!rests) wire_pause_ms(5);
  }
}

static const char *one_call(wire *w, call_kind kind, imgact_error *error) {
  char description[16] = "";
  settle(w);
  pthread_mutex_lock(&w->lock);
  wire_load_faults(w);
  uint64_t before = wire_effects(w);
  imgact_op *op = make_call(w, kind, description);
  bool shown_before = shows(w, kind, description);
  pthread_mutex_unlock(&w->lock);
  if (wire_verbose) fprintf(stderr, "  %s\n", kind_names[kind]);
  imgact_op_set_wait(op, 1);
  imgact_op_run(op);
  pthread_mutex_lock(&w->lock);
  const char *wrong = judge(w, op, kind, description, wire_effects(w) - before, shown_before);
  *error = *imgact_op_error(op);
  pthread_mutex_unlock(&w->lock);
  imgact_op_free(op);
  return wrong;
}

/* ---- one run ---- */

typedef struct tally {
  uint64_t runs, by_cloud[SIM_CLOUDS], calls, ok, maybe, strays, silenced, broken;
} tally;

static bool open_wire(wire *w, uint64_t seed) {
  *w = (wire){.dice = seed * UINT64_C(0x9E3779B97F4A7C15) + 5,
              .cloud = seed % 2 ? SIM_HETZNER : SIM_DIGITALOCEAN};
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->changed, NULL);
  w->strays = wire_chance(w, 75);
  w->faults = !w->strays || wire_chance(w, 50);
  if (!wire_make_world(w)) return false;
  w->server = loopback_start(wire_serve, w, NULL);
  char endpoint[64];
  snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d%s", loopback_port(w->server),
           w->cloud == SIM_HETZNER ? "/v1" : "");
  const imgact_client_options options = {.size = sizeof options,
                                         .provider_name = sim_cloud_names[w->cloud],
                                         .endpoint = endpoint,
                                         .token = "a-token-of-the-tests",
                                         .request_timeout_ms = w->faults ? TIMEOUT_MS : 0,
                                         .settle_ms = SETTLE_MS,
                                         .poll_interval_ms = 25,
                                         .retry_base_ms = 4};
  imgact_error error = {0};
  if (imgact_client_new(&options, &w->client, &error) == IMGACT_OK) return true;
  fprintf(stderr, "no client: %s\n", error.message);
  return false;
}

static void close_wire(wire *w) {
  set_idle(w, true);
  imgact_client_free(w->client);
  if (w->server) loopback_stop(w->server);
  for (size_t i = 0; i < KEPT; i++) sim_text_free(&w->kept[i]);
  sim_instance_clear(&w->instance);
  pthread_cond_destroy(&w->changed);
  pthread_mutex_destroy(&w->lock);
}

static void one_run(uint64_t seed, tally *t) {
  wire w;
  if (!open_wire(&w, seed)) exit(2);
  size_t calls = 2 + sim_random_below(&w.dice, CALLS - 1);
  t->runs++;
  t->by_cloud[w.cloud]++;
  for (size_t i = 0; i < calls; i++) {
    call_kind kind = i + 1 == calls && wire_chance(&w, 40)
                         ? DELETE
                         : (call_kind)sim_random_below(&w.dice, DELETE);
    imgact_error error;
    const char *wrong = one_call(&w, kind, &error);
    t->calls++;
    t->ok += error.status == IMGACT_OK;
    t->maybe += (error.flags & IMGACT_ERROR_MAYBE_APPLIED) != 0;
    if (!wrong) continue;
    fprintf(stderr, "BROKEN: %s\n  %s, seed %" PRIu64 ", call %zu: %s: %s%s: %s\n", wrong,
            sim_cloud_names[w.cloud], seed, i + 1, kind_names[kind],
            imgact_status_name(error.status),
            error.flags & IMGACT_ERROR_MAYBE_APPLIED ? ", maybe applied" : "", error.message);
    t->broken++;
    break;
  }
  t->strays += w.strays_written;
  t->silenced += w.silenced;
  close_wire(&w);
}

typedef struct share {
  uint64_t seed, runs, step;
  tally t;
} share;

static void *run_share(void *data) {
  share *s = data;
  for (uint64_t i = 0; i < s->runs; i += s->step) one_run(s->seed + i, &s->t);
  return NULL;
}

static void add_up(tally *t, const tally *part) {
  t->runs += part->runs;
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) t->by_cloud[cloud] += part->by_cloud[cloud];
  t->calls += part->calls;
  t->ok += part->ok;
  t->maybe += part->maybe;
  t->strays += part->strays;
  t->silenced += part->silenced;
  t->broken += part->broken;
}

int main(int argc, char **argv) {
  static const struct option flags[] = {{"seed", required_argument, NULL, 's'},
                                        {"runs", required_argument, NULL, 'r'},
                                        {"threads", required_argument, NULL, 't'},
                                        {"verbose", no_argument, NULL, 'v'},
                                        {NULL, 0, NULL, 0}};
  int64_t seed = 1, runs = 100, threads = 16;
  for (int letter; (letter = getopt_long(argc, argv, "", flags, NULL)) != -1;) {
    int64_t *number = letter == 's' ? &seed : letter == 'r' ? &runs : &threads;
    if (letter == 'v')
      wire_verbose = true;
    else if (letter == '?' || !sim_parse_id(optarg, number))
      return 2;
  }
  if (threads < 1 || threads > MAX_THREADS) return 2;
  static share shares[MAX_THREADS];
  pthread_t ids[MAX_THREADS];
  tally t = {0};
  for (int64_t i = 0; i < threads; i++) {
    shares[i] = (share){.seed = (uint64_t)(seed + i),
                        .runs = (uint64_t)(runs > i ? runs - i : 0),
                        .step = (uint64_t)threads};
    if (pthread_create(&ids[i], NULL, run_share, &shares[i])) return 2;
  }
  for (int64_t i = 0; i < threads; i++) {
    pthread_join(ids[i], NULL);
    add_up(&t, &shares[i].t);
  }
  printf("1..1\n# %" PRIu64 " runs (%" PRIu64 " hetzner, %" PRIu64 " digitalocean), %" PRIu64
         " calls, %" PRIu64 " ok, %" PRIu64 " maybe applied; %" PRIu64 " stray writes, %" PRIu64
         " silent connections; %" PRIu64 " broken\n",
         t.runs, t.by_cloud[SIM_HETZNER], t.by_cloud[SIM_DIGITALOCEAN], t.calls, t.ok, t.maybe,
         t.strays, t.silenced, t.broken);
  printf("%sok 1 - stray bytes break no guarantee\n", t.broken ? "not " : "");
  return t.broken != 0;
}
