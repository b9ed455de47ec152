// SPDX-License-Identifier: MIT
/* For systems with neither epoll nor kqueue. ia_sockets_open() returns false, and nothing else is
 * called. */
#include "sockets.h"

bool ia_sockets_open(ia_sockets *sockets) {
  *sockets = (ia_sockets){-1, -1, -1};
  return false;
}

void ia_sockets_close(ia_sockets *sockets) { (void)sockets; }

bool ia_sockets_watch(ia_sockets *sockets, int socket, bool in, bool out) {
  (void)sockets, (void)socket, (void)in, (void)out;
  return false;
}

void ia_sockets_forget(ia_sockets *sockets, int socket) { (void)sockets, (void)socket; }

size_t ia_sockets_ready(ia_sockets *sockets, ia_ready *ready, size_t capacity) {
  (void)sockets, (void)ready, (void)capacity;
  return 0;
}

/* Not needed: without a descriptor, sleeps are short. */
void ia_sockets_wakeup(ia_sockets *sockets) { (void)sockets; }
