/* SPDX-License-Identifier: MIT */
/* One run, decided in advance: its calls, faults, other programs, clocks and time limits. */
#ifndef PROMISES_SCHEDULE_H
#define PROMISES_SCHEDULE_H

#include "world.h"
#include <imgact/imgact.h>

typedef enum schedule_mutation {
  SCHEDULE_PROTECT,
  SCHEDULE_UNPROTECT,
  SCHEDULE_CONVERT,
  SCHEDULE_TRANSFER, /* to nyc3 */
  SCHEDULE_TRANSFER_ELSEWHERE,
  SCHEDULE_DELETE,
  SCHEDULE_UPDATE,
  SCHEDULE_SNAPSHOT, /* of a server */
  SCHEDULE_IMPORT,
  SCHEDULE_MUTATIONS
} schedule_mutation;

/* Every pair that a cloud has: Hetzner has no transfer and no import, DigitalOcean no protection.
 */
#define SCHEDULE_PAIRS 12
void schedule_pair(size_t index, sim_cloud *cloud, schedule_mutation *change);

#define SCHEDULE_CALLS 4

typedef enum schedule_dates {
  SCHEDULE_DATES_RIGHT,
  SCHEDULE_DATES_MISSING,       /* in every response */
  SCHEDULE_DATES_OFTEN_MISSING, /* in every second one */
  SCHEDULE_DATES_OFTEN_WRONG    /* in every second 2xx: lie_ms */
} schedule_dates;

typedef enum schedule_outage {
  SCHEDULE_OUTAGE_503,
  SCHEDULE_OUTAGE_GATEWAY, /* 502 and HTML */
  SCHEDULE_OUTAGE_CLOSE,
  SCHEDULE_OUTAGE_SILENCE,
  SCHEDULE_OUTAGE_ERRORS_AFTER, /* requests take effect, and get a 504 */
  SCHEDULE_OUTAGES
} schedule_outage;

typedef struct schedule {
  uint64_t seed;
  sim_cloud cloud;
  schedule_mutation change; /* the first call's; equal calls are duplicates */
  schedule_mutation more[SCHEDULE_CALLS];
  int32_t more_count; /* further calls on the same image, at the same time */
  bool list;          /* reads a list that changes, instead of the mutation */
  bool wait, repeats; /* repeats: the cloud accepts a repeated request */
  bool unsafe;        /* a request that must not be repeated blindly: a POST */
  bool untitled;      /* a snapshot without a description (Hetzner) */
  bool unnamed;       /* actions do not name the images that they make (Hetzner) */
  int64_t lag_ms;     /* lists lack a new image for so long */
  bool lookup_faults; /* requests of lookups meet faults, too */
  bool allow_twice;   /* items of one page may come twice: the cloud served them so */
  int32_t attempts, duplicates;
  bool read;     /* the image, at the same time */
  int32_t waits; /* number of concurrent waits for actions of another image */
  int64_t settle_ms, hide_ms, duration_ms, deadline_ms, cancel_ms, latency_ms; /* 0 = none */
  int64_t crash_ms, down_ms; /* when the program dies, 0 = never; how long until another one resumes
                                what it began */
  int64_t foreign_ms;        /* when another program does the same, or the opposite; -1 = never */
  bool foreign_opposite;
  bool undoing; /* the image shows the requested state, but another program's running action undoes
                   it */
  int64_t older_ms;      /* so long before the start another program did the same; 0 = none */
  bool older_fails;      /* and that action fails */
  int64_t shorten_bytes; /* the first response to the mutation ends early and looks complete; -1 =
                            none */
  int32_t swap_percent;  /* of the responses are about another object */
  bool swap_instead;     /* a POST with such a response was not handled */
  int64_t late_ms; /* the caller's own work between two dispatches, and in callbacks: up to so long;
                      0 = none */
  /* Clocks. The client's wall clock: how far it is ahead; when it is set, and by how much. */
  int64_t skew_ms, jump_at_ms, jump_ms;
  int64_t resume_jump_ms;            /* while the program was down */
  int64_t suspend_at_ms, suspend_ms; /* the machine sleeps, with its steady clock */
  int64_t gateway_ms;                /* how far the clock is ahead that dates errors */
  int64_t cloud_jump_at_ms, cloud_jump_ms;
  int64_t lie_ms;
  int64_t list_delay_ms; /* of sweeps: lists of actions come so much later than they were read */
  schedule_dates dates;
  bool warm; /* the client has read the image before, and so has seen the cloud's clock */
  int64_t outage_ms, outage_for_ms; /* when it begins; how long it lasts, 0 = none */
  schedule_outage outage;
  char faults[2400];
} schedule;

extern const char *const schedule_mutation_names[SCHEDULE_MUTATIONS];

/* The run that belongs to a seed; beyond: the cloud shows what it accepted later than the client
 * waits for it. */
schedule schedule_random(uint64_t seed, bool beyond);
/* Many waits in an outage. */
schedule schedule_crowd(uint64_t seed);
/* The run without faults, for sweeps. */
schedule schedule_calm(sim_cloud cloud, schedule_mutation change, bool wait);
/* Hetzner declines a PUT with a 500 in its own words, which no cloud does after the effect. */
bool schedule_declines(const schedule *p);
/* The method of the mutation's request, for the faults' patterns. */
const char *schedule_method(const schedule *p);
/* Returns true if the request is a POST, which creates an action. */
bool schedule_creates_action(sim_cloud cloud, schedule_mutation mutation);
/* Returns true if the request makes a new image. */
bool schedule_makes_image(schedule_mutation mutation);
/* Returns true if a second request has a second effect. */
bool schedule_is_unsafe(sim_cloud cloud, schedule_mutation mutation);
/* Returns true if the other mutation reverts or hides the effect of this one. */
bool schedule_opposes(schedule_mutation mutation, schedule_mutation other);

#endif
