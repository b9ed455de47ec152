// SPDX-License-Identifier: MIT
/*
 * libmicrohttpd implements HTTP; one thread uses the world. A delayed response waits: its
 * connection is suspended, and resumed when the response is due or the client has gone. Faults that
 * cut a response or reset the connection write to the socket themselves. With TLS, a response is
 * cut in its body, or before its head.
 */
#include "server.h"
#include "http_bytes.h"
#include <arpa/inet.h>
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
  char address[INET6_ADDRSTRLEN];
  bool tls;
  FILE *log;
  struct served_request *waiting, *newest;
  size_t waiting_count;
  struct pollfd polled[MAX_CONNECTIONS * SIM_CLOUDS + SIM_CLOUDS + 1];
};

/* One request and its reply. */
typedef struct served_request {
  struct served_request *next;  /* in the list of waiting requests */
  struct served_request *older; /* in the list of all requests */
  listener *listener;
  struct MHD_Connection *connection;
  char *target;
  sim_text body; /* failed = too large */
  size_t body_bytes;
  sim_outcome outcome;
  int64_t due_ms; /* while waiting; INT64_MAX = until the client goes */
  int64_t slow_since_ms;
  bool started, served, must_wait, counted;
} served_request;

int64_t sim_real_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- waiting ---- */

static void suspend(served_request *r, int64_t due_ms) {
  sim_server *server = r->listener->server;
  r->due_ms = due_ms;
  r->next = server->waiting;
  server->waiting = r;
  server->waiting_count++;
  MHD_suspend_connection(r->connection);
}

static int socket_of(const served_request *r) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? info->connect_fd : -1;
}

/*
 * poll() events that mean that a waiting client has disconnected. A client that has closed only its
 * sending side looks the same as one that has closed both, and may still read. So the event ends
 * only a wait without a due time. A reset is always reported.
 */
static short departure_events(const served_request *r) {
  return r->due_ms == INT64_MAX ? POLLRDHUP : 0;
}

static bool has_events(const served_request *r, short events) {
  struct pollfd peer = {.fd = socket_of(r), .events = events};
  return poll(&peer, 1, 0) > 0;
}

static bool client_has_gone(const served_request *r) { return has_events(r, departure_events(r)); }

static void resume_due(sim_server *server, int64_t now_ms) {
  for (served_request **link = &server->waiting; *link;) {
    served_request *r = *link;
    if (r->due_ms > now_ms && !client_has_gone(r)) {
      link = &r->next;
      continue;
    }
    *link = r->next;
    server->waiting_count--;
    MHD_resume_connection(r->connection);
  }
}

/* ---- replying ---- */

