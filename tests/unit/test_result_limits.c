// SPDX-License-Identifier: MIT
// How much a response may add to a result.
#include "result_fixture.h"

// Returns "[ITEM,ITEM,...]" or "{...}", valid until the next call.
static const char *repeated(char open, const char *item, size_t count, char close) {
  static char *text;
  size_t length = strlen(item);
  free(text);
  text = malloc(count * (length + 1) + 3);
  assert_non_null(text);
  char *at = text;
  *at++ = open;
  for (size_t i = 0; i < count; i++) {
    if (i) *at++ = ',';
    memcpy(at, item, length);
    at += length;
  }
  *at++ = close;
  *at = '\0';

  return text;
}

TEST(decode_arrays_above_limit_are_excess) {
  size_t count;
  assert_non_null(imgact_decode_strings(&s.result, json(repeated('[', "\"\"", 1000, ']')), &count));
  assert_int_equal(count, 1000);
  imgact_decode_labels(&s.result, json(repeated('{', "\"\":\"\"", 1000, '}')), &count);
  assert_int_equal(count, 1);
  assert_non_null(imgact_result_alloc_resources(&s.result, 1000));
  assert_null(s.result.excess);
  imgact_decode_strings(&s.result, json(repeated('[', "\"\"", 1001, ']')), &count);
  assert_int_equal(count, 0);
  assert_non_null(s.result.excess);
  ia_result_begin_reply(&s.result);
  imgact_decode_labels(&s.result, json(repeated('{', "\"\":\"\"", 1001, '}')), &count);
  assert_non_null(s.result.excess);
  ia_result_begin_reply(&s.result);
  assert_null(imgact_result_alloc_resources(&s.result, 1001));
  assert_non_null(s.result.excess);
  assert_false(s.result.nomem);
  json("null");
  repeated('[', "", 0, ']');
}

TEST(result_items_above_limit_are_excess) {
  for (size_t i = 0; i < IA_REPLY_MAX_ITEMS; i++)
    if (i % 2)
      imgact_result_add_image(&s.result, NULL);
    else
      imgact_result_add_action(&s.result, NULL);
  assert_null(s.result.excess);
  assert_non_null(imgact_result_add_image(&s.result, NULL));
  assert_non_null(imgact_result_add_action(&s.result, NULL));
  assert_string_equal(s.result.excess, "10000 items");
  assert_int_equal(s.result.images_count + s.result.actions_count, IA_REPLY_MAX_ITEMS);
  assert_false(s.result.nomem);
  ia_result_begin_reply(&s.result); // each page has its own limits
  imgact_result_add_image(&s.result, NULL);
  assert_null(s.result.excess);
  assert_int_equal(s.result.images_count + s.result.actions_count, IA_REPLY_MAX_ITEMS + 1);
}

TEST(result_bytes_above_limit_are_excess) {
  const size_t length = (size_t)1 << 20;
  char *text = malloc(length);
  assert_non_null(text);
  memset(text, 'x', length - 1);
  text[length - 1] = '\0';
  size_t copies = 0;
  while (imgact_result_strdup(&s.result, text)) copies++;
  free(text);
  assert_int_equal(copies, 64);
  assert_string_equal(s.result.excess, "64 MiB of decoded items");
  assert_null(imgact_decode_string(&s.result, json("\"a\"")));
  assert_null(imgact_decode_id(&s.result, json("1")));
  assert_null(imgact_decode_number_text(&s.result, json("1")));
  assert_false(s.result.nomem);
}

// Memory for a response is counted before it is allocated.
TEST(result_every_part_is_counted) {
  size_t count;
  for (int part = 0; part < 11; part++) {
    ia_result_begin_reply(&s.result);
    s.result.keep_raw = part == 7;
    s.result.reply_bytes = part == 7 ? IA_REPLY_MAX_BYTES - sizeof(ia_image) : IA_REPLY_MAX_BYTES;
    switch (part) {
    case 0: assert_null(imgact_decode_string(&s.result, json("\"\""))); break;
    case 1: assert_null(imgact_result_strdup(&s.result, "")); break;
    case 2: assert_null(imgact_decode_id(&s.result, json("1"))); break;
    case 3: assert_null(imgact_decode_id(&s.result, json("18446744073709551616"))); break;
    case 4: assert_null(imgact_decode_number_text(&s.result, json("2.5"))); break;
    case 5: imgact_decode_strings(&s.result, json("[\"a\"]"), &count); break;
    case 6: imgact_decode_labels(&s.result, json("{\"a\":\"b\"}"), &count); break;
    case 7: assert_null(imgact_image_raw(imgact_result_add_image(&s.result, json("{}")))); break;
    case 8: assert_null(imgact_result_alloc_resources(&s.result, 1)); break;
    case 9: assert_non_null(imgact_result_add_image(&s.result, NULL)); break;
    default: assert_non_null(imgact_result_add_action(&s.result, NULL)); break;
    }
    if (!s.result.excess) fail_msg("part %d", part);
    assert_string_equal(s.result.excess, "64 MiB of decoded items");
    assert_false(s.result.nomem);
  }
  // Details are omitted instead: the error has a status.
  ia_result_begin_reply(&s.result);
  s.result.reply_bytes = IA_REPLY_MAX_BYTES;
  imgact_result_set_error_details(&s.result, json("[]"));
  imgact_result_add_error_detail(&s.result, "a", json("[]"));
  assert_null(s.result.details);
  assert_null(s.result.excess);
  s.result.reply_bytes =
      IA_REPLY_MAX_BYTES - 4; // enough for the value, not for the object around it
  imgact_result_add_error_detail(&s.result, "a", json("[]"));
  assert_null(s.result.details);
  assert_false(s.result.nomem);
  s.result.keep_raw = true;
  json("null");
}

TEST(result_details_above_limit_are_omitted) {
  imgact_result_set_error_details(&s.result, json(repeated('[', "1", 40000, ']')));
  assert_null(s.result.details);
  imgact_result_set_error_details(&s.result, json("{}"));
  imgact_result_add_error_detail(&s.result, "large", json(repeated('[', "1", 40000, ']')));
  assert_string_equal(s.result.details, "{}");
  imgact_result_add_error_detail(&s.result, "a", json(repeated('[', "1", 20000, ']')));
  const char *details = s.result.details;
  assert_int_equal(strlen(details), 2 * 20000 + 7);
  imgact_result_add_error_detail(&s.result, "b",
                                 json(repeated('[', "1", 20000, ']'))); // together too large
  assert_ptr_equal(s.result.details, details);
  assert_false(s.result.nomem);
  assert_null(s.result.excess);
  repeated('[', "", 0, ']');
}

int main(void) { return testing_run(open_fixture, close_fixture); }
