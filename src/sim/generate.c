// SPDX-License-Identifier: MIT
/*
 * A world from a seed: the same seed and number of images give the same world. Public images come
 * first, as in DigitalOcean's lists. A world of 40 images has images of every type.
 */
#include "action.h"
#include <math.h>
#include <stdio.h>

#define DAY_MS              INT64_C(86400000)
#define MACHINES            5
#define MACHINES_CREATED_MS INT64_C(1735689600000) /* 2025-01-01T00:00:00Z */

typedef struct system_image {
  const char *os, *version, *title, *distribution, *slug;
  bool old;
} system_image;

static const system_image systems[] = {
    {"ubuntu", "24.04", "Ubuntu 24.04", "Ubuntu", "ubuntu-24-04-x64", false},
    {"ubuntu", "22.04", "Ubuntu 22.04", "Ubuntu", "ubuntu-22-04-x64", false},
    {"debian", "12", "Debian 12", "Debian", "debian-12-x64", false},
    {"debian", "11", "Debian 11", "Debian", "debian-11-x64", true},
    {"fedora", "41", "Fedora 41", "Fedora", "fedora-41-x64", false},
    {"rocky", "9", "Rocky Linux 9", "Rocky Linux", "rockylinux-9-x64", false},
    {"alma", "9", "AlmaLinux 9", "AlmaLinux", "almalinux-9-x64", false},
    {"centos", "stream-8", "CentOS Stream 8", "CentOS", "centos-stream-8-x64", true},
};
static const char *const apps[] = {"docker-ce", "wordpress", "nextcloud", "gitlab"};
static const char *const environments[] = {"prod", "staging", "test"};
static const char *const region_slugs[] = {"nyc1", "nyc3", "ams3", "sfo3", "sgp1",
                                           "lon1", "fra1", "tor1", "blr1", "syd1"};
static const char *const region_names[] = {
    "New York 1", "New York 3",  "Amsterdam 3", "San Francisco 3", "Singapore 1",
    "London 1",   "Frankfurt 1", "Toronto 1",   "Bangalore 1",     "Sydney 1"};
static const char *const region_features[] = {"backups",       "ipv6",    "metadata",
                                              "install_agent", "storage", "image_transfer"};

typedef struct generator {
  sim_world *world;
  uint64_t random;
  int64_t now_ms;
  size_t index; /* of the image in its cloud */
  bool good;
} generator;

static uint64_t roll(generator *g, uint64_t limit) { return sim_random_below(&g->random, limit); }

static void set_text(generator *g, char **slot, const char *text) {
  g->good = sim_replace(slot, text) && g->good;
}

static double tenths(generator *g, uint64_t low, uint64_t range) {
  return (double)(low * 10 + roll(g, range * 10)) / 10;
}

static bool add_regions_of_world(sim_world *world) {
  for (size_t i = 0; i < SIM_COUNT(region_slugs); i++) {
    sim_region *region = sim_region_new(world, SIM_DIGITALOCEAN, region_slugs[i], region_names[i]);
    if (!region) return false;
    /* Images cannot be transferred to London, so that the error can be tested. Sydney takes images
     * but no Droplets. */
    size_t features = SIM_COUNT(region_features) - (i == 5);
    for (size_t k = 0; k < features; k++)
      if (!sim_strings_add(world, &region->features, region_features[k])) return false;
    region->available = i != 9;
    if (!sim_strings_add(world, &region->sizes, "s-1vcpu-1gb")) return false;
  }
  return true;
}

/* Servers and Droplets web-1 to web-5, whose ids are 1 to 5; backups are enabled for the first two
 * servers. */
static bool add_machines(sim_world *world, sim_cloud cloud) {
  bool hetzner = cloud == SIM_HETZNER;
  for (int i = 1; i <= MACHINES; i++) {
    char name[16];
    sim_machine *machine = sim_machine_new(world, cloud, i);
    snprintf(name, sizeof name, "web-%d", i);
    if (!machine || !sim_replace(&machine->name, name)) return false;
    machine->created_ms = MACHINES_CREATED_MS + i * DAY_MS;
    machine->status = sim_intern(world, hetzner ? "running" : "active");
    machine->os = sim_intern(world, hetzner ? "ubuntu" : "Ubuntu");
    machine->os_version = hetzner ? sim_intern(world, "24.04") : NULL;
    machine->region = hetzner ? NULL : sim_intern(world, region_slugs[i % 2]);
    machine->disk_gb = 25;
    machine->has_backups = hetzner && i <= 2;
    if (!machine->status || !machine->os) return false;
  }
  return true;
}

