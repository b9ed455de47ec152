// SPDX-License-Identifier: MIT
/*
 * The transport that uses libcurl's multi interface. Invariants:
 *
 * - A transfer is in exactly one list, except while its exchange is being finished: opening or
 * running (added to the multi handle), waiting (for a connection that another one opens), finished
 * (its exchange is not finished yet) or idle.
 * - If a transfer waits, another one to the same origin is opening.
 * - Exchanges are finished only from dispatch and after libcurl has returned, so that their
 * callbacks may send and cancel.
 * - A request ends at its deadline at the latest, whatever state libcurl is in.
 * - No function blocks.
 */
#include "curl_ca.h"
#include "curl_compat.h"
#include "curl_transfer.h"
#include "sockets.h"
#include "str.h"

#include <limits.h>
#include <string.h>
#include <time.h>

enum { IDLE_MAX = 16, READY_MAX = 64, HTTP11_ORIGINS = 8 };

#define CONNECTIONS_MIN   128 /* kept and in use */
#define BLIND_INTERVAL_MS 5   /* if there is no descriptor to poll */
#define NEVER             INT64_MAX

typedef struct ia_curl {
  imgact_transport transport; /* first: an imgact_transport pointer is converted to this type */
  imgact_allocator allocator;
  CURLM *multi;
  ia_sockets sockets;
  ia_link opening; /* the first transfer to an HTTPS origin, until its connection is open */
  size_t openers;  /* length of that list at the last run_waiting() */
  ia_link waiting; /* with HTTP/2, they can share that connection */
  ia_link running, finished, idle;
  size_t running_count, idle_count;
  size_t connections_max; /* at least as many as ever ran at the same time, or libcurl would close
                             one for each that it opens */
  int64_t due_ms;         /* when libcurl's timer is due */
  ia_heap deadlines;
  ia_connections connections;
  uint64_t http11_origins[HTTP11_ORIGINS]; /* hashes of origins that require HTTP/1.1; the oldest is
                                              replaced */
  size_t http11_count;
  bool blind;     /* there is no descriptor, or the system did not watch a socket: all sockets are
                     checked at short intervals */
  bool forgetful; /* see ia_compat_forgets_addresses() */
  bool global;
  bool with_bundle; /* a certificate was trusted with it, and not without */
  ia_authorities authorities;
  imgact_header headers[IA_HEAD_MAX_LINES]; /* of the response that is being delivered */
} ia_curl;

static ia_curl *self(imgact_transport *transport) { return (ia_curl *)(void *)transport; }

static int64_t now_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t deadline_of(const imgact_http_request *request) {
  int64_t now = now_ms(), timeout_ms = request->timeout_ms < 1 ? 1 : request->timeout_ms;
  return timeout_ms > NEVER - now ? NEVER : now + timeout_ms;
}

/* ---- callbacks of libcurl ---- */

/* NULL if it is an internal handle of libcurl. */
static ia_transfer *transfer_of(CURL *easy) {
  char *transfer = NULL;
  return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer) == CURLE_OK
             ? (ia_transfer *)(void *)transfer
             : NULL;
}

static void forget_socket(ia_curl *curl, const ia_transfer *transfer, int socket) {
  ia_sockets_forget(&curl->sockets, socket);
  if (transfer && !transfer->sent)
    curl->connections.attempted = true; /* the attempt may have failed */
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *socket_data) {
  ia_curl *curl = user;
  (void)socket_data;
  if (what == CURL_POLL_REMOVE)
    forget_socket(curl, transfer_of(easy), socket);
  else if (!ia_sockets_watch(&curl->sockets, socket, (what & CURL_POLL_IN) != 0,
                             (what & CURL_POLL_OUT) != 0))
    curl->blind = true;
  return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user) {
  ia_curl *curl = user;
  (void)multi;
  /* One ms more: our clock is truncated to ms, and libcurl's timer must not fire early. */
  curl->due_ms = timeout_ms < 0 ? NEVER : now_ms() + timeout_ms + (timeout_ms > 0);
  return 0;
}

/* ---- transfers ---- */

static ia_transfer *new_transfer(ia_curl *curl, const char **lacking) {
  return ia_transfer_new(&curl->allocator, &curl->connections, &curl->authorities, lacking);
}

