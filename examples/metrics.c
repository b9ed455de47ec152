// SPDX-License-Identifier: MIT
// Serves the counters of a client to Prometheus, on a loopback port and in the loop that also
// drives the client, which lists the images every few seconds:
//
//   metrics PORT [SECONDS]        PORT 0 = any free port, which is printed
//
// The environment or default_profile selects the cloud. A signal ends the program.
#include <arpa/inet.h>
#include <errno.h>
#include <imgact/imgact.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct server {
  imgact_client *client;
  imgact_op *op; // the running list; NULL between two of them
  int listener, connection;
  time_t next; // when the next list starts
  int interval_s;
} server;

static volatile sig_atomic_t stopped;

static void on_signal(int number) {
  (void)number;
  stopped = 1;
}

// ---- metrics

static void put_counter(FILE *out, const server *s, const char *name, const char *label,
                        const char *value, uint64_t count) {
  fprintf(out, "%s{provider=\"%s\"", name, imgact_client_provider_name(s->client));
  if (label != NULL) fprintf(out, ",%s=\"%s\"", label, value);
  fprintf(out, "} %" PRIu64 "\n", count);
}

static void put_head(FILE *out, const char *name, const char *type, const char *help) {
  fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_metrics(FILE *out, const server *s) {
  imgact_client_counters c = IMGACT_CLIENT_COUNTERS_INIT;
  imgact_client_get_counters(s->client, &c);
  put_head(out, "imgact_requests_total", "counter", "Requests sent.");
  put_counter(out, s, "imgact_requests_total", "class", "read", c.reads);
  put_counter(out, s, "imgact_requests_total", "class", "poll", c.polls);
  put_counter(out, s, "imgact_requests_total", "class", "mutation", c.mutations);
  put_counter(out, s, "imgact_requests_total", "class", "lookup", c.lookups);
  put_head(out, "imgact_responses_total", "counter", "Responses, by class of their status.");
  put_counter(out, s, "imgact_responses_total", "code", "2xx", c.responses_2xx);
  put_counter(out, s, "imgact_responses_total", "code", "3xx", c.responses_3xx);
  put_counter(out, s, "imgact_responses_total", "code", "4xx", c.responses_4xx);
  put_counter(out, s, "imgact_responses_total", "code", "5xx", c.responses_5xx);
  put_counter(out, s, "imgact_responses_total", "code", "none", c.failures);
  put_head(out, "imgact_retries_total", "counter", "Requests sent again.");
  put_counter(out, s, "imgact_retries_total", NULL, NULL, c.retries);
  put_head(out, "imgact_adopted_total", "counter", "Lost responses whose effect was found.");
  put_counter(out, s, "imgact_adopted_total", NULL, NULL, c.adopted);
  put_head(out, "imgact_ambiguous_total", "counter", "Operations with an unknown outcome.");
  put_counter(out, s, "imgact_ambiguous_total", NULL, NULL, c.ambiguous);
  put_head(out, "imgact_delayed_seconds_total", "counter", "Time delayed by the rate limit.");
  fprintf(out, "imgact_delayed_seconds_total{provider=\"%s\"} %.3f\n",
          imgact_client_provider_name(s->client), (double)c.delayed_ms / 1000);
}

// ---- HTTP

static void hang_up(server *s) {
  if (s->connection >= 0) (void)close(s->connection);
  s->connection = -1;
}

// Answers every request alike. The response fits into the buffer of the socket.
static void answer(server *s) {
  char request[4096], *text = NULL;
  size_t length = 0;
  FILE *out =
      recv(s->connection, request, sizeof request, 0) > 0 ? open_memstream(&text, &length) : NULL;
  if (out != NULL) {
    fputs("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n\r\n",
          out);
    put_metrics(out, s);
    if (fclose(out) == 0) (void)send(s->connection, text, length, MSG_NOSIGNAL);
  }
  free(text);
  hang_up(s);
}

// A new connection takes the place of one that has sent nothing.
static void accept_connection(server *s) {
  int connection = accept(s->listener, NULL, NULL);
  if (connection < 0) return;
  hang_up(s);
  s->connection = connection;
}

static int listen_on(const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen(listener, 8) != 0 || getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
    perror(port);
    (void)close(listener);
    return -1;
  }
  printf("http://127.0.0.1:%d/metrics\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

// ---- work

static void on_list(void *user, imgact_op *op) {
  server *s = user;
  if (imgact_op_error(op)->status != IMGACT_OK)
    fprintf(stderr, "%s\n", imgact_op_error(op)->message);
  imgact_op_free(op);
  s->op = NULL;
  s->next = time(NULL) + s->interval_s;
}

static void start_list(server *s) {
  if (s->op != NULL || time(NULL) < s->next) return;
  s->op = imgact_list_images(s->client, NULL);
  imgact_op_start(s->op, on_list, s);
}

static void serve(server *s) {
  imgact_loop *loop = imgact_client_loop(s->client);
  while (!stopped) {
    start_list(s);
    int timeout_ms = imgact_loop_timeout_ms(loop);
    struct pollfd watched[] = {{.fd = imgact_loop_fd(loop), .events = POLLIN},
                               {.fd = s->listener, .events = POLLIN},
                               {.fd = s->connection, .events = POLLIN}}; // -1 is ignored
    if (timeout_ms < 0 || timeout_ms > 1000) timeout_ms = 1000;
    if (poll(watched, 3, timeout_ms) < 0 && errno != EINTR) return;
    if (watched[2].revents != 0) answer(s);
    if (watched[1].revents != 0) accept_connection(s);
    (void)imgact_loop_dispatch(loop);
  }
}

int main(int argc, char **argv) {
  server s = {.connection = -1, .interval_s = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 10};
  imgact_error error;
  if (argc < 2) {
    fprintf(stderr, "usage: metrics PORT [SECONDS]\n");
    return 2;
  }
  if (imgact_client_from_profile(NULL, NULL, &s.client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 2;
  }
  (void)signal(SIGINT, on_signal);
  (void)signal(SIGTERM, on_signal);
  s.listener = listen_on(argv[1]);
  if (s.listener >= 0) serve(&s);
  hang_up(&s);
  if (s.listener >= 0) (void)close(s.listener);
  imgact_op_free(s.op);
  imgact_client_free(s.client);
  return s.listener < 0;
}
