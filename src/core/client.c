// SPDX-License-Identifier: MIT
/* What the operations of one provider and token share: places for requests, retry tokens, the cloud's clock, claims. */
#include "client.h"
#include "error_fill.h"
#include "exchange.h"
#include "str.h"
#include "trace.h"
#include <string.h>

static ia_settings settings_of(const imgact_client_options *o) {
  return (ia_settings){.request_timeout_ms = o->request_timeout_ms > 0 ? o->request_timeout_ms : 30000,
                       .retry_base_ms = o->retry_base_ms > 0 ? o->retry_base_ms : 1000,
                       .poll_interval_ms = o->poll_interval_ms > 0 ? o->poll_interval_ms : 0,
                       .settle_ms = o->settle_ms > 0 ? o->settle_ms : 10000,
                       .max_attempts = o->max_attempts > 0 ? o->max_attempts : 5,
                       .max_poll_attempts = o->max_attempts > 0 ? o->max_attempts : 9,
                       .concurrency = o->concurrency > 0 ? o->concurrency : 8,
                       .reserve_percent = o->rate_limit_reserve_percent};
}

static char *user_agent(const imgact_allocator *allocator, const char *app) {
  ia_buf text;
  ia_buf_init(&text, allocator, 512);
  if (app && *app) ia_buf_printf(&text, "%s ", app);
  ia_buf_str(&text, "imgact/" IMGACT_VERSION_STRING);
  char *copy = ia_buf_text(&text) ? ia_strdup(allocator, ia_buf_text(&text)) : NULL;
  ia_buf_free(&text);
  return copy;
}

bool ia_client_init(imgact_client *client, ia_engine *engine, const imgact_provider *provider, const char *endpoint,
                    const imgact_client_options *options) {
  *client = (imgact_client){.engine = engine,
                            .allocator = engine->allocator,
                            .provider = provider,
                            .references = 1,
                            .token_callback = options->token_callback,
                            .token_user_data = options->token_user_data,
                            .settings = settings_of(options),
                            .trace = options->trace,
                            .trace_user_data = options->trace_user_data,
                            .retry_tokens = IA_RETRY_TOKENS,
                            .rate = ia_rate_limit_unknown};
  for (size_t priority = 0; priority < IA_PRIORITIES; priority++)
    for (size_t quota = 0; quota < IA_QUOTAS; quota++) ia_list_init(&client->queues[priority][quota]);
  for (size_t i = 0; i < IA_MUTATION_LISTS; i++) ia_list_init(&client->mutations[i]);
  ia_poller_init(&client->poller);
  ia_claims_init(&client->claims, client->allocator, ia_random_word(&engine->timers), ia_random_word(&engine->timers));
  ia_redactor_init(&client->redactor, NULL, 0, NULL);
  client->user_agent = user_agent(client->allocator, options->application);
  client->endpoint = ia_strdup(client->allocator, endpoint);
  if (client->endpoint)
    for (size_t n = strlen(client->endpoint); n && client->endpoint[n - 1] == '/'; n--) client->endpoint[n - 1] = '\0';
  if (!client->user_agent || !client->endpoint) return false;
  ia_client_join_rate_limiter(client);
  return true;
}

static void drop_token(imgact_client *client) {
  if (client->token) ia_wipe(client->token, client->token_length);
  ia_free(client->allocator, client->token);
  client->token = NULL;
  client->token_length = 0;
}

imgact_status ia_client_set_token(imgact_client *client, const char *token, size_t length, imgact_error *error) {
  static const char blanks[] = " \t\r\n";
  while (length && strchr(blanks, token[0]) && token[0]) token++, length--;
  while (length && token[length - 1] && strchr(blanks, token[length - 1])) length--;
  if (!length) return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "the token is empty");
  if (length >= IA_TOKEN_MAX_BYTES)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "the token is longer than %d bytes", IA_TOKEN_MAX_BYTES - 1);
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)token[i] < 0x20 || (unsigned char)token[i] > 0x7e)
      return imgact_error_set(
          error, IMGACT_INVALID_ARGUMENT,
          "the token has a character that cannot be part of one (byte %zu): was it copied whole, and once?", i + 1);
  char *copy = ia_alloc_zero(client->allocator, length + 1);
  if (!copy) return ia_no_memory(error);
  memcpy(copy, token, length);
  drop_token(client);
  client->token = copy;
  client->token_length = length;
  ia_redactor_init(&client->redactor, copy, length, client->provider->token_prefixes);
  ia_client_join_rate_limiter(client);
  return IMGACT_OK;
}

