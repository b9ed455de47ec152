// SPDX-License-Identifier: MIT
#include "alloc.h"
#include "failing_allocator.h"
#include "testing.h"

TEST(no_allocator_means_malloc) {
  assert_ptr_equal(ia_allocator_of(NULL), &ia_malloc);
  assert_ptr_equal(ia_allocator_of(&ia_malloc), &ia_malloc);
  char *copy = ia_strdup(NULL, "text");
  assert_string_equal(copy, "text");
  copy = ia_resize(NULL, copy, 100);
  assert_string_equal(copy, "text");
  ia_free(NULL, copy);
}

TEST(a_table_that_is_too_small_or_has_holes_is_refused) {
  imgact_allocator table = ia_malloc;
  table.size--;
  assert_null(ia_allocator_of(&table));
  table = ia_malloc;
  table.size += 8; // of a later version
  assert_ptr_equal(ia_allocator_of(&table), &table);
  table.alloc = NULL;
  assert_null(ia_allocator_of(&table));
  table = ia_malloc;
  table.resize = NULL;
  assert_null(ia_allocator_of(&table));
  table = ia_malloc;
  table.release = NULL;
  assert_null(ia_allocator_of(&table));
}

TEST(the_given_table_is_used_and_null_never_released) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_free(&memory.allocator, NULL);
  unsigned char *zeros = ia_alloc_zero(&memory.allocator, 64);
  for (size_t i = 0; i < 64; i++) assert_int_equal(zeros[i], 0);
  void *nothing = ia_alloc(&memory.allocator, 0);
  assert_non_null(nothing);
  nothing = ia_resize(&memory.allocator, nothing, 0);
  assert_non_null(nothing);
  assert_int_equal(memory.live_blocks, 2);
  assert_int_equal(memory.live_bytes,
                   64 + 1); // a table may answer a request for nothing with NULL: it never gets one
  ia_free(&memory.allocator, zeros);
  ia_free(&memory.allocator, nothing);
  assert_memory_fine(&memory);
}

TEST(no_memory_is_null) {
  failing_allocator memory;
  failing_allocator_init(&memory, 1);
  memory.for_good = true;
  assert_null(ia_alloc(&memory.allocator, 1));
  assert_null(ia_alloc_zero(&memory.allocator, 1));
  assert_null(ia_resize(&memory.allocator, NULL, 1));
  assert_null(ia_strdup(&memory.allocator, "x"));
  assert_null(ia_strdup(&memory.allocator, NULL));
  assert_memory_fine(&memory);
}

TEST(wiping_zeroes_exactly_what_was_asked_for) {
  char secret[] = "secret-";
  ia_wipe(secret, 6);
  assert_memory_equal(secret, "\0\0\0\0\0\0-", 8);
  ia_wipe(NULL, 0);
  ia_wipe(secret, 0);
  assert_int_equal(secret[6], '-');
}

TEST(the_version_is_told_alike_as_text_and_as_number) {
  int major, minor, patch;
  assert_int_equal(sscanf(imgact_version(), "%d.%d.%d", &major, &minor, &patch), 3);
  assert_int_equal(imgact_version_number(), (major * 1000 + minor) * 1000 + patch);
  assert_int_equal(imgact_version_number(), IMGACT_VERSION_NUMBER);
}

int main(void) { return testing_run(NULL, NULL); }
