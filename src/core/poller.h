/* SPDX-License-Identifier: MIT */
/* Polls for actions, shared by the operations of a client: ids that are due together travel in one
 * request where the cloud takes several. */
#ifndef IA_POLLER_H
#define IA_POLLER_H

#include "arena.h"
#include "engine.h"
#include "poll_interval.h"
#include "queue.h"
#include <imgact/model.h>

typedef struct ia_poller {
  ia_link due;          /* watches that want a poll now */
  ia_queue_entry entry; /* in the client's queue while there are such watches */
  ia_heap soon;         /* watches whose poll may come earlier than its time, by that time */
  ia_durations durations[IMGACT_ACTION_KIND_CHANGE_PROTECTION +
                         1]; /* of actions that were waited for, by kind */
} ia_poller;

/* One action that somebody waits for; embedded in its owner. */
typedef struct ia_watch {
  ia_link link;           /* in poller->due, or in a batch */
  ia_link progress_link;  /* in the operation's list of what a progress callback is due about */
  struct ia_batch *batch; /* whose request asks for it; NULL */
  ia_timer timer;
  ia_heap_node soon; /* in poller->soon */
  imgact_client *client;
  const char *id;    /* the owner's */
  const char *image; /* whose path is polled, where the cloud has one; the owner's, or NULL */
  bool must_name_image;
  int64_t may_be_missing_until_ms; /* monotonic; until then a poll may not find a new action */
  int64_t interval_ms;             /* 0 = adaptive */
  int64_t started_ms;
  imgact_action_kind kind;  /* as far as is known; OTHER */
  ia_request_policy policy; /* the owner's: no poll is retried beyond its deadline */
  bool keep_raw;
  bool unbatched; /* its next look shares no request */
  bool active;
  ia_arena arena;
  imgact_action *action; /* as last seen, in the arena; NULL before */
  /* Called after each look, with the action or with an error. The owner may stop the watch in it.
   * It is over when error is set or the action does not run any more. */
  void (*report)(struct ia_watch *watch, const imgact_error *error, const char *details);
} ia_watch;

/* Starts watching; the first poll goes out at once, or after an interval where `later`. */
void ia_watch_start(ia_watch *watch, imgact_client *client, bool later);
/* Returns the failure of its last poll, if that is to be retried; NULL = none. */
const imgact_error *ia_watch_cause(const ia_watch *watch);
/* Forgets it. */
void ia_watch_stop(ia_watch *watch);
/* And what it saw. */
void ia_watch_free(ia_watch *watch);

#endif
