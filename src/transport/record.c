// SPDX-License-Identifier: MIT
/*
 * The recording transport: passes each request to another transport and keeps a scrubbed copy of
 * the exchange, in the order of sending.
 *
 * - Headers are filtered by an allow-list, and every text is scrubbed. Bodies lack e-mail
 * addresses, passwords and user data.
 * - The final text is searched for secrets again before it is written. A recording that may contain
 * one is not saved.
 * - The file replaces an older one atomically.
 */
#include "alloc.h"
#include "arena.h"
#include "har.h"
#include "har_file.h"
#include "har_scrub.h"
#include "list.h"
#include "redact_members.h"
#include "str.h"
#include "token.h"
#include "transport_check.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const kept_of_request[] = {"accept", "content-type", "user-agent", NULL};
/* A name that ends in "-" matches all headers that start with it. */
static const char *const kept_of_response[] = {
    "content-type",     "date",         "etag", "link", "ratelimit-", "retry-after",
    "x-correlation-id", "x-request-id", NULL};

typedef struct recorder {
  imgact_transport transport; /* first: an imgact_transport pointer is converted to this type */
  imgact_transport *inner;
  imgact_allocator allocator;
  char *path;
  ia_arena arena;  /* the recorded exchanges and their strings */
  ia_link entries; /* of type recorded */
  ia_scrub scrub;
  size_t kept_bytes;
  imgact_status broken; /* why the recording is incomplete */
  const char *broken_why;
  bool unsaved;
} recorder;

typedef struct recorded {
  imgact_exchange exchange; /* first; passed to the inner transport */
  imgact_exchange *outer;   /* NULL after its end */
  recorder *owner;
  ia_link link;
  ia_har_entry entry;
  size_t secrets; /* number of known tokens when the texts were scrubbed */
  int64_t ticks_ms;
} recorded;

static recorder *recorder_of(imgact_transport *transport) { return (recorder *)(void *)transport; }

static void mark_broken(recorder *rec, imgact_status status, const char *why) {
  if (rec->broken != IMGACT_OK) return;
  rec->broken = status;
  rec->broken_why = why;
}

/* ---- time ---- */

static int64_t clock_ms(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) return 0;
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t now_ms(const recorder *rec) {
  return rec->inner->now_ms ? rec->inner->now_ms(rec->inner) : clock_ms(CLOCK_REALTIME);
}

static int64_t ticks_ms(const recorder *rec) {
  return rec->inner->now_ms ? rec->inner->now_ms(rec->inner) : clock_ms(CLOCK_MONOTONIC);
}

/* ---- copies of texts ---- */

/* Appends the text without secrets. Of a body, members are hidden by their key, too: after the
 * tokens are removed, so that no released memory has them. */
static void scrub(recorder *rec, ia_buf *out, const char *text, size_t length, bool is_body) {
  if (!is_body) {
    ia_scrub_text(&rec->scrub, out, text, length);
    return;
  }
  ia_buf scrubbed;
  ia_buf_init(&scrubbed, out->allocator, IA_HAR_MAX_BYTES);
  ia_scrub_text(&rec->scrub, &scrubbed, text, length);
  if (scrubbed.state == IA_BUF_OK)
    ia_redact_members(out, ia_buf_text(&scrubbed), scrubbed.length);
  else
    out->state = scrubbed.state;
  ia_buf_free(&scrubbed);
}

/* Returns a scrubbed copy. If there is no room, returns "" and marks the recording as broken. */
static const char *keep(recorder *rec, const char *text, size_t length, bool is_body,
                        size_t *kept) {
  const char *copy = "";
  ia_buf clean;
  *kept = 0;
  ia_buf_init(&clean, &rec->allocator, IA_HAR_MAX_BYTES - rec->kept_bytes);
  scrub(rec, &clean, text, length, is_body);
  if (clean.state == IA_BUF_OK) {
    const char *made = ia_arena_copy_n(&rec->arena, ia_buf_text(&clean), clean.length);
    if (!made) clean.state = IA_BUF_NOMEM;
    if (made) copy = made;
  }

  if (clean.state == IA_BUF_OK) {
    *kept = clean.length;
    rec->kept_bytes += clean.length;
  }

  if (clean.state == IA_BUF_NOMEM) mark_broken(rec, IMGACT_NOMEM, "out of memory");
  if (clean.state == IA_BUF_FULL) mark_broken(rec, IMGACT_INTERNAL, "larger than 256 MiB");
  ia_buf_free(&clean);
  return copy;
}

