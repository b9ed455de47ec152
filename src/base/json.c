// SPDX-License-Identifier: MIT
/* The one file that knows the JSON library. An imgact_json is a value of its tree; the document
 * owns the tree, the private copy of the text that the tree's strings point into, and the strings
 * that redaction had to replace. */
#include "json_doc.h"

#include "str.h"
#include <imgact/provider.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yyjson.h>

/* The allocator of the values: counts what is taken up to a limit. */
typedef struct bounded_memory {
  const imgact_allocator *allocator;
  size_t max, left;
  bool exceeded;
} bounded_memory;

struct imgact_json_doc {
  imgact_allocator allocator;
  bounded_memory memory; /* the document of the library frees its values with it */
  yyjson_doc *parsed;
  char *text;
  ia_arena redacted;
};

/* The library takes values that it only reads without const; this is the one place that takes const
 * away. */
static yyjson_val *value_of(const imgact_json *value) { return (yyjson_val *)(uintptr_t)value; }

static const imgact_json *json_of(const yyjson_val *value) { return (const imgact_json *)value; }

/* ---- parsing ---- */

static bool take(bounded_memory *memory, size_t bytes) {
  if (bytes > memory->left) {
    memory->exceeded = true;
    return false;
  }
  memory->left -= bytes;
  return true;
}

static void *alc_alloc(void *memory, size_t bytes) {
  bounded_memory *m = memory;
  return take(m, bytes) ? ia_alloc(m->allocator, bytes) : NULL;
}

static void *alc_resize(void *memory, void *block, size_t old_bytes, size_t bytes) {
  bounded_memory *m = memory;
  if (bytes > old_bytes && !take(m, bytes - old_bytes)) return NULL;
  return ia_resize(m->allocator, block, bytes);
}

static void alc_release(void *memory, void *block) {
  ia_free(((bounded_memory *)memory)->allocator, block);
}

static void say(char *what, size_t capacity, const char *format, ...) IMGACT_PRINTF(3, 4);
static void say(char *what, size_t capacity, const char *format, ...) {
  if (!what || capacity == 0) return;
  va_list args;
  va_start(args, format);
  (void)vsnprintf(what, capacity, format, args);
  va_end(args);
}

typedef struct escapes {
  bool any, unicode;
} escapes;

static escapes find_escapes(const char *text, size_t length) {
  escapes found = {false, false};
  const char *end = text + length;
  while (!found.unicode && (text = memchr(text, '\\', (size_t)(end - text)))) {
    found.any = true;
    found.unicode = end - text > 1 && text[1] == 'u';
    text += end - text > 1 ? 2 : 1;
  }
  return found;
}

