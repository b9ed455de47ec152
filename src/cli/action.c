// SPDX-License-Identifier: MIT
/* imgact action list and get, and the operation of action wait. */
#include <stdlib.h>
#include <string.h>

#include "output.h"

imgact_op *cli_make_action_list(cli_app *app, const char *id, const char *region) {
  (void)id, (void)region;
  const cli_options *o = &app->options;
  imgact_action_status *statuses = calloc(o->statuses.count + 1, sizeof *statuses);
  if (!statuses) return NULL;

  for (size_t i = 0; i < o->statuses.count; i++)
    statuses[i] = imgact_action_status_from_name(o->statuses.items[i]);
  imgact_action_filter filter = IMGACT_ACTION_FILTER_INIT;
  filter.image_id = o->image;
  filter.ids = o->ids.items;
  filter.ids_count = o->ids.count;
  filter.statuses = statuses;
  filter.statuses_count = o->statuses.count;
  filter.sort = o->sort.items;
  filter.sort_count = o->sort.count;
  imgact_op *op = imgact_list_actions(app->session.client, &filter);

  free(statuses);
  return op;
}

imgact_op *cli_make_action_get(cli_app *app, const char *id, const char *region) {
  (void)region;
  return imgact_get_action(app->session.client, id, app->options.image);
}

imgact_op *cli_make_action_wait(cli_app *app, const char *id, const char *region) {
  (void)region;
  return imgact_wait_actions(app->session.client, &id, 1, app->options.image);
}
