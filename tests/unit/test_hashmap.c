// SPDX-License-Identifier: MIT
#include "failing_allocator.h"
#include "hashmap.h"
#include "testing.h"

TEST(hashmap_put_existing_key_keeps_value) {
  ia_hashmap set;
  ia_hashmap_init(&set, NULL, 7);
  bool added = false;

  assert_false(ia_hashmap_has(&set, 7));
  assert_int_equal(*ia_hashmap_put(&set, 7, 1, &added), 1);
  assert_true(added);
  uint32_t *value = ia_hashmap_put(&set, 7, 2, &added);
  assert_int_equal(*value, 1);
  assert_false(added);
  *value = 3;
  assert_int_equal(*ia_hashmap_put(&set, 7, 4, &added), 3);
  assert_true(ia_hashmap_has(&set, 7));
  assert_int_equal(set.count, 1);

  ia_hashmap_free(&set);
}

TEST(hashmap_hash_zero_is_stored) {
  ia_hashmap set;
  ia_hashmap_init(&set, NULL, 7);
  bool added = false;
  assert_int_equal(*ia_hashmap_put(&set, 0, 5, &added), 5);
  assert_true(added);
  assert_true(ia_hashmap_has(&set, 0));
  assert_int_equal(*ia_hashmap_put(&set, 0, 6, &added), 5);
  assert_false(added);
  ia_hashmap_free(&set);
}

// Hashes with equal low bits, which select the slot: all of them collide.
TEST(hashmap_colliding_entries_stay_apart) {
  ia_hashmap set;
  ia_hashmap_init(&set, NULL, 7);
  bool added = false;

  for (uint64_t i = 1; i <= 1000; i++) {
    assert_int_equal(*ia_hashmap_put(&set, i << 40, (uint32_t)i, &added), i);
    assert_true(added);
  }
  for (uint64_t i = 1; i <= 1000; i++) {
    assert_int_equal(*ia_hashmap_put(&set, i << 40, 0, &added), i);
    assert_false(ia_hashmap_has(&set, i << 40 | 1));
  }
  assert_int_equal(set.count, 1000);

  ia_hashmap_free(&set);
}

TEST(hashmap_growth_keeps_entries) {
  enum { MANY = 100000 };
  ia_hashmap set;
  ia_hashmap_init(&set, NULL, 7);
  bool added = false;
  uint64_t random = 9;

  for (uint32_t i = 0; i < MANY; i++) {
    assert_non_null(ia_hashmap_put(&set, testing_random(&random), i, &added));
    assert_true(added);
    assert_true(set.count < set.capacity);
  }
  random = 9;
  for (uint32_t i = 0; i < MANY; i++)
    assert_int_equal(*ia_hashmap_put(&set, testing_random(&random), 0, &added), i);
  ia_hashmap_clear(&set);
  assert_int_equal(set.count, 0);
  random = 9;
  assert_false(ia_hashmap_has(&set, testing_random(&random)));

  ia_hashmap_free(&set);
}

TEST(hashmap_without_memory_keeps_entries) {
  failing_allocator memory;
  failing_allocator_init(&memory, 2);
  ia_hashmap set;
  ia_hashmap_init(&set, &memory.allocator, 7);
  bool added = true;
  uint64_t i = 1;

  while (ia_hashmap_put(&set, i, (uint32_t)i, &added) != NULL) i++;
  assert_false(added);
  assert_int_equal(memory.failures, 1);
  for (uint64_t k = 1; k < i; k++) assert_true(ia_hashmap_has(&set, k));
  assert_false(ia_hashmap_has(&set, i));
  assert_non_null(ia_hashmap_put(&set, i, 0, &added));

  ia_hashmap_free(&set);
  assert_memory_fine(&memory);
}

int main(void) { return testing_run(NULL, NULL); }
