// SPDX-License-Identifier: MIT
/* The public constructors of operations. Invalid arguments and unsupported operations are found
 * here, before anything is sent: each request is encoded once as a trial. The error is reported
 * when the operation is started. */
#include "create.h"
#include "encode.h"
#include "ensure.h"
#include "error_fill.h"
#include "filter.h"
#include "labels.h"
#include "op.h"
#include "operation.h"
#include "running.h"
#include "str.h"
#include "struct_size.h"
#include "tags.h"
#include <string.h>

/* Encodes the call and drops the request; an error becomes the operation's. Returns true if the
 * call needs a request. */
static bool try_encode(imgact_op *op, const imgact_call *call) {
  if (op->error.status != IMGACT_OK) return false;
  imgact_request request;
  imgact_error error;
  ia_request_init(&request, op->client->allocator);
  ia_error_clear(&error);
  const imgact_slot *slot = ia_client_slot(op->client, call->kind);
  error.status = ia_request_encode(&request, slot, call, op->client->provider, &error);
  ia_op_set_error(op, &error);
  bool sends = error.status == IMGACT_OK && !request.empty;
  op->filtered_locally = op->filtered_locally || (sends && request.local);
  ia_request_free(&request);
  return sends;
}

static void need(imgact_op *op, const char *text, const char *what) {
  if (!text || !*text) ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "missing %s", what);
}

static bool changes_nothing(const imgact_image_update *u) {
  return !u->name && !u->description && !u->distribution && !u->replace_labels &&
         !u->convert_to_snapshot &&
         !(u->merge_labels && (u->labels_count || u->removed_labels_count));
}

static void check_merge(imgact_op *op, const imgact_image_update *u) {
  if (!u->merge_labels) return;
  op->steps = &ia_label_steps;
  if (u->replace_labels)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "replace_labels and merge_labels exclude each other");
  for (size_t i = 0; i < u->labels_count; i++)
    for (size_t k = 0; k < u->removed_labels_count; k++)
      if (u->labels[i].key && !strcmp(u->labels[i].key, u->removed_labels[k]))
        ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "label '%s' cannot be both set and removed",
                     u->labels[i].key);
}

static const ia_mutation_steps *steps_of(imgact_op_kind kind) {
  switch (kind) {
  case IMGACT_OP_CREATE_IMAGE: return &ia_create_steps;
  case IMGACT_OP_IMPORT_IMAGE: return &ia_import_steps;
  case IMGACT_OP_DELETE_IMAGE:
  case IMGACT_OP_CHANGE_PROTECTION:
  case IMGACT_OP_CONVERT:
  case IMGACT_OP_TRANSFER: return &ia_ensure_steps;
  case IMGACT_OP_UPDATE_IMAGE: return &ia_running_steps;
  default: return NULL;
  }
}

/* Checks the arguments that each kind of operation with one request requires. */
static imgact_op *checked(imgact_op *op) {
  if (!op) return NULL;
  const imgact_call *call = &op->call;
  op->steps = steps_of(call->kind);
  if (call->kind == IMGACT_OP_GET_ACTION)
    need(op, call->action_id, "action id");
  else
    need(op, call->image_ref, "image id");
  ia_argument argument = ia_operations[call->kind].argument;
  if (argument == IA_ARGUMENT_REGION) need(op, call->region, "region");
  if (argument == IA_ARGUMENT_UPDATE && changes_nothing(call->update))
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT,
                 "nothing to change: set a member of imgact_image_update");
  if (argument == IA_ARGUMENT_UPDATE) check_merge(op, call->update);
  (void)try_encode(op, call);
  return op;
}

/* ---- lists ---- */

static imgact_op *new_list(imgact_client *client, const ia_flow *flow, const imgact_call *call) {
  imgact_op *op = ia_op_new(client, flow, call);
  if (!op || op->error.status != IMGACT_OK) return op;

  (void)ia_op_make_pager(op);
  if (!op->pager) {
    imgact_op_free(op);
    return NULL;
  }

  imgact_call first = op->call;
  if (first.kind == IMGACT_OP_FIND_IMAGE) first.kind = IMGACT_OP_LIST_IMAGES;
  first.page = 1;
  first.per_page = client->provider->max_per_page;
  bool sends = false;
  for (size_t i = 0; i < op->pager->queries.count; i++) {
    first.type_mask = op->pager->queries.types[i];
    sends = try_encode(op, &first) || sends;
  }

  const ia_query_plan *queries = &op->pager->queries;
  bool types_here = (op->pager->requested_filters & IMGACT_FILTER_BIT(IMAGE_TYPE)) &&
                    queries->count && !queries->exact_types[queries->count - 1];
  op->filtered_locally = sends && (op->filtered_locally || op->pager->local_filters || types_here);
  return op;
}