/* Asked for before every request, since a callback may have a new one: and before the governor is asked, since each token
 * may send what it may. */
static imgact_status refresh_token(imgact_client *client, imgact_error *error) {
  if (!client->token_callback) return IMGACT_OK;
  char text[IA_TOKEN_MAX_BYTES];
  size_t length = 0;
  imgact_status status = ia_hook_status(client->token_callback(client->token_user_data, text, sizeof text, &length));
  if (status != IMGACT_OK)
    imgact_error_set(error, status, "the token callback gave no token");
  else if (length > sizeof text)
    status = imgact_error_set(error, IMGACT_INTERNAL, "the token callback overran its buffer");
  else if (!client->token || client->token_length != length || memcmp(client->token, text, length) != 0)
    status = ia_client_set_token(client, text, length, error);
  ia_wipe(text, sizeof text);
  return status;
}

void ia_client_clear(imgact_client *client) {
  ia_list_remove(&client->pump);
  ia_list_remove(&client->held);
  ia_rate_limiter_unref(client->rate_limiter);
  drop_token(client);
  ia_free(client->allocator, client->user_agent);
  ia_free(client->allocator, client->endpoint);
  ia_claims_free(&client->claims);
}

void ia_client_hold(imgact_client *client) { client->references++; }

void ia_client_drop(imgact_client *client) {
  if (--client->references == 0) client->released(client);
}

const imgact_slot *ia_client_slot(const imgact_client *client, imgact_op_kind kind) {
  const imgact_provider *p = client->provider;
  if ((size_t)kind >= p->slots_count) return NULL;
  const imgact_slot *slot = (const imgact_slot *)(const void *)((const char *)p->slots + p->slots_stride * (size_t)kind);
  return slot->encode ? slot : NULL;
}

void ia_client_pump(imgact_client *client) {
  if (!ia_linked(&client->pump)) ia_list_append(&client->engine->pump, &client->pump);
}

/* Clients that send with one token share what it may send: the key is a hash, never the token. */
void ia_client_join_rate_limiter(imgact_client *client) {
  uint64_t key = ia_hash(client->provider->name, strlen(client->provider->name));
  key = key * 31 + ia_hash(client->endpoint, strlen(client->endpoint));
  if (client->token) key = key * 31 + ia_hash(client->token, client->token_length);
  if (client->rate_limiter && client->rate_limiter->key == key) return;
  ia_list_remove(&client->held);
  ia_rate_limiter_unref(client->rate_limiter);
  client->rate_limiter = ia_rate_limiter_acquire(client->engine, key);
}

static uint32_t budget_of(const imgact_slot *slot) {
  return slot && slot->rate_limit_index < IA_QUOTAS ? slot->rate_limit_index : 0;
}

void ia_client_enqueue(imgact_client *client, ia_priority priority, const imgact_slot *slot, ia_link *exchange) {
  ia_list_append(&client->queues[priority][budget_of(slot)], exchange);
  ia_client_pump(client);
}

/* Of watches that are due a request is made when it can go. */
static bool is_waiting(const imgact_client *client, size_t priority, uint32_t quota) {
  if (!ia_list_empty(&client->queues[priority][quota])) return true;
  return priority == IA_PRIORITY_POLL && !ia_list_empty(&client->poller.due) &&
         quota == budget_of(ia_client_slot(client, IMGACT_OP_WAIT_ACTIONS));
}

static bool anything_waits(const imgact_client *client) {
  bool any = !ia_list_empty(&client->poller.due);
  for (size_t priority = 0; priority < IA_PRIORITIES; priority++)
    for (uint32_t quota = 0; quota < IA_QUOTAS; quota++) any = any || !ia_list_empty(&client->queues[priority][quota]);
  return any;
}

static ia_permit ask_leave(imgact_client *client, size_t priority, uint32_t quota) {
  double reserve = (double)client->settings.reserve_percent / 100.0;
  if (!client->rate_limiter) return (ia_permit){.kind = IA_PERMIT_GRANTED};
  return ia_rate_limiter_request_permit(client->rate_limiter, quota, priority, reserve);
}

