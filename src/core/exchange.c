// SPDX-License-Identifier: MIT
/*
 * Sends one request, with retries. Invariants:
 *
 * - An exchange counts towards the in-flight limit exactly while it is ADMITTED or IN_FLIGHT.
 * - done is called once for each submit, and never from inside submit.
 * - After done, the owner may free the exchange.
 */
#include "exchange.h"
#include "date.h"
#include "error_fill.h"
#include "operation.h"
#include "reply.h"
#include "retry.h"
#include "str.h"
#include "trace.h"
#include <string.h>

#define MESSAGE_BYTES     (sizeof(((imgact_error *)NULL)->message) - 128) /* room for a remark */
#define MAX_POLL_PAUSE_MS 3600000

static void on_finished(imgact_exchange *base, const imgact_http_response *http);
static void on_retry_timer(ia_timer *timer);
static void end_without_response(ia_timer *timer);

ia_exchange *ia_exchange_new(imgact_client *client, ia_request_policy policy,
                             void (*done)(ia_exchange *), void *owner) {
  ia_exchange *exchange = ia_alloc_zero(client->allocator, sizeof *exchange);
  if (!exchange) return NULL;
  exchange->base.on_finished = on_finished;
  exchange->client = client;
  exchange->policy = policy;
  exchange->done = done;
  exchange->owner = owner;
  ia_arena_init(&exchange->step, client->allocator);
  ia_request_init(&exchange->request, client->allocator);
  return exchange;
}

/* Frees the request and wipes its copy of the token. */
static void drop_request(ia_exchange *exchange) {
  if (exchange->authorization) {
    ia_wipe(exchange->authorization, strlen(exchange->authorization));
    ia_free(exchange->client->allocator, exchange->authorization);
    exchange->authorization = NULL;
  }
  ia_redactor_init(&exchange->redactor, NULL, 0, NULL);
  ia_request_free(&exchange->request);
  ia_request_init(&exchange->request, exchange->client->allocator);
  ia_arena_reset(&exchange->step);
}

static void leave_rate_limiter(ia_exchange *exchange) {
  ia_rate_limiter_unref(exchange->rate_limiter);
  exchange->rate_limiter = NULL;
}

static void release_slot(ia_exchange *exchange) {
  ia_list_remove(&exchange->entry.link);
  exchange->state = IA_EXCHANGE_IDLE;
  ia_queue_release_slot(&exchange->client->queue);
}

void ia_exchange_free(ia_exchange *exchange) {
  if (!exchange) return;

  imgact_client *client = exchange->client;
  bool left = exchange->state == IA_EXCHANGE_IN_FLIGHT,
       had_place = left || exchange->state == IA_EXCHANGE_ADMITTED;
  if (left) client->engine->abort(client->engine->outer, exchange);
  if (had_place) release_slot(exchange);
  if (exchange->rate_limiter && left)
    ia_rate_limiter_on_finished(exchange->rate_limiter, exchange->slot->rate_limit_index,
                                &exchange->counted, NULL);
  else if (exchange->rate_limiter)
    ia_rate_limiter_on_not_sent(exchange->rate_limiter, exchange->slot->rate_limit_index,
                                &exchange->counted);

  leave_rate_limiter(exchange);
  ia_timer_stop(&client->engine->timers, &exchange->timer);
  if (exchange->state == IA_EXCHANGE_QUEUED) ia_queue_remove(&client->queue, &exchange->entry);
  drop_request(exchange);
  ia_arena_free(&exchange->step);
  ia_request_free(&exchange->request);
  ia_free(client->allocator, exchange);
}

static void admit(ia_queue_entry *entry);
static void reject(ia_queue_entry *entry, int64_t wait_ms);

static void enqueue(ia_exchange *exchange) {
  ia_queue_entry *entry = &exchange->entry;
  exchange->state = IA_EXCHANGE_QUEUED;
  entry->priority = exchange->policy.priority;
  entry->quota = ia_client_quota(exchange->slot);
  entry->deadline_ms = exchange->policy.deadline_ms;
  entry->no_early_rejection = exchange->policy.no_early_rejection;
  entry->admit = admit;
  entry->reject = reject;
  ia_queue_add(&exchange->client->queue, entry);
}