static imgact_op *new_image_list(imgact_client *client, imgact_op_kind kind, const ia_flow *flow,
                                 const imgact_image_filter *filter) {
  imgact_image_filter all = {.size = sizeof all};
  bool ok = !filter || ia_struct_size_ok(filter, filter->size, sizeof *filter);
  imgact_call call = {
      .size = sizeof call, .kind = kind, .image_filter = filter && ok ? filter : &all};
  imgact_op *op = new_list(client, flow, &call);
  if (op && filter)
    ia_op_check_size(op, filter, filter->size, sizeof *filter, "imgact_image_filter");
  return op;
}

imgact_op *imgact_list_images(imgact_client *client, const imgact_image_filter *filter) {
  return new_image_list(client, IMGACT_OP_LIST_IMAGES, &ia_flow_list, filter);
}

imgact_op *imgact_find_image(imgact_client *client, const imgact_image_filter *filter,
                             imgact_find which) {
  imgact_op *op = new_image_list(client, IMGACT_OP_FIND_IMAGE, &ia_flow_find, filter);
  if (!op) return NULL;
  op->find = which;
  if ((unsigned)which > IMGACT_FIND_OLDEST)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "invalid value %u of imgact_find", (unsigned)which);
  if (op->call.image_filter && op->call.image_filter->sort_count)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "imgact_find_image() does not support sort");
  return op;
}

imgact_op *imgact_list_actions(imgact_client *client, const imgact_action_filter *filter) {
  imgact_action_filter all = {.size = sizeof all};
  bool ok = !filter || ia_struct_size_ok(filter, filter->size, sizeof *filter);
  imgact_call call = {.size = sizeof call,
                      .kind = IMGACT_OP_LIST_ACTIONS,
                      .action_filter = filter && ok ? filter : &all};
  call.image_ref = call.action_filter->image_id;
  imgact_op *op = new_list(client, &ia_flow_list, &call);
  if (op && filter)
    ia_op_check_size(op, filter, filter->size, sizeof *filter, "imgact_action_filter");
  return op;
}

imgact_op *imgact_list_regions(imgact_client *client) {
  const imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_LIST_REGIONS};
  imgact_op *op = new_list(client, &ia_flow_list, &call);
  if (op && !op->slot) {
    ia_error_clear(&op->error);
    ia_op_reject(op, IMGACT_UNSUPPORTED,
                 "%s has no list of regions: images are available everywhere",
                 client->provider->name);
  }
  return op;
}

/* ---- one image, one action ---- */

imgact_op *imgact_get_image(imgact_client *client, const char *id_or_name,
                            const char *architecture) {
  imgact_call call = {.size = sizeof call,
                      .kind = IMGACT_OP_GET_IMAGE,
                      .image_ref = id_or_name,
                      .architecture = architecture};
  imgact_op *op = ia_op_new(client, &ia_flow_get, &call);
  if (op) need(op, id_or_name, "image id or name");
  if (!op || op->error.status != IMGACT_OK) return op;
  bool by_name = (op->slot->flags & IMGACT_SLOT_NAME_LOOKUP) != 0;
  if (architecture && !by_name)
    ia_op_reject(op, IMGACT_UNSUPPORTED, "%s does not support filtering by architecture",
                 client->provider->name);

  if (!by_name || client->provider->is_valid_id(id_or_name)) try_encode(op, &op->call);
  return op;
}

imgact_op *imgact_get_action(imgact_client *client, const char *action_id, const char *image_id) {
  imgact_call call = {.size = sizeof call,
                      .kind = IMGACT_OP_GET_ACTION,
                      .action_id = action_id,
                      .image_ref = image_id};
  return checked(ia_op_new(client, &ia_flow_get_action, &call));
}

