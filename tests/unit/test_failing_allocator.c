// SPDX-License-Identifier: MIT
// The allocator of the tests: it fails as requested and reports misuse.
#include "failing_allocator.h"
#include "testing.h"

static void *allocate(failing_allocator *memory, size_t bytes) {
  return memory->allocator.alloc(memory, bytes);
}
static void release_block(failing_allocator *memory, void *block) {
  memory->allocator.release(memory, block);
}

TEST(failing_allocator_fails_given_call_only) {
  failing_allocator memory;
  failing_allocator_init(&memory, 2);
  void *first = allocate(&memory, 10);
  assert_non_null(first);
  assert_null(allocate(&memory, 10));
  void *third = allocate(&memory, 10);
  assert_non_null(third);
  assert_int_equal(memory.failures, 1);
  assert_int_equal(memory.calls, 3);
  release_block(&memory, first);
  release_block(&memory, third);
  assert_memory_fine(&memory);
}

TEST(failing_allocator_for_good_keeps_failing) {
  failing_allocator memory;
  failing_allocator_init(&memory, 1);
  memory.for_good = true;
  assert_null(allocate(&memory, 1));
  assert_null(allocate(&memory, 1));
  assert_memory_fine(&memory);
}

TEST(failing_allocator_resize_keeps_block) {
  failing_allocator memory;
  failing_allocator_init(&memory, 2);
  char *block = allocate(&memory, 4);
  memcpy(block, "abc", 4);
  assert_null(memory.allocator.resize(&memory, block, 400));
  assert_string_equal(block, "abc");
  block = memory.allocator.resize(&memory, block, 400);
  assert_string_equal(block, "abc");
  assert_int_equal(memory.live_bytes, 400);
  assert_int_equal(memory.peak_bytes, 404);
  release_block(&memory, block);
  assert_memory_fine(&memory);
}

TEST(failing_allocator_leak_is_reported) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  assert_non_null(allocate(&memory, 1));
  assert_string_equal(failing_allocator_finish(&memory), "a block was not released");
}

TEST(failing_allocator_null_release_is_reported) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  release_block(&memory, NULL);
  assert_string_equal(failing_allocator_finish(&memory), "NULL was released");
}

#if FAILING_ALLOCATOR_KEEPS
TEST(failing_allocator_late_write_is_reported) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  char *block = allocate(&memory, 1);
  release_block(&memory, block);
  release_block(&memory, block);
  assert_string_equal(failing_allocator_finish(&memory), "a block was released twice");
  failing_allocator_init(&memory, 0);
  char *volatile late = allocate(&memory, 1);
  release_block(&memory, late);
  *late = 'x';
  assert_string_equal(failing_allocator_finish(&memory),
                      "a block was written to after its release");
}
#endif

int main(void) { return testing_run(NULL, NULL); }
