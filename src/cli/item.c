// SPDX-License-Identifier: MIT
/* Names and errors of the items of a batch. */
#include <stdio.h>

#include "cli.h"

void cli_item_name(const cli_item *item, char *name, size_t capacity) {
  bool is_wait = imgact_op_get_kind(item->op) == IMGACT_OP_WAIT_ACTIONS;
  snprintf(name, capacity, "%s %s%s%s", is_wait ? "action" : "image", item->subject,
           item->region ? " to " : "", item->region ? item->region : "");
}

const imgact_error *cli_item_error(const cli_item *item) {
  static const imgact_error unfinished = {.status = IMGACT_INTERNAL,
                                          .retry_after_ms = -1,
                                          .flags = IMGACT_ERROR_MAYBE_APPLIED,
                                          .message = "operation did not finish"};
  const imgact_error *error =
      item->unsent ? &item->batch->unsent[item->attempted] : imgact_op_error(item->op);

  return error->status || imgact_op_done(item->op) ? error : &unfinished;
}
