// SPDX-License-Identifier: MIT
// Serves prebuilt responses as fast as a socket takes them: the pages of a list in the form of
// Hetzner's (/v1) and of DigitalOcean's (/v2), and one image (/v1/images/1): server [IMAGES], a
// multiple of 200. Prints its port; at the end of its standard input, it prints how many
// connections it had and ends.
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

enum { HZ_PER_PAGE = 50, DO_PER_PAGE = 200, PEERS_MAX = 1024 };

typedef struct reply {
  char *data;
  size_t length;
} reply;

typedef struct peer {
  int socket;
  size_t length;
  char request[8192];
} peer;

static int images = 2000, hz_pages, do_pages;
static reply *hetzner, *digitalocean; // by page; 0: one image
static peer peers[PEERS_MAX];
static size_t peers_count, connections;

static void check(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static void write_hetzner(FILE *out, int first_id, int id) {
  fprintf(out,
          "{\"id\":%d,\"type\":\"snapshot\",\"status\":\"available\",\"name\":null,"
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
          first_id + id, id, id % 40 + 1, id % 9 + 1, id % 12 + 1, id % 28 + 1, id % 60,
          7000 + id % 30, id % 30, id % 3 ? "false" : "true", id, id % 2 ? "x86" : "arm");
}

static void write_digitalocean(FILE *out, int id) {
  fprintf(out,
          "{\"id\":%d,\"name\":\"nightly build %d of the web tier\",\"distribution\":\"Ubuntu\","
          "\"slug\":null,\"public\":false,\"regions\":[\"nyc3\",\"fra1\"],\"created_at\":"
          "\"2025-%02d-%02dT02:15:%02dZ\",\"min_disk_size\":25,\"type\":\"snapshot\","
          "\"size_gigabytes\":%d.%d,\"description\":\"\",\"tags\":[\"prod\",\"web\"],\"status\":"
          "\"available\",\"error_message\":\"\"}",
          100000 + id, id, id % 12 + 1, id % 28 + 1, id % 60, id % 40 + 1, id % 9 + 1);
}

static char *hetzner_body(int page, size_t *length) {
  char *body = NULL, next[16] = "null", previous[16] = "null";
  FILE *out = open_memstream(&body, length);
  check(out != NULL, "open_memstream");
  if (page < hz_pages) (void)snprintf(next, sizeof next, "%d", page + 1);
  if (page > 1) (void)snprintf(previous, sizeof previous, "%d", page - 1);
  fputs(page ? "{\"images\":[" : "{\"image\":", out);
  for (int i = 0; i < (page ? HZ_PER_PAGE : 1); i++) {
    if (i) fputc(',', out);
    write_hetzner(out, page ? 100000 : 1, (page ? page - 1 : 0) * HZ_PER_PAGE + i);
  }
  if (page)
    fprintf(out,
            "],\"meta\":{\"pagination\":{\"page\":%d,\"per_page\":%d,\"previous_page\":%s,\"next_"
            "page\":%s,\"last_page\":%d,\"total_entries\":%d}}",
            page, HZ_PER_PAGE, previous, next, hz_pages, images);
  fputc('}', out);
  check(fclose(out) == 0, "fclose");
  return body;
}

static char *digitalocean_body(int page, size_t *length) {
  static const char link[] = "http://127.0.0.1/v2/images?page=%d&per_page=200";
  char *body = NULL;
  FILE *out = open_memstream(&body, length);
  check(out != NULL, "open_memstream");
  fputs("{\"images\":[", out);
  for (int i = 0; i < DO_PER_PAGE; i++) {
    if (i) fputc(',', out);
    write_digitalocean(out, (page - 1) * DO_PER_PAGE + i);
  }
  fputs("],\"links\":{\"pages\":{", out);
  if (page > 1) fputs("\"first\":\"http://127.0.0.1/v2/images?page=1&per_page=200\",", out);
  if (page < do_pages) {
    fputs("\"next\":\"", out);
    fprintf(out, link, page + 1);
    fputs("\",", out);
  }
  fprintf(out, "\"last\":\"http://127.0.0.1/v2/images?page=%d&per_page=200\"}},", do_pages);
  fprintf(out, "\"meta\":{\"total\":%d}}", images);
  check(fclose(out) == 0, "fclose");
  return body;
}

static reply build_reply(char *body, size_t length) {
  reply r = {0};
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

static void build_replies(void) {
  size_t length;
  hz_pages = images / HZ_PER_PAGE;
  do_pages = images / DO_PER_PAGE;
  hetzner = calloc((size_t)hz_pages + 1, sizeof *hetzner);
  digitalocean = calloc((size_t)do_pages + 1, sizeof *digitalocean);
  check(hetzner && digitalocean, "calloc");
  for (int page = 0; page <= hz_pages; page++) {
    char *body = hetzner_body(page, &length);
    hetzner[page] = build_reply(body, length);
  }
  for (int page = 1; page <= do_pages; page++) {
    char *body = digitalocean_body(page, &length);
    digitalocean[page] = build_reply(body, length);
  }
}

static const reply *reply_to(const char *request) {
  int of_digitalocean = strncmp(request, "GET /v2/", 8) == 0;
  int pages = of_digitalocean ? do_pages : hz_pages;
  if (strncmp(request, "GET /v1/images/1", 16) == 0) return &hetzner[0];
  const char *at = strstr(request, "page=");
  while (at && at[-1] != '?' && at[-1] != '&') at = strstr(at + 1, "page="); // not per_page=
  int page = at ? atoi(at + 5) : 1;
  if (page < 1 || page > pages) page = 1;
  return of_digitalocean ? &digitalocean[page] : &hetzner[page];
}

static int send_all(int socket, const reply *r) {
  for (size_t at = 0; at < r->length;) {
    ssize_t sent = send(socket, r->data + at, r->length - at, MSG_NOSIGNAL);
    if (sent <= 0) return 0;
    at += (size_t)sent;
  }
  return 1;
}

// Returns 0 at the end of the connection. No pipelining.
static int serve(peer *p) {
  ssize_t got = recv(p->socket, p->request + p->length, sizeof p->request - 1 - p->length, 0);
  if (got <= 0) return 0;
  p->length += (size_t)got;
  p->request[p->length] = '\0';
  if (!strstr(p->request, "\r\n\r\n")) return 1;
  p->length = 0;
  return send_all(p->socket, reply_to(p->request));
}

static int listen_on_loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(listener >= 0 && bind(listener, (const struct sockaddr *)&address, size) == 0, "bind");
  check(listen(listener, PEERS_MAX) == 0 &&
            getsockname(listener, (struct sockaddr *)&address, &size) == 0,
        "listen");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

static void add_peer(int listener) {
  int on = 1, made = accept(listener, NULL, NULL);
  if (made < 0 || peers_count == PEERS_MAX) return;
  (void)setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  peers[peers_count++] = (peer){.socket = made};
  connections++;
}

int main(int argc, char **argv) {
  static struct pollfd items[PEERS_MAX + 2];
  if (argc > 1) images = atoi(argv[1]);
  build_replies();
  items[0] = (struct pollfd){.fd = listen_on_loopback(), .events = POLLIN};
  items[1] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
  for (;;) {
    for (size_t i = 0; i < peers_count; i++)
      items[2 + i] = (struct pollfd){.fd = peers[i].socket, .events = POLLIN};
    if (poll(items, 2 + peers_count, -1) < 0 || items[1].revents) break;
    for (size_t i = peers_count; i-- > 0;) {
      if (!items[2 + i].revents || serve(&peers[i])) continue;
      close(peers[i].socket);
      peers[i] = peers[--peers_count];
    }
    if (items[0].revents) add_peer(items[0].fd);
  }
  printf("%zu\n", connections);
  for (int page = 0; page <= hz_pages; page++) free(hetzner[page].data);
  for (int page = 1; page <= do_pages; page++) free(digitalocean[page].data);
  free(hetzner);
  free(digitalocean);
  return 0;
}
