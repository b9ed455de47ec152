// SPDX-License-Identifier: MIT
// Tokens in recordings and traces are redacted, with any text around them and in any encoding. The
// first four bytes choose the layers of escapes, the rest is the text around the token.
#include "har_scrub.h"
#include "unescape.h"
#include "written.h"

#define TOKEN "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA"

static bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void escape(char *out, size_t room, unsigned c, unsigned kind) {
  switch (kind % 5) {
  case 0: snprintf(out, room, "\\u%04x", c); break;
  case 1: snprintf(out, room, "%%%02X", c); break;
  case 2: snprintf(out, room, "%%%02x", c); break;
  case 3: snprintf(out, room, "&#%u;", c); break;
  default: snprintf(out, room, "&#x%x;", c); break;
  }
}

// Encodes one character in several layers. The outer escapes leave letters and digits unchanged.
static void spell(ia_buf *out, char c, const uint8_t *kinds, unsigned layers) {
  char inner[16];
  if (layers == 0) {
    ia_buf_char(out, c);
    return;
  }
  escape(inner, sizeof inner, (unsigned char)c, kinds[layers - 1]);
  for (const char *at = inner; *at != '\0'; at++)
    spell(out, *at, kinds, is_word(*at) ? 0 : layers - 1);
}

// false: not expected to be found, because some character takes too many bytes.
static bool spell_token(ia_buf *out, const uint8_t *kinds, unsigned layers) {
  bool readable = true;
  for (const char *at = TOKEN; *at != '\0'; at++) {
    size_t before = out->length;
    spell(out, *at, kinds, layers);
    readable = readable && out->length - before <= IA_UNESCAPE_MAX_BYTES;
  }
  return readable;
}

static void expect_clean(ia_scrub *scrub, const char *text, size_t length, bool has_token) {
  const ia_redactor *redactor = &scrub->secrets[0].redactor;
  ia_buf scrubbed, hidden;
  ia_buf_init(&scrubbed, NULL, 20 * length + 100);
  ia_buf_init(&hidden, NULL, 20 * length + 100);
  CHECK(!has_token || ia_scrub_leaks(scrub, text, length));
  ia_scrub_text(scrub, &scrubbed, text, length);
  CHECK(scrubbed.state == IA_BUF_OK && !ia_scrub_leaks(scrub, scrubbed.data, scrubbed.length));
  ia_redact_text(redactor, &hidden, text, length);
  for (size_t at = 0; at < hidden.length; at++)
    CHECK(ia_redact_match_encoded(redactor, hidden.data + at, hidden.length - at) == 0);
  expect_hidden(scrubbed.data, scrubbed.length, TOKEN, redactor->min_match_length);
  expect_hidden(hidden.data, hidden.length, TOKEN, redactor->min_match_length);
  ia_buf_free(&scrubbed);
  ia_buf_free(&hidden);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4) return 0;
  const char *text = (const char *)data + 4;
  size_t length = size - 4;
  ia_scrub scrub;
  ia_buf around;
  ia_scrub_init(&scrub, NULL);
  CHECK(ia_scrub_add(&scrub, TOKEN, strlen(TOKEN)) == IA_SCRUB_OK);
  expect_clean(&scrub, text, length, false);
  ia_buf_init(&around, NULL, length + 10000);
  ia_buf_add(&around, text, length / 2);
  bool readable = spell_token(&around, data + 1, data[0] % (IA_UNESCAPE_LAYERS + 1));
  ia_buf_add(&around, text + length / 2, length - length / 2);
  CHECK(around.state == IA_BUF_OK);
  expect_clean(&scrub, around.data, around.length, readable);
  ia_buf_free(&around);
  ia_scrub_free(&scrub);
  return 0;
}
