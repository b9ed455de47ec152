// SPDX-License-Identifier: MIT
/* Error codes, messages, and the default meaning of HTTP statuses. */
#include "error_fill.h"
#include "str.h"
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    [IMGACT_OK] = "ok",
    [IMGACT_INTERNAL] = "internal",
    [IMGACT_NOMEM] = "no_memory",
    [IMGACT_INVALID_ARGUMENT] = "invalid_argument",
    [IMGACT_UNAUTHORIZED] = "unauthorized",
    [IMGACT_FORBIDDEN] = "forbidden",
    [IMGACT_NOT_FOUND] = "not_found",
    [IMGACT_CONFLICT] = "conflict",
    [IMGACT_LOCKED] = "locked",
    [IMGACT_PROTECTED] = "protected",
    [IMGACT_RATE_LIMITED] = "rate_limited",
    [IMGACT_ACTION_FAILED] = "action_failed",
    [IMGACT_TIMEOUT] = "timeout",
    [IMGACT_UNSUPPORTED] = "unsupported",
    [IMGACT_NETWORK] = "network",
    [IMGACT_TLS] = "tls",
    [IMGACT_AMBIGUOUS] = "ambiguous",
    [IMGACT_UNAVAILABLE] = "unavailable",
    [IMGACT_PROTOCOL] = "protocol",
    [IMGACT_INCOMPLETE] = "incomplete",
    [IMGACT_INVALID_INPUT] = "invalid_input",
    [IMGACT_LIMIT_EXCEEDED] = "limit_exceeded",
    [IMGACT_CANCELLED] = "cancelled",
    [IMGACT_BUSY] = "busy",
    [IMGACT_END] = "end",
    [IMGACT_ALREADY_DONE] = "already_done",
};

const char *imgact_status_name(imgact_status status) {
  return (size_t)status < sizeof names / sizeof *names ? names[(size_t)status] : "internal";
}

imgact_status imgact_status_from_name(const char *name) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (ia_str_equal(names[i], name)) return (imgact_status)i;
  return IMGACT_INTERNAL;
}

void ia_error_clear(imgact_error *error) {
  memset(error, 0, sizeof *error);
  error->retry_after_ms = -1;
}

void ia_error_vtext(imgact_error *error, const char *format, va_list args) {
  char text[4 * sizeof error->message];
  vsnprintf(text, sizeof text, format, args);
  ia_str_copy(error->message, sizeof error->message, text);
}

void ia_error_text(imgact_error *error, const char *format, ...) {
  va_list args;
  va_start(args, format);
  ia_error_vtext(error, format, args);
  va_end(args);
}

imgact_status imgact_error_set(imgact_error *error, imgact_status status, const char *format, ...) {
  if (!error) return status;
  /* format before clearing: the arguments may be strings of this error */
  char text[4 * sizeof error->message];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  ia_error_clear(error);
  error->status = status;
  ia_str_copy(error->message, sizeof error->message, text);
  return status;
}

/* RETRYABLE is set for statuses that any gateway may return. Whether a 500 is retried depends on
 * the method (retry.c). 408 and 425 concern the timing of a request, not its content: RFC 9110 and
 * RFC 8470 allow a retry, but the request may have had an effect. */
void ia_error_from_http(imgact_error *error, int http_status) {
  static const struct {
    int http;
    imgact_status status;
    uint32_t flags;
  } known[] = {
      {400, IMGACT_INVALID_INPUT, 0},
      {401, IMGACT_UNAUTHORIZED, 0},
      {403, IMGACT_FORBIDDEN, 0},
      {404, IMGACT_NOT_FOUND, 0},
      {405, IMGACT_INVALID_INPUT, 0},
      {408, IMGACT_UNAVAILABLE, IMGACT_ERROR_RETRYABLE},
      {409, IMGACT_CONFLICT, 0},
      {410, IMGACT_PROTOCOL, 0},
      {412, IMGACT_INVALID_INPUT, 0},
      {422, IMGACT_INVALID_INPUT, 0},
      {423, IMGACT_LOCKED, 0},
      {425, IMGACT_UNAVAILABLE, IMGACT_ERROR_RETRYABLE},
      {429, IMGACT_RATE_LIMITED, IMGACT_ERROR_RETRYABLE | IMGACT_ERROR_NOT_APPLIED},
      {502, IMGACT_UNAVAILABLE, IMGACT_ERROR_RETRYABLE},
      {503, IMGACT_UNAVAILABLE, IMGACT_ERROR_RETRYABLE},
      {504, IMGACT_UNAVAILABLE, IMGACT_ERROR_RETRYABLE},
  };

  ia_error_clear(error);
  error->http_status = http_status;
  error->status = http_status >= 500   ? IMGACT_UNAVAILABLE
                  : http_status >= 400 ? IMGACT_INVALID_INPUT
                                       : IMGACT_PROTOCOL;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].http == http_status) {
      error->status = known[i].status;
      error->flags = known[i].flags;
    }

  ia_error_text(error, "HTTP %d", http_status);
}

/* Rejects BUSY and END: a caller would take them for results of the library, such as the end of a
 * list. */
imgact_status ia_callback_status(imgact_status status) {
  bool allowed = (unsigned)status <= IMGACT_CANCELLED || status == IMGACT_ALREADY_DONE;
  return allowed ? status : IMGACT_INTERNAL;
}

imgact_status ia_no_memory(imgact_error *error) {
  return imgact_error_set(error, IMGACT_NOMEM, "out of memory");
}
