/* SPDX-License-Identifier: MIT */
/* Errors as the core fills them: from HTTP's status, from a format, from no memory. */
#ifndef IA_ERROR_FILL_H
#define IA_ERROR_FILL_H

#include <imgact/error.h>
#include <stdarg.h>

void ia_error_clear(imgact_error *error);
/* Sets the message alone. */
void ia_error_text(imgact_error *error, const char *format, ...) IMGACT_PRINTF(2, 3);
void ia_error_vtext(imgact_error *error, const char *format, va_list args) IMGACT_PRINTF(2, 0);
/* The meaning of a status without a body: 429 is rate_limited, 408, 425 and 502 are unavailable and
 * retryable, and so on. */
void ia_error_from_http(imgact_error *error, int http_status);
/* Sets NOMEM with its words, and returns it. */
imgact_status ia_no_memory(imgact_error *error);
/* A status that a user's hook returned, as the end of an operation: what makes no sense there is
 * internal. */
imgact_status ia_hook_status(imgact_status status);

#endif
