// SPDX-License-Identifier: MIT
/* imgact image handover: offers of an image to another account. */
#include <string.h>

#include "handover.h"
#include "output.h"
#include "refs.h"

/* In the order of CLI_HANDOVER_STEPS. */
enum { CREATE, ACCEPT, DECLINE, CANCEL };

typedef struct handover {
  const char *image_id, *transfer_id;
  int accepted;
} handover;

static const cli_field fields[] = {{"image_id", cli_get_text, offsetof(handover, image_id)},
                                   {"transfer_id", cli_get_text, offsetof(handover, transfer_id)},
                                   {"accepted", cli_get_bool, offsetof(handover, accepted)}};
const cli_schema cli_handover_schema = {.fields = fields,
                                        .count = sizeof fields / sizeof fields[0]};

/* The library checks the values; a flag that the step does not take would be ignored. */
static int check_flags(cli_app *app, int step) {
  const cli_options *o = &app->options;
  const char *unused = o->email && step != CREATE                       ? "email"
                       : o->transfer && step == CREATE                  ? "transfer"
                       : o->team && (step == DECLINE || step == CANCEL) ? "team"
                                                                        : NULL;
  if (unused)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "image handover %s takes no --%s",
                            app->arguments[0], unused);
  if (step == CREATE && !o->email == !o->team)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "image handover create needs either --email or --team");
  if (step != CREATE && !o->transfer)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "missing flag --transfer");
  if (step == ACCEPT && !o->team)
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT, "missing flag --team");
  return 0;
}

static imgact_op *make(cli_app *app, int step, const char *id) {
  imgact_client *client = app->session.client;
  const cli_options *o = &app->options;
  switch (step) {
  case CREATE: return imgact_create_handover(client, id, o->email, o->team);
  case ACCEPT: return imgact_accept_handover(client, id, o->transfer, o->team);
  case DECLINE: return imgact_decline_handover(client, id, o->transfer);
  default: return imgact_cancel_handover(client, id, o->transfer);
  }
}

static int show(cli_app *app, int step, const imgact_op *op) {
  handover shown = {.image_id = app->arguments[0],
                    .transfer_id =
                        step == CREATE ? imgact_op_transfer_id(op) : app->options.transfer};
  /* The id 0 means that the recipient needs not accept. */
  shown.accepted = step == ACCEPT || (step == CREATE && !strcmp(shown.transfer_id, "0"));
  return cli_print_item(app, &cli_handover_schema, &shown);
}

/* The recipient cannot see the image before it is accepted. */
static int resolve(cli_app *app, int step) {
  int exit_status = cli_refs_parse(app, app->arguments, app->arguments_count, app->refs);
  if (exit_status) return exit_status;
  const char *id = app->refs->items[0].id;
  if (!id && (step == ACCEPT || step == DECLINE))
    return cli_report_error(app, IMGACT_INVALID_ARGUMENT,
                            "an image that is not yours must be given by its id");
  exit_status = cli_check_op(app, make(app, step, id ? id : "1"));
  if (!exit_status) exit_status = cli_refs_resolve(app, app->refs);
  app->arguments = app->refs->ids;
  return exit_status;
}

int cli_image_handover(cli_app *app) {
  int step = cli_choice_index(CLI_HANDOVER_STEPS, app->arguments[0]);
  int exit_status = check_flags(app, step);
  if (exit_status) return exit_status;
  app->arguments++;
  app->arguments_count--;
  exit_status = resolve(app, step);
  if (exit_status) return exit_status;
  imgact_op *op = make(app, step, app->arguments[0]);
  exit_status = cli_run(app, op);
  if (!exit_status) exit_status = show(app, step, op);
  imgact_op_free(op);
  return exit_status;
}