/* The code unit of "\uXXXX"; -1 where there is no such escape. */
static int32_t code_unit(const char *text, const char *end) {
  if (end - text < 6 || text[0] != '\\' || text[1] != 'u') return -1;
  int32_t code = 0;
  for (int i = 2; i < 6; i++) {
    char c = text[i];
    int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code;
}

static bool is_high_surrogate(int32_t code) { return code >= 0xd800 && code <= 0xdbff; }
static bool is_low_surrogate(int32_t code) { return code >= 0xdc00 && code <= 0xdfff; }

/* yyjson rejects unpaired surrogates. \uFFFD has the same length, so they are replaced in place. */
static void replace_lone_surrogates(char *text, size_t length) {
  char *end = text + length;
  while ((text = memchr(text, '\\', (size_t)(end - text)))) {
    int32_t code = code_unit(text, end);
    if (code < 0) {
      text += end - text > 1 ? 2 : 1;
    } else if (is_high_surrogate(code) && is_low_surrogate(code_unit(text + 6, end))) {
      text += 12;
    } else {
      if (is_high_surrogate(code) || is_low_surrogate(code)) memcpy(text + 2, "FFFD", 4);
      text += 6;
    }
  }
}

static bool too_deep(yyjson_doc *parsed) {
  /* yyjson stores all values in one array, each container before its contents, so only the ends of
   * the open containers are needed. */
  yyjson_val *value = yyjson_doc_get_root(parsed);
  yyjson_val *end = value + yyjson_doc_get_val_count(parsed);
  yyjson_val *ends[IA_JSON_MAX_DEPTH];
  size_t depth = 0;
  for (; value < end; value++) {
    if (!yyjson_is_ctn(value)) continue;
    while (depth > 0 && value >= ends[depth - 1]) depth--;
    if (depth == IA_JSON_MAX_DEPTH) return true;
    ends[depth++] = unsafe_yyjson_get_next(value);
  }
  return false;
}

/* Returns true if there is a byte of 0x7f or above. The fixed block size lets compilers vectorise
 * the loop. */
static bool has_non_ascii(const char *text, size_t length) {
  enum { BLOCK = 64 };
  const unsigned char *bytes = (const unsigned char *)text;
  for (; length >= BLOCK; bytes += BLOCK, length -= BLOCK) {
    unsigned char seen = 0;
    for (size_t i = 0; i < BLOCK; i++) seen |= (unsigned char)(bytes[i] | (bytes[i] + 1));
    if (seen & 0x80) return true;
  }
  for (; length > 0; bytes++, length--)
    if (*bytes >= 0x7f) return true;
  return false;
}

/* Returns true if a string of the text may contain the token. \uXXXX can hide any character from a
 * search of the raw bytes; other escapes hide only control characters, '"', '\' and '/'. */
static bool may_hold_token(const ia_redactor *redactor, const char *text, size_t length,
                           escapes found) {
  if (!redactor || redactor->min_match_length == 0) return false;
  if (redactor->also_encoded || found.unicode || ia_redact_found_as_is(redactor, text, length))
    return true;
  bool escaped_when_written = found.any || has_non_ascii(text, length);
  if (escaped_when_written && ia_redact_may_be_completed(redactor, text, length)) return true;
  if (!found.any) return false;
  for (size_t i = 0; i < redactor->min_match_length; i++) {
    unsigned char c = (unsigned char)redactor->token[i];
    if (c < ' ' || c == '"' || c == '\\' || c == '/') return true;
  }
  return false;
}

/* A number can contain the token only if that has digits alone. A redacted number becomes a string.
 */
static bool redact_scalar(imgact_json_doc *doc, const ia_redactor *redactor, yyjson_val *value) {
  const char *text = yyjson_is_raw(value) ? yyjson_get_raw(value) : yyjson_get_str(value);
  size_t length = yyjson_get_len(value);
  if (!text || length == 0) return true;
  if (!redactor->also_encoded && !ia_redact_found(redactor, text, length)) return true;
  ia_buf out;
  ia_buf_init(&out, &doc->allocator,
              length / 8 * sizeof IA_REDACTED + length + sizeof IA_REDACTED + 8);
  if (redactor->also_encoded)
    ia_redact_text(redactor, &out, text, length);
  else
    ia_redact(redactor, &out, text, length);
  const char *redacted = ia_buf_text(&out);
  bool unchanged = redacted && out.length == length && memcmp(redacted, text, length) == 0;
  char *kept =
      redacted && !unchanged ? ia_arena_copy_n(&doc->redacted, redacted, out.length) : NULL;
  bool done = unchanged || (kept && yyjson_set_strn(value, kept, out.length));
  ia_buf_free(&out);
  return done;
}

static bool redact_scalars(imgact_json_doc *doc, const ia_redactor *redactor) {
  yyjson_val *value = yyjson_doc_get_root(doc->parsed);
  yyjson_val *end = value + yyjson_doc_get_val_count(doc->parsed);
  for (; value < end; value++) {
    if (!yyjson_is_ctn(value) && !redact_scalar(doc, redactor, value)) return false;
  }
  return true;
}

static ia_json_status read_values(imgact_json_doc *doc, size_t length, char *what,
                                  size_t capacity) {
  yyjson_alc alc = {alc_alloc, alc_resize, alc_release, &doc->memory};
  yyjson_read_err wrong;
  doc->parsed = yyjson_read_opts(doc->text, length, YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW,
                                 &alc, &wrong);
  if (doc->parsed) return IA_JSON_OK;
  if (doc->memory.exceeded) {
    say(what, capacity, "its values need more than %zu MiB", doc->memory.max >> 20);
    return IA_JSON_TOO_LARGE;
  }
  if (wrong.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) return IA_JSON_NOMEM;
  say(what, capacity, "%s at byte %zu", wrong.msg, wrong.pos);
  return IA_JSON_MALFORMED;
}

static ia_json_status parse(imgact_json_doc *doc, size_t length, const ia_redactor *redactor,
                            char *what, size_t capacity) {
  escapes found = find_escapes(doc->text, length);
  bool redact = may_hold_token(redactor, doc->text, length,
                               found); /* now: parsing in place changes the text */
  if (found.unicode) replace_lone_surrogates(doc->text, length);
  ia_json_status status = read_values(doc, length, what, capacity);
  if (status != IA_JSON_OK) return status;
  if (too_deep(doc->parsed)) {
    say(what, capacity, "nested deeper than %d", IA_JSON_MAX_DEPTH);
    return IA_JSON_TOO_DEEP;
  }
  return !redact || redact_scalars(doc, redactor) ? IA_JSON_OK : IA_JSON_NOMEM;
}

static imgact_json_doc *new_doc(size_t max_bytes, const char *text, size_t length,
                                const imgact_allocator *allocator) {
  imgact_json_doc *doc = ia_alloc_zero(allocator, sizeof *doc);
  if (!doc) return NULL;
  doc->allocator = allocator ? *allocator : ia_malloc;
  size_t max = max_bytes * IA_JSON_MAX_GROWTH;
  doc->memory = (bounded_memory){.allocator = &doc->allocator, .max = max, .left = max};
  ia_arena_init(&doc->redacted, &doc->allocator);
  doc->text = ia_alloc(allocator, length + YYJSON_PADDING_SIZE);
  if (!doc->text) {
    imgact_json_doc_free(doc);
    return NULL;
  }
  memcpy(doc->text, text, length);
  memset(doc->text + length, 0, YYJSON_PADDING_SIZE);
  return doc;
}

ia_json_status ia_json_parse(const char *text, size_t length, const imgact_allocator *allocator,
                             const ia_redactor *redactor, imgact_json_doc **doc, char *what,
                             size_t what_capacity) {
  return ia_json_parse_up_to(IA_JSON_MAX_BYTES, text, length, allocator, redactor, doc, what,
                             what_capacity);
}

ia_json_status ia_json_parse_up_to(size_t max_bytes, const char *text, size_t length,
                                   const imgact_allocator *allocator, const ia_redactor *redactor,
                                   imgact_json_doc **doc, char *what, size_t what_capacity) {
  *doc = NULL;
  if (what && what_capacity > 0) what[0] = '\0';
  if (!text || length == 0) {
    say(what, what_capacity, "it is empty");
    return IA_JSON_MALFORMED;
  }
  if (length > max_bytes) {
    say(what, what_capacity, "larger than %zu bytes", max_bytes);
    return IA_JSON_TOO_LARGE;
  }
  imgact_json_doc *made = new_doc(max_bytes, text, length, allocator);
  ia_json_status status = made ? parse(made, length, redactor, what, what_capacity) : IA_JSON_NOMEM;
  if (status == IA_JSON_OK) {
    *doc = made;
    return IA_JSON_OK;
  }
  if (status == IA_JSON_NOMEM) say(what, what_capacity, "out of memory");
  imgact_json_doc_free(made);
  return status;
}

int imgact_json_doc_parse(const char *text, size_t length, const imgact_allocator *allocator,
                          imgact_json_doc **doc, char *message, size_t capacity) {
  *doc = NULL;
  allocator = ia_allocator_of(allocator);
  if (!allocator) {
    say(message, capacity, IA_BAD_ALLOCATOR);
    return -2;
  }
  switch (ia_json_parse(text, length, allocator, NULL, doc, message, capacity)) {
  case IA_JSON_OK: return 0;
  case IA_JSON_NOMEM: return -2;
  default: return -1;
  }
}

const imgact_json *imgact_json_doc_root(const imgact_json_doc *doc) {
  return doc ? json_of(yyjson_doc_get_root(doc->parsed)) : NULL;
}

void imgact_json_doc_free(imgact_json_doc *doc) {
  if (!doc) return;
  imgact_allocator allocator = doc->allocator;
  yyjson_doc_free(doc->parsed);
  ia_arena_free(&doc->redacted);
  ia_free(&allocator, doc->text);
  ia_free(&allocator, doc);
}

/* ---- reading ---- */

imgact_json_type imgact_json_get_type(const imgact_json *value) {
  switch (yyjson_get_type(value_of(value))) {
  case YYJSON_TYPE_NULL: return IMGACT_JSON_NULL;
  case YYJSON_TYPE_BOOL: return IMGACT_JSON_BOOL;
  case YYJSON_TYPE_NUM:
  case YYJSON_TYPE_RAW: return IMGACT_JSON_NUMBER;
  case YYJSON_TYPE_STR: return IMGACT_JSON_STRING;
  case YYJSON_TYPE_ARR: return IMGACT_JSON_ARRAY;
  case YYJSON_TYPE_OBJ: return IMGACT_JSON_OBJECT;
  default: return IMGACT_JSON_ABSENT;
  }
}

/* Of a key that comes twice the last one counts, as in JavaScript, Python and Go: so do the clients
 * of these APIs. Every member is compared with every key that is asked for; this is most of what
 * mapping a list costs. */
static const imgact_json *member(const imgact_json *object, const char *key, size_t length) {
  yyjson_val *members = value_of(object), *found = NULL;
  if (!yyjson_is_obj(members)) return NULL;
  yyjson_val *name = unsafe_yyjson_get_first(members);
  for (size_t left = unsafe_yyjson_get_len(members); left > 0; left--) {
    const char *text = unsafe_yyjson_get_str(
        name); /* ends in a NUL: the first byte is there also when it is empty */
    if (unsafe_yyjson_get_len(name) == length && text[0] == key[0] &&
        memcmp(text, key, length) == 0)
      found = name + 1;
    name = unsafe_yyjson_get_next(name + 1);
  }
  return json_of(found);
}

const imgact_json *imgact_json_get(const imgact_json *object, const char *key) {
  return key ? member(object, key, strlen(key)) : NULL;
}

const imgact_json *ia_json_at_n(const imgact_json *value, const char *path, size_t length) {
  const char *end = path + length;
  while (value && path < end) {
    if (*path == '.') path++;
    const char *dot = memchr(path, '.', (size_t)(end - path));
    size_t bytes = (size_t)((dot ? dot : end) - path);
    value = bytes > 0 ? member(value, path, bytes) : NULL;
    path += bytes;
  }
  return value;
}

size_t ia_json_members(imgact_json_iter *iter, ia_json_member *members, size_t max) {
  if (!yyjson_is_obj(value_of(iter->container))) return 0;
  yyjson_val *name = value_of(iter->next);
  size_t count = iter->left < max ? iter->left : max;
  for (size_t i = 0; i < count; i++) {
    members[i] = (ia_json_member){unsafe_yyjson_get_str(name), unsafe_yyjson_get_len(name),
                                  yyjson_is_null(name + 1) ? NULL : json_of(name + 1)};
    name = unsafe_yyjson_get_next(name + 1);
  }
  iter->next = json_of(name);
  iter->left -= count;
  return count;
}

size_t imgact_json_count(const imgact_json *value) {
  yyjson_val *container = value_of(value);
  return yyjson_is_ctn(container) ? yyjson_get_len(container) : 0;
}

/* Numbers are kept as text and parsed on demand: output has the received digits, and unused numbers
 * cost nothing. */
const char *ia_json_number(const imgact_json *value, size_t *length) {
  yyjson_val *number = value_of(value);
  if (!yyjson_is_raw(number)) return NULL;
  *length = yyjson_get_len(number);
  return yyjson_get_raw(number);
}

/* A number of at most 15 digits and no exponent, digits / 10^decimals: nearly all that are sent.
 * The JSON library reads the others. */
typedef struct short_number {
  int64_t digits;
  int decimals;
  bool negative;
} short_number;

static bool read_short_number(const char *text, size_t length, short_number *number) {
  const char *end = text + length, *point = NULL;
  *number = (short_number){.negative = length > 0 && *text == '-'};
  if (number->negative) text++;
  if (end - text > 16) return false;
  for (; text < end; text++) {
    if (*text == '.' && !point) {
      point = text;
    } else {
      if (*text < '0' || *text > '9') return false;
      number->digits = number->digits * 10 + (*text - '0');
    }
  }
  number->decimals = point ? (int)(end - point) - 1 : 0;
  return number->digits < INT64_C(1000000000000000);
}

static bool read_number(const imgact_json *value, yyjson_val *number) {
  size_t length = 0;
  const char *text = ia_json_number(value, &length);
  return text && yyjson_read_number(text, number, 0, NULL, NULL) != NULL;
}

bool ia_json_is_number(const char *text) {
  yyjson_val number;
  const char *end = yyjson_read_number(text, &number, 0, NULL, NULL);
  return end && *end == '\0';
}

int imgact_json_as_int(const imgact_json *value, int64_t *out) {
  size_t length = 0;
  const char *text = ia_json_number(value, &length);
  short_number few;
  if (!text) return 0;
  if (read_short_number(text, length, &few) && few.decimals == 0) {
    *out = few.negative ? -few.digits : few.digits;
    return 1;
  }
  yyjson_val number;
  if (!read_number(value, &number)) return 0;
  if (yyjson_is_sint(&number) ||
      (yyjson_is_uint(&number) && yyjson_get_uint(&number) <= INT64_MAX)) {
    *out = yyjson_get_sint(&number);
    return 1;
  }
  /* JSON knows one kind of number: 10.0 is 10. From 2^53 on, one double stands for several whole
   * numbers. */
  double real = yyjson_is_real(&number) ? yyjson_get_real(&number) : 0.5;
  if (!(real > -9007199254740992.0 && real < 9007199254740992.0)) return 0;
  int64_t whole = (int64_t)real;
  if ((double)whole < real || (double)whole > real) return 0;
  *out = whole;
  return 1;
}

int imgact_json_as_double(const imgact_json *value, double *out) {
  static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  size_t length = 0;
  const char *text = ia_json_number(value, &length);
  short_number few;
  if (!text) return 0;
  if (read_short_number(text, length, &few)) {
    /* Both are exact as doubles, so the division rounds once, as reading the text would. */
    double positive = (double)few.digits / powers[few.decimals];
    bool is_zero = few.digits == 0 && few.decimals == 0; /* -0 is 0, -0.0 is not */
    *out = few.negative && !is_zero ? -positive : positive;
    return 1;
  }
  yyjson_val number;
  if (!read_number(value, &number)) return 0; /* also what is beyond a double */
  *out = yyjson_get_num(&number);
  return 1;
}

int imgact_json_as_bool(const imgact_json *value, int *out) {
  if (!yyjson_is_bool(value_of(value))) return 0;
  *out = yyjson_get_bool(value_of(value)) ? 1 : 0;
  return 1;
}

const char *imgact_json_as_string(const imgact_json *value, size_t *length) {
  const char *text = yyjson_get_str(value_of(value));
  if (length) *length = text ? yyjson_get_len(value_of(value)) : 0;
  return text;
}

int imgact_json_equals(const imgact_json *value, const char *text) {
  return text && yyjson_equals_strn(value_of(value), text, strlen(text)) ? 1 : 0;
}

imgact_json_iter imgact_json_iter_begin(const imgact_json *container) {
  size_t count = imgact_json_count(container);
  return (imgact_json_iter){
      container, count == 0 ? NULL : json_of(unsafe_yyjson_get_first(value_of(container))), count};
}

const imgact_json *imgact_json_iter_next(imgact_json_iter *iter, const imgact_json **key) {
  if (key) *key = NULL;
  if (iter->left == 0) return NULL;
  yyjson_val *value = value_of(iter->next);
  if (yyjson_is_obj(value_of(iter->container))) {
    if (key) *key = iter->next;
    value++; /* a member's value stands behind its key */
  }
  iter->left--;
  iter->next = json_of(unsafe_yyjson_get_next(value));
  return json_of(value);
}

/* ---- taking values out ---- */

/* Copies a string as a C string, U+0000 as C0 80, cut at a whole character. Returns the length;
 * room counts the NUL. */
static size_t put_c_string(char *out, size_t room, const char *text, size_t length) {
  size_t used = 0;
  for (;;) {
    const char *nul = memchr(text, '\0', length);
    size_t plain = nul ? (size_t)(nul - text) : length;
    size_t kept = ia_utf8_cut(text, plain, room - 1 - used);
    memcpy(out + used, text, kept);
    used += kept;
    if (!nul || kept < plain || room - 1 - used < 2) break;
    memcpy(out + used, "\xc0\x80", 2);
    used += 2;
    text = nul + 1;
    length -= plain + 1;
  }
  out[used] = '\0';
  return used;
}

char *ia_json_string(const imgact_json *value, ia_arena *arena, bool *nomem) {
  size_t length, nuls = 0;
  const char *text = imgact_json_as_string(value, &length);
  if (!text) return NULL;
  for (const char *at = text; (at = memchr(at, '\0', length - (size_t)(at - text))); at++) nuls++;
  char *copy;
  if (nuls == 0) {
    copy = ia_arena_copy_n(arena, text, length);
  } else {
    copy = ia_arena_alloc(arena, length + nuls + 1);
    if (copy) (void)put_c_string(copy, length + nuls + 1, text, length);
  }
  if (!copy) *nomem = true;
  return copy;
}

static bool is_whitespace(const char *text, size_t length) {
  while (length > 0 && text[length - 1] != '\0' && strchr(" \t\r\n\v\f", text[length - 1]))
    length--;
  return length == 0;
}

int imgact_json_copy_string(const imgact_json *value, char *buffer, size_t capacity) {
  size_t length;
  const char *text = imgact_json_as_string(value, &length);
  if (!text || is_whitespace(text, length)) return 0;
  if (capacity > 0) (void)put_c_string(buffer, capacity, text, length);
  return 1;
}

void ia_json_double_text(double number, ia_buf *out) {
  char memory[512];
  yyjson_alc alc;
  yyjson_val value = {0};
  size_t length = 0;
  if (!isfinite(number)) {
    ia_buf_str(out, "null");
    return;
  }
  yyjson_alc_pool_init(&alc, memory, sizeof memory);
  value.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL;
  value.uni.f64 = number;
  const char *text = yyjson_val_write_opts(&value, 0, &alc, &length, NULL);
  if (length > 2 && memcmp(text + length - 2, ".0", 2) == 0) length -= 2;
  ia_buf_add(out, text, length);
}

bool ia_json_same_digits(const imgact_json *a, const imgact_json *b) {
  yyjson_val *left = value_of(a), *right = value_of(b);
  return yyjson_is_raw(left) && yyjson_is_raw(right) &&
         yyjson_get_len(left) == yyjson_get_len(right) &&
         memcmp(yyjson_get_raw(left), yyjson_get_raw(right), yyjson_get_len(left)) == 0;
}

bool ia_json_is_digits(const imgact_json *number) {
  yyjson_val *value = value_of(number);
  if (!yyjson_is_raw(value)) return false;
  const char *text = yyjson_get_raw(value);
  for (size_t left = yyjson_get_len(value); left > 0; left--, text++)
    if (*text == '.' || *text == 'e' || *text == 'E') return false;
  return true;
}
