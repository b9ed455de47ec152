// SPDX-License-Identifier: MIT
/*
 * Time stands still unless harness_advance() moves it; it stops at every moment at which another
 * program is to act. The library reads its two clocks by clock_gettime(), which is defined here:
 * its wall clock may be wrong, may be set while the program runs, and its steady clock may stand
 * still with the machine.
 */
#include "harness.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STEADY_MS      INT64_C(5000000) /* since the machine was started */
#define PATIENCE_STEPS 200000
#define LATE_PERCENT   25

uint64_t harness_random = 1;
static const harness *current;

/* A seed repeats a run only if the library's dice repeat, too. */
ssize_t getrandom(void *buffer, size_t length, unsigned int flags) {
  (void)flags;
  for (size_t i = 0; i < length; i++)
    ((unsigned char *)buffer)[i] = (unsigned char)sim_random(&harness_random);
  return (ssize_t)length;
}

int64_t harness_now(const harness *s) { return sim_clock_now(&s->instance.clock, 0); }

int64_t harness_wall_ms(const harness *s) {
  const schedule *p = s->schedule;
  int64_t now_ms = harness_now(s), wall_ms = now_ms + p->skew_ms;
  if (p->jump_ms && now_ms >= s->start_ms + p->jump_at_ms) wall_ms += p->jump_ms;
  return s->crashed ? wall_ms + p->resume_jump_ms : wall_ms;
}

