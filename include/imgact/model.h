/* SPDX-License-Identifier: MIT */
/*
 * Images, actions and regions in one form for all providers.
 *
 * The library allocates images, actions and regions. They are read-only and valid until their
 * operation is freed or, if it is a paged list, reads its next page. Values that the API does
 * not report are NULL, IMGACT_NO_TIME, NaN, progress -1 or IMGACT_TRISTATE_UNKNOWN.
 *
 * Later versions may append members to these three: read them through the pointers and do
 * not copy the structs. The other structs keep their size.
 *
 * Available since 0.2 unless noted.
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

/* Type of an image; provider_type has the API's own text. Later versions may add values. */
typedef enum imgact_image_type {
  IMGACT_IMAGE_TYPE_UNKNOWN,
  IMGACT_IMAGE_TYPE_SYSTEM,
  IMGACT_IMAGE_TYPE_APP,
  IMGACT_IMAGE_TYPE_SNAPSHOT,
  IMGACT_IMAGE_TYPE_BACKUP,
  IMGACT_IMAGE_TYPE_CUSTOM,
  IMGACT_IMAGE_TYPE_MAX_ENUM = 0x7fffffff
} imgact_image_type;

/* Status of an image; provider_status has the API's own text. Later versions may add values. */
typedef enum imgact_image_status {
  IMGACT_IMAGE_STATUS_UNKNOWN,
  IMGACT_IMAGE_STATUS_CREATING,
  IMGACT_IMAGE_STATUS_AVAILABLE,
  IMGACT_IMAGE_STATUS_UNAVAILABLE,
  IMGACT_IMAGE_STATUS_DELETED,
  IMGACT_IMAGE_STATUS_RETIRED,
  IMGACT_IMAGE_STATUS_MAX_ENUM = 0x7fffffff
} imgact_image_status;

/* Status of an action; provider_status has the API's own text. Later versions may add values. */
typedef enum imgact_action_status {
  IMGACT_ACTION_STATUS_UNKNOWN,
  IMGACT_ACTION_STATUS_RUNNING,
  IMGACT_ACTION_STATUS_SUCCESS,
  IMGACT_ACTION_STATUS_ERROR,
  IMGACT_ACTION_STATUS_MAX_ENUM = 0x7fffffff
} imgact_action_status;

/* Kind of an action; command has the API's own text. Later versions may add values. */
typedef enum imgact_action_kind {
  IMGACT_ACTION_KIND_OTHER,
  IMGACT_ACTION_KIND_CREATE,
  IMGACT_ACTION_KIND_CONVERT,
  IMGACT_ACTION_KIND_TRANSFER,
  IMGACT_ACTION_KIND_CHANGE_PROTECTION,
  IMGACT_ACTION_KIND_MAX_ENUM = 0x7fffffff
} imgact_action_kind;

/*
 * Return the names that the tool's JSON uses: "snapshot", "creating", "running", "transfer".
 *
 * type    any value; an unknown one has the name "unknown"
 * status  any value; an unknown one has the name "unknown"
 * kind    any value; an unknown one has the name "other"
 *
 * The texts are static. May be called from any thread.
 */
IMGACT_API const char *imgact_image_type_name(imgact_image_type type);
IMGACT_API const char *imgact_image_status_name(imgact_image_status status);
IMGACT_API const char *imgact_action_status_name(imgact_action_status status);
IMGACT_API const char *imgact_action_kind_name(imgact_action_kind kind);

/*
 * Return the value with that name: the inverse of imgact_image_type_name() and the functions that
 * follow it.
 *
 * name  such as "snapshot", case-sensitive; may be NULL
 *
 * Returns IMGACT_..._UNKNOWN or IMGACT_ACTION_KIND_OTHER for any other name. May be called from any
 * thread.
 */
IMGACT_API imgact_image_type imgact_image_type_from_name(const char *name);
IMGACT_API imgact_image_status imgact_image_status_from_name(const char *name);
IMGACT_API imgact_action_status imgact_action_status_from_name(const char *name);
IMGACT_API imgact_action_kind imgact_action_kind_from_name(const char *name);

/* Label of an image, in results and in imgact_image_update. The value may be empty. */
typedef struct imgact_label {
  const char *key;
  const char *value;
} imgact_label;

