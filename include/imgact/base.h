/* SPDX-License-Identifier: MIT */
/*
 * Version, export macro, allocator, and the rules that hold for all headers.
 *
 * Strings are UTF-8 and end with a NUL byte. A U+0000 inside a string of the API is kept as the two
 * bytes C0 80, so that the string is not cut. The JSON writer writes it as \u0000.
 *
 * A loop, its clients and their operations belong to one thread at a time. Separate loops are
 * independent. A child process made by fork() must not use or free the objects of its parent,
 * because both share one descriptor: call exec() or _exit().
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

/* Value of a time that the API does not report. All times are in Unix ms: signed milliseconds since
 * 1970-01-01 UTC. */
#define IMGACT_NO_TIME INT64_MIN

/*
 * Memory allocator of a loop, its clients and their operations. It is called only from the loop's
 * thread. libcurl and the system libraries allocate their own memory.
 */
typedef struct imgact_allocator {
  size_t size;                                   /* sizeof(imgact_allocator) */
  void *(*alloc)(void *user_data, size_t bytes); /* returns NULL if memory runs out */
  /* Changes the size of a block; block NULL allocates one. Returns NULL if memory runs out. */
  void *(*resize)(void *user_data, void *block, size_t bytes);
  void (*release)(void *user_data, void *block); /* block is never NULL */
  void *user_data;                               /* passed to the functions; borrowed */
} imgact_allocator;

/*
 * Return the version of the library at run time, as text ("0.2.0") and as a number. Compare the
 * number with IMGACT_VERSION_NUMBER.
 *
 * The text is static. May be called from any thread.
 */
IMGACT_API const char *imgact_version(void);
IMGACT_API int imgact_version_number(void);

IMGACT_END_DECLS

#endif
