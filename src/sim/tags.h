/* SPDX-License-Identifier: MIT */
/* Names of tags at DigitalOcean. The first spelling of a name is the canonical one. */
#ifndef SIM_TAGS_H
#define SIM_TAGS_H

#include "world.h"

/* Returns true for 1 to 255 of the characters that a name may have. */
bool sim_tag_name_ok(const char *name);
/* Adds the tags that images and machines have. The functions below expect that it has been called
 * since the last change. */
bool sim_tags_collect(sim_world *world);
/* Finds a tag in any spelling; NULL = none. */
sim_tag *sim_tag_find(const sim_world *world, const sim_account *account, const char *name);
/* Finds or creates a tag; NULL without memory. */
sim_tag *sim_tag_of(sim_world *world, sim_account *account, const char *name);
/* Removes a name from a list. Returns false if it was not in the list. */
bool sim_tags_remove(sim_strings *tags, const char *name);

#endif
