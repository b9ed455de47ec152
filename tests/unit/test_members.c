// SPDX-License-Identifier: MIT
// The lists of members: they cover the structs, and what is made from them covers every row.
#include "members.h"

#include <math.h>

#include "result_fixture.h"

typedef const imgact_member *member_at(size_t index);

static size_t size_of(imgact_member_kind kind) {
  switch (kind) {
  case IMGACT_MEMBER_IMAGE_TYPE:
  case IMGACT_MEMBER_IMAGE_STATUS:
  case IMGACT_MEMBER_ACTION_KIND:
  case IMGACT_MEMBER_ACTION_STATUS: return sizeof(imgact_image_type);
  case IMGACT_MEMBER_TRISTATE: return sizeof(imgact_tristate);
  case IMGACT_MEMBER_PERCENT: return sizeof(int32_t);
  case IMGACT_MEMBER_TIME: return sizeof(int64_t);
  case IMGACT_MEMBER_NUMBER: return sizeof(double);
  default: return sizeof(void *);
  }
}

// The size of what `second` points to; 0: it has a row of its own, or there is none.
static size_t size_of_second(imgact_member_kind kind) {
  if (kind == IMGACT_MEMBER_NUMBER) return sizeof(char *);
  return kind == IMGACT_MEMBER_STRINGS || kind == IMGACT_MEMBER_LABELS ||
                 kind == IMGACT_MEMBER_RESOURCES
             ? sizeof(size_t)
             : 0;
}

static void cover(unsigned char *bytes, size_t offset, size_t size) {
  for (size_t i = offset; i < offset + size; i++) bytes[i]++;
}

// Every byte of a struct belongs to one row: a member without a row, or with two, is found.
static void assert_covered(member_at *member, unsigned char *bytes, size_t size) {
  for (size_t i = 0; member(i) != NULL; i++) {
    cover(bytes, member(i)->offset, size_of(member(i)->kind));
    cover(bytes, member(i)->second, size_of_second(member(i)->kind));
  }
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != 1) fail_msg("%u rows for the byte at offset %zu", bytes[i], i);
}

TEST(members_cover_image) {
  unsigned char bytes[sizeof(imgact_image)] = {0};
  cover(bytes, offsetof(imgact_image, reserved), sizeof(int32_t));
  assert_covered(imgact_image_member, bytes, sizeof bytes);
}

TEST(members_cover_action) {
  unsigned char bytes[sizeof(imgact_action)] = {0};
  cover(bytes, offsetof(imgact_action, reserved), sizeof(int32_t));
  assert_covered(imgact_action_member, bytes, sizeof bytes);
}

static void assert_keys(member_at *member) {
  size_t count = 0;
  while (member(count) != NULL) count++;
  assert_null(member(count + 1));
  assert_null(member(SIZE_MAX));
  for (size_t i = 0; i < count; i++) {
    size_t object = strcspn(member(i)->key, ".") + 1; // with its dot
    for (size_t k = 0; k < i; k++) {
      assert_string_not_equal(member(i)->key, member(k)->key);
      bool same_object = strchr(member(i)->key, '.') != NULL &&
                         strncmp(member(i)->key, member(k)->key, object) == 0;
      if (same_object) assert_int_equal(strncmp(member(i - 1)->key, member(i)->key, object), 0);
    }
  }
}

TEST(members_have_distinct_keys) {
  assert_keys(imgact_image_member);
  assert_keys(imgact_action_member);
}

// ---- not reported

static const void *at(const void *item, size_t offset) { return (const char *)item + offset; }