/* Ends without a response from a timer that is due at once, so that the owner is not called from
 * inside its own call. */
static void end_soon(ia_exchange *exchange) {
  ia_timer_set(&exchange->client->engine->timers, &exchange->timer,
               exchange->client->engine->timers.now.mono_ms, end_without_response);
}

static void end_without_response(ia_timer *timer) {
  ia_exchange *exchange = IA_ENTRY(timer, ia_exchange, timer);
  if (exchange->error.status != IMGACT_OK && exchange->maybe_applied)
    exchange->error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
  exchange->done(exchange);
}

static void prepare(ia_exchange *exchange, const imgact_call *call, imgact_result *result) {
  exchange->call = *call;
  exchange->result = result;
  exchange->number = ++exchange->client->exchanges;
  exchange->slot = ia_client_slot(exchange->client, call->kind);
  exchange->outcome_unknown = false;
  if (!exchange->attempts) exchange->maybe_applied = false;
  ia_error_clear(&exchange->error);
}

void ia_exchange_submit(ia_exchange *exchange, const imgact_call *call, imgact_result *result) {
  prepare(exchange, call, result);
  enqueue(exchange);
}

void ia_exchange_submit_admitted(ia_exchange *exchange, const imgact_call *call,
                                 imgact_result *result) {
  prepare(exchange, call, result);
  admit(&exchange->entry);
}

/* Fails with RATE_LIMITED; this attempt was not sent. */
static void reject(ia_queue_entry *entry, int64_t wait_ms) {
  ia_exchange *exchange = IA_ENTRY(entry, ia_exchange, entry);
  imgact_error *error = &exchange->error;
  long long wait_s = wait_ms / 1000 + (wait_ms % 1000 > 0);
  exchange->state = IA_EXCHANGE_IDLE;
  if (error->status == IMGACT_OK) {
    imgact_error_set(error, IMGACT_RATE_LIMITED,
                     "rate limit reached, request not sent; next request allowed in %lld s",
                     wait_s);
    ia_str_copy(error->provider, sizeof error->provider, exchange->client->provider->name);
  } else { /* the error of the previous attempt is the cause */
    char message[MESSAGE_BYTES];
    ia_str_copy(message, sizeof message, error->message);
    ia_error_text(error, "%s (not resent: rate limit reached, next request allowed in %lld s)",
                  message, wait_s);
  }

  error->retry_after_ms = wait_ms;
  end_soon(exchange);
}

bool ia_exchange_may_have_reached_server(const ia_exchange *exchange) {
  if (exchange->maybe_applied) return true;
  return exchange->state == IA_EXCHANGE_IN_FLIGHT && strcmp(exchange->request.method, "GET") != 0;
}

const imgact_error *ia_exchange_cause(const ia_exchange *exchange) {
  if (!exchange || exchange->error.status == IMGACT_OK) return NULL;
  bool waits = exchange->state == IA_EXCHANGE_BACKOFF || exchange->state == IA_EXCHANGE_QUEUED;
  return waits ? &exchange->error : NULL;
}

int64_t ia_exchange_delayed_until_ms(const ia_exchange *exchange) {
  if (!exchange || exchange->state != IA_EXCHANGE_QUEUED) return IA_NEVER;
  return ia_queue_delayed_until_ms(&exchange->client->queue, &exchange->entry);
}

/* ---- counters ---- */

static void count_request(const ia_exchange *exchange) {
  imgact_client_counters *counters = &exchange->client->counters;
  if (ia_operations[exchange->call.kind].changes)
    counters->mutations++;
  else if (exchange->policy.is_poll)
    counters->polls++;
  else if (exchange->policy.priority == IA_PRIORITY_MUTATION)
    counters->lookups++; /* a read of a mutation */
  else
    counters->reads++;
}

static void count_response(const ia_exchange *exchange, const imgact_http_response *http) {
  imgact_client_counters *counters = &exchange->client->counters;
  bool answered = http->delivery == IMGACT_DELIVERY_ANSWERED;
  switch (answered ? http->status / 100 : 0) {
  case 0: counters->failures++; break;
  case 3: counters->responses_3xx++; break;
  case 4: counters->responses_4xx++; break;
  case 5: counters->responses_5xx++; break;
  default: counters->responses_2xx++; break;
  }
}

