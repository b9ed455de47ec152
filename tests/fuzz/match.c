// SPDX-License-Identifier: MIT
/*
 * How a replay recognises a request. An input is up to 8 requests, separated by a line "%%":
 * "METHOD URL", then the body. The last one is the request, the others are entries of a cassette.
 * Properties:
 *
 *   - a key consists of the method and printable ASCII; the key of its own target is the same key;
 *   - a URL with other escapes for the same bytes, with its pairs in another order, or with another
 * host has the same key;
 *   - bodies match in both directions or in none; a body matches itself, and JSON matches its own
 * compact form;
 *   - the description of a miss is short UTF-8 text without control characters.
 */
#include "fuzz.h"
#include "har_match.h"
#include "json_doc.h"
#include "str.h"

#define MAX_REQUESTS 8

typedef struct request {
  char *text;
  const char *method, *url, *body; /* body: NULL = none */
  size_t body_bytes;
} request;

static bool read_request(request *r, fuzz_parts *parts) {
  char *text = fuzz_next_part(parts);
  if (!text) return false;
  *r = (request){.text = text};
  parts->text = NULL; /* owned by r */
  char *newline = strchr(text, '\n'), *space = strchr(text, ' ');
  if (newline) *newline = '\0';
  r->method = text;
  r->url = text + strlen(text);
  if (space && (!newline || space < newline)) {
    *space = '\0';
    r->url = space + 1;
  }
  if (!newline) return true;
  r->body = newline + 1;
  r->body_bytes = parts->length - (size_t)(newline + 1 - text);
  return true;
}

/* ---- keys ---- */

/* Escapes every second letter or digit of path and query, in lower case. */
static void respell(ia_buf *out, const char *url) {
  const char *host = strstr(url, "://"), *at = host ? host + 3 + strcspn(host + 3, "/?#") : url;
  if (host) ia_buf_str(out, "https://other.example");
  for (size_t i = 0; *at != '\0' && *at != '#'; at++, i++) {
    bool plain =
        (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || (*at >= 'A' && *at <= 'Z');
    bool in_escape = (i >= 1 && at[-1] == '%') || (i >= 2 && at[-2] == '%');
    if (plain && !in_escape && i % 2 == 0)
      ia_buf_printf(out, "%%%02x", (unsigned)(unsigned char)*at);
    else
      ia_buf_char(out, *at);
  }
}

/* The target of a key with its pairs in the opposite order; false: two pairs have one key, and
 * their order counts. */
static bool reverse_pairs(ia_buf *out, const char *target) {
  const char *pairs[32];
  size_t count = 0;
  const char *at = strchr(target, '?');
  if (!at) return false;
  ia_buf_add(out, target, (size_t)(at - target));
  for (; at; at = strchr(at + 1, '&')) {
    if (count == sizeof pairs / sizeof *pairs) return false;
    pairs[count++] = at + 1;
  }
  for (size_t i = count; i-- > 0;) {
    size_t length = strcspn(pairs[i], "=&");
    for (size_t k = 0; k < i; k++)
      if (strcspn(pairs[k], "=&") == length && !strncmp(pairs[k], pairs[i], length)) return false;
    ia_buf_char(out, i + 1 == count ? '?' : '&');
    ia_buf_add(out, pairs[i], strcspn(pairs[i], "&"));
  }
  return true;
}

static void check_key(const request *r, const char *key, ia_arena *arena) {
  size_t method = strlen(r->method);
  CHECK(key && !strncmp(key, r->method, method) && key[method] == ' ' && key[method + 1] == '/');
  for (const char *at = key + method + 1; *at != '\0'; at++) CHECK(*at > ' ' && *at < 0x7f);
  const char *again = ia_match_key(r->method, key + method + 1, arena);
  CHECK(again && !strcmp(again, key));
  ia_buf other;
  ia_buf_init(&other, NULL, 3 * strlen(r->url) + strlen(key) + 100);
  respell(&other, r->url);
  const char *respelled = ia_match_key(r->method, ia_buf_text(&other), arena);
  CHECK(respelled && !strcmp(respelled, key));
  ia_buf_reset(&other);
  if (reverse_pairs(&other, key + method + 1)) {
    const char *reversed = ia_match_key(r->method, ia_buf_text(&other), arena);
    CHECK(reversed && !strcmp(reversed, key));
  }
  ia_buf_free(&other);
}

/* ---- bodies ---- */

static bool matches(const char *entry, size_t entry_bytes, const char *body, size_t bytes) {
  bool nomem = false;
  ia_har_entry har = {.body = entry, .body_bytes = entry_bytes};
  imgact_http_request http = {.size = sizeof http, .body = body, .body_bytes = bytes};
  bool same = ia_match_body(&har, &http, &ia_malloc, &nomem);
  CHECK(!nomem);
  return same;
}

static void check_body(const request *r, ia_arena *arena) {
  imgact_json_doc *doc = NULL;
  CHECK(matches(r->body, r->body_bytes, r->body, r->body_bytes));
  if (!r->body ||
      ia_json_parse(r->body, r->body_bytes, &ia_malloc, NULL, &doc, NULL, 0) != IA_JSON_OK)
    return;
  bool too_large;
  const char *compact =
      ia_json_print(imgact_json_doc_root(doc), SIZE_MAX, arena, &ia_malloc, &too_large);
  CHECK(compact && matches(r->body, r->body_bytes, compact, strlen(compact)));
  imgact_json_doc_free(doc);
}

/* ---- misses ---- */

static void check_miss(const ia_match_entry *entries, size_t count, const char *key,
                       const request *asked) {
  ia_buf out;
  imgact_http_request http = {
      .size = sizeof http, .body = asked->body, .body_bytes = asked->body_bytes};
  http.method = asked->method;
  http.url = asked->url;
  ia_buf_init(&out, NULL, 1024);
  ia_match_describe_nearest(&out, entries, count, key, &http);
  const char *text = ia_buf_text(&out);
  CHECK(text && out.length > 0 && ia_utf8_valid(text, out.length, false));
  for (size_t i = 0; i < out.length; i++) CHECK((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
  ia_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_parts parts = {.next = (const char *)data, .end = (const char *)data + size};
  request requests[MAX_REQUESTS];
  ia_har_entry har[MAX_REQUESTS];
  ia_match_entry entries[MAX_REQUESTS];
  size_t count = 0;
  ia_arena arena;
  ia_arena_init(&arena, &ia_malloc);
  for (; count < MAX_REQUESTS && read_request(&requests[count], &parts); count++) {
    const request *r = &requests[count];
    har[count] = (ia_har_entry){
        .method = r->method, .url = r->url, .body = r->body, .body_bytes = r->body_bytes};
    entries[count] =
        (ia_match_entry){.har = &har[count], .key = ia_match_key(r->method, r->url, &arena)};
    check_key(r, entries[count].key, &arena);
    check_body(r, &arena);
    for (size_t i = 0; i < count; i++)
      CHECK(matches(r->body, r->body_bytes, requests[i].body, requests[i].body_bytes) ==
            matches(requests[i].body, requests[i].body_bytes, r->body, r->body_bytes));
  }
  if (count > 0) check_miss(entries, count - 1, entries[count - 1].key, &requests[count - 1]);
  for (size_t i = 0; i < count; i++) free(requests[i].text);
  ia_arena_free(&arena);
  return 0;
}
