/* SPDX-License-Identifier: MIT */
/* A client on a loop on a script: what every scenario needs. Everything is freed, and memory looked
 * at, by harness_free. */
#ifndef HARNESS_H
#define HARNESS_H

#include "failing_allocator.h"
#include "fault.h"
#include "scripted.h"
#include "testing.h"
#include <imgact/imgact.h>

#define HARNESS_TOKEN "unmistakable-token-0123456789abcdef"

typedef struct harness_options {
  bool digitalocean;
  size_t fail_at; /* of the allocator */
  bool fail_for_good;
  fault *fault; /* NULL = none */
  imgact_client_options client;
} harness_options;

typedef struct harness {
  failing_allocator memory;
  scripted *script;
  imgact_loop *loop;
  imgact_client *client; /* NULL: there was no memory */
} harness;

/* Hetzner with the defaults. */
harness *harness_new(void);
harness *harness_digitalocean(void);
harness *harness_with(harness_options options);
/* A further client on the same loop. */
imgact_client *harness_client(harness *harness, harness_options options);
void harness_free(harness *harness);

/* Runs, compares the status, frees. */
void harness_expect(imgact_op *op, imgact_status status);
/* Runs and compares the status; the operation stays. */
imgact_op *harness_run(imgact_op *op, imgact_status status);
/* Sets options of an operation; returns it. */
imgact_op *harness_configure(imgact_op *op, imgact_op_options options);

/* Starts one wait each for the actions 1 to count. */
void harness_start_waits(imgact_client *client, imgact_op **ops, size_t count, imgact_done_fn done,
                         void *user);
/* Frees them; each must have ended with IMGACT_OK. */
void harness_free_waits(imgact_op **ops, size_t count);

/* Counts callbacks, and notes the last status. */
typedef struct tally {
  int done, progress;
  imgact_status status;
} tally;
void tally_done(void *user, imgact_op *op);
void tally_progress(void *user, imgact_op *op, const imgact_action *action);

#define assert_status(op, expected) harness_check_status((op), (expected), __FILE__, __LINE__)
void harness_check_status(const imgact_op *op, imgact_status status, const char *file, int line);
#define assert_flag(op, flag)    assert_int_equal(imgact_op_error(op)->flags &(flag), (flag))
#define assert_no_flag(op, flag) assert_int_equal(imgact_op_error(op)->flags &(flag), 0)

#endif
