// SPDX-License-Identifier: MIT
#include "arena.h"
#include "failing_allocator.h"
#include "testing.h"

#include <stdalign.h>

TEST(arena_unused_allocates_nothing) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_arena arena;
  ia_arena_init(&arena, &memory.allocator);
  ia_arena_reset(&arena);
  ia_arena_free(&arena);
  assert_int_equal(memory.calls, 0);
  assert_memory_fine(&memory);
}

// Every piece keeps its bytes while others of all sizes are allocated.
TEST(arena_alloc_random_sizes_never_overlap) {
  enum { PIECES = 2000 };
  static unsigned char *pieces[PIECES];
  static size_t sizes[PIECES];
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_arena arena;
  ia_arena_init(&arena, &memory.allocator);
  uint64_t random = 1;

  for (size_t i = 0; i < PIECES; i++) {
    sizes[i] = testing_below(&random, i % 50 == 0 ? 100000 : 200);
    if (i % 3 == 0)
      (void)ia_arena_copy_n(&arena, "odd",
                            testing_below(&random, 4)); // leaves the position unaligned
    pieces[i] = ia_arena_alloc(&arena, sizes[i]);
    assert_non_null(pieces[i]);
    assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
    for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(pieces[i][k], 0);
    memset(pieces[i], (int)(i & 0xff), sizes[i]);
  }
  for (size_t i = 0; i < PIECES; i++) {
    for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(pieces[i][k], i & 0xff);
  }

  ia_arena_free(&arena);
  assert_memory_fine(&memory);
}

TEST(arena_blocks_double_up_to_limit) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_arena arena;
  ia_arena_init(&arena, &memory.allocator);
  assert_non_null(ia_arena_alloc(&arena, 1));
  assert_int_equal(memory.live_bytes, 512);
  for (int i = 0; i < 64 * 1024; i++) assert_non_null(ia_arena_alloc(&arena, 16)); // 1 MiB
  // 512 + 1024 + 2048 bytes, then 4 KiB each.
  assert_int_in_range(memory.live_blocks, 3 + 256, 3 + 260);
  ia_arena_free(&arena);
  assert_memory_fine(&memory);
}

TEST(arena_large_alloc_keeps_current_block) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_arena arena;
  ia_arena_init(&arena, &memory.allocator);
  char *before = ia_arena_alloc(&arena, 16);

  assert_non_null(ia_arena_alloc(&arena, 200000));
  char *after = ia_arena_alloc(&arena, 16);
  assert_ptr_equal(after, before + 16);
  ia_arena_reset(&arena);
  assert_int_equal(memory.live_blocks, 1);
  assert_ptr_equal(ia_arena_alloc(&arena, 16), before);

  ia_arena_free(&arena);
  assert_memory_fine(&memory);
}

TEST(arena_reset_reuses_zeroed_memory) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_arena arena;
  ia_arena_init(&arena, &memory.allocator);
  size_t after_warm_up = 0;

  for (int turn = 0; turn < 1000; turn++) {
    for (int i = 0; i < 100; i++) {
      unsigned char *piece = ia_arena_alloc(&arena, 300);
      assert_non_null(piece);
      for (size_t k = 0; k < 300; k++) assert_int_equal(piece[k], 0);
      memset(piece, 0xff, 300);
    }
    ia_arena_reset(&arena);
    if (turn == 20) after_warm_up = memory.peak_bytes;
  }
  assert_int_equal(memory.peak_bytes, after_warm_up);

  ia_arena_free(&arena);
  assert_memory_fine(&memory);
}

TEST(arena_reset_releases_huge_block) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_arena arena;
  ia_arena_init(&arena, &memory.allocator);
  assert_non_null(ia_arena_alloc(&arena, 10 << 20));
  ia_arena_reset(&arena);
  assert_int_equal(memory.live_blocks, 0);
  assert_non_null(ia_arena_alloc(&arena, 1));
  ia_arena_free(&arena);
  assert_memory_fine(&memory);
}

TEST(arena_copy_adds_terminator) {
  ia_arena arena;
  ia_arena_init(&arena, NULL);
  assert_null(ia_arena_copy(&arena, NULL));
  assert_string_equal(ia_arena_copy(&arena, ""), "");
  assert_string_equal(ia_arena_copy(&arena, "image"), "image");
  assert_string_equal(ia_arena_copy_n(&arena, "image", 3), "ima");
  assert_string_equal(ia_arena_copy_n(&arena, NULL, 0), "");
  assert_memory_equal(ia_arena_copy_n(&arena, "a\0b", 3), "a\0b", 4);
  ia_arena_free(&arena);
}

