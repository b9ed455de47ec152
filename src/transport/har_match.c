// SPDX-License-Identifier: MIT
/* Matches requests with cassette entries. URLs are compared by a normalised key, so that the order
 * of query parameters and the form of escapes do not matter. Bodies are compared as JSON if they
 * are JSON. */
#include "har_match.h"

#include "json_doc.h"
#include "redact.h"
#include "redact_members.h"
#include "str.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys ---- */

/* Appends one part of a URL, each byte either plain or as %XX. */
static void put_part(ia_buf *out, ia_buf *scratch, const char *text, size_t length,
                     bool plus_is_space) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  ia_buf_reset(scratch);
  ia_percent_decode(scratch, text, length, plus_is_space);
  if (scratch->state != IA_BUF_OK) out->state = scratch->state;
  for (size_t i = 0; i < scratch->length; i++) {
    char c = scratch->data[i];
    if (c != '\0' && strchr(plain, c))
      ia_buf_char(out, c);
    else
      ia_buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
  }
}

static void put_path(ia_buf *out, ia_buf *scratch, const char *path, size_t length) {
  const char *end = path + length;
  if (length == 0 || path[0] != '/') ia_buf_char(out, '/');
  while (path < end) {
    const char *slash = memchr(path, '/', (size_t)(end - path));
    put_part(out, scratch, path, (size_t)((slash ? slash : end) - path), false);
    if (slash) ia_buf_char(out, '/');
    path = slash ? slash + 1 : end;
  }
}

/* A normalised key and value, as a range of a buffer that may still move. */
typedef struct pair {
  const char *text;
  size_t offset, key_length, length;
} pair;