int clock_gettime(clockid_t clock, struct timespec *t) {
  if (!current) return (int)syscall(SYS_clock_gettime, clock, t);
  int64_t ms = clock == CLOCK_REALTIME
                   ? harness_wall_ms(current)
                   : harness_now(current) - HARNESS_EPOCH_MS + STEADY_MS - current->suspended_ms;
  *t = (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
  return 0;
}

static bool roll(harness *s, uint64_t percent) { return sim_random_below(&s->dice, 100) < percent; }

/* ---- time ---- */

static void set_outage(harness *s, bool on) {
  static const char *const kinds[SCHEDULE_OUTAGES] = {
      "[{\"do\":\"status\",\"status\":503}]",
      "[{\"do\":\"status\",\"status\":502,\"body\":\"html\"}]", "[{\"do\":\"close\"}]",
      "[{\"do\":\"no_reply\"}]", "[{\"do\":\"status\",\"status\":504,\"when\":\"after\"}]"};
  char message[200];
  const char *kind = kinds[s->schedule->outage];
  if (s->trace)
    fprintf(s->trace, "  %8" PRId64 " outage %s\n", harness_now(s) - s->start_ms,
            on ? "begins" : "ends");
  if (on) {
    s->kept = s->instance.faults;
    s->instance.faults = (sim_faults){.random = s->kept.random};
    if (!sim_faults_load(&s->instance.faults, kind, strlen(kind), message, sizeof message)) abort();
  } else {
    sim_faults_clear(&s->instance.faults);
    s->instance.faults = s->kept;
    s->kept = (sim_faults){0};
  }
  s->outage = on;
  s->outage_over = !on;
}

static void earliest(int64_t *alarm_ms, bool waits, int64_t at_ms) {
  if (waits && at_ms < *alarm_ms) *alarm_ms = at_ms;
}

int64_t harness_alarm_ms(const harness *s) {
  const schedule *p = s->schedule;
  int64_t start_ms = s->start_ms, alarm_ms = INT64_MAX, now_ms = harness_now(s);
  earliest(&alarm_ms, p->foreign_ms >= 0 && !s->foreign_done, start_ms + p->foreign_ms);
  earliest(&alarm_ms, p->suspend_ms && !s->suspended, start_ms + p->suspend_at_ms);
  earliest(&alarm_ms, p->outage_for_ms && !s->outage && !s->outage_over, start_ms + p->outage_ms);
  earliest(&alarm_ms, s->outage, start_ms + p->outage_ms + p->outage_for_ms);
  earliest(&alarm_ms, p->cancel_ms && now_ms < start_ms + p->cancel_ms, start_ms + p->cancel_ms);
  earliest(&alarm_ms, p->crash_ms && !s->crashed, start_ms + p->crash_ms);
  return alarm_ms;
}

static void set_time(harness *s, int64_t ms) {
  sim_clock_set(&s->instance.clock, 0, ms, 0);
  sim_world_advance(s->instance.world, ms);
}

static void act(harness *s) {
  const schedule *p = s->schedule;
  int64_t now_ms = harness_now(s), since_ms = now_ms - s->start_ms;
  if (p->foreign_ms >= 0 && !s->foreign_done && since_ms >= p->foreign_ms) {
    s->foreign_done = true;
    if (s->trace) fprintf(s->trace, "  %8" PRId64 " another program acts\n", since_ms);
    harness_foreign(s, p->foreign_opposite);
  }
  if (p->suspend_ms && !s->suspended && since_ms >= p->suspend_at_ms) {
    s->suspended = true;
    s->suspended_ms += p->suspend_ms;
    if (s->trace)
      fprintf(s->trace, "  %8" PRId64 " the machine sleeps for %" PRId64 " ms\n", since_ms,
              p->suspend_ms);
    set_time(s, now_ms + p->suspend_ms);
  }
  if (p->outage_for_ms && !s->outage && !s->outage_over && since_ms >= p->outage_ms)
    set_outage(s, true);
  if (s->outage && since_ms >= p->outage_ms + p->outage_for_ms) set_outage(s, false);
}

static void advance(harness *s, int64_t until_ms) {
  act(s);
  for (int64_t now_ms; (now_ms = harness_now(s)) < until_ms;) {
    int64_t alarm_ms = harness_alarm_ms(s);
    set_time(s, alarm_ms > now_ms && alarm_ms < until_ms ? alarm_ms : until_ms);
    act(s);
  }
}

/* The caller does something else for a while. */
static void linger(harness *s) {
  int64_t late_ms = s->schedule->late_ms;
  if (late_ms && roll(s, LATE_PERCENT))
    advance(s, harness_now(s) + (int64_t)sim_random_below(&s->dice, (uint64_t)late_ms));
}

/* ---- the library ---- */

static bool make_client(harness *s) {
  const schedule *p = s->schedule;
  harness_random = p->seed * 7 + 1;
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = sim_cloud_names[p->cloud],
                                   .endpoint = p->cloud == SIM_HETZNER ? "http://127.0.0.1/v1"
                                                                       : "http://127.0.0.1",
                                   .token = "a-token-of-the-tests",
                                   .settle_ms = p->settle_ms,
                                   .max_attempts = p->attempts};
  imgact_error error = {0};
  options.transport = s->transport = harness_transport(s);
  if (options.transport && imgact_client_new(&options, &s->client, &error) == IMGACT_OK)
    return true;
  fprintf(stderr, "no client: %s\n", error.message);
  return false;
}

static imgact_op *make_op(const harness *s, schedule_mutation mutation) {
  static const imgact_image_update update = {.size = sizeof update, .description = "after"};
  static const imgact_image_filter all = {.size = sizeof all, .include_deprecated = 0};
  const imgact_image_create create = {.size = sizeof create,
                                      .name = harness_title(s->schedule, mutation),
                                      .region = mutation == SCHEDULE_IMPORT ? "nyc3" : NULL};
  if (s->schedule->list) return imgact_list_images(s->client, &all);
  switch (mutation) {
  case SCHEDULE_PROTECT: return imgact_protect_image(s->client, "10");
  case SCHEDULE_UNPROTECT: return imgact_unprotect_image(s->client, "10");
  case SCHEDULE_CONVERT: return imgact_convert_image(s->client, "10");
  case SCHEDULE_TRANSFER: return imgact_transfer_image(s->client, "10", "nyc3");
  case SCHEDULE_TRANSFER_ELSEWHERE: return imgact_transfer_image(s->client, "10", "ams3");
  case SCHEDULE_DELETE: return imgact_delete_image(s->client, "10");
  case SCHEDULE_SNAPSHOT: return imgact_create_image(s->client, "20", &create);
  case SCHEDULE_IMPORT: return imgact_import_image(s->client, "https://example.com/i", &create);
  default: return imgact_update_image(s->client, "10", &update);
  }
}

