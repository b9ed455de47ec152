// SPDX-License-Identifier: MIT
/*
 * libmicrohttpd carries HTTP; the world is touched from one thread alone. A reply that waits is
 * parked: its connection is suspended and resumed when its time has come or its client has gone. A
 * cut reply and a reset are made on the socket itself.
 */
#include "server.h"
#include "http_bytes.h"
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1000 /* of one cloud, and as many may wait to be accepted */
#define SLOW_STEP_MS    20

typedef struct listener {
  sim_server *server;
  struct MHD_Daemon *daemon;
  sim_cloud cloud;
  uint16_t port;
  int epoll_fd;
} listener;

struct sim_server {
  sim_instance *instance;
  listener listeners[SIM_CLOUDS];
  FILE *log;
  struct served_request *parked, *newest;
  size_t parked_count;
  struct pollfd polled[MAX_CONNECTIONS * SIM_CLOUDS + SIM_CLOUDS + 1];
};

/* One request and its reply. */
typedef struct served_request {
  struct served_request *next;  /* among the parked */
  struct served_request *older; /* among all */
  listener *listener;
  struct MHD_Connection *connection;
  char *target;
  sim_text body; /* failed: too large */
  size_t body_bytes;
  sim_outcome outcome;
  int64_t due_ms; /* parked: INT64_MAX = until the client goes */
  int64_t slow_since_ms;
  bool started, served, waits, counted;
} served_request;

int64_t sim_real_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- parking ---- */

static void park(served_request *t, int64_t due_ms) {
  sim_server *server = t->listener->server;
  t->due_ms = due_ms;
  t->next = server->parked;
  server->parked = t;
  server->parked_count++;
  MHD_suspend_connection(t->connection);
}

static int socket_of(const served_request *t) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(t->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

/* What tells that a parked client has gone. One that has closed its half only may still want its
 * reply, and cannot be told from one that has closed both: that ends a silence alone, which has no
 * end of its own. A reset is always told. */
static short departure(const served_request *t) { return t->due_ms == INT64_MAX ? POLLRDHUP : 0; }

static bool socket_shows(const served_request *t, short events) {
  struct pollfd peer = {.fd = socket_of(t), .events = events};
  return poll(&peer, 1, 0) > 0;
}

static bool client_gone(const served_request *t) { return socket_shows(t, departure(t)); }

static void resume_due(sim_server *server, int64_t now_ms) {
  for (served_request **link = &server->parked; *link;) {
    served_request *t = *link;
    if (t->due_ms > now_ms && !client_gone(t)) {
      link = &t->next;
      continue;
    }
    *link = t->next;
    server->parked_count--;
    MHD_resume_connection(t->connection);
  }
}

/* ---- replying ---- */

static void reset_socket(const served_request *t) {
  /* Dissolving the association sends RST at once, which a plain close cannot be made to do through
   * the library. */
  const struct sockaddr nothing = {.sa_family = AF_UNSPEC};
  if (connect(socket_of(t), &nothing, sizeof nothing)) shutdown(socket_of(t), SHUT_RDWR);
}

static void send_some(int fd, const char *bytes, size_t length) {
  while (length) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent > 0) {
      bytes += sent;
      length -= (size_t)sent;
      continue;
    }
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return;
    if (poll(&writable, 1, 1000) <= 0) return;
  }
}

static void send_cut(served_request *t) {
  sim_text bytes = {0};
  const sim_reply *reply = &t->outcome.reply;
  sim_http_head(reply, &bytes);
  if (reply->body) sim_text_add(&bytes, reply->body, reply->body_bytes);
  size_t length =
      bytes.length < (uint64_t)t->outcome.cut_bytes ? bytes.length : (size_t)t->outcome.cut_bytes;
  if (sim_text_get(&bytes)) send_some(socket_of(t), bytes.data, length);
  sim_text_free(&bytes);
}

