// SPDX-License-Identifier: MIT
/* Errors on stderr: a line of text, or a JSON object. */
#include <errno.h>
#include <imgact/provider.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json_value.h"

/* Results printed before an error also appear before it if both go to one terminal. */
static void begin_stderr(cli_app *app) {
  cli_stream_flush(&app->out);
  cli_status_line_clear(&app->line, &app->err);
}

/* ---- tokens ---- */

/* The minimum length of a match: 8 characters after the prefix of the tokens, as in the library. */
static size_t min_match(const char *secret, size_t length, const char *const *prefixes) {
  size_t common = 0;
  for (; prefixes && *prefixes; prefixes++)
    if (!strncmp(secret, *prefixes, strlen(*prefixes))) common = strlen(*prefixes);
  return length < common + 8 ? length : common + 8;
}

/* Replaces a secret in a text. If a variable contains "NAME=token", only the token is secret:
 * errors contain names of variables. Returns true if the text contained it. */
static bool hide(cli_buffer *text, const char *secret, const char *const *prefixes) {
  static const char around[] = " \t\r\n\"'"; /* whitespace and quotation marks */
  cli_buffer shown = {0};
  bool found = false;
  if (!secret) return false;

  secret += strspn(secret, around);
  const char *equals = strchr(secret, '=');
  if (equals && strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == (size_t)(equals - secret))
    secret = equals + 1;
  size_t length = strcspn(secret, around), needed = min_match(secret, length, prefixes);
  if (length < 8) return false;

  for (const char *at = cli_buffer_get(text); *at;) {
    size_t same = 0;
    while (same < length && at[same] == secret[same]) same++;
    bool hidden = same >= needed;
    found = found || hidden;
    if (hidden)
      cli_buffer_text(&shown, "[redacted]");
    else
      cli_buffer_add(&shown, at, 1);
    at += hidden ? same : 1;
  }

  cli_buffer_free(text);
  *text = shown;
  return found;
}

/* Replaces the tokens in the providers' variables: a quoted argument may be a misplaced token. */
static bool hide_tokens(cli_buffer *text) {
  const imgact_provider *provider;
  bool found = false;
  for (size_t i = 0; (provider = imgact_provider_at(i)); i++)
    for (const char *const *name = provider->token_env; name && *name; name++)
      found = hide(text, getenv(*name), provider->token_prefixes) || found;
  return found;
}

/* Hides tokens in a message. plain: also replaces characters that JSON escapes. */
static void clean_message(imgact_error *error, bool plain) {
  cli_buffer text = {0};
  for (const char *at = error->message; *at; at++) {
    unsigned char c = (unsigned char)*at;
    bool is_escaped = c < 0x20 || c >= 0x7F || c == '"' || c == '\\';
    cli_buffer_add(&text, plain && is_escaped ? "?" : at, 1);
  }
  hide_tokens(&text);
  snprintf(error->message, sizeof error->message, "%s",
           text.failed ? "out of memory" : cli_buffer_get(&text));
  cli_buffer_free(&text);
}

/* ---- text and JSON ---- */

static void put_line(cli_app *app, const char *text, bool is_error) {
  cli_buffer visible = {0};
  cli_buffer_visible(&visible, text);
  hide_tokens(&visible); /* after escaping: \u000f ends in f and can complete a token */
  begin_stderr(app);
  bool red = is_error && app->color_err;
  cli_stream_text(&app->err, red ? "\x1b[1;31mimgact:\x1b[0m " : "imgact: ");
  cli_stream_line(&app->err, visible.failed ? "out of memory" : cli_buffer_get(&visible));
  cli_stream_flush(&app->err);
  cli_buffer_free(&visible);
}

static void add_part(cli_buffer *text, const char *opening, const char *part, const char *more) {
  cli_buffer_text(text, opening);
  cli_buffer_text(text, part);
  cli_buffer_text(text, more);
}

/* Adds " (not_found, HTTP 404, request 9d8c...)", as far as reported. */
static void add_origin(cli_buffer *text, const imgact_error *error, int32_t attempts) {
  char number[40];
  const char *opening = " (";

  if (error->provider_code[0] || error->http_status > 0) {
    add_part(text, opening,
             error->provider_code[0] ? error->provider_code : imgact_status_name(error->status),
             "");
    opening = ", ";
  }
  snprintf(number, sizeof number, "HTTP %d", (int)error->http_status);
  if (error->http_status > 0 &&
      !strstr(error->message, number)) { /* the message itself if the API sent none */
    add_part(text, opening, number, "");
    opening = ", ";
  }
  if (error->request_id[0]) {
    add_part(text, opening, "request ", error->request_id);
    opening = ", ";
  }
  if (error->retry_after_ms >= 0 && error->status == IMGACT_RATE_LIMITED) {
    snprintf(number, sizeof number, "retry in %" PRId64 " s", (error->retry_after_ms + 999) / 1000);
    add_part(text, opening, number, "");
    opening = ", ";
  }
  snprintf(number, sizeof number, "after %d attempts", (int)attempts);
  if (attempts > 1) {
    add_part(text, opening, number, "");
    opening = ", ";
  }

  if (opening[0] == ',') cli_buffer_text(text, ")");
  if (error->flags & IMGACT_ERROR_MAYBE_APPLIED) cli_buffer_text(text, "; may have been applied");
}