static bool image_shows(const imgact_image *image, schedule_mutation mutation) {
  switch (mutation) {
  case SCHEDULE_PROTECT: return image->is_protected == IMGACT_TRISTATE_TRUE;
  case SCHEDULE_UNPROTECT: return image->is_protected == IMGACT_TRISTATE_FALSE;
  case SCHEDULE_CONVERT: return image->type == IMGACT_IMAGE_TYPE_SNAPSHOT;
  case SCHEDULE_UPDATE: return image->description && !strcmp(image->description, "after");
  case SCHEDULE_TRANSFER:
  case SCHEDULE_TRANSFER_ELSEWHERE:
    for (size_t i = 0; i < image->regions_count; i++)
      if (!strcmp(image->regions[i], mutation == SCHEDULE_TRANSFER ? "nyc3" : "ams3")) return true;
    return false;
  default: return false;
  }
}

static void take_list(harness *s, const imgact_image *const *images, size_t count) {
  for (size_t i = 0; i < count && i < SIM_COUNT(s->ids); i++)
    sim_parse_id(images[i]->id, &s->ids[i]);
  for (int i = 0; i < HARNESS_IMAGES; i++) {
    const sim_image *image = sim_image_find(s->instance.world, s->schedule->cloud, i + 1);
    s->present[i] = image && !image->deleted;
  }
}

static void take_result(void *user, imgact_op *op) {
  harness_call *call = user;
  const imgact_action *action = imgact_op_action(op);
  const imgact_image *image = imgact_op_image(op);
  call->done = true;
  call->ended_ms = harness_now(call->s);
  call->error = *imgact_op_error(op);
  call->adopted = imgact_op_adopted(op);
  call->action_status = action ? action->status : IMGACT_ACTION_STATUS_UNKNOWN;
  if (action && action->id) sim_parse_id(action->id, &call->action_id);
  imgact_op_actions(op, &call->actions);
  const imgact_image *const *images = imgact_op_images(op, &call->images);
  if (call->s->schedule->list) {
    take_list(call->s, images, call->images);
  } else {
    if (image) sim_parse_id(image->id, &call->image_id);
    call->image_status = image ? image->status : IMGACT_IMAGE_STATUS_UNKNOWN;
    call->image_shows = image && image_shows(image, call->mutation);
    call->shown = harness_shows(call->s, call->mutation);
  }
  linger(call->s);
}

static imgact_status announce(void *user, imgact_op *op, const char *call_json) {
  harness *s = user;
  for (size_t i = 0; i < s->calls_count; i++)
    if (s->calls[i].op == op) s->groups[s->calls[i].mutation].sender = i;
  if (s->schedule->crash_ms) {
    snprintf(s->journal, sizeof s->journal, "%s", call_json);
    s->journal_ms = harness_wall_ms(s);
    s->announced_ms = harness_now(s);
  }
  linger(s);
  return IMGACT_OK;
}

static void progress(void *user, imgact_op *op, const imgact_action *action) {
  (void)op, (void)action;
  linger(user);
}

static void add_call(harness *s, schedule_mutation mutation) {
  const schedule *p = s->schedule;
  const imgact_op_options options = {
      .size = sizeof options, .deadline_ms = p->deadline_ms, .per_page = p->list ? 10 : 0};
  harness_call *call = &s->calls[s->calls_count++];
  *call = (harness_call){.s = s, .mutation = mutation};
  call->op =
      s->crashed ? imgact_op_resume(s->client, s->journal, s->journal_ms) : make_op(s, mutation);
  imgact_op_set_options(call->op, &options);
  if (p->list) return;
  imgact_op_set_before_send(call->op, announce, s);
  imgact_op_set_progress(call->op, progress, s);
  if (p->wait) imgact_op_set_wait(call->op, 1);
}