bool sim_world_defaults(sim_world *world) {
  return add_regions_of_world(world) && add_machines(world, SIM_HETZNER) &&
         add_machines(world, SIM_DIGITALOCEAN);
}

/* ---- one image ---- */

static void fill_system(generator *g, sim_image *image) {
  const system_image *system = &systems[g->index / 2 % SIM_COUNT(systems)];
  bool hetzner = image->cloud == SIM_HETZNER;
  char name[64];

  snprintf(name, sizeof name, "%s-%s", system->os, system->version);
  image->type = hetzner ? SIM_SYSTEM : g->index % 2 ? SIM_SNAPSHOT : SIM_BASE;
  image->is_arm = g->index % 2 && hetzner;
  image->is_public = 1;
  image->rapid_deploy = hetzner;
  image->os = sim_intern(g->world, hetzner ? system->os : system->distribution);
  image->os_version = sim_intern(g->world, system->version);
  image->disk_gb = hetzner ? 5 : 7;
  if (!hetzner) image->size_gb = tenths(g, 1, 3);
  set_text(g, &image->name, hetzner ? name : system->title);
  set_text(g, &image->description, system->title);
  /* Slugs are unique. */
  if (!hetzner && g->index % 2 == 0 && g->index / 2 < SIM_COUNT(systems))
    set_text(g, &image->slug, system->slug);
  if (!system->old) return;
  if (hetzner)
    image->deprecated_ms = g->now_ms - 30 * DAY_MS;
  else
    image->status = SIM_RETIRED;
}

static void fill_app(generator *g, sim_image *image) {
  const char *app = apps[g->index % SIM_COUNT(apps)];
  image->type = image->cloud == SIM_HETZNER ? SIM_APP : SIM_SNAPSHOT;
  image->is_public = image->application = 1;
  image->os = sim_intern(g->world, image->cloud == SIM_HETZNER ? "ubuntu" : "Ubuntu");
  image->os_version = sim_intern(g->world, "24.04");
  image->disk_gb = 40;
  image->size_gb = 1.5;
  set_text(g, &image->name, app);
  set_text(g, &image->description, app);
}

static void add_label(generator *g, sim_image *image, const char *key, const char *value) {
  g->good = sim_labels_add(&image->labels, key, value) && g->good;
}

static void fill_hetzner(generator *g, sim_image *image) {
  char text[64];
  snprintf(text, sizeof text, "web-%zu nightly", g->index);
  set_text(g, &image->description, text);
  image->type = g->index % 3 == 1 ? SIM_BACKUP : SIM_SNAPSHOT;
  image->created_from_id = (int64_t)(1 + roll(g, 500));
  snprintf(text, sizeof text, "web-%d", (int)image->created_from_id);
  set_text(g, &image->created_from_name, text);
  if (image->type == SIM_BACKUP) image->bound_to = image->created_from_id;
  image->is_protected = image->type == SIM_SNAPSHOT && g->index % 6 == 2;
  if (g->index % 97 == 96) image->status = SIM_UNAVAILABLE;
  add_label(g, image, "env", environments[roll(g, SIM_COUNT(environments))]);
  if (g->index % 4 == 0) add_label(g, image, "keep", "");
}

static void fill_digitalocean(generator *g, sim_image *image) {
  char text[64];
  snprintf(text, sizeof text, "web-%zu-nightly", g->index);
  set_text(g, &image->name, text);
  set_text(g, &image->description, "");
  image->type = g->index % 3 == 1 ? SIM_BACKUP : g->index % 7 == 6 ? SIM_CUSTOM : SIM_SNAPSHOT;
  g->good =
      sim_strings_add(g->world, &image->tags, environments[roll(g, SIM_COUNT(environments))]) &&
      g->good;
  if (image->type != SIM_CUSTOM || g->index % 2 == 0) return;
  image->status = SIM_DELETED;
  image->size_gb = image->disk_gb = NAN;
  set_text(g, &image->error_message, "We had a problem while importing your image.");
}

