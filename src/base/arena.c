// SPDX-License-Identifier: MIT
/* A chain of blocks, newest first. Only the newest block is filled. A request that exceeds the
 * normal block size gets a block of its own, linked after the newest, so that the free space of the
 * newest is not lost. Text is not aligned; everything else is. */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#define FIRST_BLOCK_BYTES ((size_t)512)
#define LAST_BLOCK_BYTES  ((size_t)4 << 10)
#define POOL_MAX_BLOCKS   512 /* 2 MiB */

/* Sanitizers find uses of a block in the pool. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IA_WITH_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define IA_WITH_ASAN
#endif
#ifdef IA_WITH_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes)   ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

struct ia_arena_block {
  ia_arena_block *next;
  size_t capacity;
  alignas(max_align_t) unsigned char data[];
};

void ia_arena_init(ia_arena *arena, const imgact_allocator *allocator) {
  *arena = (ia_arena){.allocator = allocator};
}

static ia_arena_block *take_from_pool(ia_arena_pool *pool) {
  ia_arena_block *block = pool->blocks;
  pool->blocks = block->next;
  pool->count--;
  ASAN_UNPOISON_MEMORY_REGION(block->data, block->capacity);
  block->next = NULL;
  return block;
}

static bool put_into_pool(ia_arena_pool *pool, ia_arena_block *block) {
  if (!pool || pool->count == POOL_MAX_BLOCKS ||
      block->capacity != LAST_BLOCK_BYTES - sizeof *block)
    return false;
  ASAN_POISON_MEMORY_REGION(block->data, block->capacity);
  block->next = pool->blocks;
  pool->blocks = block;
  pool->count++;
  return true;
}

void ia_arena_pool_free(ia_arena_pool *pool, const imgact_allocator *allocator) {
  while (pool->blocks) ia_free(allocator, take_from_pool(pool));
}

static ia_arena_block *new_block(ia_arena *arena, size_t capacity) {
  if (arena->pool && arena->pool->blocks && capacity == LAST_BLOCK_BYTES - sizeof(ia_arena_block))
    return take_from_pool(arena->pool);
  if (capacity > SIZE_MAX - sizeof(ia_arena_block)) return NULL;
  ia_arena_block *block = ia_alloc(arena->allocator, sizeof *block + capacity);
  if (block) *block = (ia_arena_block){.capacity = capacity};
  return block;
}

static size_t next_capacity(const ia_arena *arena) {
  size_t bytes = FIRST_BLOCK_BYTES;
  if (arena->blocks) {
    bytes = arena->blocks->capacity < LAST_BLOCK_BYTES / 2
                ? (arena->blocks->capacity + sizeof(ia_arena_block)) * 2
                : LAST_BLOCK_BYTES;
  }
  return bytes - sizeof(ia_arena_block);
}

static void *take_large(ia_arena *arena, size_t bytes) {
  ia_arena_block *block = new_block(arena, bytes);
  if (!block) return NULL;
  if (!arena->blocks) {
    arena->blocks = block;
    arena->used_bytes = bytes;
  } else {
    block->next = arena->blocks->next;
    arena->blocks->next = block;
  }
  return block->data;
}

static void *take(ia_arena *arena, size_t bytes, size_t alignment) {
  ia_arena_block *newest = arena->blocks;
  if (newest) {
    size_t start = (arena->used_bytes + alignment - 1) & ~(alignment - 1);
    if (start <= newest->capacity && bytes <= newest->capacity - start) {
      arena->used_bytes = start + bytes;
      return newest->data + start;
    }
  }

  size_t capacity = next_capacity(arena);
  if (bytes > capacity) return take_large(arena, bytes);
  ia_arena_block *block = new_block(arena, capacity);
  if (!block) return NULL;
  block->next = newest;
  arena->blocks = block;
  arena->used_bytes = bytes;
  return block->data;
}

void *ia_arena_alloc(ia_arena *arena, size_t bytes) {
  void *memory = take(arena, bytes == 0 ? 1 : bytes, alignof(max_align_t));
  if (memory) memset(memory, 0, bytes);
  return memory;
}

void *ia_arena_array(ia_arena *arena, size_t count, size_t bytes) {
  if (bytes != 0 && count > SIZE_MAX / bytes) return NULL;
  return ia_arena_alloc(arena, count * bytes);
}

char *ia_arena_copy(ia_arena *arena, const char *text) {
  return text ? ia_arena_copy_n(arena, text, strlen(text)) : NULL;
}

char *ia_arena_copy_n(ia_arena *arena, const char *text, size_t length) {
  if (length == SIZE_MAX) return NULL;
  char *copy = take(arena, length + 1, 1);
  if (!copy) return NULL;
  if (length != 0) memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

static void free_until(ia_arena *arena, ia_arena_block *block, const ia_arena_block *end) {
  while (block != end) {
    ia_arena_block *next = block->next;
    if (!put_into_pool(arena->pool, block)) ia_free(arena->allocator, block);
    block = next;
  }
}

void ia_arena_reset(ia_arena *arena) {
  ia_arena_block *newest = arena->blocks;
  arena->used_bytes = 0;
  if (!newest) return;
  if (newest->capacity + sizeof *newest > LAST_BLOCK_BYTES) {
    ia_arena_free(arena);
    return;
  }
  free_until(arena, newest->next, NULL);
  newest->next = NULL;
}

ia_arena_point ia_arena_mark(const ia_arena *arena) {
  ia_arena_block *newest = arena->blocks;
  return (ia_arena_point){newest, newest ? newest->next : NULL, arena->used_bytes};
}

void ia_arena_rewind(ia_arena *arena, ia_arena_point mark) {
  free_until(arena, arena->blocks, mark.newest);
  arena->blocks = mark.newest;
  arena->used_bytes = mark.used_bytes;
  if (!mark.newest) return;
  free_until(arena, mark.newest->next, mark.next); /* large blocks, linked after the newest */
  mark.newest->next = mark.next;
}

/* The blocks are linked after the newest one, so that its free space is not lost. */
void ia_arena_take(ia_arena *arena, ia_arena *other) {
  ia_arena_block *last = other->blocks;
  if (!last) return;
  if (!arena->blocks) {
    arena->blocks = other->blocks;
    arena->used_bytes = other->used_bytes;
  } else {
    while (last->next) last = last->next;
    last->next = arena->blocks->next;
    arena->blocks->next = other->blocks;
  }
  other->blocks = NULL;
  other->used_bytes = 0;
}

void ia_arena_free(ia_arena *arena) {
  free_until(arena, arena->blocks, NULL);
  arena->blocks = NULL;
  arena->used_bytes = 0;
}
