/* SPDX-License-Identifier: MIT */
/* The inside of the configuration: config.c reads the file, config_resolve.c says what counts,
 * token_source.c fetches the token. */
#ifndef IA_CONFIG_H
#define IA_CONFIG_H

#include "arena.h"
#include "os.h"
#include <imgact/client.h>
#include <stdbool.h>

#define IA_CONFIG_MAX_BYTES ((size_t)1 << 20)
#define IA_TOKEN_MAX_READ   ((size_t)64 << 10) /* of a file or a command; a client takes far less */
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
  struct ia_profile *next; /* in the file's order */
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
  ia_profile *profiles;
  ia_interned *interned;
  const char *path; /* NULL: no home */
  const char *default_profile;
  int default_line;
  bool exists;
};

/* A copy that lives as the configuration. Equal texts share one, so that a configuration that is
 * asked for ever does not grow with the questions. NULL: no memory. */
const char *ia_config_intern(imgact_config *config, const char *text);
/* The same of two texts that follow each other, the first with its length. */
const char *ia_config_intern_concat(imgact_config *config, const char *head, size_t length,
                                    const char *tail);
const ia_profile *ia_config_find(const imgact_config *config, const char *name);
/* "~/x" as a path in the home. *out is kept by the configuration. */
imgact_status ia_config_expand(imgact_config *config, const char *path, const char **out,
                               imgact_error *error);
/* INVALID_ARGUMENT with "FILE:LINE: " before the words. */
imgact_status ia_config_error(const imgact_config *config, int line, imgact_error *error,
                              const char *format, ...) IMGACT_PRINTF(4, 5);
/* Puts "FILE:LINE: " before an error's own words. */
imgact_status ia_config_add_location(const imgact_config *config, int line, imgact_error *error);

/* NULL if the text can be a variable's name (or, for ia_path_problem, a path), else what to say of
 * it without quoting it: it may well be a token. */
const char *ia_variable_problem(const char *text);
const char *ia_path_problem(const char *text);
/* NULL if the text can be an endpoint, else what is wrong with it. */
const char *ia_endpoint_problem(const char *text);

/* ---- token_source.c, token_command.c ---- */

/* What a shell command prints. `profile` is for the error, which never shows the output. */
imgact_status ia_read_command(const char *command, const char *profile, int64_t limit_ms,
                              ia_bytes *bytes, imgact_error *error);
/* The token of a selection, in bytes with a NUL behind them. bytes->allocator must be set. */
imgact_status ia_read_token(const imgact_config_settings *selection, ia_bytes *bytes,
                            imgact_error *error);

#endif
