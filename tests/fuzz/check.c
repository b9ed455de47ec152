// SPDX-License-Identifier: MIT
#include "check.h"
#include "str.h"
#include "written.h"
#include <imgact/json.h>
#include <math.h>

const check_secret check_fuzz_token = {FUZZ_TOKEN, FUZZ_TOKEN_NEEDLE};

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

static void check_array(const imgact_member *member, const void *values, size_t count,
                        const check_secret *secret) {
  if (member->kind == IMGACT_MEMBER_STRINGS) check_texts(values, count, secret);
  if (member->kind == IMGACT_MEMBER_LABELS) check_labels(values, count, secret);
  if (member->kind != IMGACT_MEMBER_RESOURCES) return;
  const imgact_resource *resources = values;
  CHECK(values || !count);
  for (size_t i = 0; i < count; i++) {
    check_text(resources[i].id, secret);
    check_text(resources[i].type, secret);
  }
}

static void check_member(const imgact_member *member, const void *item,
                         const check_secret *secret) {
  const void *at = (const char *)item + member->offset;
  const void *second = (const char *)item + member->second;
  switch (member->kind) {
  case IMGACT_MEMBER_NONEMPTY:
  case IMGACT_MEMBER_ID: CHECK(!text_at(item, member->offset) || *text_at(item, member->offset));
  /* fall through */
  case IMGACT_MEMBER_TEXT:
  case IMGACT_MEMBER_DERIVED: check_text(text_at(item, member->offset), secret); break;
  case IMGACT_MEMBER_IMAGE_TYPE: CHECK(*(const unsigned *)at <= IMGACT_IMAGE_TYPE_CUSTOM); break;
  case IMGACT_MEMBER_IMAGE_STATUS:
    CHECK(*(const unsigned *)at <= IMGACT_IMAGE_STATUS_RETIRED);
    break;
  case IMGACT_MEMBER_ACTION_KIND:
    CHECK(*(const unsigned *)at <= IMGACT_ACTION_KIND_CHANGE_PROTECTION);
    break;
  case IMGACT_MEMBER_ACTION_STATUS:
    CHECK(*(const unsigned *)at <= IMGACT_ACTION_STATUS_ERROR);
    break;
  case IMGACT_MEMBER_STRINGS:
  case IMGACT_MEMBER_LABELS:
  case IMGACT_MEMBER_RESOURCES:
    check_array(member, *(const void *const *)at, *(const size_t *)second, secret);
    break;
  case IMGACT_MEMBER_NUMBER:
    check_number(text_at(item, member->second), *(const double *)at);
    check_text(text_at(item, member->second), secret);
    break;
  case IMGACT_MEMBER_TIME: check_time(*(const int64_t *)at); break;
  case IMGACT_MEMBER_TRISTATE: check_tristate(*(const imgact_tristate *)at); break;
  case IMGACT_MEMBER_PERCENT: CHECK(*(const int32_t *)at >= -1); break;
  default: {
    bool kind_is_known = false;
    CHECK(kind_is_known);
  }
  }
}

void check_image(const imgact_image *image, const check_secret *secret) {
  CHECK(image->id && image->provider);
  const imgact_member *member;
  for (size_t i = 0; (member = imgact_image_member(i)); i++) check_member(member, image, secret);
  check_json(imgact_image_raw(image), secret);
}

void check_action(const imgact_action *action, const check_secret *secret) {
  CHECK(action->provider);
  const imgact_member *member;
  for (size_t i = 0; (member = imgact_action_member(i)); i++) check_member(member, action, secret);
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

/* Arrays of `texts` texts an element: strings, labels and resources. */
static void same_arrays(const void *a, const void *b, size_t count, size_t texts) {
  const char *const *one = a, *const *other = b;
  CHECK(!one == !other);
  for (size_t i = 0; one && i < count * texts; i++) CHECK(ia_str_equal(one[i], other[i]));
}

static bool same_number(double a, double b) { return isnan(a) ? isnan(b) : a >= b && a <= b; }

static void same_member(const imgact_member *member, const void *a, const void *b) {
  const void *one = (const char *)a + member->offset, *other = (const char *)b + member->offset;
  const size_t *count = (const void *)((const char *)a + member->second);
  const size_t *other_count = (const void *)((const char *)b + member->second);
  switch (member->kind) {
  case IMGACT_MEMBER_TEXT:
  case IMGACT_MEMBER_NONEMPTY:
  case IMGACT_MEMBER_ID:
  case IMGACT_MEMBER_DERIVED:
    CHECK(ia_str_equal(text_at(a, member->offset), text_at(b, member->offset)));
    break;
  case IMGACT_MEMBER_NUMBER:
    CHECK(same_number(*(const double *)one, *(const double *)other));
    CHECK(ia_str_equal(text_at(a, member->second), text_at(b, member->second)));
    break;
  case IMGACT_MEMBER_STRINGS:
  case IMGACT_MEMBER_LABELS:
  case IMGACT_MEMBER_RESOURCES:
    CHECK(*count == *other_count);
    same_arrays(*(const void *const *)one, *(const void *const *)other, *count,
                member->kind == IMGACT_MEMBER_STRINGS ? 1 : 2);
    break;
  case IMGACT_MEMBER_TIME: CHECK(*(const int64_t *)one == *(const int64_t *)other); break;
  default: CHECK(*(const int32_t *)one == *(const int32_t *)other); break;
  }
}

void check_same_image(const imgact_image *a, const imgact_image *b) {
  const imgact_member *member;
  for (size_t i = 0; (member = imgact_image_member(i)); i++) same_member(member, a, b);
}

void check_same_action(const imgact_action *a, const imgact_action *b) {
  const imgact_member *member;
  for (size_t i = 0; (member = imgact_action_member(i)); i++) same_member(member, a, b);
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
