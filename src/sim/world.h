/* SPDX-License-Identifier: MIT */
/*
 * The state of both clouds: images, machines, actions, regions, tokens, counters. Time is an
 * argument; nothing here does I/O. A world belongs to one thread.
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
/* Changes to the world. An action has the effect when it succeeds; each effect has a counter. */
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
  SIM_CREATE_IMAGE, /* from a machine */
  SIM_TAG,
  SIM_UNTAG,
  SIM_DELETE_TAG,
  SIM_EFFECTS
} sim_effect;

typedef struct sim_label {
  char *key, *value;
} sim_label;

typedef struct sim_labels {
  sim_label *items;
  uint32_t count;
} sim_labels;

/* A list of interned strings. */
typedef struct sim_strings {
  const char **items;
  uint32_t count;
} sim_strings;

typedef struct sim_action sim_action;

/* Owner of images, machines and actions: an account, at Hetzner a project. */
typedef struct sim_account {
  const char *name;    /* interned */
  char *email, *team;  /* team: a UUID */
  uint8_t auto_accept; /* others may accept transfers to its team at once */
} sim_account;

/* A tag of an account (DigitalOcean). */
typedef struct sim_tag {
  const char *name; /* interned; the canonical spelling */
  sim_account *account;
  int64_t last_image_id, last_machine_id; /* tagged last; 0 = not known */
  bool deleted;
} sim_tag;

/* The list of actions of an image or a machine. */
typedef struct sim_action_list {
  sim_action *first, *last;
} sim_action_list;

typedef struct sim_image {
  int64_t id;
  int64_t created_ms;
  int64_t deprecated_ms;        /* IMGACT_NO_TIME = null */
  int64_t unavailable_after_ms; /* IMGACT_NO_TIME = about three months after deprecated_ms */
  int64_t deleted_ms;           /* shown by Hetzner; IMGACT_NO_TIME = null */
  int64_t visible_ms;           /* lists lack the image before this time */
  int64_t created_from_id;      /* server or Droplet; 0 = null */
  int64_t bound_to;             /* 0 = null */
  int64_t transfer_id;          /* pending account transfer (DigitalOcean); 0 = none */
  double size_gb;               /* NaN = null */
  double disk_gb;               /* NaN = null */
  char *name;                   /* NULL = null */
  char *description;
  char *slug;
  char *error_message;
  char *created_from_name;
  const char *os;         /* interned: os_flavor, distribution */
  const char *os_version; /* interned; NULL = null */
  sim_strings regions, tags;
  sim_labels labels;
  sim_action_list actions;
  sim_account *account;   /* of a private image */
  sim_account *recipient; /* of the pending account transfer; NULL = not in the world */
  uint8_t cloud, type, status, is_arm, is_public, application, is_protected, locked, rapid_deploy;
  uint8_t deleted; /* a second DELETE reports another error than for an unknown image */
} sim_image;

/* A server (Hetzner) or a Droplet (DigitalOcean). */
typedef struct sim_machine {
  int64_t id;
  int64_t created_ms;
  int64_t unlocked_ms; /* locked before this time */
  double disk_gb;
  char *name;
  const char *status; /* interned, as are the strings below: "running", "active" */
  const char *os, *os_version;
  const char *region; /* NULL = none */
  sim_strings tags;
  sim_labels labels;
  sim_action_list actions;
  sim_account *account;
  uint8_t cloud, is_arm, locked, has_backups, deleted;
} sim_machine;

struct sim_action {
  int64_t id;
  int64_t started_ms;
  int64_t finished_ms; /* IMGACT_NO_TIME while the action runs */
  int64_t due_ms;      /* planned end; IMGACT_NO_TIME = never, or already ended */
  int64_t from_ms;     /* time at which progress was `progress`; linear from then on */
  int64_t visible_ms;  /* hidden before this time */
  int64_t resource_id;
  int64_t server_id;                  /* second resource (Hetzner); 0 = none */
  int64_t lag_ms;                     /* lists lack the created image for so long after the end */
  sim_image *image;                   /* NULL: no resource is an image */
  sim_machine *machine;               /* NULL: no resource is a machine of the world */
  sim_action *next, *next_of_machine; /* in the lists of the image and the machine */
  sim_image *created;                 /* by SIM_CREATE_IMAGE; NULL before it exists */
  char *name;                         /* of the image to be created (DigitalOcean) */
  sim_account *account;
  const char *command; /* interned, as are the strings below */
  const char *resource_type;
  const char *region; /* NULL = none */
  const char *error_code;
  const char *error_message;
  uint8_t state, effect, fails, progress; /* progress: of a failed action, the last value */
  uint8_t leaves;                         /* sim_remains: what a failed SIM_CREATE_IMAGE leaves */
};

