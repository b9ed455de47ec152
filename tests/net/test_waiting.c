// SPDX-License-Identifier: MIT
// Requests to an HTTPS origin that wait while the first connection to it is opened.
#include "h2_fixture.h"

enum { MANY = 20 };

static void send_all(h2_net *h, net_exchange *all, int64_t timeout_of_first_ms) {
  for (int i = 0; i < MANY; i++) {
    net_request(&h->n, &all[i], "GET", "/", NULL);
    if (i == 0 && timeout_of_first_ms) all[i].request.timeout_ms = timeout_of_first_ms;
    net_send(&h->n, &all[i]);
  }
}

static void send_many(h2_net *h, net_exchange *all, int64_t timeout_of_first_ms) {
  open_h2(h, MANY, ANSWER);
  send_all(h, all, timeout_of_first_ms);
}

static void expect_one_more_connection(h2_net *h) {
  net_exchange all[MANY];
  int before = loopback_connections(h->n.server);
  send_all(h, all, 0);
  for (int i = 0; i < MANY; i++) {
    net_finish(&h->n, &all[i]);
    assert_answered(&all[i], 200);
    net_clear(&all[i]);
  }
  assert_int_equal(loopback_connections(h->n.server) - before, 1);
  close_h2(h);
}

TEST(waiting_share_first_connection) {
  h2_net h;
  open_h2(&h, MANY, ANSWER);
  expect_one_more_connection(&h);
}

static void expect_others_answered(h2_net *h, net_exchange *all) {
  for (int i = 1; i < MANY; i++) {
    net_finish(&h->n, &all[i]);
    assert_answered(&all[i], 200);
  }
  for (int i = 0; i < MANY; i++) net_clear(&all[i]);
  assert_in_range(loopback_connections(h->n.server), 1, 2); // with that of the first
  close_h2(h);
}

TEST(waiting_survive_cancelled_opener) {
  net_exchange all[MANY];
  h2_net h;
  send_many(&h, all, 0);
  net_step(&h.n, 0); // begins to connect
  h.n.transport->cancel(h.n.transport, &all[0].base);
  expect_others_answered(&h, all);
  assert_int_equal(all[0].finished, 0);
}

TEST(waiting_survive_opener_timeout) {
  net_exchange all[MANY];
  h2_net h;
  send_many(&h, all, 1);
  usleep(2000);
  net_finish(&h.n, &all[0]);
  assert_failed(&all[0], IMGACT_FAILURE_TIMEOUT, IMGACT_DELIVERY_NOT_SENT);
  expect_others_answered(&h, all);
}

TEST(waiting_can_be_cancelled) {
  net_exchange all[MANY];
  h2_net h;
  send_many(&h, all, 0);
  net_step(&h.n, 0); // begins to connect
  for (int i = MANY - 1; i > 0; i--) h.n.transport->cancel(h.n.transport, &all[i].base);
  net_finish(&h.n, &all[0]);
  assert_answered(&all[0], 200);
  for (int i = 0; i < MANY; i++) net_clear(&all[i]);
  assert_int_equal(requests(&h), 1);
  assert_int_equal(loopback_connections(h.n.server), 1);
  close_h2(&h);
}

// libcurl does not use a connection that the server has closed.
TEST(waiting_share_next_connection) {
  h2_net h;
  net_exchange x;
  open_h2(&h, 1, GO_AWAY);
  for (int i = 0; i < 2; i++) { // the second one ends the connection
    net_do(&h.n, &x, "GET", "/", NULL);
    net_clear(&x);
  }
  h.server.ending = ANSWER;
  expect_one_more_connection(&h);
}

TEST(waiting_end_with_transport) {
  net_exchange all[MANY];
  h2_net h;
  send_many(&h, all, 0);
  close_h2(&h);
  for (int i = 0; i < MANY; i++) assert_int_equal(all[i].finished, 0);
}

int main(void) { return testing_run(NULL, NULL); }
