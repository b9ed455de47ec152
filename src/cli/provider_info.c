// SPDX-License-Identifier: MIT
#include "provider_info.h"

#include <stdio.h>
#include <string.h>

const char *cli_provider_title(const imgact_provider *provider) {
  return provider->display_name ? provider->display_name : provider->name;
}

const char *cli_provider_choices(void) {
  static char choices[256];
  const imgact_provider *provider;
  size_t length = 0;

  if (choices[0]) return choices;
  for (size_t i = 0; (provider = imgact_provider_at(i)); i++) {
    size_t room = sizeof choices - length;
    int added = snprintf(choices + length, room, "%s%s", i ? "|" : "", provider->name);
    if (added < 0 || (size_t)added >= room) break;
    length += (size_t)added;
  }
  return choices;
}

const imgact_slot *cli_provider_slot(const imgact_provider *provider, imgact_op_kind kind) {
  if (kind == IMGACT_OP_CHANGE_TAGS) kind = IMGACT_OP_TAG_IMAGES;
  if (!provider || (size_t)kind >= provider->slots_count) return NULL;
  const void *at = (const char *)provider->slots + (size_t)kind * provider->slots_stride;
  const imgact_slot *slot = at;
  return slot->encode || slot->path ? slot : NULL;
}

static bool sends(const imgact_slot *slot, imgact_source source) {
  const imgact_argument *row = slot->body;
  while (row && row->key && row->source != source) row++;
  return row && row->key;
}

static bool supports(const imgact_provider *provider, const cli_support *support) {
  const imgact_slot *slot = cli_provider_slot(provider, support->kind);
  return slot && !(support->filters & ~(slot->server_filters | slot->local_filters)) &&
         (!support->change || sends(slot, support->change));
}

void cli_add_summary(cli_buffer *buffer, const char *text, const cli_support *support) {
  const imgact_provider *provider;
  bool all = true;
  size_t named = 0;

  cli_buffer_text(buffer, text);
  for (size_t i = 0; (provider = imgact_provider_at(i)); i++)
    all = all && supports(provider, support);
  if (all) return;

  for (size_t i = 0; (provider = imgact_provider_at(i)); i++) {
    if (!supports(provider, support)) continue;
    cli_buffer_text(buffer, named++ ? ", " : " (");
    cli_buffer_text(buffer, cli_provider_title(provider));
  }
  if (named) cli_buffer_text(buffer, ")");
}
