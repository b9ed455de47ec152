// SPDX-License-Identifier: MIT
/*
 * The rate governor in virtual time: 64 clients of one token on one loop, its only users, against
 * each cloud's own limiter. governor [--seconds N] [--seed N]. Lists and gets without end in two
 * hours of three, half of the clients of images and half of actions, which have a budget of their
 * own at Hetzner; mutations that are waited for at all times. Held are: no 429 once the limits are
 * known, 95 % of every budget used in every busy hour, mutations sent in time, clients treated
 * alike.
 */
#include "control_api.h"
#include "transport.h"
#include <getopt.h>
#include <imgact/imgact.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define CLIENTS      64
#define READERS      8 /* at once, of each client */
#define BUDGETS      2 /* at most: of things, of actions */
#define EPOCH_MS     INT64_C(1767225600000)
#define HOUR_MS      INT64_C(3600000)
#define LEARNING_MS  INT64_C(120000)
#define MEAN_REST_MS 1800000 /* between two mutations of a client */

static uint64_t library_random;

/* The jitter of the library is repeated, too. */
ssize_t getrandom(void *buffer, size_t length, unsigned int flags) {
  (void)flags;
  for (size_t i = 0; i < length; i++)
    ((unsigned char *)buffer)[i] = (unsigned char)sim_random(&library_random);
  return (ssize_t)length;
}

typedef struct bench bench;

typedef struct user {
  bench *b;
  imgact_client *client;
  uint64_t reads;
  int64_t started_ms, next_ms; /* of the mutation */
  bool protect;
  imgact_op *mutation, *reading[READERS]; /* NULL = none */
} user;

struct bench {
  imgact_transport base;
  imgact_transport *inner;
  sim_instance instance;
  sim_cloud cloud;
  user users[CLIENTS];
  uint64_t dice;
  size_t budgets;
  int64_t limit_per_hour[BUDGETS], alarm_ms;
  uint64_t accepted[BUDGETS], refused_early, refused, mutations, failures;
  int64_t slowest_ms, total_wait_ms; /* from a mutation's start to its request */
  double least_used[BUDGETS];        /* of any busy hour */
};

static int64_t now_ms(const bench *b) { return sim_clock_now(&b->instance.clock, 0); }

/* Two hours of work, one of rest. */
static bool busy(const bench *b) { return (now_ms(b) - EPOCH_MS) / HOUR_MS % 3 != 2; }

/* ---- the transport: the simulator's, with an alarm for the users' next mutations ---- */

static size_t budget_of(const bench *b, const char *url) {
  return b->budgets > 1 && strstr(url, "/actions") ? 1 : 0;
}

static imgact_status send_on(imgact_transport *transport, const imgact_http_request *request,
                             imgact_exchange *exchange) {
  bench *b = (bench *)transport;
  uint64_t refused = b->instance.world->counters.by_class[4];
  imgact_status status = b->inner->send(b->inner, request, exchange);
  bool refusal = b->instance.world->counters.by_class[4] > refused;
  if (!refusal)
    b->accepted[budget_of(b, request->url)]++;
  else if (now_ms(b) < EPOCH_MS + LEARNING_MS)
    b->refused_early++;
  else
    b->refused++;
  return status;
}

static void cancel_on(imgact_transport *transport, imgact_exchange *exchange) {
  bench *b = (bench *)transport;
  b->inner->cancel(b->inner, exchange);
}

static void dispatch_on(imgact_transport *transport) {
  bench *b = (bench *)transport;
  b->inner->dispatch(b->inner);
}

static int no_fd(imgact_transport *transport) {
  (void)transport;
  return -1;
}

static int timeout_on(imgact_transport *transport) {
  bench *b = (bench *)transport;
  int timeout = b->inner->timeout_ms(b->inner);
  int64_t left = b->alarm_ms - now_ms(b);
  if (left <= 0) return timeout; /* the driver is about to set it anew */
  return timeout >= 0 && timeout < left ? timeout : (int)left;
}

static int64_t now_on(imgact_transport *transport) { return now_ms((bench *)transport); }

static void advance_on(imgact_transport *transport, int64_t until_ms) {
  bench *b = (bench *)transport;
  b->inner->advance_to(b->inner, until_ms);
}

static void destroy_on(imgact_transport *transport) {
  bench *b = (bench *)transport;
  b->inner->destroy(b->inner);
}

/* ---- the users ---- */

static void fill(user *u);

static void read_done(void *data, imgact_op *op) {
  user *u = data;
  if (imgact_op_error(op)->status != IMGACT_OK) u->b->failures++;
  for (int i = 0; i < READERS; i++)
    if (u->reading[i] == op) u->reading[i] = NULL;
  imgact_op_free(op);
  u->reads++;
  fill(u);
}

static bool reads_actions(const user *u) { return (u - u->b->users) % 2; }