TEST(arena_array_overflow_returns_null) {
  ia_arena arena;
  ia_arena_init(&arena, NULL);
  assert_null(ia_arena_array(&arena, SIZE_MAX / 8 + 1, 8));
  assert_null(ia_arena_array(&arena, 3, SIZE_MAX / 2));
  assert_null(ia_arena_alloc(&arena, SIZE_MAX));
  assert_null(ia_arena_alloc(&arena, SIZE_MAX - 8));
  assert_null(ia_arena_copy_n(&arena, "x", SIZE_MAX));
  assert_non_null(ia_arena_alloc(&arena, 0));
  assert_non_null(ia_arena_array(&arena, 0, 8));
  assert_non_null(ia_arena_array(&arena, 8, 0));
  assert_null(ia_arena_alloc(&arena, SIZE_MAX));
  ia_arena_free(&arena);
}

TEST(arena_without_memory_stays_usable) {
  for (size_t k = 1; k <= 4; k++) {
    failing_allocator memory;
    failing_allocator_init(&memory, k);
    ia_arena arena;
    ia_arena_init(&arena, &memory.allocator);
    size_t failed = 0;
    failed += ia_arena_alloc(&arena, 400) == NULL;
    failed += ia_arena_copy_n(&arena, "xxxxxxxxxxxxxxxxxxxxxxxx", 24) == NULL;
    failed += ia_arena_alloc(&arena, 600) == NULL;
    failed += ia_arena_alloc(&arena, 100000) == NULL;
    assert_int_equal(failed, memory.failures);
    assert_non_null(ia_arena_alloc(&arena, 1));
    ia_arena_free(&arena);
    assert_memory_fine(&memory);
  }
}

// After small pieces, new blocks and large blocks in any mix.
TEST(arena_rewind_restores_state) {
  for (size_t before = 0; before < 5; before++)
    for (size_t between = 0; between < 64; between++) {
      failing_allocator memory;
      failing_allocator_init(&memory, 0);
      ia_arena arena;
      ia_arena_init(&arena, &memory.allocator);
      static const size_t sizes[] = {1, 300, 5000, 100000};
      char *kept = NULL;
      for (size_t i = 0; i < before; i++) {
        char *piece = ia_arena_alloc(&arena, sizes[i]);
        memset(piece, 'k', sizes[i]);
        if (i == 0) kept = piece;
      }
      size_t blocks = memory.live_blocks, bytes = memory.live_bytes;
      ia_arena_point point = ia_arena_mark(&arena);
      for (int again = 0; again < 3; again++) {
        for (size_t mix = between; mix > 0; mix /= 4)
          memset(ia_arena_alloc(&arena, sizes[mix % 4]), 'x', sizes[mix % 4]);
        ia_arena_rewind(&arena, point);
        assert_int_equal(memory.live_blocks, blocks);
        assert_int_equal(memory.live_bytes, bytes);
      }
      if (kept != NULL) assert_int_equal(*kept, 'k');
      char *after = ia_arena_alloc(&arena, 10);
      for (size_t i = 0; i < 10; i++) assert_int_equal(after[i], 0);
      ia_arena_free(&arena);
      assert_memory_fine(&memory);
    }
}

int main(void) { return testing_run(NULL, NULL); }

TEST(arena_pool_reuses_zeroed_blocks) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_arena_pool pool = {0};
  size_t calls_of_first = 0;

  for (int turn = 0; turn < 3; turn++) {
    ia_arena arena;
    ia_arena_init(&arena, &memory.allocator);
    arena.pool = &pool;
    size_t calls = memory.calls;
    for (int i = 0; i < 1000; i++) {
      unsigned char *piece = ia_arena_alloc(&arena, 1000);
      assert_non_null(piece);
      for (size_t k = 0; k < 1000; k++) assert_int_equal(piece[k], 0);
      memset(piece, 0xff, 1000);
    }
    assert_non_null(ia_arena_alloc(&arena, 200000)); // not of the size that is kept
    ia_arena_free(&arena);
    if (turn == 0) {
      calls_of_first = memory.calls - calls;
      assert_int_in_range(pool.count, 245, 260);
    } else {
      assert_int_equal(memory.calls - calls, calls_of_first - pool.count);
    }
    assert_int_equal(memory.live_blocks, pool.count);
  }

  ia_arena_pool_free(&pool, &memory.allocator);
  assert_int_equal(pool.count, 0);
  assert_memory_fine(&memory);
}

TEST(arena_pool_keeps_2_mib) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  ia_arena_pool pool = {0};
  ia_arena arena;
  ia_arena_init(&arena, &memory.allocator);
  arena.pool = &pool;
  for (int i = 0; i < 10000; i++) assert_non_null(ia_arena_alloc(&arena, 1000));
  ia_arena_free(&arena);

  assert_int_equal(memory.live_bytes, 2 << 20);
  ia_arena_pool_free(&pool, &memory.allocator);
  assert_memory_fine(&memory);
}
