// SPDX-License-Identifier: MIT
/*
 * Reads world files. Images and actions have the form of their cloud's API, so that recorded
 * responses can be pasted. Objects are matched by id; members that the file does not have stay
 * unchanged. Unknown keys are errors. A file is first applied to an empty world, so that a file
 * with an error changes nothing.
 */
#include "world.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct loader {
  sim_world *world;
  const sim_world *real; /* the world to be changed, while the file is tried; else NULL */
  int64_t now_ms;
  sim_cloud cloud;
  char where[96]; /* "hetzner.images[3]" */
  char *message;
  size_t capacity;
  bool failed;
} loader;

static bool fail(loader *l, const char *key, const char *what) {
  if (!l->failed)
    snprintf(l->message, l->capacity, "%s%s%s%s%s", l->where, *l->where && key ? "." : "",
             key ? key : "", *l->where || key ? ": " : "", what);
  l->failed = true;
  return false;
}

/* ---- typed members: an absent key leaves *out unchanged, another type is an error ---- */

static const imgact_json *member(const imgact_json *object, const char *key,
                                 imgact_json_type *type) {
  const imgact_json *value = imgact_json_get(object, key);
  *type = imgact_json_get_type(value);
  return value;
}

static void read_text(loader *l, const imgact_json *object, const char *key, char **out) {
  imgact_json_type type;
  const imgact_json *value = member(object, key, &type);
  if (type == IMGACT_JSON_ABSENT) return;
  char *text = sim_copy_json(value);
  if (!text && type != IMGACT_JSON_NULL) {
    fail(l, key, "must be a string or null");
    return;
  }
  free(*out);
  *out = text;
}

static void read_interned(loader *l, const imgact_json *object, const char *key, const char **out) {
  char *text = NULL;
  if (!imgact_json_get(object, key)) return;
  read_text(l, object, key, &text);
  *out = sim_intern(l->world, text);
  free(text);
}

static void read_int(loader *l, const imgact_json *object, const char *key, int64_t least,
                     int64_t *out) {
  imgact_json_type type;
  const imgact_json *value = member(object, key, &type);
  int64_t number = 0;
  if (type == IMGACT_JSON_ABSENT) return;
  if (type == IMGACT_JSON_NULL)
    *out = 0;
  else if (!imgact_json_as_int(value, &number) || number < least || number > SIM_MAX_ID)
    fail(l, key, "must be a whole number in range");
  else
    *out = number;
}

static void read_double(loader *l, const imgact_json *object, const char *key, double *out) {
  imgact_json_type type;
  const imgact_json *value = member(object, key, &type);
  double number = 0;
  if (type == IMGACT_JSON_ABSENT) return;
  if (type == IMGACT_JSON_NULL)
    *out = NAN;
  else if (!imgact_json_as_double(value, &number) || number < 0 || number > 1e9)
    fail(l, key, "must be a number from 0 to 1e9, or null");
  else
    *out = number;
}

static void read_bool(loader *l, const imgact_json *object, const char *key, uint8_t *out) {
  const imgact_json *value = imgact_json_get(object, key);
  int truth = 0;
  if (!value) return;
  if (imgact_json_as_bool(value, &truth))
    *out = (uint8_t)(truth != 0);
  else
    fail(l, key, "must be true or false");
}

static void read_time(loader *l, const imgact_json *object, const char *key, int64_t *out) {
  imgact_json_type type;
  char *text = sim_copy_json(member(object, key, &type));
  if (type == IMGACT_JSON_NULL)
    *out = IMGACT_NO_TIME;
  else if (type != IMGACT_JSON_ABSENT && (!text || !sim_parse_time(text, out)))
    fail(l, key, "must be a time such as 2016-01-30T23:50:00Z");
  free(text);
}

static void read_range(loader *l, const imgact_json *object, const char *key,
                       const char *const *names, size_t first, size_t end, uint8_t *out) {
  const imgact_json *value = imgact_json_get(object, key);
  if (!value) return;
  for (size_t i = first; i < end; i++)
    if (imgact_json_equals(value, names[i])) {
      *out = (uint8_t)i;
      return;
    }
  fail(l, key, "is not one of the known values");
}

static void read_index(loader *l, const imgact_json *object, const char *key,
                       const char *const *names, size_t count, uint8_t *out) {
  read_range(l, object, key, names, 0, count, out);
}