static void send_first(imgact_client *client, size_t priority, uint32_t quota) {
  ia_link *waiting = &client->queues[priority][quota];
  if (!ia_list_empty(waiting) || ia_poller_next(client)) ia_exchange_ready(IA_ENTRY(waiting->next, ia_exchange, link));
  ia_client_pump(client);
}

/* Who can only be late is told at once: a request that may go after its deadline alone, and every one while the cloud wants
 * a longer pause than anybody would wait for. Patient ones stay: a wait has its last state to tell, and a lost answer that
 * is being looked into is worth more than the time. */
static void refuse_late(imgact_client *client, size_t priority, uint32_t quota, const ia_permit *leave) {
  int64_t now_ms = client->engine->timers.now.mono_ms;
  ia_link *waiting = &client->queues[priority][quota];
  for (ia_link *at = waiting->next, *next; at != waiting; at = next) {
    ia_exchange *exchange = IA_ENTRY(at, ia_exchange, link);
    next = at->next;
    if (exchange->policy.no_early_rejection) continue;
    if (leave->kind == IA_PERMIT_REJECTED)
      ia_exchange_refuse(exchange, leave->asked_ms);
    else if (exchange->policy.deadline_ms < leave->until_ms)
      ia_exchange_refuse(exchange, leave->until_ms - now_ms);
  }
}

static void hold_back(imgact_client *client, int64_t until_ms) {
  int64_t delay = until_ms - client->engine->timers.now.mono_ms;
  if (!ia_linked(&client->held)) ia_trace_text(client, IMGACT_TRACE_THROTTLE, delay, 0, "held back for the rate limit");
  ia_rate_limiter_wake_at(client->rate_limiter, &client->held, until_ms);
}

/* Mutations first, then polls, then lists: a long list never keeps somebody waiting for the end of an action. Within a lane
 * the budgets take turns, and one that is used up holds back its own alone. One request a turn, so that the clients of a
 * loop take turns, too. */
void ia_client_run(imgact_client *client) {
  int64_t until_ms = IA_NEVER;
  if (client->in_flight >= client->settings.concurrency || !anything_waits(client)) return;
  ia_error_clear(&client->token_error);
  (void)refresh_token(client, &client->token_error);
  for (size_t priority = 0; priority < IA_PRIORITIES; priority++)
    for (uint32_t i = 0; i < IA_QUOTAS; i++) {
      uint32_t quota = (client->next_quota[priority] + i) % IA_QUOTAS;
      if (!is_waiting(client, priority, quota)) continue;
      ia_permit leave = ask_leave(client, priority, quota);
      if (leave.kind == IA_PERMIT_GRANTED) {
        client->next_quota[priority] = quota + 1;
        ia_client_hold(client); /* before_send may free the last operation */
        send_first(client, priority, quota);
        ia_client_drop(client);
        return;
      }
      if (leave.kind != IA_PERMIT_CHECK_LATER) refuse_late(client, priority, quota, &leave);
      if (is_waiting(client, priority, quota) && leave.until_ms < until_ms) until_ms = leave.until_ms;
    }
  if (until_ms != IA_NEVER) hold_back(client, until_ms);
}

int imgact_client_supports(const imgact_client *client, imgact_op_kind kind) {
  return client && ia_client_slot(client, kind);
}

const char *imgact_client_provider_name(const imgact_client *client) { return client->provider->name; }

const char *imgact_client_endpoint(const imgact_client *client) { return client->endpoint; }

void imgact_client_rate_limit(const imgact_client *client, imgact_rate_limit *rate) { *rate = client->rate; }

size_t imgact_client_redact(const imgact_client *client, const char *text, char *buffer, size_t capacity) {
  ia_buf out;
  size_t length = strlen(text);
  ia_buf_init(&out, client->allocator, 2 * length + 64);
  ia_redact_text(&client->redactor, &out, text, length);
  const char *redacted = ia_buf_text(&out) ? ia_buf_text(&out) : "";
  ia_str_copy(buffer, capacity, redacted);
  length = strlen(redacted);
  ia_buf_free(&out);
  return length;
}
