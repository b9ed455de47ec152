// SPDX-License-Identifier: MIT
/*
 * A cassette. Properties:
 *
 *   - it is read, or rejected with a message;
 *   - the list of a client that replays it ends, and its error and items pass check_op().
 */
#include "check.h"
#include <imgact/imgact.h>
#include <imgact/transport.h>

static void replay(const char *path, const char *provider) {
  imgact_transport *transport = NULL;
  imgact_client *client = NULL;
  imgact_error error;
  if (imgact_transport_new_replayer(path, NULL, &transport, &error) != IMGACT_OK) {
    CHECK(!transport && error.status == IMGACT_INVALID_ARGUMENT && error.message[0] != '\0');
    return;
  }
  imgact_client_options options = {
      .size = sizeof options, .provider_name = provider, .transport = transport};
  CHECK(imgact_client_new(&options, &client, &error) == IMGACT_OK);
  imgact_op *op = imgact_list_images(client, NULL);
  imgact_op_options limits = {.size = sizeof limits, .deadline_ms = 600000};
  imgact_op_set_options(op, &limits);
  check_op(op, imgact_op_run(op), NULL);
  imgact_op_free(op);
  imgact_client_free(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *path = fuzz_file(data, size);
  replay(path, "hetzner");
  replay(path, "digitalocean");
  return 0;
}
