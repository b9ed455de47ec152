// SPDX-License-Identifier: MIT
// The descriptor that a caller's own loop polls: silent when there is nothing to do, readable after
// a wakeup.
#include "net.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static void answer(loopback_peer *peer, const loopback_request *request, void *user) {
  (void)user;
  loopback_reply(peer, 200, "", request->target, strlen(request->target));
}

static bool readable(net *n, int wait_ms) {
  struct pollfd item = {.fd = n->transport->fd(n->transport), .events = POLLIN};
  return poll(&item, 1, wait_ms) == 1;
}

TEST(descriptor_idle_is_not_readable) {
  net n;
  net_exchange x;
  net_open(&n, answer, NULL);
  assert_int_equal(n.transport->timeout_ms(n.transport), -1);
  assert_false(readable(&n, 0));
  net_do(&n, &x, "GET", "/", NULL);
  assert_answered(&x, 200);
  for (int i = 0; i < 5; i++) net_step(&n, 5);
  assert_int_equal(n.transport->timeout_ms(n.transport), -1);
  assert_false(readable(&n, 0));
  net_clear(&x);
  net_close(&n);
}

static void *wake_later(void *user) {
  net *n = user;
  usleep(30000);
  n->transport->wakeup(n->transport);
  return NULL;
}

TEST(wakeup_from_thread_ends_poll) {
  net n;
  pthread_t thread;
  net_open(&n, answer, NULL);

  assert_int_equal(pthread_create(&thread, NULL, wake_later, &n), 0);
  assert_true(readable(&n, 10000));
  assert_int_equal(pthread_join(thread, NULL), 0);
  n.transport->dispatch(n.transport);
  assert_false(readable(&n, 0)); // taken back
  n.transport->wakeup(n.transport);
  n.transport->wakeup(n.transport);
  assert_true(readable(&n, 0)); // also without a waiting poll
  n.transport->dispatch(n.transport);
  assert_false(readable(&n, 0));
  net_close(&n);
}

TEST(descriptor_is_readable_on_response) {
  net n;
  net_exchange x;
  net_open(&n, answer, NULL);
  net_request(&n, &x, "GET", "/", NULL);

  net_send(&n, &x);
  for (int i = 0; i < 100 && !x.finished;
       i++) { // dispatches only when the timer or the descriptor is due
    int wait = n.transport->timeout_ms(n.transport);
    assert_true(readable(&n, wait < 0 ? 10000 : wait) || wait >= 0);
    n.transport->dispatch(n.transport);
  }
  assert_answered(&x, 200);

  net_clear(&x);
  net_close(&n);
}

int main(void) { return testing_run(NULL, NULL); }
