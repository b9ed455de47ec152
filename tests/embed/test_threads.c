// SPDX-License-Identifier: MIT
// What threads may do: each its own loop, a loop handed over, and imgact_loop_wakeup from anywhere.
// scripts/ci-tsan runs it under the thread sanitizer, which sees every access that nothing orders.
#include "clock_fixture.h"
#include "loopback.h"
#include "testing.h"
#include <imgact/imgact.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <unistd.h>

enum { THREADS = 6, ROUNDS = 20, WAKEUPS = 2000, PATIENCE_MS = 20000 };

static const char list[] =
    "{\"images\":[{\"id\":1,\"type\":\"snapshot\",\"status\":\"available\"}],\"meta\":{"
    "\"pagination\":"
    "{\"page\":1,\"per_page\":50,\"previous_page\":null,\"next_page\":null}},\"links\":{}}";

// A server of both APIs: image 7 gets no response, every other request gets a list at once.
static void serve(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)user;
  if (strstr(request->target, "/images/7") != NULL)
    loopback_hold(peer);
  else
    loopback_reply(peer, 200, "Content-Type: application/json\r\n", list, sizeof list - 1);
}

static imgact_client *client_on(const loopback *server, imgact_loop *loop, const char *provider) {
  char endpoint[64];
  snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d%s", loopback_port(server),
           *provider == 'h' ? "/v1" : "");
  const imgact_client_options options = {.size = sizeof options,
                                         .provider_name = provider,
                                         .endpoint = endpoint,
                                         .token = "a-token-of-the-test",
                                         .loop = loop};
  imgact_client *client = NULL;
  imgact_error error;
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) print_error("%s\n", error.message);
  return client;
}

// For threads, in which a cmocka assertion must not fail: false is reported by the one that joins
// them.
static bool lists(imgact_client *client) {
  imgact_op *op = imgact_list_images(client, NULL);
  size_t count = 0;
  bool fine = imgact_op_run(op) == IMGACT_OK;
  (void)imgact_op_images(op, &count);
  if (!fine) print_error("%s\n", imgact_op_error(op)->message);
  imgact_op_free(op);
  return fine && count == 1;
}

static bool on_both_clouds(const loopback *server) {
  imgact_loop *loop;
  imgact_error error;
  if (imgact_loop_new(NULL, &loop, &error) != IMGACT_OK) return false;
  imgact_client *hetzner = client_on(server, loop, "hetzner"),
                *digitalocean = client_on(server, loop, "digitalocean");
  imgact_loop_free(loop); // the clients keep it
  bool fine = hetzner != NULL && digitalocean != NULL;
  for (int i = 0; fine && i < ROUNDS; i++) fine = lists(hetzner) && lists(digitalocean);
  imgact_client_free(hetzner);
  imgact_client_free(digitalocean);
  return fine;
}

// ---- a loop for each thread

typedef struct worker {
  const loopback *server;
  pthread_t thread;
  bool fine;
} worker;

static void *work(void *user) {
  worker *self = user;
  self->fine = on_both_clouds(self->server);
  return NULL;
}

TEST(loop_per_thread_lists_images) {
  worker workers[THREADS];
  loopback *server = loopback_start(serve, NULL, NULL);
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){.server = server};
    assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    assert_true(workers[i].fine);
  }
  loopback_stop(server);
}

static void *wait_in_virtual_time(void *user) {
  worker *self = user;
  static _Thread_local clock_fixture cloud;
  const char *const ids[] = {"1", "2", "3"};
  clock_fixture_init(&cloud, 20, 3600000);
  const imgact_client_options options = {
      .size = sizeof options, .provider_name = "hetzner", .transport = &cloud.transport};
  imgact_client *client;
  if (imgact_client_new(&options, &client, NULL) != IMGACT_OK) return NULL;
  imgact_op *op = imgact_wait_actions(client, ids, 3, NULL);
  self->fine = imgact_op_run(op) == IMGACT_OK;

  imgact_op_free(op);
  imgact_client_free(client);
  return NULL;
}