static void start_calls(harness *s) {
  const schedule *p = s->schedule;
  s->calls_count = 0;
  for (int i = 0; i < p->duplicates; i++) add_call(s, p->change);
  for (int i = 0; i < p->more_count; i++) add_call(s, p->more[i]);
  for (size_t i = 0; i < s->calls_count; i++)
    imgact_op_start(s->calls[i].op, take_result, &s->calls[i]);
}

/* ---- a reader ---- */

/* DigitalOcean does not report protection, and an image does not report its deletion. */
static bool is_reported(const harness *s, schedule_mutation mutation) {
  bool protection = mutation == SCHEDULE_PROTECT || mutation == SCHEDULE_UNPROTECT;
  return mutation != SCHEDULE_DELETE && !schedule_makes_image(mutation) &&
         (!protection || s->schedule->cloud == SIM_HETZNER);
}

static void take_read(void *user, imgact_op *op) {
  harness_read *read = user;
  const imgact_image *image = imgact_op_image(op);
  read->done = true;
  read->error = *imgact_op_error(op);
  if (image) sim_parse_id(image->id, &read->image_id);
  for (int mutation = 0; image && mutation < SCHEDULE_MUTATIONS; mutation++)
    if (is_reported(read->s, (schedule_mutation)mutation))
      *(image_shows(image, (schedule_mutation)mutation) ? &read->says[mutation]
                                                        : &read->denies[mutation]) = true;
  linger(read->s);
}

static void start_read(harness *s) {
  if (!s->schedule->read) return;
  s->read.s = s;
  s->read.op = imgact_get_image(s->client, "10", NULL);
  imgact_op_start(s->read.op, take_read, &s->read);
}

/* ---- many waits ---- */

static bool said_truly(const harness_wait *wait) {
  const sim_action *action =
      sim_action_find(wait->s->instance.world, wait->s->schedule->cloud, wait->action_id);
  if (!action) return wait->error.status == IMGACT_NOT_FOUND;
  switch (wait->action_status) {
  case IMGACT_ACTION_STATUS_SUCCESS: return action->state == SIM_SUCCESS;
  case IMGACT_ACTION_STATUS_ERROR: return action->state == SIM_ERROR;
  default: return true;
  }
}

static void take_wait(void *user, imgact_op *op) {
  harness_wait *wait = user;
  const imgact_action *action = imgact_op_action(op);
  wait->done = true;
  wait->ended_ms = harness_now(wait->s);
  wait->error = *imgact_op_error(op);
  wait->action_status = action ? action->status : IMGACT_ACTION_STATUS_UNKNOWN;
  int64_t id = 0;
  if (action && action->id) sim_parse_id(action->id, &id);
  wait->true_then = (!action || id == wait->action_id) && said_truly(wait);
}

static bool start_waits(harness *s) {
  const schedule *p = s->schedule;
  const imgact_op_options options = {.size = sizeof options, .deadline_ms = p->deadline_ms};
  if (!p->waits) return true;
  s->waits = calloc((size_t)p->waits, sizeof *s->waits);
  if (!s->waits) return false;
  for (int32_t i = 0; i < p->waits; i++) {
    harness_wait *wait = &s->waits[i];
    char id[24];
    const char *ids[] = {id};
    *wait = (harness_wait){.s = s, .action_id = HARNESS_CROWD_ACTION + i};
    snprintf(id, sizeof id, "%" PRId64, wait->action_id);
    wait->op = imgact_wait_actions(s->client, ids, 1, NULL);
    imgact_op_set_options(wait->op, &options);
    imgact_op_set_progress(wait->op, progress, s);
    imgact_op_start(wait->op, take_wait, wait);
  }
  return true;
}

/* ---- driving ---- */

static bool all_done(const harness *s) {
  for (size_t i = 0; i < s->calls_count; i++)
    if (!s->calls[i].done) return false;
  for (int32_t i = 0; i < s->schedule->waits; i++)
    if (!s->waits[i].done) return false;
  return !s->schedule->read || s->read.done;
}

/* The program ends without saving anything else; later another one resumes the call in the journal.
 */
