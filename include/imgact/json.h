/* SPDX-License-Identifier: MIT */
/*
 * JSON: read-only values of a parsed document, and a writer.
 *
 * For providers and tools. May change in a minor version until 1.0.
 *
 * value   JSON value; NULL is allowed and means a missing value
 * writer  JSON writer; NULL is allowed and does nothing
 *
 * Values are valid as long as their document.
 *
 * Available since 0.2 unless noted.
 */
#ifndef IMGACT_JSON_H
#define IMGACT_JSON_H

#include <imgact/base.h>

IMGACT_BEGIN_DECLS

/* Opaque type of a JSON value. */
typedef struct imgact_json imgact_json;

/* Type of a JSON value. */
typedef enum imgact_json_type {
  IMGACT_JSON_ABSENT, /* type of NULL: no value */
  IMGACT_JSON_NULL,
  IMGACT_JSON_BOOL,
  IMGACT_JSON_NUMBER,
  IMGACT_JSON_STRING,
  IMGACT_JSON_ARRAY,
  IMGACT_JSON_OBJECT,
  IMGACT_JSON_MAX_ENUM = 0x7fffffff
} imgact_json_type;

/* Returns the type of a value. */
IMGACT_API imgact_json_type imgact_json_get_type(const imgact_json *value);

/*
 * Returns the value of a member of an object.
 *
 * object  any value; may be NULL
 * key     name of the member; may be NULL
 *
 * If the key is duplicated, the value of the last member is returned. Iteration returns all of
 * them.
 *
 * Returns NULL if the value is not an object or has no such member.
 */
IMGACT_API const imgact_json *imgact_json_get(const imgact_json *object, const char *key);

/* Returns the number of elements of an array or members of an object; 0 for any other value. */
IMGACT_API size_t imgact_json_count(const imgact_json *value);

/*
 * Read a value of one type.
 *
 * out  receives the value; unchanged if the value has another type; must not be NULL
 *
 * imgact_json_as_int() also reads a number with a point or an exponent if it is a whole number
 * whose absolute value is below 2^53.
 *
 * Returns 1 if out was set, otherwise 0.
 */
IMGACT_API int imgact_json_as_int(const imgact_json *value, int64_t *out);
IMGACT_API int imgact_json_as_double(const imgact_json *value, double *out);
IMGACT_API int imgact_json_as_bool(const imgact_json *value, int *out);

/*
 * Returns the bytes of a string, NUL-terminated. U+0000 is kept as the bytes C0 80.
 *
 * length  receives the number of bytes; may be NULL
 *
 * Returns NULL if the value is not a string.
 */
IMGACT_API const char *imgact_json_as_string(const imgact_json *value, size_t *length);

/*
 * Copies a string to a buffer, for example to a text of an imgact_error.
 *
 * buffer    receives the text, cut at a whole character and NUL-terminated
 * capacity  size of buffer in bytes
 *
 * Returns 1. Returns 0 and leaves the buffer unchanged if the string is empty or has only
 * whitespace, or if the value is not a string.
 */
IMGACT_API int imgact_json_copy_string(const imgact_json *value, char *buffer, size_t capacity);

/*
 * Returns 1 if a value is a string that is equal to text, otherwise 0.
 *
 * text  may be NULL: never equal
 */
IMGACT_API int imgact_json_equals(const imgact_json *value, const char *text);

/* Iterator. Set it with imgact_json_iter_begin(); its members are private. */
typedef struct imgact_json_iter {
  const imgact_json *container;
  const imgact_json *next;
  size_t left;
} imgact_json_iter;

/*
 * Iterate over the elements of an array or the members of an object.
 *
 * container  any value; may be NULL; a value that is not an array or object has no elements
 * iter       iterator of imgact_json_iter_begin(); must not be NULL
 * key        receives the name of the member, NULL in an array; may be NULL
 *
 * imgact_json_iter_next() returns the next value, NULL at the end.
 */
IMGACT_API imgact_json_iter imgact_json_iter_begin(const imgact_json *container);
IMGACT_API const imgact_json *imgact_json_iter_next(imgact_json_iter *iter,
                                                    const imgact_json **key);

/* ---- parsing, for tools and tests; providers get parsed documents ---- */

/* Opaque type of a parsed document, which owns its values. */
typedef struct imgact_json_doc imgact_json_doc;