static void fill_private(generator *g, sim_image *image) {
  const system_image *system = &systems[roll(g, SIM_COUNT(systems))];
  bool hetzner = image->cloud == SIM_HETZNER;
  image->os = sim_intern(g->world, hetzner ? system->os : system->distribution);
  image->os_version = hetzner ? sim_intern(g->world, system->version) : NULL;
  image->disk_gb = (double)(20 << roll(g, 4));
  image->size_gb = tenths(g, 1, 20);
  image->is_arm = hetzner && roll(g, 4) == 0;
  if (hetzner)
    fill_hetzner(g, image);
  else
    fill_digitalocean(g, image);
}

static void add_regions(generator *g, sim_image *image) {
  if (image->status == SIM_DELETED) return;
  size_t count = image->is_public ? SIM_COUNT(region_slugs) : 1 + (g->index % 5 == 0);
  size_t first = image->is_public ? 0 : roll(g, SIM_COUNT(region_slugs));
  for (size_t i = 0; i < count; i++)
    g->good = sim_strings_add(g->world, &image->regions,
                              region_slugs[(first + i) % SIM_COUNT(region_slugs)]) &&
              g->good;
  /* DigitalOcean's examples list a region twice. */
  if (!image->is_public && g->index % 11 == 5)
    g->good = sim_strings_add(g->world, &image->regions, image->regions.items[0]) && g->good;
}

/* ---- past actions ---- */

static void add_past_action(generator *g, sim_image *image) {
  bool hetzner = image->cloud == SIM_HETZNER;
  if (image->is_public || image->status == SIM_DELETED) return;
  sim_action *action =
      sim_action_new(g->world, (sim_cloud)image->cloud, 0, image, NULL,
                     hetzner ? image->is_protected ? "change_protection" : "create_image"
                     : g->index % 5 == 0 ? "transfer"
                                         : "create");
  g->good = g->good && action;
  if (!action) return;

  action->started_ms = image->created_ms + 60000;
  action->finished_ms = action->started_ms + 1000 + (int64_t)roll(g, 600000);
  action->state = g->index % 13 == 12 ? SIM_ERROR : SIM_SUCCESS;
  if (action->state == SIM_ERROR) {
    action->error_code = "action_failed";
    action->error_message = "Action failed";
  }
  action->progress = 50;
  if (hetzner && !image->is_protected) action->server_id = image->created_from_id;
  if (!hetzner && image->regions.count)
    action->region = image->regions.items[image->regions.count - 1];
}

static void generate_image(generator *g, sim_cloud cloud, size_t public_count) {
  sim_image *image = sim_image_new(g->world, cloud, 0);
  g->good = g->good && image;
  if (!image) return;

  image->created_ms = g->now_ms - (int64_t)roll(g, 1000 * 86400) * 1000 - DAY_MS;
  image->created_ms -= image->created_ms % 1000;
  if (g->index < public_count) {
    if (g->index % 5 == 4)
      fill_app(g, image);
    else
      fill_system(g, image);
  } else {
    fill_private(g, image);
  }
  if (cloud == SIM_DIGITALOCEAN) add_regions(g, image);
  add_past_action(g, image);
}

bool sim_world_generate(sim_world *world, size_t images_per_cloud, int64_t now_ms) {
  generator g = {.world = world, .random = world->seed, .now_ms = now_ms, .good = true};
  size_t public_count =
      images_per_cloud / 2 < 2 * SIM_COUNT(systems) ? images_per_cloud / 2 : 2 * SIM_COUNT(systems);
  for (int cloud = 0; cloud < SIM_CLOUDS && g.good; cloud++)
    for (g.index = 0; g.index < images_per_cloud && g.good; g.index++)
      generate_image(&g, (sim_cloud)cloud, public_count);
  return g.good;
}