static void assert_unknown(const imgact_member *member, const void *item) {
  const void *value = at(item, member->offset), *second = at(item, member->second);

  switch (member->kind) {
  case IMGACT_MEMBER_NUMBER:
    assert_true(isnan(*(const double *)value));
    assert_null(*(const char *const *)second);
    break;
  case IMGACT_MEMBER_TIME: assert_true(*(const int64_t *)value == IMGACT_NO_TIME); break;
  case IMGACT_MEMBER_TRISTATE:
    assert_true(*(const imgact_tristate *)value == IMGACT_TRISTATE_UNKNOWN);
    break;
  case IMGACT_MEMBER_PERCENT: assert_int_equal(*(const int32_t *)value, -1); break;
  case IMGACT_MEMBER_IMAGE_TYPE:
  case IMGACT_MEMBER_IMAGE_STATUS:
  case IMGACT_MEMBER_ACTION_KIND:
  case IMGACT_MEMBER_ACTION_STATUS: assert_int_equal(*(const int32_t *)value, 0); break;
  case IMGACT_MEMBER_STRINGS:
  case IMGACT_MEMBER_LABELS:
  case IMGACT_MEMBER_RESOURCES: assert_int_equal(*(const size_t *)second, 0); /* fall through */
  default: assert_null(*(const char *const *)value); break;
  }
}

TEST(members_of_new_item_are_unknown) {
  const imgact_image *image = imgact_result_add_image(&s.result, NULL);
  const imgact_action *action = imgact_result_add_action(&s.result, NULL);

  assert_string_equal(image->provider, "example");
  assert_string_equal(action->provider, "example");
  for (size_t i = IMGACT_TARGET_IMAGE_ID; imgact_image_member(i) != NULL; i++)
    assert_unknown(imgact_image_member(i), image);
  for (size_t i = 1; imgact_action_member(i) != NULL; i++)
    assert_unknown(imgact_action_member(i), action);
}

// ---- copies

static const char *const own_texts[] = {"one", "two", "three", "four"};

static void set(void *item, size_t offset, const void *value, size_t size) {
  memcpy((char *)item + offset, value, size);
}

// Fills the whole item with texts of the test.
static void fill(imgact_action *action) {
  const imgact_member *member;
  const void *array = own_texts;
  const size_t two = 2;

  for (size_t i = 0; (member = imgact_action_member(i)) != NULL; i++)
    if (size_of_second(member->kind) == sizeof(size_t) && member->kind != IMGACT_MEMBER_NUMBER) {
      set(action, member->offset, &array, sizeof array);
      set(action, member->second, &two, sizeof two);
    } else if (size_of(member->kind) == sizeof(void *) && member->kind != IMGACT_MEMBER_TIME &&
               member->kind != IMGACT_MEMBER_NUMBER) {
      set(action, member->offset, &own_texts[i % 4], sizeof own_texts[0]);
    }
}

static void assert_copied(const char *key, const char *copy, const char *text) {
  if (copy == text || strcmp(copy, text) != 0) fail_msg("%s is not copied", key);
}

TEST(action_copy_owns_every_text) {
  ia_action whole = {.raw = "{}", .shown = {.progress = 7, .started_at = 5}};
  fill(&whole.shown);

  const imgact_action *copy = ia_action_copy(&s.result.arena, &whole.shown);
  const imgact_member *member;
  size_t texts = 0;

  for (size_t i = 0; (member = imgact_action_member(i)) != NULL; i++) {
    const char *const *value = at(copy, member->offset);
    switch (member->kind) {
    case IMGACT_MEMBER_TEXT:
    case IMGACT_MEMBER_NONEMPTY:
    case IMGACT_MEMBER_ID:
    case IMGACT_MEMBER_DERIVED:
      assert_copied(member->key, *value, own_texts[i % 4]);
      texts++;
      break;
    case IMGACT_MEMBER_RESOURCES:
      assert_ptr_not_equal(*value, own_texts);
      for (size_t k = 0; k < 4; k++)
        assert_copied(member->key, ((const char *const *)(const void *)*value)[k], own_texts[k]);
      break;
    default: break;
    }
  }
  assert_int_equal(texts, 8);
  assert_copied("raw", imgact_action_raw(copy), whole.raw);
  assert_true(copy->progress == 7 && copy->started_at == 5);
}

int main(void) { return testing_run(open_fixture, close_fixture); }
