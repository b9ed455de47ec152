// SPDX-License-Identifier: MIT
// Memory of a list, of a list that is read page by page, or of waits:
// memory ENDPOINT PROVIDER list|pager|waits [COUNT].
// Prints the bytes in use while the results are held, and the peak of the process's memory in KiB
// that came on top of a client.
#include "measure.h"
#include <imgact/imgact.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static size_t in_use(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// ru_maxrss may be that of the program that started this one.
static long peak_kib(void) {
  FILE *status = fopen("/proc/self/status", "re");
  char line[256];
  long kib = 0;
  while (status && fgets(line, sizeof line, status))
    if (strncmp(line, "VmHWM:", 6) == 0) kib = atol(line + 6);
  if (status) (void)fclose(status);
  return kib;
}

static size_t run_list(imgact_client *client, int paged, size_t *held) {
  imgact_op *op = imgact_list_images(client, NULL);
  imgact_op_options options = {.size = sizeof options, .flags = paged ? IMGACT_OP_FLAG_PAGED : 0};
  imgact_op_set_options(op, &options);
  size_t images = 0, count = 0, before = in_use();
  imgact_status status;
  *held = 0;
  while ((status = imgact_op_run(op)) == IMGACT_OK) {
    imgact_op_images(op, &count);
    images += count;
    if (in_use() - before > *held) *held = in_use() - before;
    if (!paged) break;
  }
  if (status != (paged ? IMGACT_END : IMGACT_OK)) {
    fprintf(stderr, "%s\n", imgact_op_error(op)->message);
    exit(1);
  }
  imgact_op_free(op);
  return images;
}

static size_t hold_waits(imgact_client *client, size_t count, size_t *held) {
  imgact_op **ops = calloc(count, sizeof *ops);
  size_t before = in_use();
  if (!ops) exit(1);
  for (size_t i = 0; i < count; i++) {
    char id[24];
    (void)snprintf(id, sizeof id, "%zu", i + 1);
    const char *const ids[] = {id};
    ops[i] = imgact_wait_actions(client, ids, 1, NULL);
    imgact_op_start(ops[i], NULL, NULL);
  }
  *held = in_use() - before;
  for (size_t i = 0; i < count; i++) imgact_op_free(ops[i]);
  free(ops);
  return count;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  imgact_error error;
  imgact_client *client;
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = argv[2],
                                   .endpoint = argv[1],
                                   .token = "token-of-the-benchmark"};
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) return 1;
  long before_kib = peak_kib();
  size_t held, items;
  if (strcmp(argv[3], "waits") == 0)
    items = hold_waits(client, argc > 4 ? (size_t)atol(argv[4]) : 10000, &held);
  else
    items = run_list(client, strcmp(argv[3], "pager") == 0, &held);
  printf("%zu %ld %zu\n", held, peak_kib() - before_kib, items);
  imgact_client_free(client);
  return 0;
}
