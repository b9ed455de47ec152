// SPDX-License-Identifier: MIT
/*
 * Reads world files. Images and actions have the form of their cloud's API, so that recorded
 * responses can be pasted. Objects are matched by id; members that the file does not have stay
 * unchanged. Unknown keys are errors. A file is first applied to an empty world, so that a file
 * with an error changes nothing.
 */
#include "action.h"
#include "world_reader.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- images ---- */

static void load_hetzner_image(sim_loader *l, const imgact_json *value, sim_image *image) {
  static const char *const architectures[] = {"x86", "arm"};
  const imgact_json *origin = imgact_json_get(value, "created_from"),
                    *deprecation = imgact_json_get(value, "deprecation");

  sim_read_double(l, value, "image_size", &image->size_gb);
  sim_read_double(l, value, "disk_size", &image->disk_gb);
  sim_read_time(l, value, "created", &image->created_ms);
  sim_read_int(l, value, "bound_to", 0, &image->bound_to);
  sim_read_interned(l, value, "os_flavor", &image->os);
  sim_read_interned(l, value, "os_version", &image->os_version);
  sim_read_bool(l, value, "rapid_deploy", &image->rapid_deploy);
  sim_read_time(l, value, "deprecated", &image->deprecated_ms);
  sim_read_time(l, deprecation, "announced", &image->deprecated_ms);
  sim_read_time(l, deprecation, "unavailable_after", &image->unavailable_after_ms);
  sim_read_time(l, value, "deleted", &image->deleted_ms);
  sim_read_labels(l, value, &image->labels);
  sim_read_index(l, value, "architecture", architectures, 2, &image->is_arm);
  sim_read_bool(l, imgact_json_get(value, "protection"), "delete", &image->is_protected);
  if (imgact_json_get_type(origin) == IMGACT_JSON_NULL) image->created_from_id = 0;
  sim_read_int(l, origin, "id", 1, &image->created_from_id);
  sim_read_text(l, origin, "name", &image->created_from_name);
  image->is_public = image->type == SIM_SYSTEM || image->type == SIM_APP;
}

static void load_digitalocean_image(sim_loader *l, const imgact_json *value, sim_image *image) {
  sim_read_interned(l, value, "distribution", &image->os);
  sim_read_text(l, value, "slug", &image->slug);
  sim_read_bool(l, value, "public", &image->is_public);
  sim_read_strings(l, value, "regions", &image->regions);
  sim_read_time(l, value, "created_at", &image->created_ms);
  sim_read_double(l, value, "min_disk_size", &image->disk_gb);
  sim_read_double(l, value, "size_gigabytes", &image->size_gb);
  sim_read_strings(l, value, "tags", &image->tags);
  sim_read_text(l, value, "error_message", &image->error_message);
  sim_read_int(l, value, "droplet_id", 0, &image->created_from_id);
}

/* Objects belong to the default account unless the file says otherwise. */
static void read_account(sim_loader *l, const imgact_json *value, sim_account **out) {
  char *name = NULL;
  if (!imgact_json_get(value, "account")) return;
  sim_read_text(l, value, "account", &name);
  sim_account *account = name && *name ? sim_account_of(l->world, name) : NULL;
  if (account)
    *out = account;
  else
    sim_load_fail(l, "account", "must be a name, and existing are not too many");
  free(name);
}

static bool id_of(sim_loader *l, const imgact_json *value, int64_t *id) {
  *id = 0;
  if (imgact_json_get(value, "id")) sim_read_int(l, value, "id", 1, id);
  return !l->failed;
}

