/* SPDX-License-Identifier: MIT */
/* One operation: its arguments, its results, and the flow that executes it. */
#ifndef IA_OP_H
#define IA_OP_H

#include "client.h"
#include "exchange.h"
#include "pager.h"
#include "poller.h"
#include "result.h"

/* How the operations of one kind are executed. A flow ends its operation with ia_op_end(), never
 * from inside start. */
typedef struct ia_flow {
  void (*start)(imgact_op *op); /* not called if the operation has an error */
  void (*stop)(imgact_op *op);  /* cancels requests and watches; may be called repeatedly and before
                                   the operation is freed */
  /* Returns true if the mutation may be applied in its current state. NULL for reads. */
  bool (*may_be_applied)(const imgact_op *op);
  /* Takes the page options. NULL if the operation has no pages. */
  void (*configure)(imgact_op *op, const imgact_op_options *options);
  /* Returns true if the operation has ended with a page and may be started again. NULL = never. */
  bool (*has_page)(const imgact_op *op);
  /* Returns the error that the operation is retrying after; NULL = none. */
  const imgact_error *(*cause)(const imgact_op *op);
  /* Returns until when the rate limit delays the operation, monotonic; IA_NEVER = it does not. NULL
   * = as its exchange. */
  int64_t (*delayed_until_ms)(const imgact_op *op);
} ia_flow;

typedef enum ia_op_state { IA_OP_NEW, IA_OP_RUNNING, IA_OP_ENDED } ia_op_state;

typedef struct ia_mutation ia_mutation;
typedef struct ia_mutation_steps ia_mutation_steps;
typedef struct ia_wait_set ia_wait_set;
typedef struct ia_image_waits ia_image_waits;

/* The caller's callbacks, each with its user data. */
typedef struct ia_op_callbacks {
  imgact_done_fn done;
  void *done_user_data;
  imgact_progress_fn progress;
  void *progress_user_data;
  imgact_before_send_fn before_send;
  void *before_send_user_data;
} ia_op_callbacks;

/* Progress callbacks to call. */
typedef struct ia_op_progress_queue {
  ia_link watches;   /* linked by ia_watch.progress_link */
  ia_watch *current; /* set while its callback runs; NULL if the callback ended this watch */
  ia_arena borrowed; /* memory of a watch that its callback ended; freed after the callback */
} ia_op_progress_queue;

struct imgact_op {
  imgact_client *client; /* a reference */
  const ia_flow *flow;
  const imgact_slot *slot;
  imgact_call call;
  ia_arena arena; /* arguments */
  imgact_result result;
  imgact_rate_limit rate_limit;
  imgact_error error;
  const char *details;
  imgact_op_options options;
  ia_op_state state;
  ia_timer deadline;
  int64_t deadline_ms; /* monotonic; IA_NEVER = none */
  ia_exchange *exchange;
  ia_link notify;
  ia_op_callbacks callbacks;
  ia_op_progress_queue progress;
  bool wait, adopted, filtered_locally, notify_done, free_on_unpin;
  int pins; /* callbacks and runs in progress; with free_on_unpin, the last one frees the operation
             */
  ia_pager *pager;                /* for lists, find_image and get_image by name; in the arena */
  imgact_find find;               /* find_image: which of several images */
  ia_mutation *mutation;          /* in the arena */
  const ia_mutation_steps *steps; /* what a mutation does in addition to its request; NULL = nothing
                                   */
  ia_wait_set *waits;             /* in the arena */
  ia_image_waits *image_waits;    /* in the arena */
  imgact_op *child;               /* see child.h; NULL = none */
  imgact_op *parent;              /* of a child; NULL = the program's own operation */
  void (*child_done)(imgact_op *op, imgact_op *child);
  imgact_status *wait_statuses; /* by the index of the id; in the arena, also after the end */
  const char *failed_id;        /* of the item whose failure is the error; NULL = none */
  void *user_data;
};

/* In wait_statuses, until the action has ended. */
#define IA_WAIT_PENDING IMGACT_STATUS_MAX_ENUM

/* Creates an operation. The arguments are copied and checked; a problem becomes the operation's
 * error. Returns NULL if there is no memory. */
imgact_op *ia_op_new(imgact_client *client, const ia_flow *flow, const imgact_call *call);
/* Sets the members that every error has. */
void ia_op_complete_error(imgact_op *op);
/* Sets the operation's error unless it has one; the operation will end with it. */
void ia_op_reject(imgact_op *op, imgact_status status, const char *format, ...) IMGACT_PRINTF(3, 4);
/* The same with an existing error; does nothing if that is OK. */
void ia_op_set_error(imgact_op *op, const imgact_error *error);
/* Rejects a struct whose size is invalid or newer than this library. what: its type. */
void ia_op_check_size(imgact_op *op, const void *options, size_t theirs, size_t ours,
                      const char *what);
