/* SPDX-License-Identifier: MIT */
/* Reports which sockets are ready, through one descriptor that a caller's loop can poll, and
 * provides a wakeup. sockets_epoll.c is for Linux, sockets_kqueue.c for BSD and macOS.
 * sockets_none.c is for other systems: it never opens, and the transport checks every socket at
 * short intervals. */
#ifndef IA_SOCKETS_H
#define IA_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ia_sockets {
  int fd;       /* -1 = closed or not supported */
  int wake_fd;  /* readable after a wakeup */
  int waker_fd; /* the other end of wake_fd, if there is one */
} ia_sockets;

typedef struct ia_ready {
  int socket;
  bool in, out, broken;
} ia_ready;

/* Returns false if not supported; every descriptor is -1 then. */
bool ia_sockets_open(ia_sockets *sockets);
void ia_sockets_close(ia_sockets *sockets);
/* Sets which events of a socket are watched. Returns false if the system rejects it. */
bool ia_sockets_watch(ia_sockets *sockets, int socket, bool in, bool out);
/* Stops watching a socket, which may be closed already or not watched. */
void ia_sockets_forget(ia_sockets *sockets, int socket);
/* Stores up to `capacity` ready sockets; does not block. Clears a pending wakeup. */
size_t ia_sockets_ready(ia_sockets *sockets, ia_ready *ready, size_t capacity);
/* Makes the descriptor readable until ia_sockets_ready(). May be called from any thread and from
 * signal handlers. */
void ia_sockets_wakeup(ia_sockets *sockets);

#endif