/* What is left of an image that could not be created. */
typedef enum sim_remains {
  SIM_GONE,
  SIM_LEFT_UNAVAILABLE,
  SIM_LEFT_CREATING,
  SIM_REMAINS
} sim_remains;

typedef struct sim_region {
  const char *slug, *name;
  sim_strings features, sizes;
  bool available;
} sim_region;

/* Which imported images DigitalOcean lists while they are not available. */
typedef enum sim_listed {
  SIM_LIST_RUNNING,
  SIM_LIST_ALL,
  SIM_LIST_AVAILABLE,
  SIM_LISTED
} sim_listed;

typedef enum sim_access { SIM_READ_WRITE, SIM_READ_ONLY, SIM_SCOPED, SIM_INVALID } sim_access;

typedef struct sim_token {
  char *text;
  uint64_t key;
  bool listed; /* access is set by a world file */
  sim_access access;
  sim_strings scopes; /* "image:read", ...; used if access is SIM_SCOPED */
  sim_account *account;
  sim_rate rate[SIM_CLOUDS], actions_rate;
} sim_token;

/* The state of one cloud. Images, machines and actions are in order of creation, which is the order
 * of lists. */
typedef struct sim_cloud_state {
  sim_image **images;
  sim_machine **machines;
  sim_action **actions;
  sim_region *regions;
  size_t images_count, images_capacity, actions_count, actions_capacity, regions_count;
  size_t machines_count, machines_capacity;
  sim_id_map image_by_id, machine_by_id, action_by_id;
  int64_t next_image_id, next_machine_id, next_action_id;
  sim_rate_limit limit;
  size_t image_actions_count;     /* actions whose resource is an image */
  int64_t hidden_until_ms;        /* from then on every action is visible */
  int64_t images_hidden_until_ms; /* from then on lists have every image */
  uint64_t images_version;        /* differs after each change to an image */
  sim_list_cache lists;           /* of images */
} sim_cloud_state;

/* Set by faults for one request and the action that it starts. */
typedef struct sim_overrides {
  bool fails;
  sim_remains leaves;
  int64_t hide_ms;
  int64_t lag_ms;      /* of the image that the action creates */
  int64_t duration_ms; /* -1 = default, -2 = never ends */
  bool over_limit;     /* the request exceeds the rate limit, whatever was used */
} sim_overrides;

typedef struct sim_counters {
  uint64_t requests, by_cloud[SIM_CLOUDS],
      by_class[6]; /* by_class: status / 100; 0 = no response */
  uint64_t effects[SIM_EFFECTS];
  uint64_t faults;
  uint32_t in_flight, peak_in_flight;
} sim_counters;

typedef struct sim_world {
  sim_cloud_state clouds[SIM_CLOUDS];
  sim_account **accounts; /* the first one is the default */
  size_t accounts_count, accounts_capacity;
  sim_tag **tags;
  size_t tags_count, tags_capacity;
  uint64_t tags_version; /* images_version up to which tags are complete */
  sim_token **tokens;
  size_t tokens_count, tokens_capacity;
  sim_id_map token_by_text, tag_by_name, strings;
  sim_token anonymous;  /* for requests without a token */
  sim_token others;     /* shared by all tokens beyond SIM_MAX_TOKENS */
  sim_action **pending; /* a heap by due_ms */
  size_t pending_count, pending_capacity;
  void **scratch; /* for one list at a time */
  size_t scratch_capacity;
  int64_t duration_ms[SIM_EFFECTS];
  int64_t unlock_ms;     /* a Droplet stays locked for so long after its action */
  int64_t max_snapshots; /* per account (Hetzner); 0 = no limit */
  sim_listed imports;
  int64_t next_transfer_id;
  bool names_created; /* Hetzner's actions name the image that they create */
  bool strict_tokens; /* tokens that are not listed are invalid */
  bool allow_repeats; /* accepts a change that runs or is done already, as if never seen before */
  char *link_base; /* scheme and host of DigitalOcean's page links; NULL = those of the request */
  uint64_t seed, ids; /* ids: random state of request ids */
  sim_overrides overrides;
  sim_counters counters;
} sim_world;