static imgact_op *read_something(user *u) {
  static const imgact_action_filter of_image = {.size = sizeof of_image, .image_id = "10"};
  bool list = sim_random_below(&u->b->dice, 4) == 0;
  if (reads_actions(u))
    return list ? imgact_list_actions(u->client, &of_image)
                : imgact_get_action(u->client, "5", NULL);
  return list ? imgact_list_images(u->client, NULL) : imgact_get_image(u->client, "10", NULL);
}

/* Lists and gets without end, while there is work. */
static void fill(user *u) {
  for (int i = 0; i < READERS && busy(u->b); i++) {
    if (u->reading[i]) continue;
    u->reading[i] = read_something(u);
    imgact_op_start(u->reading[i], read_done, u);
  }
}

static void rest(user *u) {
  u->next_ms = now_ms(u->b) + 1 + (int64_t)sim_random_below(&u->b->dice, 2 * MEAN_REST_MS);
}

static void mutation_done(void *data, imgact_op *op) {
  user *u = data;
  if (imgact_op_error(op)->status != IMGACT_OK) u->b->failures++;
  imgact_op_free(op);
  u->mutation = NULL;
  rest(u);
}

/* The first request of a mutation is sent: records how long it waited. */
static void trace(void *data, const imgact_trace_event *event) {
  user *u = data;
  if (event->kind != IMGACT_TRACE_REQUEST || strcmp(event->method, "POST") != 0 ||
      event->attempt != 1)
    return;
  int64_t waited_ms = now_ms(u->b) - u->started_ms;
  u->b->mutations++;
  u->b->total_wait_ms += waited_ms;
  bool learned = u->started_ms > EPOCH_MS + LEARNING_MS;
  if (learned && waited_ms > u->b->slowest_ms) u->b->slowest_ms = waited_ms;
}

static void mutate(user *u) {
  char id[24];
  snprintf(id, sizeof id, "%d", 100 + (int)(u - u->b->users));
  u->protect = !u->protect;
  imgact_op *op = u->b->cloud != SIM_HETZNER
                      ? imgact_transfer_image(u->client, id, u->protect ? "nyc3" : "ams3")
                  : u->protect ? imgact_protect_image(u->client, id)
                               : imgact_unprotect_image(u->client, id);
  u->started_ms = now_ms(u->b);
  u->mutation = op;
  imgact_op_set_wait(op, 1);
  imgact_op_start(op, mutation_done, u);
}

/* ---- the run ---- */

static bool make_world(bench *b) {
  sim_text text = {0};
  char message[200] = "no memory";
  bool hetzner = b->cloud == SIM_HETZNER;
  const char *region = hetzner ? "" : ",\"regions\":[\"nyc1\"]";
  sim_text_str(&text, "{\"limits\":{\"hetzner\":{\"limit\":3600,\"actions\":7200},\"digitalocean\":"
                      "{\"limit\":5000,\"burst\":250}},");
  sim_text_str(&text, "\"settings\":{\"repeats\":true,\"durations_ms\":{\"transfer\":120000,"
                      "\"protect\":2000,\"unprotect\":2000}},");
  sim_text_printf(&text, "\"%s\":{\"actions\":[{\"id\":5,%s}],\"images\":[{\"id\":10%s}",
                  sim_cloud_names[b->cloud],
                  hetzner ? "\"resources\":[{\"id\":10,\"type\":\"image\"}]" : "\"resource_id\":10",
                  region);
  for (int i = 0; i < CLIENTS; i++) sim_text_printf(&text, ",{\"id\":%d%s}", 100 + i, region);
  sim_text_str(&text, "]}}");
  b->instance.clock = (sim_clock){EPOCH_MS, 0, 0};
  b->instance.world = sim_world_new(1);
  const char *json = sim_text_get(&text);
  bool good =
      json && b->instance.world && sim_world_defaults(b->instance.world) &&
      sim_world_load(b->instance.world, json, strlen(json), EPOCH_MS, message, sizeof message);
  if (!good) fprintf(stderr, "%s\n", message);
  sim_text_free(&text);
  return good;
}

static imgact_loop *make_loop(bench *b) {
  b->inner = sim_transport_new(&b->instance, 60);
  b->base = (imgact_transport){.size = sizeof b->base,
                               .send = send_on,
                               .cancel = cancel_on,
                               .dispatch = dispatch_on,
                               .fd = no_fd,
                               .timeout_ms = timeout_on,
                               .destroy = destroy_on,
                               .now_ms = now_on,
                               .advance_to = advance_on};
  imgact_loop *loop = NULL;
  imgact_loop_options options = {.size = sizeof options, .transport = &b->base};
  return b->inner && imgact_loop_new(&options, &loop, NULL) == IMGACT_OK ? loop : NULL;
}

static bool make_users(bench *b, imgact_loop *loop) {
  for (int i = 0; i < CLIENTS; i++) {
    user *u = &b->users[i];
    imgact_client_options options = {.size = sizeof options,
                                     .provider_name = sim_cloud_names[b->cloud],
                                     .endpoint = b->cloud == SIM_HETZNER ? "http://127.0.0.1/v1"
                                                                         : "http://127.0.0.1",
                                     .token = "one-token-for-all",
                                     .loop = loop,
                                     .trace = trace,
                                     .trace_user_data = u};
    *u = (user){.b = b};
    if (imgact_client_new(&options, &u->client, NULL) != IMGACT_OK) return false;
    rest(u);
  }
  return true;
}