static void read_strings(loader *l, const imgact_json *object, const char *key, sim_strings *out) {
  imgact_json_type type;
  const imgact_json *value = member(object, key, &type), *item;
  if (type == IMGACT_JSON_ABSENT) return;
  if (type != IMGACT_JSON_ARRAY && type != IMGACT_JSON_NULL) {
    fail(l, key, "must be a list of strings");
    return;
  }

  free(out->items);
  *out = (sim_strings){0};
  imgact_json_iter each = imgact_json_iter_begin(value);
  while (!l->failed && (item = imgact_json_iter_next(&each, NULL))) {
    char *text = sim_copy_json(item);
    if (!text || !sim_strings_add(l->world, out, text)) fail(l, key, "must be a list of strings");
    free(text);
  }
}

static void read_labels(loader *l, const imgact_json *object, sim_labels *out) {
  imgact_json_type type;
  const imgact_json *value = member(object, "labels", &type), *key, *text;
  if (type == IMGACT_JSON_ABSENT) return;

  if (type != IMGACT_JSON_OBJECT) fail(l, "labels", "must be an object of strings");
  sim_labels_free(out);
  imgact_json_iter each = imgact_json_iter_begin(value);
  while (!l->failed && (text = imgact_json_iter_next(&each, &key))) {
    char *name = sim_copy_json(key), *content = sim_copy_json(text);
    if (!name || !content || !sim_labels_add(out, name, content))
      fail(l, "labels", "must be an object of strings");
    free(name);
    free(content);
  }
}

/* Returns true for an object with these keys only. */
static bool has_only_keys(loader *l, const imgact_json *value, const char *const *keys,
                          size_t count) {
  const imgact_json *key;
  if (imgact_json_get_type(value) != IMGACT_JSON_OBJECT) return fail(l, NULL, "must be an object");

  imgact_json_iter each = imgact_json_iter_begin(value);
  while (imgact_json_iter_next(&each, &key)) {
    bool known = false;
    for (size_t i = 0; i < count; i++) known = known || imgact_json_equals(key, keys[i]);
    if (known) continue;
    char *name = sim_copy_json(key), what[80];
    snprintf(what, sizeof what, "unknown key \"%.40s\"", name ? name : "");
    free(name);
    return fail(l, NULL, what);
  }

  return true;
}

/* ---- images ---- */

static void load_hetzner_image(loader *l, const imgact_json *value, sim_image *image) {
  static const char *const architectures[] = {"x86", "arm"};
  const imgact_json *origin = imgact_json_get(value, "created_from"),
                    *deprecation = imgact_json_get(value, "deprecation");

  read_double(l, value, "image_size", &image->size_gb);
  read_double(l, value, "disk_size", &image->disk_gb);
  read_time(l, value, "created", &image->created_ms);
  read_int(l, value, "bound_to", 0, &image->bound_to);
  read_interned(l, value, "os_flavor", &image->os);
  read_interned(l, value, "os_version", &image->os_version);
  read_bool(l, value, "rapid_deploy", &image->rapid_deploy);
  read_time(l, value, "deprecated", &image->deprecated_ms);
  read_time(l, deprecation, "announced", &image->deprecated_ms);
  read_time(l, deprecation, "unavailable_after", &image->unavailable_after_ms);
  read_time(l, value, "deleted", &image->deleted_ms);
  read_labels(l, value, &image->labels);
  read_index(l, value, "architecture", architectures, 2, &image->is_arm);
  read_bool(l, imgact_json_get(value, "protection"), "delete", &image->is_protected);
  if (imgact_json_get_type(origin) == IMGACT_JSON_NULL) image->created_from_id = 0;
  read_int(l, origin, "id", 1, &image->created_from_id);
  read_text(l, origin, "name", &image->created_from_name);
  image->is_public = image->type == SIM_SYSTEM || image->type == SIM_APP;
}

static void load_digitalocean_image(loader *l, const imgact_json *value, sim_image *image) {
  read_interned(l, value, "distribution", &image->os);
  read_text(l, value, "slug", &image->slug);
  read_bool(l, value, "public", &image->is_public);
  read_strings(l, value, "regions", &image->regions);
  read_time(l, value, "created_at", &image->created_ms);
  read_double(l, value, "min_disk_size", &image->disk_gb);
  read_double(l, value, "size_gigabytes", &image->size_gb);
  read_strings(l, value, "tags", &image->tags);
  read_text(l, value, "error_message", &image->error_message);
}

