// SPDX-License-Identifier: MIT
#include "check.h"
#include "str.h"
#include "written.h"
#include <imgact/json.h>
#include <math.h>

#define COUNT(array)       (sizeof(array) / sizeof *(array))
#define AT(struct, member) offsetof(struct, member)

const check_secret check_fuzz_token = {FUZZ_TOKEN, FUZZ_TOKEN_NEEDLE};

static const size_t image_texts[] = {
    AT(imgact_image, provider),
    AT(imgact_image, id),
    AT(imgact_image, name),
    AT(imgact_image, slug),
    AT(imgact_image, description),
    AT(imgact_image, provider_type),
    AT(imgact_image, provider_status),
    AT(imgact_image, architecture),
    AT(imgact_image, os_family),
    AT(imgact_image, os_version),
    AT(imgact_image, created_from_id),
    AT(imgact_image, created_from_name),
    AT(imgact_image, bound_to),
    AT(imgact_image, error_message),
    AT(imgact_image, size_gb_text),
    AT(imgact_image, min_disk_gb_text),
};
static const size_t action_texts[] = {
    AT(imgact_action, provider),        AT(imgact_action, id),     AT(imgact_action, command),
    AT(imgact_action, provider_status), AT(imgact_action, region), AT(imgact_action, error_code),
    AT(imgact_action, error_message),
};

static const char *text_at(const void *item, size_t offset) {
  return *(const char *const *)(const void *)((const char *)item + offset);
}

void check_text(const char *text, const check_secret *secret) {
  if (!text) return;
  size_t length = strlen(text);
  CHECK(ia_utf8_valid(text, length, true));
  if (!secret) return;
  CHECK(!memmem(text, length, secret->token, secret->needle));
  expect_hidden(text, length, secret->token, secret->needle);
}

void check_json(const char *text, const check_secret *secret) {
  if (!text) return;
  imgact_json_doc *doc = NULL;
  check_text(text, secret);
  CHECK(imgact_json_doc_parse(text, strlen(text), NULL, &doc, NULL, 0) == 0);
  imgact_json_doc_free(doc);
}

static void check_texts(const char *const *texts, size_t count, const check_secret *secret) {
  CHECK(texts || !count);
  for (size_t i = 0; i < count; i++) {
    CHECK(texts[i]);
    check_text(texts[i], secret);
  }
}

static void check_labels(const imgact_label *labels, size_t count, const check_secret *secret) {
  CHECK(labels || !count);
  for (size_t i = 0; i < count; i++) {
    CHECK(labels[i].key && labels[i].value);
    check_text(labels[i].key, secret);
    check_text(labels[i].value, secret);
    for (size_t k = 0; k < i && k < 100; k++) CHECK(strcmp(labels[k].key, labels[i].key) != 0);
  }
}

static void check_time(int64_t ms) {
  static const int64_t first = -62167219200000, end = 253402300800000; /* the years 0 to 9999 */
  CHECK(ms == IMGACT_NO_TIME || (ms >= first && ms < end));
}

static void check_tristate(imgact_tristate answer) {
  CHECK(answer == IMGACT_TRISTATE_UNKNOWN || answer == IMGACT_TRISTATE_FALSE ||
        answer == IMGACT_TRISTATE_TRUE);
}

static void check_number(const char *text, double number) {
  if (!text) return;
  CHECK(text[0] != '\0' && strlen(text) <= 64 && text[strspn(text, "-.0123456789")] == '\0');
  CHECK(!isnan(number));
}

void check_image(const imgact_image *image, const check_secret *secret) {
  CHECK(image->id && image->id[0] != '\0' && image->provider);
  for (size_t i = 0; i < COUNT(image_texts); i++)
    check_text(text_at(image, image_texts[i]), secret);
  check_texts(image->regions, image->regions_count, secret);
  check_texts(image->tags, image->tags_count, secret);
  check_labels(image->labels, image->labels_count, secret);
  check_number(image->size_gb_text, image->size_gb);
  check_number(image->min_disk_gb_text, image->min_disk_gb);
  check_time(image->created_at);
  check_time(image->deprecated_at);
  check_time(image->deleted_at);
  CHECK(image->type == IMGACT_IMAGE_TYPE_UNKNOWN || imgact_image_type_name(image->type));
  CHECK(image->status == IMGACT_IMAGE_STATUS_UNKNOWN || imgact_image_status_name(image->status));
  check_tristate(image->is_public);
  check_tristate(image->is_protected);
  check_json(imgact_image_raw(image), secret);
}