/* ---- request ---- */

static bool own_url(ia_exchange *exchange) {
  const imgact_request *request = &exchange->request;
  ia_buf url;
  ia_buf_init(&url, exchange->client->allocator, (size_t)256 * 1024);
  ia_buf_str(&url, exchange->client->endpoint);
  ia_buf_str(&url, ia_buf_text(&request->path));
  if (request->query.length) {
    ia_buf_char(&url, '?');
    ia_buf_str(&url, ia_buf_text(&request->query));
  }

  exchange->http.url =
      url.state == IA_BUF_OK ? ia_arena_copy(&exchange->step, ia_buf_text(&url)) : NULL;
  ia_buf_free(&url);
  return exchange->http.url != NULL;
}

/* The token's header, and the redactor of the copy in it. */
static bool own_authorization(ia_exchange *exchange, imgact_header *header) {
  imgact_client *client = exchange->client;
  const imgact_provider *provider = client->provider;
  const char *prefix = provider->auth_prefix ? provider->auth_prefix : "Bearer ";
  size_t before = strlen(prefix);
  char *text = ia_alloc_zero(client->allocator, before + client->credential.length + 1);
  if (!text) return false;
  memcpy(text, prefix, before);
  memcpy(text + before, client->credential.token, client->credential.length);
  exchange->authorization = text;
  *header = (imgact_header){provider->auth_header ? provider->auth_header : "Authorization", text};
  ia_redactor_init(&exchange->redactor, text + before, client->credential.length,
                   provider->token_prefixes);
  return true;
}

static bool own_headers(ia_exchange *exchange) {
  imgact_client *client = exchange->client;
  const char *const *more = client->provider->headers;
  size_t n = 0;
  exchange->headers[n++] = (imgact_header){"Accept", "application/json"};
  exchange->headers[n++] = (imgact_header){"User-Agent", client->user_agent};
  if (exchange->request.body)
    exchange->headers[n++] = (imgact_header){"Content-Type", "application/json"};
  if (client->credential.token && !own_authorization(exchange, &exchange->headers[n++]))
    return false;
  for (; more && more[0] && n < sizeof exchange->headers / sizeof *exchange->headers; more += 2)
    exchange->headers[n++] = (imgact_header){more[0], more[1]};
  exchange->http.headers = exchange->headers;
  exchange->http.headers_count = n;
  return true;
}

static imgact_status build(ia_exchange *exchange) {
  imgact_client *client = exchange->client;
  imgact_error *error = &exchange->error;
  drop_request(exchange);
  if (!exchange->slot)
    return imgact_error_set(error, IMGACT_UNSUPPORTED, "%s does not support '%s'",
                            client->provider->name, imgact_op_kind_name(exchange->call.kind));

  exchange->lacks_token = client->credential.error.status != IMGACT_OK;
  if (exchange->lacks_token) {
    *error = client->credential.error;
    return error->status;
  }

  imgact_status status = ia_request_encode(&exchange->request, exchange->slot, &exchange->call,
                                           client->provider, error);
  if (status != IMGACT_OK) return status;
  exchange->local_filters = exchange->request.local;
  if (exchange->request.empty) return IMGACT_OK;
  exchange->http = (imgact_http_request){.size = sizeof exchange->http,
                                         .method = exchange->request.method,
                                         .timeout_ms = client->settings.request_timeout_ms,
                                         .max_body_bytes = IA_JSON_MAX_BYTES};
  if (exchange->request.body)
    exchange->http.body =
        imgact_json_writer_finish(exchange->request.body, &exchange->http.body_bytes);

  if (!own_url(exchange) || !own_headers(exchange)) return ia_no_memory(error);
  return IMGACT_OK;
}