static const char *keep_string(recorder *rec, const char *text) {
  size_t kept;
  return text ? keep(rec, text, strlen(text), false, &kept) : NULL;
}

static bool is_listed(const char *const *list, const char *name) {
  for (; *list; list++) {
    size_t length = strlen(*list);
    bool family = (*list)[length - 1] == '-';
    if (strncasecmp(*list, name, length) == 0 && (family || name[length] == '\0')) return true;
  }
  return false;
}

static const imgact_header *keep_headers(recorder *rec, const char *const *list,
                                         const imgact_header *from, size_t from_count,
                                         size_t *count) {
  size_t listed = 0;
  for (size_t i = 0; i < from_count; i++) listed += is_listed(list, from[i].name);
  imgact_header *kept = ia_arena_array(&rec->arena, listed, sizeof *kept);
  *count = 0;
  if (!kept) mark_broken(rec, IMGACT_NOMEM, "out of memory");
  for (size_t i = 0; kept && i < from_count; i++) {
    if (!is_listed(list, from[i].name)) continue;
    kept[(*count)++] =
        (imgact_header){keep_string(rec, from[i].name), keep_string(rec, from[i].value)};
  }
  return kept;
}

/* Adds the credentials of the request, without the name of their scheme, to the scrubber. */
static bool learn_secrets(recorder *rec, const imgact_http_request *request) {
  for (size_t i = 0; i < request->headers_count; i++) {
    const imgact_header *header = &request->headers[i];
    if (!ia_token_header(header->name)) continue;
    const char *space = strchr(header->value, ' ');
    const char *token = space ? space + strspn(space, " ") : header->value;
    ia_scrub_status status = ia_scrub_add(&rec->scrub, token, strlen(token));
    if (status == IA_SCRUB_NOMEM) return false;
    if (status == IA_SCRUB_TOO_MANY) mark_broken(rec, IMGACT_INTERNAL, "too many different tokens");
  }
  return true;
}

/* ---- exchanges ---- */

static void keep_request(recorder *rec, ia_har_entry *entry, const imgact_http_request *request) {
  entry->method = keep_string(rec, request->method);
  entry->url = keep_string(rec, request->url);
  entry->headers = keep_headers(rec, kept_of_request, request->headers, request->headers_count,
                                &entry->headers_count);
  if (request->body)
    entry->body = keep(rec, request->body, request->body_bytes, true, &entry->body_bytes);
}

static void keep_response(recorder *rec, ia_har_entry *entry, const imgact_http_response *from) {
  imgact_http_response *to = &entry->response;
  to->delivery = from->delivery;
  to->failure = from->failure;
  to->status = from->delivery == IMGACT_DELIVERY_ANSWERED ? from->status : 0;
  to->message = keep_string(rec, from->message);
  to->headers =
      keep_headers(rec, kept_of_response, from->headers, from->headers_count, &to->headers_count);
  if (from->body) to->body = keep(rec, from->body, from->body_bytes, true, &to->body_bytes);
}

static void on_finished(imgact_exchange *exchange, const imgact_http_response *response) {
  recorded *made = (recorded *)(void *)exchange;
  recorder *rec = made->owner;
  made->entry.time_ms = ticks_ms(rec) - made->ticks_ms;
  made->entry.cancelled = false;
  keep_response(rec, &made->entry, response);
  imgact_exchange *outer = made->outer;
  made->outer = NULL;
  imgact_exchange_finish(outer, response);
}

/* An exchange counts as cancelled until it has finished. */
static recorded *remember(recorder *rec, const imgact_http_request *request,
                          imgact_exchange *outer) {
  recorded *made = ia_arena_alloc(&rec->arena, sizeof *made);
  if (!made) return NULL;

  *made = (recorded){.exchange = {.on_finished = on_finished},
                     .outer = outer,
                     .owner = rec,
                     .secrets = rec->scrub.count};
  made->entry.started_ms = now_ms(rec);
  made->entry.response = (imgact_http_response){.size = sizeof made->entry.response,
                                                .delivery = IMGACT_DELIVERY_MAYBE_SENT};
  made->entry.cancelled = true;
  made->ticks_ms = ticks_ms(rec);
  keep_request(rec, &made->entry, request);
  return made;
}

