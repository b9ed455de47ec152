// SPDX-License-Identifier: MIT
#include "child.h"

imgact_op *ia_child_new(imgact_op *op, const ia_flow *flow, const imgact_call *call) {
  imgact_op *child = ia_op_new(op->client, flow, call);
  if (!child) return NULL;
  child->parent = op;
  child->options.max_attempts = op->options.max_attempts;
  child->options.poll_interval_ms = op->options.poll_interval_ms;
  child->result.keep_raw = op->result.keep_raw;
  if (flow == &ia_flow_list && child->error.status == IMGACT_OK) (void)ia_op_make_pager(child);
  return child;
}

imgact_op *ia_child_get_image(imgact_op *op, const char *id) {
  const imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_GET_IMAGE, .image_ref = id};
  return ia_child_new(op, &ia_flow_simple, &call);
}

imgact_op *ia_child_list_own_images(imgact_op *op) {
  const imgact_client *client = op->client;
  const imgact_slot *slot = ia_client_slot(client, IMGACT_OP_LIST_IMAGES);
  bool hides_deprecated =
      slot && (slot->server_filters & IMGACT_FILTER_BIT(IMAGE_INCLUDE_DEPRECATED));
  const imgact_image_filter own = {.size = sizeof own,
                                   .visibility = IMGACT_VISIBILITY_PRIVATE,
                                   .include_deprecated = hides_deprecated};
  const imgact_call call = {
      .size = sizeof call, .kind = IMGACT_OP_LIST_IMAGES, .image_filter = &own};
  return ia_child_new(op, &ia_flow_list, &call);
}

static void on_done(void *parent, imgact_op *child) {
  imgact_op *op = parent;
  if (child->rate_limit.limit >= 0) op->rate_limit = child->rate_limit;
  op->child_done(op, child);
}

bool ia_child_start(imgact_op *op, imgact_op *child,
                    void (*done)(imgact_op *op, imgact_op *child)) {
  ia_child_free(op);
  if (!child) return false;
  op->child = child;
  op->child_done = done;
  child->deadline_ms = op->deadline_ms; /* the parent's timer ends both */
  imgact_op_start(child, on_done, op);
  return true;
}

void ia_child_free(imgact_op *op) {
  imgact_op *child = op->child;
  op->child = NULL;
  imgact_op_free(child);
}

const imgact_error *ia_child_cause(const imgact_op *op) {
  return op->child ? op->child->flow->cause(op->child) : NULL;
}