TEST(wait_in_several_threads_succeeds) {
  worker workers[THREADS];
  for (int i = 0; i < THREADS; i++) {
    workers[i] = (worker){0};
    assert_int_equal(pthread_create(&workers[i].thread, NULL, wait_in_virtual_time, &workers[i]),
                     0);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    assert_true(workers[i].fine);
  }
}

typedef struct handed {
  imgact_client *client;
  bool fine;
} handed;

static void *take_over(void *user) {
  handed *self = user;
  self->fine = lists(self->client);
  imgact_client_free(self->client);
  return NULL;
}

TEST(loop_moves_to_another_thread) {
  loopback *server = loopback_start(serve, NULL, NULL);
  handed h = {.client = client_on(server, NULL, "hetzner")};
  pthread_t thread;
  assert_non_null(h.client);
  assert_true(lists(h.client));
  assert_int_equal(pthread_create(&thread, NULL, take_over, &h), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_true(h.fine);
  loopback_stop(server);
}

// ---- wakeups

typedef struct waker {
  pthread_t thread;
  imgact_loop *loop;
  atomic_int wanted, called; // wakeups left; set once the waker has run
} waker;

static void *wake_once(void *user) {
  waker *self = user;
  atomic_store(&self->called, 1);
  imgact_loop_wakeup(self->loop);
  return NULL;
}

static imgact_op *start_what_never_ends(imgact_client *client) {
  imgact_op *op = imgact_get_image(client, "7", NULL);
  imgact_op_start(op, NULL, NULL);
  return op;
}

TEST(wakeup_ends_waiting_run) {
  loopback *server = loopback_start(serve, NULL, NULL);
  imgact_client *client = client_on(server, NULL, "hetzner");
  assert_non_null(client);
  imgact_op *op = start_what_never_ends(client);
  for (int i = 0; i < ROUNDS; i++) {
    waker w = {.loop = imgact_client_loop(client)};
    assert_int_equal(pthread_create(&w.thread, NULL, wake_once, &w), 0);
    assert_int_equal(imgact_loop_run(w.loop),
                     IMGACT_OK); // 30 s later it would be the request's time-out
    assert_int_equal(atomic_load(&w.called), 1);
    assert_false(imgact_op_done(op));
    assert_int_equal(pthread_join(w.thread, NULL), 0);
  }

  imgact_op_free(op);
  imgact_client_free(client);
  loopback_stop(server);
}

static void *wake_later(void *user) {
  usleep(20000); // the run sleeps by now; if it does not, the test is passed for nothing
  return wake_once(user);
}

// The transport has no descriptor, and its response comes after an hour.
TEST(wakeup_without_descriptor_ends_run) {
  static clock_fixture cloud;
  clock_fixture_init(&cloud, 3600000, 0);
  cloud.transport.now_ms = NULL;
  cloud.transport.advance_to = NULL;
  const imgact_client_options options = {
      .size = sizeof options, .provider_name = "hetzner", .transport = &cloud.transport};
  const imgact_op_options limit = {.size = sizeof limit, .deadline_ms = PATIENCE_MS};
  imgact_client *client;

  assert_int_equal(imgact_client_new(&options, &client, NULL), IMGACT_OK);
  imgact_op *op = imgact_get_image(client, "7", NULL);
  imgact_op_set_options(op, &limit);
  imgact_op_start(op, NULL, NULL);
  waker w = {.loop = imgact_client_loop(client)};
  assert_int_equal(pthread_create(&w.thread, NULL, wake_later, &w), 0);
  assert_int_equal(imgact_loop_run(w.loop), IMGACT_OK);
  assert_false(imgact_op_done(op)); // it was not the deadline
  assert_int_equal(pthread_join(w.thread, NULL), 0);

  imgact_op_free(op);
  imgact_client_free(client);
}

TEST(wakeup_makes_descriptor_readable) {
  loopback *server = loopback_start(serve, NULL, NULL);
  imgact_client *client = client_on(server, NULL, "digitalocean");
  assert_non_null(client);
  waker w = {.loop = imgact_client_loop(client)};
  struct pollfd ready = {.fd = imgact_loop_fd(w.loop), .events = POLLIN};
  if (ready.fd < 0) skip();
  assert_int_equal(poll(&ready, 1, 0), 0);
  assert_int_equal(pthread_create(&w.thread, NULL, wake_once, &w), 0);
  assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
  assert_int_equal(pthread_join(w.thread, NULL), 0);
  assert_int_equal(imgact_loop_timeout_ms(w.loop),
                   0); // also for callers that use only the time-out
  assert_int_equal(imgact_loop_dispatch(w.loop), IMGACT_OK);
  assert_int_equal(poll(&ready, 1, 0), 0);
  assert_int_equal(imgact_loop_timeout_ms(w.loop), -1);

  imgact_client_free(client);
  loopback_stop(server);
}

static void *wake_often(void *user) {
  waker *self = user;
  while (atomic_fetch_sub(&self->wanted, 1) > 0) imgact_loop_wakeup(self->loop);
  return NULL;
}

TEST(wakeup_at_any_moment_is_harmless) {
  loopback *server = loopback_start(serve, NULL, NULL);
  imgact_client *client = client_on(server, NULL, "hetzner");
  assert_non_null(client);
  waker w = {.loop = imgact_client_loop(client), .wanted = WAKEUPS};
  assert_int_equal(pthread_create(&w.thread, NULL, wake_often, &w), 0);
  int rounds = 0;
  while (rounds < ROUNDS || atomic_load(&w.wanted) > 0) {
    assert_true(lists(client)); // imgact_op_run() continues after a wakeup
    rounds++;
  }
  assert_int_equal(pthread_join(w.thread, NULL), 0);

  imgact_client_free(client);
  loopback_stop(server);
}

// A thread requests a cancel, and the loop's own thread cancels: no request is lost.
TEST(wakeup_delivers_cancel_from_thread) {
  loopback *server = loopback_start(serve, NULL, NULL);
  imgact_client *client = client_on(server, NULL, "hetzner");
  assert_non_null(client);
  imgact_op *op = start_what_never_ends(client);
  waker w = {.loop = imgact_client_loop(client)};
  assert_int_equal(pthread_create(&w.thread, NULL, wake_once, &w), 0);
  while (!imgact_op_done(op)) {
    assert_int_equal(imgact_loop_run(w.loop), IMGACT_OK);
    if (atomic_load(&w.called)) imgact_op_cancel(op);
  }
  assert_int_equal(imgact_op_error(op)->status, IMGACT_CANCELLED);
  assert_int_equal(pthread_join(w.thread, NULL), 0);

  imgact_op_free(op);
  imgact_client_free(client);
  loopback_stop(server);
}

static imgact_loop *alarmed;

static void on_alarm(int number) {
  (void)number;
  imgact_loop_wakeup(alarmed);
}

TEST(wakeup_from_signal_handler_ends_run) {
  loopback *server = loopback_start(serve, NULL, NULL);
  imgact_client *client = client_on(server, NULL, "hetzner");
  assert_non_null(client);
  imgact_op *op = start_what_never_ends(client);
  alarmed = imgact_client_loop(client);
  const struct sigaction action = {.sa_handler = on_alarm};
  const struct itimerval soon = {.it_value.tv_usec = 20000};
  assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
  assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
  assert_int_equal(imgact_loop_run(alarmed), IMGACT_OK);
  assert_false(imgact_op_done(op));

  imgact_op_free(op);
  imgact_client_free(client);
  loopback_stop(server);
}

int main(void) { return testing_run(NULL, NULL); }
