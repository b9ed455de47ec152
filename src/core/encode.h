/* SPDX-License-Identifier: MIT */
/* Builds a request by a slot's encode, or from its rows. */
#ifndef IA_ENCODE_H
#define IA_ENCODE_H

#include "request.h"

#define IA_MAX_PROVIDER_HEADERS 8 /* of a provider's own */

/* Returns the slot of an operation, also if it is empty; NULL if the table ends before it. */
static inline const imgact_slot *ia_provider_slot(const imgact_provider *p, imgact_op_kind kind) {
  if (kind == IMGACT_OP_FIND_IMAGE) kind = IMGACT_OP_LIST_IMAGES;
  if (kind == IMGACT_OP_CHANGE_TAGS) kind = IMGACT_OP_TAG_IMAGES;
  if ((size_t)kind >= p->slots_count) return NULL;
  const void *slot = (const char *)p->slots + p->slots_stride * (size_t)kind;
  return slot;
}
/* Returns true if a slot can send: what cannot is an operation that the API lacks. */
static inline bool ia_slot_sends(const imgact_slot *slot) { return slot->encode || slot->path; }
/* OK, or why the call is refused. */
imgact_status ia_request_encode(imgact_request *request, const imgact_slot *slot,
                                const imgact_call *call, const imgact_provider *provider,
                                imgact_error *error);

/* For the check of a table: the variables of a path and the sources of rows that an operation has.
 */
bool ia_has_variable(imgact_op_kind kind, const char *name, size_t length);
bool ia_has_source(imgact_op_kind kind, intptr_t source, bool in_body);

#endif