/* Machine image. docs/provider-mapping.md shows which member comes from which field of the API. */
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
  const char *const *regions;    /* regions_count slugs; NULL = not reported */
  const imgact_label *labels;    /* labels_count labels; NULL = not reported */
  const char *const *tags;       /* tags_count tags; NULL = not reported */
  const char *created_from_id;   /* of the server that the image was made from */
  const char *created_from_name; /* of this server */
  const char *bound_to;          /* id of the server that the image belongs to */
  const char *error_message;
  const char *size_gb_text; /* decimal text of size_gb, without zeros at the end of the fraction;
                               NULL = use the double */
  const char *min_disk_gb_text;
  size_t regions_count;
  size_t labels_count;
  size_t tags_count;
  double size_gb;
  double min_disk_gb;
  int64_t created_at; /* Unix ms, as all times */
  int64_t deprecated_at;
  int64_t deleted_at;
  imgact_image_type type;
  imgact_image_status status;
  imgact_tristate is_public;
  imgact_tristate is_protected;
  const char *profile;          /* of the client; NULL = none */
  int64_t unavailable_after;    /* end of a deprecated image */
  imgact_tristate rapid_deploy; /* new servers start from the image in seconds */
  int32_t reserved;
} imgact_image;

/*
 * Returns the value of a label of an image.
 *
 * image  may be NULL
 * key    key of the label, case-sensitive; may be NULL
 *
 * Returns NULL if the image has no such label, or if the API reports no labels. The text is valid
 * as long as the image.
 */
IMGACT_API const char *imgact_image_label(const imgact_image *image, const char *key);

/*
 * Check whether an image is in a region, or has a tag.
 *
 * image   may be NULL
 * region  slug of the region, case-sensitive; may be NULL: in no image
 * tag     name of the tag. The case of ASCII letters is ignored, as DigitalOcean does; may be NULL:
 *         in no image
 *
 * Returns IMGACT_TRISTATE_UNKNOWN if the API does not report regions or tags, and if image is NULL.
 */
IMGACT_API imgact_tristate imgact_image_has_region(const imgact_image *image, const char *region);
IMGACT_API imgact_tristate imgact_image_has_tag(const imgact_image *image, const char *tag);

/* Resource that an action changes. */
typedef struct imgact_resource {
  const char *id;
  const char *type; /* type in the API's own text, for example "image" */
} imgact_resource;

/* Action: a change of an image that takes time. It has ended if status is
 * IMGACT_ACTION_STATUS_SUCCESS or _ERROR. A wait for an action with an unknown status fails with
 * IMGACT_PROTOCOL. */
typedef struct imgact_action {
  const char *provider;
  const char *id; /* NULL = made by the library for a change that the API applied synchronously */
  const char *command;
  const char *provider_status;
  const char *region;
  const char *error_code;    /* set only if status is IMGACT_ACTION_STATUS_ERROR */
  const char *error_message; /* set only if status is IMGACT_ACTION_STATUS_ERROR */
  const imgact_resource *resources;
  size_t resources_count;
  int64_t started_at;
  int64_t finished_at;
  int32_t progress; /* 0 to 100 %, -1 = not reported */
  imgact_action_kind kind;
  imgact_action_status status;
  int32_t reserved;
  const char *profile; /* of the client; NULL = none */
} imgact_action;

/* Region of a provider. */
typedef struct imgact_region {
  const char *provider;
  const char *slug;
  const char *name;
  imgact_tristate available;      /* of new servers; images can be transferred all the same */
  imgact_tristate image_transfer; /* images can be transferred to the region */
} imgact_region;

/*
 * Return the API's own object as JSON text.
 *
 * image   image of an operation; may be NULL
 * action  action of an operation; may be NULL
 *
 * Returns NULL unless the operation has the flag IMGACT_OP_FLAG_KEEP_RAW. The text is valid as long
 * as the object.
 */
IMGACT_API const char *imgact_image_raw(const imgact_image *image);
IMGACT_API const char *imgact_action_raw(const imgact_action *action);

/* ---- description of the members ---- */

/*
 * Kind of a member: its C type. TEXT, NONEMPTY, ID and DERIVED are const char *; NULL = not
 * reported. Some kinds have a second member, such as the count of an array; `second` of
 * imgact_member is its offset. Later versions may add kinds.
 */
