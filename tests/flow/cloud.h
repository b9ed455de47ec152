/* SPDX-License-Identifier: MIT */
/*
 * A small cloud of either kind behind a scripted transport: one image with its actions, and a list
 * of further images. It counts real effects, so that a test detects a double or missing effect
 * independently of the result.
 */
#ifndef CLOUD_H
#define CLOUD_H

#include "scripted.h"

#define CLOUD_IMAGE    "4711"
#define CLOUD_ACTIONS  64
#define CLOUD_OUTCOMES 16
#define CLOUD_TEXT     ((size_t)128 * 1024)

/* How one mutation ends, in the order in which they come; later ones end well. */
typedef struct cloud_outcome {
  int effects;            /* how often it is applied */
  bool own_answer;        /* the cloud's own response; else: */
  scripted_answer answer; /* all zero: the response is lost */
} cloud_outcome;

typedef struct cloud_action {
  long long id;
  char kind[32], region[16];
  int64_t started_ms, ends_ms, shown_ms; /* Unix ms of our clock */
  bool fails, odd;                       /* ends in error; in an unrecognised status */
} cloud_action;

typedef struct cloud {
  scripted *script;
  bool hetzner;
  char type[16]; /* of the image, in the cloud's own word */
  bool is_protected, deleted;
  char regions[8][16];
  size_t regions_count;
  cloud_action actions[CLOUD_ACTIONS];
  size_t actions_count;
  cloud_outcome outcomes[CLOUD_OUTCOMES];
  size_t outcomes_count, mutations; /* planned; and requests that came */
  size_t applied;                   /* effects that really happened */
  size_t listed;                    /* further images, with the ids from 1000 */
  size_t per_page;                  /* limit of items per page; 0 = as requested */
  size_t removed_after; /* list requests, after which the first of them vanishes; 0 = never */
  size_t list_requests;
  int64_t action_ms;   /* how long an action takes */
  int64_t hidden_ms;   /* how long a new action is not listed and not found */
  int64_t delay_ms;    /* of every response */
  int64_t ahead_ms;    /* of the cloud's clock */
  bool locks;          /* refuses mutations while an action runs */
  int64_t locked_ms;   /* how long it refuses them, by a lock that no action shows */
  size_t others;       /* actions that were there before */
  const char *failing; /* GETs with this in the path fail with the status; NULL = none */
  int failing_status;
  bool omits_region;   /* actions do not report theirs */
  bool silent;         /* actions are not listed at all */
  const char *echo;    /* stands in every text of the cloud's, if not NULL */
  const char *headers; /* further header lines */
  char text[CLOUD_TEXT], head[1024];
} cloud;

/* A cloud with a backup CLOUD_IMAGE (at Hetzner: a snapshot), answering everything that comes to
 * the script. */
cloud *cloud_new(scripted *script, bool hetzner);
void cloud_free(cloud *cloud);
void cloud_plan(cloud *cloud, cloud_outcome outcome);
/* An action that was there before: started so long ago. Its index. */
size_t cloud_add_action(cloud *cloud, const char *kind, const char *region, int64_t ago_ms,
                        int64_t takes_ms);

#endif
