// SPDX-License-Identifier: MIT
/* BSD and macOS: a level-triggered kqueue with a pipe for wakeups. Not every system has
 * EVFILT_USER, and write() may be called from a signal handler. A kqueue drops a descriptor when it
 * is closed. */
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/types.h>
/* requires types that some systems do not include in sys/event.h */
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

enum { BATCH = 64 };

/* One filter per call: after a change that fails, kevent() would skip the following ones. */
static bool change(const ia_sockets *sockets, int socket, short filter, unsigned short flags) {
  struct kevent wanted;
  EV_SET(&wanted, (uintptr_t)socket, filter, flags, 0, 0, 0);
  return kevent(sockets->fd, &wanted, 1, NULL, 0, NULL) == 0;
}

/* Deleting a filter that does not exist is not an error. */
static bool set(const ia_sockets *sockets, int socket, short filter, bool on) {
  return change(sockets, socket, filter, on ? EV_ADD : EV_DELETE) || !on;
}

static bool prepare(int fd, int more_flags) {
  return fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
         (more_flags == 0 || fcntl(fd, F_SETFL, more_flags) == 0);
}

bool ia_sockets_open(ia_sockets *sockets) {
  int ends[2] = {-1, -1};
  bool piped = pipe(ends) == 0; /* macOS has no pipe2 */
  *sockets = (ia_sockets){.fd = kqueue(), .wake_fd = ends[0], .waker_fd = ends[1]};
  if (piped && prepare(sockets->fd, 0) && prepare(ends[0], O_NONBLOCK) &&
      prepare(ends[1], O_NONBLOCK) && ia_sockets_watch(sockets, sockets->wake_fd, true, false))
    return true;
  ia_sockets_close(sockets);
  return false;
}

void ia_sockets_close(ia_sockets *sockets) {
  if (sockets->fd >= 0) close(sockets->fd);
  if (sockets->wake_fd >= 0) close(sockets->wake_fd);
  if (sockets->waker_fd >= 0) close(sockets->waker_fd);
  *sockets = (ia_sockets){-1, -1, -1};
}

bool ia_sockets_watch(ia_sockets *sockets, int socket, bool in, bool out) {
  return set(sockets, socket, EVFILT_READ, in) && set(sockets, socket, EVFILT_WRITE, out);
}

/* The number may now be a file of another thread (see sockets_epoll.c), which is not in this
 * kqueue. */
void ia_sockets_forget(ia_sockets *sockets, int socket) {
  (void)ia_sockets_watch(sockets, socket, false, false);
}

static void clear_wakeup(const ia_sockets *sockets) {
  char bytes[64];
  ssize_t got;
  do {
    got = read(sockets->wake_fd, bytes, sizeof bytes);
  } while (got == (ssize_t)sizeof bytes); /* does not block, so no signal interrupts it */
}

/* A socket that is ready for reading and writing is returned twice. */
static ia_ready ready_of(const struct kevent *event) {
  bool failed = (event->flags & EV_EOF) != 0 && event->fflags != 0; /* an error of the socket */
  return (ia_ready){.socket = (int)event->ident,
                    .in = event->filter == EVFILT_READ,
                    .out = event->filter == EVFILT_WRITE,
                    .broken = failed || (event->flags & EV_ERROR) != 0};
}

size_t ia_sockets_ready(ia_sockets *sockets, ia_ready *ready, size_t capacity) {
  static const struct timespec at_once = {0, 0};
  struct kevent events[BATCH];
  int found =
      kevent(sockets->fd, NULL, 0, events, capacity < BATCH ? (int)capacity : BATCH, &at_once);
  size_t count = 0;
  for (int i = 0; i < found; i++) {
    if ((int)events[i].ident == sockets->wake_fd)
      clear_wakeup(sockets);
    else
      ready[count++] = ready_of(&events[i]);
  }
  return count;
}

void ia_sockets_wakeup(ia_sockets *sockets) {
  int saved = errno;                                 /* a signal handler must not change it */
  ssize_t ignored = write(sockets->waker_fd, "", 1); /* a full pipe also wakes */
  (void)ignored;
  errno = saved;
}
