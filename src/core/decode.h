/* SPDX-License-Identifier: MIT */
/* What a provider makes of a response: its own functions, or the rows of its table. */
#ifndef IA_DECODE_H
#define IA_DECODE_H

#include "result.h"

imgact_status ia_decode(const imgact_provider *provider, const imgact_slot *slot,
                        const imgact_call *call, const imgact_response *response,
                        imgact_result *result, imgact_error *error);
void ia_decode_error(const imgact_provider *provider, const imgact_call *call,
                     const imgact_response *response, imgact_result *result, imgact_error *error);
void ia_decode_rate_limit(const imgact_provider *provider, const imgact_response *response,
                          imgact_rate_limit_info *info);

#endif
