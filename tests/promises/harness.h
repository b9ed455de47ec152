/* SPDX-License-Identifier: MIT */
/* Runs a schedule: the library on the simulator's world, in virtual time, and what both sides did.
 */
#ifndef PROMISES_HARNESS_H
#define PROMISES_HARNESS_H

#include "control_api.h"
#include "schedule.h"
#include <imgact/transport.h>
#include <stdio.h>

#define HARNESS_CALLS         (2 + SCHEDULE_CALLS)
#define HARNESS_ACTIONS       64
#define HARNESS_IMAGE         INT64_C(10)
#define HARNESS_OTHER_IMAGE   INT64_C(11) /* shows every effect */
#define HARNESS_OTHER_ACTION  INT64_C(900)
#define HARNESS_LAST_IMAGE    INT64_C(49) /* of those that exist at the start */
#define HARNESS_SERVER        INT64_C(20)
#define HARNESS_OTHER_SERVER  INT64_C(21)  /* has an image and an action of each kind */
#define HARNESS_THIRD_SERVER  INT64_C(22)  /* another program makes an image of it, too */
#define HARNESS_SERVER_ACTION INT64_C(901) /* of the other server */
#define HARNESS_CROWD_IMAGE   INT64_C(12)
#define HARNESS_CROWD_ACTION  INT64_C(1000) /* the first one's id */
#define HARNESS_MAX_WAITS     400
#define HARNESS_IMAGES        35
#define HARNESS_EPOCH_MS      INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

typedef struct harness_actions {
  int64_t ids[HARNESS_ACTIONS];
  size_t calls[HARNESS_ACTIONS]; /* whose request started the action */
  size_t count;
} harness_actions;

/* One call, and its result as the caller saw it. */
typedef struct harness_call {
  struct harness *s;
  imgact_op *op;
  schedule_mutation mutation;
  bool done;
  int64_t ended_ms; /* cloud's time */
  imgact_error error;
  bool adopted;
  int64_t action_id; /* 0 = none */
  imgact_action_status action_status;
  size_t actions, images;
  int64_t image_id; /* of the result; 0 = none */
  imgact_image_status image_status;
  bool image_shows; /* the effect, in the result */
  bool shown;       /* the effect, in the world, when the call ended */
} harness_call;

/* One of many waits. */
typedef struct harness_wait {
  struct harness *s;
  imgact_op *op;
  bool done;
  int64_t ended_ms;
  imgact_error error;
  int64_t action_id;
  imgact_action_status action_status;
  bool true_then; /* the reported state was the real one at that time */
} harness_wait;

/* One read of the image. */
typedef struct harness_read {
  struct harness *s;
  imgact_op *op;
  bool done;
  imgact_error error;
  int64_t image_id;                                          /* 0 = none */
  bool says[SCHEDULE_MUTATIONS], denies[SCHEDULE_MUTATIONS]; /* that the image shows the effect */
} harness_read;

/* What requests of one kind did. */
typedef struct harness_group {
  uint64_t effects, sends;
  uint64_t sent_again;   /* after a lost response, or by the program that resumes */
  int64_t first_sent_ms; /* cloud's time; 0 = never */
  bool was_shown,
      was_not_shown; /* the image showed the effect, or did not, when the library read something */
  harness_actions own;
  size_t sender; /* the call that sends now: of calls that start an action, one sends at a time */
  uint64_t lost[HARNESS_CALLS]; /* requests of a call without a response that shows the outcome */
  uint64_t rejected_falsely;    /* 404 to a deletion of an image that is there */
} harness_group;

#define HARNESS_MAX_STATUS 600

/* Responses as the library received them, of any kind of request. */
typedef struct harness_responses {
  uint64_t by_status[HARNESS_MAX_STATUS];
  uint64_t unanswered; /* requests without a response */
  uint64_t unusable;   /* 2xx that are damaged or about another object */
} harness_responses;

typedef struct harness {
  const schedule *schedule;
  sim_instance instance;
  imgact_client *client;
  imgact_transport *transport; /* the client's */
  harness_call calls[HARNESS_CALLS];
  size_t calls_count;
  harness_wait *waits;
  harness_read read;
  int64_t start_ms, end_ms;
  harness_group groups[SCHEDULE_MUTATIONS];
  uint64_t foreign[SCHEDULE_MUTATIONS]; /* effects that other programs' requests committed since the
                                           start */
  uint64_t sends, lookups;              /* requests of ours: mutations, anything else */
  uint64_t swapped;                     /* responses about another object */
  harness_responses responses;
  harness_actions others; /* actions that other programs began */
  char journal[1000];     /* what before_send was given; "" = nothing */
  int64_t journal_ms;     /* when, by the library's wall clock */
  int64_t announced_ms;   /* the same, by the cloud's */
  int64_t suspended_ms;   /* so long the steady clock stood still */
  bool crashed, foreign_done, suspended;
  bool finished;                        /* in reasonable time */
  int64_t ids[2 * HARNESS_IMAGES + 64]; /* of a list */
  bool present[HARNESS_IMAGES];         /* all the time, while a list was read */
  uint64_t dice;
  sim_faults kept; /* during an outage */
  bool outage, outage_over;
  FILE *trace;
} harness;

/* false: no memory, or a schedule that the simulator does not take (a message is on standard
 * error). */
bool harness_run(harness *s, const schedule *p, FILE *trace);
void harness_free(harness *s);

/* The library's jitter comes from getrandom(), which harness.c replaces: this is its state. */
extern uint64_t harness_random;

/* ---- between harness.c, harness_world.c and relay.c ---- */

/* harness_world.c: the images, actions and faults of the schedule; false: none (a message is on
 * standard error). */
bool harness_make_world(harness *s);

/* relay.c: hands everything on to the simulator's transport, and takes notes for the harness. */
imgact_transport *harness_transport(harness *s);
/* Another program's request, at once. */
void harness_foreign(harness *s, bool opposite);
/* The next moment at which the harness has something to do; INT64_MAX = none. */
int64_t harness_alarm_ms(const harness *s);
int64_t harness_now(const harness *s);
/* The library's wall clock at a time of the cloud's. */
int64_t harness_wall_ms(const harness *s);
/* harness_world.c: the image shows the effect; of a snapshot or an import: a new image is there. */
bool harness_shows(const harness *s, schedule_mutation mutation);
/* harness_images.c: the title of images that this program makes; NULL = none. */
const char *harness_title(const schedule *p, schedule_mutation mutation);
/* A request of this kind can have made the image. */
bool harness_fits(const harness *s, schedule_mutation mutation, const sim_image *image);
bool harness_has_new_image(const harness *s, schedule_mutation mutation);
/* The path and body of another program's request. */
const char *harness_image_path(const schedule *p, bool opposite);
const char *harness_image_body(const schedule *p, bool opposite);
/* Servers, images and actions of the start, each with a comma before it. */
void harness_put_servers(const schedule *p, sim_text *out);
void harness_put_images(const schedule *p, sim_text *out);
void harness_put_actions(const schedule *p, sim_text *out);

#endif
