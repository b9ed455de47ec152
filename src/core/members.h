/* SPDX-License-Identifier: MIT */
/* The members of images, actions and regions, by imgact_target; see IMGACT_IMAGE_MEMBERS. */
#ifndef IA_MEMBERS_H
#define IA_MEMBERS_H

#include <imgact/provider.h>

/* A number without a member has the kind 0. */
#define IA_MEMBERS (IMGACT_TARGET_REGION_IMAGE_TRANSFER + 1)
extern const imgact_member ia_members[IA_MEMBERS];

/* Rows of the initialiser of an item whose members are not reported; what it does not name is 0 or
 * NULL. */
#define IA_UNKNOWN_ROW(target, kind, member, second, key) IA_UNKNOWN_##kind(member)
#define IA_UNKNOWN_OBJECT(key, LIST)                      LIST(IA_UNKNOWN_ROW)
#define IA_UNKNOWN_TEXT(member)
#define IA_UNKNOWN_NONEMPTY(member)
#define IA_UNKNOWN_ID(member)
#define IA_UNKNOWN_DERIVED(member)
#define IA_UNKNOWN_IMAGE_TYPE(member)
#define IA_UNKNOWN_IMAGE_STATUS(member)
#define IA_UNKNOWN_ACTION_KIND(member)
#define IA_UNKNOWN_ACTION_STATUS(member)
#define IA_UNKNOWN_STRINGS(member)
#define IA_UNKNOWN_LABELS(member)
#define IA_UNKNOWN_RESOURCES(member)
#define IA_UNKNOWN_NUMBER(member)   .member = (double)NAN,
#define IA_UNKNOWN_TIME(member)     .member = IMGACT_NO_TIME,
#define IA_UNKNOWN_TRISTATE(member) .member = IMGACT_TRISTATE_UNKNOWN,
#define IA_UNKNOWN_PERCENT(member)  .member = -1,

#endif
