// SPDX-License-Identifier: MIT
/*
 * Changes of the tags of images.
 *
 *   for each tag to add: create it -> tag the images; for each tag to remove: untag the images;
 *   then read the images
 *
 * Each request is an operation of its own, and idempotent. A tag is never deleted: other resources
 * may have it.
 */
#include "tags.h"
#include "child.h"
#include "error_fill.h"
#include "str.h"

typedef struct tag_data {
  size_t index;         /* of the tag: first those to add, then those to remove */
  const char *name;     /* of the tag that was created, as the API spells it; NULL = not yet */
  imgact_error refusal; /* of its creation, if it may exist already */
} tag_data;

static void continue_with(ia_mutation *m);

/* The caller's callback sees the whole change, before its first request. */
static imgact_status before_send(void *user, imgact_op *child, const char *call_json) {
  imgact_op *op = user;
  (void)child, (void)call_json;
  if (op->flow->may_be_applied(op)) return IMGACT_OK;
  ia_op_pin(op);
  bool allowed = ia_op_call_before_send(op);
  imgact_status status = (imgact_status)op->error.status;
  if (!ia_op_unpin(op)) return IMGACT_CANCELLED; /* the child has been freed, too */
  if (op->state != IA_OP_RUNNING) return IMGACT_CANCELLED;
  ia_error_clear(&op->error);
  return allowed ? IMGACT_OK : status;
}

static void request(ia_mutation *m, imgact_op_kind kind, const char *tag,
                    void (*done)(imgact_op *op, imgact_op *child)) {
  imgact_op *op = m->op;
  const imgact_call call = {.size = sizeof call,
                            .kind = kind,
                            .tag = tag,
                            .image_ids = op->call.image_ids,
                            .image_ids_count = op->call.image_ids_count};
  imgact_op *child = ia_child_new(op, &ia_flow_mutation, &call);
  imgact_op_set_before_send(child, before_send, op);
  if (!ia_child_start(op, child, done)) ia_mutation_end_without_memory(m);
}

static void fail(ia_mutation *m, const imgact_op *child) {
  ia_mutation_end(m, &child->error, child->details);
}

/* ---- the steps ---- */

/* A refusal can mean that the tag exists already: then the images can be tagged. */
static void on_created(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  tag_data *data = m->step_data;
  imgact_status status = (imgact_status)child->error.status;
  const char *name = child->result.value;
  if (status != IMGACT_OK && status != IMGACT_CONFLICT && status != IMGACT_INVALID_INPUT) {
    fail(m, child);
    return;
  }
  data->refusal = child->error;
  m->partly_applied = m->partly_applied || status == IMGACT_OK;
  data->name = ia_arena_copy(&op->arena,
                             status == IMGACT_OK && name ? name : op->call.added_tags[data->index]);
  if (data->name)
    continue_with(m);
  else
    ia_mutation_end_without_memory(m);
}

static void on_tagged(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  tag_data *data = m->step_data;
  bool no_tag = child->error.status == IMGACT_NOT_FOUND && data->refusal.status != IMGACT_OK;
  if (no_tag) {
    ia_mutation_end(m, &data->refusal, NULL);
  } else if (child->error.status != IMGACT_OK) {
    fail(m, child);
  } else {
    m->partly_applied = true;
    data->index++;
    data->name = NULL;
    continue_with(m);
  }
}

/* A tag that does not exist, or that no image has, is not found. */
static void on_untagged(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  tag_data *data = m->step_data;
  const imgact_error *error = &child->error;
  if (error->status != IMGACT_OK && error->http_status != 404) {
    fail(m, child);
    return;
  }
  m->partly_applied = m->partly_applied || error->status == IMGACT_OK;
  data->index++;
  continue_with(m);
}

/* ---- the result ---- */

static bool keeps_tag(const imgact_image *image, const char *removed, const char **kept) {
  for (size_t i = 0; i < image->tags_count; i++) {
    if (!ia_str_equal_nocase(image->tags[i], removed)) continue;
    *kept = image->tags[i];
    return true;
  }
  return false;
}

/* The API looks a tag up by its exact spelling. Returns false if an image still has a tag that was
 * to be removed, with the error set. */
static bool check_removed(const imgact_op *op, imgact_error *error) {
  const char *kept = "";
  for (size_t i = 0; i < op->result.images_count; i++)
    for (size_t k = 0; k < op->call.removed_tags_count; k++) {
      const imgact_image *image = op->result.images[i];
      const char *removed = op->call.removed_tags[k];
      if (!keeps_tag(image, removed, &kept) || ia_str_equal(kept, removed)) continue;
      imgact_error_set(error, IMGACT_NOT_FOUND, "image %s has no tag '%s', but '%s'", image->id,
                       removed, kept);
      return false;
    }
  return true;
}

static void on_read(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  imgact_error error;
  ia_error_clear(&error);
  if (!ia_result_take(&op->result, &child->result))
    ia_mutation_end_without_memory(m);
  else if (child->error.status != IMGACT_OK)
    fail(m, child);
  else if (!check_removed(op, &error))
    ia_mutation_end(m, &error, NULL);
  else
    ia_mutation_done(m);
}

static void read_images(ia_mutation *m) {
  const imgact_call call = {.size = sizeof call,
                            .kind = IMGACT_OP_GET_IMAGE,
                            .image_ids = m->op->call.image_ids,
                            .image_ids_count = m->op->call.image_ids_count};
  ia_result_reset(&m->op->result);
  if (!ia_child_start(m->op, ia_child_new(m->op, &ia_flow_wait_images, &call), on_read))
    ia_mutation_end_without_memory(m);
}

static void continue_with(ia_mutation *m) {
  const imgact_call *call = &m->op->call;
  const tag_data *data = m->step_data;
  size_t added = call->added_tags_count;
  if (data->index < added && !data->name)
    request(m, IMGACT_OP_CREATE_TAG, call->added_tags[data->index], on_created);
  else if (data->index < added)
    request(m, IMGACT_OP_TAG_IMAGES, data->name, on_tagged);
  else if (data->index < added + call->removed_tags_count)
    request(m, IMGACT_OP_UNTAG_IMAGES, call->removed_tags[data->index - added], on_untagged);
  else
    read_images(m);
}

static void before(ia_mutation *m) {
  m->step_data = ia_arena_alloc(&m->op->arena, sizeof(tag_data));
  if (m->step_data)
    continue_with(m);
  else
    ia_mutation_end_without_memory(m);
}

const ia_mutation_steps ia_tag_steps = {.before = before};