static bool id_of(loader *l, const imgact_json *value, int64_t *id) {
  *id = 0;
  if (imgact_json_get(value, "id")) read_int(l, value, "id", 1, id);
  return !l->failed;
}

static void load_image(loader *l, const imgact_json *value) {
  static const char *const keys[] = {
      "id",         "type",         "status",       "name",          "description",
      "image_size", "disk_size",    "created",      "bound_to",      "os_flavor",
      "os_version", "rapid_deploy", "protection",   "deprecated",    "created_from",
      "deleted",    "labels",       "architecture", "distribution",  "slug",
      "public",     "regions",      "created_at",   "tags",          "size_gigabytes",
      "gone",       "locked",       "application",  "error_message", "min_disk_size",
      "deprecation"};
  int64_t id = 0;
  if (!has_only_keys(l, value, keys, SIM_COUNT(keys)) || !id_of(l, value, &id)) return;

  sim_image *image = id ? sim_image_find(l->world, l->cloud, id) : NULL;
  bool is_new = !image;
  if (is_new) {
    image = sim_image_new(l->world, l->cloud, id);
    if (!image) {
      fail(l, NULL, "no memory, or too many images");
      return;
    }
    image->type = SIM_SNAPSHOT;
    image->created_ms = l->now_ms;
  }
  bool hetzner = l->cloud == SIM_HETZNER;
  read_range(l, value, "type", sim_type_names, hetzner ? SIM_SYSTEM : SIM_SNAPSHOT,
             hetzner ? SIM_BASE : SIM_TYPES, &image->type);
  read_range(l, value, "status", sim_status_names, hetzner ? SIM_CREATING : SIM_AVAILABLE,
             hetzner ? SIM_NEW : SIM_STATUSES, &image->status);
  if (is_new) image->rapid_deploy = image->type == SIM_SYSTEM;
  read_text(l, value, "name", &image->name);
  read_text(l, value, "description", &image->description);
  read_bool(l, value, "gone", &image->deleted);
  read_bool(l, value, "locked", &image->locked);
  read_bool(l, value, "application", &image->application);
  if (hetzner)
    load_hetzner_image(l, value, image);
  else
    load_digitalocean_image(l, value, image);
}

/* ---- actions ---- */

static void load_hetzner_action(loader *l, const imgact_json *value, sim_action *action) {
  const imgact_json *error = imgact_json_get(value, "error"), *resource;
  int64_t id = 0;

  read_interned(l, value, "command", &action->command);
  read_time(l, value, "started", &action->started_ms);
  read_time(l, value, "finished", &action->finished_ms);
  if (imgact_json_get_type(error) == IMGACT_JSON_NULL)
    action->error_code = action->error_message = NULL;
  read_interned(l, error, "code", &action->error_code);
  read_interned(l, error, "message", &action->error_message);
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_get(value, "resources"));
  while ((resource = imgact_json_iter_next(&each, NULL))) {
    read_int(l, resource, "id", 1, &id);
    if (imgact_json_equals(imgact_json_get(resource, "type"), "server") &&
        imgact_json_count(imgact_json_get(value, "resources")) > 1) {
      action->server_id = id;
    } else {
      action->resource_id = id;
      read_interned(l, resource, "type", &action->resource_type);
    }
  }
}

/* Old responses have a string, or an object without region_slug. */
static void read_region(loader *l, const imgact_json *value, const char **out) {
  const imgact_json *region = imgact_json_get(value, "region"),
                    *slug = imgact_json_get(value, "region_slug");
  if (imgact_json_get_type(region) == IMGACT_JSON_OBJECT)
    read_interned(l, region, "slug", out);
  else
    read_interned(l, value, "region", out);
  if (!region || imgact_json_get_type(slug) != IMGACT_JSON_NULL)
    read_interned(l, value, "region_slug", out);
}

static void load_digitalocean_action(loader *l, const imgact_json *value, sim_action *action) {
  read_interned(l, value, "type", &action->command);
  read_time(l, value, "started_at", &action->started_ms);
  read_time(l, value, "completed_at", &action->finished_ms);
  read_int(l, value, "resource_id", 0, &action->resource_id);
  read_interned(l, value, "resource_type", &action->resource_type);
  read_region(l, value, &action->region);
}

