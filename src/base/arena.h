/* SPDX-License-Identifier: MIT */
/* Memory that is freed all at once: results, and the needs of one step. Blocks are chained; nothing
 * moves. */
#ifndef IA_ARENA_H
#define IA_ARENA_H

#include "alloc.h"

typedef struct ia_arena_block ia_arena_block;
typedef struct ia_arena {
  const imgact_allocator *allocator;
  ia_arena_block *blocks; /* newest first */
  size_t used_bytes;      /* of the newest block */
} ia_arena;

/* A point to go back to. */
typedef struct ia_arena_point {
  ia_arena_block *newest, *next;
  size_t used_bytes;
} ia_arena_point;

/* Allocates nothing yet: an arena that is never used costs nothing. */
void ia_arena_init(ia_arena *arena, const imgact_allocator *allocator);
/* Zeroed and aligned for any type; NULL when there is no memory. Blocks double from 512 bytes to 64
 * KiB. */
void *ia_arena_alloc(ia_arena *arena, size_t bytes);
/* count * bytes, checked for overflow. */
void *ia_arena_array(ia_arena *arena, size_t count, size_t bytes);
char *ia_arena_copy(ia_arena *arena, const char *text);                  /* NULL stays NULL */
char *ia_arena_copy_n(ia_arena *arena, const char *text, size_t length); /* adds the NUL */
/* Empties it, keeping the newest block if it is at most 64 KiB. */
void ia_arena_reset(ia_arena *arena);
ia_arena_point ia_arena_mark(const ia_arena *arena);
/* Forgets what was allocated since the mark was made; the mark stays good. Not across a reset. */
void ia_arena_rewind(ia_arena *arena, ia_arena_point mark);
void ia_arena_free(ia_arena *arena);

#endif