/* The reader of a slow body: as many bytes as the time that has passed allows, then a pause. */
static ssize_t read_slowly(void *user, uint64_t position, char *buffer, size_t max) {
  served_request *t = user;
  if (client_gone(t)) return MHD_CONTENT_READER_END_WITH_ERROR;
  int64_t now_ms = sim_real_ms();
  uint64_t allowed =
      (uint64_t)((double)(now_ms - t->slow_since_ms) * (double)t->outcome.bytes_per_s / 1000);
  if (allowed > t->outcome.reply.body_bytes) allowed = t->outcome.reply.body_bytes;
  if (allowed <= position) {
    int64_t step_ms = 1000 / t->outcome.bytes_per_s;
    park(t, now_ms + (step_ms > SLOW_STEP_MS ? step_ms : SLOW_STEP_MS));
    return 0;
  }
  size_t length = allowed - position < max ? (size_t)(allowed - position) : max;
  memcpy(buffer, t->outcome.reply.body + position, length);
  return (ssize_t)length;
}

static struct MHD_Response *response_of(served_request *t) {
  sim_reply *reply = &t->outcome.reply;
  if (t->outcome.bytes_per_s && reply->body_bytes) {
    t->slow_since_ms = sim_real_ms();
    return MHD_create_response_from_callback(reply->body_bytes, 4096, read_slowly, t, NULL);
  }
  /* The request outlives its response. */
  return MHD_create_response_from_buffer(reply->body_bytes, reply->body, MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_reply(served_request *t) {
  if (t->outcome.end == SIM_END_RESET) reset_socket(t);
  if (t->outcome.end != SIM_END_REPLY) return MHD_NO;
  if (t->outcome.cut_bytes >= 0) {
    send_cut(t);
    return MHD_NO;
  }
  struct MHD_Response *response = response_of(t);
  if (!response) return MHD_NO;
  const sim_reply *reply = &t->outcome.reply;
  for (size_t i = 0; i < reply->headers_count; i++)
    MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
  enum MHD_Result result = MHD_queue_response(t->connection, (unsigned)reply->status, response);
  MHD_destroy_response(response);
  return result;
}

/* ---- requests ---- */

static void write_log(const served_request *t, const char *method, int64_t now_ms) {
  static const char *const ends[] = {[SIM_END_REPLY] = "reply",
                                     [SIM_END_CLOSE] = "close",
                                     [SIM_END_RESET] = "reset",
                                     [SIM_END_SILENCE] = "silence"};
  sim_server *server = t->listener->server;
  if (!server->log) return;
  imgact_json_writer *out = imgact_json_writer_new(NULL, 0);
  imgact_json_write_begin_object(out);
  sim_write_time(out, "time", now_ms);
  sim_write_string(out, "cloud", sim_cloud_names[t->listener->cloud]);
  sim_write_string(out, "method", method);
  sim_write_string(out, "target", t->target);
  sim_write_int(out, "status", t->outcome.reply.status);
  sim_write_string(out, "end", ends[t->outcome.end]);
  imgact_json_write_end_object(out);
  const char *line = imgact_json_writer_finish(out, NULL);
  if (line) fprintf(server->log, "%s\n", line);
  fflush(server->log);
  imgact_json_writer_free(out);
}

static void count_in(served_request *t) {
  sim_counters *counters = &t->listener->server->instance->world->counters;
  if (sim_is_control(t->target)) return;
  t->counted = true;
  if (++counters->in_flight > counters->peak_in_flight)
    counters->peak_in_flight = counters->in_flight;
}

static void serve(served_request *t, const char *method) {
  listener *l = t->listener;
  sim_instance *instance = l->server->instance;
  int64_t real_ms = sim_real_ms();
  sim_request request = {.method = method,
                         .target = t->target,
                         .body = sim_text_get(&t->body),
                         .body_bytes = t->body_bytes};
  request.host = MHD_lookup_connection_value(t->connection, MHD_HEADER_KIND, "Host");
  request.authorization =
      MHD_lookup_connection_value(t->connection, MHD_HEADER_KIND, "Authorization");
  t->served = true;
  t->outcome = sim_instance_serve(instance, l->cloud, &request, real_ms);
  write_log(t, method, sim_clock_now(&instance->clock, real_ms));
}

static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **context) {
  served_request *t = *context;
  (void)user, (void)url, (void)version;
  if (!t || !t->target) return MHD_NO;
  t->connection = connection;
  if (!t->started) {
    t->started = true;
    count_in(t);
    return MHD_YES;
  }
  if (*upload_size) {
    t->body_bytes += *upload_size;
    if (t->body_bytes > (sim_is_control(t->target) ? SIM_MAX_FILE : SIM_MAX_BODY))
      t->body.failed = true;
    sim_text_add(&t->body, upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
  }
  if (!t->served) {
    serve(t, method);
    t->waits = t->outcome.end == SIM_END_SILENCE || t->outcome.delay_ms > 0;
    /* Parked when the library asks again. Until then it means to read, would do so first when it is
     * resumed, and close at the end of a client that has closed its half. */
    if (t->waits) return MHD_YES;
  }
  if (t->waits) {
    t->waits = false;
    park(t, t->outcome.delay_ms < 0 ? INT64_MAX : sim_real_ms() + t->outcome.delay_ms);
    return MHD_YES;
  }
  return send_reply(t);
}

/* The first word of a request: its target as it was sent, before the library decodes it. */
static void *begin_request(void *user, const char *target, struct MHD_Connection *connection) {
  served_request *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->listener = user;
  t->connection = connection;
  t->target = sim_copy(target);
  t->older = t->listener->server->newest;
  t->listener->server->newest = t;
  return t;
}

static void unpark(served_request *t) {
  sim_server *server = t->listener->server;
  for (served_request **link = &server->parked; *link; link = &(*link)->next)
    if (*link == t) {
      *link = t->next;
      server->parked_count--;
      return;
    }
}

static void free_talk(served_request *t) {
  sim_server *server = t->listener->server;
  unpark(t);
  for (served_request **link = &server->newest; *link; link = &(*link)->older)
    if (*link == t) {
      *link = t->older;
      break;
    }
  if (t->counted) server->instance->world->counters.in_flight--;
  sim_reply_free(&t->outcome.reply);
  sim_text_free(&t->body);
  free(t->target);
  free(t);
}

static void end_request(void *user, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode code) {
  served_request *t = *context;
  (void)user, (void)connection, (void)code;
  if (!t) return;
  /* The library is not told of an end that came together with its request; so it is told again. */
  if (socket_shows(t, POLLRDHUP)) shutdown(socket_of(t), SHUT_RD);
  free_talk(t);
  *context = NULL;
}

/* The library forgets to tell of a request whose query it could not hold. */
static void end_connection(void *user, struct MHD_Connection *connection, void **context,
                           enum MHD_ConnectionNotificationCode code) {
  sim_server *server = ((listener *)user)->server;
  (void)context;
  if (code != MHD_CONNECTION_NOTIFY_CLOSED) return;
  for (served_request *t = server->newest, *older; t; t = older) {
    older = t->older;
    if (t->connection == connection) free_talk(t);
  }
}

/* ---- life ---- */

static int listen_on(uint16_t port, uint16_t *bound, char *message, size_t capacity) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, MAX_CONNECTIONS) ||
      getsockname(fd, (struct sockaddr *)&address, &length)) {
    snprintf(message, capacity, "cannot listen on 127.0.0.1:%u: %s", port, strerror(errno));
    if (fd >= 0) close(fd);
    return -1;
  }
  *bound = ntohs(address.sin_port);
  return fd;
}

