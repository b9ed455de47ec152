// SPDX-License-Identifier: MIT
/* imgact config list, path, show and check, and version: commands that send no request. */
#include <stdlib.h>
#include <string.h>

#include "config_schema.h"

typedef struct path_item {
  const char *path;
} path_item;

static const cli_field path_fields[] = {{"path", cli_get_text, offsetof(path_item, path)}};
const cli_schema cli_path_schema = {.fields = path_fields, .count = 1};

static bool wants_objects(const cli_app *app) {
  return !cli_formats[app->options.output]->for_people || app->options.columns;
}

static int print_line(cli_app *app, const char *text) {
  int exit_status = cli_print_text(app, text);
  return exit_status ? exit_status : cli_print_text(app, "\n");
}

int cli_config_path(cli_app *app) {
  int exit_status = cli_config_open(app);
  if (exit_status) return exit_status;
  path_item item = {imgact_config_path(app->session.config)};
  if (wants_objects(app)) return cli_print_item(app, &cli_path_schema, &item);
  if (!item.path)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "cannot locate the configuration file: HOME is not set; use --config");
  return print_line(app, item.path);
}

/* ---- list: reads only the file, no tokens; also used by completions ---- */

typedef struct profile_item {
  const char *name, *provider, *endpoint;
  int is_default;
} profile_item;

static const cli_field profile_fields[] = {
    {"profile", cli_get_text, offsetof(profile_item, name)},
    {"provider", cli_get_text, offsetof(profile_item, provider)},
    {"endpoint", cli_get_text, offsetof(profile_item, endpoint)},
    {"default", cli_get_bool, offsetof(profile_item, is_default)},
};
const cli_schema cli_profile_schema = {.fields = profile_fields,
                                       .count = sizeof profile_fields / sizeof profile_fields[0]};

static profile_item profile_named(const imgact_config *config, const char *name) {
  const char *default_name = imgact_config_default_profile(config);
  return (profile_item){.name = name,
                        .provider = imgact_config_get(config, name, "provider"),
                        .endpoint = imgact_config_get(config, name, "endpoint"),
                        .is_default = default_name && !strcmp(default_name, name)};
}

int cli_config_list(cli_app *app) {
  int exit_status = cli_config_open(app);
  if (exit_status) return exit_status;

  const imgact_config *config = app->session.config;
  size_t count = 0;
  while (imgact_config_profile_at(config, count)) count++;
  profile_item *profiles = calloc(count + 1, sizeof *profiles);
  const void **items = calloc(count + 1, sizeof *items);
  for (size_t i = 0; profiles && items && i < count; i++) {
    profiles[i] = profile_named(config, imgact_config_profile_at(config, i));
    items[i] = &profiles[i];
  }

  if (profiles && items)
    exit_status = cli_print_list(app, &cli_profile_schema, items, count);
  else
    exit_status = cli_report_error(app, IMGACT_NOMEM, "out of memory");
  if (!exit_status) cli_note_empty(app, count, "profiles");

  free(profiles);
  free(items);
  return exit_status;
}

/* ---- show, check ---- */

typedef struct settings_item {
  const char *path;
  int exists;
  imgact_config_settings settings;
} settings_item;

static const cli_field settings_fields[] = {
    {"path", cli_get_text, offsetof(settings_item, path)},
    {"exists", cli_get_bool, offsetof(settings_item, exists)},
    {"profile", cli_get_text, offsetof(settings_item, settings.profile)},
    {"provider", cli_get_text, offsetof(settings_item, settings.provider)},
    {"endpoint", cli_get_text, offsetof(settings_item, settings.endpoint)},
    {"token_kind", cli_get_text, offsetof(settings_item, settings.token_kind)},
    {"token_source", cli_get_text, offsetof(settings_item, settings.token_source)},
};
const cli_schema cli_settings_schema = {
    .fields = settings_fields, .count = sizeof settings_fields / sizeof settings_fields[0]};

static int select_settings(cli_app *app, settings_item *item) {
  imgact_error error;
  imgact_config_overrides overrides = cli_overrides(app);
  item->path = imgact_config_path(app->session.config);
  item->exists = imgact_config_file_exists(app->session.config);
  if (imgact_config_resolve(app->session.config, &overrides, &item->settings, &error) == IMGACT_OK)
    return 0;
  cli_add_flag_remedy(&error);
  return cli_report_failure(app, &error, NULL, NULL);
}

int cli_config_show(cli_app *app) {
  settings_item item = {0};
  int exit_status = cli_config_open(app);
  if (!exit_status) exit_status = select_settings(app, &item);
  return exit_status ? exit_status : cli_print_item(app, &cli_settings_schema, &item);
}

/* Creates a client, which reads the token and checks the endpoint; sends nothing. */
int cli_config_check(cli_app *app) {
  settings_item item = {0};
  int exit_status = cli_session_open(app);
  if (!exit_status) exit_status = select_settings(app, &item);
  if (!exit_status) exit_status = cli_print_item(app, &cli_settings_schema, &item);
  if (!exit_status) cli_note_endpoint(app);
  return exit_status;
}

/* ---- version ---- */

typedef struct version_item {
  const char *version, *library;
} version_item;

static const cli_field version_fields[] = {
    {"version", cli_get_text, offsetof(version_item, version)},
    {"library", cli_get_text, offsetof(version_item, library)}};
const cli_schema cli_version_schema = {.fields = version_fields, .count = 2};

int cli_version(cli_app *app) {
  version_item item = {IMGACT_VERSION_STRING, imgact_version()};
  if (wants_objects(app)) return cli_print_item(app, &cli_version_schema, &item);
  return print_line(app, "imgact " IMGACT_VERSION_STRING);
}