/* The image of an action; NULL = another resource. */
static sim_image *image_of_action(loader *l, const imgact_json *value) {
  const imgact_json *resource, *resources = imgact_json_get(value, "resources");
  int64_t id = 0;
  if (l->cloud == SIM_DIGITALOCEAN) {
    const imgact_json *type = imgact_json_get(value, "resource_type");
    if (type && !imgact_json_equals(type, "image")) return NULL;
    imgact_json_as_int(imgact_json_get(value, "resource_id"), &id);
  }
  imgact_json_iter each = imgact_json_iter_begin(resources);
  while (l->cloud == SIM_HETZNER && (resource = imgact_json_iter_next(&each, NULL)))
    if (imgact_json_equals(imgact_json_get(resource, "type"), "image"))
      imgact_json_as_int(imgact_json_get(resource, "id"), &id);
  return sim_image_find(l->world, l->cloud, id);
}

/* Reads the end of a running action. Members that the file does not have stay unchanged, including
 * the end of an action that is already running. */
static int64_t read_end(loader *l, const imgact_json *value, const sim_action *old,
                        sim_action *action) {
  static const char *const endings[] = {"never", "success", "error"};
  bool ran = old->state == SIM_RUNNING, runs = action->state == SIM_RUNNING;
  uint8_t ends = ran && old->due_ms == IMGACT_NO_TIME ? SIM_RUNNING
                 : old->fails                         ? SIM_ERROR
                                                      : SIM_SUCCESS;
  int64_t runs_ms = -1;

  read_index(l, value, "effect", sim_effect_names, SIM_EFFECTS, &action->effect);
  read_index(l, value, "ends", endings, 3, &ends);
  read_int(l, value, "runs_ms", 0, &runs_ms);
  if (!runs && (imgact_json_get(value, "ends") || runs_ms >= 0))
    fail(l, NULL, "ends and runs_ms need a running action");
  if (runs && action->effect == SIM_TRANSFER && !action->region)
    fail(l, "effect", "a transfer needs a region_slug");
  action->fails = ends == SIM_ERROR;
  if (!runs || ends == SIM_RUNNING) return IMGACT_NO_TIME;
  if (runs_ms < 0 && old->due_ms != IMGACT_NO_TIME) return old->due_ms;
  return l->now_ms + (runs_ms < 0
                          ? l->world->duration_ms[action->effect ? action->effect : SIM_CONVERT]
                          : runs_ms);
}

/* If the end changes or the file has a progress, progress is linear from now to the end. */
static void read_progress(loader *l, const imgact_json *value, const sim_action *old,
                          int64_t due_ms, sim_action *action) {
  int64_t progress =
      old->state == SIM_RUNNING ? sim_action_progress(old, l->now_ms) : old->progress;
  if (!imgact_json_get(value, "progress") && due_ms == old->due_ms) return;
  read_int(l, value, "progress", 0, &progress);
  action->progress = (uint8_t)(progress < 100 ? progress : 100);
  action->from_ms = l->now_ms;
}

static sim_action *new_action(loader *l, const imgact_json *value, int64_t id) {
  const sim_action *existing = l->real ? sim_action_find(l->real, l->cloud, id) : NULL;
  sim_action *action = sim_action_new(l->world, l->cloud, id, image_of_action(l, value), "create");
  if (!action) {
    fail(l, NULL, "no memory, or too many actions");
    return NULL;
  }
  action->started_ms = action->finished_ms = l->now_ms;
  action->state = SIM_SUCCESS;
  if (!existing) return action;

  /* The trial starts from the existing action, so that the change is validated. */
  *action = *existing;
  action->image = NULL;
  action->next = NULL;
  action->due_ms = IMGACT_NO_TIME;

  return action;
}