static imgact_status record_send(imgact_transport *transport, const imgact_http_request *request,
                                 imgact_exchange *exchange) {
  recorder *rec = recorder_of(transport);
  recorded *made = learn_secrets(rec, request) ? remember(rec, request, exchange) : NULL;
  if (!made) return IMGACT_NOMEM;
  imgact_status status = rec->inner->send(rec->inner, request, &made->exchange);
  if (status != IMGACT_OK) return status;
  imgact_exchange_set_data(exchange, made);
  ia_list_append(&rec->entries, &made->link);
  rec->unsaved = true;
  return IMGACT_OK;
}

static void record_cancel(imgact_transport *transport, imgact_exchange *exchange) {
  recorder *rec = recorder_of(transport);
  recorded *made = imgact_exchange_data(exchange);
  made->entry.time_ms = ticks_ms(rec) - made->ticks_ms;
  made->outer = NULL;
  rec->inner->cancel(rec->inner, &made->exchange);
}

static void record_dispatch(imgact_transport *transport) {
  imgact_transport *inner = recorder_of(transport)->inner;
  inner->dispatch(inner);
}

static int record_fd(imgact_transport *transport) {
  imgact_transport *inner = recorder_of(transport)->inner;
  return inner->fd(inner);
}

static int record_timeout_ms(imgact_transport *transport) {
  imgact_transport *inner = recorder_of(transport)->inner;
  return inner->timeout_ms(inner);
}

static void record_wakeup(imgact_transport *transport) {
  imgact_transport *inner = recorder_of(transport)->inner;
  inner->wakeup(inner);
}

static int64_t record_now_ms(imgact_transport *transport) { return now_ms(recorder_of(transport)); }

static void record_advance(imgact_transport *transport, int64_t until_ms) {
  imgact_transport *inner = recorder_of(transport)->inner;
  inner->advance_to(inner, until_ms);
}

/* ---- saving ---- */

static imgact_status cannot_write(const recorder *rec, imgact_status status, imgact_error *error,
                                  const char *why) {
  return imgact_error_set(error, status, "cannot write cassette '%.200s': %s", rec->path, why);
}

/* Scrubs the texts again if a token became known after they were kept. */
static void rescrub(recorder *rec, recorded *made) {
  ia_har_entry *entry = &made->entry;
  imgact_http_request request = {.method = entry->method,
                                 .url = entry->url,
                                 .headers = entry->headers,
                                 .headers_count = entry->headers_count,
                                 .body = entry->body,
                                 .body_bytes = entry->body_bytes};
  imgact_http_response response = entry->response;
  keep_request(rec, entry, &request);
  keep_response(rec, entry, &response);
  made->secrets = rec->scrub.count;
}

static imgact_status write_entry(recorder *rec, recorded *made, imgact_json_writer *writer,
                                 ia_har_file *file, imgact_error *error) {
  size_t length = 0;
  if (made->secrets < rec->scrub.count) rescrub(rec, made);
  if (rec->broken != IMGACT_OK) return cannot_write(rec, rec->broken, error, rec->broken_why);
  const char *text = ia_har_write(writer, &made->entry, &rec->allocator, &length);
  if (!text) return cannot_write(rec, IMGACT_NOMEM, error, "out of memory");
  if (ia_scrub_leaks(&rec->scrub, text, length)) {
    return cannot_write(rec, IMGACT_INTERNAL, error, "a secret could not be removed");
  }
  if (!ia_har_file_add(file, text, length))
    return cannot_write(rec, IMGACT_INTERNAL, error, file->why);
  return IMGACT_OK;
}

static imgact_status write_entries(recorder *rec, ia_har_file *file, imgact_error *error) {
  imgact_status status = IMGACT_OK;
  imgact_json_writer *writer = imgact_json_writer_new(&rec->allocator, 2);
  for (ia_link *at = rec->entries.next; status == IMGACT_OK && at != &rec->entries; at = at->next) {
    status = write_entry(rec, IA_ENTRY(at, recorded, link), writer, file, error);
  }
  imgact_json_writer_free(writer);
  return status;
}

static imgact_status save(recorder *rec, imgact_error *error) {
  ia_har_file file;
  /* A command that sent no request does not replace an existing cassette. */
  if (ia_list_empty(&rec->entries) && access(rec->path, F_OK) == 0) return IMGACT_OK;

  imgact_status status = IMGACT_OK;
  if (!ia_har_file_open(&file, rec->path, &rec->allocator)) {
    status = cannot_write(rec, file.no_memory ? IMGACT_NOMEM : IMGACT_INTERNAL, error, file.why);
  }

  if (status == IMGACT_OK) status = write_entries(rec, &file, error);
  if (status == IMGACT_OK && !ia_har_file_commit(&file))
    status = cannot_write(rec, IMGACT_INTERNAL, error, file.why);
  ia_har_file_abandon(&file);
  if (status == IMGACT_OK) rec->unsaved = false;
  return status;
}

