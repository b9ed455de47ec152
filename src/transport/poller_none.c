// SPDX-License-Identifier: MIT
// No descriptor: for systems whose own is not written yet. ia_poller_open says so and nothing else is called.
#include "poller.h"

bool ia_poller_open(ia_poller *poller) {
  poller->fd = poller->wake_fd = -1;
  return false;
}

void ia_poller_close(ia_poller *poller) { (void)poller; }

bool ia_poller_watch(ia_poller *poller, int socket, bool in, bool out) {
  (void)poller, (void)socket, (void)in, (void)out;
  return false;
}

void ia_poller_forget(ia_poller *poller, int socket) { (void)poller, (void)socket; }

size_t ia_poller_ready(ia_poller *poller, ia_ready *ready, size_t capacity) {
  (void)poller, (void)ready, (void)capacity;
  return 0;
}

// A sleep without a descriptor is short: there is nothing to wake.
void ia_poller_wakeup(ia_poller *poller) { (void)poller; }