static void act(bench *b) {
  b->alarm_ms = EPOCH_MS + ((now_ms(b) - EPOCH_MS) / HOUR_MS + 1) * HOUR_MS;
  for (int i = 0; i < CLIENTS; i++) {
    user *u = &b->users[i];
    fill(u);
    if (!u->mutation && now_ms(b) >= u->next_ms) mutate(u);
    if (!u->mutation && u->next_ms < b->alarm_ms) b->alarm_ms = u->next_ms;
  }
}

static void run_hour(bench *b, imgact_loop *loop, int64_t until_ms) {
  uint64_t before[BUDGETS];
  bool worked = busy(b);
  memcpy(before, b->accepted, sizeof before);
  while (now_ms(b) < until_ms) {
    act(b);
    imgact_loop_dispatch(loop);
  }
  for (size_t i = 0; worked && i < b->budgets; i++) {
    double used = (double)(b->accepted[i] - before[i]) / (double)b->limit_per_hour[i];
    if (used < b->least_used[i]) b->least_used[i] = used;
  }
}

static void leave(user *u) {
  for (int i = 0; i < READERS; i++) imgact_op_free(u->reading[i]);
  imgact_op_free(u->mutation);
  imgact_client_free(u->client);
}

/* Between those who read the same. */
static bool fair(const bench *b, bool actions) {
  uint64_t least = UINT64_MAX, most = 0;
  for (const user *u = b->users; u < b->users + CLIENTS; u++) {
    if (reads_actions(u) != actions) continue;
    if (u->reads < least) least = u->reads;
    if (u->reads > most) most = u->reads;
  }
  printf("# reads of a client, of %s: %" PRIu64 " to %" PRIu64 "\n", actions ? "actions" : "images",
         least, most);
  return most < least + least / 5 + 20;
}

static bool judge(const bench *b, int64_t seconds) {
  bool good = !b->refused && !b->failures && b->slowest_ms <= 10000 && b->mutations;
  printf("# %s: %" PRId64 " s, 429s: %" PRIu64 " while learning, %" PRIu64 " afterwards; %" PRIu64
         " mutations, mean wait %" PRId64 " ms, longest %" PRId64 " ms; %" PRIu64 " failures\n",
         sim_cloud_names[b->cloud], seconds, b->refused_early, b->refused, b->mutations,
         b->mutations ? b->total_wait_ms / (int64_t)b->mutations : 0, b->slowest_ms, b->failures);
  for (size_t i = 0; i < b->budgets; i++) {
    printf("# of %" PRId64 " an hour: %" PRIu64 " requests; least used in a busy hour %.1f %%\n",
           b->limit_per_hour[i], b->accepted[i], 100 * b->least_used[i]);
    good &= b->least_used[i] >= 0.95;
  }
  bool images = fair(b, false), actions = fair(b, true);
  return good && images && actions;
}

static bool run(sim_cloud cloud, int64_t seconds, int64_t seed) {
  bench *b = calloc(1, sizeof *b);
  if (!b) return false;
  library_random = (uint64_t)seed;
  *b = (bench){.cloud = cloud,
               .dice = (uint64_t)seed,
               .least_used = {10, 10},
               .budgets = 1,
               .limit_per_hour = {5000}};
  if (cloud == SIM_HETZNER) {
    b->budgets = 2;
    b->limit_per_hour[0] = 3600;
    b->limit_per_hour[1] = 7200;
  }
  imgact_loop *loop = make_world(b) ? make_loop(b) : NULL;
  bool good = loop && make_users(b, loop);
  for (int64_t hour = 1; good && hour <= (seconds * 1000 + HOUR_MS - 1) / HOUR_MS; hour++)
    run_hour(b, loop, EPOCH_MS + hour * HOUR_MS);
  good = good && judge(b, seconds);
  for (int i = 0; i < CLIENTS; i++) leave(&b->users[i]);
  imgact_loop_free(loop);
  sim_instance_clear(&b->instance);
  free(b);
  return good;
}

int main(int argc, char **argv) {
  static const struct option flags[] = {{"seconds", required_argument, NULL, 's'},
                                        {"seed", required_argument, NULL, 'd'},
                                        {NULL, 0, NULL, 0}};
  int64_t seconds = 20000, seed = 5;
  int failed = 0;
  for (int letter; (letter = getopt_long(argc, argv, "", flags, NULL)) != -1;)
    if (letter == '?' || !sim_parse_id(optarg, letter == 'd' ? &seed : &seconds)) return 2;
  printf("1..2\n");
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    bool good = run((sim_cloud)cloud, seconds, seed);
    printf("%sok %d - clients share the rate limit of %s\n", good ? "" : "not ", cloud + 1,
           sim_cloud_names[cloud]);
    fflush(stdout);
    failed |= !good;
  }
  return failed;
}
