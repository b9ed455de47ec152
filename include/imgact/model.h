/* SPDX-License-Identifier: MIT */
/*
 * Images and actions as every cloud's are shown: read-only structs that the library allocates; they
 * live as long as the operation that returned them. A NULL string, IMGACT_NO_TIME, a NaN size,
 * progress -1 and IMGACT_TRISTATE_UNKNOWN mean that the provider does not say. Fields of images,
 * actions and resources are only ever appended, so read them through the pointers and copy no
 * struct; imgact_pagination and imgact_rate_limit stay as they are. Available since 0.2 unless
 * noted.
 */
#ifndef IMGACT_MODEL_H
#define IMGACT_MODEL_H

#include <imgact/base.h>

IMGACT_BEGIN_DECLS

/* Boolean that the API may not report. */
typedef enum imgact_tristate {
  IMGACT_TRISTATE_UNKNOWN = -1,
  IMGACT_TRISTATE_FALSE = 0,
  IMGACT_TRISTATE_TRUE = 1,
  IMGACT_TRISTATE_MAX_ENUM = 0x7fffffff
} imgact_tristate;

/* What an image is. The cloud's own word is in provider_type. Open: a later version may add values.
 */
typedef enum imgact_image_type {
  IMGACT_IMAGE_TYPE_UNKNOWN,
  IMGACT_IMAGE_TYPE_SYSTEM,
  IMGACT_IMAGE_TYPE_APP,
  IMGACT_IMAGE_TYPE_SNAPSHOT,
  IMGACT_IMAGE_TYPE_BACKUP,
  IMGACT_IMAGE_TYPE_CUSTOM,
  IMGACT_IMAGE_TYPE_MAX_ENUM = 0x7fffffff
} imgact_image_type;

/* What can be done with an image. The cloud's own word is in provider_status. Open. */
typedef enum imgact_image_status {
  IMGACT_IMAGE_STATUS_UNKNOWN,
  IMGACT_IMAGE_STATUS_CREATING,
  IMGACT_IMAGE_STATUS_AVAILABLE,
  IMGACT_IMAGE_STATUS_UNAVAILABLE,
  IMGACT_IMAGE_STATUS_DELETED,
  IMGACT_IMAGE_STATUS_RETIRED,
  IMGACT_IMAGE_STATUS_MAX_ENUM = 0x7fffffff
} imgact_image_status;

/* How far an action is. The cloud's own word is in provider_status. Open. */
typedef enum imgact_action_status {
  IMGACT_ACTION_STATUS_UNKNOWN,
  IMGACT_ACTION_STATUS_RUNNING,
  IMGACT_ACTION_STATUS_SUCCESS,
  IMGACT_ACTION_STATUS_ERROR,
  IMGACT_ACTION_STATUS_MAX_ENUM = 0x7fffffff
} imgact_action_status;

/* What an action does. The cloud's own word is in command. Open. */
typedef enum imgact_action_kind {
  IMGACT_ACTION_KIND_OTHER,
  IMGACT_ACTION_KIND_CREATE,
  IMGACT_ACTION_KIND_CONVERT,
  IMGACT_ACTION_KIND_TRANSFER,
  IMGACT_ACTION_KIND_CHANGE_PROTECTION,
  IMGACT_ACTION_KIND_MAX_ENUM = 0x7fffffff
} imgact_action_kind;

/* The words of the JSON contract: "snapshot", "creating", "running", "transfer". Static. Any
 * thread. */
IMGACT_API const char *imgact_image_type_name(imgact_image_type type);
IMGACT_API const char *imgact_image_status_name(imgact_image_status status);
IMGACT_API const char *imgact_action_status_name(imgact_action_status status);
IMGACT_API const char *imgact_action_kind_name(imgact_action_kind kind);

/* One label of an image, in results and in imgact_image_update. An empty value is a value. */
typedef struct imgact_label {
  const char *key;
  const char *value;
} imgact_label;

/* A machine image. */
typedef struct imgact_image {
  const char *provider;
  const char *id;
  const char *name;
  const char *slug;
  const char *description;
  const char *provider_type;
  const char *provider_status;
  const char *architecture;
  const char *os_family;
  const char *os_version;
  const char *const *regions; /* NULL = not told, else regions_count slugs as served */
  const imgact_label *labels; /* NULL = not told */
  const char *const *tags;    /* NULL = not told */
  const char *created_from_id;
  const char *created_from_name;
  const char *bound_to;
  const char *error_message;
  const char *size_gb_text; /* the sizes as the cloud wrote them, which a double may round; NULL =
                               use the double */
  const char *min_disk_gb_text;
  size_t regions_count;
  size_t labels_count;
  size_t tags_count;
  double size_gb;
  double min_disk_gb;
  int64_t created_at;
  int64_t deprecated_at;
  int64_t deleted_at;
  imgact_image_type type;
  imgact_image_status status;
  imgact_tristate is_public;
  imgact_tristate is_protected;
} imgact_image;

/* What an action is about: an id and the cloud's word for its kind, "image", either NULL if not
 * told. */
typedef struct imgact_resource {
  const char *id;
  const char *type;
} imgact_resource;

/* A change of an image that runs for a time. The status alone says whether and how it ended. */
typedef struct imgact_action {
  const char *provider;
  const char *id; /* NULL: synthesised for a change that the cloud does at once */
  const char *command;
  const char *provider_status;
  const char *region;
  const char *error_code;    /* told only where status is IMGACT_ACTION_STATUS_ERROR */
  const char *error_message; /* likewise */
  const imgact_resource *resources;
  size_t resources_count;
  int64_t started_at;
  int64_t finished_at;
  int32_t progress; /* per cent, -1 = not told */
  imgact_action_kind kind;
  imgact_action_status status;
  int32_t reserved;
} imgact_action;

/* The provider's own object as JSON text, where the call asked for IMGACT_OP_FLAG_KEEP_RAW, else
 * NULL. Lives as the object does. */
IMGACT_API const char *imgact_image_raw(const imgact_image *image);
IMGACT_API const char *imgact_action_raw(const imgact_action *action);

/* What the last page said of itself; -1 = not told. Totals are for display: they are not trusted.
 */
typedef struct imgact_pagination {
  int64_t page;
  int64_t per_page;
  int64_t previous;
  int64_t next;
  int64_t last;
  int64_t total;
} imgact_pagination;

/* The rate limit as the last reply told it; -1 and IMGACT_NO_TIME = not told. */
typedef struct imgact_rate_limit {
  int64_t limit;
  int64_t remaining;
  int64_t reset_at;       /* Unix ms; what it means differs: see docs/provider-mapping.md */
  int64_t retry_after_ms; /* of the reply's Retry-After */
} imgact_rate_limit;

IMGACT_END_DECLS

#endif
