// SPDX-License-Identifier: MIT
// Each block carries a header with a mark of its state. Freed blocks are filled and kept for a
// while, so that a second release meets the mark and a late write shows in the fill; under
// AddressSanitizer they are freed at once, which sees more.
#include "failing_allocator.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if FAILING_ALLOCATOR_KEEPS
#define KEPT_BYTES ((size_t)4 << 20)
#else
#define KEPT_BYTES ((size_t)0)
#endif

#define MARK_LIVE  UINT64_C(0x6c6976656c697665)
#define MARK_FREED UINT64_C(0x6672656564667265)
#define FILL_NEW   0xa5
#define FILL_FREED 0xdd

struct failing_allocator_block {
  uint64_t mark;
  size_t bytes;
  failing_allocator_block *next, *prev;
  alignas(max_align_t) unsigned char data[];
};

static void complain(failing_allocator *memory, const char *wrong) {
  if (memory->wrong == NULL) memory->wrong = wrong;
}

static failing_allocator_block *block_of(void *data) {
  return (failing_allocator_block *)(void *)((unsigned char *)data -
                                             offsetof(failing_allocator_block, data));
}

static void *get(void *user, size_t bytes) {
  failing_allocator *memory = user;
  memory->calls++;
  bool fails = memory->fail_at != 0 && (memory->for_good ? memory->calls >= memory->fail_at
                                                         : memory->calls == memory->fail_at);
  failing_allocator_block *block =
      fails || bytes > SIZE_MAX / 2 ? NULL : malloc(sizeof *block + bytes);
  if (block == NULL) {
    memory->failures++;
    return NULL;
  }
  *block = (failing_allocator_block){.mark = MARK_LIVE, .bytes = bytes, .next = memory->live};
  if (memory->live != NULL) memory->live->prev = block;
  memory->live = block;
  memset(block->data, FILL_NEW, bytes);
  memory->live_blocks++;
  memory->live_bytes += bytes;
  if (memory->live_bytes > memory->peak_bytes) memory->peak_bytes = memory->live_bytes;
  return block->data;
}

static void let_go_of_oldest(failing_allocator *memory) {
  failing_allocator_block *block = memory->freed_first;
  for (size_t i = 0; i < block->bytes; i++) {
    if (block->data[i] != FILL_FREED) complain(memory, "a block was written to after its release");
  }
  memory->freed_first = block->next;
  if (memory->freed_first == NULL) memory->freed_last = NULL;
  memory->freed_bytes -= block->bytes + sizeof *block;
  free(block);
}

static void put_back(void *user, void *data) {
  failing_allocator *memory = user;
  if (data == NULL) {
    complain(memory, "NULL was released");
    return;
  }
  failing_allocator_block *block = block_of(data);
  if (block->mark != MARK_LIVE) {
    complain(memory, block->mark == MARK_FREED ? "a block was released twice"
                                               : "something that is no block was released");
    return;
  }
  if (block->prev != NULL) block->prev->next = block->next;
  if (block->next != NULL) block->next->prev = block->prev;
  if (memory->live == block) memory->live = block->next;
  memory->live_blocks--;
  memory->live_bytes -= block->bytes;
  memset(block->data, FILL_FREED, block->bytes);
  block->mark = MARK_FREED;
  block->next = NULL;
  if (memory->freed_last != NULL) memory->freed_last->next = block;
  if (memory->freed_first == NULL) memory->freed_first = block;
  memory->freed_last = block;
  memory->freed_bytes += block->bytes + sizeof *block;
  while (memory->freed_bytes > KEPT_BYTES) let_go_of_oldest(memory);
}

// Always moves, so that a pointer into the old block shows.
static void *resize(void *user, void *data, size_t bytes) {
  failing_allocator *memory = user;
  if (data != NULL && block_of(data)->mark != MARK_LIVE) {
    complain(memory, "something that is no block was resized");
    return NULL;
  }
  void *moved = get(user, bytes);
  if (moved == NULL || data == NULL) return moved;
  size_t old_bytes = block_of(data)->bytes;
  memcpy(moved, data, old_bytes < bytes ? old_bytes : bytes);
  put_back(user, data);
  return moved;
}

void failing_allocator_init(failing_allocator *memory, size_t fail_at) {
  *memory = (failing_allocator){.fail_at = fail_at};
  memory->allocator = (imgact_allocator){.size = sizeof(imgact_allocator),
                                         .alloc = get,
                                         .resize = resize,
                                         .release = put_back,
                                         .user_data = memory};
}

const char *failing_allocator_finish(failing_allocator *memory) {
  if (memory->live != NULL) complain(memory, "a block was not released");
  while (memory->live != NULL) put_back(memory, memory->live->data);
  while (memory->freed_first != NULL) let_go_of_oldest(memory);
  return memory->wrong;
}
