// SPDX-License-Identifier: MIT
// Linux: an epoll descriptor, level-triggered, with an eventfd in it for wakeups.
#include "poller.h"

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BATCH = 64 };

bool ia_poller_open(ia_poller *poller) {
  poller->fd = epoll_create1(EPOLL_CLOEXEC);
  poller->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (poller->fd >= 0 && poller->wake_fd >= 0 && ia_poller_watch(poller, poller->wake_fd, true, false)) return true;
  ia_poller_close(poller);
  return false;
}

void ia_poller_close(ia_poller *poller) {
  if (poller->fd >= 0) close(poller->fd);
  if (poller->wake_fd >= 0) close(poller->wake_fd);
  poller->fd = poller->wake_fd = -1;
}

bool ia_poller_watch(ia_poller *poller, int socket, bool in, bool out) {
  struct epoll_event event = {.events = (in ? (uint32_t)EPOLLIN : 0) | (out ? (uint32_t)EPOLLOUT : 0), .data.fd = socket};
  if (epoll_ctl(poller->fd, EPOLL_CTL_MOD, socket, &event) == 0) return true;
  return errno == ENOENT && epoll_ctl(poller->fd, EPOLL_CTL_ADD, socket, &event) == 0;
}

void ia_poller_forget(ia_poller *poller, int socket) {
  struct epoll_event unused = {.events = 0};
  (void)epoll_ctl(poller->fd, EPOLL_CTL_DEL, socket, &unused);
}

static void take_wakeup_back(const ia_poller *poller) {
  uint64_t count;
  while (read(poller->wake_fd, &count, sizeof count) < 0 && errno == EINTR) continue;
}

size_t ia_poller_ready(ia_poller *poller, ia_ready *ready, size_t capacity) {
  struct epoll_event events[BATCH];
  int found = epoll_wait(poller->fd, events, capacity < BATCH ? (int)capacity : BATCH, 0);
  size_t count = 0;
  for (int i = 0; i < found; i++) {
    uint32_t mask = events[i].events;
    if (events[i].data.fd == poller->wake_fd)
      take_wakeup_back(poller);
    else
      ready[count++] = (ia_ready){.socket = events[i].data.fd,
                                  .in = (mask & EPOLLIN) != 0,
                                  .out = (mask & EPOLLOUT) != 0,
                                  .broken = (mask & (EPOLLERR | EPOLLHUP)) != 0};
  }
  return count;
}

void ia_poller_wakeup(ia_poller *poller) {
  int saved = errno; // a signal handler must not change it
  uint64_t one = 1;
  while (write(poller->wake_fd, &one, sizeof one) < 0 && errno == EINTR) continue;
  errno = saved;
}
