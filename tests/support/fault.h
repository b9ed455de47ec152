/* SPDX-License-Identifier: MIT */
/*
 * A transport that wraps another and lets one exchange, the k-th, go wrong:
 *
 *   for (size_t k = 1; ; k++) {
 *     fault fault = {.exchange = k, .kind = FAULT_LOST_REPLY};
 *     ... run the scenario on fault_wrap(scripted_transport(script), &fault) ...
 *     if (!fault.struck) break;
 *   }
 */
#ifndef FAULT_H
#define FAULT_H

#include <imgact/transport.h>
#include <stdbool.h>

typedef enum fault_kind {
  FAULT_REFUSED,      /* send itself returns NOMEM */
  FAULT_NOT_SENT,     /* the other side never heard of it, and that is certain */
  FAULT_LOST_REQUEST, /* the other side never heard of it, but that can not be known */
  FAULT_LOST_REPLY,   /* it had its effect, the response is lost */
  FAULT_CUT_BODY      /* the response body ends at byte cut_at */
} fault_kind;

typedef struct fault {
  size_t exchange; /* which one, from 1; 0 = none */
  size_t in_a_row; /* and how many after it too; 0 = that one alone */
  fault_kind kind;
  imgact_failure failure; /* NONE = NETWORK */
  size_t cut_at;

  size_t exchanges;  /* how many there were */
  bool struck;       /* the fault happened; of a cut: the body was longer */
  size_t body_bytes; /* of the response to be cut */
} fault;

/* Takes the inner transport over; `plan` must outlive the result. */
imgact_transport *fault_wrap(imgact_transport *inner, fault *plan);

#endif
