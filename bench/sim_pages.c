// SPDX-License-Identifier: MIT
/*
 * CPU time of one page of `image list` in the simulator, without its sockets, in worlds of 10,000
 * and 100,000 images: bench-sim-pages. For each list it prints the first page, which may have to
 * build the list, and the mean of 200 pages across the list.
 */
#include "control_api.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAGES = 200, PER_PAGE = 50 };

#define START_MS INT64_C(1767225600000)

static double cpu_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void get_page(sim_instance *instance, sim_cloud cloud, const char *query, int page) {
  char target[300];
  (void)snprintf(target, sizeof target, "/v%d/%s&per_page=%d&page=%d", cloud == SIM_HETZNER ? 1 : 2,
                 query, PER_PAGE, page);
  sim_request request = {.method = "GET", .target = target, .authorization = "Bearer token"};
  sim_outcome outcome = sim_instance_serve(instance, cloud, &request, 0);
  if (outcome.reply.status != 200) {
    fprintf(stderr, "%s: status %d\n", target, outcome.reply.status);
    exit(1);
  }
  sim_reply_free(&outcome.reply);
}

static void measure(sim_instance *instance, sim_cloud cloud, size_t images, const char *query) {
  double start = cpu_us();
  get_page(instance, cloud, query, 1);
  double first = cpu_us() - start;

  int last = (int)(images / PER_PAGE / 8);
  start = cpu_us();
  for (int i = 0; i < PAGES; i++) get_page(instance, cloud, query, 1 + i * last / PAGES);
  double mean = (cpu_us() - start) / PAGES;

  printf("%7zu images  %-12s  %-52s %8.0f us first %8.0f us mean\n", images, sim_cloud_names[cloud],
         query, first, mean);
}

static void measure_world(size_t images) {
  static const char no_limits[] =
      "{\"limits\":{\"hetzner\":{\"limit\":0,\"actions\":0},\"digitalocean\":{\"limit\":0,"
      "\"burst\":0}}}";
  static const struct {
    sim_cloud cloud;
    const char *query;
  } lists[] = {
      {SIM_HETZNER, "images?x="},
      {SIM_HETZNER, "images?type=snapshot"},
      {SIM_HETZNER, "images?label_selector=env%3Dprod"},
      {SIM_HETZNER, "images?sort=created:desc"},
      {SIM_HETZNER, "images?sort=name&type=snapshot&label_selector=env%3Dprod"},
      {SIM_HETZNER, "images/actions?x="},
      {SIM_DIGITALOCEAN, "images?x="},
      {SIM_DIGITALOCEAN, "images?private=true&tag_name=prod"},
      {SIM_DIGITALOCEAN, "actions?x="},
  };
  char message[200] = "";
  sim_instance instance = {.world = sim_world_new(1), .clock = {START_MS, 0, 0}};

  if (!instance.world || !sim_world_defaults(instance.world) ||
      !sim_world_generate(instance.world, images, START_MS) ||
      !sim_world_load(instance.world, no_limits, sizeof no_limits - 1, START_MS, message,
                      sizeof message)) {
    fprintf(stderr, "cannot make the world: %s\n", message);
    exit(1);
  }
  for (size_t i = 0; i < SIM_COUNT(lists); i++)
    measure(&instance, lists[i].cloud, images, lists[i].query);
  sim_instance_clear(&instance);
}

int main(void) {
  measure_world(10000);
  measure_world(100000);
  return 0;
}
