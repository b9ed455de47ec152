// SPDX-License-Identifier: MIT
/* Reads a token from a variable, a file or a command (token_command.c). Errors never quote the
 * token. */
#include "config.h"
#include "error_fill.h"
#include "token.h"
#include <string.h>

#define REJECT(error, ...) imgact_error_set((error), IMGACT_INVALID_ARGUMENT, __VA_ARGS__)

static imgact_status read_variable(const char *name, ia_bytes *bytes, imgact_error *error) {
  const char *value = ia_env(name);
  if (!value)
    return REJECT(error, "cannot read the token: variable %s is not set; export it", name);
  size_t length = strlen(value);
  if (length > IA_TOKEN_MAX_READ) return REJECT(error, "variable %s is too long for a token", name);
  if (!ia_bytes_new(bytes, length)) return ia_no_memory(error);
  memcpy(bytes->data, value, length + 1);
  bytes->length = length;
  return IMGACT_OK;
}

imgact_status ia_read_token(const imgact_config_settings *selection, ia_bytes *bytes,
                            imgact_error *error) {
  const char *source = selection->token_source;
  imgact_status status;
  if (strcmp(selection->token_kind, "env") == 0)
    status = read_variable(source, bytes, error);
  else if (strcmp(selection->token_kind, "file") == 0)
    status = ia_read_file(source, IA_TOKEN_MAX_READ, bytes, NULL, error);
  else
    status = ia_read_command(source, selection->profile, IA_TOKEN_COMMAND_MS, bytes, error);

  if (status != IMGACT_OK) return status;
  char shown[IA_PATH_SHOWN];
  const char *where = strcmp(selection->token_kind, "command") == 0 ? "the output of token_command"
                                                                    : ia_path_shown(source, shown);
  ia_token token;
  const char *wrong = ia_token_find(bytes->data, bytes->length, &token);
  return wrong ? REJECT(error, "%s: %s", where, wrong) : IMGACT_OK;
}
