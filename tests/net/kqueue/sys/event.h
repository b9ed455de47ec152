/* SPDX-License-Identifier: MIT */
/* As much of BSD's sys/event.h as sockets_kqueue.c needs, for kqueue.c. */
#ifndef TESTS_SYS_EVENT_H
#define TESTS_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

struct kevent {
  uintptr_t ident;
  short filter;
  unsigned short flags;
  unsigned int fflags;
  intptr_t data;
  void *udata;
};

#define EVFILT_READ  (-1)
#define EVFILT_WRITE (-2)
#define EV_ADD       0x0001
#define EV_DELETE    0x0002
#define EV_ERROR     0x4000
#define EV_EOF       0x8000

#define EV_SET(event, a, b, c, d, e, f) (*(event) = (struct kevent){(a), (b), (c), (d), (e), (f)})

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int changes_count, struct kevent *events,
           int events_count, const struct timespec *timeout);

#endif