/* A malformed request is the client's affair, not one for our standard error. */
static void say_nothing(void *user, const char *format, va_list args) {
  (void)user, (void)format, (void)args;
}

static bool start(listener *l, uint16_t port, char *message, size_t capacity) {
  int fd = listen_on(port, &l->port, message, capacity);
  if (fd < 0) return false;
  /* Date is the world's, not the machine's. */
  l->daemon = MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_ERROR_LOG,
      0, NULL, NULL, handle, l, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
      MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, begin_request, l,
      MHD_OPTION_NOTIFY_COMPLETED, end_request, l, MHD_OPTION_NOTIFY_CONNECTION, end_connection, l,
      MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      (size_t)256 * 1024, MHD_OPTION_CONNECTION_TIMEOUT, 60u, MHD_OPTION_END);
  const union MHD_DaemonInfo *info =
      l->daemon ? MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
  if (!info) {
    snprintf(message, capacity, "cannot start the HTTP server on port %u", l->port);
    if (!l->daemon) close(fd);
    return false;
  }
  l->epoll_fd = info->epoll_fd;
  return true;
}

sim_server *sim_server_new(sim_instance *instance, const uint16_t ports[SIM_CLOUDS], FILE *log,
                           char *message, size_t capacity) {
  sim_server *server = calloc(1, sizeof *server);
  if (!server) {
    snprintf(message, capacity, "no memory");
    return NULL;
  }
  server->instance = instance;
  server->log = log;
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    listener *l = &server->listeners[cloud];
    *l = (listener){.server = server, .cloud = (sim_cloud)cloud};
    if (start(l, ports[cloud], message, capacity)) continue;
    sim_server_free(server);
    return NULL;
  }
  return server;
}

