/* SPDX-License-Identifier: MIT */
/* Hetzner's label selectors and label rules. */
#ifndef SIM_LABEL_SELECTOR_H
#define SIM_LABEL_SELECTOR_H

#include "world.h"

typedef enum sim_match { SIM_MALFORMED = -1, SIM_NO_MATCH, SIM_MATCH } sim_match;

/* k=v  k==v  k!=v  k  !k  k in (a,b)  k notin (a,b), joined by commas that mean "and". "" matches
 * everything. */
sim_match sim_label_selector_match(const char *selector, const sim_labels *labels);

/* [prefix/]name; name of 1 to 63 characters, letters and digits at both ends, -_. inside; prefix a
 * DNS subdomain of at most 253. "hetzner.cloud/" is the cloud's own. */
bool sim_label_key_ok(const char *key);
/* "" or a name. */
bool sim_label_value_ok(const char *value);

#endif