static ia_transfer *take_transfer(ia_curl *curl, const char **lacking) {
  *lacking = NULL;
  if (ia_list_empty(&curl->idle)) return new_transfer(curl, lacking);
  ia_transfer *transfer = IA_ENTRY(curl->idle.prev, ia_transfer,
                                   link); /* the last one used: its memory is in the cache */
  ia_list_remove(&transfer->link);
  curl->idle_count--;
  return transfer;
}

static void put_transfer(ia_curl *curl, ia_transfer *transfer) {
  ia_list_remove(&transfer->link);
  if (curl->idle_count >= IDLE_MAX) {
    ia_transfer_free(transfer);
    return;
  }
  ia_transfer_clear(transfer);
  ia_list_append(&curl->idle, &transfer->link);
  curl->idle_count++;
}

static void stop_running(ia_curl *curl, ia_transfer *transfer) {
  if (!transfer->running) return;
  (void)curl_multi_remove_handle(curl->multi, transfer->easy);
  transfer->running = false;
  curl->running_count--;
}

/* Stops a transfer that has not ended. A late response must not be taken for that of another
 * request. */
static void give_up(ia_curl *curl, ia_transfer *transfer) {
  if (transfer->running) ia_transfer_abandon_connection(transfer);
  stop_running(curl, transfer);
  ia_heap_remove(&curl->deadlines, &transfer->deadline);
}

/* Of connections, and of requests on one HTTP/2 connection. */
static CURLMcode set_connections_max(ia_curl *curl, size_t max) {
  curl->connections_max = max;
  CURLMcode code = curl_multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS, (long)max);
  return code == CURLM_OK
             ? curl_multi_setopt(curl->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)max)
             : code;
}

static imgact_status run(ia_curl *curl, ia_transfer *transfer) {
  CURLMcode added = curl_multi_add_handle(curl->multi, transfer->easy);
  if (added != CURLM_OK) return added == CURLM_OUT_OF_MEMORY ? IMGACT_NOMEM : IMGACT_INTERNAL;
  transfer->running = true;
  curl->running_count++;
  if (curl->running_count > curl->connections_max)
    (void)set_connections_max(curl, 2 * curl->connections_max);
  return IMGACT_OK;
}

static bool is_opening(const ia_curl *curl, uint64_t origin) {
  for (ia_link *link = curl->opening.next; link != &curl->opening; link = link->next)
    if (IA_ENTRY(link, ia_transfer, link)->origin == origin) return true;
  return false;
}

/* CURLOPT_PIPEWAIT would do this, but libcurl 7.88 may lose responses of the transfers that it lets
 * wait: they time out. */
static imgact_status run_or_wait(ia_curl *curl, ia_transfer *transfer) {
  bool is_first = transfer->origin && !ia_connections_has(&curl->connections, transfer->origin);
  bool waits = is_first && is_opening(curl, transfer->origin);
  imgact_status status = waits ? IMGACT_OK : run(curl, transfer);
  if (status == IMGACT_OK)
    ia_list_append(waits      ? &curl->waiting
                   : is_first ? &curl->opening
                              : &curl->running,
                   &transfer->link);
  if (status == IMGACT_OK && is_first && !waits) curl->openers++;
  return status;
}

static void finish(ia_curl *curl, ia_transfer *transfer, CURLcode result) {
  transfer->result = result;
  curl->with_bundle = curl->with_bundle || (transfer->with_bundle && transfer->sent);
  stop_running(curl, transfer);
  ia_heap_remove(&curl->deadlines, &transfer->deadline);
  ia_list_append(&curl->finished, &transfer->link);
}

/* Runs what need not wait any more. Call after one that was opening may have its connection, or has
 * ended. */