static void load_action(loader *l, const imgact_json *value) {
  static const char *const keys[] = {
      "id",         "command",      "status",      "progress", "started",     "finished",
      "resources",  "error",        "type",        "effect",   "ends",        "runs_ms",
      "started_at", "completed_at", "resource_id", "region",   "region_slug", "resource_type"};
  int64_t id = 0;
  if (!has_only_keys(l, value, keys, SIM_COUNT(keys)) || !id_of(l, value, &id)) return;
  sim_action *existing = id ? sim_action_find(l->world, l->cloud, id) : NULL;
  if (!existing) existing = new_action(l, value, id);
  if (!existing) return;

  sim_action action = *existing;
  read_index(l, value, "status", sim_state_names[l->cloud], SIM_STATES, &action.state);
  if (action.state != existing->state) {
    action.finished_ms = action.state == SIM_RUNNING ? IMGACT_NO_TIME : l->now_ms;
    action.error_code = action.error_message = NULL;
  }
  if (l->cloud == SIM_HETZNER)
    load_hetzner_action(l, value, &action);
  else
    load_digitalocean_action(l, value, &action);
  if (action.started_ms == IMGACT_NO_TIME) action.started_ms = l->now_ms;
  if (!action.command) fail(l, NULL, "an action needs a command (hetzner) or type (digitalocean)");
  if (!action.resource_type) action.resource_type = "image";
  int64_t due_ms = read_end(l, value, existing, &action);
  read_progress(l, value, existing, due_ms, &action);
  if (l->failed) return;
  if (!sim_action_schedule(l->world, existing, due_ms)) {
    fail(l, NULL, "no memory");
    return;
  }
  action.due_ms = due_ms;

  *existing = action;
}

/* ---- the rest ---- */

static void load_region(loader *l, const imgact_json *value) {
  static const char *const keys[] = {"slug", "name", "features", "sizes", "available"};
  char *slug = NULL, *name = NULL;
  if (!has_only_keys(l, value, keys, SIM_COUNT(keys))) return;

  read_text(l, value, "slug", &slug);
  read_text(l, value, "name", &name);
  sim_region *region = sim_region_find(l->world, l->cloud, slug);
  if (!region && slug) region = sim_region_new(l->world, l->cloud, slug, name ? name : slug);
  uint8_t available = region ? region->available : 1;
  if (region) {
    read_strings(l, value, "features", &region->features);
    read_strings(l, value, "sizes", &region->sizes);
    read_bool(l, value, "available", &available);
    region->available = available;
  } else {
    fail(l, "slug", "is missing");
  }

  free(slug);
  free(name);
}

static void load_token(loader *l, const imgact_json *value) {
  static const char *const keys[] = {"token", "access", "scopes"};
  char *text = NULL;
  uint8_t access = SIM_READ_WRITE;
  if (!has_only_keys(l, value, keys, SIM_COUNT(keys))) return;

  read_text(l, value, "token", &text);
  if (imgact_json_get(value, "scopes")) access = SIM_SCOPED;
  read_index(l, value, "access", sim_access_names, SIM_COUNT(sim_access_names), &access);
  sim_token *token = text && *text ? sim_token_of(l->world, text) : NULL;
  if (!token || !token->text) {
    fail(l, "token", "is missing, or existing are too many");
  } else {
    token->listed = true;
    token->access = (sim_access)access;
    read_strings(l, value, "scopes", &token->scopes);
  }

  free(text);
}

static void load_list(loader *l, const imgact_json *object, const char *key,
                      void (*load)(loader *, const imgact_json *)) {
  const imgact_json *list = imgact_json_get(object, key), *item;
  size_t index = 0;
  if (!list || l->failed) return;
  if (imgact_json_get_type(list) != IMGACT_JSON_ARRAY) {
    fail(l, key, "must be a list");
    return;
  }

  char base[sizeof l->where];
  memcpy(base, l->where, sizeof base);
  imgact_json_iter each = imgact_json_iter_begin(list);
  while (!l->failed && (item = imgact_json_iter_next(&each, NULL))) {
    snprintf(l->where, sizeof l->where, "%.40s%s%s[%zu]", base, *base ? "." : "", key, index++);
    load(l, item);
  }
  if (!l->failed) memcpy(l->where, base, sizeof base);
}

static void load_cloud(loader *l, const imgact_json *root, sim_cloud cloud) {
  static const char *const keys[] = {"images", "actions", "regions"};
  const imgact_json *value = imgact_json_get(root, sim_cloud_names[cloud]);
  if (!value || l->failed) return;
  l->cloud = cloud;
  snprintf(l->where, sizeof l->where, "%s", sim_cloud_names[cloud]);
  if (!has_only_keys(l, value, keys, SIM_COUNT(keys))) return;
  load_list(l, value, "regions", load_region);
  load_list(l, value, "images", load_image);
  load_list(l, value, "actions", load_action);
}

