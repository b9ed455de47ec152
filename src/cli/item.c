// SPDX-License-Identifier: MIT
/* Names and errors of the items of a batch. */
#include <stdio.h>

#include "cli.h"

void cli_item_name(const cli_item *item, char *name, size_t capacity) {
  imgact_op_kind kind = imgact_op_get_kind(item->op);
  const char *what = kind == IMGACT_OP_WAIT_ACTIONS   ? "action"
                     : kind == IMGACT_OP_CREATE_IMAGE ? "image of server"
                                                      : "image";
  snprintf(name, capacity, "%s %s%s%s", what, item->subject, item->region ? " to " : "",
           item->region ? item->region : "");
}

bool cli_item_makes_image(const cli_item *item) {
  imgact_op_kind kind = imgact_op_get_kind(item->op);
  return kind == IMGACT_OP_CREATE_IMAGE || kind == IMGACT_OP_IMPORT_IMAGE;
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