static void run_waiting(ia_curl *curl) {
  ia_link *link = curl->opening.next;
  size_t openers = 0;
  while (link != &curl->opening) {
    ia_transfer *transfer = IA_ENTRY(link, ia_transfer, link);
    link = link->next;
    if (!transfer->sent) {
      openers++;
      continue;
    }
    curl->with_bundle = curl->with_bundle || transfer->with_bundle;
    ia_list_append(&curl->running, &transfer->link);
  }
  if (openers == curl->openers) return;
  curl->openers = openers;

  ia_link all; /* those that must go on waiting are appended to the other list again */
  ia_list_init(&all);
  while (!ia_list_empty(&curl->waiting)) ia_list_append(&all, curl->waiting.next);
  while (!ia_list_empty(&all)) {
    ia_transfer *transfer = IA_ENTRY(all.next, ia_transfer, link);
    if (is_opening(curl, transfer->origin)) {
      ia_list_append(&curl->waiting, &transfer->link);
      continue;
    }
    int64_t left_ms = transfer->deadline.due_ms - now_ms();
    if (ia_transfer_renew(transfer, curl->with_bundle, left_ms) == CURLE_OK &&
        run_or_wait(curl, transfer) == IMGACT_OK)
      continue;
    transfer->failure = IMGACT_FAILURE_NOMEM;
    finish(curl, transfer, CURLE_OUT_OF_MEMORY);
  }
}

/* ---- origins that require HTTP/1.1 ---- */

/* Returns a hash of scheme, host and port; 0 without TLS. If two origins have the same hash, both
 * use HTTP/1.1, which every server supports. */
static uint64_t origin_of(const char *url) {
  ia_url parts;
  if (ia_url_parse(url, &parts) || !parts.https) return 0;
  size_t port = strcspn(parts.host + parts.host_length, "/?#");
  return ia_hash(url, (size_t)(parts.host - url) + parts.host_length + port);
}

static bool requires_http11(const ia_curl *curl, uint64_t origin) {
  for (size_t i = 0; i < HTTP11_ORIGINS && i < curl->http11_count; i++)
    if (curl->http11_origins[i] == origin) return true;
  return false;
}

static void remember_http11(ia_curl *curl, uint64_t origin) {
  if (!requires_http11(curl, origin))
    curl->http11_origins[curl->http11_count++ % HTTP11_ORIGINS] = origin;
}

/* ---- transport functions ---- */

static imgact_status curl_send(imgact_transport *transport, const imgact_http_request *request,
                               imgact_exchange *exchange) {
  ia_curl *curl = self(transport);
  const char *lacking;
  if (curl->running_count == 0)
    curl->blind = curl->sockets.fd < 0; /* no socket is watched now: try again */
  ia_transfer *transfer = take_transfer(curl, &lacking);
  if (!transfer) return lacking ? IMGACT_INTERNAL : IMGACT_NOMEM;
  uint64_t origin = origin_of(request->url);
  imgact_status status = ia_transfer_prepare(transfer, request, origin,
                                             requires_http11(curl, origin), curl->with_bundle);
  if (status == IMGACT_OK) status = run_or_wait(curl, transfer);
  if (status != IMGACT_OK) {
    put_transfer(curl, transfer);
    return status;
  }

  transfer->exchange = exchange;
  imgact_exchange_set_data(exchange, transfer);
  ia_heap_add(&curl->deadlines, &transfer->deadline, deadline_of(request));
  return IMGACT_OK;
}

static void curl_cancel(imgact_transport *transport, imgact_exchange *exchange) {
  ia_transfer *transfer = imgact_exchange_data(exchange);
  if (!transfer) return;
  imgact_exchange_set_data(exchange, NULL);
  give_up(self(transport), transfer);
  put_transfer(self(transport), transfer);
  run_waiting(self(transport));
}

/* libcurl cannot continue: ends every exchange. */
static void abandon(ia_curl *curl, CURLMcode code) {
  CURLcode result = code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;
  ia_link *const lists[] = {&curl->opening, &curl->waiting, &curl->running};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    while (!ia_list_empty(lists[i])) {
      ia_transfer *transfer = IA_ENTRY(lists[i]->next, ia_transfer, link);
      if (result == CURLE_OUT_OF_MEMORY) transfer->failure = IMGACT_FAILURE_NOMEM;
      finish(curl, transfer, result);
    }
}

static CURLMcode act_on_sockets(ia_curl *curl) {
  ia_ready ready[READY_MAX];
  size_t count = ia_sockets_ready(&curl->sockets, ready, READY_MAX);
  CURLMcode code = CURLM_OK;
  for (size_t i = 0; i < count && code == CURLM_OK; i++) {
    int mask = (ready[i].in ? CURL_CSELECT_IN : 0) | (ready[i].out ? CURL_CSELECT_OUT : 0) |
               (ready[i].broken ? CURL_CSELECT_ERR : 0);
    int running;
    code = curl_multi_socket_action(curl->multi, ready[i].socket, mask, &running);
  }
  return code;
}

