// SPDX-License-Identifier: MIT
/* The values of --label and --remove-label. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Parses "KEY=VALUE": copies the key; the value points into the argument. Returns 0 or an exit
 * status. */
static int parse_label(cli_app *app, const char *text, imgact_label *label) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "invalid value '%s' for --label; use KEY=VALUE", text);
  *label = (imgact_label){strndup(text, (size_t)(equals - text)), equals + 1};
  return label->key ? 0 : cli_report_error(app, IMGACT_NOMEM, "out of memory");
}

static bool is_given(const imgact_label *given, size_t count, const char *key) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(given[i].key, key)) return true;
  return false;
}

static bool is_removed(const cli_app *app, const char *key) {
  const cli_strings *removed = &app->options.removed_labels;
  for (size_t i = 0; i < removed->count; i++)
    if (!strcmp(removed->items[i], key)) return true;
  return false;
}

static int check_removed_labels(cli_app *app) {
  const cli_strings *removed = &app->options.removed_labels;
  for (size_t i = 0; i < removed->count; i++)
    if (!*removed->items[i] || strchr(removed->items[i], '='))
      return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                              "invalid value '%s' for --remove-label; use KEY", removed->items[i]);
  if (removed->count && app->options.clear_labels)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "--remove-label and --clear-labels are mutually exclusive");
  return 0;
}

/* Returns 0 or an exit status. */
static int parse_labels(cli_app *app, imgact_label *labels) {
  const cli_strings *texts = &app->options.labels;
  for (size_t i = 0; i < texts->count; i++) {
    int exit_status = parse_label(app, texts->items[i], &labels[i]);
    if (!labels[i].key) return exit_status;
    if (is_given(labels, i, labels[i].key))
      return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "duplicate label '%s'", labels[i].key);
    if (is_removed(app, labels[i].key))
      return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                              "label '%s' cannot be both set and removed", labels[i].key);
  }
  return check_removed_labels(app);
}

int cli_labels_parse(cli_app *app, imgact_label **labels) {
  *labels = calloc(app->options.labels.count + 1, sizeof **labels);
  return *labels ? parse_labels(app, *labels)
                 : cli_report_error(app, IMGACT_NOMEM, "out of memory");
}

void cli_labels_free(imgact_label *labels, size_t count) {
  for (size_t i = 0; labels && i < count; i++) free((void *)(uintptr_t)labels[i].key);
  free(labels);
}
