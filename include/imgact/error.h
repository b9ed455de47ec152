/* SPDX-License-Identifier: MIT */
/*
 * Errors: status codes, and the code and message that the API returned.
 *
 * Available since 0.2 unless noted.
 */
#ifndef IMGACT_ERROR_H
#define IMGACT_ERROR_H

#include <imgact/base.h>

IMGACT_BEGIN_DECLS

/* Status of a function or an operation. Later versions may add values. docs/errors.md has the
 * remedy for each. */
typedef enum imgact_status {
  IMGACT_OK = 0,
  IMGACT_INTERNAL, /* a failure of the system, or a bug in this library, a provider or a callback */
  IMGACT_NOMEM,    /* out of memory; also the status of a NULL operation */
  IMGACT_INVALID_ARGUMENT, /* an argument or option is invalid; nothing was sent. After
                              imgact_op_resume(), the mutation may have been applied earlier */
  IMGACT_UNAUTHORIZED,     /* HTTP 401 */
  IMGACT_FORBIDDEN,        /* HTTP 403 */
  IMGACT_NOT_FOUND,        /* HTTP 404, or no such image or action */
  IMGACT_CONFLICT,         /* HTTP 409, or several images have the name */
  IMGACT_LOCKED,           /* another action of the image is running */
  IMGACT_PROTECTED,        /* the image is protected against deletion */
  IMGACT_RATE_LIMITED,     /* HTTP 429, or the rate limit outlasts the deadline */
  IMGACT_ACTION_FAILED, /* an action that the operation waited for has failed; the results contain
                           the action */
  IMGACT_TIMEOUT,     /* deadline_ms has passed; the results of a wait are the last known actions */
  IMGACT_UNSUPPORTED, /* the provider lacks the operation or filter; nothing was sent */
  IMGACT_NETWORK,     /* no complete HTTP response */
  IMGACT_TLS,         /* the server's certificate was not accepted */
  IMGACT_AMBIGUOUS,   /* outcome unknown: a mutation may or may not have been applied */
  IMGACT_UNAVAILABLE, /* HTTP 5xx, 408 or 425, maintenance */
  IMGACT_PROTOCOL,    /* unexpected response */
  IMGACT_INCOMPLETE,  /* the list changed too often while it was read, or its pages contradict each
                         other */
  IMGACT_INVALID_INPUT,  /* the API rejected the values: HTTP 400, 422, most other 4xx */
  IMGACT_LIMIT_EXCEEDED, /* quota of the account */
  IMGACT_CANCELLED,
  IMGACT_BUSY,         /* not allowed from a callback, for example imgact_op_run() */
  IMGACT_END,          /* a paged list has no further page */
  IMGACT_ALREADY_DONE, /* the API rejected a change that the image shows already */
  IMGACT_STATUS_MAX_ENUM = 0x7fffffff
} imgact_status;

/*
 * Returns the name of a status, for example "not_found" for IMGACT_NOT_FOUND.
 *
 * status  any value; an unknown one has the name "internal"
 *
 * The text is static. May be called from any thread.
 */
IMGACT_API const char *imgact_status_name(imgact_status status);

/*
 * Returns the status with that name: the inverse of imgact_status_name().
 *
 * name  such as "not_found", case-sensitive; may be NULL
 *
 * Returns IMGACT_INTERNAL for any other name. May be called from any thread.
 */
IMGACT_API imgact_status imgact_status_from_name(const char *name);

/* Flags of imgact_error: */
/* A mutation was sent and may have taken effect. */
#define IMGACT_ERROR_MAYBE_APPLIED 0x1u
/* Transient error. The library has repeated the request up to max_attempts times; the caller may
 * try again later. */
#define IMGACT_ERROR_RETRYABLE 0x2u
/* The API reports that the request had no effect. */
#define IMGACT_ERROR_NOT_APPLIED 0x4u
/* Set by a provider: the API reports that the image to delete does not exist any more. */
#define IMGACT_ERROR_ALREADY_DELETED 0x8u
/* Set by a provider: the code of an HTTP 500 response means that a PUT had no effect. */
#define IMGACT_ERROR_PUT_NOT_APPLIED 0x10u

/* Set by a provider: the API rejected the request because of another action that has not finished.
 * IMGACT_LOCKED means this, too. */
#define IMGACT_ERROR_PENDING_ACTION 0x20u

/* Error without pointers, so it can be copied and kept. Texts that are too long are cut
 * after a whole character. An empty text means "not reported". imgact_op_error_details() returns
 * further details. */
typedef struct imgact_error {
  imgact_status status;
  int32_t http_status; /* 0 = no response */
  uint32_t flags;      /* IMGACT_ERROR_... */
  uint32_t reserved;
  int64_t retry_after_ms; /* delay that the API asked for, in ms; -1 = none */
  char provider[32];      /* "hetzner" */
  char provider_code[64]; /* code of the API, "locked" */
  char request_id[128];   /* id of the request, for the support of the cloud */
  char message[512];      /* message for the user, of the API or of this library */
  char profile[64];       /* profile of the client */
} imgact_error;

/*
 * Sets the status and message of an error, and its other members to "not reported".
 *
 * error   error to set; may be NULL
 * status  new status
 * format  message, as for printf()
 *
 * Returns status. May be called from any thread.
 */
IMGACT_API imgact_status imgact_error_set(imgact_error *error, imgact_status status,
                                          const char *format, ...) IMGACT_PRINTF(3, 4);

IMGACT_END_DECLS

#endif
