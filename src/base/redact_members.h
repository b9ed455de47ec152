/* SPDX-License-Identifier: MIT */
/*
 * Hides the values of JSON members that hold e-mail addresses, passwords or user data: those whose
 * key ends with "email", "password" or "user_data", in any case.
 *
 * The text need not be valid JSON, nor complete. JSON inside a JSON string is searched, too.
 */
#ifndef IA_REDACT_MEMBERS_H
#define IA_REDACT_MEMBERS_H

#include "buf.h"

/* Returns true if the values of members with this key are hidden. */
bool ia_is_hidden_member(const char *key, size_t length);
/* Appends the text with "[redacted]" instead of such values, except null, true, false and "". */
void ia_redact_members(ia_buf *out, const char *text, size_t length);

#endif
