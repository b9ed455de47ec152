/* SPDX-License-Identifier: MIT */
/* Times as text: RFC 3339 in, RFC 3339 out, the dates of HTTP headers in and out. Years 1 to 9999.
 */
#ifndef IA_DATE_H
#define IA_DATE_H

#include <imgact/base.h>
#include <stdbool.h>

/* "2016-01-30T23:50:00Z", "…T23:50+00:00", "….442049222Z", lower-case t and z, a blank for T; a
 * leap second counts as :59. The fraction is cut to ms. false: not such a text, or no such day;
 * *out untouched. */
bool ia_date_rfc3339(const char *text, size_t length, int64_t *out_ms);
/* "2016-01-30T23:50:00Z"; with_ms: "2016-01-30T23:50:00.123Z". Needs 32 bytes. false:
 * IMGACT_NO_TIME or beyond the years. */
bool ia_date_format(int64_t ms, bool with_ms, char buffer[32]);
/* The three forms of RFC 9110: "Wed, 11 Mar 2020 01:48:20 GMT", "Wednesday, 11-Mar-20 01:48:20 GMT"
 * (years 1977 to 2076) and "Wed Mar 11 01:48:20 2020". The weekday may be a wrong one. */
bool ia_date_http(const char *text, int64_t *out_ms);
/* The first of them. */
bool ia_date_http_format(int64_t ms, char buffer[32]);

#endif
