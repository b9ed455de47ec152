/* SPDX-License-Identifier: MIT */
/* Timestamps as text: RFC 3339 and the dates of HTTP headers, years 1 to 9999. */
#ifndef IA_DATE_H
#define IA_DATE_H

#include <imgact/base.h>
#include <stdbool.h>

/* Accepts "2016-01-30T23:50:00Z", an offset ("+00:00"), no seconds, a fraction, lower-case t and z,
 * and a space for T. A leap second is read as :59; the fraction is truncated to ms. Returns false,
 * with *out_ms unchanged, if the text is not such a time or the date does not exist. */
bool ia_date_rfc3339(const char *text, size_t length, int64_t *out_ms);
/* Writes "2016-01-30T23:50:00Z"; with_ms: "2016-01-30T23:50:00.123Z". Returns false for
 * IMGACT_NO_TIME and for years out of range. */
bool ia_date_format(int64_t ms, bool with_ms, char buffer[32]);
/* Accepts the three forms of RFC 9110: "Wed, 11 Mar 2020 01:48:20 GMT", "Wednesday, 11-Mar-20
 * 01:48:20 GMT" (years 1977 to 2076) and "Wed Mar 11 01:48:20 2020". The weekday is not checked
 * against the date. */
bool ia_date_http(const char *text, int64_t *out_ms);
/* Writes the first of these forms. */
bool ia_date_http_format(int64_t ms, char buffer[32]);

#endif
