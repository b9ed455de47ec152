// SPDX-License-Identifier: MIT
/* imgact provider list: the built-in providers and their operations. */
#include <imgact/provider.h>

#include "config_schema.h"
#include "provider_info.h"

#define MOST_PROVIDERS 16

static void get_variables(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  const imgact_provider *provider = item;
  value->items = provider->token_env;
  while (provider->token_env && provider->token_env[value->count]) value->count++;
  value->kind = CLI_VALUE_TEXTS;
}

/* The offset of the field is the kind of the operation. */
static void get_capability(const cli_field *field, const void *item, cli_value *value) {
  const imgact_provider *provider = item;
  value->kind = CLI_VALUE_BOOL;
  value->integer = cli_provider_slot(provider, (imgact_op_kind)field->offset) != NULL;
}

#define COLUMN(operation, effect, argument, action, name, key)                                     \
  {key, get_capability, IMGACT_OP_##operation},
/* clang-format off */
static const cli_field fields[] = {
    {"name", cli_get_text, offsetof(imgact_provider, name)},
    {"endpoint", cli_get_text, offsetof(imgact_provider, default_endpoint)},
    {"token_env", get_variables, 0},
    IMGACT_OPERATIONS(COLUMN)
};
/* clang-format on */
const cli_schema cli_provider_schema = {
    .fields = fields, .count = sizeof fields / sizeof fields[0], .turns = true};

int cli_provider_list(cli_app *app) {
  const void *items[MOST_PROVIDERS];
  size_t count = 0;
  while (count < MOST_PROVIDERS && imgact_provider_at(count)) {
    items[count] = imgact_provider_at(count);
    count++;
  }
  return cli_print_list(app, &cli_provider_schema, items, count);
}
