// SPDX-License-Identifier: MIT
/* What the operations of one provider and token share: places for requests, retry tokens, the cloud's clock, claims. */
#include "client.h"
#include "error_fill.h"
#include "sha256.h"
#include "str.h"
#include "token.h"
#include "trace.h"
#include <string.h>

static void refresh(ia_queue *queue);

static void throttled(ia_queue *queue, int64_t delay_ms) {
  imgact_client *client = IA_ENTRY(queue, imgact_client, queue);
  ia_trace_text(client, IMGACT_TRACE_THROTTLE, delay_ms, 0, "held back for the rate limit");
}

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
  client->queue = (ia_queue){.timers = &engine->timers,
                             .runnable = &engine->runnable,
                             .concurrency = client->settings.concurrency,
                             .reserve = (double)client->settings.reserve_percent / 100.0,
                             .refresh = refresh,
                             .throttled = throttled};
  ia_queue_init(&client->queue);
  for (size_t i = 0; i < IA_MUTATION_LISTS; i++) ia_list_init(&client->mutations[i]);
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
  _Static_assert(IA_TOKEN_MAX_LENGTH == IA_TOKEN_MAX_BYTES - 1, "a callback's buffer holds the longest token");
  ia_token found;
  const char *wrong = ia_token_find(token, length, &found);
  if (wrong) return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "%s", wrong);
  char *copy = ia_alloc_zero(client->allocator, found.length + 1);
  if (!copy) return ia_no_memory(error);
  memcpy(copy, found.text, found.length);
  drop_token(client);
  client->token = copy;
  client->token_length = found.length;
  ia_redactor_init(&client->redactor, copy, found.length, client->provider->token_prefixes);
  ia_client_join_rate_limiter(client);
  return IMGACT_OK;
}

imgact_status ia_client_refresh_token(imgact_client *client, imgact_error *error) {
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

/* Asked for before every request, since a callback may have a new one: and before the rate limiter is asked, since each
 * token may send what it may. */
static void refresh(ia_queue *queue) {
  imgact_client *client = IA_ENTRY(queue, imgact_client, queue);
  ia_error_clear(&client->token_error);
  (void)ia_client_refresh_token(client, &client->token_error);
}

void ia_client_clear(imgact_client *client) {
  ia_queue_clear(&client->queue);
  ia_rate_limiter_unref(client->queue.rate_limiter);
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

const char *ia_client_credential_id(const imgact_client *client, char id[IA_CREDENTIAL_ID_SIZE]) {
  const char *const texts[] = {"imgact 1", client->provider->name, client->endpoint};
  unsigned char digest[IA_SHA256_BYTES];
  ia_hmac hmac;
  if (!client->token) return NULL;
  ia_hmac_init(&hmac, client->token, client->token_length);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) ia_hmac_add(&hmac, texts[i], strlen(texts[i]) + 1);
  ia_hmac_finish(&hmac, digest);
  for (size_t i = 0; i < IA_CREDENTIAL_ID_SIZE / 2; i++) {
    id[2 * i] = "0123456789abcdef"[digest[i] >> 4];
    id[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
  }
  id[IA_CREDENTIAL_ID_SIZE - 1] = '\0';
  return id;
}

/* Clients that send with one token share what it may send: the key is a hash, never the token. */
void ia_client_join_rate_limiter(imgact_client *client) {
  uint64_t key = ia_hash(client->provider->name, strlen(client->provider->name));
  key = key * 31 + ia_hash(client->endpoint, strlen(client->endpoint));
  if (client->token) key = key * 31 + ia_hash(client->token, client->token_length);
  ia_queue *queue = &client->queue;
  if (queue->rate_limiter && queue->rate_limiter->key == key) return;
  ia_list_remove(&queue->waiter.link);
  ia_rate_limiter_unref(queue->rate_limiter);
  queue->rate_limiter = ia_rate_limiter_acquire(&client->engine->rate_limiters, key);
}

uint32_t ia_client_quota(const imgact_slot *slot) {
  return slot && slot->rate_limit_index < IA_QUOTAS ? slot->rate_limit_index : 0;
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
