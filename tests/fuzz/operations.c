// SPDX-License-Identifier: MIT
#include "operations.h"

bool operations_answer(void *user, const scripted_request *request, scripted_answer *answer) {
  fuzz_parts *responses = user;
  (void)request;
  *answer = (scripted_answer){
      .with_date = true, .delivery = IMGACT_DELIVERY_NOT_SENT, .failure = IMGACT_FAILURE_NETWORK};
  char *response = fuzz_next_part(responses);
  if (!response) return true;
  answer->delivery = IMGACT_DELIVERY_MAYBE_SENT;
  if (strspn(response, "0123456789") != 3 || response[3] != '\n') return true;
  answer->status = (int32_t)strtol(response, NULL, 10);
  if (answer->status < 100 || answer->status > 599) answer->status = 0;
  if (response[4] == '\n') {
    answer->body = response + 5;
    answer->body_bytes = responses->length - 5;
    return true;
  }
  answer->headers = response + 4;
  char *body = strstr(response + 4, "\n\n");
  if (body) {
    body[1] = '\0';
    answer->body = body + 2;
    answer->body_bytes = responses->length - (size_t)(body + 2 - response);
  }
  return true;
}

imgact_op *operations_new(imgact_client *client, unsigned kind, unsigned flags) {
  static const imgact_image_type types[] = {IMGACT_IMAGE_TYPE_SNAPSHOT, IMGACT_IMAGE_TYPE_BACKUP,
                                            IMGACT_IMAGE_TYPE_SYSTEM};
  static const imgact_label labels[] = {{"env", "prod"}};
  static const char *const ids[] = {"13", "14"}, *const sort[] = {"id:desc"},
                           *const globs[] = {"[!a-c]*", "*web-?"};
  imgact_image_filter images = {.size = sizeof images,
                                .types = types,
                                .types_count = flags % 4,
                                .sort = sort,
                                .sort_count = flags / 4 % 2,
                                .name = flags & 8 ? "web" : NULL,
                                .match = globs,
                                .match_count = flags / 16 % 3,
                                .created_before = flags & 64 ? 1700000000000 : 0};
  imgact_action_filter actions = {.size = sizeof actions,
                                  .image_id = flags & 1 ? "4711" : NULL,
                                  .ids = ids,
                                  .ids_count = flags & 2 ? 2 : 0};
  imgact_image_update update = {.size = sizeof update,
                                .description = "new",
                                .labels = labels,
                                .labels_count = 1,
                                .replace_labels = (int32_t)(flags & 1)};
  imgact_image_create create = {.size = sizeof create,
                                .name = "web",
                                .region = flags & 1 ? "nyc3" : NULL,
                                .ensure_unique = (int32_t)(flags / 2 % 2)};
  static const char *const images_to_wait_for[] = {"4711", "4712"};
  switch ((imgact_op_kind)(kind % IMGACT_OP_COUNT)) {
  case IMGACT_OP_LIST_IMAGES: return imgact_list_images(client, &images);
  case IMGACT_OP_FIND_IMAGE:
    images.sort_count = 0;
    return imgact_find_image(client, &images, (imgact_find)(flags / 4 % 3));
  case IMGACT_OP_GET_IMAGE: return imgact_get_image(client, flags & 1 ? "web" : "4711", NULL);
  case IMGACT_OP_UPDATE_IMAGE: return imgact_update_image(client, "4711", &update);
  case IMGACT_OP_DELETE_IMAGE: return imgact_delete_image(client, "4711");
  case IMGACT_OP_LIST_ACTIONS: return imgact_list_actions(client, &actions);
  case IMGACT_OP_GET_ACTION: return imgact_get_action(client, "13", flags & 1 ? "4711" : NULL);
  case IMGACT_OP_CHANGE_PROTECTION:
    return flags & 1 ? imgact_protect_image(client, "4711")
                     : imgact_unprotect_image(client, "4711");
  case IMGACT_OP_CONVERT: return imgact_convert_image(client, "4711");
  case IMGACT_OP_TRANSFER: return imgact_transfer_image(client, "4711", "nyc3");
  case IMGACT_OP_LIST_REGIONS: return imgact_list_regions(client);
  case IMGACT_OP_CREATE_HANDOVER:
    return imgact_create_handover(client, "4711", "a@b.example", NULL);
  case IMGACT_OP_CANCEL_HANDOVER: return imgact_cancel_handover(client, "4711", "5");
  case IMGACT_OP_CREATE_IMAGE: return imgact_create_image(client, "42", &create);
  case IMGACT_OP_IMPORT_IMAGE: return imgact_import_image(client, "https://example.com/a", &create);
  case IMGACT_OP_LIST_SERVER_IMAGES:
    return imgact_wait_images(client, images_to_wait_for, 1 + flags % 2,
                              flags & 4 ? IMGACT_IMAGE_STATUS_DELETED
                                        : IMGACT_IMAGE_STATUS_AVAILABLE);
  default: return imgact_wait_actions(client, ids, 1 + flags % 2, flags & 4 ? "4711" : NULL);
  }
}

imgact_client *operations_client(bool hetzner, imgact_transport *transport) {
  imgact_client *client = NULL;
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = hetzner ? "hetzner" : "digitalocean",
                                   .token = FUZZ_TOKEN,
                                   .transport = transport,
                                   .max_attempts = 3};
  CHECK(imgact_client_new(&options, &client, NULL) == IMGACT_OK);
  return client;
}
