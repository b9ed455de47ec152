// SPDX-License-Identifier: MIT
/*
 * A recorded operation. An input is a head line "CLOUD OPERATION FLAGS" and responses, as in
 * engine.c. The operation runs on a recorder around the scripted API. Properties:
 *
 *   - the cassette is saved, or the error says why not, and then there is no file;
 *   - the file is JSON, can be read, has an entry per request, and holds the token in no form;
 *   - a replay of a read gives the same status, message and items, unless something was redacted.
 */
#include "check.h"
#include "har.h"
#include "operations.h"
#include "written.h"
#include <imgact/transport.h>

#include <unistd.h>

static char folder[64], path[96];

static void remove_folder(void) {
  unlink(path);
  rmdir(folder);
}

/* In memory where the system has such a folder: a recording is synced to the disk. */
static void make_folder(void) {
  if (folder[0] != '\0') return;
  snprintf(folder, sizeof folder, "%s/fuzz-record-XXXXXX",
           access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
  CHECK(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/cassette.har", folder);
  atexit(remove_folder);
}

static imgact_op *new_op(imgact_client *client, const uint8_t *data) {
  imgact_op *op = operations_new(client, (unsigned)data[1] - 'a', data[2]);
  imgact_op_options limits = {.size = sizeof limits, .deadline_ms = 3600000};
  CHECK(op);
  imgact_op_set_options(op, &limits);
  if (data[2] & 1) imgact_op_set_wait(op, 1);
  return op;
}

static char *read_cassette(size_t *length) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  CHECK(fseek(file, 0, SEEK_END) == 0);
  long size = ftell(file);
  CHECK(size >= 0 && fseek(file, 0, SEEK_SET) == 0);
  char *text = malloc((size_t)size + 1);
  CHECK(text && fread(text, 1, (size_t)size, file) == (size_t)size);
  text[size] = '\0';
  fclose(file);
  *length = (size_t)size;
  return text;
}

/* Returns true if something was redacted. A body that is not text is in base64 in the file. */
static bool check_cassette(const char *text, size_t length, size_t requests) {
  ia_har har;
  imgact_error error;
  bool redacted = strstr(text, "[redacted") != NULL;
  CHECK(!memmem(text, length, FUZZ_TOKEN, FUZZ_TOKEN_NEEDLE));
  expect_hidden(text, length, FUZZ_TOKEN, FUZZ_TOKEN_NEEDLE);
  CHECK(ia_har_read(&har, path, &ia_malloc, &error) == IMGACT_OK);
  CHECK(har.count == requests);
  for (size_t i = 0; i < har.count; i++) {
    const imgact_http_response *response = &har.entries[i].response;
    redacted = redacted ||
               (response->body && memmem(response->body, response->body_bytes, "[redacted", 9));
  }
  ia_har_free(&har);
  return redacted;
}

static bool reads(const imgact_op *op) {
  imgact_op_kind kind = imgact_op_get_kind(op);
  return kind == IMGACT_OP_LIST_IMAGES || kind == IMGACT_OP_GET_IMAGE ||
         kind == IMGACT_OP_LIST_ACTIONS || kind == IMGACT_OP_GET_ACTION;
}

static void replay(const uint8_t *data, const imgact_op *recorded) {
  imgact_transport *transport = NULL;
  imgact_error error;
  CHECK(imgact_transport_new_replayer(path, NULL, &transport, &error) == IMGACT_OK);
  imgact_client *client = operations_client(data[0] == 'h', transport);
  imgact_op *op = new_op(client, data);
  imgact_op_run(op);
  const imgact_error *now = imgact_op_error(op), *then = imgact_op_error(recorded);
  bool same_error = now->status == then->status && !strcmp(now->message, then->message);
  if (!same_error) fprintf(stderr, "recorded: %s\nreplayed: %s\n", then->message, now->message);
  CHECK(same_error);
  size_t count = 0, again = 0;
  const imgact_image *const *images = imgact_op_images(recorded, &count), *const *same =
                                                                              imgact_op_images(
                                                                                  op, &again);
  CHECK(count == again);
  for (size_t i = 0; i < count; i++) check_same_image(images[i], same[i]);
  const imgact_action *const *actions = imgact_op_actions(recorded, &count), *const *other =
                                                                                 imgact_op_actions(
                                                                                     op, &again);
  CHECK(count == again);
  for (size_t i = 0; i < count; i++) check_same_action(actions[i], other[i]);
  imgact_op_free(op);
  imgact_client_free(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 4 || data[3] != '\n') return 0;
  make_folder();
  unlink(path);
  scripted *script = scripted_new();
  fuzz_parts responses = {.next = (const char *)data + 4, .end = (const char *)data + size};
  scripted_when(script, operations_answer, &responses);
  imgact_transport *recorder = NULL;
  imgact_error error;
  CHECK(imgact_transport_new_recorder(scripted_transport(script), path, NULL, &recorder, &error) ==
        IMGACT_OK);
  imgact_client *client = operations_client(data[0] == 'h', recorder);
  imgact_op *op = new_op(client, data);
  check_op(op, imgact_op_run(op), &check_fuzz_token);
  imgact_status saved = imgact_recorder_save(recorder, &error);
  size_t length = 0, requests = scripted_count(script);
  char *text = read_cassette(&length);
  CHECK((saved == IMGACT_OK) == (text != NULL));
  CHECK(saved == IMGACT_OK || error.message[0] != '\0');
  bool redacted = text && check_cassette(text, length, requests);
  if (text && reads(op) && !redacted) replay(data, op);
  free(text);
  imgact_op_free(op);
  imgact_client_free(client);
  CHECK(scripted_destroyed(script));
  scripted_free(script);
  free(responses.text);
  return 0;
}
