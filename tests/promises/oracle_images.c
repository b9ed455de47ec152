// SPDX-License-Identifier: MIT
/*
 * Images of servers, and imports: the image in a result is the one that a request of this call
 * made, or, adopted, one that a request like it made since.
 */
#include "oracle.h"

/* The image that an action makes, or imports. */
static const sim_image *made_by(const sim_action *action) {
  return action->effect == SIM_IMPORT ? action->image : action->created;
}

/* The action that made the image; NULL: it was there at the start. */
static const sim_action *maker_of(const harness *s, const sim_image *image) {
  const sim_cloud_state *side = &s->instance.world->clouds[s->schedule->cloud];
  for (size_t i = 0; i < side->actions_count; i++)
    if (made_by(side->actions[i]) == image) return side->actions[i];
  return NULL;
}

/* Snapshots with one name, of one Droplet and one second, cannot be told apart. */
static bool is_twin(const sim_action *a, const sim_action *b) {
  return a && b && a->started_ms / 1000 == b->started_ms / 1000;
}

static const char *judge_maker(const harness *s, const harness_call *call, const sim_image *image) {
  const sim_action *maker = maker_of(s, image),
                   *shown = sim_action_find(s->instance.world, s->schedule->cloud, call->action_id);
  if (!maker)
    return call->adopted && !oracle_too_old(s, call, image->created_ms)
               ? NULL
               : "an image that was there at the start is the result";
  bool own = oracle_is_own(s, call, maker->id),
       shows_own = shown && oracle_is_own(s, call, shown->id);
  if (own && shown && !call->adopted && made_by(shown) != image && !is_twin(shown, maker))
    return "the image in the result is not that of the action in the result";
  if (own) return NULL;
  if (shows_own && is_twin(shown, maker)) return NULL;
  if (shows_own) return "the action in the result is this call's, but the image is another's";
  if (!call->adopted)
    return "an image that this call did not make is the result, and not as adopted";
  if (oracle_too_old(s, call, image->created_ms))
    return "an image from before the request was adopted";
  return NULL;
}

static const char *judge_image(const harness *s, const harness_call *call) {
  const sim_image *image = sim_image_find(s->instance.world, s->schedule->cloud, call->image_id);
  if (!image) return "the image in the result does not exist";
  if (!harness_fits(s, call->mutation, image))
    return "the image in the result is of another server, kind or title";
  return judge_maker(s, call, image);
}

/* An import that has failed shows the image. */
static const char *judge_failed_import(const harness *s, const harness_call *call) {
  const sim_image *image = sim_image_find(s->instance.world, s->schedule->cloud, call->image_id);
  if (call->mutation != SCHEDULE_IMPORT || call->error.status != IMGACT_ACTION_FAILED) return NULL;
  return image && image->status == SIM_DELETED ? NULL : "action_failed, and no import has failed";
}

const char *oracle_images(const harness *s, const harness_call *call) {
  const schedule *p = s->schedule;
  bool ok = call->error.status == IMGACT_OK,
       shown = p->wait || p->cloud == SIM_HETZNER || call->mutation == SCHEDULE_IMPORT;
  const char *wrong = call->image_id ? judge_image(s, call) : NULL;
  if (wrong) return wrong;
  if (ok && shown && !call->image_id) return "success without the image";
  if (ok && p->wait && call->image_status != IMGACT_IMAGE_STATUS_AVAILABLE)
    return "success, and the image is not shown as available";
  return judge_failed_import(s, call);
}
