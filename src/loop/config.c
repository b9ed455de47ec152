// SPDX-License-Identifier: MIT
/*
 * Reads and checks the configuration file.
 *
 * inih splits lines, but the packaged version cuts lines at 200 bytes and values at " ;", appends
 * indented lines to the previous value, accepts duplicate keys, and does not report where a section
 * begins. So each line passes through next_line() first, which rejects what inih would change
 * silently. inih's section names, cut at 50 bytes, are not used.
 */
#include "config.h"
#include "error_fill.h"
#include "str.h"
#include <imgact/provider.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const key_names[IA_KEYS] = {"provider", "endpoint", "token_env", "token_file",
                                               "token_command"};
static const char default_key[] = "default_profile";

/* ---- strings ---- */

const char *ia_config_intern(imgact_config *config, const char *text) {
  for (const ia_interned *interned = config->interned; interned; interned = interned->next) {
    if (strcmp(interned->text, text) == 0) return interned->text;
  }
  ia_interned *interned = ia_arena_alloc(&config->arena, sizeof *interned);
  if (!interned) return NULL;
  *interned = (ia_interned){.next = config->interned, .text = ia_arena_copy(&config->arena, text)};
  if (!interned->text) return NULL;
  config->interned = interned;
  return interned->text;
}

const char *ia_config_intern_concat(imgact_config *config, const char *head, size_t length,
                                    const char *tail) {
  ia_buf text;
  ia_buf_init(&text, &config->allocator, SIZE_MAX);
  ia_buf_add(&text, head, length);
  ia_buf_str(&text, tail);
  const char *whole = ia_buf_text(&text);
  const char *interned = whole ? ia_config_intern(config, whole) : NULL;
  ia_buf_free(&text);
  return interned;
}

imgact_status ia_config_error(const imgact_config *config, int line, imgact_error *error,
                              const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  char shown[IA_PATH_SHOWN];
  return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "%s:%d: %s",
                          ia_path_shown(config->path, shown), line, text);
}

imgact_status ia_config_add_location(const imgact_config *config, int line, imgact_error *error) {
  char text[sizeof error->message];
  if (!error) return IMGACT_INVALID_ARGUMENT;
  memcpy(text, error->message, sizeof text);
  return ia_config_error(config, line, error, "%s", text);
}

imgact_status ia_config_expand(imgact_config *config, const char *path, const char **out,
                               imgact_error *error) {
  char shown[IA_PATH_SHOWN];
  const char *home = ia_env("HOME");
  if (strncmp(path, "~/", 2) != 0) {
    *out = ia_config_intern(config, path);
  } else if (home) {
    *out = ia_config_intern_concat(config, home, strlen(home), path + 1);
  } else {
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "%s: the variable HOME is not set",
                            ia_path_shown(path, shown));
  }
  return *out ? IMGACT_OK : ia_no_memory(error);
}

/* Returns true if the text looks like an API token: it has a vendor prefix, or at least 48 letters,
 * digits and "_". Names of variables and files do not. */
static bool like_a_token(const char *text) {
  static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  size_t length = strlen(text);
  const imgact_provider *provider;
  for (size_t i = 0; (provider = imgact_provider_at(i)); i++)
    for (const char *const *prefix = provider->token_prefixes; prefix && *prefix; prefix++)
      if (ia_str_starts(text, *prefix)) return true;
  return length >= 48 && strspn(text, set) == length;
}

const char *ia_variable_problem(const char *text) {
  static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  bool is_name = *text != '\0' && !(*text >= '0' && *text <= '9') &&
                 text[strspn(text, set)] == '\0' && !like_a_token(text);
  return is_name ? NULL
                 : "must be the name of an environment variable, such as HCLOUD_TOKEN, not the "
                   "token itself";
}

const char *ia_path_problem(const char *text) {
  if (*text != '\0' && !like_a_token(text)) return NULL;
  return "must be the path of a file with the token, not the token itself";
}

const char *ia_endpoint_problem(const char *text) {
  ia_url url;
  const char *wrong = ia_url_parse(text, &url);
  if (wrong) return wrong;
  if (url.query_length > 0) return "it has a query";
  if (strchr(text, '#')) return "it has a fragment";
  return url.https || url.loopback ? NULL : "plain http is for loopback hosts only, use https";
}

/* ---- one line ---- */

typedef struct reading {
  imgact_config *config;
  ia_profile *profile; /* section of the line; NULL before the first */
  const char *text;
  size_t left;
  imgact_status status;
  imgact_error *error;
  int line;
} reading;

#define REJECT(r, ...)                                                                             \
  ((r)->status = ia_config_error((r)->config, (r)->line, (r)->error, __VA_ARGS__))

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static bool is_comment(char c) { return c == ';' || c == '#'; }

