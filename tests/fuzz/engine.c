// SPDX-License-Identifier: MIT
// The whole engine with both providers, fed with replies. An input is a head line of three characters and replies:
//
//   CLOUD OPERATION FLAGS \n REPLY \n%%\n REPLY ...      CLOUD: "h" or not; OPERATION: a, b, ... as imgact_op_kind counts
//   REPLY: three digits of status, "\n", header lines, an empty line, the body; "000" is a reply that gets lost
//
// When the replies are used up nothing answers any more. What must hold: every operation ends, errors have words and are
// UTF-8, a list that failed shows nothing, and the token is nowhere.
#include "scripted.h"
#include "str.h"
#include "written.h"
#include <imgact/imgact.h>

static const char token[] = "fuzz-token-0123456789-abcdefghij";

typedef struct replies {
  const char *next, *end;
  char *last; // a copy of its own, so that reading beyond it is seen
} replies;

static const char *take(replies *input) {
  free(input->last);
  input->last = NULL;
  if (input->next >= input->end) return NULL;
  const char *stop = memmem(input->next, (size_t)(input->end - input->next), "\n%%\n", 4);
  size_t length = (size_t)((stop ? stop : input->end) - input->next);
  input->last = malloc(length + 1);
  CHECK(input->last);
  memcpy(input->last, input->next, length);
  input->last[length] = '\0';
  input->next = stop ? stop + 4 : input->end;
  return input->last;
}

static bool answer_next(void *user, const scripted_request *request, scripted_answer *answer) {
  replies *input = user;
  (void)request;
  *answer = (scripted_answer){.with_date = true, .delivery = IMGACT_DELIVERY_NOT_SENT, .failure = IMGACT_FAILURE_NETWORK};
  if (!take(input)) return true;
  answer->delivery = IMGACT_DELIVERY_MAYBE_SENT;
  char *reply = input->last;
  if (strspn(reply, "0123456789") != 3 || reply[3] != '\n') return true;
  answer->status = (int32_t)strtol(reply, NULL, 10);
  if (answer->status < 100 || answer->status > 599) answer->status = 0;
  if (reply[4] == '\n') {
    answer->body = reply + 5;
    return true;
  }
  answer->headers = reply + 4;
  char *body = strstr(reply + 4, "\n\n");
  if (body) {
    body[1] = '\0';
    answer->body = body + 2;
  }
  return true;
}

static imgact_op *make(imgact_client *client, unsigned kind, unsigned flags) {
  static const imgact_image_type types[] = {IMGACT_IMAGE_TYPE_SNAPSHOT, IMGACT_IMAGE_TYPE_BACKUP, IMGACT_IMAGE_TYPE_SYSTEM};
  static const imgact_label labels[] = {{"env", "prod"}};
  static const char *const ids[] = {"13", "14"}, *const sort[] = {"id:desc"};
  imgact_image_filter images = {.size = sizeof images,
                                .types = types,
                                .types_count = flags % 4,
                                .sort = sort,
                                .sort_count = flags / 4 % 2,
                                .name = flags & 8 ? "web" : NULL};
  imgact_action_filter actions = {
      .size = sizeof actions, .image_id = flags & 1 ? "4711" : NULL, .ids = ids, .ids_count = flags & 2 ? 2 : 0};
  imgact_image_update update = {.size = sizeof update,
                                .description = "new",
                                .labels = labels,
                                .labels_count = 1,
                                .replace_labels = (int32_t)(flags & 1)};
  switch ((imgact_op_kind)(kind % IMGACT_OP_COUNT)) {
  case IMGACT_OP_LIST_IMAGES: return imgact_list_images(client, &images);
  case IMGACT_OP_GET_IMAGE: return imgact_get_image(client, flags & 1 ? "web" : "4711", NULL);
  case IMGACT_OP_UPDATE_IMAGE: return imgact_update_image(client, "4711", &update);
  case IMGACT_OP_DELETE_IMAGE: return imgact_delete_image(client, "4711");
  case IMGACT_OP_LIST_ACTIONS: return imgact_list_actions(client, &actions);
  case IMGACT_OP_GET_ACTION: return imgact_get_action(client, "13", flags & 1 ? "4711" : NULL);
  case IMGACT_OP_CHANGE_PROTECTION:
    return flags & 1 ? imgact_protect_image(client, "4711") : imgact_unprotect_image(client, "4711");
  case IMGACT_OP_CONVERT: return imgact_convert_image(client, "4711");
  case IMGACT_OP_TRANSFER: return imgact_transfer_image(client, "4711", "nyc3");
  default: return imgact_wait_actions(client, ids, 1 + flags % 2, flags & 4 ? "4711" : NULL);
  }
}

static void check_text(const char *text) {
  if (!text) return;
  CHECK(ia_utf8_valid(text, strlen(text), true));
  CHECK(!strstr(text, token));
  expect_hidden(text, strlen(text), token, 8); // the token has no vendor's prefix
}

static void check(const imgact_op *op, imgact_status status) {
  const imgact_error *error = imgact_op_error(op);
  size_t images = 0, actions = 0;
  CHECK(imgact_op_done(op) && error->status == status);
  CHECK(status == IMGACT_OK || error->message[0] != '\0');
  check_text(error->message);
  check_text(error->provider_code);
  check_text(error->request_id);
  check_text(imgact_op_error_details(op));
  const imgact_image *const *image = imgact_op_images(op, &images);
  for (size_t i = 0; i < images; i++) {
    CHECK(image[i]->id && image[i]->provider);
    check_text(image[i]->name);
    check_text(image[i]->description);
    check_text(imgact_image_raw(image[i]));
  }
  const imgact_action *const *action = imgact_op_actions(op, &actions);
  for (size_t i = 0; i < actions; i++) {
    check_text(action[i]->error_message);
    check_text(imgact_action_raw(action[i]));
  }
  if (imgact_op_get_kind(op) == IMGACT_OP_LIST_IMAGES && status != IMGACT_OK) CHECK(images == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4) return 0;
  scripted *script = scripted_new();
  replies input = {(const char *)data + 4, (const char *)data + size, NULL};
  scripted_when(script, answer_next, &input);

  imgact_client *client = NULL;
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = data[0] == 'h' ? "hetzner" : "digitalocean",
                                   .token = token,
                                   .transport = scripted_transport(script),
                                   .max_attempts = 3};
  CHECK(imgact_client_new(&options, &client, NULL) == IMGACT_OK);
  imgact_op *op = make(client, (unsigned)data[1] - 'a', data[2]);
  imgact_op_options limits = {.size = sizeof limits, .deadline_ms = 3600000, .flags = IMGACT_OP_FLAG_KEEP_RAW};
  imgact_op_set_options(op, &limits);
  if (data[2] & 1) imgact_op_set_wait(op, 1);
  check(op, imgact_op_run(op));
  imgact_op_free(op);
  imgact_client_free(client);
  CHECK(scripted_destroyed(script));
  scripted_free(script);
  free(input.last);
  return 0;
}
