// SPDX-License-Identifier: MIT
/*
 * Resolves settings: options before environment before profile before defaults. Creates clients
 * from them.
 *
 * A token is never sent to another API by accident: the provider and token of a profile belong
 * together, a provider given with a profile must be the profile's, and an explicit token source has
 * no fallback.
 */
#include "config.h"
#include "error_fill.h"
#include "loop.h"
#include "provider_check.h"
#include "providers.h"
#include "str.h"
#include "struct_size.h"
#include <imgact/provider.h>
#include <imgact/transport.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REJECT(error, ...) imgact_error_set((error), IMGACT_INVALID_ARGUMENT, __VA_ARGS__)

#define PROFILES_SHOWN 160 /* bytes of a list in a message */

typedef struct choice {
  imgact_config_settings shown;
  const imgact_provider *provider;
  const ia_profile *profile; /* NULL = none */
  int token_line;            /* line of the profile's token source; 0 = another source */
} choice;

static const char *given(const char *flag, const char *variable) {
  return flag ? flag : ia_env(variable);
}

/* Returns the first variable of the list that is set; NULL if none is. */
static const char *first_set(const char *const *names) {
  while (names && *names && !ia_env(*names)) names++;
  return names ? *names : NULL;
}

/* Writes the intro and "a, b", as many names as fit. */
static void list_profiles(const imgact_config *config, const char *intro, char *text,
                          size_t capacity) {
  size_t used = (size_t)snprintf(text, capacity, "; it has no profiles");
  for (size_t i = 0; i < config->profiles_count; i++) {
    const ia_profile *it = config->profiles[i];
    bool first = i == 0;
    if (first) used = 0;
    if (used + strlen(it->name) + strlen(intro) + sizeof ", , ..." > capacity) {
      (void)snprintf(text + used, capacity - used, ", ..."); /* the first name always fits */
      return;
    }
    used += (size_t)snprintf(text + used, capacity - used, "%s%s", first ? intro : ", ", it->name);
  }
}

static imgact_status no_profile(const imgact_config *config, const char *name,
                                imgact_error *error) {
  char shown[IA_PATH_SHOWN], known[PROFILES_SHOWN];
  if (!config->path)
    return REJECT(
        error,
        "profile [%s] not found: set HOME or XDG_CONFIG_HOME to locate the configuration file",
        name);
  const char *path = ia_path_shown(config->path, shown);
  if (!config->exists)
    return REJECT(error, "profile [%s] not found: no configuration file %s", name, path);
  list_profiles(config, "; known profiles: ", known, sizeof known);
  return REJECT(error, "profile [%s] not found in %s%s", name, path, known);
}

static imgact_status choose_profile(const imgact_config *config, const char *name,
                                    const char *provider, choice *out, imgact_error *error) {
  if (!name) return IMGACT_OK;
  out->profile = ia_config_find(config, name);
  if (!out->profile) return no_profile(config, name, error);
  const char *own = out->profile->values[IA_KEY_PROVIDER];
  if (provider && strcmp(provider, own) != 0)
    return ia_config_error(config, out->profile->lines[IA_KEY_PROVIDER], error,
                           "profile [%s] belongs to %s, but the provider is %s; select another "
                           "profile or omit the provider",
                           out->profile->name, own, provider);
  return IMGACT_OK;
}

static void unknown_provider(const imgact_config *config, const ia_profile *profile,
                             const char *name, imgact_error *error) {
  char known[IA_KNOWN_PROVIDERS_SHOWN];
  if (!profile)
    (void)REJECT(error, "unknown provider '%s'; known providers: %s", name,
                 ia_known_providers(known));
  else
    (void)ia_config_error(config, profile->lines[IA_KEY_PROVIDER], error,
                          "unknown provider '%s'; known providers: %s", name,
                          ia_known_providers(known));
}

/* The caller's own table takes precedence over the built-in ones. */
static imgact_status choose_provider(const imgact_config *config, const char *name,
                                     const imgact_provider *own, choice *out, imgact_error *error) {
  if (out->profile) name = out->profile->values[IA_KEY_PROVIDER];
  if (!name) {
    char known[PROFILES_SHOWN] = "";
    if (config->profiles_count > 0)
      list_profiles(config, "; known profiles: ", known, sizeof known);
    (void)REJECT(
        error,
        "no provider selected%s; set IMGACT_PROVIDER or IMGACT_PROFILE, or default_profile "
        "in the configuration file",
        known);
    return IMGACT_INVALID_ARGUMENT;
  }

  out->provider = own && strcmp(own->name, name) == 0 ? own : imgact_provider_find(name);
  if (!out->provider) {
    unknown_provider(config, out->profile, name, error);
    return IMGACT_INVALID_ARGUMENT;
  }

  out->shown.provider = out->provider->name;
  return IMGACT_OK;
}

