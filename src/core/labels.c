// SPDX-License-Identifier: MIT
/*
 * Changes of some labels of an image. The API replaces the whole set: the image is read, and the
 * new set is sent if it differs. Other changes of labels by this client wait (mutation.c), also
 * during the read.
 */
#include "labels.h"
#include "child.h"
#include "running.h"
#include "str.h"
#include <string.h>

static const imgact_label *find_label(const imgact_label *labels, size_t count, const char *key) {
  const imgact_label *found = NULL; /* the last one counts */
  for (size_t i = 0; i < count; i++)
    if (ia_str_equal(labels[i].key, key)) found = &labels[i];
  return found;
}

static bool is_removed(const imgact_image_update *update, const char *key) {
  for (size_t i = 0; i < update->removed_labels_count; i++)
    if (ia_str_equal(update->removed_labels[i], key)) return true;
  return false;
}

static bool same_value(const char *a, const char *b) { return !strcmp(a ? a : "", b ? b : ""); }

static bool changes_labels(const imgact_image_update *update, const imgact_image *image) {
  for (size_t i = 0; i < image->labels_count; i++)
    if (is_removed(update, image->labels[i].key)) return true;
  for (size_t i = 0; i < update->labels_count; i++) {
    const char *key = update->labels[i].key;
    const imgact_label *wanted = find_label(update->labels, update->labels_count, key),
                       *now = find_label(image->labels, image->labels_count, key);
    if (!now || !same_value(now->value, wanted->value)) return true;
  }
  return false;
}

static bool changes_more(const imgact_image_update *u) {
  return u->name || u->description || u->distribution || u->convert_to_snapshot;
}

/* The labels of the image that stay, then those to set. NULL: no memory. */
static imgact_label *merge(ia_arena *arena, const imgact_image_update *update,
                           const imgact_image *image, size_t *count) {
  imgact_label *all =
      ia_arena_array(arena, image->labels_count + update->labels_count + 1, sizeof *all);
  *count = 0;
  for (size_t i = 0; all && i < image->labels_count; i++) {
    const imgact_label *label = &image->labels[i];
    if (is_removed(update, label->key) ||
        find_label(update->labels, update->labels_count, label->key))
      continue;
    imgact_label *copy = &all[(*count)++];
    copy->key = ia_arena_copy(arena, label->key);
    copy->value = ia_arena_copy(arena, label->value ? label->value : "");
    if (!copy->key || !copy->value) return NULL;
  }
  if (all && update->labels_count)
    memcpy(all + *count, update->labels, update->labels_count * sizeof *all);
  *count += update->labels_count;
  return all;
}

/* Sends the update with the complete new set, or without labels if they stay as they are. */
static void send_merged(ia_mutation *m, const imgact_image *image) {
  ia_arena *arena = &m->op->arena;
  const imgact_image_update *update = m->op->call.update;
  imgact_call *call = ia_arena_alloc(arena, sizeof *call);
  imgact_image_update *whole = ia_arena_alloc(arena, sizeof *whole);
  size_t count = 0;
  imgact_label *labels = merge(arena, update, image, &count);
  if (!call || !whole || !labels) {
    ia_mutation_end_without_memory(m);
    return;
  }
  *whole = *update;
  whole->merge_labels = 0;
  whole->replace_labels = changes_labels(update, image);
  whole->labels = labels;
  whole->labels_count = count;
  *call = m->op->call;
  call->update = whole;
  m->request = call;
  ia_mutation_send(m);
}

static void on_image(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  const imgact_image *image = imgact_op_image(child);
  imgact_error error = child->error;
  if (error.status == IMGACT_OK && (!image || !image->labels)) {
    imgact_error_set(&error, IMGACT_PROTOCOL, "the response lacks the labels of the image");
    error.http_status = 200; /* the image was read */
  }
  if (error.status != IMGACT_OK || !image || !image->labels) {
    ia_mutation_end(m, &error, child->details);
  } else if (changes_more(op->call.update) || changes_labels(op->call.update, image)) {
    send_merged(m, image);
  } else if (!ia_result_take(&op->result, &child->result)) {
    ia_mutation_end_without_memory(m);
  } else {
    ia_mutation_not_needed(m);
  }
}

static void before(ia_mutation *m) {
  if (!ia_child_start(m->op, ia_child_get_image(m->op, m->op->call.image_ref), on_image))
    ia_mutation_end_without_memory(m);
}

const ia_mutation_steps ia_label_steps = {.before = before, .rejected = ia_running_report};
