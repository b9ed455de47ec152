// SPDX-License-Identifier: MIT
/* Accessors of arguments, results and state. All accept NULL, which means that the operation could
 * not be created. */
#include "op.h"

imgact_op_kind imgact_op_get_kind(const imgact_op *op) {
  return op ? op->call.kind : IMGACT_OP_COUNT;
}

const char *imgact_op_image_id(const imgact_op *op) { return op ? op->call.image_ref : NULL; }

const char *imgact_op_region(const imgact_op *op) {
  if (!op) return NULL;
  return op->call.create ? op->call.create->region : op->call.region;
}

const char *imgact_op_server_id(const imgact_op *op) { return op ? op->call.server_id : NULL; }

static const char *const no_ids[1];

const char *const *imgact_op_image_ids(const imgact_op *op, size_t *count) {
  size_t n = op ? op->call.image_ids_count : 0;
  if (count) *count = n;
  return n ? op->call.image_ids : no_ids;
}

const char *const *imgact_op_action_ids(const imgact_op *op, size_t *count) {
  const imgact_call *call = op ? &op->call : NULL;
  bool single = call && call->action_id;
  size_t n = single ? 1 : call ? call->action_ids_count : 0;
  if (count) *count = n;
  if (single) return &call->action_id;
  return n ? call->action_ids : no_ids;
}

imgact_client *imgact_op_client(const imgact_op *op) { return op ? op->client : NULL; }

void *imgact_op_user_data(const imgact_op *op) { return op ? op->user_data : NULL; }

int imgact_op_done(const imgact_op *op) { return !op || op->state == IA_OP_ENDED; }

const imgact_error *imgact_op_error(const imgact_op *op) {
  static const imgact_error no_memory = {
      .status = IMGACT_NOMEM, .retry_after_ms = -1, .message = "out of memory"};
  static const imgact_error no_error = {.retry_after_ms =
                                            -1}; /* an error during the run may still be overcome */
  if (!op) return &no_memory;
  return op->state == IA_OP_RUNNING ? &no_error : &op->error;
}

const char *imgact_op_error_details(const imgact_op *op) {
  return op && op->state != IA_OP_RUNNING ? op->details : NULL;
}

const char *imgact_op_failed_id(const imgact_op *op) {
  return op && op->state == IA_OP_ENDED ? op->failed_id : NULL;
}

imgact_status imgact_op_wait_status(const imgact_op *op, size_t index) {
  if (!op) return IMGACT_NOMEM;
  bool of_actions = op->call.kind == IMGACT_OP_WAIT_ACTIONS;
  if (index >= (of_actions ? op->call.action_ids_count : op->call.image_ids_count))
    return IMGACT_INVALID_ARGUMENT;
  imgact_status status = op->wait_statuses ? op->wait_statuses[index] : IA_WAIT_PENDING;
  return status == IA_WAIT_PENDING ? imgact_op_error(op)->status : status;
}

static const imgact_image *const no_images[1];
static const imgact_action *const no_actions[1];

const imgact_image *const *imgact_op_images(const imgact_op *op, size_t *count) {
  size_t n = op ? op->result.images_count : 0;
  if (count) *count = n;
  return n ? (const imgact_image *const *)op->result.images : no_images;
}

const imgact_action *const *imgact_op_actions(const imgact_op *op, size_t *count) {
  size_t n = op ? op->result.actions_count : 0;
  if (count) *count = n;
  return n ? (const imgact_action *const *)op->result.actions : no_actions;
}

const imgact_region *const *imgact_op_regions(const imgact_op *op, size_t *count) {
  static const imgact_region *const no_regions[1];
  size_t n = op ? op->result.regions_count : 0;
  if (count) *count = n;
  return n ? (const imgact_region *const *)op->result.regions : no_regions;
}

const imgact_image *imgact_op_image(const imgact_op *op) {
  return op && op->result.images_count ? op->result.images[0] : NULL;
}

const imgact_action *imgact_op_action(const imgact_op *op) {
  return op && op->result.actions_count ? op->result.actions[0] : NULL;
}

const char *imgact_op_transfer_id(const imgact_op *op) {
  bool made = op && op->call.kind == IMGACT_OP_CREATE_HANDOVER && op->state == IA_OP_ENDED &&
              op->error.status == IMGACT_OK;
  return made ? op->result.value : NULL;
}

void imgact_op_rate_limit(const imgact_op *op, imgact_rate_limit *rate) {
  *rate = op ? op->rate_limit : ia_rate_limit_unknown;
}

int imgact_op_adopted(const imgact_op *op) { return op && op->adopted; }

void imgact_op_pagination(const imgact_op *op, imgact_pagination *page) {
  *page = op ? op->result.page : ia_pagination_unknown;
}

int imgact_op_filtered_locally(const imgact_op *op) { return op && op->filtered_locally; }