/* The number of sends of the failed request; 0 = unknown, or the error is not about a request. */
static int32_t request_attempts(const cli_app *app, const imgact_error *error) {
  bool about_request = error->status != IMGACT_TIMEOUT && error->status != IMGACT_CANCELLED &&
                       error->status != IMGACT_ACTION_FAILED;
  return about_request && !app->lookup_request ? app->attempts : 0;
}

static void print_text(cli_app *app, const imgact_error *error, const char *what) {
  cli_buffer text = {0};
  if (what) add_part(&text, "", what, ": ");
  cli_buffer_text(&text, error->message[0] ? error->message : imgact_status_name(error->status));
  add_origin(&text, error, request_attempts(app, error));
  put_line(app, text.failed ? error->message : cli_buffer_get(&text), true);
  cli_buffer_free(&text);
}

/* Copies a string of the JSON; "" if it is null. */
static const char *text_at(const imgact_json *object, const char *key, char *buffer, size_t size) {
  buffer[0] = '\0';
  imgact_json_copy_string(imgact_json_get(object, key), buffer, size);
  return buffer;
}

/* Prints the images that an error names in its details, one per line. */
static void print_candidates(cli_app *app, const char *details) {
  imgact_json_doc *doc = NULL;
  if (!details || imgact_json_doc_parse(details, strlen(details), NULL, &doc, NULL, 0)) return;
  const imgact_json *list = imgact_json_get(imgact_json_doc_root(doc), "candidates"), *image;
  imgact_json_iter each = imgact_json_iter_begin(list);
  while (list && (image = imgact_json_iter_next(&each, NULL))) {
    char id[72], type[16], created[32], name[160], description[160], line[512];
    text_at(image, "name", name, sizeof name);
    text_at(image, "description", description, sizeof description);
    snprintf(line, sizeof line, "  %s  %s  %s  %s", text_at(image, "id", id, sizeof id),
             text_at(image, "type", type, sizeof type),
             text_at(image, "created_at", created, sizeof created), name[0] ? name : description);
    put_line(app, line, false);
  }
  imgact_json_doc_free(doc);
}

static const char *write_failure(imgact_json_writer *writer, const imgact_error *error,
                                 const char *details, size_t *length) {
  const cli_failure failure = {error, details};
  imgact_json_writer_reset(writer);
  imgact_json_write_begin_object(writer);
  imgact_json_write_key(writer, "error");
  cli_write_object(writer, &cli_failure_schema, &failure, false);
  imgact_json_write_end_object(writer);
  return imgact_json_writer_finish(writer, length);
}

/* Returns true if the escaped text contains a token: an escape can complete one. */
static bool shows_token(const char *json) {
  cli_buffer visible = {0};
  cli_buffer_visible(&visible, json);
  bool found = hide_tokens(&visible);
  cli_buffer_free(&visible);
  return found;
}

static void print_json(cli_app *app, const imgact_error *error, const char *details,
                       const char *what) {
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
  imgact_error named = *error; /* with several waits, the message begins with the ids */
  size_t length = 0;

  if (what)
    snprintf(named.message, sizeof named.message, "%.*s: %.300s", CLI_NAMED_BYTES, what,
             error->message);
  clean_message(&named, false);
  const char *text = write_failure(writer, &named, details, &length);
  if (text && shows_token(text)) {
    clean_message(&named, true);
    text = write_failure(writer, &named, details, &length);
  }

  begin_stderr(app);
  if (text) {
    cli_put_json(&app->err, text, length);
    cli_stream_char(&app->err, '\n');
  } else {
    print_text(app, error, NULL);
  }
  cli_stream_flush(&app->err);
  imgact_json_writer_free(writer);
}

int cli_report_failure(cli_app *app, const imgact_error *error, const char *details,
                       const char *what) {
  if (cli_wants_json(app))
    print_json(app, error, details, what);
  else {
    print_text(app, error, what);
    print_candidates(app, details);
  }
  return cli_exit_status(error->status);
}

void cli_print_error(cli_app *app, const imgact_error *error, const char *what) {
  print_text(app, error, what);
}

int cli_report_op_failure(cli_app *app, const imgact_op *op) {
  return cli_report_failure(app, imgact_op_error(op), imgact_op_error_details(op), NULL);
}

int cli_check_op(cli_app *app, imgact_op *op) {
  int exit_status = imgact_op_error(op)->status ? cli_report_op_failure(app, op) : 0;
  imgact_op_free(op);
  return exit_status;
}

IMGACT_PRINTF(3, 0)
static void format(imgact_error *error, imgact_status status, const char *text, va_list values) {
  char message[sizeof error->message];
  vsnprintf(message, sizeof message, text, values);
  imgact_error_set(error, status, "%s", message);
}

int cli_report_error(cli_app *app, imgact_status status, const char *text, ...) {
  imgact_error error;
  va_list values;
  va_start(values, text);
  format(&error, status, text, values);
  va_end(values);
  return cli_report_failure(app, &error, NULL, NULL);
}

void cli_print_note(cli_app *app, const char *text, ...) {
  imgact_error error;
  va_list values;
  va_start(values, text);
  format(&error, IMGACT_OK, text, values);
  va_end(values);
  put_line(app, error.message, false);
}