/* Checks that the line is text, before anything else reads it. */
static void check_bytes(reading *r, const char *line, size_t length, size_t capacity) {
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)line[i];
    if ((c < ' ' && c != '\t') || c == 0x7f) {
      REJECT(r, "unexpected control character 0x%02x: the file must be plain text", (unsigned)c);
      return;
    }
  }

  if (!ia_utf8_valid(line, length, false))
    REJECT(r, "invalid UTF-8; save the file as UTF-8");
  else if (length >= capacity) {
    REJECT(r,
           "line of %zu bytes exceeds the limit of %zu; put a long command into a "
           "script",
           length, capacity - 1);
  }
}

static bool add_profile(imgact_config *config, ia_profile *profile) {
  bool added;
  ia_profile **profiles = ia_grow(&config->allocator, config->profiles, config->profiles_count,
                                  &config->profiles_capacity, sizeof(ia_profile *));
  if (!profiles) return false;
  config->profiles = profiles;
  if (!ia_hashmap_put(&config->names, ia_hash(profile->name, strlen(profile->name)),
                      (uint32_t)config->profiles_count, &added))
    return false;
  profiles[config->profiles_count++] = profile;
  return true;
}

static void open_section(reading *r, const char *line, size_t length) {
  const char *end = memchr(line, ']', length);
  const char *name = line + 1;
  if (!end) {
    REJECT(r, "missing ']' of a section; write [NAME]");
    return;
  }

  const char *after = end + 1;
  while (after < line + length && is_blank(*after)) after++;
  if (after < line + length && !is_comment(*after)) {
    REJECT(r, "unexpected text after the section's ']'; move it to a new line");
    return;
  }

  while (name < end && is_blank(*name)) name++;
  while (end > name && is_blank(end[-1])) end--;
  if (name == end) {
    REJECT(r, "missing section name; write [NAME]");
    return;
  }

  ia_profile *profile = ia_arena_alloc(&r->config->arena, sizeof *profile);
  if (profile) profile->name = ia_arena_copy_n(&r->config->arena, name, (size_t)(end - name));
  if (!profile || !profile->name) {
    r->status = ia_no_memory(r->error);
    return;
  }

  const ia_profile *first = ia_config_find(r->config, profile->name);
  if (first) {
    REJECT(r, "duplicate section [%s], first on line %d; merge them", first->name, first->line);
    return;
  }

  profile->line = r->line;
  r->profile = profile;
  if (!add_profile(r->config, profile)) r->status = ia_no_memory(r->error);
}

/* Rejects a value that inih would cut at " ;". */
static void check_cut(reading *r, const char *line, size_t length) {
  for (size_t i = 1; i < length; i++) {
    if (line[i] == ';' && is_blank(line[i - 1])) {
      REJECT(r, "unexpected ' ;' in a value; put a comment on its own line and a command with ' "
                ";' into a script");
      return;
    }
  }
}

/* An ini_reader: returns the next line without its indentation; an empty line for anything but a
 * key. */
static char *next_line(char *buffer, int capacity, void *stream) {
  reading *r = stream;
  if (r->status != IMGACT_OK || r->left == 0) return NULL;

  const char *line = r->text;
  const char *newline = memchr(line, '\n', r->left);
  size_t length = newline ? (size_t)(newline - line) : r->left;
  size_t taken = newline ? length + 1 : length;
  r->text += taken;
  r->left -= taken;
  r->line++;
  if (length > 0 && line[length - 1] == '\r') length--;
  check_bytes(r, line, length, (size_t)capacity);
  while (length > 0 && is_blank(*line)) line++, length--;
  bool is_key = length > 0 && *line != '[' && !is_comment(*line);
  if (r->status == IMGACT_OK && is_key) check_cut(r, line, length);
  if (r->status == IMGACT_OK && length > 0 && *line == '[') open_section(r, line, length);
  if (r->status != IMGACT_OK) return NULL;
  if (!is_key) length = 0;
  memcpy(buffer, line, length);
  buffer[length] = '\0';
  return buffer;
}

/* ---- one value ---- */

static const char *what_is_wrong(ia_key key, const char *value) {
  switch (key) {
  case IA_KEY_ENDPOINT: return ia_endpoint_problem(value);
  case IA_KEY_TOKEN_ENV: return ia_variable_problem(value);
  case IA_KEY_TOKEN_FILE: return ia_path_problem(value);
  default: return NULL;
  }
}

static bool is_token_source(ia_key key) { return key >= IA_KEY_TOKEN_ENV; }

