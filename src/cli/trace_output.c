// SPDX-License-Identifier: MIT
/* Trace events of the client: printed with --trace, else shown as pauses in the status line. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"

/* Prints the time since the start: "+12.345s ". */
static void put_time(cli_app *app) {
  int64_t ms = cli_elapsed_ms(app);
  cli_stream_format(&app->err, "+%" PRId64 ".%03ds ", ms / 1000, (int)(ms % 1000));
}

static void put_lines(cli_app *app, const char *mark, uint32_t request, const char *text) {
  cli_buffer line = {0};

  while (text && *text) {
    size_t length = strcspn(text, "\n");
    cli_buffer_clear(&line);
    cli_buffer raw = {0};
    cli_buffer_add(&raw, text, length);
    cli_buffer_visible(&line, cli_buffer_get(&raw));
    cli_buffer_free(&raw);
    put_time(app);
    cli_stream_format(&app->err, "%s #%u ", mark, (unsigned)request);
    cli_stream_line(&app->err, cli_buffer_get(&line));
    text += length + (text[length] == '\n');
  }

  cli_stream_flush(&app->err);
  cli_buffer_free(&line);
}

/* A long body is cut by the library; body_bytes is its full length. */
static void put_body(cli_app *app, const char *mark, const imgact_trace_event *event) {
  size_t shown = event->body ? strlen(event->body) : 0;
  char note[80];
  put_lines(app, mark, event->request_number, event->body);
  snprintf(note, sizeof note, "... (%zu of %zu bytes)", shown, event->body_bytes);
  if (shown < event->body_bytes) put_lines(app, mark, event->request_number, note);
}

/* Shows the pause before a retry, and a lookup, until the next request; a lookup ends with its
 * operation, or when the mutation is resent. */
static void show_pauses(cli_app *app, const imgact_trace_event *event) {
  bool is_lookup = app->line.kind == CLI_LINE_LOOKUP,
       reads = event->method && !strcmp(event->method, "GET");
  bool is_resend =
      event->kind == IMGACT_TRACE_LOOKUP && event->request_number == app->lookup_request;

  if (event->kind == IMGACT_TRACE_REQUEST || is_resend) {
    if (app->line.kind != CLI_LINE_BAR && !(is_lookup && reads))
      cli_status_line_clear(&app->line, &app->err);
  } else
    cli_progress_pause(app, event);
}

/* The library has redacted all strings of the event. */
static void put_trace(cli_app *app, const imgact_trace_event *event) {
  cli_status_line_clear(&app->line, &app->err);
  const char *text = event->message ? event->message : "";
  char head[160];

  switch (event->kind) {
  case IMGACT_TRACE_REQUEST:
    snprintf(head, sizeof head, "%s (attempt %d) ", event->method ? event->method : "",
             (int)event->attempt);
    put_time(app);
    cli_stream_format(&app->err, "> #%u %s", (unsigned)event->request_number, head);
    cli_stream_line(&app->err, event->url ? event->url : "");
    put_lines(app, ">", event->request_number, event->headers);
    put_body(app, ">", event);
    return;
  case IMGACT_TRACE_RESPONSE:
    snprintf(head, sizeof head, "HTTP %d after %lld ms", (int)event->http_status,
             (long long)event->elapsed_ms);
    put_lines(app, "<", event->request_number, head);
    put_lines(app, "<", event->request_number, event->headers);
    put_body(app, "<", event);
    return;
  case IMGACT_TRACE_FAILURE:
    snprintf(head, sizeof head, "failed after %lld ms", (long long)event->elapsed_ms);
    break;
  case IMGACT_TRACE_RETRY:
    snprintf(head, sizeof head, "retrying in %lld ms", (long long)event->delay_ms);
    break;
  case IMGACT_TRACE_THROTTLE:
    snprintf(head, sizeof head, "delayed by %lld ms", (long long)event->delay_ms);
    break;
  case IMGACT_TRACE_LOOKUP: snprintf(head, sizeof head, "looking up the outcome"); break;
  default: return; /* event of a later version */
  }

  put_lines(app, "*", event->request_number, head);
  put_lines(app, "*", event->request_number, text);
}

void cli_on_trace(void *user, const imgact_trace_event *event) {
  cli_app *app = user;
  if (event->kind == IMGACT_TRACE_REQUEST && app->alone) app->attempts = event->attempt;
  if (app->options.trace)
    put_trace(app, event);
  else if (cli_progress_shows_pauses(app))
    show_pauses(app, event);
  if (event->kind == IMGACT_TRACE_LOOKUP) app->lookup_request = event->request_number;
}
