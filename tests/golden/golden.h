/* SPDX-License-Identifier: MIT */
/* The parts of the golden runner: a fixture's call as an operation, its results as JSON, and the
 * comparison of the two. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <imgact/imgact.h>
#include <imgact/json.h>

/* What went wrong, for people; empty = nothing. */
typedef struct golden_problem {
  char text[1024];
} golden_problem;

void golden_fail(golden_problem *problem, const char *format, ...) IMGACT_PRINTF(2, 3);

/* Memory that lives as long as one fixture. Running out of it ends the program. */
typedef struct golden_pool {
  struct golden_block *blocks;
} golden_pool;

void *golden_alloc(golden_pool *pool, size_t count, size_t bytes);
/* A string value's copy; NULL for anything else. */
const char *golden_text(golden_pool *pool, const imgact_json *value);
void golden_pool_free(golden_pool *pool);

/* The operation that a fixture's "call" describes, configured and not started; NULL with a problem.
 */
imgact_op *golden_call(imgact_client *client, const imgact_json *call, golden_pool *pool,
                       golden_problem *problem);

/* What came of an operation, in the shapes that the tool prints. The text is the writer's. */
const char *golden_render(imgact_json_writer *writer, const imgact_op *op);

/* Is everything that `expected` names in `actual`, with the same value? Within an item every key
 * must be named. */
void golden_compare(const imgact_json *expected, const imgact_json *actual,
                    golden_problem *problem);

#endif