uint16_t sim_server_port(const sim_server *server, sim_cloud cloud) {
  return server->listeners[cloud].port;
}

/* What to poll: both servers, the stop, and every parked client for its going away. */
static nfds_t fill_polled(sim_server *server, int stop_fd, int64_t *next_ms) {
  nfds_t count = 0;
  server->polled[count++] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++)
    server->polled[count++] =
        (struct pollfd){.fd = server->listeners[cloud].epoll_fd, .events = POLLIN};
  for (served_request *t = server->parked; t; t = t->next) {
    if (t->due_ms < *next_ms) *next_ms = t->due_ms;
    if (count < SIM_COUNT(server->polled))
      server->polled[count++] = (struct pollfd){.fd = socket_of(t), .events = departure(t)};
  }
  return count;
}

static int wait_ms(const sim_server *server, int64_t next_ms) {
  int64_t least_ms = next_ms == INT64_MAX ? 60000 : next_ms - sim_real_ms();
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    MHD_UNSIGNED_LONG_LONG asked_ms = 0;
    if (MHD_get_timeout(server->listeners[cloud].daemon, &asked_ms) == MHD_YES &&
        (int64_t)asked_ms < least_ms)
      least_ms = (int64_t)asked_ms;
  }
  return least_ms < 0 ? 0 : least_ms > 60000 ? 60000 : (int)least_ms;
}

static unsigned connections_of(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info =
      MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
  return info ? info->num_connections : 0;
}

static void run(struct MHD_Daemon *daemon) {
  bool full = connections_of(daemon) >= MAX_CONNECTIONS;
  MHD_run(daemon);
  /* At its limit the library does not look for new clients, and it looks again only in the run
   * after the one that found a place: nothing would wake us for that. */
  if (full && connections_of(daemon) < MAX_CONNECTIONS) MHD_run(daemon);
}

void sim_server_run(sim_server *server, int stop_fd) {
  for (;;) {
    int64_t next_ms = INT64_MAX;
    nfds_t count = fill_polled(server, stop_fd, &next_ms);
    if (poll(server->polled, count, wait_ms(server, next_ms)) < 0 && errno != EINTR) return;
    if (server->polled[0].revents) return;
    if (server->parked) resume_due(server, sim_real_ms());
    for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) run(server->listeners[cloud].daemon);
  }
}

void sim_server_free(sim_server *server) {
  if (!server) return;
  /* The library wants nothing suspended when it stops. */
  while (server->parked) {
    served_request *t = server->parked;
    unpark(t);
    t->outcome.end = SIM_END_CLOSE;
    MHD_resume_connection(t->connection);
  }
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++)
    if (server->listeners[cloud].daemon) MHD_stop_daemon(server->listeners[cloud].daemon);
  free(server);
}