static void admit(ia_queue_entry *entry) {
  ia_exchange *exchange = IA_ENTRY(entry, ia_exchange, entry);
  exchange->state = IA_EXCHANGE_IDLE;
  if (exchange->admitted && !exchange->admitted(exchange)) return;
  if (build(exchange) != IMGACT_OK || exchange->request.empty) {
    end_soon(exchange);
    return;
  }

  exchange->state = IA_EXCHANGE_ADMITTED;
  ia_queue_acquire_slot(&exchange->client->queue);
  exchange->rate_limiter = ia_rate_limiter_ref(exchange->client->queue.rate_limiter);
  if (exchange->rate_limiter)
    exchange->counted =
        ia_rate_limiter_on_sent(exchange->rate_limiter, exchange->slot->rate_limit_index);

  ia_list_append(&exchange->client->engine->outbox, &exchange->entry.link);
}

static int64_t left_of(const ia_exchange *exchange) {
  int64_t deadline_ms = exchange->policy.deadline_ms;
  return deadline_ms == IA_NEVER ? IA_NEVER
                                 : deadline_ms - exchange->client->engine->timers.now.mono_ms;
}

/* Refreshes the clock, because callbacks (before_send, token, trace) may have taken any time since
 * the last tick. */
void ia_exchange_send(ia_exchange *exchange, const imgact_http_request **request) {
  ia_timers *timers = &exchange->client->engine->timers;
  ia_list_remove(&exchange->entry.link);
  exchange->state = IA_EXCHANGE_IN_FLIGHT;
  exchange->attempts++;
  count_request(exchange);
  exchange->base.transport_data = NULL;
  ia_trace_request(exchange);
  ia_timers_update_clock(timers);
  int64_t left_ms = left_of(exchange);
  if (left_ms < 1) left_ms = 1;
  if (left_ms < exchange->http.timeout_ms) exchange->http.timeout_ms = left_ms;
  exchange->sent_mono_ms = timers->now.mono_ms;
  exchange->sent_wall_ms = timers->now.wall_ms;

  *request = &exchange->http;
}

/* ---- response ---- */

static bool date_of(const imgact_http_response *http, int64_t *date_ms) {
  const char *date = ia_header(http->headers, http->headers_count, "date");
  return date && ia_date_http(date, date_ms);
}

/* Returns the API's time of a response. Retry-After dates and resets are relative to it. Without a
 * Date header it is estimated. */
static int64_t server_time_ms(const ia_exchange *exchange, const imgact_http_response *http) {
  const imgact_client *client = exchange->client;
  const ia_now *now = &client->engine->timers.now;
  int64_t date_ms;
  if (date_of(http, &date_ms)) return date_ms;
  if (!client->server_clock.known) return now->wall_ms;
  ia_time_range range = ia_server_clock_at(&client->server_clock, now->mono_ms, now->mono_ms);
  return range.least_ms + (range.most_ms - range.least_ms) / 2;
}

/* Only responses of the API itself show its clock; an error may come from a gateway. */
static void update_server_clock(ia_exchange *exchange, const imgact_http_response *http) {
  imgact_client *client = exchange->client;
  int64_t date_ms;
  if (exchange->error.status == IMGACT_OK && date_of(http, &date_ms))
    ia_server_clock_update(&client->server_clock, date_ms, exchange->sent_mono_ms,
                           client->engine->timers.now.mono_ms);
}

/* Decodes a response. Every response may report the rate limit, also an error. */
static void read_response(ia_exchange *exchange, const imgact_http_response *http,
                          int64_t server_ms, imgact_rate_limit_info *rate) {
  imgact_client *client = exchange->client;
  const ia_reply_target target = {.provider = client->provider,
                                  .slot = exchange->slot,
                                  .call = &exchange->call,
                                  .result = exchange->result,
                                  .redactor = &exchange->redactor,
                                  .allocator = client->allocator,
                                  .scratch = &exchange->step,
                                  .local_filters = exchange->local_filters};
  ia_reply_read(&target, http, server_ms, rate, &exchange->error);
  update_server_clock(exchange, http);
  client->rate_limit = rate->rate_limit;

  if (exchange->policy.rate_limit) *exchange->policy.rate_limit = rate->rate_limit;
}

/* Returns the time until the reported reset; -1 = not reported or past. A Date earlier than the
 * API's clock can be was set by a gateway, and would delay the reset by the gateway's error. */