static void load_image(sim_loader *l, const imgact_json *value) {
  static const char *const keys[] = {
      "id",          "type",         "status",       "name",          "description",
      "image_size",  "disk_size",    "created",      "bound_to",      "os_flavor",
      "os_version",  "rapid_deploy", "protection",   "deprecated",    "created_from",
      "deleted",     "labels",       "architecture", "distribution",  "slug",
      "public",      "regions",      "created_at",   "tags",          "size_gigabytes",
      "gone",        "locked",       "application",  "error_message", "min_disk_size",
      "deprecation", "account",      "droplet_id"};
  int64_t id = 0;
  if (!sim_has_only_keys(l, value, keys, SIM_COUNT(keys)) || !id_of(l, value, &id)) return;

  sim_image *image = id ? sim_image_find(l->world, l->cloud, id) : NULL;
  bool is_new = !image;
  if (is_new) {
    image = sim_image_new(l->world, l->cloud, id);
    if (!image) {
      sim_load_fail(l, NULL, "no memory, or too many images");
      return;
    }
    image->type = SIM_SNAPSHOT;
    image->created_ms = l->now_ms;
  }
  bool hetzner = l->cloud == SIM_HETZNER;
  sim_read_range(l, value, "type", sim_type_names, hetzner ? SIM_SYSTEM : SIM_SNAPSHOT,
                 hetzner ? SIM_BASE : SIM_TYPES, &image->type);
  sim_read_range(l, value, "status", sim_status_names, hetzner ? SIM_CREATING : SIM_AVAILABLE,
                 hetzner ? SIM_NEW : SIM_STATUSES, &image->status);
  if (is_new) image->rapid_deploy = image->type == SIM_SYSTEM;
  sim_read_text(l, value, "name", &image->name);
  sim_read_text(l, value, "description", &image->description);
  sim_read_bool(l, value, "gone", &image->deleted);
  sim_read_bool(l, value, "locked", &image->locked);
  sim_read_bool(l, value, "application", &image->application);
  read_account(l, value, &image->account);
  if (hetzner)
    load_hetzner_image(l, value, image);
  else
    load_digitalocean_image(l, value, image);
}

/* ---- servers and Droplets ---- */

static bool set_default_name(sim_machine *machine) {
  char name[40];
  if (machine->name) return true;
  snprintf(name, sizeof name, "%s-%" PRId64, machine->cloud == SIM_HETZNER ? "server" : "droplet",
           machine->id);
  return sim_replace(&machine->name, name);
}

static sim_machine *new_machine(sim_loader *l, int64_t id) {
  bool hetzner = l->cloud == SIM_HETZNER;
  sim_machine *machine = sim_machine_new(l->world, l->cloud, id);
  if (!machine) {
    sim_load_fail(l, NULL, "no memory, or too many servers");
    return NULL;
  }
  machine->created_ms = l->now_ms;
  machine->status = sim_intern(l->world, hetzner ? "running" : "active");
  machine->os = sim_intern(l->world, hetzner ? "ubuntu" : "Ubuntu");
  if (hetzner) machine->os_version = sim_intern(l->world, "24.04");
  if (!hetzner) machine->region = sim_intern(l->world, "nyc3");
  machine->disk_gb = 25;
  return machine;
}

static void load_server(sim_loader *l, const imgact_json *value, sim_machine *machine) {
  static const char *const architectures[] = {"x86", "arm"};
  static const char *const keys[] = {"id",        "name",       "status",      "locked", "gone",
                                     "account",   "created",    "backups",     "labels", "disk",
                                     "os_flavor", "os_version", "architecture"};
  if (!sim_has_only_keys(l, value, keys, SIM_COUNT(keys))) return;
  sim_read_time(l, value, "created", &machine->created_ms);
  sim_read_bool(l, value, "backups", &machine->has_backups);
  sim_read_labels(l, value, &machine->labels);
  sim_read_interned(l, value, "os_flavor", &machine->os);
  sim_read_interned(l, value, "os_version", &machine->os_version);
  sim_read_index(l, value, "architecture", architectures, 2, &machine->is_arm);
}