imgact_op *imgact_wait_actions(imgact_client *client, const char *const *action_ids, size_t count,
                               const char *image_id) {
  imgact_call call = {.size = sizeof call,
                      .kind = IMGACT_OP_WAIT_ACTIONS,
                      .action_ids = action_ids,
                      .action_ids_count = count,
                      .image_ref = image_id};
  imgact_op *op = ia_op_new(client, &ia_flow_wait, &call);
  if (op && !count)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "missing action ids: pass at least one");
  return op;
}

/* ---- mutations ---- */

imgact_op *imgact_update_image(imgact_client *client, const char *image_id,
                               const imgact_image_update *update) {
  imgact_image_update none = {.size = sizeof none};
  bool ok = update && ia_struct_size_ok(update, update->size, sizeof *update);
  imgact_call call = {.size = sizeof call,
                      .kind = IMGACT_OP_UPDATE_IMAGE,
                      .image_ref = image_id,
                      .update = ok ? update : &none};
  imgact_op *op = ia_op_new(client, &ia_flow_mutation, &call);
  if (op && update)
    ia_op_check_size(op, update, update->size, sizeof *update, "imgact_image_update");
  return checked(op);
}

imgact_op *imgact_change_labels(imgact_client *client, const char *image_id,
                                const imgact_label *set, size_t set_count,
                                const char *const *removed, size_t removed_count) {
  const imgact_image_update update = {.size = sizeof update,
                                      .labels = set,
                                      .labels_count = set_count,
                                      .removed_labels = removed,
                                      .removed_labels_count = removed_count,
                                      .merge_labels = 1};
  return imgact_update_image(client, image_id, &update);
}

imgact_op *imgact_delete_image(imgact_client *client, const char *image_id) {
  imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_DELETE_IMAGE, .image_ref = image_id};
  return checked(ia_op_new(client, &ia_flow_mutation, &call));
}

static imgact_op *change_protection(imgact_client *client, const char *image_id, int protect) {
  imgact_call call = {.size = sizeof call,
                      .kind = IMGACT_OP_CHANGE_PROTECTION,
                      .image_ref = image_id,
                      .protect = protect};
  return checked(ia_op_new(client, &ia_flow_mutation, &call));
}

imgact_op *imgact_protect_image(imgact_client *client, const char *image_id) {
  return change_protection(client, image_id, 1);
}

imgact_op *imgact_unprotect_image(imgact_client *client, const char *image_id) {
  return change_protection(client, image_id, 0);
}

imgact_op *imgact_convert_image(imgact_client *client, const char *image_id) {
  imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_CONVERT, .image_ref = image_id};
  return checked(ia_op_new(client, &ia_flow_mutation, &call));
}

imgact_op *imgact_transfer_image(imgact_client *client, const char *image_id, const char *region) {
  imgact_call call = {
      .size = sizeof call, .kind = IMGACT_OP_TRANSFER, .image_ref = image_id, .region = region};
  return checked(ia_op_new(client, &ia_flow_mutation, &call));
}

/* ---- tags ---- */

/* Tries the requests of each tag: the provider knows which names are valid. */
static void try_tags(imgact_op *op, imgact_op_kind kind, const char *const *tags, size_t count) {
  const imgact_slot *slot = ia_client_slot(op->client, kind);
  imgact_call call = {.size = sizeof call,
                      .kind = kind,
                      .image_ids = op->call.image_ids,
                      .image_ids_count = op->call.image_ids_count};
  for (size_t i = 0; i < count; i++) {
    need(op, tags[i], "tag");
    call.tag = tags[i];
    if (slot)
      (void)try_encode(op, &call);
    else
      ia_op_reject(op, IMGACT_UNSUPPORTED, "%s does not support '%s'", op->client->provider->name,
                   imgact_op_kind_name(kind));
  }
}