typedef enum imgact_member_kind {
  IMGACT_MEMBER_TEXT = 1,
  IMGACT_MEMBER_NONEMPTY, /* never "" */
  IMGACT_MEMBER_ID,
  IMGACT_MEMBER_DERIVED, /* the name of the provider or profile, or the API's text of an enum, which
                            is set together with the enum */
  IMGACT_MEMBER_IMAGE_TYPE,    /* imgact_image_type; second member: the API's text */
  IMGACT_MEMBER_IMAGE_STATUS,  /* imgact_image_status; second member: the API's text */
  IMGACT_MEMBER_ACTION_KIND,   /* imgact_action_kind; second member: the API's text */
  IMGACT_MEMBER_ACTION_STATUS, /* imgact_action_status; second member: the API's text */
  IMGACT_MEMBER_STRINGS,       /* const char *const *; second member: the count, a size_t */
  IMGACT_MEMBER_LABELS,        /* const imgact_label *; second member: the count, a size_t */
  IMGACT_MEMBER_RESOURCES,     /* const imgact_resource *; second member: the count, a size_t */
  IMGACT_MEMBER_NUMBER,   /* double, NaN = not reported; second member: the digits, const char * */
  IMGACT_MEMBER_TIME,     /* int64_t, Unix ms or IMGACT_NO_TIME */
  IMGACT_MEMBER_TRISTATE, /* imgact_tristate */
  IMGACT_MEMBER_PERCENT,  /* int32_t, -1 = not reported */
  IMGACT_MEMBER_MAX_ENUM = 0x7fffffff
} imgact_member_kind;

/*
 * The members of imgact_image, imgact_action and imgact_region, in the order of the keys in the
 * JSON of the tool imgact:
 *
 *   ROW(target, kind, member, second, key)
 *   OBJECT(key, LIST)                       an object in the JSON; LIST(ROW) has its members
 *
 * - target: end of IMGACT_TARGET_IMAGE_..., IMGACT_TARGET_ACTION_... or IMGACT_TARGET_REGION_...
 *   (provider.h).
 * - kind: end of IMGACT_MEMBER_...
 * - member and second: members of the struct; member is repeated if there is no second member.
 * - key: key in the JSON.
 *
 * Later versions append rows.
 */
/* clang-format off */
#define IMGACT_CREATED_FROM_MEMBERS(ROW)                                                           \
  ROW(CREATED_FROM_ID, ID, created_from_id, created_from_id, "created_from.id")                    \
  ROW(CREATED_FROM_NAME, TEXT, created_from_name, created_from_name, "created_from.name")
#define IMGACT_IMAGE_MEMBERS(ROW, OBJECT)                                                          \
  ROW(PROVIDER, DERIVED, provider, provider, "provider")                                           \
  ROW(ID, ID, id, id, "id")                                                                        \
  ROW(NAME, TEXT, name, name, "name")                                                              \
  ROW(SLUG, NONEMPTY, slug, slug, "slug")                                                          \
  ROW(DESCRIPTION, TEXT, description, description, "description")                                  \
  ROW(TYPE, IMAGE_TYPE, type, provider_type, "type")                                               \
  ROW(PROVIDER_TYPE, DERIVED, provider_type, provider_type, "provider_type")                       \
  ROW(STATUS, IMAGE_STATUS, status, provider_status, "status")                                     \
  ROW(PROVIDER_STATUS, DERIVED, provider_status, provider_status, "provider_status")               \
  ROW(ARCHITECTURE, TEXT, architecture, architecture, "architecture")                              \
  ROW(OS_FAMILY, TEXT, os_family, os_family, "os_family")                                          \
  ROW(OS_VERSION, TEXT, os_version, os_version, "os_version")                                      \
  ROW(IS_PUBLIC, TRISTATE, is_public, is_public, "public")                                         \
  ROW(SIZE_GB, NUMBER, size_gb, size_gb_text, "size_gb")                                           \
  ROW(MIN_DISK_GB, NUMBER, min_disk_gb, min_disk_gb_text, "min_disk_gb")                           \
  ROW(REGIONS, STRINGS, regions, regions_count, "regions")                                         \
  ROW(LABELS, LABELS, labels, labels_count, "labels")                                              \
  ROW(TAGS, STRINGS, tags, tags_count, "tags")                                                     \
  ROW(IS_PROTECTED, TRISTATE, is_protected, is_protected, "protected")                             \
  ROW(CREATED_AT, TIME, created_at, created_at, "created_at")                                      \
  ROW(DEPRECATED_AT, TIME, deprecated_at, deprecated_at, "deprecated_at")                          \
  ROW(DELETED_AT, TIME, deleted_at, deleted_at, "deleted_at")                                      \
  OBJECT(created_from, IMGACT_CREATED_FROM_MEMBERS)                                                \
  ROW(BOUND_TO, ID, bound_to, bound_to, "bound_to")                                                \
  ROW(ERROR_MESSAGE, NONEMPTY, error_message, error_message, "error_message")                      \
  ROW(PROFILE, DERIVED, profile, profile, "profile")                                               \
  ROW(UNAVAILABLE_AFTER, TIME, unavailable_after, unavailable_after, "unavailable_after")          \
  ROW(RAPID_DEPLOY, TRISTATE, rapid_deploy, rapid_deploy, "rapid_deploy")