static const char *endpoint_of(const choice *chosen, const char *flag) {
  const char *endpoint = given(flag, "IMGACT_ENDPOINT");
  const char *variable = first_set(chosen->provider->endpoint_env);
  if (!endpoint && variable) endpoint = ia_env(variable);
  if (!endpoint && chosen->profile) endpoint = chosen->profile->values[IA_KEY_ENDPOINT];
  return endpoint ? endpoint : chosen->provider->default_endpoint;
}

/* Returns the length without trailing dots: "example.com." is the same host. */
static size_t host_length(const ia_url *url) {
  size_t length = url->host_length;
  while (length > 0 && url->host[length - 1] == '.') length--;
  return length;
}

/* ia_url_parse() rejects user names, escapes and non-ASCII letters, so comparing ASCII suffices. */
static bool same_host(const char *endpoint, const char *other) {
  ia_url a, b;
  if (ia_url_parse(endpoint, &a) || ia_url_parse(other, &b) || host_length(&a) != host_length(&b))
    return false;
  return strncasecmp(a.host, b.host, host_length(&a)) == 0;
}

/* Rejects the endpoint of another built-in provider: a variable exported for one API must not send
 * the other's token there. */
static imgact_status reject_foreign_endpoint(const choice *chosen, imgact_error *error) {
  const imgact_provider *other;
  for (size_t i = 0; (other = imgact_provider_at(i)); i++)
    if (strcmp(other->name, chosen->provider->name) != 0 &&
        same_host(chosen->shown.endpoint, other->default_endpoint))
      return REJECT(error, "endpoint %.200s belongs to %s, but the provider is %s; token not sent",
                    chosen->shown.endpoint, other->name, chosen->provider->name);
  return IMGACT_OK;
}

/* A relative path in the file is relative to the file's directory, as in kubectl and git. */
static imgact_status choose_file(imgact_config *config, const char *path, bool in_file, choice *out,
                                 imgact_error *error) {
  const char *slash = strrchr(config->path ? config->path : "", '/');
  out->shown.token_kind = "file";
  if (!in_file || *path == '/' || *path == '~' || !slash)
    return ia_config_expand(config, path, &out->shown.token_source, error);
  out->shown.token_source =
      ia_config_intern_concat(config, config->path, (size_t)(slash - config->path) + 1, path);
  return out->shown.token_source ? IMGACT_OK : ia_no_memory(error);
}

static imgact_status choose_token(imgact_config *config, const imgact_config_overrides *over,
                                  choice *out, imgact_error *error) {
  static const char *const none[IA_KEYS] = {NULL};
  const char *const *values = out->profile ? out->profile->values : none;
  imgact_config_settings *shown = &out->shown;
  if (over->token_file) return choose_file(config, over->token_file, false, out, error);

  for (ia_key key = IA_KEY_TOKEN_ENV; !over->token_env && key < IA_KEYS; key++)
    if (values[key]) out->token_line = out->profile->lines[key];
  if (!over->token_env && values[IA_KEY_TOKEN_FILE])
    return choose_file(config, values[IA_KEY_TOKEN_FILE], true, out, error);
  if (!over->token_env && values[IA_KEY_TOKEN_COMMAND]) {
    shown->token_source = values[IA_KEY_TOKEN_COMMAND];
    shown->token_kind = "command";
    return IMGACT_OK;
  }

  const char *name = over->token_env ? over->token_env : values[IA_KEY_TOKEN_ENV];
  if (!name) name = first_set(out->provider->token_env);
  if (!name) return IMGACT_OK;
  shown->token_kind = "env";
  shown->token_source = ia_config_intern(config, name);
  return shown->token_source ? IMGACT_OK : ia_no_memory(error);
}

static imgact_status check_overrides(const imgact_config_overrides *over, imgact_error *error) {
  const char *wrong = NULL;
  if (over->token_env && over->token_file)
    return REJECT(error, "token_env and token_file are mutually exclusive");
  if (over->token_env && (wrong = ia_variable_problem(over->token_env)))
    return REJECT(error, "%s", wrong);
  if (over->token_file && (wrong = ia_path_problem(over->token_file)))
    return REJECT(error, "%s", wrong);
  return IMGACT_OK;
}

static imgact_status choose(imgact_config *config, const imgact_config_overrides *over,
                            const imgact_provider *own, choice *out, imgact_error *error) {
  *out = (choice){0};
  imgact_status status = check_overrides(over, error);
  if (status != IMGACT_OK) return status;
  const char *provider = given(over->provider, "IMGACT_PROVIDER");
  const char *profile = given(over->profile, "IMGACT_PROFILE");
  if (!profile && !provider) profile = config->default_profile;
  status = choose_profile(config, profile, provider, out, error);
  if (status == IMGACT_OK) status = choose_provider(config, provider, own, out, error);
  if (status != IMGACT_OK) return status;
  if (out->profile) out->shown.profile = out->profile->name;
  out->shown.endpoint = ia_config_intern(config, endpoint_of(out, over->endpoint));
  if (!out->shown.endpoint) return ia_no_memory(error);
  status = reject_foreign_endpoint(out, error);

  return status == IMGACT_OK ? choose_token(config, over, out, error) : status;
}

