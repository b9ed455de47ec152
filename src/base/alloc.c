// SPDX-License-Identifier: MIT
/* Allocation through the caller's allocator, and the version of the library. A request for 0 bytes
 * allocates 1, so that NULL always means "out of memory". */
#include "alloc.h"

#include <stdlib.h>
#include <string.h>

static void *malloc_alloc(void *user, size_t bytes) {
  (void)user;
  return malloc(bytes);
}

static void *malloc_resize(void *user, void *block, size_t bytes) {
  (void)user;
  return realloc(block, bytes);
}

static void malloc_release(void *user, void *block) {
  (void)user;
  free(block);
}

const imgact_allocator ia_malloc = {.size = sizeof(imgact_allocator),
                                    .alloc = malloc_alloc,
                                    .resize = malloc_resize,
                                    .release = malloc_release};

const imgact_allocator *ia_allocator_of(const imgact_allocator *given) {
  if (!given) return &ia_malloc;
  bool usable = given->size >= sizeof *given && given->alloc && given->resize && given->release;
  return usable ? given : NULL;
}

void *ia_alloc(const imgact_allocator *allocator, size_t bytes) {
  if (!allocator) allocator = &ia_malloc;
  return allocator->alloc(allocator->user_data, bytes == 0 ? 1 : bytes);
}

void *ia_alloc_zero(const imgact_allocator *allocator, size_t bytes) {
  void *block = ia_alloc(allocator, bytes);
  if (block) memset(block, 0, bytes);
  return block;
}

void *ia_resize(const imgact_allocator *allocator, void *block, size_t bytes) {
  if (!allocator) allocator = &ia_malloc;
  return allocator->resize(allocator->user_data, block, bytes == 0 ? 1 : bytes);
}

void *ia_grow(const imgact_allocator *allocator, void *array, size_t count, size_t *capacity,
              size_t element_bytes) {
  if (array && count < *capacity) return array;
  size_t wanted = *capacity ? *capacity * 2 : 4;
  if (wanted > SIZE_MAX / element_bytes) return NULL;
  void *more = ia_resize(allocator, array, wanted * element_bytes);
  if (more) *capacity = wanted;
  return more;
}

void ia_free(const imgact_allocator *allocator, void *block) {
  if (!block) return;
  if (!allocator) allocator = &ia_malloc;
  allocator->release(allocator->user_data, block);
}

char *ia_strdup(const imgact_allocator *allocator, const char *text) {
  if (!text) return NULL;
  size_t bytes = strlen(text) + 1;
  char *copy = ia_alloc(allocator, bytes);
  if (copy) memcpy(copy, text, bytes);
  return copy;
}

void ia_wipe(void *block, size_t bytes) {
  if (!block || bytes == 0) return;
  memset(block, 0, bytes);
  /* The empty assembler statement reads the block. Without it the compiler removes a memset that
   * precedes a free. */
  __asm__ __volatile__("" : : "r"(block) : "memory");
}

const char *imgact_version(void) { return IMGACT_VERSION_STRING; }

int imgact_version_number(void) { return IMGACT_VERSION_NUMBER; }
