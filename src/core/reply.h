/* SPDX-License-Identifier: MIT */
/* What a response means: stateless, it knows neither exchanges nor clients. */
#ifndef IA_REPLY_H
#define IA_REPLY_H

#include "request.h"
#include "result.h"

/* What a response answers, and where its results go. All borrowed. */
typedef struct ia_reply_target {
  const imgact_provider *provider;
  const imgact_slot *slot;
  const imgact_call *call;
  imgact_result *result;
  const ia_redactor *redactor; /* of the token that the request carried */
  const imgact_allocator *allocator;
  ia_arena *scratch;
  uint32_t local_filters; /* bits of filters that the request leaves to the library */
} ia_reply_target;

/* Reads a response: results into target->result, or an error. *rate gets what its headers report;
 * server_ms is the time there, which a Retry-After with a date is relative to. */
void ia_reply_read(const ia_reply_target *target, const imgact_http_response *http,
                   int64_t server_ms, imgact_rate_limit_info *rate, imgact_error *error);
/* The error of an exchange without a complete response. */
void ia_reply_failure(const ia_redactor *redactor, const imgact_http_response *http,
                      imgact_error *error);

#endif
