// SPDX-License-Identifier: MIT
/* Results as JSON, every key always there, null for members not reported. */
#include "golden.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void strings(imgact_json_writer *w, const char *const *values, size_t n) {
  imgact_json_write_begin_array(w);
  for (size_t i = 0; i < n; i++) imgact_json_write_string(w, values[i]);
  imgact_json_write_end_array(w);
}

static void labels(imgact_json_writer *w, const imgact_label *values, size_t n) {
  imgact_json_write_begin_object(w);
  for (size_t i = 0; i < n; i++) text(w, values[i].key, values[i].value);
  imgact_json_write_end_object(w);
}

static void resources(imgact_json_writer *w, const imgact_resource *values, size_t n) {
  imgact_json_write_begin_array(w);
  for (size_t i = 0; i < n; i++) {
    imgact_json_write_begin_object(w);
    text(w, "id", values[i].id);
    text(w, "type", values[i].type);
    imgact_json_write_end_object(w);
  }
  imgact_json_write_end_array(w);
}

static void array(imgact_json_writer *w, const char *key, const imgact_member *member,
                  const void *at, size_t n) {
  const void *values = *(const void *const *)at;

  imgact_json_write_key(w, key);
  if (values == NULL)
    imgact_json_write_null(w);
  else if (member->kind == IMGACT_MEMBER_STRINGS)
    strings(w, values, n);
  else if (member->kind == IMGACT_MEMBER_LABELS)
    labels(w, values, n);
  else
    resources(w, values, n);
}

static void render_member(imgact_json_writer *w, const char *key, const imgact_member *member,
                          const void *item) {
  const void *at = (const char *)item + member->offset;
  const void *second = (const char *)item + member->second;

  switch (member->kind) {
  case IMGACT_MEMBER_IMAGE_TYPE:
    text(w, key, imgact_image_type_name(*(const imgact_image_type *)at));
    break;
  case IMGACT_MEMBER_IMAGE_STATUS:
    text(w, key, imgact_image_status_name(*(const imgact_image_status *)at));
    break;
  case IMGACT_MEMBER_ACTION_KIND:
    text(w, key, imgact_action_kind_name(*(const imgact_action_kind *)at));
    break;
  case IMGACT_MEMBER_ACTION_STATUS:
    text(w, key, imgact_action_status_name(*(const imgact_action_status *)at));
    break;
  case IMGACT_MEMBER_STRINGS:
  case IMGACT_MEMBER_LABELS:
  case IMGACT_MEMBER_RESOURCES: array(w, key, member, at, *(const size_t *)second); break;
  case IMGACT_MEMBER_NUMBER:
    number(w, key, *(const double *)at, *(const char *const *)second);
    break;
  case IMGACT_MEMBER_TIME: moment(w, key, *(const int64_t *)at); break;
  case IMGACT_MEMBER_TRISTATE: answer(w, key, *(const imgact_tristate *)at); break;
  case IMGACT_MEMBER_PERCENT: count(w, key, *(const int32_t *)at); break;
  default: text(w, key, *(const char *const *)at); break;
  }
}

typedef const imgact_member *member_at(size_t index);

// The members "created_from.id", "created_from.name" from an index on are one object, null if it
// has no text and is not the error of a failed action. Returns the index after it.
static size_t render_object(imgact_json_writer *w, member_at *member, size_t index,
                            const void *item, bool is_there) {
  char name[64];
  const char *dot = strchr(member(index)->key, '.');
  size_t length = (size_t)(dot - member(index)->key), end = index;
  snprintf(name, sizeof name, "%.*s", (int)length, member(index)->key);
  for (; member(end) && !strncmp(member(end)->key, member(index)->key, length + 1); end++)
    is_there = is_there || *(const char *const *)(const void *)((const char *)item +
                                                                member(end)->offset) != NULL;

  imgact_json_write_key(w, name);
  if (!is_there) {
    imgact_json_write_null(w);
    return end;
  }
  imgact_json_write_begin_object(w);
  for (size_t i = index; i < end; i++)
    render_member(w, member(i)->key + length + 1, member(i), item);
  imgact_json_write_end_object(w);
  return end;
}

static void render_item(imgact_json_writer *w, member_at *member, const void *item, bool failed,
                        const char *raw) {
  imgact_json_write_begin_object(w);
  for (size_t i = 0; member(i);) {
    if (strchr(member(i)->key, '.')) {
      i = render_object(w, member, i, item, failed);
    } else {
      render_member(w, member(i)->key, member(i), item);
      i++;
    }
  }
  imgact_json_write_key(w, "raw");
  imgact_json_write_raw(w, raw);
  imgact_json_write_end_object(w);
}

static void render_image(imgact_json_writer *w, const imgact_image *image) {
  render_item(w, imgact_image_member, image, false, imgact_image_raw(image));
}

static void render_action(imgact_json_writer *w, const imgact_action *action) {
  render_item(w, imgact_action_member, action, action->status == IMGACT_ACTION_STATUS_ERROR,
              imgact_action_raw(action));
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
