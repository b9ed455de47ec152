/* SPDX-License-Identifier: MIT */
/* Polls for actions, shared by the operations of a client. Ids that are due together are sent in
 * one request if the API allows several. */
#ifndef IA_POLLER_H
#define IA_POLLER_H

#include "arena.h"
#include "engine.h"
#include "poll_interval.h"
#include "queue.h"
#include <imgact/model.h>

typedef struct ia_poller {
  ia_link due;          /* watches to poll now */
  ia_queue_entry entry; /* in the client's queue while `due` is not empty */
  ia_heap soon;         /* watches that may be polled before their time, ordered by that time */
  ia_durations
      durations[IMGACT_ACTION_KIND_CHANGE_PROTECTION + 1]; /* of finished actions, by kind */
} ia_poller;

/* One action that an operation waits for; part of its owner. */
typedef struct ia_watch {
  ia_link link;           /* in poller->due, or in a batch */
  ia_link progress_link;  /* in ia_op_progress_queue.watches */
  struct ia_batch *batch; /* that polls it; NULL = none */
  ia_timer timer;
  ia_heap_node soon; /* in poller->soon */
  imgact_client *client;
  const char *id;    /* borrowed */
  const char *image; /* the action's image, if the API needs it; borrowed, or NULL */
  bool must_name_image;
  int64_t may_be_missing_until_ms; /* monotonic; until then the API may not know a new action */
  int64_t interval_ms;             /* 0 = adaptive */
  int64_t started_ms;
  imgact_action_kind kind;  /* OTHER if unknown */
  ia_request_policy policy; /* no poll is retried after its deadline */
  bool keep_raw;
  bool unbatched; /* the next poll is not shared */
  bool active;
  ia_arena arena;
  imgact_action *action; /* last known state, in the arena; NULL before the first */
  /* Called after each poll, with the action or with an error; may stop the watch. The watch has
   * ended if there is an error or the action does not run. */
  void (*report)(struct ia_watch *watch, const imgact_error *error, const char *details);
} ia_watch;

/* Starts watching. The first poll is sent at once or, if `later`, after an interval. */
void ia_watch_start(ia_watch *watch, imgact_client *client, bool later);
/* Returns the error of the last poll while a retry is scheduled; NULL = none. */
const imgact_error *ia_watch_cause(const ia_watch *watch);
/* Returns until when the rate limit delays the poll, monotonic; IA_NEVER = it does not. */
int64_t ia_watch_delayed_until_ms(const ia_watch *watch);
/* Stops watching; keeps the last known state. */
void ia_watch_stop(ia_watch *watch);
/* Stops watching and frees the last known state. */
void ia_watch_free(ia_watch *watch);

#endif
