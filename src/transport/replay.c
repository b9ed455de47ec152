// SPDX-License-Identifier: MIT
/* The replaying transport: answers from a cassette and sends nothing. Its clock starts with the
 * first entry and advances with the responses, never backwards, so that absolute times of the
 * responses (rate limit resets, dates) stay valid. Responses come in their recorded order, and from
 * dispatch only. */
#include "alloc.h"
#include "har.h"
#include "har_match.h"
#include "list.h"

#include <limits.h>
#include <string.h>

#define START_MS      INT64_C(1767225600000) /* 2026-01-01T00:00:00Z, if no entry has a time */
#define MAX_MISS_TEXT ((size_t)1024)

typedef struct replayer {
  imgact_transport transport; /* first: an imgact_transport pointer is converted to this type */
  imgact_allocator allocator;
  ia_har har;
  ia_match_entry *entries;
  size_t first_unused; /* all entries before it are used */
  ia_link in_flight;   /* of type pending, in the order of sending */
  uint64_t sent;
  int64_t now_ms;
} replayer;

typedef struct pending {
  ia_link link;
  imgact_exchange *exchange;
  const ia_har_entry *entry; /* NULL: no entry matches */
  ia_buf miss;               /* message if no entry matches */
  uint64_t number;
  int64_t due_ms;
  size_t max_body_bytes;
} pending;

static replayer *replayer_of(imgact_transport *transport) { return (replayer *)(void *)transport; }

/* ---- sending ---- */

/* Returns the first unused matching entry, now used. NULL: none, or (*nomem) no memory. */
static const ia_har_entry *take_entry(replayer *rep, const char *key,
                                      const imgact_http_request *request, bool *nomem) {
  for (size_t i = rep->first_unused; i < rep->har.count && !*nomem; i++) {
    ia_match_entry *entry = &rep->entries[i];
    if (entry->used || strcmp(entry->key, key) != 0) continue;
    if (!ia_match_body(entry->har, request, &rep->allocator, nomem)) continue;
    entry->used = true;
    while (rep->first_unused < rep->har.count && rep->entries[rep->first_unused].used)
      rep->first_unused++;
    return entry->har;
  }
  return NULL;
}

/* A cancelled exchange was never answered: the timeout of the request ends it, unless it is
 * cancelled again. */
static int64_t due_at(const replayer *rep, const ia_har_entry *entry, int64_t timeout_ms) {
  if (!entry) return rep->now_ms;
  if (entry->cancelled) {
    bool ends = timeout_ms > 0 && timeout_ms < INT64_MAX - rep->now_ms;
    return ends ? rep->now_ms + timeout_ms : INT64_MAX;
  }
  return (entry->started_ms == IMGACT_NO_TIME ? rep->now_ms : entry->started_ms) + entry->time_ms;
}

static bool find_answer(replayer *rep, pending *made, const imgact_http_request *request) {
  ia_arena scratch;
  ia_arena_init(&scratch, &rep->allocator);
  const char *key = ia_match_key(request->method, request->url, &scratch);
  bool nomem = !key;
  if (!nomem) made->entry = take_entry(rep, key, request, &nomem);
  if (!nomem && !made->entry)
    ia_match_describe_nearest(&made->miss, rep->entries, rep->har.count, key, request);
  ia_arena_free(&scratch);
  return !nomem;
}

static void pending_free(replayer *rep, pending *made) {
  ia_list_remove(&made->link);
  ia_buf_free(&made->miss);
  ia_free(&rep->allocator, made);
}

static imgact_status replay_send(imgact_transport *transport, const imgact_http_request *request,
                                 imgact_exchange *exchange) {
  replayer *rep = replayer_of(transport);
  pending *made = ia_alloc_zero(&rep->allocator, sizeof *made);
  if (!made) return IMGACT_NOMEM;
  ia_buf_init(&made->miss, &rep->allocator, MAX_MISS_TEXT);
  if (!find_answer(rep, made, request)) {
    pending_free(rep, made);
    return IMGACT_NOMEM;
  }

  made->exchange = exchange;
  made->number = rep->sent++;
  made->due_ms = due_at(rep, made->entry, request->timeout_ms);
  made->max_body_bytes = request->max_body_bytes;
  imgact_exchange_set_data(exchange, made);
  ia_list_append(&rep->in_flight, &made->link);
  return IMGACT_OK;
}

static void replay_cancel(imgact_transport *transport, imgact_exchange *exchange) {
  pending_free(replayer_of(transport), imgact_exchange_data(exchange));
}

/* ---- responses ---- */

static bool is_due(const replayer *rep, const pending *made) {
  bool waits = made->entry && made->entry->cancelled;
  return !waits || made->due_ms <= rep->now_ms;
}

static pending *first_due(const replayer *rep, uint64_t before) {
  pending *first = NULL;
  for (ia_link *at = rep->in_flight.next; at != &rep->in_flight; at = at->next) {
    pending *made = IA_ENTRY(at, pending, link);
    if (made->number < before && is_due(rep, made) && (!first || made->due_ms < first->due_ms))
      first = made;
  }
  return first;
}

