/* SPDX-License-Identifier: MIT */
/*
 * imgact: machine images and their actions on Hetzner Cloud and DigitalOcean.
 *
 *   imgact_client *client;
 *   imgact_error error;
 *   if (imgact_client_from_profile("prod", NULL, &client, &error)) die(error.message);
 *   imgact_op *op = imgact_transfer_image(client, "7938269", "nyc3");
 *   imgact_op_set_wait(op, 1);                  // until the action has finished
 *   if (imgact_op_run(op)) die(imgact_op_error(op)->message);
 *   const imgact_action *action = imgact_op_action(op);
 *   if (action) printf("action %s\n", action->id);
 *   imgact_op_free(op);                         // also frees its results
 *   imgact_client_free(client);
 *
 * A client combines a provider ("hetzner", "digitalocean"), an endpoint and a token. An operation
 * is one task, such as a list or a transfer: create it, set options, run or start it, read its
 * results, free it. The functions that create operations need no check: an operation with invalid
 * arguments fails when it runs, and NULL behaves like an operation that failed with IMGACT_NOMEM.
 *
 * Event loops: call imgact_op_start(), poll imgact_loop_fd() for imgact_loop_timeout_ms(), then
 * call imgact_loop_dispatch(). It calls the callbacks. imgact_op_run() repeats these steps
 * until its operation ends.
 *
 * An operation owns its results. Loops, clients, operations and configurations may be freed in any
 * order. A loop, its clients and their operations belong to one thread at a time; of their
 * functions only imgact_loop_wakeup() may be called from another. "The API" is the HTTP API of the
 * provider. Values that it does not report are NULL, IMGACT_NO_TIME, NaN, -1 or
 * IMGACT_TRISTATE_UNKNOWN.
 *
 * A mutation (an operation that changes an image) takes effect at most once, if the API lists a new
 * action at most 10 s (settle_ms) after it accepted the request. If the library cannot find out
 * whether it took effect, it fails with IMGACT_AMBIGUOUS (docs/ambiguous-results.md).
 */
#ifndef IMGACT_IMGACT_H
#define IMGACT_IMGACT_H

#include <imgact/base.h>
#include <imgact/client.h>
#include <imgact/error.h>
#include <imgact/model.h>
#include <imgact/op.h>

#endif
