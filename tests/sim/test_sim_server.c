// SPDX-License-Identifier: MIT
/* The server on real sockets, in a child process. */
#include "server.h"
#include "testing.h"
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS = 1000, FILES = CLIENTS + 100, TIMEOUT_MS = 30000 };

typedef struct server_fixture {
  sim_instance instance;
  sim_server *server;
  int stop[2];
  pid_t pid; /* 0 = not started */
  int clients[CLIENTS];
} server_fixture;

static int setup(void **state) {
  const sim_server_options options = {.address = NULL};
  char message[200] = "";
  server_fixture *f = calloc(1, sizeof *f);

  assert_non_null(f);
  for (int i = 0; i < CLIENTS; i++) f->clients[i] = -1;
  f->instance.world = sim_world_new(7);
  f->instance.clock = (sim_clock){INT64_C(1767225600000), sim_real_ms(), 1};
  assert_non_null(f->instance.world);
  assert_true(sim_world_generate(f->instance.world, 10, f->instance.clock.virtual_ms));
  f->server = sim_server_new(&f->instance, &options, message, sizeof message);
  if (!f->server) fail_msg("%s", message);
  assert_int_equal(pipe(f->stop), 0);

  *state = f;
  return 0;
}

/* Until then connections wait in the backlog. */
static void start_server(server_fixture *f) {
  f->pid = fork();
  assert_true(f->pid >= 0);
  if (f->pid) return;
  close(f->stop[1]);
  sim_server_run(f->server, f->stop[0]);
  _exit(0);
}

static int teardown(void **state) {
  server_fixture *f = *state;
  for (int i = 0; i < CLIENTS; i++)
    if (f->clients[i] >= 0) close(f->clients[i]);
  close(f->stop[1]);
  if (f->pid > 0) waitpid(f->pid, NULL, 0);
  close(f->stop[0]);
  sim_server_free(f->server);
  sim_instance_clear(&f->instance);
  free(f);
  return 0;
}

static bool enough_files(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  if (limit.rlim_cur >= FILES) return true;
  if (limit.rlim_max < FILES) return false;
  limit.rlim_cur = FILES;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static long longest_backlog(void) {
  char text[32] = "";
  FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
  if (!file) return 0;
  if (!fgets(text, sizeof text, file)) text[0] = 0;
  (void)fclose(file);
  return strtol(text, NULL, 10);
}

static int start_connecting(const server_fixture *f) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr = {htonl(INADDR_LOOPBACK)},
                                .sin_port = htons(sim_server_port(f->server, SIM_HETZNER))};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail_msg("socket: %s", strerror(errno));
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)
    fail_msg("connect: %s", strerror(errno));
  return fd;
}

static bool becomes(int fd, short events, int timeout_ms) {
  struct pollfd client = {.fd = fd, .events = events};
  return poll(&client, 1, timeout_ms) == 1 && client.revents == events;
}

TEST(server_1000_connects_at_once_answers) {
  static const char request[] =
      "GET /v1/images/4711 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n";
  server_fixture *f = *state;
  if (!enough_files() || longest_backlog() < CLIENTS) {
    skip();
    return;
  }

  for (int i = 0; i < CLIENTS; i++) f->clients[i] = start_connecting(f);
  for (int i = 0; i < CLIENTS; i++)
    if (!becomes(f->clients[i], POLLOUT, 500)) fail_msg("client %d is not connected", i);
  for (int i = 0; i < CLIENTS; i++)
    assert_int_equal(send(f->clients[i], request, sizeof request - 1, MSG_NOSIGNAL),
                     sizeof request - 1);

  start_server(f);
  for (int i = 0; i < CLIENTS; i++) {
    char reply[64] = "";
    if (!becomes(f->clients[i], POLLIN, TIMEOUT_MS)) fail_msg("client %d has no response", i);
    ssize_t length = recv(f->clients[i], reply, sizeof reply - 1, 0);
    if (length < 0 || strncmp(reply, "HTTP/1.1 200 ", 13) != 0)
      fail_msg("client %d: \"%s\"", i, reply);
  }
}

int main(void) { return testing_run(setup, teardown); }
