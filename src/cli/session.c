// SPDX-License-Identifier: MIT
/* Creates the client from flags, environment and configuration. Invalid files, tokens and cassettes
 * are rejected here, before the first request. */
#include <imgact/provider.h>
#include <imgact/transport.h>

#include <stdlib.h>
#include <string.h>

#include "output.h"

imgact_config_overrides cli_overrides(const cli_app *app) {
  const cli_options *o = &app->options;
  return (imgact_config_overrides){.size = sizeof(imgact_config_overrides),
                                   .profile = o->profile,
                                   .provider = o->provider,
                                   .endpoint = o->endpoint,
                                   .token_env = o->token_env,
                                   .token_file = o->token_file};
}

int cli_config_open(cli_app *app) {
  imgact_error error;
  if (imgact_config_load(app->options.config, NULL, &app->session.config, &error) == IMGACT_OK)
    return 0;
  return cli_report_failure(app, &error, NULL, NULL);
}

/* Errors name the variable: it may have been set for another program. */
static imgact_status make_curl_transport(const char *authorities, imgact_transport **transport,
                                         imgact_error *error) {
  imgact_error wrong;
  imgact_status status = imgact_transport_new_curl(NULL, authorities, transport, &wrong);
  if (status) imgact_error_set(error, status, "SSL_CERT_FILE: %.400s", wrong.message);
  return status;
}

/* The transport of --replay or --record, or one with the certificates of SSL_CERT_FILE; NULL = the
 * default. */
static imgact_status make_transport(cli_app *app, imgact_transport **transport,
                                    imgact_error *error) {
  const cli_options *o = &app->options;
  const char *authorities = getenv("SSL_CERT_FILE");
  imgact_status status = IMGACT_OK;

  *transport = NULL;
  if (o->replay)
    status = imgact_transport_new_replayer(o->replay, NULL, transport, error);
  else if (authorities && authorities[0])
    status = make_curl_transport(authorities, transport, error);

  if (!status && o->record) {
    status = imgact_transport_new_recorder(*transport, o->record, NULL, transport, error);
    app->session.recorder = status ? NULL : *transport;
  }
  return status;
}

static bool starts_with(const char *text, const char *start) {
  return !strncmp(text, start, strlen(start));
}

/* Messages of the library name variables and keys only. */
void cli_add_flag_remedy(imgact_error *error) {
  const char *remedy =
      starts_with(error->message, "no provider selected") ? "; or use --provider or --profile"
      : starts_with(error->message, "no token for ")      ? "; or use --token-env or --token-file"
                                                          : "";
  size_t length = strlen(error->message);
  snprintf(error->message + length, sizeof error->message - length, "%s", remedy);
}

static imgact_status make_client(cli_app *app, imgact_error *error) {
  const cli_options *o = &app->options;
  imgact_client_options options = {.size = sizeof options,
                                   .loop = app->session.loop,
                                   .trace = cli_on_trace,
                                   .trace_user_data = app,
                                   .trace_without_texts = !app->options.trace,
                                   .request_timeout_ms = o->request_timeout_ms,
                                   .retry_base_ms = o->retry_base_ms,
                                   .poll_interval_ms = o->poll_interval_ms,
                                   .settle_ms = o->settle_ms,
                                   .concurrency = (int32_t)o->concurrency};
  imgact_config_overrides overrides = cli_overrides(app);

  imgact_status status = imgact_client_from_config(app->session.config, &overrides, &options,
                                                   &app->session.client, error);
  if (status) cli_add_flag_remedy(error);
  return status;
}

int cli_session_open(cli_app *app) {
  imgact_error error;
  int exit_status = cli_config_open(app);
  if (exit_status) return exit_status;
  imgact_loop_options options = {.size = sizeof options};
  imgact_status status = make_transport(app, &options.transport, &error);
  if (!status) status = imgact_loop_new(&options, &app->session.loop, &error);
  if (!status) status = make_client(app, &error);
  return status ? cli_report_failure(app, &error, NULL, NULL) : 0;
}

/* Returns "v1" of ".../v1", the last segment of the path; "" if it is not a version. */
static const char *version_of(const char *url) {
  const char *last = strrchr(url, '/');
  bool is_version =
      last && last[1] == 'v' && last[2] && strspn(last + 2, "0123456789") == strlen(last + 2);
  return is_version ? last + 1 : "";
}

void cli_note_endpoint(cli_app *app) {
  const imgact_provider *provider =
      imgact_provider_find(imgact_client_provider_name(app->session.client));
  const char *default_url = provider ? provider->default_endpoint : "",
             *endpoint = imgact_client_endpoint(app->session.client);
  if (!provider || cli_wants_json(app) || app->options.quiet ||
      !strcmp(version_of(default_url), version_of(endpoint)))
    return;
  cli_print_note(app, "note: endpoint %s %s; the default is %s", endpoint,
                 version_of(default_url)[0] ? "does not end in a version" : "ends in a version",
                 default_url);
}

int cli_session_close(cli_app *app) {
  cli_session *session = &app->session;
  imgact_error error;
  int exit_status = 0;

  if (session->recorder && session->client &&
      imgact_recorder_save(session->recorder, &error) != IMGACT_OK)
    exit_status = cli_report_failure(app, &error, NULL, NULL);

  cli_signals_end();
  imgact_client_free(session->client);
  imgact_loop_free(session->loop);
  imgact_config_free(session->config);
  *session = (cli_session){0};
  return exit_status;
}
