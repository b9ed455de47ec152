// SPDX-License-Identifier: MIT
/* The checks are ordered from specific to general: "export NAME=..." contains whitespace too, but
 * its problem is the name. */
#include "token.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* isspace() and similar functions depend on the locale. */
static bool is_whitespace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

static bool is_control(char c) { return (unsigned char)c < ' ' || c == 0x7f; }

static bool is_not_ascii(char c) { return (unsigned char)c > 0x7f; }

static bool any(const ia_token *token, bool (*matches)(char c)) {
  for (size_t i = 0; i < token->length; i++)
    if (matches(token->text[i])) return true;
  return false;
}

/* Returns true if the text is the word, in any case, alone or followed by whitespace. */
static bool begins_with_word(const ia_token *token, const char *word) {
  size_t length = strlen(word);
  if (token->length < length || strncasecmp(token->text, word, length) != 0) return false;
  return token->length == length || is_whitespace(token->text[length]);
}

/* Returns the length of an identifier at the start; 0 = none. */
static size_t name_length(const char *text, size_t length) {
  size_t i = 0;
  while (i < length && (is_letter(text[i]) || (i > 0 && is_digit(text[i])))) i++;
  return i;
}

/* Returns true for "NAME=..." and "export NAME=...". A "=" at the end is base64 padding. */
static bool begins_with_name(const ia_token *token) {
  size_t start = 0;
  if (begins_with_word(token, "export")) start = strlen("export");
  while (start < token->length && is_whitespace(token->text[start])) start++;
  size_t end = start + name_length(token->text + start, token->length - start);
  return end > start && end + 1 < token->length && token->text[end] == '=' &&
         token->text[end + 1] != '=';
}

static void strip(ia_token *token) {
  while (token->length > 0 && is_whitespace(token->text[0])) token->text++, token->length--;
  while (token->length > 0 && is_whitespace(token->text[token->length - 1])) token->length--;
}

const char *ia_token_find(const char *text, size_t length, ia_token *token) {
  *token = (ia_token){text, length};
  strip(token);
  if (token->length == 0) return "the token is empty";
  if (token->length > IA_TOKEN_MAX_LENGTH)
    return "the token is longer than 4095 bytes; name the right source";
  if (begins_with_word(token, "bearer"))
    return "the token must not begin with 'Bearer'; remove this word";
  if (begins_with_name(token))
    return "the token must not begin with 'NAME='; keep only what follows the '='";
  if (any(token, is_quote)) return "the token must not contain quotation marks; remove them";
  if (any(token, is_whitespace))
    return "the token must not contain whitespace; copy it again, as one word";
  if (any(token, is_control)) return "the token must not contain control characters; copy it again";
  if (any(token, is_not_ascii)) return "the token must be ASCII; copy it again";

  return NULL;
}

/* Returns true if the text begins with the lower-case word, in any case. ASCII only. */
static bool begins_with(const char *text, const char *word) {
  for (; *word && (*text | 0x20) == *word; text++) word++;
  return !*word;
}

bool ia_token_header(const char *name) {
  static const char *const parts[] = {"auth", "token", "key", "secret"};
  for (; *name; name++)
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
      if (begins_with(name, parts[i])) return true;
  return false;
}