/* Starts the operation; does nothing if it was started before. */
void ia_op_start(imgact_op *op);
/* Returns true if a page is ready and done has not been called for it yet. */
bool ia_op_has_undelivered_page(const imgact_op *op);
/* Ends the operation with its current error. */
void ia_op_end(imgact_op *op);
void ia_op_end_with(imgact_op *op, const imgact_error *error, const char *details);
/* Keeps the operation in memory while a callback that may free it runs. ia_op_unpin() returns false
 * if it freed the operation. */
void ia_op_pin(imgact_op *op);
bool ia_op_unpin(imgact_op *op);
/* Queues a progress callback for the last known state of the watch. */
void ia_op_queue_progress(imgact_op *op, ia_watch *watch);
/* Frees a watch, except memory that a running callback uses. */
void ia_op_release_watch(imgact_op *op, ia_watch *watch);
/* Calls the callbacks that are due; they may free the operation. */
void ia_op_run_callbacks(imgact_op *op);
/* Returns the request options of the operation, with the client's as default. */
ia_request_policy ia_op_request_policy(imgact_op *op, ia_priority priority,
                                       bool no_early_rejection);
/* Creates the operation's exchange if it has none. Returns false, with the error set, if there is
 * no memory. */
bool ia_op_exchange(imgact_op *op, ia_request_policy policy, void (*done)(ia_exchange *));
/* Starts the pager, or its next page, with the operation's options and result. Returns false, with
 * *error set, on failure. */
bool ia_op_start_pager(imgact_op *op, ia_pager *pager, ia_request_policy policy,
                       void (*done)(ia_pager *), imgact_error *error);
/* Calls before_send. Returns false if it rejected the request, or ended or freed the operation. */
bool ia_op_call_before_send(imgact_op *op);
/* Ends the operation from a timer that is due at once, for errors found in start. */
void ia_op_end_soon(imgact_op *op);

/* Fills a watch with the operation's options. */
void ia_op_watch(imgact_op *op, ia_watch *watch, const char *id, const char *image,
                 void (*report)(ia_watch *, const imgact_error *, const char *));
/* Returns the status for an action: OK (also while it runs), ACTION_FAILED, or PROTOCOL for an
 * unknown action status. */
imgact_status ia_action_outcome(const imgact_action *action, imgact_error *error);

/* flows */
extern const ia_flow ia_flow_simple, ia_flow_list, ia_flow_get, ia_flow_get_action, ia_flow_find,
    ia_flow_mutation, ia_flow_wait, ia_flow_wait_images;
/* Makes the pager of a list. Returns false, with the operation's error set, if the call is not
 * possible or there is no memory. */
bool ia_op_make_pager(imgact_op *op);
/* What the flow of a list reports, by its pager. */
const imgact_error *ia_op_list_cause(const imgact_op *op);
int64_t ia_op_list_delayed_until_ms(const imgact_op *op);

/* Copies a call and its arguments into an arena. Returns false if there is no memory. */
bool ia_call_copy(imgact_call *to, const imgact_call *from, ia_arena *arena);
/* Checks the form of the arguments: UTF-8, ids. */
imgact_status ia_call_check(const imgact_call *call, const imgact_provider *provider,
                            imgact_error *error);
/* Returns true if an argument contains the token: it would appear in results and in the URL, which
 * servers log. */
bool ia_call_holds_token(const imgact_call *call, const ia_redactor *redactor);
/* Where a call was sent. endpoint and credential (ia_client_credential_id()): NULL = unknown. */
typedef struct ia_call_target {
  const char *provider, *endpoint, *credential;
} ia_call_target;

/* Writes and reads a mutation as JSON (docs/guide.md). When reading, target->provider is set by the
 * caller and compared; the other members are read. */
const char *ia_call_json(const imgact_call *call, const ia_call_target *target, ia_arena *arena);
imgact_status ia_call_from_json(imgact_call *call, ia_call_target *target, const char *text,
                                ia_arena *arena, imgact_error *error);

/* Marks a mutation as sent by another program at sent_wall_ms (Unix ms). credential is copied; NULL
 * = unknown. Returns false if there is no memory; the operation must then be freed, since it would
 * count as not applied. */
bool ia_mutation_resume(imgact_op *op, int64_t sent_wall_ms, const char *credential);

#endif
