// SPDX-License-Identifier: MIT
/* Removes secrets from cassettes. Known tokens are found in all encodings that
 * ia_redact_match_encoded() supports. Unknown tokens are recognised by their form only. */
#include "har_scrub.h"

#include "str.h"
#include "unescape.h"

#include <string.h>

/* DigitalOcean's personal, OAuth and refresh tokens:
 * https://docs.digitalocean.com/reference/api/create-personal-access-token */
static const char *const vendor_prefixes[] = {"dop_v1_", "doo_v1_", "dor_v1_", NULL};

/* A Hetzner token has 64 letters and digits and no prefix. */
enum { PLAIN_TOKEN_LENGTH = 64, LEAST_SECRET = 8 };

void ia_scrub_init(ia_scrub *scrub, const imgact_allocator *allocator) {
  *scrub = (ia_scrub){.allocator = allocator};
  ia_hashmap_init(&scrub->words, allocator, (uintptr_t)scrub);
}

void ia_scrub_free(ia_scrub *scrub) {
  for (size_t i = 0; i < scrub->count; i++) {
    ia_wipe(scrub->secrets[i].token, scrub->secrets[i].redactor.token_length);
    ia_free(scrub->allocator, scrub->secrets[i].token);
  }
  ia_hashmap_free(&scrub->words);
  *scrub = (ia_scrub){.allocator = scrub->allocator};
}

/* ---- known tokens ---- */

static bool known(const ia_scrub *scrub, const char *token, size_t length) {
  for (size_t i = 0; i < scrub->count; i++) {
    const ia_secret *secret = &scrub->secrets[i];
    if (secret->redactor.token_length == length && memcmp(secret->token, token, length) == 0)
      return true;
  }
  return false;
}

ia_scrub_status ia_scrub_add(ia_scrub *scrub, const char *token, size_t length) {
  if (length < LEAST_SECRET || known(scrub, token, length)) return IA_SCRUB_OK;
  if (scrub->count == IA_SCRUB_MAX_SECRETS) return IA_SCRUB_TOO_MANY;
  ia_secret *secret = &scrub->secrets[scrub->count];
  secret->token = ia_alloc(scrub->allocator, length);
  if (!secret->token) return IA_SCRUB_NOMEM;
  memcpy(secret->token, token, length);
  ia_redactor_init(&secret->redactor, secret->token, length, vendor_prefixes);
  scrub->count++;
  return IA_SCRUB_OK;
}

/* ---- search ---- */

static bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_token68(char c) { return is_word(c) || (c != '\0' && strchr("+/-_=.~", c)); }

static size_t run_of(bool (*belongs)(char), const char *text, size_t length) {
  size_t run = 0;
  while (run < length && belongs(text[run])) run++;
  return run;
}

static size_t secret_at(const ia_scrub *scrub, const char *text, size_t length) {
  size_t covered = 0;
  for (size_t i = 0; i < scrub->count && covered == 0; i++)
    covered = ia_redact_match_encoded(&scrub->secrets[i].redactor, text, length);
  return covered;
}

static size_t vendor_token_at(const char *text, size_t length) {
  for (size_t i = 0; vendor_prefixes[i]; i++) {
    size_t prefix = strlen(vendor_prefixes[i]);
    if (length < prefix || memcmp(text, vendor_prefixes[i], prefix) != 0) continue;
    size_t digits = run_of(is_hex, text + prefix, length - prefix);
    if (digits >= LEAST_SECRET) return prefix + digits;
  }
  return 0;
}

static bool has_letter(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (text[i] > '9' && text[i] != 'e' && text[i] != 'E') return true;
  }
  return false;
}

/* A number of 64 digits is not a token; replacing it would make the JSON invalid. */
static size_t plain_token_at(const char *text, size_t length) {
  size_t run = run_of(is_word, text, length);
  return run == PLAIN_TOKEN_LENGTH && has_letter(text, run) ? run : 0;
}

/* Returns the length of a separator, possibly encoded, between "Bearer" and the credentials. */
static size_t separator_at(const char *text, size_t length) {
  for (unsigned layers = 0; layers <= IA_UNESCAPE_LAYERS; layers++) {
    int c;
    size_t bytes = ia_unescape(text, length, layers, &c);
    if (c == ' ' || c == '\t' || c == '+' || c == ':' || c == '=') return bytes;
  }
  return 0;
}