static void set_value(reading *r, ia_key key, const char *value) {
  ia_profile *profile = r->profile;
  const char *wrong = what_is_wrong(key, value);
  if (profile->values[key]) {
    REJECT(r, "duplicate key %s, first on line %d; remove one of them", key_names[key],
           profile->lines[key]);
    return;
  }

  for (ia_key other = IA_KEY_TOKEN_ENV; is_token_source(key) && other < IA_KEYS; other++) {
    if (!profile->values[other]) continue;
    REJECT(r, "duplicate token source, first is %s on line %d; remove one of them",
           key_names[other], profile->lines[other]);
    return;
  }

  if (wrong) {
    REJECT(r, "%s: %s", key_names[key], wrong);
    return;
  }

  profile->lines[key] = r->line;
  profile->values[key] = ia_arena_copy(&r->config->arena, value);
  if (!profile->values[key]) r->status = ia_no_memory(r->error);
}

static void set_default(reading *r, const char *value) {
  imgact_config *config = r->config;
  if (config->default_profile) {
    REJECT(r, "duplicate key default_profile, first on line %d; remove one of them",
           config->default_line);
    return;
  }
  config->default_line = r->line;
  config->default_profile = ia_arena_copy(&config->arena, value);
  if (!config->default_profile) r->status = ia_no_memory(r->error);
}

/* Returns true if the word differs from the key by at most one letter or by two swapped letters. A
 * secret is never that similar to a key. */
static bool is_near(const char *word, const char *key) {
  size_t a = strlen(word), b = strlen(key), head = 0, tail = 0, least = a < b ? a : b;
  while (head < least && word[head] == key[head]) head++;
  while (tail < least - head && word[a - 1 - tail] == key[b - 1 - tail]) tail++;
  a -= head + tail;
  b -= head + tail;
  bool swapped = a == 2 && b == 2 && word[head] == key[head + 1] && word[head + 1] == key[head];
  return (a <= 1 && b <= 1) || swapped;
}

/* Returns true if an unknown key may be quoted: it is short and lower-case. Others may be part of a
 * secret. */
static bool may_be_quoted(const char *name) {
  size_t length = strlen(name);
  return length > 0 && length <= 24 && strspn(name, "abcdefghijklmnopqrstuvwxyz_-") == length;
}

static void reject_key(reading *r, const char *name) {
  char word[32] = "";
  const char *meant = is_near(name, default_key) ? default_key : NULL;
  for (ia_key key = 0; key < IA_KEYS; key++)
    if (is_near(name, key_names[key])) meant = key_names[key];
  if (meant || may_be_quoted(name)) (void)snprintf(word, sizeof word, " '%s'", name);

  if (meant)
    REJECT(r, "unknown key%s; did you mean %s?", word, meant);
  else if (*word != '\0' && strstr(word, "token"))
    REJECT(r,
           "unknown key%s: a token cannot be written here; use token_env, token_file "
           "or token_command",
           word);
  else
    REJECT(r,
           "unknown key%s; known keys are provider, endpoint, token_env, token_file, token_command "
           "and, "
           "before the first section, "
           "default_profile; a value is one line",
           word);
}

/* An ini_handler. The section is the last one that open_section() read. */
static int on_value(void *user, const char *section, const char *name, const char *value) {
  reading *r = user;
  (void)section;
  if (r->status != IMGACT_OK) return 0;

  bool is_default = strcmp(name, default_key) == 0;
  ia_key key = 0;
  while (key < IA_KEYS && strcmp(name, key_names[key]) != 0) key++;
  if (key == IA_KEYS && !is_default) {
    reject_key(r, name);
  } else if (is_default && r->profile) {
    REJECT(r, "default_profile must be before the first section");
  } else if (!is_default && !r->profile) {
    REJECT(r, "%s must be in a section; write [NAME] on a line before it", key_names[key]);
  } else if (!value || *value == '\0') {
    REJECT(r, "missing value of %s; set it or remove the line", name);
  } else if (is_default) {
    set_default(r, value);
  } else {
    set_value(r, key, value);
  }

  return r->status == IMGACT_OK;
}

/* ---- the whole file ---- */

static void check_whole(reading *r) {
  const imgact_config *config = r->config;
  for (size_t i = 0; i < config->profiles_count && r->status == IMGACT_OK; i++) {
    const ia_profile *p = config->profiles[i];
    r->line = p->line;
    if (!p->values[IA_KEY_PROVIDER]) REJECT(r, "missing provider in section [%s]", p->name);
  }
  if (r->status != IMGACT_OK || !config->default_profile) return;
  r->line = config->default_line;
  if (!ia_config_find(config, config->default_profile))
    REJECT(r, "default_profile: section [%s] not found", config->default_profile);
}

