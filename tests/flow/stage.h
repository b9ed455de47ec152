/* SPDX-License-Identifier: MIT */
/* A client on a loop on a script: what every story needs. Everything is freed, and memory looked at, by stage_free. */
#ifndef STAGE_H
#define STAGE_H

#include "failing_allocator.h"
#include "fault.h"
#include "scripted.h"
#include "testing.h"
#include <imgact/imgact.h>

#define STAGE_TOKEN "unmistakable-token-0123456789abcdef"

typedef struct stage_options {
  bool digitalocean;
  size_t fail_at; /* of the allocator */
  bool fail_for_good;
  fault *fault; /* NULL = none */
  imgact_client_options client;
} stage_options;

typedef struct stage {
  failing_allocator memory;
  scripted *script;
  imgact_loop *loop;
  imgact_client *client; /* NULL: there was no memory */
} stage;

/* Hetzner with the defaults. */
stage *stage_new(void);
stage *stage_digitalocean(void);
stage *stage_with(stage_options options);
/* A further client on the same loop. */
imgact_client *stage_client(stage *stage, stage_options options);
void stage_free(stage *stage);

/* Runs, compares the status, frees. */
void stage_expect(imgact_op *op, imgact_status status);
/* Runs and compares the status; the operation stays. */
imgact_op *stage_run(imgact_op *op, imgact_status status);
/* Sets options of an operation; returns it. */
imgact_op *stage_configure(imgact_op *op, imgact_op_options options);

/* Counts callbacks, and notes the last status. */
typedef struct tally {
  int done, progress;
  imgact_status status;
} tally;
void tally_done(void *user, imgact_op *op);
void tally_progress(void *user, imgact_op *op, const imgact_action *action);

#define assert_status(op, expected) stage_check_status((op), (expected), __FILE__, __LINE__)
void stage_check_status(const imgact_op *op, imgact_status status, const char *file, int line);
#define assert_flag(op, flag)    assert_int_equal(imgact_op_error(op)->flags &(flag), (flag))
#define assert_no_flag(op, flag) assert_int_equal(imgact_op_error(op)->flags &(flag), 0)

#endif
