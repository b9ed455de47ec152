/* SPDX-License-Identifier: MIT */
/*
 * Which sockets have work: one descriptor that a caller's loop can poll, and a wakeup.
 * sockets_epoll.c is Linux's, sockets_kqueue.c that of BSD and macOS; sockets_none.c is for systems
 * without one: it never opens, and the transport then asks every socket at short intervals.
 */
#ifndef IA_SOCKETS_H
#define IA_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ia_sockets {
  int fd;       /* -1 = closed, or the system has none */
  int wake_fd;  /* readable after a wakeup */
  int waker_fd; /* its other end, where it has one */
} ia_sockets;

typedef struct ia_ready {
  int socket;
  bool in, out, broken;
} ia_ready;

/* false: there is none; every descriptor is -1. */
bool ia_sockets_open(ia_sockets *sockets);
void ia_sockets_close(ia_sockets *sockets);
/* Replaces what is watched for a socket. false: the system refused. */
bool ia_sockets_watch(ia_sockets *sockets, int socket, bool in, bool out);
/* Forgets a socket, also one that is closed already or was never watched. */
void ia_sockets_forget(ia_sockets *sockets, int socket);
/* What is ready now, at most `capacity` of it; never waits. Takes a pending wakeup back. */
size_t ia_sockets_ready(ia_sockets *sockets, ia_ready *ready, size_t capacity);
/* Makes the descriptor readable until ia_sockets_ready. From any thread and signal handlers. */
void ia_sockets_wakeup(ia_sockets *sockets);

#endif
