/* SPDX-License-Identifier: MIT */
/*
 * The seam to the network: whoever fills this table carries requests for a loop. libcurl, the
 * cassette recorder and replayer and the tests' transports are all behind it. Extenders' tier: may
 * change in a minor version until 1.0. Available since 0.2 unless noted.
 *
 * Contract. `send` takes one request and never answers it from inside. `dispatch` does what is due
 * and hands every finished exchange to imgact_exchange_finish, exactly once, unless it was
 * cancelled before. A request is put on the wire at most once: a transport never sends it again by
 * itself. One exception: a GET, PUT or DELETE that a server refuses on HTTP/2 with
 * HTTP_1_1_REQUIRED may be sent again over HTTP/1.1.
 */
#ifndef IMGACT_TRANSPORT_H
#define IMGACT_TRANSPORT_H

#include <imgact/base.h>
#include <imgact/client.h>
#include <imgact/error.h>

IMGACT_BEGIN_DECLS

typedef struct imgact_header {
  const char *name; /* in any case */
  const char *value;
} imgact_header;

/* A request, ready to go: lives until its exchange has finished or was cancelled. */
typedef struct imgact_http_request {
  size_t size;
  const char *method;           /* GET, POST, PUT, PATCH, DELETE */
  const char *url;              /* absolute */
  const imgact_header *headers; /* Authorization among them */
  size_t headers_count;
  const char *body; /* NULL = none */
  size_t body_bytes;
  int64_t timeout_ms;
  size_t max_body_bytes; /* of the decoded reply */
} imgact_http_request;

/* How far an exchange got. The order matters: later means further. */
typedef enum imgact_delivery {
  IMGACT_DELIVERY_NOT_SENT,   /* not one byte of the request left */
  IMGACT_DELIVERY_MAYBE_SENT, /* some or all of it left, no complete reply came */
  IMGACT_DELIVERY_ANSWERED,   /* a complete reply came */
  IMGACT_DELIVERY_MAX_ENUM = 0x7fffffff
} imgact_delivery;

typedef enum imgact_failure {
  IMGACT_FAILURE_NONE,
  IMGACT_FAILURE_NETWORK,   /* refused, reset, cut, no such host */
  IMGACT_FAILURE_TIMEOUT,   /* later than timeout_ms */
  IMGACT_FAILURE_TLS,       /* the other side could not prove who it is; never tried again */
  IMGACT_FAILURE_TOO_LARGE, /* above max_body_bytes or the ceiling of the head */
  IMGACT_FAILURE_ENCODING,  /* the response is not valid HTTP */
  IMGACT_FAILURE_UNMATCHED, /* a cassette has no such entry */
  IMGACT_FAILURE_NOMEM,
  IMGACT_FAILURE_MAX_ENUM = 0x7fffffff
} imgact_failure;

/* What came of it; needs to live for the call of imgact_exchange_finish alone. */
typedef struct imgact_http_response {
  size_t size;
  imgact_delivery delivery;
  imgact_failure failure;
  int32_t status;
  int32_t reserved;
  const imgact_header *headers;
  size_t headers_count;
  const char *body; /* decoded; NULL or empty if there is none or if it cannot be decoded */
  size_t body_bytes;
  const char *message; /* of a failure, for people; NULL = none */
} imgact_http_response;

/* One exchange, as whoever sent it knows it: the core, or a transport that wraps another and puts
 * an exchange of its own in between, usually as the first member of a larger struct. A transport
 * keeps the pointer and its own data for it. */
typedef struct imgact_exchange imgact_exchange;
struct imgact_exchange {
  void (*on_finished)(imgact_exchange *exchange,
                      const imgact_http_response *response); /* what imgact_exchange_finish calls */
  void *transport_data;                                      /* of the transport that carries it */
  void *reserved[2];                                         /* NULL */
};
IMGACT_API void imgact_exchange_finish(imgact_exchange *exchange,
                                       const imgact_http_response *response);
/* A pointer of the transport's own per exchange, NULL at first. */
IMGACT_API void imgact_exchange_set_data(imgact_exchange *exchange, void *data);
IMGACT_API void *imgact_exchange_data(const imgact_exchange *exchange);

typedef struct imgact_transport imgact_transport;
struct imgact_transport {
  size_t size; /* sizeof(imgact_transport) */
  /* Starts a request. Anything but IMGACT_OK (NOMEM, INTERNAL) means that it was not taken: not
   * sent. */
  imgact_status (*send)(imgact_transport *transport, const imgact_http_request *request,
                        imgact_exchange *exchange);
  /* Forgets an exchange that has not finished; at once, without blocking; it is not finished
   * afterwards. */
  void (*cancel)(imgact_transport *transport, imgact_exchange *exchange);
  /* Does I/O that is ready and finishes exchanges. Never blocks. */
  void (*dispatch)(imgact_transport *transport);
  /* A pollable descriptor, readable when dispatch has work; -1 = none. */
  int (*fd)(imgact_transport *transport);
  /* ms until dispatch must be called even if the descriptor stays silent, -1 = never. */
  int (*timeout_ms)(imgact_transport *transport);
  /* Makes a poll on the descriptor return. From any thread and signal handlers. May be NULL; then,
   * as without a descriptor, a loop with work sleeps for 50 ms at most. */
  void (*wakeup)(imgact_transport *transport);
  void (*destroy)(imgact_transport *transport);
  /* A transport with a time of its own (cassettes, simulators) fills both: now_ms is Unix ms,
   * advance_to moves it forward to at least until instead of waiting. NULL = the system's clocks.
   */
  int64_t (*now_ms)(imgact_transport *transport);
  void (*advance_to)(imgact_transport *transport, int64_t until);
  uint32_t flags;
  uint32_t reserved;
};

#define IMGACT_TRANSPORT_OFFLINE 0x1u /* sends nothing anywhere: clients on it need no token */

/* The libcurl transport, the loop's default. ca_file may be NULL. Errors: no_memory,
 * invalid_argument, internal. */
IMGACT_API imgact_status imgact_transport_new_curl(const imgact_allocator *allocator,
                                                   const char *ca_file,
                                                   imgact_transport **transport,
                                                   imgact_error *error);

/* Wraps a transport (taken over, also on failure; NULL = libcurl without a ca_file, so for a
 * private CA wrap an imgact_transport_new_curl that has one) and writes every exchange to a HAR 1.2
 * cassette, scrubbed of secrets. The file appears, whole, when the transport is destroyed or
 * imgact_recorder_save is called; `path` is checked to be writable at once. Errors:
 * invalid_argument naming the path. */
IMGACT_API imgact_status imgact_transport_new_recorder(imgact_transport *inner, const char *path,
                                                       const imgact_allocator *allocator,
                                                       imgact_transport **transport,
                                                       imgact_error *error);
/* Writes the cassette of a recording transport now; a secret that could not be scrubbed fails it.
 */
IMGACT_API imgact_status imgact_recorder_save(imgact_transport *transport, imgact_error *error);

/* Answers from a cassette: the first unused entry of the same method, path, query and body (host
 * ignored). Waits take no time. What is unmatched fails with a text that names the nearest entry.
 * Errors: invalid_argument naming file and place. */
IMGACT_API imgact_status imgact_transport_new_replayer(const char *path,
                                                       const imgact_allocator *allocator,
                                                       imgact_transport **transport,
                                                       imgact_error *error);
/* How many entries of a replaying transport were not used; *first (may be NULL) names the first
 * one. */
IMGACT_API size_t imgact_replayer_unused(const imgact_transport *transport, const char **first);

IMGACT_END_DECLS

#endif