static CURLMcode act_on_time(ia_curl *curl) {
  int running;
  if (curl->due_ms > now_ms()) return CURLM_OK;
  curl->due_ms = NEVER; /* before the call, which sets the next time */
  return curl_multi_socket_action(curl->multi, CURL_SOCKET_TIMEOUT, 0, &running);
}

static bool must_retry_connect(const ia_curl *curl) {
  return curl->forgetful && curl->connections.attempted;
}

static CURLMcode retry_connect(ia_curl *curl) {
  curl->connections.attempted = false; /* before the call: new attempts count */
  return ia_compat_next_address(curl->multi);
}

static CURLMcode act(ia_curl *curl) {
  int running;
  CURLMcode code = curl->sockets.fd >= 0 ? act_on_sockets(curl) : CURLM_OK;
  if (code == CURLM_OK && curl->blind) return curl_multi_perform(curl->multi, &running);
  if (code == CURLM_OK && must_retry_connect(curl)) code = retry_connect(curl);
  return code == CURLM_OK ? act_on_time(curl) : code;
}

static bool run_again(ia_curl *curl, ia_transfer *transfer, CURLcode result) {
  stop_running(curl, transfer);
  if (transfer->http11_required) remember_http11(curl, transfer->origin);
  if (!ia_transfer_again(transfer, result, transfer->deadline.due_ms - now_ms())) return false;
  if (run(curl, transfer) == IMGACT_OK) return true;
  transfer->failure = IMGACT_FAILURE_NOMEM;
  return false;
}

static void collect(ia_curl *curl) {
  int left;
  for (CURLMsg *message; (message = curl_multi_info_read(curl->multi, &left));) {
    if (message->msg != CURLMSG_DONE) continue;
    CURLcode result = message->data.result; /* the message is invalid after the handle is removed */
    ia_transfer *transfer = transfer_of(message->easy_handle);
    if (transfer && !run_again(curl, transfer, result)) finish(curl, transfer, result);
  }
}

/* After collect(): a response that was received counts, even if it is late. */
static void end_overdue(ia_curl *curl) {
  int64_t now = now_ms();
  for (ia_heap_node *first; (first = ia_heap_first(&curl->deadlines)) && first->due_ms <= now;) {
    ia_transfer *transfer = IA_ENTRY(first, ia_transfer, deadline);
    give_up(curl, transfer);
    finish(curl, transfer, CURLE_OPERATION_TIMEDOUT);
  }
}

static void deliver(ia_curl *curl) {
  while (!ia_list_empty(&curl->finished)) {
    ia_transfer *transfer = IA_ENTRY(curl->finished.next, ia_transfer, link);
    imgact_exchange *exchange = transfer->exchange;
    imgact_http_response response;
    ia_list_remove(&transfer->link); /* in no list: callbacks must not find it */
    imgact_exchange_set_data(exchange, NULL);
    ia_transfer_response(transfer, curl->headers, &response);
    imgact_exchange_finish(exchange, &response);
    put_transfer(curl, transfer);
  }
}

static void curl_dispatch(imgact_transport *transport) {
  ia_curl *curl = self(transport);
  CURLMcode code = act(curl);
  collect(curl);
  end_overdue(curl);
  if (code != CURLM_OK) abandon(curl, code);
  run_waiting(curl);
  deliver(curl);
}

static int curl_fd(imgact_transport *transport) { return self(transport)->sockets.fd; }

static int64_t next_due_ms(const ia_curl *curl) {
  const ia_heap_node *first = ia_heap_first(&curl->deadlines);
  return first && first->due_ms < curl->due_ms ? first->due_ms : curl->due_ms;
}

