// SPDX-License-Identifier: MIT
/* Finds one image in a complete list. */
#include "date.h"
#include "error_fill.h"
#include "op.h"
#include "sort.h"
#include <stdio.h>

#define MAX_CANDIDATES 10

static const char *const newest[] = {"created:desc", "id:desc"}, *const oldest[] = {"created",
                                                                                    "id"};

static void write_text(imgact_json_writer *json, const char *key, const char *text) {
  imgact_json_write_key(json, key);
  if (text)
    imgact_json_write_string(json, text);
  else
    imgact_json_write_null(json);
}

static void write_candidate(imgact_json_writer *json, const imgact_image *image) {
  char created[32];
  bool known = ia_date_format(image->created_at, false, created);
  imgact_json_write_begin_object(json);
  write_text(json, "id", image->id);
  write_text(json, "type", imgact_image_type_name(image->type));
  write_text(json, "name", image->name);
  write_text(json, "description", image->description);
  write_text(json, "created_at", known ? created : NULL);
  imgact_json_write_end_object(json);
}

static size_t candidates_of(const imgact_result *images) {
  return images->images_count < MAX_CANDIDATES ? images->images_count : MAX_CANDIDATES;
}

/* Returns the details of the conflict, in the memory of the operation; NULL if there is none. */
static const char *candidates_json(imgact_op *op) {
  imgact_json_writer *json = imgact_json_writer_new(op->client->allocator, 0);
  imgact_json_write_begin_object(json);
  imgact_json_write_key(json, "candidates");
  imgact_json_write_begin_array(json);
  for (size_t i = 0; i < candidates_of(&op->result); i++)
    write_candidate(json, op->result.images[i]);
  imgact_json_write_end_array(json);
  imgact_json_write_end_object(json);
  const char *text = imgact_json_writer_finish(json, NULL);
  text = text ? ia_arena_copy(&op->arena, text) : NULL;
  imgact_json_writer_free(json);
  return text;
}

static void set_conflict(const imgact_op *op, imgact_error *error) {
  char ids[256] = "";
  size_t used = 0, count = candidates_of(&op->result);
  for (size_t i = 0; i < count && used < sizeof ids; i++) {
    int n =
        snprintf(ids + used, sizeof ids - used, "%s%s", i ? ", " : "", op->result.images[i]->id);
    used += n > 0 ? (size_t)n : 0;
  }
  imgact_error_set(error, IMGACT_CONFLICT, "%zu images match; the newest: %s",
                   op->result.images_count, ids);
}

/* Leaves the image to return in the result, or sets the error. Returns the details of the error. */
static const char *choose(imgact_op *op, imgact_error *error) {
  const char *details = NULL;
  if (!op->result.images_count) {
    imgact_error_set(error, IMGACT_NOT_FOUND, "%s: no image matches", op->client->provider->name);
    return NULL;
  }
  if (!ia_sort(&op->result, op->find == IMGACT_FIND_OLDEST ? oldest : newest, 2, true)) {
    ia_no_memory(error);
  } else if (op->find == IMGACT_FIND_ONLY && op->result.images_count > 1) {
    set_conflict(op, error);
    details = candidates_json(op);
    if (!details) ia_no_memory(error);
  } else {
    op->result.images_count = 1;
  }
  return details;
}

static void on_list(ia_pager *pager) {
  imgact_op *op = pager->owner;
  imgact_error error = pager->error;
  const char *details = pager->details;
  if (error.status == IMGACT_OK) details = choose(op, &error);
  ia_op_end_with(op, &error, details);
}

static void find_start(imgact_op *op) {
  op->pager->options.ahead = (size_t)op->client->settings.concurrency;
  if (!ia_op_start_pager(op, op->pager, ia_op_request_policy(op, IA_PRIORITY_READ, false), on_list,
                         &op->error))
    ia_op_end_soon(op);
}

static void find_stop(imgact_op *op) {
  if (op->error.status != IMGACT_OK) op->result.images_count = 0;
  if (op->pager) ia_pager_stop(op->pager);
}

const ia_flow ia_flow_find = {.start = find_start,
                              .stop = find_stop,
                              .cause = ia_op_list_cause,
                              .delayed_until_ms = ia_op_list_delayed_until_ms};
