// SPDX-License-Identifier: MIT
// Scrubbing for cassettes. Tokens are found by comparing them, character by character, with a text in which each character
// may be spelled raw, as %XX or as a JSON escape; in base64 by comparing the characters that do not depend on what stands
// before and behind the token. What merely looks like a token is judged by its form alone.
#include "scrub.h"

#include "base64.h"
#include "str.h"

#include <string.h>

// DigitalOcean's personal, OAuth and refresh tokens:
// https://docs.digitalocean.com/reference/api/create-personal-access-token
static const char *const vendor_prefixes[] = {"dop_v1_", "doo_v1_", "dor_v1_", NULL};

// A Hetzner token is 64 letters and digits without any mark.
enum { PLAIN_TOKEN_LENGTH = 64, LEAST_SECRET = 8 };

void ia_scrub_init(ia_scrub *scrub, const imgact_allocator *allocator) {
  *scrub = (ia_scrub){.allocator = allocator};
  ia_set_init(&scrub->words, allocator);
}

void ia_scrub_free(ia_scrub *scrub) {
  for (size_t i = 0; i < scrub->count; i++) {
    ia_wipe(scrub->secrets[i].block, scrub->secrets[i].block_bytes);
    ia_free(scrub->allocator, scrub->secrets[i].block);
  }
  ia_set_free(&scrub->words);
  *scrub = (ia_scrub){.allocator = scrub->allocator};
}

// ---- learning

// How many base64 characters are fixed by the first `length` bytes of a token that starts `shift` bytes into a group.
static size_t fixed_from(size_t shift) { return (8 * shift + 5) / 6; }
static size_t fixed_count(size_t shift, size_t length) { return 8 * (shift + length) / 6 - fixed_from(shift); }

static void spell_base64(char *out, const char *token, size_t length, size_t shift) {
  size_t first = fixed_from(shift), count = fixed_count(shift, length);
  for (size_t i = 0; i < count; i++) {
    size_t bit = 6 * (first + i) - 8 * shift, byte = bit / 8;
    unsigned two = (unsigned)(unsigned char)token[byte] << 8;
    if (byte + 1 < length) two |= (unsigned char)token[byte + 1];
    out[i] = ia_base64_alphabet[two >> (10 - bit % 8) & 63];
  }
}

static bool known(const ia_scrub *scrub, const char *token, size_t length) {
  for (size_t i = 0; i < scrub->count; i++) {
    const ia_needle *raw = &scrub->secrets[i].needles[0];
    if (raw->length == length && memcmp(raw->text, token, length) == 0) return true;
  }
  return false;
}

static bool spell(ia_secret *secret, const imgact_allocator *allocator, const char *token, size_t length) {
  size_t spelled = 4 * (length + 2);
  secret->block_bytes = length + 3 * spelled;
  secret->block = length > SIZE_MAX / 16 ? NULL : ia_alloc_zero(allocator, secret->block_bytes);
  if (secret->block == NULL) return false;
  memcpy(secret->block, token, length);
  ia_redactor_init(&secret->redactor, secret->block, length, vendor_prefixes);
  size_t least = secret->redactor.needle_length;
  secret->needles[0] =
      (ia_needle){secret->block, length, least, false, memchr(token, '%', length) || memchr(token, '\\', length)};
  for (size_t shift = 0; shift < 3; shift++) {
    char *text = secret->block + length + shift * spelled;
    spell_base64(text, token, length, shift);
    secret->needles[1 + shift] = (ia_needle){text, fixed_count(shift, length), fixed_count(shift, least), true, false};
  }
  return true;
}

ia_scrub_status ia_scrub_add(ia_scrub *scrub, const char *token, size_t length) {
  if (length < LEAST_SECRET || known(scrub, token, length)) return IA_SCRUB_OK;
  if (scrub->count == IA_SCRUB_MAX_SECRETS) return IA_SCRUB_TOO_MANY;
  if (!spell(&scrub->secrets[scrub->count], scrub->allocator, token, length)) return IA_SCRUB_NOMEM;
  scrub->count++;
  return IA_SCRUB_OK;
}

// ---- spellings

static bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

static unsigned hex_value(char c) {
  return c <= '9' ? (unsigned)(c - '0') : c <= 'F' ? (unsigned)(c - 'A') + 10 : (unsigned)(c - 'a') + 10;
}

static bool read_hex(const char *text, size_t digits, unsigned *value) {
  *value = 0;
  for (size_t i = 0; i < digits; i++) {
    if (!is_hex(text[i])) return false;
    *value = *value << 4 | hex_value(text[i]);
  }
  return true;
}

// What JSON's short escape of a character stands for; NUL: it is none.
static char unescape(char c) {
  static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
  for (const char *at = escapes; *at != '\0'; at += 2) {
    if (*at == c) return at[1];
  }
  return '\0';
}

// The character that the text starts with, and how many bytes its spelling takes. length > 0.
static size_t character_at(const char *text, size_t length, char *c) {
  unsigned value;
  *c = text[0];
  if (text[0] == '%' && length >= 3 && read_hex(text + 1, 2, &value)) {
    *c = (char)value;
    return 3;
  }
  if (text[0] != '\\' || length < 2) return 1;
  if (text[1] == 'u' && length >= 6 && read_hex(text + 2, 4, &value)) {
    *c = value < 0x80 ? (char)value : '\0';
    return 6;
  }
  char meant = unescape(text[1]);
  if (meant == '\0') return 1;
  *c = meant;
  return 2;
}

