// SPDX-License-Identifier: MIT
// A kqueue made of an epoll, so that Linux can run sockets_kqueue.c. It keeps to what BSD's manual
// says: what is watched is a pair of descriptor and filter, a pair that is not there cannot be
// deleted (ENOENT), a closed descriptor is forgotten, and the queue itself can be polled.
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/event.h>

enum { MOST = 1024, BATCH = 64 };

static uint32_t
    watched[MOST][MOST]; // by queue and descriptor; may name descriptors that were closed since

int kqueue(void) {
  int queue = epoll_create1(0);
  if (queue >= MOST) abort();
  if (queue >= 0) memset(watched[queue], 0, sizeof watched[queue]);
  return queue;
}

static int apply(int queue, const struct kevent *change) {
  if (change->ident >= MOST) abort();
  int fd = (int)change->ident;
  uint32_t filter = change->filter == EVFILT_READ ? EPOLLIN : EPOLLOUT, *mask = &watched[queue][fd];
  struct epoll_event event = {.events = *mask, .data.fd = fd};
  if (epoll_ctl(queue, EPOLL_CTL_MOD, fd, &event) != 0) *mask = 0; // never there, or closed
  bool adds = (change->flags & EV_ADD) != 0;
  if (!adds && (*mask & filter) == 0) {
    errno = ENOENT;
    return -1;
  }
  int how = *mask == 0 ? EPOLL_CTL_ADD : !adds && *mask == filter ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  *mask = adds ? *mask | filter : *mask & ~filter;
  event.events = *mask;
  return epoll_ctl(queue, how, fd, &event);
}

static int report(int queue, const struct epoll_event *from, struct kevent *events, int room) {
  static const short filters[] = {EVFILT_READ, EVFILT_WRITE};
  int count = 0;
  bool ended = (from->events & (EPOLLHUP | EPOLLERR)) != 0;
  for (int i = 0; i < 2 && count < room; i++) {
    uint32_t bit = filters[i] == EVFILT_READ ? EPOLLIN : EPOLLOUT;
    if ((watched[queue][from->data.fd] & bit) == 0 || !(ended || (from->events & bit) != 0))
      continue;
    events[count] = (struct kevent){.ident = (uintptr_t)from->data.fd, .filter = filters[i]};
    if (ended) events[count].flags = EV_EOF;
    if ((from->events & EPOLLERR) != 0) events[count].fflags = EIO;
    count++;
  }
  return count;
}

int kevent(int queue, const struct kevent *changes, int changes_count, struct kevent *events,
           int events_count, const struct timespec *timeout) {
  struct epoll_event ready[BATCH];
  int count = 0, found = 0;
  for (int i = 0; i < changes_count; i++)
    if (apply(queue, &changes[i]) != 0) return -1;
  if (events_count == 0) return 0;
  if (timeout == NULL || timeout->tv_sec != 0 || timeout->tv_nsec != 0)
    abort(); // the transport never waits here
  found = epoll_wait(queue, ready, events_count < BATCH ? events_count : BATCH, 0);
  for (int i = 0; i < found; i++)
    count += report(queue, &ready[i], events + count, events_count - count);
  return found < 0 ? -1 : count;
}