/* Returns the length of the credentials after "Bearer" and separators; *skip is their position. */
static size_t bearer_at(const char *text, size_t length, size_t *skip) {
  static const char word[] = "bearer";
  size_t at = 0;
  for (; at < sizeof word - 1; at++) {
    if (at == length || (text[at] | 0x20) != word[at]) return 0;
  }
  for (size_t bytes; at < length && (bytes = separator_at(text + at, length - at)) > 0;)
    at += bytes;
  size_t run = run_of(is_token68, text + at, length - at);
  *skip = at;
  return at > sizeof word - 1 && run >= LEAST_SECRET ? run : 0;
}

/* ---- replacement ---- */

/* A match: `skip` bytes are kept, then `covered` bytes are replaced. covered = 0: no match. */
typedef struct find {
  size_t skip, covered;
  bool token;
} find;

static size_t longest_secret(const ia_scrub *scrub) {
  size_t longest = 0;
  for (size_t i = 0; i < scrub->count; i++)
    if (scrub->secrets[i].redactor.token_length > longest)
      longest = scrub->secrets[i].redactor.token_length;
  return longest * IA_UNESCAPE_MAX_BYTES;
}

/* A repetitive token can start again before the first match ends. Both are replaced together,
 * otherwise the end would remain. A base64 match includes all base64 characters that follow. A
 * later match can extend beyond it only if it starts near its end, so only that part is searched
 * again. */
static size_t secrets_from(const ia_scrub *scrub, const char *text, size_t length) {
  size_t end = secret_at(scrub, text, length);
  size_t near = end == 0 ? 0 : longest_secret(scrub);
  for (size_t at = end > near ? end - near : 1; at < end; at++) {
    size_t further = secret_at(scrub, text + at, length - at);
    if (further > 0 && at + further > end) end = at + further;
  }
  return end;
}

static find find_at(const ia_scrub *scrub, const char *text, size_t length, bool word_starts) {
  find found = {.covered = secrets_from(scrub, text, length)};
  if (found.covered > 0) {
    found.token = true;
    return found;
  }

  found.covered = vendor_token_at(text, length);
  if (found.covered > 0 || !word_starts) return found;
  found.covered = plain_token_at(text, length);
  if (found.covered > 0) return found;
  found.covered = bearer_at(text, length, &found.skip);
  /* A known token is found separately, at its own position. */
  if (found.covered > 0 && secret_at(scrub, text + found.skip, found.covered) > 0)
    found.covered = 0;

  return found;
}

static void add_numbered(ia_scrub *scrub, ia_buf *out, const char *text, size_t length) {
  bool added = false;
  uint32_t next = scrub->words.count < UINT32_MAX ? (uint32_t)scrub->words.count + 1 : UINT32_MAX;
  const uint32_t *number = ia_hashmap_put(&scrub->words, ia_hash(text, length), next, &added);
  if (!number) {
    out->state = IA_BUF_NOMEM;
    return;
  }
  ia_buf_printf(out, "[redacted-%lu]", (unsigned long)*number);
}

/* A word may start right after an escape of a non-letter, such as %20, although the byte before it
 * is a letter or digit. Returns these positions: bit n = n bytes from here. */
static uint64_t word_starts_behind(const char *text, size_t length) {
  uint64_t starts = 0;
  for (unsigned layers = 1; ia_unescape_begins(text[0]) && layers <= IA_UNESCAPE_LAYERS; layers++) {
    int c;
    size_t bytes = ia_unescape(text, length, layers, &c);
    if (c > 0x7f || !is_word((char)c)) starts |= UINT64_C(1) << bytes;
  }
  return starts;
}

void ia_scrub_text(ia_scrub *scrub, ia_buf *out, const char *text, size_t length) {
  size_t kept = 0; /* everything before this position is in `out` */
  uint64_t starts = 1;
  for (size_t at = 0; at < length;) {
    bool word_starts = (starts & 1) != 0 || !is_word(text[at - 1]);
    find found = find_at(scrub, text + at, length - at, word_starts);
    if (found.covered == 0) {
      starts = (starts | word_starts_behind(text + at, length - at)) >> 1;
      at++;
      continue;
    }
    at += found.skip;
    ia_buf_add(out, text + kept, at - kept);
    if (found.token)
      ia_buf_str(out, IA_REDACTED);
    else
      add_numbered(scrub, out, text + at, found.covered);
    at += found.covered;
    kept = at;
    starts = 0;
  }

  ia_buf_add(out, text + kept, length - kept);
}

bool ia_scrub_leaks(const ia_scrub *scrub, const char *text, size_t length) {
  for (size_t i = 0; i < scrub->count; i++) {
    if (ia_redact_found(&scrub->secrets[i].redactor, text, length)) return true;
  }
  for (size_t at = 0; scrub->count > 0 && at < length; at++) {
    if (secret_at(scrub, text + at, length - at) > 0) return true;
  }
  return false;
}
