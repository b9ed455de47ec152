// SPDX-License-Identifier: MIT
// A system with a descriptor that cannot watch sockets, as epoll does when its limit
// is reached: the transport must fall back to asking every socket.
#include "sockets.h"

#include <sys/eventfd.h>
#include <unistd.h>

bool ia_sockets_open(ia_sockets *sockets) {
  *sockets = (ia_sockets){eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), -1, -1};
  return sockets->fd >= 0;
}

void ia_sockets_close(ia_sockets *sockets) {
  if (sockets->fd >= 0) close(sockets->fd);
  sockets->fd = -1;
}

bool ia_sockets_watch(ia_sockets *sockets, int socket, bool in, bool out) {
  (void)sockets, (void)socket, (void)in, (void)out;
  return false;
}

void ia_sockets_forget(ia_sockets *sockets, int socket) { (void)sockets, (void)socket; }

size_t ia_sockets_ready(ia_sockets *sockets, ia_ready *ready, size_t capacity) {
  (void)sockets, (void)ready, (void)capacity;
  return 0;
}

void ia_sockets_wakeup(ia_sockets *sockets) { (void)sockets; }
