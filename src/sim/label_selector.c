// SPDX-License-Identifier: MIT
/* One pass parses and matches. A selector that does not match is still parsed to its end, to find
 * errors. As in Kubernetes, "!=" and "notin" also match objects without the label. */
#include "label_selector.h"
#include <ctype.h>
#include <string.h>

/* Longest key: a prefix of 253, "/", a name of 63. */
#define MAX_NAME 320

static void skip_spaces(const char **at) {
  while (**at == ' ') (*at)++;
}

static bool accept(const char **at, const char *token) {
  skip_spaces(at);
  size_t length = strlen(token);
  if (strncmp(*at, token, length) != 0) return false;
  *at += length;
  return true;
}

/* Reads a key or value up to a space or operator; may be empty. */
static bool read_name(const char **at, char out[MAX_NAME]) {
  skip_spaces(at);
  size_t length = strcspn(*at, " =!,()");
  if (length >= MAX_NAME) return false;
  memcpy(out, *at, length);
  out[length] = 0;
  *at += length;
  return true;
}

/* Parses "(a,b)" and compares the value of the label with each. */
static sim_match in_set(const char **at, const char *value) {
  char item[MAX_NAME];
  sim_match found = SIM_NO_MATCH;
  if (!accept(at, "(")) return SIM_MALFORMED;
  do {
    if (!read_name(at, item) || !sim_label_value_ok(item)) return SIM_MALFORMED;
    if (value && !strcmp(item, value)) found = SIM_MATCH;
  } while (accept(at, ","));
  return accept(at, ")") ? found : SIM_MALFORMED;
}

static sim_match opposite(sim_match match) {
  if (match == SIM_MALFORMED) return match;
  return match == SIM_MATCH ? SIM_NO_MATCH : SIM_MATCH;
}

static sim_match equals(const char **at, const char *value) {
  char wanted[MAX_NAME];
  if (!read_name(at, wanted) || !sim_label_value_ok(wanted)) return SIM_MALFORMED;
  return value && !strcmp(value, wanted) ? SIM_MATCH : SIM_NO_MATCH;
}

/* The keyword ends at a space or bracket. */
static bool keyword(const char **at, const char *text) {
  const char *ahead = *at;
  if (!accept(&ahead, text) || (*ahead != ' ' && *ahead != '(')) return false;
  *at = ahead;
  return true;
}

static sim_match requirement(const char **at, const sim_labels *labels) {
  char key[MAX_NAME];
  bool absent = accept(at, "!");
  if (!read_name(at, key) || !sim_label_key_ok(key)) return SIM_MALFORMED;
  const char *value = sim_labels_get(labels, key);
  if (absent) return value ? SIM_NO_MATCH : SIM_MATCH;
  if (accept(at, "!=")) return opposite(equals(at, value));
  if (accept(at, "==") || accept(at, "=")) return equals(at, value);
  if (keyword(at, "in")) return in_set(at, value);
  if (keyword(at, "notin")) return opposite(in_set(at, value));
  return value ? SIM_MATCH : SIM_NO_MATCH;
}

sim_match sim_label_selector_match(const char *selector, const sim_labels *labels) {
  sim_match all = SIM_MATCH;
  skip_spaces(&selector);
  if (!*selector) return all;
  do {
    sim_match one = requirement(&selector, labels);
    if (one == SIM_MALFORMED) return one;
    if (one == SIM_NO_MATCH) all = one;
  } while (accept(&selector, ","));
  skip_spaces(&selector);
  return *selector ? SIM_MALFORMED : all;
}

static bool name_ok(const char *name, size_t length, size_t max, const char *inside) {
  if (length < 1 || length > max || !isalnum((unsigned char)name[0]) ||
      !isalnum((unsigned char)name[length - 1]))
    return false;
  for (size_t i = 0; i < length; i++)
    if (!isalnum((unsigned char)name[i]) && !strchr(inside, name[i])) return false;
  return true;
}

static bool subdomain_ok(const char *prefix, size_t length) {
  if (length > 253) return false;
  for (size_t start = 0; start <= length;) {
    const char *dot = memchr(prefix + start, '.', length - start);
    size_t end = dot ? (size_t)(dot - prefix) : length;
    if (!name_ok(prefix + start, end - start, 63, "-")) return false;
    start = end + 1;
  }
  return true;
}

bool sim_label_key_ok(const char *key) {
  const char *slash = strchr(key, '/');
  if (!slash) return name_ok(key, strlen(key), 63, "-_.");
  if (!strncmp(key, "hetzner.cloud/", 14)) return false;
  return subdomain_ok(key, (size_t)(slash - key)) &&
         name_ok(slash + 1, strlen(slash + 1), 63, "-_.");
}

bool sim_label_value_ok(const char *value) {
  return !*value || name_ok(value, strlen(value), 63, "-_.");
}
