// SPDX-License-Identifier: MIT
// Serves prebuilt responses, the pages of a list of images in the form of Hetzner's, as fast as a
// socket takes them. Prints its port, serves one connection at a time and ends when its standard
// input does.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IMAGES = 2000, PER_PAGE = 50, PAGES = IMAGES / PER_PAGE };

typedef struct reply {
  char *data;
  size_t length;
} reply;

static void check(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static void write_image(FILE *out, int id) {
  fprintf(out,
          "%s{\"id\":%d,\"type\":\"snapshot\",\"status\":\"available\",\"name\":null,"
          "\"description\":\"nightly build %d of the "
          "web "
          "tier\",\"image_size\":%d.%d,\"disk_size\":40,\"created\":\"2025-%02d-%02dT02:15:%02d+00:"
          "00\",\"created_from\":"
          "{\"id\":%d,\"name\":\"builder-%d\"},\"bound_to\":null,\"os_flavor\":\"ubuntu\",\"os_"
          "version\":\"24.04\",\"rapid_"
          "deploy\""
          ":false,\"protection\":{\"delete\":%s},\"deprecated\":null,\"deleted\":null,\"labels\":{"
          "\"env\":\"prod\",\"team\":"
          "\"web\","
          "\"build\":\"%d\"},\"architecture\":\"%s\"}",
          id % PER_PAGE ? "," : "", 100000 + id, id, id % 40 + 1, id % 9 + 1, id % 12 + 1,
          id % 28 + 1, id % 60, 7000 + id % 30, id % 30, id % 3 ? "false" : "true", id,
          id % 2 ? "x86" : "arm");
}

static char *build_body(int page, size_t *length) {
  char *body = NULL, next[16] = "null", previous[16] = "null";
  FILE *out = open_memstream(&body, length);
  check(out != NULL, "open_memstream");
  if (page < PAGES) (void)snprintf(next, sizeof next, "%d", page + 1);
  if (page > 1) (void)snprintf(previous, sizeof previous, "%d", page - 1);
  fputs("{\"images\":[", out);
  for (int i = 0; i < PER_PAGE; i++) write_image(out, (page - 1) * PER_PAGE + i);
  fprintf(out,
          "],\"meta\":{\"pagination\":{\"page\":%d,\"per_page\":%d,\"previous_page\":%s,\"next_"
          "page\":%s,\"last_page\":%d,"
          "\"total_entries\":%d}}}",
          page, PER_PAGE, previous, next, PAGES, IMAGES);
  check(fclose(out) == 0, "fclose");
  return body;
}

static reply build_reply(int page) {
  size_t length;
  reply r = {0};
  char *body = build_body(page, &length);
  FILE *out = open_memstream(&r.data, &r.length);
  check(out != NULL, "open_memstream");
  fprintf(
      out,
      "HTTP/1.1 200 OK\r\nDate: Wed, 11 Mar 2026 01:48:20 GMT\r\nContent-Type: "
      "application/json\r\nContent-Length: %zu\r\n"
      "RateLimit-Limit: 3600000\r\nRateLimit-Remaining: 3599999\r\nRateLimit-Reset: 1773193701\r\n"
      "X-Correlation-Id: 0123456789abcdef\r\nServer: bench\r\n\r\n",
      length);
  (void)fwrite(body, 1, length, out);
  check(fclose(out) == 0, "fclose");
  free(body);
  return r;
}

static int page_of(const char *request) {
  const char *at = strstr(request, "page=");
  while (at && at[-1] != '?' && at[-1] != '&') at = strstr(at + 1, "page="); // not per_page=
  int page = at ? atoi(at + 5) : 1;
  return page >= 1 && page <= PAGES ? page : 1;
}

static int send_all(int socket, const reply *r) {
  for (size_t at = 0; at < r->length;) {
    ssize_t sent = send(socket, r->data + at, r->length - at, MSG_NOSIGNAL);
    if (sent <= 0) return 0;
    at += (size_t)sent;
  }
  return 1;
}

static void serve(int socket, const reply *replies) {
  char request[8192];
  size_t length = 0;
  for (;;) {
    ssize_t got = recv(socket, request + length, sizeof request - 1 - length, 0);
    if (got <= 0) return;
    length += (size_t)got;
    request[length] = '\0';
    if (!strstr(request, "\r\n\r\n")) continue;
    length = 0; // no pipelining
    if (!send_all(socket, &replies[page_of(request)])) return;
  }
}

static int listen_on_loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(listener >= 0 && bind(listener, (const struct sockaddr *)&address, size) == 0, "bind");
  check(listen(listener, 16) == 0 && getsockname(listener, (struct sockaddr *)&address, &size) == 0,
        "listen");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

int main(void) {
  static reply replies[PAGES + 1];
  for (int page = 1; page <= PAGES; page++) replies[page] = build_reply(page);
  int listener = listen_on_loopback(), on = 1;
  struct pollfd items[] = {{.fd = listener, .events = POLLIN},
                           {.fd = STDIN_FILENO, .events = POLLIN}};
  while (poll(items, 2, -1) > 0 && !items[1].revents) {
    int peer = accept(listener, NULL, NULL);
    if (peer < 0) continue;
    (void)setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    serve(peer, replies);
    close(peer);
  }
  for (int page = 1; page <= PAGES; page++) free(replies[page].data);
  return 0;
}