static imgact_status parse(imgact_config *config, const char *text, size_t length,
                           imgact_error *error) {
  static const char bom[] = "\xef\xbb\xbf";
  reading r = {.config = config, .text = text, .left = length, .error = error};
  if (length >= 3 && memcmp(text, bom, 3) == 0) r.text += 3, r.left -= 3;
  int wrong_line = ini_parse_stream(next_line, &r, on_value, &r);
  if (r.status == IMGACT_OK && wrong_line < 0) r.status = ia_no_memory(error);
  if (r.status == IMGACT_OK && wrong_line > 0) {
    r.line = wrong_line;
    REJECT(&r, "expected [NAME], KEY = VALUE on one line, or a comment with # or ;");
  }

  if (r.status == IMGACT_OK) check_whole(&r);
  return r.status;
}

/* Sets the file's path; *must_exist: the path was given by the caller or a variable. */
static imgact_status find_path(imgact_config *config, const char *path, bool *must_exist,
                               imgact_error *error) {
  if (!path) path = ia_env("IMGACT_CONFIG");
  *must_exist = path != NULL;
  if (path) return ia_config_expand(config, path, &config->path, error);
  const char *home = ia_env("HOME");
  const char *folder = ia_env("XDG_CONFIG_HOME");
  if (folder && *folder != '/') folder = NULL; /* the XDG specification ignores relative paths */
  if (!folder && !home) return IMGACT_OK;
  config->path =
      folder ? ia_config_intern_concat(config, folder, strlen(folder), "/imgact/config.ini")
             : ia_config_intern_concat(config, home, strlen(home), "/.config/imgact/config.ini");
  return config->path ? IMGACT_OK : ia_no_memory(error);
}

static imgact_status load(imgact_config *config, const char *path, imgact_error *error) {
  bool must_exist = false, missing = false;
  imgact_status status = find_path(config, path, &must_exist, error);
  if (status != IMGACT_OK || !config->path) return status;
  ia_bytes bytes = {.allocator = &config->allocator};
  status = ia_read_file(config->path, IA_CONFIG_MAX_BYTES, &bytes, &missing, error);
  if (status == IMGACT_OK) {
    config->exists = true;
    status = parse(config, bytes.data, bytes.length, error);
  }
  ia_bytes_free(&bytes);
  return missing && !must_exist ? IMGACT_OK : status;
}

imgact_status imgact_config_load(const char *path, const imgact_allocator *allocator,
                                 imgact_config **config, imgact_error *error) {
  *config = NULL;
  allocator = ia_allocator_of(allocator);
  if (!allocator) return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, IA_BAD_ALLOCATOR);
  imgact_config *made = ia_alloc_zero(allocator, sizeof *made);
  if (!made) return ia_no_memory(error);
  made->allocator = *allocator;
  ia_arena_init(&made->arena, &made->allocator);
  ia_hashmap_init(&made->names, &made->allocator, 0);
  imgact_status status = load(made, path, error);
  if (status == IMGACT_OK)
    *config = made;
  else
    imgact_config_free(made);

  return status;
}

void imgact_config_free(imgact_config *config) {
  if (!config) return;
  imgact_allocator allocator = config->allocator;
  ia_hashmap_free(&config->names);
  ia_free(&allocator, config->profiles);
  ia_arena_free(&config->arena);
  ia_free(&allocator, config);
}

/* ---- accessors ---- */

const char *imgact_config_path(const imgact_config *config) { return config->path; }

int imgact_config_file_exists(const imgact_config *config) { return config->exists; }

const char *imgact_config_profile_at(const imgact_config *config, size_t index) {
  return index < config->profiles_count ? config->profiles[index]->name : NULL;
}

const char *imgact_config_default_profile(const imgact_config *config) {
  return config->default_profile;
}

const ia_profile *ia_config_find(const imgact_config *config, const char *name) {
  const uint32_t *index = name ? ia_hashmap_get(&config->names, ia_hash(name, strlen(name))) : NULL;
  if (!index) return NULL;
  if (strcmp(config->profiles[*index]->name, name) == 0) return config->profiles[*index];
  for (size_t i = 0; i < config->profiles_count; i++) /* another name of the same hash */
    if (strcmp(config->profiles[i]->name, name) == 0) return config->profiles[i];
  return NULL;
}

const char *imgact_config_get(const imgact_config *config, const char *profile, const char *key) {
  const ia_profile *found = ia_config_find(config, profile);
  for (size_t i = 0; found && i < IA_KEYS; i++) {
    if (strcmp(key, key_names[i]) == 0) return found->values[i];
  }
  return NULL;
}