static void load_droplet(sim_loader *l, const imgact_json *value, sim_machine *machine) {
  static const char *const keys[] = {"id",   "name",    "status",       "locked",
                                     "gone", "account", "created_at",   "disk",
                                     "tags", "region",  "distribution", "locked_ms"};
  if (!sim_has_only_keys(l, value, keys, SIM_COUNT(keys))) return;
  sim_read_time(l, value, "created_at", &machine->created_ms);
  sim_read_strings(l, value, "tags", &machine->tags);
  sim_read_interned(l, value, "region", &machine->region);
  sim_read_interned(l, value, "distribution", &machine->os);
  int64_t locked_ms = 0;
  sim_read_int(l, value, "locked_ms", 0, &locked_ms);
  if (imgact_json_get(value, "locked_ms")) machine->unlocked_ms = l->now_ms + locked_ms;
}

static void load_machine(sim_loader *l, const imgact_json *value) {
  int64_t id = 0;
  if (imgact_json_get_type(value) != IMGACT_JSON_OBJECT) {
    sim_load_fail(l, NULL, "must be an object");
    return;
  }
  if (!id_of(l, value, &id)) return;

  sim_machine *machine = id ? sim_machine_find(l->world, l->cloud, id) : NULL;
  if (!machine) machine = new_machine(l, id);
  if (!machine) return;
  sim_read_text(l, value, "name", &machine->name);
  sim_read_interned(l, value, "status", &machine->status);
  sim_read_double(l, value, "disk", &machine->disk_gb);
  sim_read_bool(l, value, "locked", &machine->locked);
  sim_read_bool(l, value, "gone", &machine->deleted);
  read_account(l, value, &machine->account);
  if (l->cloud == SIM_HETZNER)
    load_server(l, value, machine);
  else
    load_droplet(l, value, machine);

  if (isnan(machine->disk_gb)) sim_load_fail(l, "disk", "must be a number");
  if (!machine->status) sim_load_fail(l, "status", "must be a string");
  if (machine->created_ms == IMGACT_NO_TIME) machine->created_ms = l->now_ms;
  if (!set_default_name(machine)) sim_load_fail(l, NULL, "no memory");
}

/* ---- actions ---- */

static void load_hetzner_action(sim_loader *l, const imgact_json *value, sim_action *action) {
  const imgact_json *error = imgact_json_get(value, "error"), *resource;
  int64_t id = 0;

  sim_read_interned(l, value, "command", &action->command);
  sim_read_time(l, value, "started", &action->started_ms);
  sim_read_time(l, value, "finished", &action->finished_ms);
  if (imgact_json_get_type(error) == IMGACT_JSON_NULL)
    action->error_code = action->error_message = NULL;
  sim_read_interned(l, error, "code", &action->error_code);
  sim_read_interned(l, error, "message", &action->error_message);
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_get(value, "resources"));
  while ((resource = imgact_json_iter_next(&each, NULL))) {
    sim_read_int(l, resource, "id", 1, &id);
    if (imgact_json_equals(imgact_json_get(resource, "type"), "server") &&
        imgact_json_count(imgact_json_get(value, "resources")) > 1) {
      action->server_id = id;
    } else {
      action->resource_id = id;
      sim_read_interned(l, resource, "type", &action->resource_type);
    }
  }
}

/* Old responses have a string, or an object without region_slug. */
static void read_region(sim_loader *l, const imgact_json *value, const char **out) {
  const imgact_json *region = imgact_json_get(value, "region"),
                    *slug = imgact_json_get(value, "region_slug");
  if (imgact_json_get_type(region) == IMGACT_JSON_OBJECT)
    sim_read_interned(l, region, "slug", out);
  else
    sim_read_interned(l, value, "region", out);
  if (!region || imgact_json_get_type(slug) != IMGACT_JSON_NULL)
    sim_read_interned(l, value, "region_slug", out);
}

static void load_digitalocean_action(sim_loader *l, const imgact_json *value, sim_action *action) {
  sim_read_interned(l, value, "type", &action->command);
  sim_read_time(l, value, "started_at", &action->started_ms);
  sim_read_time(l, value, "completed_at", &action->finished_ms);
  sim_read_int(l, value, "resource_id", 0, &action->resource_id);
  sim_read_interned(l, value, "resource_type", &action->resource_type);
  read_region(l, value, &action->region);
}

