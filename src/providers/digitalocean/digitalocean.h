/* SPDX-License-Identifier: MIT */
/* What the files of this provider share. */
#ifndef IA_DIGITALOCEAN_H
#define IA_DIGITALOCEAN_H

#include <imgact/provider.h>

extern const imgact_provider ia_provider_digitalocean;

int ia_digitalocean_is_valid_id(const char *text);
/* A page number: decimal digits, from 1; 0 for anything else. `length` bytes of text are looked at.
 */
int64_t ia_digitalocean_number(const char *text, size_t length);
/* How many items a page is asked to have, given the query of the link that led to it (NULL for the
 * first one). */
int64_t ia_digitalocean_page_size(const imgact_call *call, const char *query);
/* Does this list query ask for the account's own images alone? */
int ia_digitalocean_asks_private(const imgact_call *call);

imgact_status ia_digitalocean_encode_list_images(const imgact_call *call, imgact_request *request,
                                                 imgact_error *error);
imgact_status ia_digitalocean_encode_get_image(const imgact_call *call, imgact_request *request,
                                               imgact_error *error);
imgact_status ia_digitalocean_encode_update_image(const imgact_call *call, imgact_request *request,
                                                  imgact_error *error);
imgact_status ia_digitalocean_encode_delete_image(const imgact_call *call, imgact_request *request,
                                                  imgact_error *error);
imgact_status ia_digitalocean_encode_list_actions(const imgact_call *call, imgact_request *request,
                                                  imgact_error *error);
imgact_status ia_digitalocean_encode_get_action(const imgact_call *call, imgact_request *request,
                                                imgact_error *error);
imgact_status ia_digitalocean_encode_start_action(const imgact_call *call, imgact_request *request,
                                                  imgact_error *error);
imgact_status ia_digitalocean_encode_wait_action(const imgact_call *call, imgact_request *request,
                                                 imgact_error *error);

imgact_status ia_digitalocean_decode_images(const imgact_call *call,
                                            const imgact_response *response, imgact_result *result,
                                            imgact_error *error);
imgact_status ia_digitalocean_decode_image(const imgact_call *call, const imgact_response *response,
                                           imgact_result *result, imgact_error *error);
imgact_status ia_digitalocean_decode_nothing(const imgact_call *call,
                                             const imgact_response *response, imgact_result *result,
                                             imgact_error *error);
imgact_status ia_digitalocean_decode_actions(const imgact_call *call,
                                             const imgact_response *response, imgact_result *result,
                                             imgact_error *error);
imgact_status ia_digitalocean_decode_action(const imgact_call *call,
                                            const imgact_response *response, imgact_result *result,
                                            imgact_error *error);

#endif