static int curl_timeout_ms(imgact_transport *transport) {
  ia_curl *curl = self(transport);
  int64_t due_ms = next_due_ms(curl);
  if (!ia_list_empty(&curl->finished)) return 0;
  if (curl->running_count == 0 && due_ms == NEVER) return -1;
  if (curl->blind) return BLIND_INTERVAL_MS;
  if (must_retry_connect(curl)) return 0;
  if (due_ms == NEVER) return -1;
  int64_t left = due_ms - now_ms();
  return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void curl_wakeup(imgact_transport *transport) {
  ia_curl *curl = self(transport);
  if (curl->sockets.fd >= 0) ia_sockets_wakeup(&curl->sockets);
}

static void free_list(ia_curl *curl, ia_link *list) {
  while (!ia_list_empty(list)) {
    ia_transfer *transfer = IA_ENTRY(list->next, ia_transfer, link);
    stop_running(curl, transfer);
    ia_list_remove(&transfer->link);
    ia_transfer_free(transfer);
  }
}

static void curl_destroy(imgact_transport *transport) {
  ia_curl *curl = self(transport);
  imgact_allocator allocator = curl->allocator;
  free_list(curl, &curl->opening);
  free_list(curl, &curl->waiting);
  free_list(curl, &curl->running);
  free_list(curl, &curl->finished);
  free_list(curl, &curl->idle);
  if (curl->multi)
    (void)curl_multi_cleanup(curl->multi); /* closes connections; the sockets must still exist */
  ia_connections_free(&curl->connections);
  ia_sockets_close(&curl->sockets);
  ia_authorities_free(&curl->authorities);
  if (curl->global) curl_global_cleanup();
  ia_free(&allocator, curl);
}

/* ---- construction ---- */

static const imgact_transport table = {.size = sizeof(imgact_transport),
                                       .send = curl_send,
                                       .cancel = curl_cancel,
                                       .dispatch = curl_dispatch,
                                       .fd = curl_fd,
                                       .timeout_ms = curl_timeout_ms,
                                       .wakeup = curl_wakeup,
                                       .destroy = curl_destroy};

static bool set_multi(ia_curl *curl) {
  CURLM *multi = curl->multi;
  ia_compat_set_multi(multi);
  if (set_connections_max(curl, CONNECTIONS_MIN) != CURLM_OK) return false;
  if (curl->blind) return true;
  return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
         curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, curl) == CURLM_OK &&
         curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
         curl_multi_setopt(multi, CURLMOPT_TIMERDATA, curl) == CURLM_OK;
}

/* Creates the first transfer too, so that a missing feature of libcurl is found here and not with
 * the first request. */
static imgact_status open_curl(ia_curl *curl, imgact_error *error) {
  const char *lacking = NULL;
  curl->forgetful = ia_compat_forgets_addresses();
  curl->multi = curl_multi_init();
  if (!curl->multi) return imgact_error_set(error, IMGACT_NOMEM, "out of memory");
  curl->blind = !ia_sockets_open(&curl->sockets);
  if (!set_multi(curl))
    return imgact_error_set(error, IMGACT_INTERNAL, "libcurl %s rejects an option", curl_version());
  ia_transfer *first = take_transfer(curl, &lacking);
  if (lacking)
    return imgact_error_set(error, IMGACT_INTERNAL, "%s does not support: %s", curl_version(),
                            lacking);

  if (!first) return imgact_error_set(error, IMGACT_NOMEM, "out of memory");
  put_transfer(curl, first);
  return IMGACT_OK;
}

imgact_status imgact_transport_new_curl(const imgact_allocator *allocator, const char *ca_file,
                                        imgact_transport **transport, imgact_error *error) {
  *transport = NULL;
  allocator = ia_allocator_of(allocator);
  if (!allocator) return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, IA_BAD_ALLOCATOR);
  ia_curl *curl = ia_alloc_zero(allocator, sizeof *curl);
  if (!curl) return imgact_error_set(error, IMGACT_NOMEM, "out of memory");
  curl->transport = table;
  curl->allocator = *allocator;
  curl->sockets = (ia_sockets){-1, -1, -1};
  curl->due_ms = NEVER;
  ia_list_init(&curl->opening);
  ia_list_init(&curl->waiting);
  ia_list_init(&curl->running);
  ia_list_init(&curl->finished);
  ia_list_init(&curl->idle);
  ia_connections_init(&curl->connections, &curl->allocator);
  curl->global =
      curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; /* counted; thread-safe since 7.84 */
  imgact_status status =
      curl->global ? ia_authorities_open(&curl->authorities, &curl->allocator, ca_file, error)
                   : imgact_error_set(error, IMGACT_INTERNAL, "cannot initialise libcurl");
  if (status == IMGACT_OK) status = open_curl(curl, error);
  if (status == IMGACT_OK)
    *transport = &curl->transport;
  else
    curl_destroy(&curl->transport);

  return status;
}
