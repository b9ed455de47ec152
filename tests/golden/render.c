// SPDX-License-Identifier: MIT
/* Results as JSON, every key always there, null for members not reported. */
#include "golden.h"
#include <stdlib.h>
#include <time.h>

static void text(imgact_json_writer *w, const char *key, const char *value) {
  imgact_json_write_key(w, key);
  imgact_json_write_string(w, value);
}

static void word(imgact_json_writer *w, const char *key, const char *value) {
  text(w, key, *value ? value : NULL);
}

/* The digits as the cloud sent them, where they are known; "apart" where they and the double are
 * not the same number. */
static void number(imgact_json_writer *w, const char *key, double value, const char *digits) {
  double read = digits ? strtod(digits, NULL) : value;
  imgact_json_write_key(w, key);
  if (digits && !(read <= value && read >= value))
    imgact_json_write_string(w, "apart");
  else if (digits)
    imgact_json_write_raw(w, digits);
  else
    imgact_json_write_double(w, value);
}

static void count(imgact_json_writer *w, const char *key, int64_t value) {
  imgact_json_write_key(w, key);
  if (value < 0)
    imgact_json_write_null(w);
  else
    imgact_json_write_int(w, value);
}

static void answer(imgact_json_writer *w, const char *key, imgact_tristate value) {
  imgact_json_write_key(w, key);
  if (value == IMGACT_TRISTATE_UNKNOWN)
    imgact_json_write_null(w);
  else
    imgact_json_write_bool(w, value == IMGACT_TRISTATE_TRUE);
}

static void moment(imgact_json_writer *w, const char *key, int64_t ms) {
  char buffer[64] = "";
  if (ms != IMGACT_NO_TIME) {
    time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
    struct tm parts;
    if (gmtime_r(&seconds, &parts)) strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts);
  }
  word(w, key, buffer);
}

static void strings(imgact_json_writer *w, const char *key, const char *const *values, size_t n) {
  imgact_json_write_key(w, key);
  if (!values) {
    imgact_json_write_null(w);
    return;
  }
  imgact_json_write_begin_array(w);
  for (size_t i = 0; i < n; i++) imgact_json_write_string(w, values[i]);
  imgact_json_write_end_array(w);
}

static void labels(imgact_json_writer *w, const imgact_image *image) {
  imgact_json_write_key(w, "labels");
  if (!image->labels) {
    imgact_json_write_null(w);
    return;
  }
  imgact_json_write_begin_object(w);
  for (size_t i = 0; i < image->labels_count; i++)
    text(w, image->labels[i].key, image->labels[i].value);
  imgact_json_write_end_object(w);
}

static void created_from(imgact_json_writer *w, const imgact_image *image) {
  imgact_json_write_key(w, "created_from");
  if (!image->created_from_id && !image->created_from_name) {
    imgact_json_write_null(w);
    return;
  }
  imgact_json_write_begin_object(w);
  text(w, "id", image->created_from_id);
  text(w, "name", image->created_from_name);
  imgact_json_write_end_object(w);
}

static void render_image(imgact_json_writer *w, const imgact_image *image) {
  imgact_json_write_begin_object(w);
  text(w, "provider", image->provider);
  text(w, "id", image->id);
  text(w, "name", image->name);
  text(w, "slug", image->slug);
  text(w, "description", image->description);
  text(w, "type", imgact_image_type_name(image->type));
  text(w, "provider_type", image->provider_type);
  text(w, "status", imgact_image_status_name(image->status));
  text(w, "provider_status", image->provider_status);
  text(w, "architecture", image->architecture);
  text(w, "os_family", image->os_family);
  text(w, "os_version", image->os_version);
  answer(w, "public", image->is_public);
  number(w, "size_gb", image->size_gb, image->size_gb_text);
  number(w, "min_disk_gb", image->min_disk_gb, image->min_disk_gb_text);
  strings(w, "regions", image->regions, image->regions_count);
  labels(w, image);
  strings(w, "tags", image->tags, image->tags_count);
  answer(w, "protected", image->is_protected);
  moment(w, "created_at", image->created_at);
  moment(w, "deprecated_at", image->deprecated_at);
  moment(w, "deleted_at", image->deleted_at);
  created_from(w, image);
  text(w, "bound_to", image->bound_to);
  text(w, "error_message", image->error_message);
  imgact_json_write_key(w, "raw");
  imgact_json_write_raw(w, imgact_image_raw(image));
  imgact_json_write_end_object(w);
}

static void resources(imgact_json_writer *w, const imgact_action *action) {
  imgact_json_write_key(w, "resources");
  if (!action->resources) {
    imgact_json_write_null(w);
    return;
  }
  imgact_json_write_begin_array(w);
  for (size_t i = 0; i < action->resources_count; i++) {
    imgact_json_write_begin_object(w);
    text(w, "id", action->resources[i].id);
    text(w, "type", action->resources[i].type);
    imgact_json_write_end_object(w);
  }
  imgact_json_write_end_array(w);
}

