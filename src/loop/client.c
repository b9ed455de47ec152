// SPDX-License-Identifier: MIT
/* Creates clients: selects provider, endpoint, token and loop. */
#include "client.h"
#include "config.h"
#include "error_fill.h"
#include "loop.h"
#include "provider_check.h"
#include "providers.h"
#include "str.h"
#include "struct_size.h"
#include <string.h>

/* ---- the provider ---- */

static imgact_status choose_provider(const imgact_client_options *o,
                                     const imgact_provider **provider, imgact_error *error) {
  *provider = o->provider ? o->provider : imgact_provider_find(o->provider_name);
  if (*provider) return ia_provider_check(*provider, error);
  if (!o->provider_name)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "missing provider; set provider or provider_name");
  char known[IA_KNOWN_PROVIDERS_SHOWN];
  return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                          "unknown provider '%s'; known providers: %s", o->provider_name,
                          ia_known_providers(known));
}

/* ---- the endpoint ---- */

static imgact_status check_endpoint(const char *endpoint, imgact_error *error) {
  const char *wrong = ia_endpoint_problem(endpoint);
  if (!wrong) return IMGACT_OK;
  if (strchr(endpoint, '@')) /* a password may be in it */
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "invalid endpoint: %s; use a URL such as https://api.example.com/v1",
                            wrong);
  return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                          "invalid endpoint '%s': %s; use a URL such as https://api.example.com/v1",
                          endpoint, wrong);
}

/* "name/1.2" for the User-Agent. */
static bool is_application(const char *text) {
  const char *at = text;
  while (*at >= 0x20 && *at <= 0x7e) at++;
  return !*at && at - text <= 200;
}

/* ---- the client ---- */

static void released(imgact_client *client) {
  imgact_loop *loop = client->outer;
  const imgact_allocator *allocator = client->allocator;
  ia_client_clear(client);
  ia_free(allocator, client);
  ia_loop_unref(loop);
}

static imgact_status take_token(imgact_client *client, const imgact_client_options *o,
                                imgact_error *error) {
  imgact_loop *loop = client->outer;
  if (o->token) return ia_client_set_token(client, o->token, strlen(o->token), error);
  if (o->token_callback || ia_loop_is_offline(loop)) return IMGACT_OK;
  return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                          "no token for %s; set token or token_callback", client->provider->name);
}

static imgact_status private_loop(const imgact_client_options *o, imgact_loop **loop,
                                  imgact_error *error) {
  imgact_loop_options options = {.size = sizeof options,
                                 .allocator = o->allocator,
                                 .transport = o->transport,
                                 .ca_file = o->ca_file};
  return imgact_loop_new(&options, loop, error);
}

static imgact_status make(const imgact_client_options *o, const imgact_provider *provider,
                          imgact_loop *loop, imgact_client **client, imgact_error *error) {
  const char *endpoint = o->endpoint ? o->endpoint : provider->default_endpoint;
  imgact_client *made = ia_alloc_zero(&loop->allocator, sizeof *made);
  if (!made) return ia_no_memory(error);
  bool ok = ia_client_init(made, &loop->engine, provider, endpoint, o);
  made->released = released;
  made->outer = loop;
  ia_loop_ref(loop);
  imgact_status status = ok ? take_token(made, o, error) : ia_no_memory(error);
  if (status == IMGACT_OK)
    *client = made;
  else
    ia_client_unref(made);
  return status;
}

/* Rejects options of a loop together with an existing loop, which would ignore them. */
static imgact_status check_loop(const imgact_client_options *o, imgact_error *error) {
  const char *second = o->transport   ? "transport"
                       : o->ca_file   ? "ca_file"
                       : o->allocator ? "allocator"
                                      : NULL;
  if (!o->loop || !second) return IMGACT_OK;
  return imgact_error_set(
      error, IMGACT_INVALID_ARGUMENT,
      "next to a loop, the %s would not be used: give it to imgact_loop_new, or leave out the loop",
      second);
}

void ia_destroy_unused_transport(const imgact_client_options *o) {
  imgact_transport *transport = o->transport;
  if (o->loop && o->loop->transport == transport) return;
  if (transport && transport->destroy) transport->destroy(transport);
}

static imgact_status open_client(const imgact_client_options *options, imgact_client **client,
                                 imgact_error *error) {
  const imgact_provider *provider = NULL;
  imgact_status status = choose_provider(options, &provider, error);
  if (status == IMGACT_OK) status = check_loop(options, error);
  if (status == IMGACT_OK)
    status =
        check_endpoint(options->endpoint ? options->endpoint : provider->default_endpoint, error);
  if (status == IMGACT_OK && options->application && !is_application(options->application))
    status = imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                              "application must be at most 200 printable ASCII characters");
  if (status == IMGACT_OK &&
      (options->rate_limit_reserve_percent < 0 || options->rate_limit_reserve_percent > 90))
    status = imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                              "rate_limit_reserve_percent must be 0 to 90, not %d",
                              options->rate_limit_reserve_percent);
  if (status != IMGACT_OK) {
    ia_destroy_unused_transport(options);
    return status;
  }
  imgact_loop *loop = options->loop;
  if (loop)
    ia_loop_ref(loop);
  else
    status = private_loop(options, &loop, error);
  if (status != IMGACT_OK) return status;
  status = make(options, provider, loop, client, error);
  ia_loop_unref(loop);
  return status;
}

/* Redacts the error: the rejected value may be a misplaced token. */
static void clean_error(const char *token, imgact_error *error) {
  size_t length = token ? strlen(token) : 0;
  while (length && strchr(" \t\r\n", token[length - 1])) length--;
  ia_redactor redactor;
  ia_redactor_init(&redactor, token, length, NULL);
  ia_redact_in_place(&redactor, error->message, strlen(error->message), sizeof error->message);
}

imgact_status imgact_client_new(const imgact_client_options *options, imgact_client **client,
                                imgact_error *error) {
  imgact_error ignored;
  if (!error) error = &ignored;
  *client = NULL;
  imgact_status status =
      ia_check_struct_size(options, options->size, sizeof *options, "imgact_client_options", error);
  if (status != IMGACT_OK) return status;
  status = open_client(options, client, error);
  if (status != IMGACT_OK) clean_error(options->token, error);
  return status;
}

void imgact_client_free(imgact_client *client) {
  if (client) ia_client_unref(client);
}

imgact_loop *imgact_client_loop(imgact_client *client) { return client->outer; }
