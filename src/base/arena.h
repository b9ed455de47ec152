/* SPDX-License-Identifier: MIT */
/* Memory that is freed all at once, such as the results of an operation. Blocks are chained and
 * never move. */
#ifndef IA_ARENA_H
#define IA_ARENA_H

#include "alloc.h"

typedef struct ia_arena_block ia_arena_block;

/* Freed blocks of arenas with the same allocator, kept for reuse: at most 2 MiB. Otherwise the C
 * library may return them to the system, which zeroes them before the next use. Zeroed at first. */
typedef struct ia_arena_pool {
  ia_arena_block *blocks;
  size_t count;
} ia_arena_pool;

typedef struct ia_arena {
  const imgact_allocator *allocator;
  ia_arena_pool *pool;    /* NULL = none; outlives the arena */
  ia_arena_block *blocks; /* newest first */
  size_t used_bytes;      /* of the newest block */
} ia_arena;

/* A position that ia_arena_rewind() returns to. */
typedef struct ia_arena_point {
  ia_arena_block *newest, *next;
  size_t used_bytes;
} ia_arena_point;

/* Allocates nothing; the first block is allocated on demand. */
void ia_arena_init(ia_arena *arena, const imgact_allocator *allocator);
/* Returns zeroed memory aligned for any type; NULL if there is no memory. Block sizes double from
 * 512 bytes to 4 KiB. */
void *ia_arena_alloc(ia_arena *arena, size_t bytes);
/* Allocates count * bytes; NULL also on overflow. */
void *ia_arena_array(ia_arena *arena, size_t count, size_t bytes);
char *ia_arena_copy(ia_arena *arena, const char *text);                  /* NULL if text is NULL */
char *ia_arena_copy_n(ia_arena *arena, const char *text, size_t length); /* appends a NUL */
/* Frees everything except the newest block, if that has at most 4 KiB. */
void ia_arena_reset(ia_arena *arena);
ia_arena_point ia_arena_mark(const ia_arena *arena);
/* Frees everything allocated since the mark, which stays valid. A reset invalidates marks. */
void ia_arena_rewind(ia_arena *arena, ia_arena_point mark);
/* Takes ownership of all blocks of another arena with the same allocator and pool, which is empty
 * afterwards. */
void ia_arena_take(ia_arena *arena, ia_arena *other);
void ia_arena_free(ia_arena *arena);
void ia_arena_pool_free(ia_arena_pool *pool, const imgact_allocator *allocator);

#endif