static imgact_status copy_overrides(const imgact_config_overrides *from,
                                    imgact_config_overrides *to, imgact_error *error) {
  *to = (imgact_config_overrides){.size = sizeof *to};
  if (!from) return IMGACT_OK;
  imgact_status status =
      ia_check_struct_size(from, from->size, sizeof *from, "imgact_config_overrides", error);
  if (status == IMGACT_OK) *to = *from;
  return status;
}

imgact_status imgact_config_resolve(imgact_config *config, const imgact_config_overrides *overrides,
                                    imgact_config_settings *settings, imgact_error *error) {
  imgact_config_overrides over;
  choice chosen = {0};
  imgact_status status = copy_overrides(overrides, &over, error);
  if (status == IMGACT_OK) status = choose(config, &over, NULL, &chosen, error);
  *settings = status == IMGACT_OK ? chosen.shown : (imgact_config_settings){0};
  return status;
}

/* ---- clients ---- */

static bool needs_token(const imgact_client_options *options) {
  if (options->token || options->token_callback) return false;
  if (options->loop) return !ia_loop_is_offline(options->loop);
  return !options->transport || (options->transport->flags & IMGACT_TRANSPORT_OFFLINE) == 0;
}

static imgact_status no_token(const imgact_provider *provider, imgact_error *error) {
  return REJECT(error, "no token for %s; set %s, or a token source in a profile", provider->name,
                provider->token_env[0]);
}

/* Completes the options. Their endpoint and token take precedence; *bytes gets a missing token. */
static imgact_status complete_options(imgact_config *config, imgact_config_overrides *over,
                                      imgact_client_options *options, ia_bytes *bytes,
                                      imgact_error *error) {
  choice chosen;
  if (options->provider && ia_provider_check(options->provider, error) != IMGACT_OK)
    return IMGACT_INVALID_ARGUMENT;

  if (options->provider)
    over->provider = options->provider->name;
  else if (options->provider_name)
    over->provider = options->provider_name;

  if (options->endpoint) over->endpoint = options->endpoint;
  imgact_status status = choose(config, over, options->provider, &chosen, error);
  if (status != IMGACT_OK) return status;
  options->provider = chosen.provider;
  options->provider_name = NULL;
  options->endpoint = chosen.shown.endpoint;
  if (!options->profile) options->profile = chosen.shown.profile;
  if (!needs_token(options)) return IMGACT_OK;
  if (!chosen.shown.token_source) return no_token(chosen.provider, error);
  status = ia_read_token(&chosen.shown, bytes, error);
  if (status == IMGACT_INVALID_ARGUMENT && chosen.token_line > 0)
    (void)ia_config_add_location(config, chosen.token_line, error);
  options->token = bytes->data;
  return status;
}

static const imgact_client_options no_options = {.size = sizeof no_options};

imgact_status imgact_client_from_config(imgact_config *config,
                                        const imgact_config_overrides *overrides,
                                        const imgact_client_options *options,
                                        imgact_client **client, imgact_error *error) {
  if (options && !ia_struct_size_ok(options, options->size, sizeof *options))
    return imgact_client_new(options, client, error); /* rejects it */

  imgact_client_options all = options ? *options : no_options;
  all.size = sizeof all;
  imgact_config_overrides over;
  ia_bytes bytes = {.allocator = &config->allocator};
  *client = NULL;
  imgact_status status = copy_overrides(overrides, &over, error);
  if (status == IMGACT_OK) status = complete_options(config, &over, &all, &bytes, error);
  if (status == IMGACT_OK)
    status = imgact_client_new(&all, client, error);
  else
    ia_destroy_unused_transport(&all);

  if (status != IMGACT_OK && error && all.profile)
    ia_str_copy(error->profile, sizeof error->profile, all.profile);
  ia_bytes_free(&bytes);
  return status;
}

imgact_status imgact_client_from_profile(const char *profile, const imgact_client_options *options,
                                         imgact_client **client, imgact_error *error) {
  if (options && !ia_struct_size_ok(options, options->size, sizeof *options))
    return imgact_client_new(options, client, error); /* rejects it */

  if (!options) options = &no_options;
  const imgact_config_overrides over = {.size = sizeof over, .profile = profile};
  imgact_config *config = NULL;
  *client = NULL;
  const imgact_allocator *allocator =
      options->loop ? &options->loop->allocator : options->allocator;
  imgact_status status = imgact_config_load(NULL, allocator, &config, error);
  if (status == IMGACT_OK)
    status = imgact_client_from_config(config, &over, options, client, error);
  else
    ia_destroy_unused_transport(options);

  imgact_config_free(config);
  return status;
}