static imgact_http_response response_to(const pending *made) {
  imgact_http_response failed = {.size = sizeof failed, .delivery = IMGACT_DELIVERY_MAYBE_SENT};
  if (!made->entry) {
    failed.delivery = IMGACT_DELIVERY_NOT_SENT;
    failed.failure = IMGACT_FAILURE_UNMATCHED;
    failed.message = ia_buf_text(&made->miss);
    return failed;
  }
  if (made->entry->cancelled) {
    failed.failure = IMGACT_FAILURE_TIMEOUT;
    return failed;
  }
  if (made->entry->response.body_bytes > made->max_body_bytes) {
    failed.failure = IMGACT_FAILURE_TOO_LARGE;
    return failed;
  }

  return made->entry->response;
}

static void replay_dispatch(imgact_transport *transport) {
  replayer *rep = replayer_of(transport);
  uint64_t before = rep->sent; /* requests sent from a callback wait for the next dispatch */
  for (pending *made; (made = first_due(rep, before));) {
    imgact_http_response response = response_to(made);
    imgact_exchange *exchange = made->exchange;
    if (made->due_ms > rep->now_ms) rep->now_ms = made->due_ms;
    ia_list_remove(&made->link);
    imgact_exchange_finish(exchange, &response);
    pending_free(rep, made);
  }
}

static int replay_fd(imgact_transport *transport) {
  (void)transport;
  return -1;
}

static int replay_timeout_ms(imgact_transport *transport) {
  const replayer *rep = replayer_of(transport);
  int64_t left_ms = INT64_MAX;
  if (first_due(rep, UINT64_MAX)) return 0;
  for (ia_link *at = rep->in_flight.next; at != &rep->in_flight; at = at->next) {
    const pending *made = IA_ENTRY(at, pending, link);
    if (made->due_ms != INT64_MAX && made->due_ms - rep->now_ms < left_ms)
      left_ms = made->due_ms - rep->now_ms;
  }
  return left_ms == INT64_MAX ? -1 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static int64_t replay_now_ms(imgact_transport *transport) { return replayer_of(transport)->now_ms; }

static void replay_advance(imgact_transport *transport, int64_t until_ms) {
  replayer *rep = replayer_of(transport);
  if (until_ms > rep->now_ms) rep->now_ms = until_ms;
}

static void replay_destroy(imgact_transport *transport) {
  replayer *rep = replayer_of(transport);
  imgact_allocator allocator = rep->allocator;
  while (!ia_list_empty(&rep->in_flight))
    pending_free(rep, IA_ENTRY(rep->in_flight.next, pending, link));
  ia_har_free(&rep->har);
  ia_free(&allocator, rep);
}

size_t imgact_replayer_unused(const imgact_transport *transport, const char **first) {
  size_t unused = 0;
  if (first) *first = NULL;
  if (!transport || transport->destroy != replay_destroy) return 0;
  const replayer *rep = (const replayer *)(const void *)transport;
  for (size_t i = rep->first_unused; i < rep->har.count; i++) unused += !rep->entries[i].used;
  if (first && unused > 0) *first = rep->entries[rep->first_unused].key;
  return unused;
}

/* ---- construction ---- */

static bool prepare(replayer *rep) {
  rep->entries = ia_arena_array(&rep->har.arena, rep->har.count, sizeof *rep->entries);
  if (!rep->entries) return false;
  for (size_t i = 0; i < rep->har.count; i++) {
    const ia_har_entry *har = &rep->har.entries[i];
    rep->entries[i] =
        (ia_match_entry){.har = har, .key = ia_match_key(har->method, har->url, &rep->har.arena)};
    if (!rep->entries[i].key) return false;
  }
  rep->now_ms = rep->har.count > 0 && rep->har.entries[0].started_ms != IMGACT_NO_TIME
                    ? rep->har.entries[0].started_ms
                    : START_MS;
  return true;
}

static replayer *new_replayer(const imgact_allocator *allocator) {
  replayer *rep = ia_alloc_zero(allocator, sizeof *rep);
  if (!rep) return NULL;

  rep->allocator = *allocator;
  ia_list_init(&rep->in_flight);
  rep->transport = (imgact_transport){.size = sizeof(imgact_transport),
                                      .send = replay_send,
                                      .cancel = replay_cancel,
                                      .dispatch = replay_dispatch,
                                      .fd = replay_fd,
                                      .timeout_ms = replay_timeout_ms,
                                      .destroy = replay_destroy,
                                      .now_ms = replay_now_ms,
                                      .advance_to = replay_advance,
                                      .flags = IMGACT_TRANSPORT_OFFLINE};
  return rep;
}

imgact_status imgact_transport_new_replayer(const char *path, const imgact_allocator *allocator,
                                            imgact_transport **transport, imgact_error *error) {
  *transport = NULL;
  allocator = ia_allocator_of(allocator);
  if (!allocator) return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, IA_BAD_ALLOCATOR);
  if (!path)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "missing path of the cassette");
  replayer *rep = new_replayer(allocator);
  if (!rep) return imgact_error_set(error, IMGACT_NOMEM, "out of memory");
  imgact_status status = ia_har_read(&rep->har, path, &rep->allocator, error);
  if (status != IMGACT_OK) {
    ia_free(allocator, rep);
    return status;
  }

  if (!prepare(rep)) {
    replay_destroy(&rep->transport);
    return imgact_error_set(error, IMGACT_NOMEM, "out of memory for cassette '%.200s'", path);
  }

  *transport = &rep->transport;
  return IMGACT_OK;
}
