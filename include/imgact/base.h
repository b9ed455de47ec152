/* SPDX-License-Identifier: MIT */
/*
 * Version, export macro, allocator, and the rules that hold for all headers.
 *
 * Strings are UTF-8 and end with a NUL byte. One exception: U+0000 in a text that was received is
 * kept as the two bytes C0 80, so that the string is not cut. The JSON writer writes it as \u0000.
 *
 * A loop, its clients and their operations belong to one thread at a time, and so does any other
 * object. Separate loops are independent. A child process made by fork() shares the descriptors of
 * its parent's loops: it must not use or free them and what belongs to them.
 *
 * "Borrowed": the library does not free it. It must be valid until the object that received it, and
 * all clients and operations that belong to this object, are destroyed.
 *
 * Available since 0.2 unless noted.
 */
#ifndef IMGACT_BASE_H
#define IMGACT_BASE_H

#include <stddef.h>
#include <stdint.h>

/* Version of the headers. A higher IMGACT_VERSION_NUMBER is a later version. */
#define IMGACT_VERSION_MAJOR  0
#define IMGACT_VERSION_MINOR  2
#define IMGACT_VERSION_PATCH  0
#define IMGACT_VERSION_STRING "0.2.0"
#define IMGACT_VERSION_NUMBER                                                                      \
  ((IMGACT_VERSION_MAJOR * 1000 + IMGACT_VERSION_MINOR) * 1000 + IMGACT_VERSION_PATCH)

/* Macros for use by these headers only. IMGACT_INIT(type) initialises a struct: size set, all other
 * members 0 or NULL. */
#if defined(__GNUC__)
#define IMGACT_API                 __attribute__((__visibility__("default")))
#define IMGACT_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))
#else
#define IMGACT_API
#define IMGACT_PRINTF(text, first)
#endif
#ifdef __cplusplus
#define IMGACT_BEGIN_DECLS extern "C" {
#define IMGACT_END_DECLS   }
#define IMGACT_INIT(type)                                                                          \
  [] {                                                                                             \
    type imgact_init_{};                                                                           \
    imgact_init_.size = sizeof imgact_init_;                                                       \
    return imgact_init_;                                                                           \
  }()
#else
#define IMGACT_BEGIN_DECLS
#define IMGACT_END_DECLS
#define IMGACT_INIT(type)                                                                          \
  { .size = sizeof(type) }
#endif

IMGACT_BEGIN_DECLS

/* Value of a time that the API does not report. Points in time are in Unix ms: signed milliseconds
 * since 1970-01-01 UTC. */
#define IMGACT_NO_TIME INT64_MIN

/*
 * Memory allocator of an object and of all that belongs to it: of a loop, its clients and their
 * operations. It is called only from the thread that uses the object. All functions must be set.
 * libcurl and the system libraries allocate their own memory.
 */
typedef struct imgact_allocator {
  size_t size;                                   /* sizeof(imgact_allocator) */
  void *(*alloc)(void *user_data, size_t bytes); /* returns NULL if memory runs out */
  /* As realloc(): block NULL allocates one; if NULL is returned, the old block stays valid. Blocks
   * are aligned as by malloc(). bytes is never 0. */
  void *(*resize)(void *user_data, void *block, size_t bytes);
  void (*release)(void *user_data, void *block); /* block is never NULL */
  void *user_data;                               /* passed to the functions; borrowed */
} imgact_allocator;

/*
 * Return the version of the library at run time, as text ("0.2.0") and as a number. A number below
 * IMGACT_VERSION_NUMBER means that the library is older than the headers.
 *
 * The text is static. May be called from any thread.
 */
IMGACT_API const char *imgact_version(void);
IMGACT_API int imgact_version_number(void);

IMGACT_END_DECLS

#endif
