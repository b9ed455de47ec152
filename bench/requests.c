// SPDX-License-Identifier: MIT
// Gets an image COUNT times, up to CONCURRENCY at the same time:
// requests ENDPOINT COUNT CONCURRENCY [CA-FILE].
#include "measure.h"
#include <imgact/imgact.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  size_t count = (size_t)atoi(argv[2]), good = 0;
  imgact_error error;
  imgact_client *client;
  imgact_loop *loop;
  imgact_loop_options of_loop = {.size = sizeof of_loop, .ca_file = argc > 4 ? argv[4] : NULL};
  stopwatch watch = start_watch();
  if (imgact_loop_new(&of_loop, &loop, &error) != IMGACT_OK) return 1;
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = "hetzner",
                                   .endpoint = argv[1],
                                   .token = "token-of-the-benchmark",
                                   .loop = loop,
                                   .concurrency = atoi(argv[3])};
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  imgact_op **ops = calloc(count, sizeof *ops);
  if (!ops) return 1;
  for (size_t i = 0; i < count; i++) {
    ops[i] = imgact_get_image(client, "1", NULL);
    imgact_op_start(ops[i], NULL, NULL);
  }
  for (size_t i = 0; i < count; i++) good += imgact_op_run(ops[i]) == IMGACT_OK;
  double cpu = cpu_ms() - watch.cpu_ms, wall = wall_ms() - watch.wall_ms;
  if (good < count)
    for (size_t i = 0; i < count; i++)
      if (imgact_op_error(ops[i])->status != IMGACT_OK) {
        fprintf(stderr, "%s\n", imgact_op_error(ops[i])->message);
        break;
      }
  printf("%.1f %.1f %zu\n", cpu, wall, good);
  for (size_t i = 0; i < count; i++) imgact_op_free(ops[i]);
  free(ops);
  imgact_client_free(client);
  imgact_loop_free(loop);
  return good == count ? 0 : 1;
}
