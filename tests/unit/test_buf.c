// SPDX-License-Identifier: MIT
#include "buf.h"
#include "failing_allocator.h"
#include "testing.h"

TEST(buf_append_concatenates_text) {
  ia_buf buf;
  ia_buf_init(&buf, NULL, 1000);
  assert_string_equal(ia_buf_text(&buf), "");
  assert_null(buf.data);
  ia_buf_str(&buf, "image ");
  ia_buf_char(&buf, '#');
  ia_buf_printf(&buf, "%d of %s", 7, "nine");
  ia_buf_add(&buf, ", truncated", 1);
  ia_buf_add(&buf, NULL, 0);
  ia_buf_str(&buf, NULL);
  assert_string_equal(ia_buf_text(&buf), "image #7 of nine,");
  assert_int_equal(buf.length, strlen("image #7 of nine,"));
  ia_buf_free(&buf);
  assert_string_equal(ia_buf_text(&buf), "");
}

TEST(buf_nul_bytes_are_kept) {
  ia_buf buf;
  ia_buf_init(&buf, NULL, 10);
  ia_buf_char(&buf, '\0');
  ia_buf_add(&buf, "\xff\0", 2);
  assert_int_equal(buf.length, 3);
  assert_memory_equal(ia_buf_text(&buf), "\0\xff\0", 4);
  ia_buf_free(&buf);
}

TEST(buf_above_limit_stays_full) {
  ia_buf buf;
  ia_buf_init(&buf, NULL, 100);
  for (int i = 0; i < 100; i++) ia_buf_char(&buf, 'x');
  assert_int_equal(strlen(ia_buf_text(&buf)), 100);
  assert_true(buf.capacity <= 101);
  ia_buf_char(&buf, 'x');
  assert_int_equal(buf.state, IA_BUF_FULL);
  assert_null(ia_buf_text(&buf));
  ia_buf_str(&buf, "");
  ia_buf_printf(&buf, "%s", "");
  assert_null(ia_buf_text(&buf));
  ia_buf_reset(&buf);
  ia_buf_printf(&buf, "%0101d", 1);
  assert_int_equal(buf.state, IA_BUF_FULL);
  ia_buf_reset(&buf);
  ia_buf_printf(&buf, "%0100d", 1);
  assert_int_equal(buf.length, 100);

  ia_buf_free(&buf);
}

TEST(buf_zero_limit_rejects_text) {
  ia_buf buf;
  ia_buf_init(&buf, NULL, 0);
  ia_buf_str(&buf, "");
  assert_string_equal(ia_buf_text(&buf), "");
  ia_buf_printf(&buf, "%s", "");
  assert_string_equal(ia_buf_text(&buf), "");
  ia_buf_char(&buf, 'x');
  assert_null(ia_buf_text(&buf));
  ia_buf_free(&buf);
}

TEST(buf_add_size_overflow_is_full) {
  ia_buf buf;
  ia_buf_init(&buf, NULL, SIZE_MAX);
  ia_buf_char(&buf, 'x');
  ia_buf_add(&buf, "x", SIZE_MAX);
  assert_int_equal(buf.state, IA_BUF_FULL);
  ia_buf_free(&buf);
}

TEST(buf_reset_clears_error_keeps_memory) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_buf buf;
  ia_buf_init(&buf, &memory.allocator, 10);

  ia_buf_str(&buf, "0123456789");
  ia_buf_char(&buf, 'x');
  ia_buf_reset(&buf);
  assert_string_equal(ia_buf_text(&buf), "");
  ia_buf_str(&buf, "again");
  assert_string_equal(ia_buf_text(&buf), "again");
  assert_int_equal(memory.calls, 1);

  ia_buf_free(&buf);
  assert_memory_fine(&memory);
}

TEST(buf_growth_takes_few_allocations) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_buf buf;
  ia_buf_init(&buf, &memory.allocator, 1 << 20);
  for (int i = 0; i < 1 << 20; i++) ia_buf_char(&buf, (char)('a' + i % 26));
  assert_true(memory.calls < 20);
  for (int i = 0; i < 1 << 20; i++) assert_int_equal(buf.data[i], 'a' + i % 26);
  ia_buf_free(&buf);
  assert_memory_fine(&memory);
}

TEST(buf_without_memory_stays_failed) {
  for (size_t k = 1; k <= 3; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    ia_buf buf;
    ia_buf_init(&buf, &memory.allocator, 1000);
    for (int i = 0; i < 300; i++) ia_buf_printf(&buf, "%d", i % 10);
    assert_int_equal(buf.state, IA_BUF_NOMEM);
    assert_null(ia_buf_text(&buf));
    assert_int_equal(memory.failures, 1);
    ia_buf_free(&buf);
    assert_memory_fine(&memory);
  }
}

int main(void) { return testing_run(NULL, NULL); }
