/* SPDX-License-Identifier: MIT */
/* Hetzner's label selectors and label rules. */
#ifndef SIM_LABEL_SELECTOR_H
#define SIM_LABEL_SELECTOR_H

#include "world.h"

typedef enum sim_match { SIM_MALFORMED = -1, SIM_NO_MATCH, SIM_MATCH } sim_match;

/* Requirements joined by commas, all of which must match: k=v  k==v  k!=v  k  !k  k in (a,b)
 * k notin (a,b). An empty selector matches everything. */
sim_match sim_label_selector_match(const char *selector, const sim_labels *labels);

/* [prefix/]name. The name has 1 to 63 characters: letters and digits at both ends, also - _ .
 * inside. The prefix is a DNS subdomain of at most 253 characters; "hetzner.cloud/" is reserved. */
bool sim_label_key_ok(const char *key);
/* Empty, or a name. */
bool sim_label_value_ok(const char *value);

#endif