static int64_t wait_hint_ms(const imgact_client *client, const imgact_rate_limit_info *rate,
                            int64_t server_ms) {
  int64_t ahead_ms, now_ms = client->engine->timers.now.mono_ms;
  if (client->server_clock.known) {
    int64_t least_ms = ia_server_clock_at(&client->server_clock, now_ms, now_ms).least_ms;
    if (server_ms < least_ms) server_ms = least_ms;
  }
  if (rate->next_request_at == IMGACT_NO_TIME || rate->next_request_at <= server_ms) return -1;
  return __builtin_sub_overflow(rate->next_request_at, server_ms, &ahead_ms) ? INT64_MAX : ahead_ms;
}

static ia_decision decide_retry(ia_exchange *exchange, const imgact_http_response *http,
                                int64_t wait_hint_ms) {
  imgact_client *client = exchange->client;
  ia_engine *engine = client->engine;
  ia_attempt attempt = {.method = exchange->request.method,
                        .idempotent = (exchange->slot->flags & IMGACT_SLOT_IDEMPOTENT) != 0,
                        .delivery = http->delivery,
                        .failure = http->failure,
                        .error = &exchange->error,
                        .attempts = exchange->attempts,
                        .max_attempts = exchange->policy.max_attempts,
                        .retry_budget =
                            exchange->policy.is_poll ? IA_RETRY_BUDGET : client->retry_budget,
                        .base_ms = client->settings.retry_base_ms,
                        .left_ms = left_of(exchange),
                        .wait_hint_ms = wait_hint_ms,
                        .random = ia_random(&engine->timers)};
  ia_decision decision = ia_retry(&attempt);
  /* Polls continue after a long Retry-After: the next poll comes after that time, or after one
   * hour, the period of the rate limit. */
  if (decision.action == IA_RETRY_TOO_LATE && exchange->policy.is_poll &&
      exchange->attempts < attempt.max_attempts) {
    decision.action = IA_RETRY_AFTER;
    decision.delay_ms =
        decision.asked_ms < MAX_POLL_PAUSE_MS ? decision.asked_ms : MAX_POLL_PAUSE_MS;
  }

  return decision;
}

static void on_retry_timer(ia_timer *timer) {
  ia_exchange *exchange = IA_ENTRY(timer, ia_exchange, timer);
  exchange->state = IA_EXCHANGE_IDLE;
  enqueue(exchange);
}

static void back_off(ia_exchange *exchange, const ia_decision *decision) {
  imgact_client *client = exchange->client;
  if (!exchange->policy.is_poll) client->retry_budget--;
  client->counters.retries++;
  ia_trace_retry(exchange, decision->delay_ms);
  exchange->state =
      IA_EXCHANGE_BACKOFF; /* keeps the error, which is the cause if no attempt follows */
  ia_timer_set(&client->engine->timers, &exchange->timer,
               ia_later(client->engine->timers.now.mono_ms, decision->delay_ms), on_retry_timer);
}

/* Adds to the message what the API's response does not say. */
static void add_remark(ia_exchange *exchange, const ia_decision *decision) {
  imgact_error *error = &exchange->error;
  char message[MESSAGE_BYTES];
  ia_str_copy(message, sizeof message, error->message);
  if (decision->action == IA_RETRY_BUDGET_EXHAUSTED)
    ia_error_text(error, "%s (retry budget of %d exhausted)", message, IA_RETRY_BUDGET);
  if (decision->action == IA_RETRY_TOO_LATE && error->retry_after_ms < 0)
    error->retry_after_ms = decision->asked_ms;
}

static void end(ia_exchange *exchange, const ia_decision *decision) {
  add_remark(exchange, decision);
  exchange->outcome_unknown = decision->outcome_unknown;
  if (exchange->maybe_applied) exchange->error.flags |= IMGACT_ERROR_MAYBE_APPLIED;
  ia_str_copy(exchange->error.provider, sizeof exchange->error.provider,
              exchange->client->provider->name);
  exchange->done(exchange);
}

/* The remaining count of a 429 is ignored: DigitalOcean also reports 0 when only the limit of a
 * minute is exceeded. */
