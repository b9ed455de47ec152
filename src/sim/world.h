/* SPDX-License-Identifier: MIT */
/*
 * The state of two clouds: images, actions, regions, tokens, and what was done to them. Pure: time
 * is an argument, nothing here knows a socket, a clock or a file. A world belongs to one thread.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "id_map.h"
#include "list_cache.h"
#include "rate_limit.h"
#include "sim_text.h"

typedef enum sim_cloud { SIM_HETZNER, SIM_DIGITALOCEAN, SIM_CLOUDS } sim_cloud;
typedef enum sim_type {
  SIM_SYSTEM,
  SIM_APP,
  SIM_SNAPSHOT,
  SIM_BACKUP,
  SIM_BASE,
  SIM_CUSTOM,
  SIM_ADMIN,
  SIM_TYPES
} sim_type;
typedef enum sim_status {
  SIM_CREATING,
  SIM_UNAVAILABLE,
  SIM_AVAILABLE,
  SIM_NEW,
  SIM_PENDING,
  SIM_DELETED,
  SIM_RETIRED,
  SIM_STATUSES
} sim_status;
typedef enum sim_state { SIM_RUNNING, SIM_SUCCESS, SIM_ERROR, SIM_STATES } sim_state;
/* What is done to the world; also what an action does when it ends well, and a counter each. */
typedef enum sim_effect {
  SIM_NOTHING,
  SIM_UPDATE,
  SIM_DELETE,
  SIM_PROTECT,
  SIM_UNPROTECT,
  SIM_CONVERT,
  SIM_TRANSFER,
  SIM_IMPORT,
  SIM_ACCOUNT_TRANSFER,
  SIM_EFFECTS
} sim_effect;

typedef struct sim_label {
  char *key, *value;
} sim_label;

typedef struct sim_labels {
  sim_label *items;
  uint32_t count;
} sim_labels;

/* A list of words of the world's pool. */
typedef struct sim_strings {
  const char **items;
  uint32_t count;
} sim_strings;

typedef struct sim_action sim_action;

typedef struct sim_image {
  int64_t id;
  int64_t created_ms;
  int64_t deprecated_ms;        /* IMGACT_NO_TIME = null */
  int64_t unavailable_after_ms; /* IMGACT_NO_TIME = about three months after deprecated_ms */
  int64_t deleted_ms;           /* Hetzner shows it; IMGACT_NO_TIME = null */
  int64_t created_from_id;      /* 0 = null */
  int64_t bound_to;             /* 0 = null */
  int64_t handover_id;          /* DigitalOcean's pending account transfer; 0 = none */
  double size_gb;               /* NaN = null */
  double disk_gb;               /* NaN = null */
  char *name;                   /* NULL = null */
  char *description;
  char *slug;
  char *error_message;
  char *created_from_name;
  const char *os;         /* a pool's word: os_flavor, distribution */
  const char *os_version; /* a pool's word; NULL = null */
  sim_strings regions, tags;
  sim_labels labels;
  sim_action *first_action, *last_action;
  uint8_t cloud, type, status, is_arm, is_public, application, is_protected, locked, rapid_deploy;
  uint8_t deleted; /* only a second DELETE can tell it from what never was */
} sim_image;

struct sim_action {
  int64_t id;
  int64_t started_ms;
  int64_t finished_ms; /* IMGACT_NO_TIME while it runs */
  int64_t due_ms;      /* when it will end; IMGACT_NO_TIME = never, or it has ended */
  int64_t from_ms;     /* when it stood at `progress`, from where it goes on evenly */
  int64_t visible_ms;  /* before that nobody is shown it */
  int64_t resource_id;
  int64_t server_id;   /* Hetzner names it next to the image; 0 = none */
  sim_image *image;    /* NULL: the resource is none */
  sim_action *next;    /* the image's next one */
  const char *command; /* words of the pool */
  const char *resource_type;
  const char *region; /* NULL = none */
  const char *error_code;
  const char *error_message;
  uint8_t state, effect, fails, progress; /* progress: of an error, where it stopped */
};

typedef struct sim_region {
  const char *slug, *name;
  sim_strings features, sizes;
  bool available;
} sim_region;

typedef enum sim_access { SIM_READ_WRITE, SIM_READ_ONLY, SIM_SCOPED, SIM_INVALID } sim_access;

typedef struct sim_token {
  char *text;
  uint64_t key;
  bool listed; /* in a world file, which says its access */
  sim_access access;
  sim_strings scopes; /* "image:read", ... of a scoped one */
  sim_rate rate[SIM_CLOUDS], actions_rate;
} sim_token;

/* One cloud's part. Images and actions keep the order in which they came; lists show them so. */
typedef struct sim_cloud_state {
  sim_image **images;
  sim_action **actions;
  sim_region *regions;
  size_t images_count, images_capacity, actions_count, actions_capacity, regions_count;
  sim_id_map image_by_id, action_by_id;
  int64_t next_image_id, next_action_id;
  sim_rate_limit limit;
  size_t image_actions_count; /* actions whose resource is an image */
  int64_t hidden_until_ms;    /* from then on every action is visible */
  uint64_t images_version;    /* differs after each change to an image */
  sim_list_cache lists;       /* of images */
} sim_cloud_state;

/* What becomes of a request and of the action that it begins: faults set it for the time of one. */
typedef struct sim_overrides {
  bool fails;
  int64_t hide_ms;
  int64_t duration_ms; /* -1 = as usual, -2 = never ends */
  bool refuses;        /* the rate limit does, whatever was used */
} sim_overrides;

