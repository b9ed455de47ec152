// SPDX-License-Identifier: MIT
/* Linux: a level-triggered epoll descriptor with an eventfd for wakeups. */
#include "sockets.h"

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BATCH = 64 };

bool ia_sockets_open(ia_sockets *sockets) {
  *sockets = (ia_sockets){epoll_create1(EPOLL_CLOEXEC), eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), -1};
  if (sockets->fd >= 0 && sockets->wake_fd >= 0 &&
      ia_sockets_watch(sockets, sockets->wake_fd, true, false))
    return true;
  ia_sockets_close(sockets);
  return false;
}

void ia_sockets_close(ia_sockets *sockets) {
  if (sockets->fd >= 0) close(sockets->fd);
  if (sockets->wake_fd >= 0) close(sockets->wake_fd);
  *sockets = (ia_sockets){-1, -1, -1};
}

bool ia_sockets_watch(ia_sockets *sockets, int socket, bool in, bool out) {
  struct epoll_event event = {
      .events = (in ? (uint32_t)EPOLLIN : 0) | (out ? (uint32_t)EPOLLOUT : 0), .data.fd = socket};
  /* usually a new socket: libcurl stops watching a connection between two exchanges */
  if (epoll_ctl(sockets->fd, EPOLL_CTL_ADD, socket, &event) == 0) return true;
  return errno == EEXIST && epoll_ctl(sockets->fd, EPOLL_CTL_MOD, socket, &event) == 0;
}

/* libcurl 7.88 to 8.4 close a socket that was still connecting before they remove it here. Another
 * thread may then have a file with that number. That file is not in this epoll set, so the kernel
 * returns ENOENT, and nothing of the other thread is removed. If libcurl itself gets the number
 * again, it adds it later with a new call. */
void ia_sockets_forget(ia_sockets *sockets, int socket) {
  struct epoll_event unused = {.events = 0};
  (void)epoll_ctl(sockets->fd, EPOLL_CTL_DEL, socket, &unused);
}

static void clear_wakeup(const ia_sockets *sockets) {
  uint64_t count; /* does not block, so no signal interrupts it */
  ssize_t ignored = read(sockets->wake_fd, &count, sizeof count);
  (void)ignored;
}

size_t ia_sockets_ready(ia_sockets *sockets, ia_ready *ready, size_t capacity) {
  struct epoll_event events[BATCH];
  int found = epoll_wait(sockets->fd, events, capacity < BATCH ? (int)capacity : BATCH, 0);
  size_t count = 0;
  for (int i = 0; i < found; i++) {
    uint32_t mask = events[i].events;
    if (events[i].data.fd == sockets->wake_fd)
      clear_wakeup(sockets);
    else
      ready[count++] = (ia_ready){.socket = events[i].data.fd,
                                  .in = (mask & EPOLLIN) != 0,
                                  .out = (mask & EPOLLOUT) != 0,
                                  .broken = (mask & (EPOLLERR | EPOLLHUP)) != 0};
  }

  return count;
}

void ia_sockets_wakeup(ia_sockets *sockets) {
  int saved = errno; /* a signal handler must not change it */
  uint64_t one = 1;
  ssize_t ignored = write(sockets->wake_fd, &one, sizeof one); /* a full counter also wakes */
  (void)ignored;
  errno = saved;
}