static int compare_pairs(const void *left, const void *right) {
  const pair *a = left, *b = right;
  size_t shorter = a->key_length < b->key_length ? a->key_length : b->key_length;
  int order = memcmp(a->text, b->text, shorter);
  if (order != 0) return order;
  if (a->key_length != b->key_length) return a->key_length < b->key_length ? -1 : 1;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static pair put_pair(ia_buf *out, ia_buf *scratch, const char *text, size_t length) {
  pair made = {.offset = out->length};
  const char *equals = memchr(text, '=', length);
  put_part(out, scratch, text, equals ? (size_t)(equals - text) : length, true);
  made.key_length = out->length - made.offset;
  if (equals) {
    ia_buf_char(out, '=');
    put_part(out, scratch, equals + 1, length - (size_t)(equals + 1 - text), true);
  }
  made.length = out->length - made.offset;
  return made;
}

static void put_query(ia_buf *out, ia_buf *scratch, const char *query, size_t length) {
  ia_buf encoded;
  size_t count = 1;
  for (size_t i = 0; i < length; i++) count += query[i] == '&';
  ia_buf_init(&encoded, out->allocator, IA_HAR_MAX_BYTES);
  pair *pairs =
      count > SIZE_MAX / sizeof *pairs ? NULL : ia_alloc(out->allocator, count * sizeof *pairs);
  if (!pairs) out->state = IA_BUF_NOMEM;
  count = 0;
  for (const char *end = query + length; pairs && query < end;) {
    const char *ampersand = memchr(query, '&', (size_t)(end - query));
    size_t part = (size_t)((ampersand ? ampersand : end) - query);
    if (part > 0) pairs[count++] = put_pair(&encoded, scratch, query, part);
    query += part + 1;
  }

  if (encoded.state != IA_BUF_OK) out->state = encoded.state;
  if (out->state == IA_BUF_OK && count > 0) {
    for (size_t i = 0; i < count; i++) pairs[i].text = ia_buf_text(&encoded) + pairs[i].offset;
    qsort(pairs, count, sizeof *pairs, compare_pairs);
  }

  for (size_t i = 0; out->state == IA_BUF_OK && i < count; i++) {
    ia_buf_char(out, i == 0 ? '?' : '&');
    ia_buf_add(out, pairs[i].text, pairs[i].length);
  }

  ia_free(out->allocator, pairs);
  ia_buf_free(&encoded);
}

const char *ia_match_key(const char *method, const char *url, ia_arena *arena) {
  ia_buf out, scratch;
  ia_buf_init(&out, arena->allocator, IA_HAR_MAX_BYTES);
  ia_buf_init(&scratch, arena->allocator, IA_HAR_MAX_BYTES);
  const char *host = strstr(url, "://");
  if (host) url = host + 3 + strcspn(host + 3, "/?#");
  size_t path_length = strcspn(url, "?#");
  ia_buf_str(&out, method);
  ia_buf_char(&out, ' ');
  put_path(&out, &scratch, url, path_length);
  if (url[path_length] == '?')
    put_query(&out, &scratch, url + path_length + 1, strcspn(url + path_length + 1, "#"));
  const char *key = out.state == IA_BUF_OK ? ia_arena_copy_n(arena, out.data, out.length) : NULL;

  ia_buf_free(&out);
  ia_buf_free(&scratch);
  return key;
}

/* ---- bodies ---- */

static bool same_json(const imgact_json *a, const imgact_json *b);

/* Compares by value. Integers beyond 64 bits may become the same double, and numbers beyond the
 * range of a double have none, so their digits are compared. */
static bool same_number(const imgact_json *a, const imgact_json *b) {
  int64_t a_int = 0, b_int = 0;
  double a_real = 0, b_real = 0;
  if (ia_json_same_digits(a, b)) return true;
  if (imgact_json_as_int(a, &a_int) && imgact_json_as_int(b, &b_int)) return a_int == b_int;
  if (ia_json_is_digits(a) && ia_json_is_digits(b)) return false;
  return imgact_json_as_double(a, &a_real) && imgact_json_as_double(b, &b_real) &&
         a_real >= b_real && a_real <= b_real;
}

static bool same_text(const imgact_json *a, const imgact_json *b) {
  size_t a_length = 0, b_length = 0;
  const char *a_text = imgact_json_as_string(a, &a_length),
             *b_text = imgact_json_as_string(b, &b_length);
  return a_length == b_length && memcmp(a_text, b_text, a_length) == 0;
}

static bool same_elements(const imgact_json *a, const imgact_json *b) {
  imgact_json_iter a_each = imgact_json_iter_begin(a), b_each = imgact_json_iter_begin(b);
  if (a_each.left != b_each.left) return false;
  for (const imgact_json *item; (item = imgact_json_iter_next(&a_each, NULL));) {
    if (!same_json(item, imgact_json_iter_next(&b_each, NULL))) return false;
  }
  return true;
}

/* Returns the last member with that key, as imgact_json_get() does; the key may contain U+0000. */
static const imgact_json *member(const imgact_json *object, const imgact_json *key) {
  size_t length = 0;
  const char *text = imgact_json_as_string(key, &length);
  if (!memchr(text, '\0', length)) return imgact_json_get(object, text);
  const imgact_json *found = NULL, *name, *item;
  imgact_json_iter each = imgact_json_iter_begin(object);
  while ((item = imgact_json_iter_next(&each, &name)))
    if (same_text(name, key)) found = item;
  return found;
}

/* Returns true if the object has every key of the other. Of duplicate keys, the last one counts. */
static bool has_keys_of(const imgact_json *object, const imgact_json *other) {
  imgact_json_iter each = imgact_json_iter_begin(other);
  for (const imgact_json *key; imgact_json_iter_next(&each, &key);)
    if (!member(object, key)) return false;
  return true;
}

/* Returns true if the recorder has hidden the value of this member: it matches any value. */
static bool is_hidden(const imgact_json *key, const imgact_json *recorded) {
  size_t length = 0;
  const char *text = imgact_json_as_string(key, &length);
  return imgact_json_equals(recorded, IA_REDACTED) && ia_is_hidden_member(text, length);
}

/* Earlier duplicates are skipped: comparing the last member once for each duplicate would double
 * the work per level. a: recorded. */
static bool same_members(const imgact_json *a, const imgact_json *b) {
  imgact_json_iter each = imgact_json_iter_begin(a);
  const imgact_json *key, *item;
  while ((item = imgact_json_iter_next(&each, &key))) {
    if (member(a, key) != item) continue;
    const imgact_json *other = member(b, key);
    if (!same_json(item, other) && !(other && is_hidden(key, item))) return false;
  }
  return has_keys_of(a, b);
}

/* The recursion is bounded by the document's depth, which the parser limits. */
static bool same_json(const imgact_json *a, const imgact_json *b) {
  int a_bool = 0, b_bool = 0;
  imgact_json_type type = imgact_json_get_type(a);
  if (type != imgact_json_get_type(b)) return false;
  switch (type) {
  case IMGACT_JSON_BOOL:
    return imgact_json_as_bool(a, &a_bool) && imgact_json_as_bool(b, &b_bool) && a_bool == b_bool;
  case IMGACT_JSON_NUMBER: return same_number(a, b);
  case IMGACT_JSON_STRING: return same_text(a, b);
  case IMGACT_JSON_ARRAY: return same_elements(a, b);
  case IMGACT_JSON_OBJECT: return same_members(a, b);
  default: return true;
  }
}

static ia_json_status parse_two(const ia_har_entry *entry, const imgact_http_request *request,
                                const imgact_allocator *allocator, imgact_json_doc *docs[2]) {
  ia_json_status status =
      ia_json_parse(entry->body, entry->body_bytes, allocator, NULL, &docs[0], NULL, 0);
  if (status != IA_JSON_OK) return status;
  return ia_json_parse(request->body, request->body_bytes, allocator, NULL, &docs[1], NULL, 0);
}

bool ia_match_body(const ia_har_entry *entry, const imgact_http_request *request,
                   const imgact_allocator *allocator, bool *nomem) {
  size_t there = entry->body_bytes, asked = request->body ? request->body_bytes : 0;
  if (there == asked && (asked == 0 || memcmp(entry->body, request->body, asked) == 0)) return true;
  if (there == 0 || asked == 0) return false;
  imgact_json_doc *docs[2] = {NULL, NULL};
  ia_json_status status = parse_two(entry, request, allocator, docs);
  if (status == IA_JSON_NOMEM) *nomem = true;
  bool same = status == IA_JSON_OK &&
              same_json(imgact_json_doc_root(docs[0]), imgact_json_doc_root(docs[1]));
  imgact_json_doc_free(docs[0]);
  imgact_json_doc_free(docs[1]);
  return same;
}

/* ---- no match ---- */

typedef enum similarity { OTHER, SAME_PATH, OTHER_QUERY, OTHER_BODY, USED_UP } similarity;

static size_t common(const char *a, const char *b) {
  size_t length = 0;
  while (a[length] != '\0' && a[length] == b[length]) length++;
  return length;
}

static similarity compare(const ia_match_entry *entry, const char *key,
                          const imgact_http_request *request, const imgact_allocator *allocator) {
  size_t same = common(entry->key, key);
  if (key[same] == '\0' && entry->key[same] == '\0') {
    bool nomem = false, body = ia_match_body(entry->har, request, allocator, &nomem);
    return body ? USED_UP : OTHER_BODY;
  }
  if ((key[same] == '?' && entry->key[same] == '\0') ||
      (key[same] == '\0' && entry->key[same] == '?') || memchr(key, '?', same)) {
    return OTHER_QUERY;
  }

  const char *there = strchr(entry->key, ' '), *asked = strchr(key, ' ');
  size_t path = strcspn(asked, "?");
  return there && strcspn(there, "?") == path && memcmp(there, asked, path) == 0 ? SAME_PATH
                                                                                 : OTHER;
}

/* Appends a text for a message: short, without control characters. */
static void put_sample(ia_buf *out, const char *text, size_t length) {
  size_t cut = ia_utf8_valid(text ? text : "", length, false) ? ia_utf8_cut(text, length, 100) : 0;
  if (length == 0) ia_buf_str(out, "none");
  for (size_t i = 0; i < cut; i++)
    ia_buf_char(out, (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
  if (cut < length) ia_buf_str(out, "...");
}

/* Appends the beginning of a body for a message, without members that are hidden by their key. */
static void put_body(ia_buf *out, const char *body, size_t length) {
  ia_buf shown;
  ia_buf_init(&shown, out->allocator, IA_HAR_MAX_BYTES);
  ia_redact_members(&shown, body ? body : "", length);
  if (shown.state == IA_BUF_OK) put_sample(out, ia_buf_text(&shown), shown.length);
  if (shown.state == IA_BUF_NOMEM) out->state = IA_BUF_NOMEM;
  ia_buf_free(&shown);
}

static void put_query_of(ia_buf *out, const char *key) {
  const char *query = strchr(key, '?');
  put_sample(out, query ? query + 1 : "", query ? strlen(query + 1) : 0);
}

static void put_difference(ia_buf *out, const ia_match_entry *nearest, similarity like,
                           const char *key, const imgact_http_request *request) {
  switch (like) {
  case USED_UP: ia_buf_str(out, "was already used, and there is no other one"); break;
  case OTHER_BODY:
    ia_buf_str(out, "has another body: recorded ");
    put_sample(out, nearest->har->body, nearest->har->body_bytes);
    ia_buf_str(out, ", requested ");
    put_body(out, request->body, request->body ? request->body_bytes : 0);
    break;
  case OTHER_QUERY:
    ia_buf_str(out, "has another query: recorded ");
    put_query_of(out, nearest->key);
    ia_buf_str(out, ", requested ");
    put_query_of(out, key);
    break;
  default:
    ia_buf_str(out, "is ");
    put_sample(out, nearest->key, strlen(nearest->key));
    break;
  }
}

void ia_match_describe_nearest(ia_buf *out, const ia_match_entry *entries, size_t count,
                               const char *key, const imgact_http_request *request) {
  size_t nearest = 0, longest = 0;
  similarity best = OTHER;
  for (size_t i = 0; i < count; i++) {
    similarity like = compare(&entries[i], key, request, out->allocator);
    size_t same = common(entries[i].key, key);
    if (like < best || (like == best && same <= longest && i > 0)) continue;
    nearest = i;
    best = like;
    longest = same;
  }

  ia_buf_str(out, "no cassette entry for ");
  put_sample(out, key, strlen(key));
  if (count == 0) {
    ia_buf_str(out, ": the cassette is empty");
    return;
  }

  ia_buf_printf(out, "; closest: log.entries[%zu] ", nearest);
  put_difference(out, &entries[nearest], best, key, request);
}