void check_action(const imgact_action *action, const check_secret *secret) {
  CHECK(action->provider && (!action->id || action->id[0] != '\0'));
  for (size_t i = 0; i < COUNT(action_texts); i++)
    check_text(text_at(action, action_texts[i]), secret);
  CHECK(action->resources || !action->resources_count);
  for (size_t i = 0; i < action->resources_count; i++) {
    check_text(action->resources[i].id, secret);
    check_text(action->resources[i].type, secret);
  }
  check_time(action->started_at);
  check_time(action->finished_at);
  CHECK(action->progress >= -1);
  CHECK(action->kind == IMGACT_ACTION_KIND_OTHER || imgact_action_kind_name(action->kind));
  CHECK(action->status == IMGACT_ACTION_STATUS_UNKNOWN ||
        imgact_action_status_name(action->status));
  CHECK(action->status == IMGACT_ACTION_STATUS_ERROR ||
        (!action->error_code && !action->error_message));
  check_json(imgact_action_raw(action), secret);
}

void check_error(const imgact_error *error, const char *details, const check_secret *secret) {
  CHECK(error->status == IMGACT_OK || error->status == IMGACT_END || error->message[0] != '\0');
  CHECK(error->retry_after_ms >= -1);
  check_text(error->message, secret);
  check_text(error->provider, secret);
  check_text(error->provider_code, secret);
  check_text(error->request_id, secret);
  check_json(details, secret);
}

static void same_texts(const void *a, const void *b, const size_t *offsets, size_t count) {
  for (size_t i = 0; i < count; i++)
    CHECK(ia_str_equal(text_at(a, offsets[i]), text_at(b, offsets[i])));
}

static void same_lists(const char *const *a, size_t a_count, const char *const *b, size_t b_count) {
  CHECK(!a == !b && a_count == b_count);
  for (size_t i = 0; i < a_count; i++) CHECK(!strcmp(a[i], b[i]));
}

static bool same_number(double a, double b) { return isnan(a) ? isnan(b) : a >= b && a <= b; }

void check_same_image(const imgact_image *a, const imgact_image *b) {
  same_texts(a, b, image_texts, COUNT(image_texts));
  same_lists(a->regions, a->regions_count, b->regions, b->regions_count);
  same_lists(a->tags, a->tags_count, b->tags, b->tags_count);
  CHECK(!a->labels == !b->labels && a->labels_count == b->labels_count);
  for (size_t i = 0; i < a->labels_count; i++)
    CHECK(!strcmp(a->labels[i].key, b->labels[i].key) &&
          !strcmp(a->labels[i].value, b->labels[i].value));
  CHECK(same_number(a->size_gb, b->size_gb) && same_number(a->min_disk_gb, b->min_disk_gb));
  CHECK(a->created_at == b->created_at && a->deprecated_at == b->deprecated_at &&
        a->deleted_at == b->deleted_at);
  CHECK(a->type == b->type && a->status == b->status);
  CHECK(a->is_public == b->is_public && a->is_protected == b->is_protected);
}

void check_same_action(const imgact_action *a, const imgact_action *b) {
  same_texts(a, b, action_texts, COUNT(action_texts));
  CHECK(!a->resources == !b->resources && a->resources_count == b->resources_count);
  for (size_t i = 0; i < a->resources_count; i++)
    CHECK(ia_str_equal(a->resources[i].id, b->resources[i].id) &&
          ia_str_equal(a->resources[i].type, b->resources[i].type));
  CHECK(a->started_at == b->started_at && a->finished_at == b->finished_at &&
        a->progress == b->progress);
  CHECK(a->kind == b->kind && a->status == b->status);
}

void check_op(const imgact_op *op, imgact_status status, const check_secret *secret) {
  size_t images = 0, actions = 0;
  CHECK(imgact_op_done(op) && imgact_op_error(op)->status == status);
  check_error(imgact_op_error(op), imgact_op_error_details(op), secret);
  const imgact_image *const *image = imgact_op_images(op, &images);
  const imgact_action *const *action = imgact_op_actions(op, &actions);
  for (size_t i = 0; i < images; i++) check_image(image[i], secret);
  for (size_t i = 0; i < actions; i++) check_action(action[i], secret);
  if (imgact_op_get_kind(op) == IMGACT_OP_LIST_IMAGES && status != IMGACT_OK) CHECK(images == 0);
}