static void crash(harness *s) {
  imgact_op_free(s->calls[0].op);
  s->calls[0].op = NULL;
  imgact_client_free(s->client);
  s->client = NULL;
  s->crashed = true;
  if (s->trace)
    fprintf(s->trace, "  %8" PRId64 " the program dies\n", harness_now(s) - s->start_ms);
  advance(s, harness_now(s) + s->schedule->down_ms);
  if (!*s->journal) {
    s->calls[0].done = true;
    s->calls[0].error.status = IMGACT_CANCELLED;
    s->calls[0].ended_ms = harness_now(s);
  } else if (make_client(s)) {
    start_calls(s);
  }
}

static bool due(const harness *s, int64_t ms) { return ms && harness_now(s) >= s->start_ms + ms; }

/* One turn of the caller's loop; false: nothing will ever happen. */
static bool turn(harness *s) {
  imgact_loop *loop = imgact_client_loop(s->client);
  int timeout = imgact_loop_timeout_ms(loop);
  if (timeout < 0) return false;
  advance(s, harness_now(s) + timeout);
  linger(s);
  imgact_loop_dispatch(loop);
  return true;
}

static void drive(harness *s) {
  const schedule *p = s->schedule;
  bool alive = true;
  for (int step = 0; step < PATIENCE_STEPS && alive && !all_done(s); step++) {
    if (!s->crashed && due(s, p->crash_ms)) {
      crash(s);
      continue;
    }
    if (due(s, p->cancel_ms))
      for (size_t i = 0; i < s->calls_count; i++) imgact_op_cancel(s->calls[i].op);
    alive = turn(s);
  }
  s->finished = all_done(s);
}

/* The client reads the image, before anything goes wrong. */
static bool warm_up(harness *s) {
  if (!s->schedule->warm) return true;
  sim_faults kept = s->instance.faults;
  s->instance.faults = (sim_faults){0};
  imgact_op *op = imgact_get_image(s->client, "10", NULL);
  imgact_op_start(op, NULL, NULL);
  while (!imgact_op_done(op) && turn(s)) continue;
  imgact_status status = imgact_op_error(op)->status;
  bool good =
      status == IMGACT_OK || status == IMGACT_NOT_FOUND; /* another program has deleted it */
  if (!good) fprintf(stderr, "no image: %s\n", imgact_op_error(op)->message);
  imgact_op_free(op);
  s->instance.faults = kept;
  s->lookups = 0;
  return good;
}

/* What other programs did before the start. */
static void prepare(harness *s) {
  const schedule *p = s->schedule;
  if (p->older_ms) {
    s->instance.world->overrides.fails = p->older_fails;
    harness_foreign(s, false);
    set_time(s, HARNESS_EPOCH_MS + p->older_ms);
  }
  set_time(s, harness_now(s) +
                  (int64_t)(p->seed * 37 % 1000)); /* dates have whole seconds: start within one */
  if (p->undoing) harness_foreign(s, true);
  memset(s->foreign, 0, sizeof s->foreign); /* that was before, and no excuse */
}

bool harness_run(harness *s, const schedule *p, FILE *trace) {
  *s = (harness){.schedule = p, .trace = trace, .start_ms = INT64_MAX / 2, .dice = p->seed + 77};
  if (!harness_make_world(s)) return false;
  current = s;
  prepare(s);
  bool good = make_client(s) && warm_up(s);
  s->start_ms = harness_now(s);
  if (good && start_waits(s)) {
    start_calls(s);
    start_read(s);
    drive(s);
  }
  s->end_ms = harness_now(s);
  return good;
}

void harness_free(harness *s) {
  for (size_t i = 0; i < s->calls_count; i++) imgact_op_free(s->calls[i].op);
  for (int32_t i = 0; s->waits && i < s->schedule->waits; i++) imgact_op_free(s->waits[i].op);
  free(s->waits);
  imgact_op_free(s->read.op);
  imgact_client_free(s->client);
  current = NULL;
  sim_faults_clear(&s->kept);
  sim_instance_clear(&s->instance);
}
