/* SPDX-License-Identifier: MIT */
/* One operation: its arguments, its results, and the flow that gets it from one to the other. */
#ifndef IA_OP_H
#define IA_OP_H

#include "client.h"
#include "exchange.h"
#include "pager.h"
#include "poller.h"
#include "result.h"

/* How an operation of some kind proceeds. A flow ends its operation with ia_op_end, never from
 * inside start. */
typedef struct ia_flow {
  void (*start)(imgact_op *op); /* not called if the result is known */
  void (*stop)(imgact_op *op);  /* drops requests and watches; idempotent; also before freeing */
  /* Returns true if a mutation may be applied, as it stands; NULL for reads. */
  bool (*may_be_applied)(const imgact_op *op);
  /* Takes the page options; NULL: it has no pages. */
  void (*configure)(imgact_op *op, const imgact_op_options *options);
  /* Returns true if it has ended with a page, and the next one may be fetched; NULL: never. */
  bool (*has_page)(const imgact_op *op);
  /* Returns the failure that the operation tries to overcome; NULL = none. */
  const imgact_error *(*cause)(const imgact_op *op);
} ia_flow;

typedef enum ia_op_state { IA_OP_NEW, IA_OP_RUNNING, IA_OP_ENDED } ia_op_state;

typedef struct ia_mutation ia_mutation;
typedef struct ia_wait_set ia_wait_set;

/* The caller's functions, each with its user data. */
typedef struct ia_op_callbacks {
  imgact_done_fn done;
  void *done_user_data;
  imgact_progress_fn progress;
  void *progress_user_data;
  imgact_before_send_fn before_send;
  void *before_send_user_data;
} ia_op_callbacks;

/* Progress callbacks that are due. */
typedef struct ia_op_progress_queue {
  ia_link watches; /* ia_watch.progress_link */
  ia_watch
      *current; /* while its callback runs; NULL = none does, or the callback ended this watch */
  ia_arena
      borrowed; /* memory of a watch that its callback ended: freed when the callback returns */
} ia_op_progress_queue;

struct imgact_op {
  imgact_client *client; /* held */
  const ia_flow *flow;
  const imgact_slot *slot;
  imgact_call call;
  ia_arena arena; /* arguments */
  imgact_result result;
  imgact_rate_limit rate;
  imgact_error error;
  const char *details;
  imgact_op_options options;
  ia_op_state state;
  ia_timer deadline;
  int64_t deadline_ms; /* steady; IA_NEVER */
  ia_exchange *exchange;
  ia_link notify;
  ia_op_callbacks callbacks;
  ia_op_progress_queue progress;
  bool wait, adopted, local, notify_done, free_on_unpin;
  int pins;        /* hooks and runs that it must outlive; free_on_unpin: freed with the last one */
  ia_pager *pager; /* lists, and get_image by name; in the arena */
  ia_mutation *mutation; /* in the arena */
  ia_wait_set *waits;    /* in the arena */
};

/* A new operation with copied arguments, checked against the provider; what is wrong is its error.
 * NULL: no memory. */
imgact_op *ia_op_new(imgact_client *client, const ia_flow *flow, const imgact_call *call);
/* Sets what every error carries. */
void ia_op_complete_error(imgact_op *op);
/* Refuses the operation (once): it will end so. */
void ia_op_refuse(imgact_op *op, imgact_status status, const char *format, ...) IMGACT_PRINTF(3, 4);
/* The same with an error that was found elsewhere; OK is none. */
void ia_op_set_error(imgact_op *op, const imgact_error *error);
/* Refuses a sized struct that is no such struct, or a newer one; what: its type. */
void ia_op_check_size(imgact_op *op, const void *options, size_t theirs, size_t ours,
                      const char *what);
/* Starts it; does nothing if it has been started. */
void ia_op_start(imgact_op *op);
/* Has a page of a page-by-page list come of which its callback was not told yet? */
bool ia_op_has_undelivered_page(const imgact_op *op);
/* Ends it with its error as it stands. */
void ia_op_end(imgact_op *op);
void ia_op_end_with(imgact_op *op, const imgact_error *error, const char *details);
/* Keeps an operation in memory while a user's hook may free it: it is freed when the last pin goes,
 * and then unpin says false. */
void ia_op_pin(imgact_op *op);
bool ia_op_unpin(imgact_op *op);
/* Queues a progress callback about what this watch saw. */
void ia_op_queue_progress(imgact_op *op, ia_watch *watch);
/* Frees a watch, but for what a callback that runs has been handed. */
void ia_op_release_watch(imgact_op *op, ia_watch *watch);
/* The callbacks that are due; the operation may be gone afterwards. */
void ia_op_run_callbacks(imgact_op *op);
/* What was asked for with the operation, and else with its client. */
ia_request_policy ia_op_request_policy(imgact_op *op, ia_priority priority,
                                       bool no_early_rejection);
/* Makes the operation's exchange if it has none; false: it was ended for lack of memory. */
bool ia_op_exchange(imgact_op *op, ia_request_policy policy, void (*done)(ia_exchange *));
/* Starts a pager, or its next page, with the operation's settings into its result; false: no
 * memory, in error. */
bool ia_op_start_pager(imgact_op *op, ia_pager *pager, ia_request_policy policy,
                       void (*done)(ia_pager *), imgact_error *error);
/* Announces a send of a mutation to before_send; false: it was rejected, or the operation was ended
 * or freed. */
bool ia_op_call_before_send(imgact_op *op);
/* Ends it by a timer that is due at once, for flows that find an end in start. */
void ia_op_end_soon(imgact_op *op);

/* Fills a watch with the operation's settings. */
void ia_op_watch(imgact_op *op, ia_watch *watch, const char *id, const char *image,
                 void (*report)(ia_watch *, const imgact_error *, const char *));
/* What the state of a waited action means: OK (also while it runs), ACTION_FAILED, PROTOCOL. */
imgact_status ia_action_verdict(const imgact_action *action, imgact_error *error);

/* flows */
extern const ia_flow ia_flow_simple, ia_flow_list, ia_flow_get, ia_flow_mutation, ia_flow_wait;

/* A copy of a call's arguments in an arena; false: no memory. */
bool ia_call_copy(imgact_call *to, const imgact_call *from, ia_arena *arena);
/* The arguments' own form: UTF-8, ids. OK, or why not. */
imgact_status ia_call_check(const imgact_call *call, const imgact_provider *provider,
                            imgact_error *error);
/* Does one of the arguments hold the token? It would come back in results, and reach the cloud in a
 * place that is logged. */
bool ia_call_holds_token(const imgact_call *call, const ia_redactor *redactor);
/* Where a call was sent. endpoint, credential (ia_client_credential_id): NULL = not known. */
typedef struct ia_call_target {
  const char *provider, *endpoint, *credential;
} ia_call_target;

/* A mutation as JSON text, and back (in an arena); docs/guide.md. Back: of the target the provider
 * is given and checked, the rest is read. */
const char *ia_call_json(const imgact_call *call, const ia_call_target *target, ia_arena *arena);
imgact_status ia_call_from_json(imgact_call *call, ia_call_target *target, const char *text,
                                ia_arena *arena, imgact_error *error);

/* Makes a mutation one that another program has sent. sent_wall_ms: when, as Unix ms. credential:
 * with which (copied), NULL = not known (mutation.c). false: no memory; the operation must be
 * freed, since without its state it would count as not applied. */
bool ia_mutation_resume(imgact_op *op, int64_t sent_wall_ms, const char *credential);

#endif
