/* SPDX-License-Identifier: MIT */
/*
 * Transports: they send the requests of a loop and return the responses.
 *
 * libcurl, the recorder and the replayer of cassettes (files with recorded requests and responses)
 * are transports. A program can implement its own. May change in a minor version until 1.0.
 *
 * Rules for a transport:
 *
 * - send() starts one request. It does not call imgact_exchange_finish().
 * - dispatch() does the work that is due and calls imgact_exchange_finish() exactly once for every
 *   exchange that has ended, unless the exchange was cancelled.
 * - During imgact_exchange_finish() the library may call send() and cancel(), but not dispatch()
 *   and destroy().
 * - The transport sends a request at most once and never retries. One exception: a GET, PUT or
 *   DELETE that a server rejects on HTTP/2 with HTTP_1_1_REQUIRED may be sent again over HTTP/1.1.
 *
 * Parameters of all functions, unless a function says otherwise:
 *
 * exchange   exchange as passed to send(); must not be NULL
 * allocator  copied; NULL = malloc()
 * error      set on failure; may be NULL
 *
 * Available since 0.2 unless noted.
 */
#ifndef IMGACT_TRANSPORT_H
#define IMGACT_TRANSPORT_H

#include <imgact/base.h>
#include <imgact/client.h>
#include <imgact/error.h>

IMGACT_BEGIN_DECLS

/* HTTP header. */
typedef struct imgact_header {
  const char *name; /* upper and lower case are equal */
  const char *value;
} imgact_header;

/* Request to send. Valid until its exchange has finished or was cancelled. */
typedef struct imgact_http_request {
  size_t size;
  const char *method;           /* GET, POST, PUT, PATCH or DELETE */
  const char *url;              /* absolute URL */
  const imgact_header *headers; /* includes Authorization */
  size_t headers_count;
  const char *body; /* NULL = none */
  size_t body_bytes;
  int64_t timeout_ms;    /* time for the request and its response */
  size_t max_body_bytes; /* limit of the decoded response body */
} imgact_http_request;

/* How far an exchange got. Later values mean further progress. */
typedef enum imgact_delivery {
  IMGACT_DELIVERY_NOT_SENT,   /* no byte of the request was sent */
  IMGACT_DELIVERY_MAYBE_SENT, /* the request was sent in whole or in part, no complete response */
  IMGACT_DELIVERY_ANSWERED,   /* complete response received */
  IMGACT_DELIVERY_MAX_ENUM = 0x7fffffff
} imgact_delivery;

/* Cause of a failed exchange. */
typedef enum imgact_failure {
  IMGACT_FAILURE_NONE,
  IMGACT_FAILURE_NETWORK,   /* connection refused, reset or closed, unknown host */
  IMGACT_FAILURE_TIMEOUT,   /* timeout_ms exceeded */
  IMGACT_FAILURE_TLS,       /* the server's certificate was not accepted; never retried */
  IMGACT_FAILURE_TOO_LARGE, /* max_body_bytes or the limit of the headers exceeded */
  IMGACT_FAILURE_ENCODING,  /* the response is not valid HTTP */
  IMGACT_FAILURE_UNMATCHED, /* the cassette has no such entry */
  IMGACT_FAILURE_NOMEM,
  IMGACT_FAILURE_MAX_ENUM = 0x7fffffff
} imgact_failure;

/* Result of an exchange. Needs to be valid only during imgact_exchange_finish(). Without a complete
 * response, failure is set, and status is 0. */
typedef struct imgact_http_response {
  size_t size;
  imgact_delivery delivery;
  imgact_failure failure;
  int32_t status; /* HTTP status */
  int32_t reserved;
  const imgact_header *headers;
  size_t headers_count;
  const char *body; /* without its Content-Encoding; NULL = none, or it cannot be decoded, which is
                       no failure */
  size_t body_bytes;
  const char *message; /* cause of a failure, as text; NULL = none */
} imgact_http_response;

/* Handle of one request, owned by its sender, usually the first member of a larger struct. A
 * wrapping transport passes a handle of its own to the inner transport. */
typedef struct imgact_exchange imgact_exchange;
struct imgact_exchange {
  /* Called by imgact_exchange_finish(). */
  void (*on_finished)(imgact_exchange *exchange, const imgact_http_response *response);
  void *transport_data; /* for the transport: imgact_exchange_set_data() */
  void *reserved[2];    /* NULL */
};

/*
 * Reports the result of an exchange to its sender. Called by transports, from dispatch().
 *
 * response  must not be NULL; needs to be valid only during the call
 *
 * The transport must not use the exchange afterwards.
 */
IMGACT_API void imgact_exchange_finish(imgact_exchange *exchange,
                                       const imgact_http_response *response);

/*
 * Store a pointer of the transport in an exchange, and return it.
 *
 * data  any pointer; borrowed
 *
 * imgact_exchange_data() returns NULL if no pointer has been stored.
 */
IMGACT_API void imgact_exchange_set_data(imgact_exchange *exchange, void *data);
IMGACT_API void *imgact_exchange_data(const imgact_exchange *exchange);

