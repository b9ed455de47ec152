/* SPDX-License-Identifier: MIT */
/*
 * The JSON seam: a read-only view of a parsed and redacted document, and a writer. No JSON library
 * shows through. Extenders' tier: may change in a minor version until 1.0. Every reader accepts
 * NULL and means "not there". Available since 0.2 unless noted.
 */
#ifndef IMGACT_JSON_H
#define IMGACT_JSON_H

#include <imgact/base.h>

IMGACT_BEGIN_DECLS

typedef struct imgact_json imgact_json;

typedef enum imgact_json_type {
  IMGACT_JSON_ABSENT, /* of NULL */
  IMGACT_JSON_NULL,
  IMGACT_JSON_BOOL,
  IMGACT_JSON_NUMBER,
  IMGACT_JSON_STRING,
  IMGACT_JSON_ARRAY,
  IMGACT_JSON_OBJECT,
  IMGACT_JSON_MAX_ENUM = 0x7fffffff
} imgact_json_type;

IMGACT_API imgact_json_type imgact_json_get_type(const imgact_json *value);
/* A member of an object; NULL if it is no object or has no such key. If a key is duplicated, the
 * last member counts, as in Go's encoding/json; iteration shows all of them. */
IMGACT_API const imgact_json *imgact_json_get(const imgact_json *object, const char *key);
/* Elements of an array, members of an object. 0 for anything else. */
IMGACT_API size_t imgact_json_count(const imgact_json *value);
/* 1 and *out, or 0 and *out untouched. A number with a fraction or beyond 64 bits is no integer. */
IMGACT_API int imgact_json_as_int(const imgact_json *value, int64_t *out);
IMGACT_API int imgact_json_as_double(const imgact_json *value, double *out);
IMGACT_API int imgact_json_as_bool(const imgact_json *value, int *out);
/* The bytes of a string, which may hold NUL; NULL for anything else. */
IMGACT_API const char *imgact_json_as_string(const imgact_json *value, size_t *length);
/* Copies a string into a fixed buffer, cut at a whole character, and returns 1. For an empty
 * string, for one of whitespace only and for any other value returns 0 and leaves the buffer
 * unchanged. For the texts of an imgact_error. */
IMGACT_API int imgact_json_copy_string(const imgact_json *value, char *buffer, size_t capacity);
/* 1 if it is exactly this string. */
IMGACT_API int imgact_json_equals(const imgact_json *value, const char *text);

/* Iteration: imgact_json_iter it = imgact_json_iter_begin(array); while ((v =
 * imgact_json_iter_next(&it, &key))) ... key (may be NULL) is NULL within an array. Anything but an
 * array or object has no elements. */
typedef struct imgact_json_iter {
  const imgact_json *container;
  const imgact_json *next;
  size_t left;
} imgact_json_iter;
IMGACT_API imgact_json_iter imgact_json_iter_begin(const imgact_json *container);
IMGACT_API const imgact_json *imgact_json_iter_next(imgact_json_iter *iter,
                                                    const imgact_json **key);

/* ---- parsing, for tools and tests; a provider gets its documents parsed ---- */

typedef struct imgact_json_doc imgact_json_doc;
/* Parses UTF-8 text of at most 32 MiB and depth 64, whose values take at most 160 MiB. Bytes after
 * the document are an error. message (may be NULL) gets the error and its position. A NULL
 * allocator means malloc. *doc is NULL on failure. Returns 0, -1 malformed or too large, -2 no
 * memory. */
IMGACT_API int imgact_json_doc_parse(const char *text, size_t length,
                                     const imgact_allocator *allocator, imgact_json_doc **doc,
                                     char *message, size_t capacity);
IMGACT_API const imgact_json *imgact_json_doc_root(const imgact_json_doc *doc);
IMGACT_API void imgact_json_doc_free(imgact_json_doc *doc);

/* ---- writing ---- */

typedef struct imgact_json_writer imgact_json_writer;
/* indent: spaces per level, 0 = one line. NULL when there is no memory; every call below accepts
 * NULL. An error (no memory, a value without a key, too deep) sticks and shows in
 * imgact_json_writer_finish. */
IMGACT_API imgact_json_writer *imgact_json_writer_new(const imgact_allocator *allocator,
                                                      int indent);
IMGACT_API void imgact_json_writer_free(imgact_json_writer *writer);
IMGACT_API void imgact_json_write_begin_object(imgact_json_writer *writer);
IMGACT_API void imgact_json_write_end_object(imgact_json_writer *writer);
IMGACT_API void imgact_json_write_begin_array(imgact_json_writer *writer);
IMGACT_API void imgact_json_write_end_array(imgact_json_writer *writer);
IMGACT_API void imgact_json_write_key(imgact_json_writer *writer, const char *key);
/* NULL text writes null. C0 80 becomes \u0000; what is no UTF-8 becomes U+FFFD. */
IMGACT_API void imgact_json_write_string(imgact_json_writer *writer, const char *text);
IMGACT_API void imgact_json_write_string_n(imgact_json_writer *writer, const char *text,
                                           size_t length);
IMGACT_API void imgact_json_write_int(imgact_json_writer *writer, int64_t value);
/* The shortest form that reads back the same; NaN and infinity write null. */
IMGACT_API void imgact_json_write_double(imgact_json_writer *writer, double value);
IMGACT_API void imgact_json_write_bool(imgact_json_writer *writer, int value);
IMGACT_API void imgact_json_write_null(imgact_json_writer *writer);
/* JSON text as it is (re-indented); NULL writes null. */
IMGACT_API void imgact_json_write_raw(imgact_json_writer *writer, const char *json);
IMGACT_API void imgact_json_write_value(imgact_json_writer *writer, const imgact_json *value);
/* The text, NUL-terminated, owned by the writer; NULL if an error stuck or something is still open.
 */
IMGACT_API const char *imgact_json_writer_finish(imgact_json_writer *writer, size_t *length);
/* Empties the writer for another document. */
IMGACT_API void imgact_json_writer_reset(imgact_json_writer *writer);

IMGACT_END_DECLS

#endif
