// SPDX-License-Identifier: MIT
// A network with a delay: delay PORT MS. Forwards connections to 127.0.0.1:PORT; every byte arrives
// MS/2 later in each direction, so a round trip takes MS. Prints its own port; at the end of its
// standard input, it prints how many connections it forwarded and ends.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS_MAX = 4096, CHUNK_BYTES = 65536 };

typedef struct chunk {
  struct chunk *next;
  int64_t due_us;
  size_t at, length; // length 0: the end of the stream
  char data[];
} chunk;

typedef struct direction {
  int from, to;
  int ended, broken; // nothing more to read; nothing more can be written
  chunk *first, **last;
} direction;

static direction all[2 * PAIRS_MAX];
static size_t used;
static int64_t one_way_us;

static void check(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static int64_t now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void set_options(int socket) {
  int on = 1;
  (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  (void)fcntl(socket, F_SETFL, O_NONBLOCK);
}

static void open_pair(int peer, uint16_t port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address) != 0 ||
      used == 2 * PAIRS_MAX) {
    close(peer);
    if (server >= 0) close(server);
    return;
  }
  set_options(peer);
  set_options(server);
  direction *d = &all[used];
  d[0] = (direction){.from = peer, .to = server, .last = &d[0].first};
  d[1] = (direction){.from = server, .to = peer, .last = &d[1].first};
  used += 2;
}

static void add(direction *d, const char *data, size_t length) {
  chunk *c = malloc(sizeof *c + length);
  check(c != NULL, "malloc");
  *c = (chunk){.due_us = now_us() + one_way_us, .length = length};
  memcpy(c->data, data, length);
  *d->last = c;
  d->last = &c->next;
}

static void receive(direction *d) {
  static char buffer[CHUNK_BYTES];
  ssize_t got;
  while ((got = recv(d->from, buffer, sizeof buffer, 0)) > 0) add(d, buffer, (size_t)got);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  d->ended = 1;
  add(d, "", 0);
}

static void drop_first(direction *d) {
  chunk *c = d->first;
  d->first = c->next;
  if (!d->first) d->last = &d->first;
  free(c);
}

static void send_due(direction *d) {
  while (d->first && d->first->due_us <= now_us()) {
    chunk *c = d->first;
    if (c->length == 0) (void)shutdown(d->to, SHUT_WR);
    while (c->at < c->length && !d->broken) {
      ssize_t sent = send(d->to, c->data + c->at, c->length - c->at, MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) return; // tried again with the next event
      if (sent < 0) d->broken = 1;
      if (sent > 0) c->at += (size_t)sent;
    }
    drop_first(d);
  }
}

static int64_t first_due_us(void) {
  int64_t due = INT64_MAX;
  for (size_t i = 0; i < used; i++)
    if (all[i].first && all[i].first->due_us < due) due = all[i].first->due_us;
  return due;
}

static void close_ended(size_t pair) {
  direction *d = &all[pair];
  int ended = (d[0].ended && d[1].ended) || d[0].broken || d[1].broken;
  if (d[0].from < 0 || !ended || d[0].first || d[1].first) return;
  close(d[0].from);
  close(d[1].from);
  d[0].from = d[1].from = -1;
}

static int listen_on_loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(listener >= 0 && bind(listener, (const struct sockaddr *)&address, size) == 0, "bind");
  check(listen(listener, PAIRS_MAX) == 0 &&
            getsockname(listener, (struct sockaddr *)&address, &size) == 0,
        "listen");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

static int step(int listener, uint16_t port) {
  static struct pollfd items[2 + 2 * PAIRS_MAX];
  struct timespec wait;
  int64_t due = first_due_us(), left = due == INT64_MAX ? 0 : due - now_us();
  if (left < 0) left = 0;
  wait = (struct timespec){left / 1000000, left % 1000000 * 1000};
  items[0] = (struct pollfd){.fd = listener, .events = POLLIN};
  items[1] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
  for (size_t i = 0; i < used; i++)
    items[2 + i] = (struct pollfd){.fd = all[i].ended ? -1 : all[i].from, .events = POLLIN};
  size_t watched = used;
  check(ppoll(items, 2 + watched, due == INT64_MAX ? NULL : &wait, NULL) >= 0, "ppoll");
  if (items[1].revents) return 0;
  if (items[0].revents) {
    int peer = accept(listener, NULL, NULL);
    if (peer >= 0) open_pair(peer, port);
  }
  for (size_t i = 0; i < watched; i++)
    if (items[2 + i].revents && all[i].from >= 0) receive(&all[i]);
  for (size_t i = 0; i < used; i++) send_due(&all[i]);
  for (size_t i = 0; i < used; i += 2) close_ended(i);
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  one_way_us = (int64_t)(atof(argv[2]) * 500);
  int listener = listen_on_loopback();
  while (step(listener, (uint16_t)atoi(argv[1]))) {
  }
  printf("%zu\n", used / 2);
  return 0;
}
