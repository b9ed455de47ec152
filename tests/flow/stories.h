/* SPDX-License-Identifier: MIT */
/*
 * One story of every kind: an operation on the small cloud, and what must be true of its end however badly it went. Cutting,
 * cancelling, starving and echoing are done to all of them alike.
 */
#ifndef STORIES_H
#define STORIES_H

#include "cloud.h"
#include "stage.h"

typedef struct story {
  const char *name;
  bool digitalocean;
  bool mutation; /* counts in the cloud's `applied` */
  bool waits;
  imgact_op *(*make)(imgact_client *client);
  void (*prepare)(cloud *cloud); /* NULL = as it comes */
  size_t images, actions;        /* that a success returns */
} story;

extern const story stories[];
extern const size_t stories_count;

/* Makes the story's operation, ready to be started; NULL: there was no memory. */
imgact_op *story_op(const story *story, imgact_client *client, tally *tally);
/* Fails the test where the operation says what is not true of the cloud. */
void story_check(const story *story, const cloud *cloud, const imgact_op *op);

#endif