static void record_destroy(imgact_transport *transport) {
  recorder *rec = recorder_of(transport);
  imgact_allocator allocator = rec->allocator;
  if (rec->unsaved) save(rec, NULL);
  if (rec->inner) rec->inner->destroy(rec->inner);
  ia_scrub_free(&rec->scrub);
  ia_arena_free(&rec->arena);
  ia_free(&allocator, rec->path);
  ia_free(&allocator, rec);
}

imgact_status imgact_recorder_save(imgact_transport *transport, imgact_error *error) {
  if (!transport || transport->destroy != record_destroy) {
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "not a recording transport");
  }
  return save(recorder_of(transport), error);
}

/* ---- construction ---- */

static void fill_table(recorder *rec) {
  rec->transport = (imgact_transport){.size = sizeof(imgact_transport),
                                      .send = record_send,
                                      .cancel = record_cancel,
                                      .dispatch = record_dispatch,
                                      .fd = record_fd,
                                      .timeout_ms = record_timeout_ms,
                                      .wakeup = rec->inner->wakeup ? record_wakeup : NULL,
                                      .destroy = record_destroy,
                                      .now_ms = rec->inner->now_ms ? record_now_ms : NULL,
                                      .advance_to = rec->inner->advance_to ? record_advance : NULL,
                                      .flags = rec->inner->flags};
}

/* Checks that the file can be written, without changing an existing one. */
static imgact_status check_path(const recorder *rec, imgact_error *error) {
  ia_har_file file;
  imgact_status status = IMGACT_OK;
  if (!ia_har_file_open(&file, rec->path, &rec->allocator)) {
    status =
        cannot_write(rec, file.no_memory ? IMGACT_NOMEM : IMGACT_INVALID_ARGUMENT, error, file.why);
  }
  ia_har_file_abandon(&file);
  return status;
}

static recorder *new_recorder(const imgact_allocator *allocator, const char *path) {
  recorder *rec = ia_alloc_zero(allocator, sizeof *rec);
  if (!rec) return NULL;
  rec->allocator = *allocator;
  rec->path = ia_strdup(allocator, path);
  ia_arena_init(&rec->arena, &rec->allocator);
  ia_list_init(&rec->entries);
  ia_scrub_init(&rec->scrub, &rec->allocator);
  rec->unsaved = true;
  if (rec->path) return rec;
  ia_free(allocator, rec);
  return NULL;
}

/* Checks the path, then creates the inner transport if none was given. */
static imgact_status complete(recorder *rec, imgact_transport *inner, imgact_error *error) {
  imgact_status status = check_path(rec, error);
  if (status == IMGACT_OK && !inner)
    status = imgact_transport_new_curl(&rec->allocator, NULL, &inner, error);
  if (status == IMGACT_OK) {
    rec->inner = inner;
    fill_table(rec);
  }
  return status;
}

static imgact_status make(imgact_transport *inner, const char *path,
                          const imgact_allocator *allocator, recorder **made, imgact_error *error) {
  allocator = ia_allocator_of(allocator);
  if (!allocator) return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, IA_BAD_ALLOCATOR);
  if (!path)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "missing path of the recording");
  if (inner && !ia_transport_is_valid(inner)) {
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "invalid transport to record: set all required members and size");
  }

  recorder *rec = new_recorder(allocator, path);
  if (!rec) return imgact_error_set(error, IMGACT_NOMEM, "out of memory");
  imgact_status status = complete(rec, inner, error);
  if (status == IMGACT_OK) {
    *made = rec;
    return status;
  }

  rec->unsaved = false;
  record_destroy(&rec->transport);
  return status;
}

imgact_status imgact_transport_new_recorder(imgact_transport *inner, const char *path,
                                            const imgact_allocator *allocator,
                                            imgact_transport **transport, imgact_error *error) {
  recorder *rec = NULL;
  imgact_status status = make(inner, path, allocator, &rec, error);
  *transport = rec ? &rec->transport : NULL;
  if (!rec && inner && inner->destroy) inner->destroy(inner);
  return status;
}
