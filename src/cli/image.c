// SPDX-License-Identifier: MIT
/* imgact image list, find and get, and the operation of image wait. */
#include <stdlib.h>
#include <string.h>

#include "image_filter.h"
#include "output.h"
#include "refs.h"

imgact_op *cli_make_image_list(cli_app *app, const char *id, const char *region) {
  (void)id, (void)region;
  cli_image_filter taken;
  imgact_op *op = NULL;
  if (cli_image_filter_take(app, &taken))
    op = imgact_list_images(app->session.client, &taken.filter);
  cli_image_filter_free(&taken);
  return op;
}

imgact_op *cli_make_image_find(cli_app *app, const char *id, const char *region) {
  (void)id, (void)region;
  const cli_options *o = &app->options;
  imgact_find which = o->newest   ? IMGACT_FIND_NEWEST
                      : o->oldest ? IMGACT_FIND_OLDEST
                                  : IMGACT_FIND_ONLY;
  cli_image_filter taken;
  imgact_op *op = NULL;
  if (cli_image_filter_take(app, &taken))
    op = imgact_find_image(app->session.client, &taken.filter, which);
  cli_image_filter_free(&taken);
  return op;
}

/* ---- get ---- */

/* A get accepts an id, and a slug or the name of a public image, but not which of them is meant. */
static bool is_meant(const cli_ref *ref, const imgact_image *image) {
  if (ref->kind == CLI_REF_ID && ref->value != ref->text) return !strcmp(image->id, ref->value);
  return ref->kind != CLI_REF_SLUG || (image->slug && !strcmp(image->slug, ref->value));
}

/* Returns true if the text of a get that failed may be the name of an own image. The status is
 * IMGACT_INVALID_ARGUMENT if the text cannot be a slug; then it may be a part of a URL, which needs
 * a prefix to be a name. */
static bool may_be_own(const char *text, imgact_status status) {
  bool is_path = strpbrk(text, "/?#%") || !strcmp(text, ".") || !strcmp(text, "..");
  return status == IMGACT_NOT_FOUND || (status == IMGACT_INVALID_ARGUMENT && !is_path);
}

/* Prints the own image with this name or description, as it was listed. */
static int get_own(cli_app *app) {
  int exit_status = cli_refs_resolve(app, app->refs);
  if (exit_status) return exit_status;
  return cli_print_item(app, app->command->schema, app->refs->items[0].image);
}

static int get(cli_app *app, const cli_ref *ref, imgact_op *op) {
  imgact_status status = cli_run_lookup(app, op, app->options.raw != 0);
  const imgact_image *image = imgact_op_image(op);
  if (status == IMGACT_OK && !is_meant(ref, image)) return cli_report_missing_ref(app, ref);
  if (status == IMGACT_OK) return cli_print_item(app, app->command->schema, image);
  if (ref->kind == CLI_REF_TEXT && may_be_own(ref->value, status)) return get_own(app);
  int exit_status = cli_report_op_failure(app, op);
  if (imgact_op_error(op)->http_status == 404) cli_note_endpoint(app);
  return exit_status;
}

int cli_image_get(cli_app *app) {
  int exit_status = cli_refs_parse(app, app->arguments, app->arguments_count, app->refs);
  if (exit_status) return exit_status;
  const cli_ref *ref = app->refs->items;
  if (ref->kind == CLI_REF_NAME || ref->kind == CLI_REF_DESCRIPTION) return get_own(app);

  imgact_op *op =
      imgact_get_image(app->session.client, ref->value, app->options.image_filter.architecture);
  exit_status = get(app, ref, op);
  imgact_op_free(op);
  return exit_status;
}

imgact_op *cli_make_image_wait(cli_app *app, const char *id, const char *region) {
  (void)region;
  imgact_image_status status =
      app->options.wait_deleted ? IMGACT_IMAGE_STATUS_DELETED : IMGACT_IMAGE_STATUS_AVAILABLE;
  return imgact_wait_images(app->session.client, &id, 1, status);
}