static imgact_op *checked_tags(imgact_op *op) {
  if (!op) return NULL;
  const imgact_call *call = &op->call;
  op->steps = &ia_tag_steps;
  if (!call->image_ids_count)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "missing image ids: pass at least one");
  if (!call->added_tags_count && !call->removed_tags_count)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "nothing to change: pass a tag");
  /* Tags that differ by case are the same. */
  for (size_t i = 0; i < call->added_tags_count; i++)
    for (size_t k = 0; k < call->removed_tags_count; k++)
      if (ia_str_equal_nocase(call->added_tags[i], call->removed_tags[k]))
        ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "tag '%s' cannot be both added and removed",
                     call->added_tags[i]);
  try_tags(op, IMGACT_OP_CREATE_TAG, call->added_tags, call->added_tags_count);
  try_tags(op, IMGACT_OP_TAG_IMAGES, call->added_tags, call->added_tags_count);
  try_tags(op, IMGACT_OP_UNTAG_IMAGES, call->removed_tags, call->removed_tags_count);
  return op;
}

imgact_op *imgact_change_tags(imgact_client *client, const char *const *image_ids, size_t count,
                              const char *const *added, size_t added_count,
                              const char *const *removed, size_t removed_count) {
  imgact_call call = {.size = sizeof call,
                      .kind = IMGACT_OP_CHANGE_TAGS,
                      .image_ids = image_ids,
                      .image_ids_count = count,
                      .added_tags = added,
                      .added_tags_count = added_count,
                      .removed_tags = removed,
                      .removed_tags_count = removed_count};
  return checked_tags(ia_op_new(client, &ia_flow_mutation, &call));
}

/* ---- offers to other accounts ---- */

static imgact_op *checked_handover(imgact_op *op) {
  const imgact_call *call = op ? &op->call : NULL;
  if (!op) return NULL;
  if (call->kind == IMGACT_OP_CREATE_HANDOVER && !call->recipient_email == !call->recipient_team)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "a recipient is either an e-mail address or a team");
  if (call->recipient_email) need(op, call->recipient_email, "e-mail address of the recipient");
  if (call->recipient_team || call->kind == IMGACT_OP_ACCEPT_HANDOVER)
    need(op, call->recipient_team, "team of the recipient");
  if (call->kind != IMGACT_OP_CREATE_HANDOVER) need(op, call->transfer_id, "id of the offer");
  return checked(op);
}

imgact_op *imgact_create_handover(imgact_client *client, const char *image_id,
                                  const char *recipient_email, const char *recipient_team) {
  imgact_call call = {.size = sizeof call,
                      .kind = IMGACT_OP_CREATE_HANDOVER,
                      .image_ref = image_id,
                      .recipient_email = recipient_email,
                      .recipient_team = recipient_team};
  return checked_handover(ia_op_new(client, &ia_flow_mutation, &call));
}

static imgact_op *answer_handover(imgact_client *client, imgact_op_kind kind, const char *image_id,
                                  const char *transfer_id, const char *recipient_team) {
  imgact_call call = {.size = sizeof call,
                      .kind = kind,
                      .image_ref = image_id,
                      .transfer_id = transfer_id ? transfer_id : "",
                      .recipient_team = recipient_team};
  if (!*call.transfer_id) call.transfer_id = NULL;
  return checked_handover(ia_op_new(client, &ia_flow_mutation, &call));
}

imgact_op *imgact_accept_handover(imgact_client *client, const char *image_id,
                                  const char *transfer_id, const char *recipient_team) {
  return answer_handover(client, IMGACT_OP_ACCEPT_HANDOVER, image_id, transfer_id, recipient_team);
}

imgact_op *imgact_decline_handover(imgact_client *client, const char *image_id,
                                   const char *transfer_id) {
  return answer_handover(client, IMGACT_OP_DECLINE_HANDOVER, image_id, transfer_id, NULL);
}

imgact_op *imgact_cancel_handover(imgact_client *client, const char *image_id,
                                  const char *transfer_id) {
  return answer_handover(client, IMGACT_OP_CANCEL_HANDOVER, image_id, transfer_id, NULL);
}

/* ---- new images ---- */

static void check_tags(imgact_op *op, const imgact_image_create *create) {
  for (size_t i = 0; i < create->tags_count; i++) need(op, create->tags[i], "tag");
  if (ia_client_slot(op->client, IMGACT_OP_CREATE_TAG))
    try_tags(op, IMGACT_OP_CREATE_TAG, create->tags, create->tags_count);
}

