/* SPDX-License-Identifier: MIT */
/* One request with its attempts: encodes it, waits until the in-flight limit permits it, sends it,
 * reads the response, and retries after a back-off. Whether it is retried depends on the provider's
 * slot and on how far the last attempt got. A mutation with an unknown outcome is left to the
 * owner. */
#ifndef IA_EXCHANGE_H
#define IA_EXCHANGE_H

#include "client.h"
#include "encode.h"
#include "request.h"
#include "result.h"

typedef enum ia_exchange_state {
  IA_EXCHANGE_IDLE,
  IA_EXCHANGE_QUEUED,    /* in the client's queue */
  IA_EXCHANGE_ADMITTED,  /* in the outbox; occupies a slot */
  IA_EXCHANGE_IN_FLIGHT, /* passed to the transport */
  IA_EXCHANGE_BACKOFF    /* waits for its next attempt */
} ia_exchange_state;

struct ia_exchange {
  imgact_exchange base; /* first; handle for the transport */
  ia_queue_entry entry; /* its link is also used in the outbox */
  ia_timer timer;
  imgact_client *client;
  void (*done)(ia_exchange *exchange); /* called at the end, with the result in error; may submit or
                                          free the exchange */
  bool (*admitted)(ia_exchange *exchange); /* optional, called before sending; false: the owner has
                                              ended or freed the exchange */
  void *owner;
  const imgact_slot *slot;
  imgact_call call;      /* strings borrowed from the owner */
  imgact_result *result; /* borrowed from the owner; receives the decoded objects */
  ia_arena step;         /* the request and its response; reset before each attempt */
  imgact_request request;
  imgact_http_request http;
  imgact_header headers[4 + IA_MAX_PROVIDER_HEADERS];
  char *authorization;  /* wiped when freed */
  ia_redactor redactor; /* of the token in authorization; the client's token may change before the
                           response */
  ia_rate_limiter *rate_limiter; /* that granted the attempt; NULL if none is in progress */
  ia_sent_request counted;       /* the attempt, as counted by rate_limiter */
  ia_request_policy policy;
  ia_exchange_state state;
  int64_t sent_mono_ms; /* monotonic, of the last attempt */
  int64_t sent_wall_ms; /* wall clock, of the last attempt */
  int32_t attempts;     /* attempts so far; the owner may set it */
  uint32_t number;
  uint32_t local_filters; /* filters that the provider leaves to the core */
  bool lacks_token;       /* the token callback failed; error is its error */
  bool outcome_unknown;   /* the last attempt of a request that is not idempotent may have been
                             applied */
  bool maybe_applied;     /* some attempt of a mutation may have been applied */
  imgact_error error;
};

/* Returns NULL if there is no memory. The call's strings and the result must outlive it. */
ia_exchange *ia_exchange_new(imgact_client *client, ia_request_policy policy,
                             void (*done)(ia_exchange *), void *owner);
/* Cancels the exchange in any state, without calling done, and frees it. NULL is allowed. */
void ia_exchange_free(ia_exchange *exchange);
/* Sends the call through its slot. done is never called from inside. */
void ia_exchange_submit(ia_exchange *exchange, const imgact_call *call, imgact_result *result);
/* The same for an exchange that needs no queue because its owner was admitted (poller.c). */
void ia_exchange_submit_admitted(ia_exchange *exchange, const imgact_call *call,
                                 imgact_result *result);
/* Returns true if a mutation may take effect although the exchange is freed now. */
bool ia_exchange_may_have_reached_server(const ia_exchange *exchange);

/* Returns the error of the last attempt while the exchange waits for the next; NULL otherwise. */
const imgact_error *ia_exchange_cause(const ia_exchange *exchange);

/* Returns until when the rate limit delays the request, monotonic; IA_NEVER = it does not. NULL is
 * allowed. */
int64_t ia_exchange_delayed_until_ms(const ia_exchange *exchange);

/* Called by the engine when the request is passed to the transport. */
void ia_exchange_send(ia_exchange *exchange, const imgact_http_request **request);

#endif
