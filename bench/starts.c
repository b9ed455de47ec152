// SPDX-License-Identifier: MIT
// Starts COUNT operations of a client with one request in flight, then frees them:
// starts COUNT. Prints CPU microseconds per operation.
#include "measure.h"
#include <imgact/imgact.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  size_t count = argc > 1 ? (size_t)atol(argv[1]) : 5000;
  imgact_error error;
  imgact_client *client;
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = "hetzner",
                                   .endpoint = "http://127.0.0.1:1/v1",
                                   .token = "token-of-the-benchmark",
                                   .concurrency = 1};
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) return 1;
  imgact_op **ops = calloc(count, sizeof *ops);
  if (!ops) return 1;
  stopwatch watch = start_watch();
  for (size_t i = 0; i < count; i++) {
    char id[24];
    (void)snprintf(id, sizeof id, "%zu", i + 1);
    ops[i] = imgact_get_image(client, id, NULL);
    imgact_op_start(ops[i], NULL, NULL);
  }
  for (size_t i = 0; i < count; i++) imgact_op_free(ops[i]);
  printf("%.3f\n", (cpu_ms() - watch.cpu_ms) * 1e3 / (double)count);
  free(ops);
  imgact_client_free(client);
  return 0;
}
