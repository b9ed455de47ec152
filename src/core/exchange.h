/* SPDX-License-Identifier: MIT */
/*
 * One request with its attempts: encode, wait for a place, send, judge the reply, back off, send
 * again. What may be sent again follows from the slot and from how far the last attempt got; what
 * is left to decide is told to the owner.
 */
#ifndef IA_EXCHANGE_H
#define IA_EXCHANGE_H

#include "client.h"
#include "encode.h"
#include "request.h"
#include "result.h"

typedef enum ia_exchange_state {
  IA_EXCHANGE_IDLE,
  IA_EXCHANGE_QUEUED,    /* in the queue of the client */
  IA_EXCHANGE_ADMITTED,  /* in the outbox: it has a place */
  IA_EXCHANGE_IN_FLIGHT, /* with the transport */
  IA_EXCHANGE_BACKOFF    /* waits for its next attempt */
} ia_exchange_state;

struct ia_exchange {
  imgact_exchange base; /* first: what the transport sees */
  ia_queue_entry entry; /* in the client's queue; its link also in the outbox */
  ia_timer timer;
  imgact_client *client;
  void (*done)(ia_exchange *exchange); /* it has ended: error.status tells how; may submit it again
                                          or free it */
  bool (*admitted)(ia_exchange *exchange); /* NULL, or called when it may be sent; false: its owner
                                              has ended or freed it */
  void *owner;
  const imgact_slot *slot;
  imgact_call call;      /* its pointers are the owner's */
  imgact_result *result; /* where decode puts what came; the owner's */
  ia_arena step;         /* the request and its reply; reset before each attempt */
  imgact_request request;
  imgact_http_request http;
  imgact_header headers[4 + IA_MAX_PROVIDER_HEADERS];
  char *authorization; /* wiped */
  ia_redactor
      redactor; /* of the token in it: the client may have another one when the reply comes */
  ia_rate_limiter *rate_limiter; /* that let the attempt go; held while it has a place */
  ia_sent_request counted;       /* by it */
  ia_request_policy policy;
  ia_exchange_state state;
  int64_t sent_ms;    /* steady, of the last attempt */
  int64_t sent_at_ms; /* the same on the wall's clock */
  int32_t
      attempts; /* sends so far; the owner sets it to 0, or to what an earlier exchange used up */
  uint32_t number;
  uint32_t local;     /* filters that encode left to the core */
  bool lacks_token;   /* the token callback failed, and error is its failure */
  bool uncertain;     /* the last attempt of an unsafe request may have been applied */
  bool maybe_applied; /* some attempt of a mutation may have been */
  imgact_error error;
};

/* NULL when there is no memory. The call's strings and the result are the owner's and must outlive
 * it. */
ia_exchange *ia_exchange_new(imgact_client *client, ia_request_policy policy,
                             void (*done)(ia_exchange *), void *owner);
/* Cancels it where it is, without telling the owner, and frees it. NULL is fine. */
void ia_exchange_free(ia_exchange *exchange);
/* Sends exchange->call through its slot. Never calls done from inside. */
void ia_exchange_submit(ia_exchange *exchange, const imgact_call *call, imgact_result *result);
/* The same for one that was admitted already, for the poller. */
void ia_exchange_submit_admitted(ia_exchange *exchange, const imgact_call *call,
                                 imgact_result *result);
/* Is a mutation's effect possibly there, if the exchange were dropped now? */
bool ia_exchange_may_have_reached_server(const ia_exchange *exchange);

/* Returns the failure before the back-off that it is in; NULL = it is in none. */
const imgact_error *ia_exchange_cause(const ia_exchange *exchange);

/* For the engine: hands it to the transport. */
void ia_exchange_send(ia_exchange *exchange, const imgact_http_request **request);

#endif
