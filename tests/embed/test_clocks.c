// SPDX-License-Identifier: MIT
// A machine that sleeps, or is paused from outside, between a request and its lookup. The wall
// clock shows the time that passed; other clocks may not. This file replaces the clocks that the
// library reads.
#include "loopback.h"
#include "testing.h"
#include <imgact/imgact.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { AWAY_MS = 8000 };

static _Atomic int64_t wall_ahead_ms, boot_ahead_ms;

static void put_forward(struct timespec *t, int64_t ms) {
  t->tv_sec += (time_t)(ms / 1000);
  t->tv_nsec += (long)(ms % 1000) * 1000000;
}

// In place of the C library's, for the whole program.
int clock_gettime(clockid_t id, struct timespec *t) {
  long failed = syscall(SYS_clock_gettime, id, t);
  if (!failed && id == CLOCK_REALTIME) put_forward(t, wall_ahead_ms);
  if (!failed && id == CLOCK_BOOTTIME) put_forward(t, boot_ahead_ms);
  return (int)failed;
}

// The API accepts the transfer; before the response arrives, the machine sleeps.
typedef struct cloud {
  int64_t wall_ms, boot_ms; // what its clocks show of the time
  int posts;
  time_t begun;
} cloud;

static struct tm utc(time_t at) {
  struct tm tm;
  gmtime_r(&at, &tm);
  return tm;
}

static time_t cloud_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (time_t)(1800000000 +
                  now.tv_sec); // some clock of its own; the machine's absence is added below
}

static void serve(loopback_peer *peer, const loopback_request *request, void *user) {
  cloud *c = user;
  if (strcmp(request->method, "POST") == 0) {
    c->begun = cloud_now();
    c->posts++;
    wall_ahead_ms = c->wall_ms;
    boot_ahead_ms = c->boot_ms;
    loopback_reset(peer);
    return;
  }
  char date[96], begun[64], body[512];
  time_t away = c->wall_ms ? AWAY_MS / 1000 : 0;
  struct tm now = utc(cloud_now() + away), then = utc(c->begun);
  strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &now);
  strftime(begun, sizeof begun, "%Y-%m-%dT%H:%M:%SZ", &then);
  int length =
      snprintf(body, sizeof body,
               "{\"actions\":[{\"id\":1,\"status\":\"in-progress\",\"type\":\"transfer\",\"started_"
               "at\":\"%s\","
               "\"resource_id\":4711,\"resource_type\":\"image\",\"region_slug\":\"nyc3\"}],"
               "\"links\":{},\"meta\":{\"total\":1}}",
               begun);
  loopback_reply(peer, 200, date, body, (size_t)length);
}

static imgact_op *lose_a_transfer(cloud *c, imgact_status expected) {
  wall_ahead_ms = boot_ahead_ms = 0;
  loopback *server = loopback_start(serve, c, NULL);
  char endpoint[64];
  snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", loopback_port(server));
  const imgact_client_options options = {.size = sizeof options,
                                         .provider_name = "digitalocean",
                                         .endpoint = endpoint,
                                         .token = "a-token-of-the-test",
                                         .settle_ms = 100};
  imgact_client *client = NULL;
  imgact_error error;

  assert_int_equal(imgact_client_new(&options, &client, &error), IMGACT_OK);
  imgact_op *op = imgact_transfer_image(client, "4711", "nyc3");
  imgact_status status = imgact_op_run(op);
  if (status != expected) print_message("%s\n", imgact_op_error(op)->message);
  assert_int_equal(status, expected);
  assert_int_equal(c->posts, 1);

  imgact_client_free(client);
  loopback_stop(server);
  return op;
}

TEST(lookup_after_system_sleep_adopts) {
  cloud c = {.wall_ms = AWAY_MS, .boot_ms = AWAY_MS};
  imgact_op *op = lose_a_transfer(&c, IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  imgact_op_free(op);
}

// Only the wall clock shows the pause, and it may have been set instead.
TEST(lookup_after_unseen_pause_is_ambiguous) {
  cloud c = {.wall_ms = AWAY_MS};
  imgact_op *op = lose_a_transfer(&c, IMGACT_AMBIGUOUS);
  assert_true(imgact_op_error(op)->flags & IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
}

TEST(lookup_without_pause_adopts) {
  cloud c = {0};
  imgact_op *op = lose_a_transfer(&c, IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  imgact_op_free(op);
}

int main(void) { return testing_run(NULL, NULL); }
