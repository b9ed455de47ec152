// SPDX-License-Identifier: MIT
// Tests code that uses imgact without network access. The responses come from a cassette, a file
// recorded with `imgact --record FILE`. Waits take no time, and no token is needed:
//
//   cassette_test tests/fixtures/hetzner/protection-that-is-waited-for.har
#include <imgact/imgact.h>
#include <imgact/transport.h>
#include <stdio.h>

// The code under test: protects an image and waits for the action.
static imgact_status protect(imgact_client *client, const char *image_id) {
  imgact_op *op = imgact_protect_image(client, image_id);
  imgact_op_set_wait(op, 1);
  imgact_status status = imgact_op_run(op);
  imgact_op_free(op);
  return status;
}

// Returns 1 if every entry of the cassette was used. Otherwise the code sent fewer requests than
// when the cassette was recorded.
static int all_used(const imgact_transport *cassette) {
  const char *first;
  size_t unused = imgact_replayer_unused(cassette, &first);
  if (unused > 0) fprintf(stderr, "%zu unused entries, first: %s\n", unused, first);
  return unused == 0;
}

int main(int argc, char **argv) {
  imgact_transport *cassette;
  imgact_client *client;
  imgact_error error;
  if (argc != 2 || imgact_transport_new_replayer(argv[1], NULL, &cassette, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", argc != 2 ? "usage: cassette_test FILE" : error.message);
    return 2;
  }
  const imgact_client_options options = {
      .size = sizeof options, .provider_name = "hetzner", .transport = cassette};
  // Takes ownership of the transport, also if it fails.
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 2;
  }
  int passed = protect(client, "90210418") == IMGACT_OK && all_used(cassette);
  puts(passed ? "ok" : "not ok");
  imgact_client_free(client);
  return !passed;
}
