/* SPDX-License-Identifier: MIT */
/* Internals of the configuration: config.c reads the file, config_resolve.c applies precedence,
 * token_source.c reads the token. */
#ifndef IA_CONFIG_H
#define IA_CONFIG_H

#include "arena.h"
#include "hashmap.h"
#include "os.h"
#include <imgact/client.h>
#include <stdbool.h>

#define IA_CONFIG_MAX_BYTES ((size_t)1 << 20)
#define IA_TOKEN_MAX_READ   ((size_t)64 << 10) /* of a file or a command */
#define IA_TOKEN_COMMAND_MS 60000

typedef enum ia_key {
  IA_KEY_PROVIDER,
  IA_KEY_ENDPOINT,
  IA_KEY_TOKEN_ENV,
  IA_KEY_TOKEN_FILE,
  IA_KEY_TOKEN_COMMAND,
  IA_KEYS
} ia_key;

typedef struct ia_profile {
  const char *name;
  const char *values[IA_KEYS]; /* as written; NULL = not set */
  int lines[IA_KEYS];
  int line;
} ia_profile;

typedef struct ia_interned {
  struct ia_interned *next;
  const char *text;
} ia_interned;

struct imgact_config {
  imgact_allocator allocator;
  ia_arena arena;
  ia_profile **profiles; /* in the order of the file */
  size_t profiles_count, profiles_capacity;
  ia_hashmap names; /* hashes of their names, to the index */
  ia_interned *interned;
  const char *path; /* NULL if there is no home directory */
  const char *default_profile;
  int default_line;
  bool exists;
};

/* Returns a copy that lives as long as the configuration. Equal strings are shared, so that
 * repeated calls do not use more memory. NULL if there is no memory. */
const char *ia_config_intern(imgact_config *config, const char *text);
/* The same for the concatenation of two strings, the first with its length. */
const char *ia_config_intern_concat(imgact_config *config, const char *head, size_t length,
                                    const char *tail);
const ia_profile *ia_config_find(const imgact_config *config, const char *name);
/* Expands "~/" in a path. *out belongs to the configuration. */
imgact_status ia_config_expand(imgact_config *config, const char *path, const char **out,
                               imgact_error *error);
/* Sets INVALID_ARGUMENT with "FILE:LINE: " before the message. */
imgact_status ia_config_error(const imgact_config *config, int line, imgact_error *error,
                              const char *format, ...) IMGACT_PRINTF(4, 5);
/* Puts "FILE:LINE: " before the error's message. */
imgact_status ia_config_add_location(const imgact_config *config, int line, imgact_error *error);

/* Return NULL if the text can be the name of a variable, or a path. Otherwise return a message that
 * does not quote the text, which may be a token. */
const char *ia_variable_problem(const char *text);
const char *ia_path_problem(const char *text);
/* Returns NULL if the text can be an endpoint, otherwise its problem. */
const char *ia_endpoint_problem(const char *text);

/* ---- token_source.c, token_command.c ---- */

/* Runs a shell command and reads its output. `profile` is for the error, which never contains the
 * output. */
imgact_status ia_read_command(const char *command, const char *profile, int64_t limit_ms,
                              ia_bytes *bytes, imgact_error *error);
/* Reads the token of the settings into bytes, followed by a NUL. bytes->allocator must be set. */
imgact_status ia_read_token(const imgact_config_settings *selection, ia_bytes *bytes,
                            imgact_error *error);

#endif
