// SPDX-License-Identifier: MIT
/* imgact ratelimit: the rate limit in the response to one small request; a 429 also reports it. */
#include "config_schema.h"

typedef struct rate_item {
  const char *provider, *profile;
  imgact_rate_limit rate;
} rate_item;

static const cli_field fields[] = {
    {"provider", cli_get_text, offsetof(rate_item, provider)},
    {"limit", cli_get_count, offsetof(rate_item, rate.limit)},
    {"remaining", cli_get_count, offsetof(rate_item, rate.remaining)},
    {"reset", cli_get_time, offsetof(rate_item, rate.reset_at)},
    {"retry_after", cli_get_seconds, offsetof(rate_item, rate.retry_after_ms)},
    {"profile", cli_get_text, offsetof(rate_item, profile)},
};
const cli_schema cli_rate_schema = {
    .fields = fields, .count = sizeof fields / sizeof fields[0], .has_later_keys = true};

int cli_ratelimit(cli_app *app) {
  cli_batch batch;
  int exit_status = cli_batch_new(app, 1, &batch);
  if (exit_status) return exit_status;

  app->options.page = 1;
  app->options.per_page = 1;
  app->options.max_attempts = 1;
  cli_batch_set(&batch, 0, imgact_list_images(app->session.client, NULL), NULL, NULL, false);

  exit_status = cli_batch_check(&batch);
  if (!exit_status) {
    cli_batch_run(&batch);
    const cli_item *request = &batch.items[0];
    const imgact_error *error = cli_item_error(request);
    rate_item item = {.provider = imgact_client_provider_name(app->session.client),
                      .profile = imgact_client_profile_name(app->session.client)};
    imgact_op_rate_limit(request->op, &item.rate);
    if (!error->status || error->http_status == 429)
      exit_status = cli_print_item(app, &cli_rate_schema, &item);
    else
      exit_status = cli_report_failure(app, error, imgact_op_error_details(request->op), NULL);
  }

  cli_batch_free(&batch);
  return exit_status;
}
