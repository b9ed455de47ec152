// SPDX-License-Identifier: MIT
/* imgact provider list: the built-in clouds and what each can do, as their tables say. */
#include <imgact/provider.h>

#include <string.h>

#include "config_schema.h"

#define MOST_PROVIDERS 16

static void get_variables(const cli_field *field, const void *item, cli_value *value) {
  (void)field;
  const imgact_provider *provider = item;
  value->items = provider->token_env;
  while (provider->token_env && provider->token_env[value->count]) value->count++;
  value->kind = CLI_VALUE_TEXTS;
}

/* The column's key is the operation's name. */
static void get_capability(const cli_field *field, const void *item, cli_value *value) {
  const imgact_provider *provider = item;
  value->kind = CLI_VALUE_BOOL;
  for (size_t i = 0; i < IMGACT_OP_COUNT && i < provider->slots_count; i++) {
    const char *name = imgact_op_kind_name((imgact_op_kind)i);
    const void *slot = (const char *)provider->slots + i * provider->slots_stride;
    if (!strcmp(name, field->key)) value->integer = ((const imgact_slot *)slot)->encode != NULL;
  }
}

static const cli_field fields[] = {
    {"name", cli_get_text, offsetof(imgact_provider, name)},
    {"endpoint", cli_get_text, offsetof(imgact_provider, default_endpoint)},
    {"token_env", get_variables, 0},
    {"list_images", get_capability, 0},
    {"get_image", get_capability, 0},
    {"update_image", get_capability, 0},
    {"delete_image", get_capability, 0},
    {"list_actions", get_capability, 0},
    {"get_action", get_capability, 0},
    {"change_protection", get_capability, 0},
    {"convert", get_capability, 0},
    {"transfer", get_capability, 0},
    {"wait_actions", get_capability, 0},
};
_Static_assert(sizeof fields / sizeof fields[0] == 3 + IMGACT_OP_COUNT, "a column per operation");
const cli_schema cli_provider_schema = {.fields = fields, .count = sizeof fields / sizeof fields[0], .turns = true};

int cli_provider_list(cli_app *app) {
  const void *items[MOST_PROVIDERS];
  size_t count = 0;
  while (count < MOST_PROVIDERS && imgact_provider_at(count)) {
    items[count] = imgact_provider_at(count);
    count++;
  }
  return cli_print_list(app, &cli_provider_schema, items, count);
}
