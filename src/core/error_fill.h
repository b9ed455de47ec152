/* SPDX-License-Identifier: MIT */
/* Functions that fill an imgact_error. */
#ifndef IA_ERROR_FILL_H
#define IA_ERROR_FILL_H

#include <imgact/error.h>
#include <stdarg.h>

void ia_error_clear(imgact_error *error);
/* Sets only the message. */
void ia_error_text(imgact_error *error, const char *format, ...) IMGACT_PRINTF(2, 3);
void ia_error_vtext(imgact_error *error, const char *format, va_list args) IMGACT_PRINTF(2, 0);
/* Sets the error for an HTTP status without a usable body, such as RATE_LIMITED for 429. */
void ia_error_from_http(imgact_error *error, int http_status);
/* Sets and returns IMGACT_NOMEM. */
imgact_status ia_no_memory(imgact_error *error);
/* Returns the status that a user's callback returned; INTERNAL if it is not allowed there. */
imgact_status ia_callback_status(imgact_status status);

#endif