static void load_limits(loader *l, const imgact_json *root) {
  static const char *const keys[SIM_CLOUDS][3] = {{"limit", "actions"},
                                                  {"limit", "burst", "stale_ms"}};
  static const size_t counts[SIM_CLOUDS] = {2, 3};
  const imgact_json *limits = imgact_json_get(root, "limits");
  if (!limits || l->failed) return;
  snprintf(l->where, sizeof l->where, "limits");
  if (!has_only_keys(l, limits, sim_cloud_names, SIM_CLOUDS)) return;

  for (int cloud = 0; cloud < SIM_CLOUDS && !l->failed; cloud++) {
    const imgact_json *value = imgact_json_get(limits, sim_cloud_names[cloud]);
    sim_rate_limit *limit = &l->world->clouds[cloud].limit;
    if (!value || !has_only_keys(l, value, keys[cloud], counts[cloud])) continue;
    read_int(l, value, "limit", 0, &limit->limit);
    read_int(l, value, "actions", 0, &limit->actions);
    read_int(l, value, "burst", 0, &limit->burst);
    read_int(l, value, "stale_ms", 0, &limit->stale_ms);
    if (limit->limit > 1000000) fail(l, "limit", "must be at most 1000000");
    if (limit->actions > 1000000) fail(l, "actions", "must be at most 1000000");
  }
}

static void load_settings(loader *l, const imgact_json *root) {
  static const char *const keys[] = {"strict_tokens", "repeats", "link_base", "durations_ms"};
  const imgact_json *value = imgact_json_get(root, "settings");
  uint8_t strict = l->world->strict_tokens, repeats = l->world->allow_repeats;
  if (!value || l->failed) return;
  snprintf(l->where, sizeof l->where, "settings");
  if (!has_only_keys(l, value, keys, SIM_COUNT(keys))) return;

  read_bool(l, value, "strict_tokens", &strict);
  l->world->strict_tokens = strict;
  read_bool(l, value, "repeats", &repeats);
  l->world->allow_repeats = repeats;
  read_text(l, value, "link_base", &l->world->link_base);
  const imgact_json *durations = imgact_json_get(value, "durations_ms");
  if (!durations || !has_only_keys(l, durations, sim_effect_names, SIM_EFFECTS)) return;
  for (int effect = 0; effect < SIM_EFFECTS; effect++)
    read_int(l, durations, sim_effect_names[effect], 0, &l->world->duration_ms[effect]);
}

static void load_world(loader *l, const imgact_json *root) {
  static const char *const keys[] = {"settings", "limits", "tokens", "hetzner", "digitalocean"};
  if (!has_only_keys(l, root, keys, SIM_COUNT(keys))) return;
  load_settings(l, root);
  load_limits(l, root);
  if (!l->failed) *l->where = 0;
  load_list(l, root, "tokens", load_token);
  load_cloud(l, root, SIM_HETZNER);
  load_cloud(l, root, SIM_DIGITALOCEAN);
}

/* New objects get the same ids in the trial. */
static sim_world *trial_of(const sim_world *world) {
  sim_world *trial = sim_world_new(world->seed);
  for (int cloud = 0; trial && cloud < SIM_CLOUDS; cloud++) {
    trial->clouds[cloud].next_image_id = world->clouds[cloud].next_image_id;
    trial->clouds[cloud].next_action_id = world->clouds[cloud].next_action_id;
  }
  return trial;
}

bool sim_world_load(sim_world *world, const char *json, size_t length, int64_t now_ms,
                    char *message, size_t capacity) {
  loader l = {.world = trial_of(world),
              .real = world,
              .now_ms = now_ms,
              .message = message,
              .capacity = capacity};
  imgact_json_doc *document = NULL;
  sim_world *trial = l.world;

  l.failed = imgact_json_doc_parse(json, length, NULL, &document, message, capacity) != 0;
  if (!l.failed && !trial) fail(&l, NULL, "no memory");
  if (!l.failed) load_world(&l, imgact_json_doc_root(document));
  sim_world_free(trial);
  l.world = world;
  l.real = NULL;
  if (!l.failed) load_world(&l, imgact_json_doc_root(document));
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) world->clouds[cloud].images_version++;

  imgact_json_doc_free(document);
  return !l.failed;
}