/* The image of an action; NULL = another resource. */
static sim_image *image_of_action(sim_loader *l, const imgact_json *value) {
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

/* The server or Droplet of an action; NULL = another resource, or not of this world. */
static sim_machine *machine_of_action(sim_loader *l, const imgact_json *value) {
  const imgact_json *resource;
  int64_t id = 0;
  if (imgact_json_equals(imgact_json_get(value, "resource_type"), "droplet"))
    imgact_json_as_int(imgact_json_get(value, "resource_id"), &id);
  imgact_json_iter each = imgact_json_iter_begin(imgact_json_get(value, "resources"));
  while (l->cloud == SIM_HETZNER && (resource = imgact_json_iter_next(&each, NULL)))
    if (imgact_json_equals(imgact_json_get(resource, "type"), "server"))
      imgact_json_as_int(imgact_json_get(resource, "id"), &id);
  return sim_machine_find(l->world, l->cloud, id);
}

/* Reads the image that a running action creates. In the trial it may be one of the real world. */
static void read_created(sim_loader *l, const imgact_json *value, sim_action *action) {
  int64_t id = 0;
  if (!imgact_json_get(value, "image_id")) return;
  sim_read_int(l, value, "image_id", 1, &id);
  action->created = sim_image_find(l->world, l->cloud, id);
  bool exists = action->created || (l->real && sim_image_find(l->real, l->cloud, id));
  if (!exists) sim_load_fail(l, "image_id", "is not the id of an image");
}

/* Reads the end of a running action. Members that the file does not have stay unchanged, including
 * the end of an action that is already running. */
static int64_t read_end(sim_loader *l, const imgact_json *value, const sim_action *old,
                        sim_action *action) {
  static const char *const endings[] = {"never", "success", "error"};
  bool ran = old->state == SIM_RUNNING, runs = action->state == SIM_RUNNING;
  uint8_t ends = ran && old->due_ms == IMGACT_NO_TIME ? SIM_RUNNING
                 : old->fails                         ? SIM_ERROR
                                                      : SIM_SUCCESS;
  int64_t runs_ms = -1;

  sim_read_index(l, value, "effect", sim_effect_names, SIM_EFFECTS, &action->effect);
  sim_read_index(l, value, "ends", endings, 3, &ends);
  sim_read_int(l, value, "runs_ms", 0, &runs_ms);
  if (!runs && (imgact_json_get(value, "ends") || runs_ms >= 0))
    sim_load_fail(l, NULL, "ends and runs_ms need a running action");
  if (runs && action->effect == SIM_TRANSFER && !action->region)
    sim_load_fail(l, "effect", "a transfer needs a region_slug");
  action->fails = ends == SIM_ERROR;
  if (!runs || ends == SIM_RUNNING) return IMGACT_NO_TIME;
  if (runs_ms < 0 && old->due_ms != IMGACT_NO_TIME) return old->due_ms;
  return l->now_ms + (runs_ms < 0
                          ? l->world->duration_ms[action->effect ? action->effect : SIM_CONVERT]
                          : runs_ms);
}

/* If the end changes or the file has a progress, progress is linear from now to the end. */
static void read_progress(sim_loader *l, const imgact_json *value, const sim_action *old,
                          int64_t due_ms, sim_action *action) {
  int64_t progress =
      old->state == SIM_RUNNING ? sim_action_progress(old, l->now_ms) : old->progress;
  if (!imgact_json_get(value, "progress") && due_ms == old->due_ms) return;
  sim_read_int(l, value, "progress", 0, &progress);
  action->progress = (uint8_t)(progress < 100 ? progress : 100);
  action->from_ms = l->now_ms;
}

static sim_action *new_action(sim_loader *l, const imgact_json *value, int64_t id) {
  const sim_action *existing = l->real ? sim_action_find(l->real, l->cloud, id) : NULL;
  sim_action *action = sim_action_new(l->world, l->cloud, id, image_of_action(l, value),
                                      machine_of_action(l, value), "create");
  if (!action) {
    sim_load_fail(l, NULL, "no memory, or too many actions");
    return NULL;
  }
  action->started_ms = action->finished_ms = l->now_ms;
  action->state = SIM_SUCCESS;
  if (!existing) return action;

  /* The trial starts from the existing action, so that the change is validated. */
  *action = *existing;
  action->image = action->created = NULL;
  action->machine = NULL;
  action->next = action->next_of_machine = NULL;
  action->name = NULL;
  action->account = sim_account_default(l->world);
  action->due_ms = IMGACT_NO_TIME;

  return action;
}

static void load_action(sim_loader *l, const imgact_json *value) {
  static const char *const keys[] = {"id",          "command",       "status",      "progress",
                                     "started",     "finished",      "resources",   "error",
                                     "type",        "effect",        "ends",        "runs_ms",
                                     "started_at",  "completed_at",  "resource_id", "region",
                                     "region_slug", "resource_type", "image_id",    "image_name"};
  int64_t id = 0;
  if (!sim_has_only_keys(l, value, keys, SIM_COUNT(keys)) || !id_of(l, value, &id)) return;
  sim_action *existing = id ? sim_action_find(l->world, l->cloud, id) : NULL;
  if (!existing) existing = new_action(l, value, id);
  if (!existing) return;

  sim_action action = *existing;
  char *name = sim_copy(existing->name);
  sim_read_text(l, value, "image_name", &name);
  read_created(l, value, &action);
  sim_read_index(l, value, "status", sim_state_names[l->cloud], SIM_STATES, &action.state);
  if (action.state != existing->state) {
    action.finished_ms = action.state == SIM_RUNNING ? IMGACT_NO_TIME : l->now_ms;
    action.error_code = action.error_message = NULL;
  }
  if (l->cloud == SIM_HETZNER)
    load_hetzner_action(l, value, &action);
  else
    load_digitalocean_action(l, value, &action);
  if (action.started_ms == IMGACT_NO_TIME) action.started_ms = l->now_ms;
  if (!action.command)
    sim_load_fail(l, NULL, "an action needs a command (hetzner) or type (digitalocean)");
  if (!action.resource_type) action.resource_type = "image";
  int64_t due_ms = read_end(l, value, existing, &action);
  read_progress(l, value, existing, due_ms, &action);
  if (!l->failed && !sim_action_schedule(l->world, existing, due_ms))
    sim_load_fail(l, NULL, "no memory");
  if (l->failed) {
    free(name);
    return;
  }
  action.due_ms = due_ms;
  free(existing->name);
  action.name = name;

  *existing = action;
}

/* ---- the rest ---- */

static void load_region(sim_loader *l, const imgact_json *value) {
  static const char *const keys[] = {"slug", "name", "features", "sizes", "available"};
  char *slug = NULL, *name = NULL;
  if (!sim_has_only_keys(l, value, keys, SIM_COUNT(keys))) return;

  sim_read_text(l, value, "slug", &slug);
  sim_read_text(l, value, "name", &name);
  sim_region *region = sim_region_find(l->world, l->cloud, slug);
  if (!region && slug) region = sim_region_new(l->world, l->cloud, slug, name ? name : slug);
  uint8_t available = region ? region->available : 1;
  if (region) {
    sim_read_strings(l, value, "features", &region->features);
    sim_read_strings(l, value, "sizes", &region->sizes);
    sim_read_bool(l, value, "available", &available);
    region->available = available;
  } else {
    sim_load_fail(l, "slug", "is missing");
  }

  free(slug);
  free(name);
}

static void load_account(sim_loader *l, const imgact_json *value) {
  static const char *const keys[] = {"name", "email", "team", "auto_accept"};
  char *name = NULL;
  if (!sim_has_only_keys(l, value, keys, SIM_COUNT(keys))) return;

  sim_read_text(l, value, "name", &name);
  sim_account *account = name && *name ? sim_account_of(l->world, name) : NULL;
  free(name);
  if (!account) {
    sim_load_fail(l, "name", "is missing, or existing are too many");
    return;
  }
  sim_read_text(l, value, "email", &account->email);
  sim_read_text(l, value, "team", &account->team);
  sim_read_bool(l, value, "auto_accept", &account->auto_accept);
  if (!account->email || !account->team) sim_load_fail(l, NULL, "email and team must be strings");
}

static void load_token(sim_loader *l, const imgact_json *value) {
  static const char *const keys[] = {"token", "access", "scopes", "account"};
  char *text = NULL;
  uint8_t access = SIM_READ_WRITE;
  if (!sim_has_only_keys(l, value, keys, SIM_COUNT(keys))) return;

  sim_read_text(l, value, "token", &text);
  if (imgact_json_get(value, "scopes")) access = SIM_SCOPED;
  sim_read_index(l, value, "access", sim_access_names, SIM_COUNT(sim_access_names), &access);
  sim_token *token = text && *text ? sim_token_of(l->world, text) : NULL;
  if (!token || !token->text) {
    sim_load_fail(l, "token", "is missing, or existing are too many");
  } else {
    token->listed = true;
    token->access = (sim_access)access;
    sim_read_strings(l, value, "scopes", &token->scopes);
    read_account(l, value, &token->account);
  }

  free(text);
}

static void load_list(sim_loader *l, const imgact_json *object, const char *key,
                      void (*load)(sim_loader *, const imgact_json *)) {
  const imgact_json *list = imgact_json_get(object, key), *item;
  size_t index = 0;
  if (!list || l->failed) return;
  if (imgact_json_get_type(list) != IMGACT_JSON_ARRAY) {
    sim_load_fail(l, key, "must be a list");
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

static void load_cloud(sim_loader *l, const imgact_json *root, sim_cloud cloud) {
  static const char *const keys[] = {"images", "actions", "regions", "servers", "droplets"};
  static const char *const machines[] = {"servers", "droplets"};
  const imgact_json *value = imgact_json_get(root, sim_cloud_names[cloud]);
  if (!value || l->failed) return;
  l->cloud = cloud;
  snprintf(l->where, sizeof l->where, "%s", sim_cloud_names[cloud]);
  if (!sim_has_only_keys(l, value, keys, SIM_COUNT(keys))) return;
  if (imgact_json_get(value, machines[cloud == SIM_HETZNER]))
    sim_load_fail(l, machines[cloud == SIM_HETZNER], "belongs to the other cloud");
  load_list(l, value, "regions", load_region);
  load_list(l, value, machines[cloud], load_machine);
  load_list(l, value, "images", load_image);
  load_list(l, value, "actions", load_action);
}

static void load_limits(sim_loader *l, const imgact_json *root) {
  static const char *const keys[SIM_CLOUDS][3] = {{"limit", "actions", "snapshots"},
                                                  {"limit", "burst", "stale_ms"}};
  const imgact_json *limits = imgact_json_get(root, "limits");
  if (!limits || l->failed) return;
  snprintf(l->where, sizeof l->where, "limits");
  if (!sim_has_only_keys(l, limits, sim_cloud_names, SIM_CLOUDS)) return;

  for (int cloud = 0; cloud < SIM_CLOUDS && !l->failed; cloud++) {
    const imgact_json *value = imgact_json_get(limits, sim_cloud_names[cloud]);
    sim_rate_limit *limit = &l->world->clouds[cloud].limit;
    if (!value || !sim_has_only_keys(l, value, keys[cloud], 3)) continue;
    sim_read_int(l, value, "limit", 0, &limit->limit);
    sim_read_int(l, value, "actions", 0, &limit->actions);
    sim_read_int(l, value, "burst", 0, &limit->burst);
    sim_read_int(l, value, "stale_ms", 0, &limit->stale_ms);
    sim_read_int(l, value, "snapshots", 0, &l->world->max_snapshots);
    if (limit->limit > 1000000) sim_load_fail(l, "limit", "must be at most 1000000");
    if (limit->actions > 1000000) sim_load_fail(l, "actions", "must be at most 1000000");
  }
}

static void load_settings(sim_loader *l, const imgact_json *root) {
  static const char *const keys[] = {"strict_tokens", "repeats",   "link_base",
                                     "durations_ms",  "unlock_ms", "image_in_action",
                                     "list_imports"};
  const imgact_json *value = imgact_json_get(root, "settings");
  uint8_t strict = l->world->strict_tokens, repeats = l->world->allow_repeats;
  uint8_t names_created = l->world->names_created, imports = (uint8_t)l->world->imports;
  if (!value || l->failed) return;
  snprintf(l->where, sizeof l->where, "settings");
  if (!sim_has_only_keys(l, value, keys, SIM_COUNT(keys))) return;

  sim_read_bool(l, value, "strict_tokens", &strict);
  l->world->strict_tokens = strict;
  sim_read_bool(l, value, "repeats", &repeats);
  l->world->allow_repeats = repeats;
  sim_read_bool(l, value, "image_in_action", &names_created);
  l->world->names_created = names_created;
  sim_read_index(l, value, "list_imports", sim_listed_names, SIM_LISTED, &imports);
  l->world->imports = (sim_listed)imports;
  sim_read_int(l, value, "unlock_ms", 0, &l->world->unlock_ms);
  sim_read_text(l, value, "link_base", &l->world->link_base);
  const imgact_json *durations = imgact_json_get(value, "durations_ms");
  if (!durations || !sim_has_only_keys(l, durations, sim_effect_names, SIM_EFFECTS)) return;
  for (int effect = 0; effect < SIM_EFFECTS; effect++)
    sim_read_int(l, durations, sim_effect_names[effect], 0, &l->world->duration_ms[effect]);
}

static void load_world(sim_loader *l, const imgact_json *root) {
  static const char *const keys[] = {"settings", "limits",  "accounts",
                                     "tokens",   "hetzner", "digitalocean"};
  if (!sim_has_only_keys(l, root, keys, SIM_COUNT(keys))) return;
  load_settings(l, root);
  load_limits(l, root);
  if (!l->failed) *l->where = 0;
  load_list(l, root, "accounts", load_account);
  load_list(l, root, "tokens", load_token);
  load_cloud(l, root, SIM_HETZNER);
  load_cloud(l, root, SIM_DIGITALOCEAN);
}

/* New objects get the same ids in the trial. */
static sim_world *trial_of(const sim_world *world) {
  sim_world *trial = sim_world_new(world->seed);
  for (int cloud = 0; trial && cloud < SIM_CLOUDS; cloud++) {
    trial->clouds[cloud].next_image_id = world->clouds[cloud].next_image_id;
    trial->clouds[cloud].next_machine_id = world->clouds[cloud].next_machine_id;
    trial->clouds[cloud].next_action_id = world->clouds[cloud].next_action_id;
  }
  return trial;
}

bool sim_world_load(sim_world *world, const char *json, size_t length, int64_t now_ms,
                    char *message, size_t capacity) {
  sim_loader l = {.world = trial_of(world),
                  .real = world,
                  .now_ms = now_ms,
                  .message = message,
                  .capacity = capacity};
  imgact_json_doc *document = NULL;
  sim_world *trial = l.world;

  l.failed = imgact_json_doc_parse(json, length, NULL, &document, message, capacity) != 0;
  if (!l.failed && !trial) sim_load_fail(&l, NULL, "no memory");
  if (!l.failed) load_world(&l, imgact_json_doc_root(document));
  sim_world_free(trial);
  l.world = world;
  l.real = NULL;
  if (!l.failed) load_world(&l, imgact_json_doc_root(document));
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++) world->clouds[cloud].images_version++;

  imgact_json_doc_free(document);
  return !l.failed;
}