/* Checks what each API requires; the rows of the provider say what else it does. */
static imgact_op *checked_new(imgact_op *op) {
  if (!op) return NULL;
  const imgact_call *call = &op->call;
  const imgact_image_create *create = call->create;
  bool imports = call->kind == IMGACT_OP_IMPORT_IMAGE;
  op->steps = steps_of(call->kind);
  if (imports)
    need(op, call->url, "URL");
  else
    need(op, call->server_id, "server id");
  if (imports) need(op, create->name, "name of the new image");
  if (imports) need(op, create->region, "region of the new image");
  if (create->ensure_unique)
    need(op, create->name ? create->name : create->description,
         "name or description, which ensure_unique compares");
  check_tags(op, create);
  if (create->type && create->type != IMGACT_IMAGE_TYPE_SNAPSHOT &&
      create->type != IMGACT_IMAGE_TYPE_BACKUP)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "a new image is a snapshot or a backup");
  (void)try_encode(op, call);
  return op;
}

static imgact_op *new_image(imgact_client *client, imgact_call *call,
                            const imgact_image_create *create) {
  const imgact_image_create none = {.size = sizeof none};
  bool ok = create && ia_struct_size_ok(create, create->size, sizeof *create);
  call->create = ok ? create : &none;
  imgact_op *op = ia_op_new(client, &ia_flow_mutation, call);
  if (op && create)
    ia_op_check_size(op, create, create->size, sizeof *create, "imgact_image_create");
  return checked_new(op);
}

imgact_op *imgact_create_image(imgact_client *client, const char *server_id,
                               const imgact_image_create *create) {
  imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_CREATE_IMAGE, .server_id = server_id};
  return new_image(client, &call, create);
}

imgact_op *imgact_import_image(imgact_client *client, const char *url,
                               const imgact_image_create *create) {
  imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_IMPORT_IMAGE, .url = url};
  return new_image(client, &call, create);
}

imgact_op *imgact_wait_images(imgact_client *client, const char *const *image_ids, size_t count,
                              imgact_image_status status) {
  imgact_call call = {.size = sizeof call,
                      .kind = IMGACT_OP_GET_IMAGE,
                      .image_ids = image_ids,
                      .image_ids_count = count,
                      .image_status = status};
  imgact_op *op = ia_op_new(client, &ia_flow_wait_images, &call);
  if (op && !count)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT, "missing image ids: pass at least one");
  if (op && status != IMGACT_IMAGE_STATUS_AVAILABLE && status != IMGACT_IMAGE_STATUS_DELETED)
    ia_op_reject(op, IMGACT_INVALID_ARGUMENT,
                 "an operation can wait for the image status available or deleted");
  return op;
}

imgact_op *imgact_op_resume(imgact_client *client, const char *call_json, int64_t sent_at) {
  if (!client || !call_json) return NULL;

  ia_arena arena;
  imgact_error error;
  imgact_call call = {.size = sizeof call, .kind = IMGACT_OP_DELETE_IMAGE};
  ia_error_clear(&error);
  ia_arena_init(&arena, client->allocator);
  ia_call_target target = {.provider = client->provider->name};
  imgact_status status = ia_call_from_json(&call, &target, call_json, &arena, &error);
  if (status == IMGACT_OK && target.endpoint && strcmp(target.endpoint, client->endpoint) != 0)
    status = imgact_error_set(&error, IMGACT_INVALID_ARGUMENT,
                              "cannot resume: the call was sent to %s, but this client uses %s",
                              target.endpoint, client->endpoint);

  imgact_op *op = status == IMGACT_NOMEM ? NULL : ia_op_new(client, &ia_flow_mutation, &call);
  bool hands_over = ia_operations[call.kind].argument == IA_ARGUMENT_HANDOVER;
  bool tags = call.kind == IMGACT_OP_CHANGE_TAGS;
  op = call.create  ? checked_new(op)
       : tags       ? checked_tags(op)
       : hands_over ? checked_handover(op)
                    : checked(op);
  if (op && status != IMGACT_OK) {
    ia_error_clear(&op->error);
    ia_op_set_error(op, &error);
  }

  bool resumed = op && ia_mutation_resume(op, sent_at, target.credential);
  ia_arena_free(&arena);
  if (resumed) return op;
  imgact_op_free(op);
  return NULL;
}
