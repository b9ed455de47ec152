// SPDX-License-Identifier: MIT
/*
 * Requests per second of the simulator: bench-sim IMGACT-SIM [SECONDS [CONNECTIONS]]. Each
 * connection is kept alive and has one request in flight. The simulator has one thread, so its
 * requests per second of CPU time show what one core can do, independent of other load. Exits with
 * 1 below the goal.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GOAL = 5000, MOST_CONNECTIONS = 256 };

static void check(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

/* Starts the simulator and reads its ports from the line that it prints when ready. */
static pid_t start(const char *program, int ports[2]) {
  int ends[2];
  char line[200] = "";

  check(pipe(ends) == 0, "pipe");
  pid_t pid = fork();
  check(pid >= 0, "fork");
  if (pid == 0) {
    (void)dup2(ends[1], STDOUT_FILENO);
    execl(program, program, (char *)NULL);
    perror(program);
    _exit(127);
  }
  close(ends[1]);
  FILE *out = fdopen(ends[0], "r");
  check(out && fgets(line, sizeof line, out), "the simulator printed no line");
  (void)fclose(out);
  int read = sscanf(
      line, "{\"hetzner\":\"http://127.0.0.1:%d/v1\",\"digitalocean\":\"http://127.0.0.1:%d\"}",
      &ports[0], &ports[1]);
  check(read == 2, line);

  return pid;
}

static int connect_to(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)port)};
  int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  check(peer >= 0 && connect(peer, (const struct sockaddr *)&address, sizeof address) == 0,
        "connect");
  (void)setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return peer;
}

static void send_request(int peer, const char *request) {
  size_t length = strlen(request);
  check(send(peer, request, length, MSG_NOSIGNAL) == (ssize_t)length, "send");
}

/* Reads one response, which must be a 200. */
static void read_response(int peer) {
  char reply[8192];
  size_t length = 0, whole = sizeof reply;

  while (length < whole) {
    ssize_t got = recv(peer, reply + length, sizeof reply - 1 - length, 0);
    check(got > 0, "recv");
    length += (size_t)got;
    reply[length] = 0;
    const char *end = strstr(reply, "\r\n\r\n"), *said = strstr(reply, "Content-Length: ");
    if (end && said)
      whole = (size_t)(end + 4 - reply) + strtoul(said + strlen("Content-Length: "), NULL, 10);
  }
  if (length == whole && !strncmp(reply, "HTTP/1.1 200", 12)) return;
  fprintf(stderr, "unexpected response: %s\n", reply);
  exit(1);
}

static void remove_limits(int port) {
  static const char body[] = "{\"limits\":{\"hetzner\":{\"limit\":0,\"actions\":0},"
                             "\"digitalocean\":{\"limit\":0,\"burst\":0}}}";
  char request[400];
  int peer = connect_to(port);
  (void)snprintf(request, sizeof request,
                 "POST /_sim/world HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s",
                 strlen(body), body);
  send_request(peer, request);
  read_response(peer);
  close(peer);
}

static double now_s(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Sends the next request of each connection after its response. Returns the number of responses. */
static unsigned long run_requests(double seconds, const int *peers, int connections,
                                  const char *request) {
  unsigned long answered = 0;
  for (int i = 0; i < connections; i++) send_request(peers[i], request);
  for (double end = now_s() + seconds; now_s() < end;)
    for (int i = 0; i < connections; i++, answered++) {
      read_response(peers[i]);
      send_request(peers[i], request);
    }
  for (int i = 0; i < connections; i++, answered++) read_response(peers[i]);
  return answered;
}

static int measure(const char *program, int cloud, double seconds, int connections) {
  static const char *const requests[] = {
      "GET /v1/images/4711 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token\r\n\r\n",
      "GET /v2/images/7938269 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token\r\n\r\n"};
  static const char *const names[] = {"hetzner", "digitalocean"};
  int ports[2], peers[MOST_CONNECTIONS], status = 0;
  struct rusage used;
  pid_t pid = start(program, ports);

  remove_limits(ports[cloud]);
  for (int i = 0; i < connections; i++) peers[i] = connect_to(ports[cloud]);
  double begun = now_s();
  unsigned long answered = run_requests(seconds, peers, connections, requests[cloud]);
  double took = now_s() - begun;
  for (int i = 0; i < connections; i++) close(peers[i]);
  kill(pid, SIGTERM);
  check(wait4(pid, &status, 0, &used) == pid && status == 0, "the simulator failed");
  double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  printf(
      "%-13s %9.0f requests/s, with %3.0f %% of a core: %9.0f for each second of CPU (goal: %d)\n",
      names[cloud], (double)answered / took, 100 * cpu / took, (double)answered / cpu, GOAL);

  return (double)answered / cpu >= GOAL;
}

int main(int argc, char **argv) {
  double seconds = argc > 2 ? atof(argv[2]) : 5;
  int connections = argc > 3 ? atoi(argv[3]) : 8, good = 1;
  if (argc < 2 || argc > 4 || seconds <= 0 || connections < 1 || connections > MOST_CONNECTIONS) {
    fputs("usage: bench-sim IMGACT-SIM [SECONDS [CONNECTIONS]]\n", stderr);
    return 2;
  }
  for (int cloud = 0; cloud < 2; cloud++) good &= measure(argv[1], cloud, seconds, connections);
  return good ? 0 : 1;
}
