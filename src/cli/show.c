// SPDX-License-Identifier: MIT
/* Commands that run one operation and print its list or item. */
#include "output.h"
#include "refs.h"

/* Prints a note if the library filtered or sorted a single page. */
static void note_local(cli_app *app, const imgact_op *op) {
  if (app->options.page && !app->options.quiet && imgact_op_filtered_locally(op))
    cli_print_note(app,
                   "note: only this page is filtered and sorted; omit --page for the whole list");
}

/* Returns the items of a list, and their name. */
static const void *const *items_of(const imgact_op *op, size_t *count, const char **what) {
  switch (imgact_op_get_kind(op)) {
  case IMGACT_OP_LIST_IMAGES:
    *what = "images";
    return (const void *const *)imgact_op_images(op, count);
  case IMGACT_OP_LIST_REGIONS:
    *what = "regions";
    return (const void *const *)imgact_op_regions(op, count);
  default: *what = "actions"; return (const void *const *)imgact_op_actions(op, count);
  }
}

static int print_list(cli_app *app, const imgact_op *op) {
  size_t count = 0;
  const char *what;
  const void *const *items = items_of(op, &count, &what);
  int exit_status = cli_print_list(app, app->command->schema, items, count);
  if (!exit_status) cli_note_empty(app, count, what);
  note_local(app, op);
  return exit_status;
}

int cli_show_list(cli_app *app) {
  int exit_status = cli_image_flag_resolve(app);
  if (exit_status) return exit_status;
  imgact_op *op = app->command->make(app, NULL, NULL);
  exit_status = cli_run(app, op);
  if (!exit_status) exit_status = print_list(app, op);
  imgact_op_free(op);
  return exit_status;
}

int cli_run_and_show(cli_app *app, imgact_op *op) {
  int exit_status = cli_run(app, op);
  if (!exit_status) {
    const imgact_image *image = imgact_op_image(op);
    const void *item = image ? (const void *)image : imgact_op_action(op);
    exit_status = cli_print_item(app, app->command->schema, item);
  }
  imgact_op_free(op);
  return exit_status;
}

int cli_show_item(cli_app *app) {
  int exit_status = cli_image_flag_resolve(app);
  if (exit_status) return exit_status;
  const char *id = app->arguments_count ? app->arguments[0] : NULL;
  return cli_run_and_show(app, app->command->make(app, id, NULL));
}