typedef struct sim_counters {
  uint64_t requests, by_cloud[SIM_CLOUDS], by_class[6]; /* by_class: status / 100; 0 = no reply */
  uint64_t effects[SIM_EFFECTS];
  uint64_t faults;
  uint32_t in_flight, peak_in_flight;
} sim_counters;

typedef struct sim_world {
  sim_cloud_state clouds[SIM_CLOUDS];
  sim_token **tokens;
  size_t tokens_count, tokens_capacity;
  sim_id_map token_by_text, words;
  sim_token anonymous;  /* who sends none */
  sim_token others;     /* whoever comes after the last place in the table */
  sim_action **pending; /* a heap by due_ms */
  size_t pending_count, pending_capacity;
  void **scratch; /* lists under way */
  size_t scratch_capacity;
  int64_t duration_ms[SIM_EFFECTS];
  bool strict_tokens; /* a token that is not listed is invalid */
  bool repeats;    /* what runs or is done already may be begun again: a cloud that never notices a
                      second request */
  char *link_base; /* of DigitalOcean's page links; NULL = the host that was asked */
  uint64_t seed, ids; /* ids: the sequence of request ids */
  sim_overrides overrides;
  sim_counters counters;
} sim_world;

#define SIM_MAX_ID      INT64_C(9007199254740991) /* the clouds' own: what a double holds exactly */
#define SIM_MAX_IMAGES  1000000
#define SIM_MAX_ACTIONS 4000000
#define SIM_MAX_TOKENS  256

sim_world *sim_world_new(uint64_t seed);
void sim_world_free(sim_world *world);
/* Ends every action that is due. Every entrance that takes a time calls it first. */
void sim_world_advance(sim_world *world, int64_t now_ms);
/* When the next action ends; IMGACT_NO_TIME = none runs. */
int64_t sim_world_next_ms(const sim_world *world);

/* A word that lives as long as the world, the same pointer for the same text; NULL stays NULL, also
 * without memory. */
const char *sim_intern(sim_world *world, const char *text);
bool sim_strings_add(sim_world *world, sim_strings *words, const char *text);
bool sim_strings_has(const sim_strings *words, const char *text);
bool sim_labels_add(sim_labels *labels, const char *key, const char *value);
const char *sim_labels_get(const sim_labels *labels, const char *key);
void sim_labels_free(sim_labels *labels);

/* A new image at the end of the list, all null and zero; id 0 takes the next one. NULL: no memory,
 * too many, id taken or too large. */
sim_image *sim_image_new(sim_world *world, sim_cloud cloud, int64_t id);
/* Also what is gone. */
sim_image *sim_image_find(const sim_world *world, sim_cloud cloud, int64_t id);
/* What the status shows: an import is NEW first and pending later. */
sim_status sim_image_status(const sim_image *image, int64_t now_ms);
/* The image's action that runs, of one effect or (SIM_NOTHING) of any, and for one region (NULL =
 * any). */
const sim_action *sim_image_running(const sim_image *image, sim_effect effect, const char *region);

sim_action *sim_action_new(sim_world *world, sim_cloud cloud, int64_t id, sim_image *image,
                           const char *command);
sim_action *sim_action_find(const sim_world *world, sim_cloud cloud, int64_t id);
/* Lets a running action end at due_ms, and no more when it was to; IMGACT_NO_TIME = never. false
 * without memory, and nothing is changed. */
bool sim_action_schedule(sim_world *world, sim_action *action, int64_t due_ms);
int sim_action_progress(const sim_action *action, int64_t now_ms);

/* Commits an operation: begins its action, or (update, delete, Hetzner's convert) counts what the
 * caller does at once. */
sim_action *sim_world_begin(sim_world *world, sim_image *image, sim_effect effect,
                            const char *region, int64_t now_ms);
void sim_world_commit(sim_world *world, sim_effect effect);
void sim_image_remove(sim_world *world, sim_image *image);
void sim_image_convert(sim_image *image);

sim_region *sim_region_find(const sim_world *world, sim_cloud cloud, const char *slug);
sim_region *sim_region_new(sim_world *world, sim_cloud cloud, const char *slug, const char *name);
/* The token of a text, made where it was not known. One that is not listed is read-write, or
 * invalid for as long as the world is strict. NULL text: the anonymous. */
sim_token *sim_token_of(sim_world *world, const char *text);
/* Room for so many pointers, kept by the world until the next call. */
void **sim_scratch(sim_world *world, size_t count);

extern const char *const sim_type_names[SIM_TYPES];
extern const char *const sim_status_names[SIM_STATUSES];
extern const char *const sim_effect_names[SIM_EFFECTS];
extern const char *const sim_state_names[SIM_CLOUDS][SIM_STATES];
extern const char *const sim_cloud_names[SIM_CLOUDS];
extern const char *const sim_access_names[4];
extern const sim_rate_limit sim_default_limits[SIM_CLOUDS];
/* The index of a word in such a table, -1 = none. */
int sim_index_of(const char *const *words, size_t count, const char *word);

/* generate.c: the regions that every world has; then images with their histories. */
bool sim_world_regions(sim_world *world);
bool sim_world_generate(sim_world *world, size_t images_per_cloud, int64_t now_ms);
/* world_file.c: lays a JSON document over the world. false: `message` says what is wrong and where;
 * the world is as it was, unless it was memory or room that ran out. */
bool sim_world_load(sim_world *world, const char *json, size_t length, int64_t now_ms,
                    char *message, size_t capacity);
/* The world as such a document. NULL without memory; free() it. */
char *sim_world_dump(sim_world *world, int64_t now_ms);

#endif