/*
 * Parses a JSON document.
 *
 * text       UTF-8 text, at most 32 MiB, nested at most 64 levels; copied
 * length     length of text in bytes
 * allocator  copied; NULL = malloc()
 * doc        receives the document, NULL on failure; free it with imgact_json_doc_free()
 * message    receives the error and its position; may be NULL
 * capacity   size of message in bytes
 *
 * The values may use at most 160 MiB of memory. Text after the document is an error.
 *
 * Returns 0, -1 if the text is malformed or too large, or -2 if memory runs out or the allocator
 * is invalid.
 */
IMGACT_API int imgact_json_doc_parse(const char *text, size_t length,
                                     const imgact_allocator *allocator, imgact_json_doc **doc,
                                     char *message, size_t capacity);

/*
 * Returns the root value of a document.
 *
 * doc  may be NULL
 */
IMGACT_API const imgact_json *imgact_json_doc_root(const imgact_json_doc *doc);

/*
 * Frees a document and its values.
 *
 * doc  NULL is allowed and does nothing
 */
IMGACT_API void imgact_json_doc_free(imgact_json_doc *doc);

/* ---- writing ---- */

/* Opaque type of a writer. The first error (no memory, a value without a key, nested more than 128
 * levels) remains until a reset, and imgact_json_writer_finish() reports it. */
typedef struct imgact_json_writer imgact_json_writer;

/*
 * Creates a writer.
 *
 * allocator  copied; NULL = malloc()
 * indent     spaces per level, at most 16; 0 = one line
 *
 * Returns NULL if memory runs out or the allocator is invalid. Free the writer with
 * imgact_json_writer_free().
 */
IMGACT_API imgact_json_writer *imgact_json_writer_new(const imgact_allocator *allocator,
                                                      int indent);

/* Frees a writer and its text. */
IMGACT_API void imgact_json_writer_free(imgact_json_writer *writer);

/* Begin and end an object or an array. */
IMGACT_API void imgact_json_write_begin_object(imgact_json_writer *writer);
IMGACT_API void imgact_json_write_end_object(imgact_json_writer *writer);
IMGACT_API void imgact_json_write_begin_array(imgact_json_writer *writer);
IMGACT_API void imgact_json_write_end_array(imgact_json_writer *writer);

/*
 * Writes the key of the next value in an object.
 *
 * key  NULL is an error
 */
IMGACT_API void imgact_json_write_key(imgact_json_writer *writer, const char *key);

/*
 * Write a string.
 *
 * text    NULL writes null
 * length  length of text in bytes
 *
 * The bytes C0 80 become \u0000. Bytes that are not UTF-8 become U+FFFD.
 */
IMGACT_API void imgact_json_write_string(imgact_json_writer *writer, const char *text);
IMGACT_API void imgact_json_write_string_n(imgact_json_writer *writer, const char *text,
                                           size_t length);

/*
 * Writes a whole number.
 *
 * value  number to write
 */
IMGACT_API void imgact_json_write_int(imgact_json_writer *writer, int64_t value);

/*
 * Writes a number in the shortest form that reads back as the same number.
 *
 * value  number to write; NaN and infinity write null
 */
IMGACT_API void imgact_json_write_double(imgact_json_writer *writer, double value);

/*
 * Writes true or false.
 *
 * value  0 writes false, any other value true
 */
IMGACT_API void imgact_json_write_bool(imgact_json_writer *writer, int value);

/* Writes null. */
IMGACT_API void imgact_json_write_null(imgact_json_writer *writer);

/*
 * Writes a document that is JSON text already; its indentation changes to that of the writer.
 *
 * json  NULL writes null; text that is not JSON is an error
 */
IMGACT_API void imgact_json_write_raw(imgact_json_writer *writer, const char *json);

/*
 * Writes a value of a parsed document with everything in it.
 *
 * value  NULL writes null
 */
IMGACT_API void imgact_json_write_value(imgact_json_writer *writer, const imgact_json *value);

/*
 * Returns the complete text, NUL-terminated.
 *
 * length  receives the length in bytes; may be NULL
 *
 * Returns NULL after an error, and if the document is incomplete. The text is valid until the
 * writer is written to, reset or freed.
 */
IMGACT_API const char *imgact_json_writer_finish(imgact_json_writer *writer, size_t *length);

/* Clears the text and the error, for another document. */
IMGACT_API void imgact_json_writer_reset(imgact_json_writer *writer);

IMGACT_END_DECLS

#endif