static void reset_socket(const served_request *r) {
  /* connect() to AF_UNSPEC sends an RST at once; the library can only close normally. */
  const struct sockaddr nothing = {.sa_family = AF_UNSPEC};
  if (connect(socket_of(r), &nothing, sizeof nothing)) shutdown(socket_of(r), SHUT_RDWR);
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

static void send_cut(served_request *r) {
  sim_text bytes = {0};
  const sim_reply *reply = &r->outcome.reply;
  sim_http_head(reply, &bytes);
  if (reply->body) sim_text_add(&bytes, reply->body, reply->body_bytes);
  size_t length =
      bytes.length < (uint64_t)r->outcome.cut_bytes ? bytes.length : (size_t)r->outcome.cut_bytes;
  if (sim_text_get(&bytes)) send_some(socket_of(r), bytes.data, length);
  sim_text_free(&bytes);
}

/* Sends as many bytes as the elapsed time allows, then waits. */
static ssize_t read_slowly(void *user, uint64_t position, char *buffer, size_t max) {
  served_request *r = user;
  if (client_has_gone(r)) return MHD_CONTENT_READER_END_WITH_ERROR;

  int64_t now_ms = sim_real_ms();
  uint64_t allowed =
      (uint64_t)((double)(now_ms - r->slow_since_ms) * (double)r->outcome.bytes_per_s / 1000);
  if (allowed > r->outcome.reply.body_bytes) allowed = r->outcome.reply.body_bytes;
  if (allowed <= position) {
    int64_t step_ms = 1000 / r->outcome.bytes_per_s;
    suspend(r, now_ms + (step_ms > SLOW_STEP_MS ? step_ms : SLOW_STEP_MS));
    return 0;
  }
  size_t length = allowed - position < max ? (size_t)(allowed - position) : max;
  memcpy(buffer, r->outcome.reply.body + position, length);

  return (ssize_t)length;
}

static size_t head_bytes(const sim_reply *reply) {
  sim_text head = {0};
  sim_http_head(reply, &head);
  size_t length = head.length;
  sim_text_free(&head);
  return length;
}

/* Sends the first bytes of the body, then closes the connection. */
static ssize_t read_cut(void *user, uint64_t position, char *buffer, size_t max) {
  const served_request *r = user;
  uint64_t allowed = (uint64_t)r->outcome.cut_bytes - head_bytes(&r->outcome.reply);
  if (position >= allowed) return MHD_CONTENT_READER_END_WITH_ERROR;
  size_t length = allowed - position < max ? (size_t)(allowed - position) : max;
  memcpy(buffer, r->outcome.reply.body + position, length);
  return (ssize_t)length;
}

static struct MHD_Response *response_of(served_request *r) {
  sim_reply *reply = &r->outcome.reply;
  if (r->outcome.cut_bytes >= 0)
    return MHD_create_response_from_callback(reply->body_bytes, 4096, read_cut, r, NULL);
  if (r->outcome.bytes_per_s && reply->body_bytes) {
    r->slow_since_ms = sim_real_ms();
    return MHD_create_response_from_callback(reply->body_bytes, 4096, read_slowly, r, NULL);
  }
  /* The request lives longer than its response, so the body is not copied. */
  return MHD_create_response_from_buffer(reply->body_bytes, reply->body, MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_reply(served_request *r) {
  if (r->outcome.end == SIM_END_RESET) reset_socket(r);
  if (r->outcome.end != SIM_END_REPLY) return MHD_NO;
  if (r->outcome.cut_bytes >= 0 && !r->listener->server->tls) {
    send_cut(r);
    return MHD_NO;
  }
  if (r->outcome.cut_bytes >= 0) {
    size_t head = head_bytes(&r->outcome.reply), bytes = head + r->outcome.reply.body_bytes;
    if ((uint64_t)r->outcome.cut_bytes <= head) return MHD_NO;
    if ((uint64_t)r->outcome.cut_bytes >= bytes) r->outcome.cut_bytes = -1;
  }
  struct MHD_Response *response = response_of(r);
  if (!response) return MHD_NO;

  const sim_reply *reply = &r->outcome.reply;
  for (size_t i = 0; i < reply->headers_count; i++)
    MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
  enum MHD_Result result = MHD_queue_response(r->connection, (unsigned)reply->status, response);
  MHD_destroy_response(response);

  return result;
}

/* ---- requests ---- */

static void write_log(const served_request *r, const char *method, int64_t now_ms) {
  static const char *const ends[] = {[SIM_END_REPLY] = "reply",
                                     [SIM_END_CLOSE] = "close",
                                     [SIM_END_RESET] = "reset",
                                     [SIM_END_SILENCE] = "silence"};
  sim_server *server = r->listener->server;
  if (!server->log) return;

  imgact_json_writer *out = imgact_json_writer_new(NULL, 0);
  imgact_json_write_begin_object(out);
  sim_write_time(out, "time", now_ms);
  sim_write_string(out, "cloud", sim_cloud_names[r->listener->cloud]);
  sim_write_string(out, "method", method);
  sim_write_string(out, "target", r->target);
  sim_write_int(out, "status", r->outcome.reply.status);
  sim_write_string(out, "end", ends[r->outcome.end]);
  imgact_json_write_end_object(out);
  const char *line = imgact_json_writer_finish(out, NULL);
  if (line) fprintf(server->log, "%s\n", line);
  fflush(server->log);

  imgact_json_writer_free(out);
}

static void count_in(served_request *r) {
  sim_counters *counters = &r->listener->server->instance->world->counters;
  if (sim_is_control(r->target)) return;
  r->counted = true;
  if (++counters->in_flight > counters->peak_in_flight)
    counters->peak_in_flight = counters->in_flight;
}

static void serve(served_request *r, const char *method) {
  listener *l = r->listener;
  sim_instance *instance = l->server->instance;
  int64_t real_ms = sim_real_ms();
  sim_request request = {.method = method,
                         .target = r->target,
                         .secure = l->server->tls,
                         .body = sim_text_get(&r->body),
                         .body_bytes = r->body_bytes};

  request.host = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Host");
  request.authorization =
      MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Authorization");
  r->served = true;
  r->outcome = sim_instance_serve(instance, l->cloud, &request, real_ms);
  write_log(r, method, sim_clock_now(&instance->clock, real_ms));
}

static enum MHD_Result handle(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **context) {
  served_request *r = *context;
  (void)user, (void)url, (void)version;
  if (!r || !r->target) return MHD_NO;
  r->connection = connection;
  if (!r->started) {
    r->started = true;
    count_in(r);
    return MHD_YES;
  }
  if (*upload_size) {
    r->body_bytes += *upload_size;
    if (r->body_bytes > (sim_is_control(r->target) ? SIM_MAX_FILE : SIM_MAX_BODY))
      r->body.failed = true;
    sim_text_add(&r->body, upload, *upload_size);
    *upload_size = 0;
    return MHD_YES;
  }

  if (!r->served) {
    serve(r, method);
    r->must_wait = r->outcome.end == SIM_END_SILENCE || r->outcome.delay_ms > 0;
    /* Suspend only in the next call. If suspended here, libmicrohttpd would first read after the
     * resume, and close a connection whose client has closed its sending side. */
    if (r->must_wait) return MHD_YES;
  }
  if (r->must_wait) {
    r->must_wait = false;
    suspend(r, r->outcome.delay_ms < 0 ? INT64_MAX : sim_real_ms() + r->outcome.delay_ms);
    return MHD_YES;
  }

  return send_reply(r);
}

/* Called first for each request, with the target before libmicrohttpd decodes it. */
static void *begin_request(void *user, const char *target, struct MHD_Connection *connection) {
  served_request *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  r->listener = user;
  r->connection = connection;
  r->target = sim_copy(target);
  r->older = r->listener->server->newest;
  r->listener->server->newest = r;
  return r;
}

static void remove_waiting(served_request *r) {
  sim_server *server = r->listener->server;
  for (served_request **link = &server->waiting; *link; link = &(*link)->next)
    if (*link == r) {
      *link = r->next;
      server->waiting_count--;
      return;
    }
}

static void free_request(served_request *r) {
  sim_server *server = r->listener->server;
  remove_waiting(r);
  for (served_request **link = &server->newest; *link; link = &(*link)->older)
    if (*link == r) {
      *link = r->older;
      break;
    }
  if (r->counted) server->instance->world->counters.in_flight--;
  sim_reply_free(&r->outcome.reply);
  sim_text_free(&r->body);
  free(r->target);
  free(r);
}

static void end_request(void *user, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode code) {
  served_request *r = *context;
  (void)user, (void)connection, (void)code;
  if (!r) return;
  /* libmicrohttpd misses an end of input that came together with the request; after this shutdown
   * it sees the end. */
  if (has_events(r, POLLRDHUP)) shutdown(socket_of(r), SHUT_RD);
  free_request(r);
  *context = NULL;
}

/* libmicrohttpd does not report the end of a request whose query is too large for it. */
static void end_connection(void *user, struct MHD_Connection *connection, void **context,
                           enum MHD_ConnectionNotificationCode code) {
  sim_server *server = ((listener *)user)->server;
  (void)context;
  if (code != MHD_CONNECTION_NOTIFY_CLOSED) return;
  for (served_request *r = server->newest, *older; r; r = older) {
    older = r->older;
    if (r->connection == connection) free_request(r);
  }
}

/* ---- start and end ---- */

typedef union socket_address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} socket_address;

static bool parse_address(const char *text, socket_address *out) {
  *out = (socket_address){.v4 = {.sin_family = AF_INET}};
  if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) return true;
  *out = (socket_address){.v6 = {.sin6_family = AF_INET6}};
  return inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1;
}

static bool is_loopback(const socket_address *address) {
  if (address->any.sa_family == AF_INET) return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
  return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static void set_port(socket_address *address, uint16_t port) {
  if (address->any.sa_family == AF_INET)
    address->v4.sin_port = htons(port);
  else
    address->v6.sin6_port = htons(port);
}

static int listen_on(const char *text, uint16_t port, uint16_t *bound, char *message,
                     size_t capacity) {
  socket_address address;
  if (!parse_address(text, &address)) return -1;
  set_port(&address, port);
  bool v4 = address.any.sa_family == AF_INET;
  socklen_t length = v4 ? sizeof address.v4 : sizeof address.v6;
  int yes = 1, fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (fd < 0 || bind(fd, &address.any, length) || listen(fd, MAX_CONNECTIONS) ||
      getsockname(fd, &address.any, &length)) {
    snprintf(message, capacity, "cannot listen on %s port %u: %s", text, port, strerror(errno));
    if (fd >= 0) close(fd);
    return -1;
  }

  *bound = ntohs(v4 ? address.v4.sin_port : address.v6.sin6_port);
  return fd;
}

/* Malformed requests are not logged to standard error. */
static void ignore_message(void *user, const char *format, va_list args) {
  (void)user, (void)format, (void)args;
}

static struct MHD_Daemon *start_daemon(listener *l, int fd, const sim_server_options *options) {
  struct MHD_OptionItem tls[] = {
      {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)options->cert},
      {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->key},
      {MHD_OPTION_END, 0, NULL},
  };
  /* The Date header has the time of the world, so libmicrohttpd adds none. */
  unsigned flags =
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_ERROR_LOG;

  if (options->cert)
    flags |= MHD_USE_TLS;
  else
    tls[0] = tls[2];
  return MHD_start_daemon(
      flags, 0, NULL, NULL, handle, l, MHD_OPTION_EXTERNAL_LOGGER, ignore_message, NULL,
      MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, begin_request, l,
      MHD_OPTION_NOTIFY_COMPLETED, end_request, l, MHD_OPTION_NOTIFY_CONNECTION, end_connection, l,
      MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      (size_t)256 * 1024, MHD_OPTION_CONNECTION_TIMEOUT, 60u, MHD_OPTION_ARRAY, tls,
      MHD_OPTION_END);
}

static bool start(listener *l, const sim_server_options *options, char *message, size_t capacity) {
  int fd = listen_on(l->server->address, options->ports[l->cloud], &l->port, message, capacity);
  if (fd < 0) return false;

  l->daemon = start_daemon(l, fd, options);
  const union MHD_DaemonInfo *info =
      l->daemon ? MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
  if (!info) {
    snprintf(message, capacity, "cannot start the server on port %u%s", l->port,
             options->cert ? "; the certificate and the key must be PEM and match" : "");
    if (!l->daemon) close(fd);
    return false;
  }
  l->epoll_fd = info->epoll_fd;

  return true;
}

static const char *address_of(const sim_server_options *options) {
  return options->address ? options->address : "127.0.0.1";
}

/* Clients send tokens without TLS to loopback addresses only. */
bool sim_server_check(const sim_server_options *options, char *message, size_t capacity) {
  const char *address = address_of(options);
  socket_address parsed;
  if (!parse_address(address, &parsed))
    snprintf(message, capacity, "'%.60s' is not an IPv4 or IPv6 address", address);
  else if (!options->cert != !options->key)
    snprintf(message, capacity, "a certificate and its key are needed together");
  else if (!options->cert && !is_loopback(&parsed))
    snprintf(message, capacity, "an address other than loopback needs a certificate and its key");
  else if (options->cert && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
    snprintf(message, capacity, "this libmicrohttpd does not support TLS");
  else
    return true;
  return false;
}

sim_server *sim_server_new(sim_instance *instance, const sim_server_options *options, char *message,
                           size_t capacity) {
  if (!sim_server_check(options, message, capacity)) return NULL;
  sim_server *server = calloc(1, sizeof *server);
  if (!server) {
    snprintf(message, capacity, "no memory");
    return NULL;
  }

  server->instance = instance;
  server->log = options->log;
  server->tls = options->cert != NULL;
  snprintf(server->address, sizeof server->address, "%s", address_of(options));
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) {
    listener *l = &server->listeners[cloud];
    *l = (listener){.server = server, .cloud = (sim_cloud)cloud};
    if (start(l, options, message, capacity)) continue;
    sim_server_free(server);
    return NULL;
  }

  return server;
}

void sim_server_url(const sim_server *server, sim_cloud cloud, char *buffer, size_t capacity) {
  bool v6 = strchr(server->address, ':') != NULL;
  snprintf(buffer, capacity, "%s://%s%s%s:%u", server->tls ? "https" : "http", v6 ? "[" : "",
           server->address, v6 ? "]" : "", sim_server_port(server, cloud));
}

uint16_t sim_server_port(const sim_server *server, sim_cloud cloud) {
  return server->listeners[cloud].port;
}

/* Polls both servers, stop_fd, and all waiting clients. */
static nfds_t fill_polled(sim_server *server, int stop_fd, int64_t *next_ms) {
  nfds_t count = 0;
  server->polled[count++] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++)
    server->polled[count++] =
        (struct pollfd){.fd = server->listeners[cloud].epoll_fd, .events = POLLIN};
  for (served_request *r = server->waiting; r; r = r->next) {
    if (r->due_ms < *next_ms) *next_ms = r->due_ms;
    if (count < SIM_COUNT(server->polled))
      server->polled[count++] = (struct pollfd){.fd = socket_of(r), .events = departure_events(r)};
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
  /* At its connection limit libmicrohttpd does not accept, and accepts again only in the run after
   * the one that freed a place. No event would start that run. */
  if (full && connections_of(daemon) < MAX_CONNECTIONS) MHD_run(daemon);
}

void sim_server_run(sim_server *server, int stop_fd) {
  for (;;) {
    int64_t next_ms = INT64_MAX;
    nfds_t count = fill_polled(server, stop_fd, &next_ms);
    if (poll(server->polled, count, wait_ms(server, next_ms)) < 0 && errno != EINTR) return;
    if (server->polled[0].revents) return;
    if (server->waiting) resume_due(server, sim_real_ms());
    for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) run(server->listeners[cloud].daemon);
  }
}

void sim_server_free(sim_server *server) {
  if (!server) return;
  /* libmicrohttpd must not be stopped with suspended connections. */
  while (server->waiting) {
    served_request *r = server->waiting;
    remove_waiting(r);
    r->outcome.end = SIM_END_CLOSE;
    MHD_resume_connection(r->connection);
  }
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++)
    if (server->listeners[cloud].daemon) MHD_stop_daemon(server->listeners[cloud].daemon);
  free(server);
}
