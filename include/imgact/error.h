/* SPDX-License-Identifier: MIT */
/*
 * What went wrong: a status that the caller acts on, and the cloud's own words.
 * Available since 0.2 unless noted.
 */
#ifndef IMGACT_ERROR_H
#define IMGACT_ERROR_H

#include <imgact/base.h>

IMGACT_BEGIN_DECLS

/* Open: a later version may add values. docs/errors.md says what to do about each. */
typedef enum imgact_status {
  IMGACT_OK = 0,
  IMGACT_INTERNAL,         /* a bug of this library, or of a provider's table */
  IMGACT_NOMEM,            /* the allocator returned NULL; also what a NULL operation means */
  IMGACT_INVALID_ARGUMENT, /* this operation sent nothing; a resumed call may have been applied
                              earlier */
  IMGACT_UNAUTHORIZED,     /* 401 */
  IMGACT_FORBIDDEN,        /* 403 */
  IMGACT_NOT_FOUND,
  IMGACT_CONFLICT,
  IMGACT_LOCKED,
  IMGACT_PROTECTED,
  IMGACT_RATE_LIMITED,
  IMGACT_ACTION_FAILED, /* a waited action ended in error; it is among the results */
  IMGACT_TIMEOUT, /* the operation's deadline passed; what was known then is among the results */
  IMGACT_UNSUPPORTED, /* the cloud has no such operation or filter; nothing was sent */
  IMGACT_NETWORK,     /* no complete HTTP reply */
  IMGACT_TLS,         /* the other side could not prove who it is */
  IMGACT_AMBIGUOUS, /* a mutation may or may not have been applied, and looking did not settle it */
  IMGACT_UNAVAILABLE,    /* 5xx, 408, 425, maintenance */
  IMGACT_PROTOCOL,       /* a reply that is not what the operation needs */
  IMGACT_INCOMPLETE,     /* a list that cannot be shown complete */
  IMGACT_INVALID_INPUT,  /* the cloud refused the values: 400, 422, most other 4xx */
  IMGACT_LIMIT_EXCEEDED, /* a quota of the account */
  IMGACT_CANCELLED,
  IMGACT_BUSY, /* the call is not allowed here, for example imgact_op_run from a callback */
  IMGACT_END,  /* a page-by-page list has no further page: the good end */
  IMGACT_STATUS_MAX_ENUM = 0x7fffffff
} imgact_status;

/* "not_found" for IMGACT_NOT_FOUND and so on; "internal" for what is no status. Static. Any thread.
 */
IMGACT_API const char *imgact_status_name(imgact_status status);

/* Flags of an error. docs/errors.md says more. */
#define IMGACT_ERROR_MAYBE_APPLIED   0x1u /* a mutation went out, and its effect may be there */
#define IMGACT_ERROR_RETRYABLE       0x2u /* transient; retried while attempts remain */
#define IMGACT_ERROR_NOT_APPLIED     0x4u /* the cloud says that it did nothing with the request */
#define IMGACT_ERROR_ALREADY_DELETED 0x8u /* a deletion met what is deleted already */
#define IMGACT_ERROR_PUT_NOT_APPLIED                                                               \
  0x10u /* HTTP 500 that reports no change; trusted for PUT only */

/*
 * An error: no pointers, so it can be copied and kept. Texts are cut at a whole character. Empty
 * text = not told. What does not fit is in imgact_op_error_details. */
typedef struct imgact_error {
  imgact_status status;
  int32_t http_status; /* 0 where no reply came */
  uint32_t flags;      /* IMGACT_ERROR_... */
  uint32_t reserved;
  int64_t retry_after_ms; /* what the cloud asked for, -1 = nothing */
  char provider[32];
  char provider_code[64];
  char request_id[128];
  char message[512];
} imgact_error;

/* Sets a status and a message, printf-like, clears the rest. error may be NULL. Returns status. */
IMGACT_API imgact_status imgact_error_set(imgact_error *error, imgact_status status,
                                          const char *format, ...) IMGACT_PRINTF(3, 4);

IMGACT_END_DECLS

#endif
