/* SPDX-License-Identifier: MIT */
/* What the files of this provider share: the words of Hetzner Cloud, and the halves of the slots.
 */
#ifndef IA_HETZNER_H
#define IA_HETZNER_H

#include <imgact/provider.h>

extern const imgact_provider ia_provider_hetzner;

/* A word of the API and the neutral value that it stands for; a NULL word ends a table and holds
 * the value of all others. */
typedef struct ia_hetzner_word {
  const char *text;
  int value;
} ia_hetzner_word;

extern const ia_hetzner_word ia_hetzner_image_types[];
extern const ia_hetzner_word ia_hetzner_image_statuses[];
extern const ia_hetzner_word ia_hetzner_action_statuses[];

int ia_hetzner_value(const ia_hetzner_word *words, const char *text);
/* NULL where the cloud has no word for it. */
const char *ia_hetzner_text(const ia_hetzner_word *words, int value);

int ia_hetzner_is_valid_id(const char *text);

imgact_status ia_hetzner_encode_list_images(const imgact_call *call, imgact_request *request,
                                            imgact_error *error);
imgact_status ia_hetzner_encode_get_image(const imgact_call *call, imgact_request *request,
                                          imgact_error *error);
imgact_status ia_hetzner_encode_update_image(const imgact_call *call, imgact_request *request,
                                             imgact_error *error);
imgact_status ia_hetzner_encode_delete_image(const imgact_call *call, imgact_request *request,
                                             imgact_error *error);
imgact_status ia_hetzner_encode_list_actions(const imgact_call *call, imgact_request *request,
                                             imgact_error *error);
imgact_status ia_hetzner_encode_get_action(const imgact_call *call, imgact_request *request,
                                           imgact_error *error);
imgact_status ia_hetzner_encode_change_protection(const imgact_call *call, imgact_request *request,
                                                  imgact_error *error);
imgact_status ia_hetzner_encode_convert(const imgact_call *call, imgact_request *request,
                                        imgact_error *error);
imgact_status ia_hetzner_encode_wait_actions(const imgact_call *call, imgact_request *request,
                                             imgact_error *error);

imgact_status ia_hetzner_decode_images(const imgact_call *call, const imgact_response *response,
                                       imgact_result *result, imgact_error *error);
imgact_status ia_hetzner_decode_image(const imgact_call *call, const imgact_response *response,
                                      imgact_result *result, imgact_error *error);
imgact_status ia_hetzner_decode_nothing(const imgact_call *call, const imgact_response *response,
                                        imgact_result *result, imgact_error *error);
imgact_status ia_hetzner_decode_actions(const imgact_call *call, const imgact_response *response,
                                        imgact_result *result, imgact_error *error);
imgact_status ia_hetzner_decode_action(const imgact_call *call, const imgact_response *response,
                                       imgact_result *result, imgact_error *error);
imgact_status ia_hetzner_decode_convert(const imgact_call *call, const imgact_response *response,
                                        imgact_result *result, imgact_error *error);

#endif