static void reason(imgact_json_writer *w, const imgact_action *action) {
  imgact_json_write_key(w, "error");
  if (action->status != IMGACT_ACTION_STATUS_ERROR && !action->error_code &&
      !action->error_message) {
    imgact_json_write_null(w);
    return;
  }
  imgact_json_write_begin_object(w);
  text(w, "code", action->error_code);
  text(w, "message", action->error_message);
  imgact_json_write_end_object(w);
}

static void render_action(imgact_json_writer *w, const imgact_action *action) {
  imgact_json_write_begin_object(w);
  text(w, "provider", action->provider);
  text(w, "id", action->id);
  text(w, "command", action->command);
  text(w, "kind", imgact_action_kind_name(action->kind));
  text(w, "status", imgact_action_status_name(action->status));
  text(w, "provider_status", action->provider_status);
  count(w, "progress", action->progress);
  moment(w, "started_at", action->started_at);
  moment(w, "finished_at", action->finished_at);
  text(w, "region", action->region);
  resources(w, action);
  reason(w, action);
  imgact_json_write_key(w, "raw");
  imgact_json_write_raw(w, imgact_action_raw(action));
  imgact_json_write_end_object(w);
}

static void render_error(imgact_json_writer *w, const imgact_op *op) {
  const imgact_error *error = imgact_op_error(op);
  imgact_json_write_key(w, "error");
  if (error->status == IMGACT_OK) {
    imgact_json_write_null(w);
    return;
  }
  imgact_json_write_begin_object(w);
  text(w, "code", imgact_status_name(error->status));
  word(w, "message", error->message);
  word(w, "provider", error->provider);
  count(w, "http_status", error->http_status > 0 ? error->http_status : -1);
  word(w, "provider_code", error->provider_code);
  word(w, "request_id", error->request_id);
  imgact_json_write_key(w, "retry_after");
  if (error->retry_after_ms < 0)
    imgact_json_write_null(w);
  else
    imgact_json_write_double(w, (double)error->retry_after_ms / 1000);
  imgact_json_write_key(w, "maybe_applied");
  imgact_json_write_bool(w, (error->flags & IMGACT_ERROR_MAYBE_APPLIED) != 0);
  imgact_json_write_key(w, "details");
  imgact_json_write_raw(w, imgact_op_error_details(op));
  imgact_json_write_end_object(w);
}

static void render_page(imgact_json_writer *w, const imgact_op *op) {
  imgact_pagination page;
  imgact_op_pagination(op, &page);
  imgact_json_write_key(w, "page");
  imgact_json_write_begin_object(w);
  count(w, "page", page.page);
  count(w, "per_page", page.per_page);
  count(w, "previous", page.previous);
  count(w, "next", page.next);
  count(w, "last", page.last);
  count(w, "total", page.total);
  imgact_json_write_end_object(w);
}

static void render_rate(imgact_json_writer *w, const imgact_op *op) {
  imgact_rate_limit rate;
  imgact_op_rate_limit(op, &rate);
  imgact_json_write_key(w, "rate");
  imgact_json_write_begin_object(w);
  count(w, "limit", rate.limit);
  count(w, "remaining", rate.remaining);
  moment(w, "reset", rate.reset_at);
  count(w, "retry_after_ms", rate.retry_after_ms);
  imgact_json_write_end_object(w);
}

static void render_items(imgact_json_writer *w, const imgact_op *op) {
  size_t n = 0;
  const imgact_image *const *images = imgact_op_images(op, &n);
  imgact_json_write_key(w, "images");
  imgact_json_write_begin_array(w);
  for (size_t i = 0; i < n; i++) render_image(w, images[i]);
  imgact_json_write_end_array(w);
  const imgact_action *const *actions = imgact_op_actions(op, &n);
  imgact_json_write_key(w, "actions");
  imgact_json_write_begin_array(w);
  for (size_t i = 0; i < n; i++) render_action(w, actions[i]);
  imgact_json_write_end_array(w);
}

const char *golden_render(imgact_json_writer *writer, const imgact_op *op) {
  imgact_json_write_begin_object(writer);
  text(writer, "status", imgact_status_name(imgact_op_error(op)->status));
  render_items(writer, op);
  render_error(writer, op);
  render_page(writer, op);
  render_rate(writer, op);
  imgact_json_write_key(writer, "adopted");
  imgact_json_write_bool(writer, imgact_op_adopted(op));
  imgact_json_write_key(writer, "local");
  imgact_json_write_bool(writer, imgact_op_filtered_locally(op));
  imgact_json_write_key(writer, "gone");
  imgact_json_write_bool(writer, (imgact_op_error(op)->flags & IMGACT_ERROR_ALREADY_DELETED) != 0);
  imgact_json_write_end_object(writer);
  return imgact_json_writer_finish(writer, NULL);
}