static bool is_same(char c, char wanted, bool base64) {
  if (base64 && c == '-') c = '+';
  if (base64 && c == '_') c = '/';
  return c == wanted;
}

// ---- finding

// How many bytes of the text's start spell enough of the needle; 0 = not there. A character that begins escapes, and is in
// the token itself, can be meant either way.
static size_t spelled_at(const ia_needle *needle, const char *text, size_t length, bool escaped_first) {
  size_t at = 0, matched = 0;
  while (matched < needle->length && at < length) {
    char c, wanted = needle->text[matched];
    size_t bytes = character_at(text + at, length - at, &c);
    bool raw = is_same(text[at], wanted, needle->base64);
    bool escaped = bytes > 1 && is_same(c, wanted, needle->base64);
    if (!raw && !escaped) break;
    at += escaped && (escaped_first || !raw) ? bytes : 1;
    matched++;
  }
  return needle->least > 0 && matched >= needle->least ? at : 0;
}

static size_t needle_at(const ia_needle *needle, const char *text, size_t length) {
  size_t covered = spelled_at(needle, text, length, false);
  return covered > 0 || !needle->ambiguous ? covered : spelled_at(needle, text, length, true);
}

static bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static bool is_base64(char c) { return is_word(c) || (c != '\0' && strchr("+/-_=", c) != NULL); }

static bool is_token68(char c) { return is_base64(c) || c == '.' || c == '~'; }

static size_t run_of(bool (*belongs)(char), const char *text, size_t length) {
  size_t run = 0;
  while (run < length && belongs(text[run])) run++;
  return run;
}

static size_t secret_at(const ia_scrub *scrub, const char *text, size_t length) {
  for (size_t i = 0; i < scrub->count; i++) {
    for (size_t n = 0; n < 4; n++) {
      const ia_needle *needle = &scrub->secrets[i].needles[n];
      size_t covered = needle_at(needle, text, length);
      // The character behind the fixed ones still holds bits of the token's last byte.
      if (covered > 0 && needle->base64) covered += run_of(is_base64, text + covered, length - covered);
      if (covered > 0) return covered;
    }
  }
  return 0;
}

static size_t vendor_token_at(const char *text, size_t length) {
  for (size_t i = 0; vendor_prefixes[i] != NULL; i++) {
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

// A number of 64 digits is no token, and taking it away would break the JSON around it.
static size_t plain_token_at(const char *text, size_t length) {
  size_t run = run_of(is_word, text, length);
  return run == PLAIN_TOKEN_LENGTH && has_letter(text, run) ? run : 0;
}

// The credentials behind "Bearer" and blanks; *skip = where they start.
static size_t bearer_at(const char *text, size_t length, size_t *skip) {
  static const char word[] = "bearer";
  size_t at = 0;
  for (; at < sizeof word - 1; at++) {
    if (at == length || (text[at] | 0x20) != word[at]) return 0;
  }
  while (at < length) {
    char c;
    size_t bytes = character_at(text + at, length - at, &c);
    if (c == '\0' || strchr(" \t+:=", c) == NULL) break;
    at += bytes;
  }
  size_t run = run_of(is_token68, text + at, length - at);
  *skip = at;
  return at > sizeof word - 1 && run >= LEAST_SECRET ? run : 0;
}

// ---- replacing

// What is to go from the start of a text: `skip` bytes stay, `covered` go. 0 = nothing.
typedef struct find {
  size_t skip, covered;
  bool token;
} find;

// A token that repeats itself can start again before the first match ends: both go as one, or its end would stay behind.
static size_t secrets_from(const ia_scrub *scrub, const char *text, size_t length) {
  size_t end = secret_at(scrub, text, length);
  for (size_t at = 1; at < end; at++) {
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
  // A token that is known is found by itself, at its own place.
  if (found.covered > 0 && secret_at(scrub, text + found.skip, found.covered) > 0) found.covered = 0;
  return found;
}

static void add_numbered(ia_scrub *scrub, ia_buf *out, const char *text, size_t length) {
  bool added = false;
  uint32_t next = scrub->words.count < UINT32_MAX ? (uint32_t)scrub->words.count + 1 : UINT32_MAX;
  const uint32_t *number = ia_set_put(&scrub->words, ia_hash(text, length), next, &added);
  if (number == NULL) {
    out->state = IA_BUF_NOMEM;
    return;
  }
  ia_buf_printf(out, "[redacted-%lu]", (unsigned long)*number);
}

void ia_scrub_text(ia_scrub *scrub, ia_buf *out, const char *text, size_t length) {
  size_t kept = 0;     // everything before it is in out
  size_t boundary = 0; // a word can start here although a letter stands before it: the letter belongs to an escape
  for (size_t at = 0; at < length;) {
    bool word_starts = at == boundary || !is_word(text[at - 1]);
    find found = find_at(scrub, text + at, length - at, word_starts);
    if (found.covered == 0) {
      char c;
      size_t bytes = character_at(text + at, length - at, &c);
      if (bytes > 1 && !is_word(c)) boundary = at + bytes;
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
