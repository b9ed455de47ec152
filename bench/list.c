// SPDX-License-Identifier: MIT
// Reads the whole list with the library, TIMES times after a first one:
// list ENDPOINT PROVIDER CONCURRENCY TIMES.
#include "measure.h"
#include <imgact/imgact.h>
#include <stdlib.h>
#include <string.h>

static int read_list(imgact_client *client, size_t *images, unsigned long long *sum) {
  imgact_op *op = imgact_list_images(client, NULL);
  imgact_status status = imgact_op_run(op);
  size_t count = 0;
  const imgact_image *const *all = imgact_op_images(op, &count);
  for (size_t i = 0; i < count; i++)
    *sum += strlen(all[i]->id) + strlen(all[i]->description) + all[i]->labels_count;
  for (size_t i = 0; i < count; i++)
    *sum += (unsigned long long)(all[i]->created_at / 1000) + (unsigned)all[i]->size_gb;
  *images += count;
  if (status != IMGACT_OK) fprintf(stderr, "%s\n", imgact_op_error(op)->message);
  imgact_op_free(op);
  return status == IMGACT_OK;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int times = atoi(argv[4]);
  size_t images = 0;
  unsigned long long sum = 0;
  imgact_error error;
  imgact_client *client;
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = argv[2],
                                   .endpoint = argv[1],
                                   .token = "token-of-the-benchmark",
                                   .concurrency = atoi(argv[3])};
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  int good = read_list(client, &images, &sum); // the connections, and whatever else is made once
  images = 0;
  sum = 0;
  stopwatch watch = start_watch();
  for (int i = 0; i < times && good; i++) good = read_list(client, &images, &sum);
  if (good) report(watch, times, images, sum);
  imgact_client_free(client);
  return good ? 0 : 1;
}
