/* SPDX-License-Identifier: MIT */
/*
 * An allocator that counts, fails when requested, and sees what is not given back, given back twice
 * or written to afterwards.
 *
 *   for (size_t k = 1; more; k++) {
 *     failing_allocator memory;
 *     failing_allocator_init(&memory, k);
 *     ... run the scenario with &memory.allocator ...
 *     more = memory.failures > 0;
 *     assert_memory_fine(&memory);
 *   }
 */
#ifndef FAILING_ALLOCATOR_H
#define FAILING_ALLOCATOR_H

#include <imgact/base.h>
#include <stdbool.h>

/* Does it keep freed blocks for a while? AddressSanitizer sees more when they really go. */
#define FAILING_ALLOCATOR_KEEPS 1
#if defined(__SANITIZE_ADDRESS__)
#undef FAILING_ALLOCATOR_KEEPS
#define FAILING_ALLOCATOR_KEEPS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef FAILING_ALLOCATOR_KEEPS
#define FAILING_ALLOCATOR_KEEPS 0
#endif
#endif

typedef struct failing_allocator_block failing_allocator_block;
typedef struct failing_allocator {
  imgact_allocator
      allocator;  /* hand out its address; its user is this struct, which must stay where it is */
  size_t fail_at; /* this call, counted from 1, gives NULL; 0 = none */
  bool for_good;  /* and so does every later one */
  size_t calls;   /* of alloc and resize */
  size_t failures;
  size_t live_blocks, live_bytes, peak_bytes;
  const char *wrong; /* the first misuse; NULL = none */
  failing_allocator_block *live;
  failing_allocator_block *freed_first, *freed_last; /* kept for a while, to see misuse */
  size_t freed_bytes;
} failing_allocator;

void failing_allocator_init(failing_allocator *memory, size_t fail_at);
/* Returns what is wrong, leaks included, or NULL; frees all remaining blocks. Ends the allocator's
 * life.
 */
const char *failing_allocator_finish(failing_allocator *memory);

/* For cmocka tests. */
#define assert_memory_fine(memory)                                                                 \
  do {                                                                                             \
    const char *memory_problem = failing_allocator_finish(memory);                                 \
    if (memory_problem != NULL) fail_msg("%s", memory_problem);                                    \
  } while (0)

#endif