static void update_rate_limiter(ia_exchange *exchange, const imgact_http_response *http,
                                const imgact_rate_limit_info *rate, int64_t ahead_ms) {
  imgact_rate_limit_info reported = *rate;
  if (!exchange->rate_limiter) return;
  uint32_t number = exchange->slot->rate_limit_index;
  if (http->delivery == IMGACT_DELIVERY_NOT_SENT) {
    ia_rate_limiter_on_not_sent(exchange->rate_limiter, number, &exchange->counted);
    return;
  }

  if (http->status == 429) reported.rate_limit.limit = -1;
  reported.next_request_at = ahead_ms < 0
                                 ? IMGACT_NO_TIME
                                 : ia_later(exchange->client->engine->timers.now.mono_ms, ahead_ms);
  bool answered = http->delivery == IMGACT_DELIVERY_ANSWERED;
  ia_rate_limiter_on_finished(exchange->rate_limiter, number, &exchange->counted,
                              answered ? &reported : NULL);
  if (answered && http->status / 100 == 2)
    ia_rate_limiter_on_served(exchange->rate_limiter, &exchange->counted);
}

static void block_rate_limiter(ia_exchange *exchange, const ia_decision *decision) {
  int64_t asked =
      exchange->error.retry_after_ms > 0 ? exchange->error.retry_after_ms : decision->delay_ms;
  if (decision->action == IA_RETRY_TOO_LATE) asked = decision->asked_ms;
  if (exchange->rate_limiter && exchange->error.status == IMGACT_RATE_LIMITED && asked > 0)
    ia_rate_limiter_block_for(exchange->rate_limiter, exchange->slot->rate_limit_index, asked);
}

/* Drops the details of an earlier attempt's error. */
static void fail_without_response(ia_exchange *exchange, const imgact_http_response *http) {
  exchange->result->details = NULL;
  ia_reply_failure(&exchange->redactor, http, &exchange->error);
}

static void on_finished(imgact_exchange *base, const imgact_http_response *http) {
  ia_exchange *exchange = IA_ENTRY(base, ia_exchange, base);
  imgact_client *client = exchange->client;
  imgact_rate_limit_info rate = {
      .size = sizeof rate, .rate_limit = ia_rate_limit_unknown, .next_request_at = IMGACT_NO_TIME};
  if (exchange->state != IA_EXCHANGE_IN_FLIGHT) return;

  ia_client_ref(client);
  release_slot(exchange);
  ia_timers_update_clock(
      &client->engine->timers); /* callbacks of other exchanges may have taken any time */
  count_response(exchange, http);
  ia_trace_response(exchange, http);
  ia_error_clear(&exchange->error);
  int64_t server_ms = server_time_ms(exchange, http);
  if (http->delivery == IMGACT_DELIVERY_ANSWERED)
    read_response(exchange, http, server_ms, &rate);
  else
    fail_without_response(exchange, http);

  int64_t ahead_ms = wait_hint_ms(client, &rate, server_ms);
  update_rate_limiter(exchange, http, &rate, ahead_ms);
  if (exchange->error.status == IMGACT_OK) {
    if (client->retry_budget < IA_RETRY_BUDGET) client->retry_budget++;
    exchange->outcome_unknown = exchange->maybe_applied = false;
    leave_rate_limiter(exchange);
    exchange->done(exchange);
  } else {
    ia_decision decision = decide_retry(exchange, http, ahead_ms);
    exchange->maybe_applied = exchange->maybe_applied || decision.maybe_applied;
    block_rate_limiter(exchange, &decision);
    leave_rate_limiter(exchange);
    if (decision.action == IA_RETRY_AFTER)
      back_off(exchange, &decision);
    else
      end(exchange, &decision);
  }

  ia_client_unref(client);
}

void imgact_exchange_finish(imgact_exchange *exchange, const imgact_http_response *response) {
  exchange->on_finished(exchange, response);
}

void imgact_exchange_set_data(imgact_exchange *exchange, void *data) {
  exchange->transport_data = data;
}

void *imgact_exchange_data(const imgact_exchange *exchange) { return exchange->transport_data; }