#define SIM_MAX_ID       INT64_C(9007199254740991) /* as the clouds: exact as a double */
#define SIM_MAX_IMAGES   1000000
#define SIM_MAX_MACHINES 1000000
#define SIM_MAX_ACTIONS  4000000
#define SIM_MAX_ACCOUNTS 256
#define SIM_MAX_TOKENS   256

sim_world *sim_world_new(uint64_t seed);
void sim_world_free(sim_world *world);

/* Returns a string that lives as long as the world, the same pointer for the same text. NULL stays
 * NULL; NULL without memory. */
const char *sim_intern(sim_world *world, const char *text);
bool sim_strings_add(sim_world *world, sim_strings *strings, const char *text);
bool sim_strings_has(const sim_strings *strings, const char *text);
bool sim_labels_add(sim_labels *labels, const char *key, const char *value);
const char *sim_labels_get(const sim_labels *labels, const char *key);
void sim_labels_free(sim_labels *labels);

/* Appends an image with all members null or 0. id 0 takes the next id. NULL: no memory, too many
 * images, id in use or too large. */
sim_image *sim_image_new(sim_world *world, sim_cloud cloud, int64_t id);
/* Also finds deleted images. */
sim_image *sim_image_find(const sim_world *world, sim_cloud cloud, int64_t id);
void sim_image_remove(sim_world *world, sim_image *image);
void sim_image_convert(sim_image *image);

/* As sim_image_new() and sim_image_find(). */
sim_machine *sim_machine_new(sim_world *world, sim_cloud cloud, int64_t id);
sim_machine *sim_machine_find(const sim_world *world, sim_cloud cloud, int64_t id);

/* Finds or creates an account; NULL without memory or beyond SIM_MAX_ACCOUNTS. */
sim_account *sim_account_of(sim_world *world, const char *name);
sim_account *sim_account_default(const sim_world *world);

/* Counts a change. */
void sim_world_count(sim_world *world, sim_effect effect);
/* Makes room for one more pointer. NULL without memory; the array is unchanged then. */
void **sim_reserve_one(void **items, size_t count, size_t *capacity);

sim_region *sim_region_find(const sim_world *world, sim_cloud cloud, const char *slug);
sim_region *sim_region_new(sim_world *world, sim_cloud cloud, const char *slug, const char *name);
/* Finds or creates the token. A token that is not listed is read-write, or invalid while
 * strict_tokens is set. NULL returns the token of requests without one. */
sim_token *sim_token_of(sim_world *world, const char *text);
/* Returns an array of at least `count` pointers, valid until the next call. NULL without memory. */
void **sim_scratch(sim_world *world, size_t count);

extern const char *const sim_type_names[SIM_TYPES];
extern const char *const sim_status_names[SIM_STATUSES];
extern const char *const sim_effect_names[SIM_EFFECTS];
extern const char *const sim_state_names[SIM_CLOUDS][SIM_STATES];
extern const char *const sim_cloud_names[SIM_CLOUDS];
extern const char *const sim_access_names[4];
extern const char *const sim_remains_names[SIM_REMAINS];
extern const char *const sim_listed_names[SIM_LISTED];
extern const sim_rate_limit sim_default_limits[SIM_CLOUDS];
/* Returns the index of a name in such a table, or -1. */
int sim_index_of(const char *const *names, size_t count, const char *name);

/* generate.c: adds the standard regions and machines; adds images with past actions. */
bool sim_world_defaults(sim_world *world);
bool sim_world_generate(sim_world *world, size_t images_per_cloud, int64_t now_ms);
/* world_file.c: applies a JSON document to the world. On failure, message says what is wrong and
 * where; the world is unchanged unless memory or ids ran out. */
bool sim_world_load(sim_world *world, const char *json, size_t length, int64_t now_ms,
                    char *message, size_t capacity);
/* world_dump.c: writes the world as such a document. NULL without memory; free() it. */
char *sim_world_dump(sim_world *world, int64_t now_ms);

#endif
