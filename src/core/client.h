/* SPDX-License-Identifier: MIT */
/* A client: a provider, an endpoint, a token, and the state that its operations share. */
#ifndef IA_CLIENT_H
#define IA_CLIENT_H

#include "credential.h"
#include "engine.h"
#include "owned_ids.h"
#include "poller.h"
#include "queue.h"
#include "request_policy.h"
#include "result.h"
#include "server_clock.h"
#include <imgact/client.h>
#include <imgact/provider.h>

#define IA_RETRY_BUDGET     100
#define IA_MUTATION_LISTS   256 /* hash buckets, for many thousands of mutations */
#define IA_IMAGE_READ_LISTS 64

typedef struct ia_settings {
  int64_t request_timeout_ms, retry_base_ms, poll_interval_ms, settle_ms;
  int32_t max_attempts, max_poll_attempts, concurrency, reserve_percent;
} ia_settings;

struct imgact_client {
  ia_engine *engine;
  const imgact_allocator *allocator;
  const imgact_provider *provider;
  size_t references;
  void (*released)(
      imgact_client *client); /* called after the last reference was released; frees the client */
  void *outer;
  char *endpoint; /* without trailing slashes */
  char *user_agent;
  char *profile; /* NULL = none */
  ia_credential credential;
  ia_settings settings;
  imgact_trace_fn trace;
  void *trace_user_data;
  bool trace_without_texts;
  ia_queue queue; /* requests that wait for the in-flight or the rate limit */
  int32_t retry_budget;
  uint32_t exchanges; /* counter; numbers the requests in traces */
  ia_poller poller;
  ia_link
      mutations[IA_MUTATION_LISTS]; /* mutations that may still take effect, by ia_mutation.key */
  ia_link image_reads[IA_IMAGE_READ_LISTS]; /* of mutations, by the image; see ensure.c */
  ia_owned_ids owned_actions, owned_images; /* images: imported ones */
  ia_arena_pool blocks;                     /* of results */
  ia_server_clock server_clock;
  imgact_rate_limit rate_limit;    /* of the last response */
  imgact_client_counters counters; /* except delayed_ms, which the queue has */
};

/* Initialises a zeroed client; strings are copied. Returns false if there is no memory;
 * ia_client_clear() then frees what was allocated. */
bool ia_client_init(imgact_client *client, ia_engine *engine, const imgact_provider *provider,
                    const char *endpoint, const imgact_client_options *options);
/* Sets the token and joins its rate limiter. Errors as from ia_credential_set(). */
imgact_status ia_client_set_token(imgact_client *client, const char *token, size_t length,
                                  imgact_error *error);
/* Calls the token callback, if there is one. Returns the status of client->credential.error. */
imgact_status ia_client_refresh_token(imgact_client *client);
/* Returns the id of the credential; NULL if there is no token yet. */
const char *ia_client_credential_id(const imgact_client *client, char id[IA_CREDENTIAL_ID_SIZE]);
void ia_client_clear(imgact_client *client);

/* Initialises results for this client. */
void ia_client_result_init(imgact_client *client, imgact_result *result, bool keep_raw);

void ia_client_ref(imgact_client *client);
void ia_client_unref(imgact_client *client);

const imgact_slot *ia_client_slot(const imgact_client *client, imgact_op_kind kind);
/* Returns the quota that counts the slot's requests. */
uint32_t ia_client_quota(const imgact_slot *slot);

#endif
