// SPDX-License-Identifier: MIT
/* Strict numbers, UTF-8, percent-encoding and URLs, independent of the locale. */
#include "str.h"

#include <stdint.h>
#include <string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

/* ---- numbers ---- */

bool ia_str_int64(const char *text, int64_t *out) {
  if (!text) return false;

  bool negative = *text == '-';
  if (negative) text++;
  if (!is_digit(*text)) return false;
  int64_t value = 0;
  for (; is_digit(*text); text++) {
    int digit = *text - '0';
    /* Accumulates the negative value, so that INT64_MIN fits. */
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, digit, &value))
      return false;
  }

  if (*text != '\0' || (!negative && value == INT64_MIN)) return false;
  *out = negative ? value : -value;
  return true;
}

/* ---- comparison ---- */

bool ia_str_equal(const char *a, const char *b) {
  if (!a || !b) return a == b;
  return strcmp(a, b) == 0;
}

bool ia_str_equal_nocase(const char *a, const char *b) {
  if (!a || !b) return false;
  while (*a != '\0' && lower(*a) == lower(*b)) {
    a++;
    b++;
  }
  return lower(*a) == lower(*b);
}

bool ia_str_starts(const char *text, const char *prefix) {
  return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* ---- UTF-8 ---- */

/* Returns the length of a character with this lead byte; 0 if it is not a lead byte. */
static size_t utf8_expected(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc0 || lead > 0xf4) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

size_t ia_utf8_char(const char *text, size_t length, bool nul_pair) {
  if (length == 0) return 0;
  unsigned char lead = (unsigned char)text[0];
  size_t bytes = utf8_expected(lead);
  if (bytes < 2 || bytes > length) return bytes == 1 ? 1 : 0;

  uint32_t code = lead & (0xffu >> (bytes + 1));
  for (size_t i = 1; i < bytes; i++) {
    unsigned char byte = (unsigned char)text[i];
    if ((byte & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte & 0x3fu);
  }

  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code == 0 && bytes == 2) return nul_pair ? 2 : 0;
  if (code < smallest[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
  return bytes;
}

bool ia_utf8_valid(const char *text, size_t length, bool nul_pair) {
  while (length > 0) {
    uint64_t eight;
    if (length >= sizeof eight) {
      memcpy(&eight, text, sizeof eight);
      if ((eight & UINT64_C(0x8080808080808080)) == 0) {
        text += sizeof eight;
        length -= sizeof eight;
        continue;
      }
    }
    size_t bytes = ia_utf8_char(text, length, nul_pair);
    if (bytes == 0) return false;
    text += bytes;
    length -= bytes;
  }

  return true;
}

size_t ia_utf8_cut(const char *text, size_t length, size_t max) {
  size_t cut = length < max ? length : max;
  for (size_t back = 1; back <= 4 && back <= cut; back++) {
    unsigned char byte = (unsigned char)text[cut - back];
    if ((byte & 0xc0) == 0x80) continue;
    return utf8_expected(byte) > back ? cut - back : cut;
  }
  return cut;
}

void ia_str_copy(char *buffer, size_t capacity, const char *text) {
  ia_str_copy_n(buffer, capacity, text, text ? strlen(text) : 0);
}

void ia_str_copy_n(char *buffer, size_t capacity, const char *text, size_t length) {
  if (capacity == 0) return;
  size_t kept = ia_utf8_cut(text, length, capacity - 1);
  if (kept != 0) memmove(buffer, text, kept);
  buffer[kept] = '\0';
}

/* ---- percent-encoding ---- */

static bool is_unreserved(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void ia_percent_encode(ia_buf *out, const char *text) {
  static const char digits[] = "0123456789ABCDEF";
  while (*text != '\0') {
    size_t plain = 0;
    while (is_unreserved(text[plain])) plain++;
    ia_buf_add(out, text, plain);
    text += plain;
    if (*text == '\0') return;
    unsigned char byte = (unsigned char)*text++;
    char escape[] = {'%', digits[byte >> 4], digits[byte & 15]};
    ia_buf_add(out, escape, sizeof escape);
  }
}

static int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void ia_percent_decode(ia_buf *out, const char *text, size_t length, bool plus_is_space) {
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    if (c == '%' && length - i > 2 && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      c = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    ia_buf_char(out, c);
  }
}

/* ---- URLs ---- */

static bool starts_nocase(const char *text, const char *prefix) {
  while (*prefix != '\0' && lower(*text) == *prefix) {
    text++;
    prefix++;
  }
  return *prefix == '\0';
}

/* Accepts 127.0.0.0/8 as four plain decimal numbers only: resolvers disagree on "127.1" and
 * "127.0.0.01". */
static bool is_loopback_ipv4(const char *host, size_t length) {
  size_t at = 0;
  for (int octet = 0; octet < 4; octet++) {
    if (octet > 0 && (at == length || host[at++] != '.')) return false;
    size_t start = at;
    int value = 0;
    while (at < length && is_digit(host[at]) && at - start < 3)
      value = value * 10 + (host[at++] - '0');
    if (at == start || (host[start] == '0' && at - start > 1)) return false;
    if (value > 255 || (octet == 0 && value != 127)) return false;
  }
  return at == length;
}

static bool is_loopback(const char *host, size_t length) {
  static const char name[] = "localhost", ipv6[] = "[::1]";
  if (length == sizeof name - 1 && starts_nocase(host, name)) return true;
  if (length == sizeof ipv6 - 1 && memcmp(host, ipv6, length) == 0) return true;
  return is_loopback_ipv4(host, length);
}

/* Returns the length of the host at the start of an authority; 0 if there is none. */
static size_t host_span(const char *text) {
  size_t length = 0;
  if (*text != '[') {
    while (is_unreserved(text[length])) length++;
    return length;
  }
  for (length = 1; hex_value(text[length]) >= 0 || text[length] == ':' || text[length] == '.';)
    length++;
  return length > 2 && text[length] == ']' ? length + 1 : 0;
}

static const char *read_authority(const char *text, size_t length, ia_url *url) {
  if (length == 0 || *text == ':') return "it has no host";
  if (memchr(text, '@', length)) return "it has a user name or password";

  url->host = text;
  url->host_length = host_span(text);
  size_t at = url->host_length;
  if (at == 0 || (at < length && text[at] != ':')) return "its host has an invalid character";
  url->loopback = is_loopback(url->host, url->host_length);
  if (at == length) return NULL;
  for (at++; at < length && is_digit(text[at]) && url->port <= 65535; at++)
    url->port = url->port * 10 + (text[at] - '0');
  if (at < length || url->port == 0 || url->port > 65535)
    return "its port is not a number from 1 to 65535";
  return NULL;
}

const char *ia_url_parse(const char *text, ia_url *url) {
  *url = (ia_url){0};
  if (!text) return "it is missing";
  for (const char *c = text; *c != '\0'; c++) {
    if ((unsigned char)*c <= ' ' || *c == 0x7f) return "it has whitespace or a control character";
  }

  url->https = starts_nocase(text, "https://");
  if (!url->https && !starts_nocase(text, "http://"))
    return "it does not start with https:// or http://";
  text += url->https ? strlen("https://") : strlen("http://");
  size_t authority = strcspn(text, "/?#");
  const char *wrong = read_authority(text, authority, url);
  if (wrong) return wrong;
  for (const char *c = text + authority; *c != '\0'; c++)
    if ((unsigned char)*c > 0x7f) return "it has a character that is not ASCII";
  url->path = text + authority;
  url->path_length = strcspn(url->path, "?#");
  url->query = url->path + url->path_length;
  if (*url->query == '?') url->query_length = strcspn(++url->query, "#");
  return NULL;
}

/* ---- hashing ---- */

uint64_t ia_hash(const char *text, size_t length) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
  /* FNV leaves the low bits of short texts similar, and hash tables index by them. */
  hash ^= hash >> 32;
  hash *= UINT64_C(0xd6e8feb86659fd93);
  return hash ^ hash >> 32;
}
