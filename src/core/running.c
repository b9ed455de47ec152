// SPDX-License-Identifier: MIT
#include "running.h"
#include "child.h"
#include "json_doc.h"
#include <string.h>

bool ia_runs(const imgact_action *action) {
  return action->id && action->status == IMGACT_ACTION_STATUS_RUNNING;
}

/* The list of a server has no filter; a provider can lack the one by status. */
bool ia_running_list(imgact_op *op, int32_t max_attempts,
                     void (*done)(imgact_op *op, imgact_op *child)) {
  static const imgact_action_status running[] = {IMGACT_ACTION_STATUS_RUNNING};
  bool of_server = op->call.server_id != NULL;
  imgact_op_kind kind = of_server ? IMGACT_OP_LIST_SERVER_ACTIONS : IMGACT_OP_LIST_ACTIONS;
  const imgact_slot *slot = ia_client_slot(op->client, kind);
  bool by_status = slot && ((slot->server_filters | slot->local_filters) &
                            IMGACT_FILTER_BIT(ACTION_STATUS)) != 0;
  const imgact_action_filter filter = {.size = sizeof filter,
                                       .image_id = op->call.image_ref,
                                       .statuses = running,
                                       .statuses_count = by_status ? 1 : 0};
  const imgact_call call = {.size = sizeof call,
                            .kind = kind,
                            .image_ref = op->call.image_ref,
                            .server_id = op->call.server_id,
                            .action_filter = &filter};
  imgact_op *child = ia_child_new(op, &ia_flow_list, &call);
  if (child && max_attempts) child->options.max_attempts = max_attempts;
  return ia_child_start(op, child, done);
}

/* ---- details of an error ---- */

/* list: NULL if the actions could not be read. */
static void write_running(ia_buf *out, const imgact_result *list) {
  bool first = true;
  ia_buf_str(out, "\"running\":");
  if (!list) {
    ia_buf_str(out, "null");
    return;
  }
  ia_buf_char(out, '[');
  for (size_t i = 0; i < list->actions_count; i++) {
    const imgact_action *action = list->actions[i];
    if (!ia_runs(action)) continue;
    if (!first) ia_buf_char(out, ',');
    ia_json_quote(out, action->id, strlen(action->id));
    first = false;
  }
  ia_buf_char(out, ']');
}

/* The members of the API's details stay in front; details that are no object become the member
 * "details". The details are compact JSON. */
static const char *with_running(imgact_op *op, const char *details, const imgact_result *list) {
  ia_buf out;
  ia_buf_init(&out, op->client->allocator, 2 * IA_MAX_DETAILS_BYTES);
  ia_buf_char(&out, '{');
  if (details && details[0] != '{') {
    ia_buf_str(&out, "\"details\":");
    ia_buf_str(&out, details);
    ia_buf_char(&out, ',');
  } else if (details && details[1] != '}') {
    ia_buf_add(&out, details + 1, strlen(details) - 2);
    ia_buf_char(&out, ',');
  }
  write_running(&out, list);
  ia_buf_char(&out, '}');
  const char *text = ia_buf_text(&out);
  text = text ? ia_arena_copy(&op->arena, text) : NULL;
  ia_buf_free(&out);
  return text;
}

/* A list that is too long for details counts as not read. */
static const char *describe(imgact_op *op, const char *details, const imgact_result *list) {
  const char *text = with_running(op, details, list);
  if (!text && list) text = with_running(op, details, NULL);
  return text ? text : details;
}

void ia_running_end(imgact_op *op, imgact_op *child) {
  const ia_refusal *refusal = op->mutation->refusal;
  const imgact_result *list = child->error.status == IMGACT_OK ? &child->result : NULL;
  const char *details = refusal->details;
  if (refusal->error.status == IMGACT_LOCKED) details = describe(op, details, list);
  ia_mutation_end(op->mutation, &refusal->error, details);
}

/* One attempt: the refusal is certain, and the list only explains it. */
bool ia_running_report(ia_mutation *m) {
  return m->refusal->error.status == IMGACT_LOCKED && ia_running_list(m->op, 1, ia_running_end);
}

const ia_mutation_steps ia_running_steps = {.rejected = ia_running_report};
