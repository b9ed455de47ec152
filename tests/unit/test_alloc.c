// SPDX-License-Identifier: MIT
#include "alloc.h"
#include "failing_allocator.h"
#include "testing.h"

TEST(allocator_null_is_malloc) {
  assert_ptr_equal(ia_allocator_of(NULL), &ia_malloc);
  assert_ptr_equal(ia_allocator_of(&ia_malloc), &ia_malloc);
  char *copy = ia_strdup(NULL, "text");
  assert_string_equal(copy, "text");
  copy = ia_resize(NULL, copy, 100);
  assert_string_equal(copy, "text");
  ia_free(NULL, copy);
}

TEST(allocator_incomplete_table_is_rejected) {
  imgact_allocator table = ia_malloc;
  table.size--;
  assert_null(ia_allocator_of(&table));
  table = ia_malloc;
  table.size += 8; // the struct of a later version
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

TEST(allocator_given_table_is_used) {
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
                   64 + 1); // a table may return NULL for size 0, so it is never asked for 0

  ia_free(&memory.allocator, zeros);
  ia_free(&memory.allocator, nothing);
  assert_memory_fine(&memory);
}

TEST(alloc_without_memory_returns_null) {
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

TEST(wipe_zeroes_given_length_only) {
  char secret[] = "secret-";
  ia_wipe(secret, 6);
  assert_memory_equal(secret, "\0\0\0\0\0\0-", 8);
  ia_wipe(NULL, 0);
  ia_wipe(secret, 0);
  assert_int_equal(secret[6], '-');
}

TEST(version_string_matches_number) {
  int major, minor, patch;
  assert_int_equal(sscanf(imgact_version(), "%d.%d.%d", &major, &minor, &patch), 3);
  assert_int_equal(imgact_version_number(), (major * 1000 + minor) * 1000 + patch);
  assert_int_equal(imgact_version_number(), IMGACT_VERSION_NUMBER);
}

int main(void) { return testing_run(NULL, NULL); }
