/* SPDX-License-Identifier: MIT */
/* Actions of images and machines: start, progress, end and effect. */
#ifndef SIM_ACTION_H
#define SIM_ACTION_H

#include "world.h"

/* Ends all actions that are due. Functions with a now_ms expect that it has been called. */
void sim_world_advance(sim_world *world, int64_t now_ms);
/* Time at which the next action ends; IMGACT_NO_TIME = no action will end. */
int64_t sim_world_next_ms(const sim_world *world);

/* Appends an action that has ended. id 0 takes the next id. image and machine: NULL = none. NULL:
 * no memory, too many actions, id in use or too large. */
sim_action *sim_action_new(sim_world *world, sim_cloud cloud, int64_t id, sim_image *image,
                           sim_machine *machine, const char *command);
sim_action *sim_action_find(const sim_world *world, sim_cloud cloud, int64_t id);
/* Sets the end of a running action; IMGACT_NO_TIME = never. Without memory it returns false and
 * changes nothing. */
bool sim_action_schedule(sim_world *world, sim_action *action, int64_t due_ms);
int sim_action_progress(const sim_action *action, int64_t now_ms);

/* Starts and counts an action of an image. NULL without memory. */
sim_action *sim_action_start(sim_world *world, sim_image *image, sim_effect effect,
                             const char *region, int64_t now_ms);
/* Starts and counts the creation of an image from a machine. image: the new image (Hetzner), or
 * NULL if it appears when the action ends (DigitalOcean), with that name. */
sim_action *sim_action_create_image(sim_world *world, sim_machine *machine, sim_image *image,
                                    const char *name, int64_t now_ms);

/* Status as shown: an import is NEW at first and pending later. */
sim_status sim_image_status(const sim_image *image, int64_t now_ms);
/* A running action of the image with this effect (SIM_NOTHING = any) and region (NULL = any). */
const sim_action *sim_image_running(const sim_image *image, sim_effect effect, const char *region);
/* Returns true while the machine accepts no further action. */
bool sim_machine_locked(const sim_machine *machine, int64_t now_ms);
bool sim_machine_busy(const sim_machine *machine);

#endif
