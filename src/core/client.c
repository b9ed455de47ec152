// SPDX-License-Identifier: MIT
/* State shared by the operations of one client: the queue, the retry budget, the API's clock, and
 * the actions that belong to operations. */
#include "client.h"
#include "encode.h"
#include "error_fill.h"
#include "str.h"
#include "struct_size.h"
#include "trace.h"
#include <string.h>

static void update_token(ia_queue *queue);

static void throttled(ia_queue *queue, int64_t delay_ms) {
  imgact_client *client = IA_ENTRY(queue, imgact_client, queue);
  ia_trace_text(client, NULL, IMGACT_TRACE_THROTTLE, delay_ms, 0, "delayed by the rate limit");
}

static ia_settings settings_of(const imgact_client_options *o) {
  return (ia_settings){.request_timeout_ms =
                           o->request_timeout_ms > 0 ? o->request_timeout_ms : 30000,
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

/* Clients with the same token share a rate limiter. The key is a hash of the token. */
static void join_rate_limiter(imgact_client *client) {
  uint64_t key = ia_credential_hash(&client->credential, client->provider->name, client->endpoint);
  ia_queue *queue = &client->queue;
  if (queue->rate_limiter && queue->rate_limiter->key == key) return;
  bool was_held_back = ia_linked(&queue->waiter.link);
  ia_list_remove(&queue->waiter.link);
  ia_rate_limiter_unref(queue->rate_limiter);
  queue->rate_limiter = ia_rate_limiter_acquire(&client->engine->rate_limiters, key);
  if (was_held_back)
    ia_queue_schedule(queue); /* the previous rate limiter no longer wakes this queue */
}

bool ia_client_init(imgact_client *client, ia_engine *engine, const imgact_provider *provider,
                    const char *endpoint, const imgact_client_options *options) {
  *client = (imgact_client){.engine = engine,
                            .allocator = engine->allocator,
                            .provider = provider,
                            .references = 1,
                            .settings = settings_of(options),
                            .trace = options->trace,
                            .trace_user_data = options->trace_user_data,
                            .trace_without_texts = options->trace_without_texts != 0,
                            .retry_budget = IA_RETRY_BUDGET,
                            .rate_limit = ia_rate_limit_unknown};
  client->queue = (ia_queue){.timers = &engine->timers,
                             .runnable = &engine->runnable,
                             .concurrency = client->settings.concurrency,
                             .reserve = (double)client->settings.reserve_percent / 100.0,
                             .update_token = update_token,
                             .throttled = throttled};
  ia_queue_init(&client->queue);
  for (size_t i = 0; i < IA_MUTATION_LISTS; i++) ia_list_init(&client->mutations[i]);
  for (size_t i = 0; i < IA_IMAGE_READ_LISTS; i++) ia_list_init(&client->image_reads[i]);
  uint64_t seed = ia_random_word(&engine->timers), other_seed = ia_random_word(&engine->timers);
  ia_owned_ids_init(&client->owned_actions, client->allocator, seed, other_seed);
  ia_owned_ids_init(&client->owned_images, client->allocator, ~seed, ~other_seed);
  ia_credential_init(&client->credential, client->allocator, options, provider->token_prefixes);
  client->user_agent = user_agent(client->allocator, options->application);
  client->endpoint = ia_strdup(client->allocator, endpoint);
  client->profile = options->profile ? ia_strdup(client->allocator, options->profile) : NULL;
  if (client->endpoint)
    for (size_t n = strlen(client->endpoint); n && client->endpoint[n - 1] == '/'; n--)
      client->endpoint[n - 1] = '\0';

  if (!client->user_agent || !client->endpoint || (options->profile && !client->profile))
    return false;
  client->credential.endpoint = client->endpoint;
  client->credential.user_agent = client->user_agent;
  join_rate_limiter(client);
  return true;
}

imgact_status ia_client_set_token(imgact_client *client, const char *token, size_t length,
                                  imgact_error *error) {
  imgact_status status = ia_credential_set(&client->credential, token, length, error);
  if (status == IMGACT_OK) join_rate_limiter(client);
  return status;
}

imgact_status ia_client_refresh_token(imgact_client *client) {
  if (ia_credential_refresh(&client->credential)) join_rate_limiter(client);
  return client->credential.error.status;
}

/* Called before the rate limiter is asked for a permit: the token callback may return another
 * token, and each token has its own rate limit. */
static void update_token(ia_queue *queue) {
  (void)ia_client_refresh_token(IA_ENTRY(queue, imgact_client, queue));
}

void ia_client_clear(imgact_client *client) {
  ia_queue_clear(&client->queue);
  ia_rate_limiter_unref(client->queue.rate_limiter);
  ia_credential_clear(&client->credential);
  ia_free(client->allocator, client->user_agent);
  ia_free(client->allocator, client->endpoint);
  ia_free(client->allocator, client->profile);
  ia_owned_ids_free(&client->owned_actions);
  ia_owned_ids_free(&client->owned_images);
  ia_arena_pool_free(&client->blocks, client->allocator);
}

void ia_client_result_init(imgact_client *client, imgact_result *result, bool keep_raw) {
  ia_result_init(result, client->allocator, client->provider->name, keep_raw);
  result->profile = client->profile;
}

void ia_client_ref(imgact_client *client) { client->references++; }

void ia_client_unref(imgact_client *client) {
  if (--client->references == 0) client->released(client);
}

const imgact_slot *ia_client_slot(const imgact_client *client, imgact_op_kind kind) {
  const imgact_slot *slot = ia_provider_slot(client->provider, kind);
  return slot && ia_slot_sends(slot) ? slot : NULL;
}

const char *ia_client_credential_id(const imgact_client *client, char id[IA_CREDENTIAL_ID_SIZE]) {
  return ia_credential_id(&client->credential, client->provider->name, client->endpoint, id);
}

uint32_t ia_client_quota(const imgact_slot *slot) {
  return slot && slot->rate_limit_index < IA_QUOTAS ? slot->rate_limit_index : 0;
}

int imgact_client_supports(const imgact_client *client, imgact_op_kind kind) {
  return client && ia_client_slot(client, kind);
}

const char *imgact_client_provider_name(const imgact_client *client) {
  return client->provider->name;
}

const char *imgact_client_endpoint(const imgact_client *client) { return client->endpoint; }

const char *imgact_client_profile_name(const imgact_client *client) { return client->profile; }

/* A caller of another version may have a smaller or a larger struct. */
void imgact_client_get_counters(const imgact_client *client, imgact_client_counters *counters) {
  imgact_client_counters current = client->counters;
  size_t size = counters->size, known = size < sizeof current ? size : sizeof current;
  if (size < sizeof size || size > IA_STRUCT_SIZE_MAX) return;
  current.size = size;
  current.delayed_ms = ia_queue_held_ms(&client->queue);
  memset(counters, 0, size);
  memcpy(counters, &current, known);
}

void imgact_client_rate_limit(const imgact_client *client, imgact_rate_limit *rate) {
  *rate = client->rate_limit;
}

size_t imgact_client_redact(const imgact_client *client, const char *text, char *buffer,
                            size_t capacity) {
  ia_buf out;
  size_t length = strlen(text);
  ia_buf_init(&out, client->allocator, 2 * length + 64);
  ia_redact_text(&client->credential.redactor, &out, text, length);
  const char *redacted = ia_buf_text(&out) ? ia_buf_text(&out) : "";
  ia_str_copy(buffer, capacity, redacted);
  length = strlen(redacted);
  ia_buf_free(&out);
  return length;
}
