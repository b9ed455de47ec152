// SPDX-License-Identifier: MIT
#include "providers.h"
#include "builtin.h"
#include "filter.h"
#include <imgact/client.h>
#include <stdio.h>
#include <string.h>

/* ---- the table of the built-in ones ---- */

const imgact_provider *imgact_provider_at(size_t index) {
  static const imgact_provider *const builtin[] = {IA_BUILTIN_PROVIDERS};
  return index < sizeof builtin / sizeof *builtin ? builtin[index] : NULL;
}

const imgact_provider *imgact_provider_find(const char *name) {
  const imgact_provider *provider = NULL;
  for (size_t i = 0; name && (provider = imgact_provider_at(i)); i++)
    if (!strcmp(provider->name, name)) break;
  return provider;
}

const char *ia_known_providers(char text[IA_KNOWN_PROVIDERS_SHOWN]) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; imgact_provider_at(i) && used < IA_KNOWN_PROVIDERS_SHOWN; i++)
    used += (size_t)snprintf(text + used, IA_KNOWN_PROVIDERS_SHOWN - used, "%s%s", i ? ", " : "",
                             imgact_provider_at(i)->name);
  return text;
}

/* ---- is a table whole? ---- */

/* The first member of the table that cannot be worked with, or NULL. */
static const char *missing_member(const imgact_provider *p) {
  if (!p->default_endpoint) return "default_endpoint";
  if (!p->slots || !p->slots_count) return "slots";
  if (p->slots_stride < sizeof(imgact_slot)) return "slots_stride";
  if (!p->is_valid_id) return "is_valid_id";
  if (!p->id_format) return "id_format";
  if (!p->decode_error) return "decode_error";
  if (p->max_per_page <= 0) return "max_per_page";
  if (p->type_groups_count && !p->type_groups) return "type_groups";
  if (p->type_groups_count && p->type_groups_stride < sizeof *p->type_groups)
    return "type_groups_stride";
  return NULL;
}

static const imgact_slot *slot_of(const imgact_provider *p, imgact_op_kind kind) {
  if ((size_t)kind >= p->slots_count) return NULL;
  const imgact_slot *slot =
      (const imgact_slot *)(const void *)((const char *)p->slots + p->slots_stride * (size_t)kind);
  return slot->encode || slot->decode ? slot : NULL;
}

/* The first slot of which a half is missing; COUNT = none. */
static imgact_op_kind incomplete_slot(const imgact_provider *p) {
  int kind = 0;
  for (const imgact_slot *slot; kind < IMGACT_OP_COUNT; kind++)
    if ((slot = slot_of(p, (imgact_op_kind)kind)) && !slot->encode != !slot->decode) break;
  return (imgact_op_kind)kind;
}

/* Filters that nothing here can apply, or a look-up that the table has no slot for, would be
 * promises that nobody keeps. */
static const char *unsupported_declaration(const imgact_provider *p) {
  const imgact_slot *by_name = slot_of(p, IMGACT_OP_GET_IMAGE);
  const imgact_slot *images = slot_of(p, IMGACT_OP_LIST_IMAGES),
                    *actions = slot_of(p, IMGACT_OP_LIST_ACTIONS);
  if (by_name && (by_name->flags & IMGACT_SLOT_NAME_LOOKUP) && !images)
    return "get_image by name, and no list_images";
  if (images && (images->local_filters & ~IA_FILTERS_OF_IMAGES))
    return "a filter of images that only a server can apply";
  if (actions && (actions->local_filters & ~IA_FILTERS_OF_ACTIONS))
    return "a filter of actions that only a server can apply";
  return NULL;
}

imgact_status ia_provider_check(const imgact_provider *p, imgact_error *error) {
  if (p->size < sizeof *p || !p->name)
    return imgact_error_set(
        error, IMGACT_INVALID_ARGUMENT,
        "a provider's table has no name, or a size that is not sizeof(imgact_provider)");
  const char *member = missing_member(p);
  if (member)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "the table of provider %s lacks a usable %s", p->name, member);
  imgact_op_kind kind = incomplete_slot(p);
  if (kind != IMGACT_OP_COUNT)
    return imgact_error_set(error, IMGACT_INVALID_ARGUMENT,
                            "the table of provider %s has half a slot for %s", p->name,
                            imgact_op_kind_name(kind));
  const char *promise = unsupported_declaration(p);
  if (!promise) return IMGACT_OK;
  return imgact_error_set(error, IMGACT_INVALID_ARGUMENT, "the table of provider %s has %s",
                          p->name, promise);
}