#define IMGACT_ACTION_ERROR_MEMBERS(ROW)                                                           \
  ROW(ERROR_CODE, NONEMPTY, error_code, error_code, "error.code")                                  \
  ROW(ERROR_MESSAGE, NONEMPTY, error_message, error_message, "error.message")
#define IMGACT_ACTION_MEMBERS(ROW, OBJECT)                                                         \
  ROW(PROVIDER, DERIVED, provider, provider, "provider")                                           \
  ROW(ID, ID, id, id, "id")                                                                        \
  ROW(COMMAND, DERIVED, command, command, "command")                                               \
  ROW(KIND, ACTION_KIND, kind, command, "kind")                                                    \
  ROW(STATUS, ACTION_STATUS, status, provider_status, "status")                                    \
  ROW(PROVIDER_STATUS, DERIVED, provider_status, provider_status, "provider_status")               \
  ROW(PROGRESS, PERCENT, progress, progress, "progress")                                           \
  ROW(STARTED_AT, TIME, started_at, started_at, "started_at")                                      \
  ROW(FINISHED_AT, TIME, finished_at, finished_at, "finished_at")                                  \
  ROW(REGION, NONEMPTY, region, region, "region")                                                  \
  ROW(RESOURCE_ID, RESOURCES, resources, resources_count, "resources")                             \
  OBJECT(error, IMGACT_ACTION_ERROR_MEMBERS)                                                       \
  ROW(PROFILE, DERIVED, profile, profile, "profile")

#define IMGACT_REGION_MEMBERS(ROW, OBJECT)                                                         \
  ROW(PROVIDER, DERIVED, provider, provider, "provider")                                           \
  ROW(SLUG, NONEMPTY, slug, slug, "slug")                                                          \
  ROW(NAME, TEXT, name, name, "name")                                                              \
  ROW(AVAILABLE, TRISTATE, available, available, "available")                                      \
  ROW(IMAGE_TRANSFER, TRISTATE, image_transfer, image_transfer, "image_transfer")
/* clang-format on */

/* Description of one member of imgact_image, imgact_action or imgact_region: for programs that
 * print or convert all members in a loop, and for bindings to other languages. */
typedef struct imgact_member {
  const char *key; /* key in the tool's JSON; "created_from.id" is the key "id" in the object
                      "created_from" */
  size_t offset;   /* in the struct */
  size_t second;   /* offset of the second member; equal to offset if there is none */
  imgact_member_kind kind;
  int32_t reserved;
} imgact_member;

/*
 * Return the description of one member of images, of actions or of regions.
 *
 * index  counts from 0
 *
 * Returns NULL after the last member. Members of one object in the JSON are adjacent. The structs
 * are static. May be called from any thread.
 */
IMGACT_API const imgact_member *imgact_image_member(size_t index);
IMGACT_API const imgact_member *imgact_action_member(size_t index);
IMGACT_API const imgact_member *imgact_region_member(size_t index);

/* Page numbers and total number of items, as the page that was read last reported them; -1 = not
 * reported. For display only: they may be wrong. */
typedef struct imgact_pagination {
  int64_t page;
  int64_t per_page;
  int64_t previous;
  int64_t next;
  int64_t last;
  int64_t total;
} imgact_pagination;

/* Rate limit as the last response reported it; -1 and IMGACT_NO_TIME = not reported. */
typedef struct imgact_rate_limit {
  int64_t limit;
  int64_t remaining;
  int64_t reset_at;       /* Unix ms; the meaning differs by provider (docs/provider-mapping.md) */
  int64_t retry_after_ms; /* delay from the Retry-After header, in ms */
} imgact_rate_limit;

IMGACT_END_DECLS

#endif