/* Transport. All functions must be set unless noted. */
typedef struct imgact_transport imgact_transport;
struct imgact_transport {
  size_t size; /* sizeof(imgact_transport) */
  /* Starts a request. A status other than IMGACT_OK (IMGACT_NOMEM, IMGACT_INTERNAL) means that it
   * was not sent. */
  imgact_status (*send)(imgact_transport *transport, const imgact_http_request *request,
                        imgact_exchange *exchange);
  /* Drops an exchange that has not finished, without blocking. It must not be finished afterwards.
   */
  void (*cancel)(imgact_transport *transport, imgact_exchange *exchange);
  /* Does I/O that is ready and finishes exchanges. Never blocks. */
  void (*dispatch)(imgact_transport *transport);
  /* Returns a descriptor that is readable when dispatch() has work, always the same one; -1 = none.
   */
  int (*fd)(imgact_transport *transport);
  /* Returns the ms until dispatch() must be called even if the descriptor is not readable; -1 = no
   * limit. */
  int (*timeout_ms)(imgact_transport *transport);
  /* Makes a poll() on the descriptor return. Called from any thread and from signal handlers. May
   * be NULL: a loop with work then sleeps for at most 50 ms. */
  void (*wakeup)(imgact_transport *transport);
  /* Frees the transport. Its owner calls it, after all exchanges have finished or were cancelled.
   */
  void (*destroy)(imgact_transport *transport);
  /* Clock of a transport that has its own time (cassettes, simulators), in Unix ms. NULL = the
   * system's clocks. The loop calls advance_to() instead of waiting: it sets the clock to the time
   * `until` or later. Set both or neither. */
  int64_t (*now_ms)(imgact_transport *transport);
  void (*advance_to)(imgact_transport *transport, int64_t until);
  uint32_t flags; /* IMGACT_TRANSPORT_... */
  uint32_t reserved;
};

/* Flag of imgact_transport: it sends nothing to any host, so its clients need no token. */
#define IMGACT_TRANSPORT_OFFLINE 0x1u

/*
 * Creates a libcurl transport, the default of a loop.
 *
 * ca_file    PEM file with additional trusted CA certificates; may be NULL
 * transport  receives the transport, NULL on failure
 *
 * Pass the transport to imgact_loop_new() or imgact_client_new(), which take ownership.
 *
 * Errors: IMGACT_INVALID_ARGUMENT (allocator or CA file), IMGACT_NOMEM, IMGACT_INTERNAL.
 */
IMGACT_API imgact_status imgact_transport_new_curl(const imgact_allocator *allocator,
                                                   const char *ca_file,
                                                   imgact_transport **transport,
                                                   imgact_error *error);

/*
 * Creates a transport that records every exchange of another one to a cassette (a HAR 1.2 file).
 *
 * inner      transport to record; takes ownership, also on failure; NULL = libcurl without a
 *            ca_file
 * path       file to write; must be writable
 * transport  receives the transport, NULL on failure
 *
 * Tokens are removed from the cassette. The file is replaced in one step when the transport is
 * destroyed, or by imgact_recorder_save().
 *
 * Errors: IMGACT_INVALID_ARGUMENT (the message names the path), IMGACT_NOMEM, IMGACT_INTERNAL.
 */
IMGACT_API imgact_status imgact_transport_new_recorder(imgact_transport *inner, const char *path,
                                                       const imgact_allocator *allocator,
                                                       imgact_transport **transport,
                                                       imgact_error *error);

/*
 * Writes the cassette of a recording transport now.
 *
 * transport  transport of imgact_transport_new_recorder(); also after a loop has taken ownership,
 *            until the loop is destroyed
 *
 * Errors: IMGACT_INVALID_ARGUMENT if the transport does not record; IMGACT_NOMEM; IMGACT_INTERNAL
 * if the file cannot be written or a secret could not be removed.
 */
IMGACT_API imgact_status imgact_recorder_save(imgact_transport *transport, imgact_error *error);

/*
 * Creates a transport that replays a cassette and sends nothing.
 *
 * path       file to read; must not be NULL
 * transport  receives the transport, NULL on failure
 *
 * A request gets the first unused entry with the same method, path, query and body. The host is
 * ignored. Waits take no time. A request without an entry fails; the message names the closest
 * entry.
 *
 * Errors: IMGACT_INVALID_ARGUMENT (the message names the file and the place in it), IMGACT_NOMEM.
 */
IMGACT_API imgact_status imgact_transport_new_replayer(const char *path,
                                                       const imgact_allocator *allocator,
                                                       imgact_transport **transport,
                                                       imgact_error *error);

/*
 * Returns the number of cassette entries that were not used.
 *
 * transport  transport of imgact_transport_new_replayer(); 0 is returned for any other and for NULL
 * first      receives a description of the first unused entry, NULL if there is none; may be NULL;
 *            valid as long as the transport
 */
IMGACT_API size_t imgact_replayer_unused(const imgact_transport *transport, const char **first);

IMGACT_END_DECLS

#endif
