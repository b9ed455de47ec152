/* SPDX-License-Identifier: MIT */
/*
 * What every other header needs: version, export macro, allocator, the values that mean "not told".
 *
 * Strings. Every string of this library is UTF-8 and ends with a NUL byte. A U+0000 inside a
 * cloud's string is kept as the two bytes C0 80, so that nothing is cut; the JSON writer turns it
 * back into \u0000.
 *
 * Threads. A loop, its clients and their operations belong to one thread at a time. Separate loops
 * are independent. A process that fork made must not touch or free those of its parent, whose
 * descriptor it shares: exec or _exit. Available since 0.2 unless noted.
 */
#ifndef IMGACT_BASE_H
#define IMGACT_BASE_H

#include <stddef.h>
#include <stdint.h>

/* The version that a program is compiled against; the number can be compared. */
#define IMGACT_VERSION_MAJOR  0
#define IMGACT_VERSION_MINOR  2
#define IMGACT_VERSION_PATCH  0
#define IMGACT_VERSION_STRING "0.2.0"
#define IMGACT_VERSION_NUMBER                                                                      \
  ((IMGACT_VERSION_MAJOR * 1000 + IMGACT_VERSION_MINOR) * 1000 + IMGACT_VERSION_PATCH)

/* For internal use by these headers. IMGACT_INIT(type) initialises a struct: size set, all other
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

/* A time that the cloud did not tell. Times are milliseconds since 1970-01-01 UTC, signed. */
#define IMGACT_NO_TIME INT64_MIN

/*
 * Where memory comes from. `size` is sizeof(imgact_allocator). alloc and resize return NULL when
 * there is none; resize(NULL) allocates; release(NULL) is never called. A loop and everything on it
 * uses one allocator, from the loop's thread alone. libcurl and the system keep their own memory.
 */
typedef struct imgact_allocator {
  size_t size;
  void *(*alloc)(void *user_data, size_t bytes);
  void *(*resize)(void *user_data, void *block, size_t bytes);
  void (*release)(void *user_data, void *block);
  void *user_data;
} imgact_allocator;

/* The version of the library that is running, "0.2.0" and as IMGACT_VERSION_NUMBER counts. Any
 * thread. */
IMGACT_API const char *imgact_version(void);
IMGACT_API int imgact_version_number(void);

IMGACT_END_DECLS

#endif
