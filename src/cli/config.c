// SPDX-License-Identifier: MIT
// imgact config path, show, check, and version: what can be told without a request.
#include "setup.h"

typedef struct path_item {
  const char *path;
} path_item;

static const cli_field path_fields[] = {{"path", cli_get_text, offsetof(path_item, path)}};
const cli_shape cli_path_shape = {.fields = path_fields, .count = 1};

static bool for_programs(const cli_app *app) { return app->options.output != CLI_TABLE; }

static int print_line(cli_app *app, const char *text) {
  int exit_status = cli_print_text(app, text);
  return exit_status ? exit_status : cli_print_text(app, "\n");
}

int cli_config_path(cli_app *app) {
  int exit_status = cli_config_open(app);
  if (exit_status) return exit_status;
  path_item item = {imgact_config_path(app->session.config)};
  if (for_programs(app)) return cli_print_item(app, &cli_path_shape, &item);
  if (!item.path) return cli_refuse(app, IMGACT_INVALID_ARGUMENT, "there is no home for a configuration file; use --config");
  return print_line(app, item.path);
}

/* ---- show, check ---- */

typedef struct selection_item {
  const char *path;
  int exists;
  imgact_selection selection;
} selection_item;

static const cli_field selection_fields[] = {
    {"path", cli_get_text, offsetof(selection_item, path)},
    {"exists", cli_get_bool, offsetof(selection_item, exists)},
    {"profile", cli_get_text, offsetof(selection_item, selection.profile)},
    {"provider", cli_get_text, offsetof(selection_item, selection.provider)},
    {"endpoint", cli_get_text, offsetof(selection_item, selection.endpoint)},
    {"token_kind", cli_get_text, offsetof(selection_item, selection.token_kind)},
    {"token_source", cli_get_text, offsetof(selection_item, selection.token_source)},
};
const cli_shape cli_selection_shape = {.fields = selection_fields,
                                       .count = sizeof selection_fields / sizeof selection_fields[0]};

static int select_settings(cli_app *app, selection_item *item) {
  imgact_error error;
  imgact_overrides overrides = cli_overrides(app);
  item->path = imgact_config_path(app->session.config);
  item->exists = imgact_config_exists(app->session.config);
  if (imgact_config_select(app->session.config, &overrides, &item->selection, &error) == IMGACT_OK) return 0;
  return cli_fail(app, &error, NULL, NULL);
}

int cli_config_show(cli_app *app) {
  selection_item item = {0};
  int exit_status = cli_config_open(app);
  if (!exit_status) exit_status = select_settings(app, &item);
  return exit_status ? exit_status : cli_print_item(app, &cli_selection_shape, &item);
}

// A client is made, which reads the token and looks at the endpoint, and nothing is sent with it.
int cli_config_check(cli_app *app) {
  selection_item item = {0};
  int exit_status = cli_session_open(app);
  if (!exit_status) exit_status = select_settings(app, &item);
  return exit_status ? exit_status : cli_print_item(app, &cli_selection_shape, &item);
}

/* ---- version ---- */

typedef struct version_item {
  const char *version, *library;
} version_item;

static const cli_field version_fields[] = {{"version", cli_get_text, offsetof(version_item, version)},
                                           {"library", cli_get_text, offsetof(version_item, library)}};
const cli_shape cli_version_shape = {.fields = version_fields, .count = 2};

int cli_version(cli_app *app) {
  version_item item = {IMGACT_VERSION_STRING, imgact_version()};
  if (for_programs(app)) return cli_print_item(app, &cli_version_shape, &item);
  return print_line(app, "imgact " IMGACT_VERSION_STRING);
}
