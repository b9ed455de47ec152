/* SPDX-License-Identifier: MIT */
/*
 * Which sockets have work: one descriptor that a caller's loop can poll, and a wakeup. poller_epoll.c is Linux's;
 * poller_none.c is for systems without one: it never opens, and the transport then asks every socket at short intervals.
 */
#ifndef IA_POLLER_H
#define IA_POLLER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ia_poller {
  int fd;      /* -1 = closed, or the system has none */
  int wake_fd; /* readable after a wakeup */
} ia_poller;

typedef struct ia_ready {
  int socket;
  bool in, out, broken;
} ia_ready;

/* false: there is none; both descriptors are -1. */
bool ia_poller_open(ia_poller *poller);
void ia_poller_close(ia_poller *poller);
/* Replaces what is watched for a socket. false: the system refused. */
bool ia_poller_watch(ia_poller *poller, int socket, bool in, bool out);
/* Forgets a socket, also one that is closed already or was never watched. */
void ia_poller_forget(ia_poller *poller, int socket);
/* What is ready now, at most `capacity` of it; never waits. Takes a pending wakeup back. */
size_t ia_poller_ready(ia_poller *poller, ia_ready *ready, size_t capacity);
/* Makes the descriptor readable until ia_poller_ready. From any thread and signal handlers. */
void ia_poller_wakeup(ia_poller *poller);

#endif
