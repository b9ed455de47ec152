/* SPDX-License-Identifier: MIT */
/*
 * Providers. A provider is a table that describes one API.
 *
 * - A slot describes one operation: its path, query, body and results.
 * - A row maps one member of a response or one argument of a request.
 * - A word maps a text of the API to the value of an enum.
 * - Functions are optional. They handle the cases that rows cannot describe.
 *
 * A provider sees no token, socket, clock, allocator or log: the library retries, reads pages,
 * waits, applies deadlines, traces and redacts. docs/writing-a-provider.md shows how to write one.
 * May change in a minor version until 1.0.
 *
 * Parameters of all functions, unless a function says otherwise:
 *
 * request   request that encode builds
 * response  response to decode
 * result    results that decode fills
 * call      arguments of the request
 * value     JSON value; NULL is allowed: a missing value
 * error     error to set; must not be NULL
 * words     list of words, see imgact_word; must not be NULL
 *
 * Available since 0.2 unless noted.
 */
#ifndef IMGACT_PROVIDER_H
#define IMGACT_PROVIDER_H

#include <imgact/base.h>
#include <imgact/client.h>
#include <imgact/error.h>
#include <imgact/json.h>
#include <imgact/model.h>
#include <imgact/op.h>

IMGACT_BEGIN_DECLS

/* ---- call ---- */

/* Bit of an image type in a mask of image types. */
#define IMGACT_IMAGE_TYPE_BIT(type) (1u << (unsigned)(type))

/* Arguments of one request. Strings are valid UTF-8; is_valid_id() has accepted the ids. */
typedef struct imgact_call {
  size_t size;
  imgact_op_kind kind;
  uint32_t flags;           /* IMGACT_OP_FLAG_VIA_IMAGE */
  const char *image_ref;    /* id of the image; get_image: id or slug; NULL = none */
  const char *action_id;    /* get_action */
  const char *region;       /* transfer */
  const char *architecture; /* get_image: requested architecture. Images are found by name with
                               list_images, whose image_filter has it */
  const imgact_image_filter *image_filter;   /* list_images: never NULL. Sort keys are id, name and
                                                created, those of actions started and finished */
  const imgact_action_filter *action_filter; /* list_actions: never NULL */
  const imgact_image_update *update;         /* update_image */
  const imgact_image_create *create;         /* create_image, import_image: never NULL */
  const char *server_id;         /* create_image, list_server_actions, list_server_images */
  const char *url;               /* import_image */
  const char *const *action_ids; /* wait_actions: at most max_ids of the slot */
  size_t action_ids_count;
  const char *const *image_ids; /* operations on several images */
  size_t image_ids_count;
  int64_t page;           /* lists: page of the options or 1, later the number that decode set */
  int64_t per_page;       /* lists: items per page, at most max_per_page of the provider */
  const char *next_query; /* lists: query or cursor that decode set for this page, or NULL */
  uint32_t type_mask;     /* list_images: IMGACT_IMAGE_TYPE_BITs of the requested types of one type
                             group; 0 = any type */
  int32_t protect;        /* change_protection: 1 = protect, 0 = unprotect */
  imgact_image_status image_status; /* wait for images: the status to wait for */
  int32_t reserved;                 /* 0 */
  const char *recipient_email;      /* create_handover; NULL = none */
  const char *recipient_team;       /* create_handover: NULL = none; accept_handover */
  const char *tag; /* create_tag, tag_images, untag_images: the tag; the images are image_ids */
  const char *const *added_tags; /* change_tags */
  const char *const *removed_tags;
  size_t added_tags_count;
  size_t removed_tags_count;
  const char *transfer_id; /* accept_handover, decline_handover, cancel_handover: digits, 1 to
                              9223372036854775807 */
} imgact_call;

/* ---- request ---- */

/* Opaque type of a request that encode builds. An error (no memory) remains and ends the call, so
 * encode need not check for it. */
typedef struct imgact_request imgact_request;

/*
 * Sets the HTTP method; without this call it is GET.
 *
 * method  static text
 */
IMGACT_API void imgact_request_set_method(imgact_request *request, const char *method);

/*
 * Appends a segment to the path, percent-encoded.
 *
 * segment  text; if it is NULL, empty, "." or "..", the call fails with IMGACT_INVALID_ARGUMENT
 *
 * The path starts at the endpoint of the client.
 */
IMGACT_API void imgact_request_add_segment(imgact_request *request, const char *segment);

/*
 * Append a pair to the query, percent-encoded. The order of the pairs is kept.
 *
 * key    must not be NULL
 * value  value of the pair; imgact_request_add_query() with NULL adds nothing
 */
IMGACT_API void imgact_request_add_query(imgact_request *request, const char *key,
                                         const char *value);
IMGACT_API void imgact_request_add_query_int(imgact_request *request, const char *key,
                                             int64_t value);

/*
 * Appends the pairs of an encoded query ("a=b&c=d") to the query.
 *
 * query   may be NULL
 * except  keys of pairs to leave out, NULL-terminated; may be NULL
 *
 * The pairs are decoded and encoded again.
 */
IMGACT_API void imgact_request_add_query_string(imgact_request *request, const char *query,
                                                const char *const *except);

/*
 * Returns the writer of the JSON body, and sets the Content-Type of the request.
 *
 * Returns NULL if memory runs out; every function of a writer accepts this. The writer is valid
 * until encode returns.
 */
IMGACT_API imgact_json_writer *imgact_request_body_writer(imgact_request *request);

/*
 * Declares filters that this query cannot express: the library filters the items instead.
 *
 * filters  bits of filters that are in the slot's server_filters and that the library can apply,
 *          except SORT
 */
IMGACT_API void imgact_request_filter_locally(imgact_request *request, uint32_t filters);

/* Declares that the result is an empty list: no request is sent. */
IMGACT_API void imgact_request_set_empty_result(imgact_request *request);

/* ---- response ---- */

/* Opaque type of a response. Its body is parsed and redacted. Values and texts of it are valid
 * until the provider's function returns. */
typedef struct imgact_response imgact_response;

/* Returns the HTTP status. */
IMGACT_API int imgact_response_status(const imgact_response *response);

/*
 * Returns the root value of the body.
 *
 * Returns NULL if the body is empty. In decode_error and decode_rate_limit it is also NULL if the
 * body is not JSON.
 */
IMGACT_API const imgact_json *imgact_response_json(const imgact_response *response);

/*
 * Returns the value of a header, redacted.
 *
 * name  not case-sensitive
 *
 * Returns NULL if the header does not exist or is not UTF-8.
 */
IMGACT_API const char *imgact_response_header(const imgact_response *response, const char *name);

/*
 * Reads a header with a whole number.
 *
 * name   not case-sensitive
 * value  receives the number
 *
 * Returns 1 if the header exists and is a whole number, otherwise 0.
 */
IMGACT_API int imgact_response_header_int(const imgact_response *response, const char *name,
                                          int64_t *value);

/*
 * Copies a header to error->request_id, up to the first space or character that is not printable
 * ASCII.
 *
 * name  header, not case-sensitive; if it does not exist, error->request_id becomes empty
 */
IMGACT_API void imgact_response_copy_request_id(const imgact_response *response, const char *name,
                                                imgact_error *error);

/* ---- results ---- */

/* Opaque type of the results that decode fills. A response may have at most 10,000 items, and each
 * list of an item at most 1,000 elements. An error (no memory, a response that is too large)
 * remains and ends the call, so decode need not check for it. */
typedef struct imgact_result imgact_result;

/*
 * Add an item to the results. The library sets its member provider; the others are "not reported".
 *
 * object  API's own object, kept for IMGACT_OP_FLAG_KEEP_RAW; may be NULL
 *
 * Texts and arrays that are stored in the item are not copied: the results must own them
 * (imgact_decode_...(), imgact_result_strdup()), or they must be static. Use the item only until
 * the provider's function returns. Never returns NULL: after an error the item is a scratch object
 * that is not in the results.
 */
IMGACT_API imgact_image *imgact_result_add_image(imgact_result *result, const imgact_json *object);
IMGACT_API imgact_action *imgact_result_add_action(imgact_result *result,
                                                   const imgact_json *object);

/*
 * Adds a region to the results; the rules of imgact_result_add_image() apply.
 */
IMGACT_API imgact_region *imgact_result_add_region(imgact_result *result);

/*
 * Sets the value that an operation returns instead of an image or action: of create_handover the id
 * of the offer, of create_tag the tag as the API spells it.
 *
 * value  a text, or a whole number; another value is not reported
 */
IMGACT_API void imgact_result_set_value(imgact_result *result, const imgact_json *value);

/*
 * Decode a string.
 *
 * Returns a copy that the results own; NULL for any other value, imgact_decode_nonempty_string()
 * also for an empty string.
 */
IMGACT_API const char *imgact_decode_string(imgact_result *result, const imgact_json *value);
IMGACT_API const char *imgact_decode_nonempty_string(imgact_result *result,
                                                     const imgact_json *value);

/*
 * Copies a text.
 *
 * text  may be NULL
 *
 * Returns a copy that the results own; NULL if text is NULL or memory runs out.
 */
IMGACT_API const char *imgact_result_strdup(imgact_result *result, const char *text);

/*
 * Decodes an id: a whole number from 0 of at most 64 digits, or a string of 1 to 64 letters,
 * digits, "_" and "-".
 *
 * A number beyond 64 bits keeps its digits.
 *
 * Returns a text that the results own; NULL for any other value.
 */
IMGACT_API const char *imgact_decode_id(imgact_result *result, const imgact_json *value);

/*
 * Decodes an array of strings. Elements that are not strings are left out.
 *
 * array  value to decode
 * count  receives the number of strings; must not be NULL
 *
 * Returns an array that the results own; NULL if the value is not an array, or if it has elements
 * but none is a string. An empty array is not NULL and has the count 0.
 */
IMGACT_API const char *const *imgact_decode_strings(imgact_result *result, const imgact_json *array,
                                                    size_t *count);

/*
 * Decodes an object with strings as labels. Members that are not strings are left out; of a
 * duplicated key the last member counts.
 *
 * object  value to decode
 * count   receives the number of labels; must not be NULL
 *
 * Returns an array that the results own; NULL if the value is not an object, or if it has members
 * but none is a string.
 */
IMGACT_API const imgact_label *imgact_decode_labels(imgact_result *result,
                                                    const imgact_json *object, size_t *count);

/*
 * Allocates the resources of an action.
 *
 * count  number of resources
 *
 * Returns an array that the results own, all members NULL; NULL if memory runs out or count
 * exceeds 1,000.
 */
IMGACT_API imgact_resource *imgact_result_alloc_resources(imgact_result *result, size_t count);

/*
 * Decodes a time: RFC 3339 text, in which seconds and fraction may be missing, or Unix seconds as a
 * number.
 *
 * Returns Unix ms; IMGACT_NO_TIME for any other value.
 */
IMGACT_API int64_t imgact_decode_time(const imgact_json *value);

/*
 * Decodes the digits of a number as received, without trailing zeros of the fraction.
 *
 * Returns a text that the results own; NULL if the value is not a number, has an exponent or
 * exceeds 64 characters.
 */
IMGACT_API const char *imgact_decode_number_text(imgact_result *result, const imgact_json *value);

/*
 * Decodes a number.
 *
 * Returns NaN for any other value.
 */
IMGACT_API double imgact_decode_double(const imgact_json *value);

/*
 * Decodes a boolean.
 *
 * Returns IMGACT_TRISTATE_UNKNOWN for any other value.
 */
IMGACT_API imgact_tristate imgact_decode_bool(const imgact_json *value);

/*
 * Called to add one object of a response to the results.
 *
 * object  object to add; may be any value
 *
 * Returns 1 if the object was added or left out on purpose; 0 if it has no usable id, and nothing
 * was added.
 */
typedef int (*imgact_item_fn)(const imgact_call *call, imgact_result *result,
                              const imgact_json *object);

/*
 * Add all elements of a list in a response, or one object.
 *
 * key  member with the list or the object; imgact_result_add_object() with NULL adds the whole
 *      response
 * add  called for each element
 *
 * Errors: IMGACT_PROTOCOL if the list or object is missing, or if one has no usable id.
 */
IMGACT_API imgact_status imgact_result_add_list(imgact_result *result, const imgact_call *call,
                                                const imgact_response *response, const char *key,
                                                imgact_item_fn add, imgact_error *error);
IMGACT_API imgact_status imgact_result_add_object(imgact_result *result, const imgact_call *call,
                                                  const imgact_response *response, const char *key,
                                                  imgact_item_fn add, imgact_error *error);

/*
 * Sets the page numbers and totals that the response reports.
 *
 * page  copied; must not be NULL
 */
IMGACT_API void imgact_result_set_pagination(imgact_result *result, const imgact_pagination *page);

/*
 * Declares that there is a next page.
 *
 * page    its number; 0 = not reported
 * cursor  its page cursor, to detect a page that does not advance; copied; may be NULL
 * query   query or cursor to request it with: next_query of the call; copied; may be NULL
 *
 * If neither the number grows nor the cursor changes, the operation fails with IMGACT_INCOMPLETE.
 */
IMGACT_API void imgact_result_set_next_page(imgact_result *result, int64_t page, const char *cursor,
                                            const char *query);

/*
 * Returns the decoded value of a pair in the query of a URL.
 *
 * url  may be NULL
 * key  must not be NULL
 *
 * Returns a text that the results own; NULL if the pair does not exist.
 */
IMGACT_API const char *imgact_result_query_value(imgact_result *result, const char *url,
                                                 const char *key);

/*
 * Sets the details of the error, kept as JSON text.
 *
 * Only for decode_error. A value that is null or missing changes nothing; details of more than
 * 64 KiB are left out.
 */
IMGACT_API void imgact_result_set_error_details(imgact_result *result, const imgact_json *value);
/*
 * Adds one member to the details of the error. Details that are not an object are replaced.
 *
 * key  name of the member
 *
 * Only for decode_error. A value that is null or missing changes nothing; details of more than
 * 64 KiB are left out.
 */
IMGACT_API void imgact_result_add_error_detail(imgact_result *result, const char *key,
                                               const imgact_json *value);

/*
 * Follows a path of member names from an object.
 *
 * path  names separated by "."; "" is the value itself; NULL is allowed: a missing value
 *
 * Returns NULL if a part is missing.
 */
IMGACT_API const imgact_json *imgact_json_at(const imgact_json *value, const char *path);

/*
 * Checks for a value of an unexpected type.
 *
 * expected  type that the API documents
 *
 * Returns 1 if the value is not missing, not null and not of that type, otherwise 0.
 */
IMGACT_API int imgact_json_is_other(const imgact_json *value, imgact_json_type expected);

/* ---- rows of the table ---- */

/*
 * Word: a text of the API, such as "creating", and its value in an enum.
 *
 * A list ends with a word whose text is NULL. The value of this word applies to every text that is
 * not in the list. "word*" matches every text that begins with "word"; "~word" ignores case.
 * Both can be combined. Requests send the first word that has the value and no "*", without its
 * "~".
 */
typedef struct imgact_word {
  const char *text;
  intptr_t value; /* value of the enum: image type, image status, action kind or action status */
} imgact_word;

/*
 * Returns the value of a word.
 *
 * text  text of the API; NULL is allowed and is not in the list
 */
IMGACT_API int imgact_word_value(const imgact_word *words, const char *text);

/*
 * Returns the text of the first word that has the value and no "*", without its "~"; NULL if there
 * is none.
 *
 * value  value of the enum
 */
IMGACT_API const char *imgact_word_text(const imgact_word *words, int value);

#define IMGACT_IMAGE_ROW(target, kind, member, second, key)  IMGACT_TARGET_IMAGE_##target,
#define IMGACT_IMAGE_OBJECT(key, LIST)                       LIST(IMGACT_IMAGE_ROW)
#define IMGACT_ACTION_ROW(target, kind, member, second, key) IMGACT_TARGET_ACTION_##target,
#define IMGACT_ACTION_OBJECT(key, LIST)                      LIST(IMGACT_ACTION_ROW)
#define IMGACT_REGION_ROW(target, kind, member, second, key) IMGACT_TARGET_REGION_##target,
#define IMGACT_REGION_OBJECT(key, LIST)                      LIST(IMGACT_REGION_ROW)

/*
 * Member of an image, action or region that a row sets: IMGACT_TARGET_IMAGE_...,
 * IMGACT_TARGET_ACTION_... and IMGACT_TARGET_REGION_... for each row of IMGACT_IMAGE_MEMBERS,
 * IMGACT_ACTION_MEMBERS and IMGACT_REGION_MEMBERS. The kind of the member determines how the value
 * is read. If the value is missing, null or of another type,
 * the member stays "not reported".
 *
 * - An enum (IMAGE_TYPE, IMAGE_STATUS, ACTION_KIND, ACTION_STATUS) needs words. Its row also sets
 *   provider_type, provider_status or command, which are no targets.
 * - STRINGS: the path names an array of strings or, with [], one string of each object in an array,
 *   for example "zones[].name". LABELS: an object with strings.
 * - ACTION_RESOURCE_ID: the path names one id or, with [], the id of each object in an array, for
 *   example "resources[].id". ACTION_RESOURCE_TYPE: the type in the same object or array; without
 *   this row the type is "image".
 * - ACTION_ERROR_CODE and _MESSAGE are kept only if the status is IMGACT_ACTION_STATUS_ERROR.
 */
/* clang-format off */
typedef enum imgact_target {
  IMGACT_IMAGE_MEMBERS(IMGACT_IMAGE_ROW, IMGACT_IMAGE_OBJECT)
  IMGACT_TARGET_NONE = 63, /* no member; those of actions count from 64 */
  IMGACT_ACTION_MEMBERS(IMGACT_ACTION_ROW, IMGACT_ACTION_OBJECT)
  IMGACT_TARGET_ACTION_RESOURCE_TYPE = 127, /* those of regions count from 128 */
  IMGACT_REGION_MEMBERS(IMGACT_REGION_ROW, IMGACT_REGION_OBJECT)
  IMGACT_TARGET_MAX_ENUM = 0x7fffffff
} imgact_target;
/* clang-format on */
#undef IMGACT_IMAGE_ROW
#undef IMGACT_IMAGE_OBJECT
#undef IMGACT_ACTION_ROW
#undef IMGACT_ACTION_OBJECT
#undef IMGACT_REGION_ROW
#undef IMGACT_REGION_OBJECT

/*
 * Row of a map: reads one member of an object in a response.
 *
 * - Path "a.b" is the member b of the object a. "a[].b" is the member b of each object in array a.
 * - If a key is duplicated, the last member is used.
 * - Several rows may have the same target. The first row with a value is used.
 * - Exactly one row has the id as its target, in a map of regions the slug.
 * - Rows whose paths begin with the same name must be adjacent.
 * - A map has at most IMGACT_MAX_FIELDS rows. A row whose path is NULL ends it.
 * - Reading is fastest if the rows have the order of the members in the response.
 */
typedef struct imgact_field {
  const char *path;
  intptr_t target;          /* imgact_target */
  const imgact_word *words; /* for an image type, a status or an action kind; otherwise NULL */
} imgact_field;
#define IMGACT_MAX_FIELDS     64
#define IMGACT_MAX_PATH_BYTES 255 /* maximum for the path of a row or slot */

/* Map from an object of a response to an image. */
typedef struct imgact_image_map {
  const imgact_field *fields;
  /* Called after the rows have been read; may be NULL. Returns 0 to leave the image out. */
  int (*finish)(const imgact_call *call, imgact_result *result, imgact_image *image,
                const imgact_json *object);
  uint32_t public_types; /* IMGACT_IMAGE_TYPE_BITs of the types that are public: is_public is set
                            from the type; 0 = a row sets it */
  uint32_t reserved;     /* 0 */
} imgact_image_map;

/* Map from an object of a response to an action. */
typedef struct imgact_action_map {
  const imgact_field *fields;
  /* Called after the rows have been read; may be NULL. Returns 0 to leave the action out. */
  int (*finish)(const imgact_call *call, imgact_result *result, imgact_action *action,
                const imgact_json *object);
} imgact_action_map;

/* Map from an object of a response to a region. */
typedef struct imgact_region_map {
  const imgact_field *fields;
  /* Called after the rows have been read; may be NULL. Returns 0 to leave the region out. */
  int (*finish)(const imgact_call *call, imgact_result *result, imgact_region *region,
                const imgact_json *object);
} imgact_region_map;

/*
 * The filters of imgact_image_filter and imgact_action_filter:
 *
 *   ROW(filter, kind, member, count, target, word)
 *
 * - filter: end of IMGACT_SOURCE_FILTER_IMAGE_... or IMGACT_SOURCE_FILTER_ACTION_...; its bit is
 *   IMGACT_FILTER_BIT().
 * - kind: type of the member: TEXT, TEXTS, WORD (a text, not case-sensitive), ID, IDS, SORT_KEYS,
 *   IMAGE_TYPES, IMAGE_STATUSES, ACTION_STATUSES, VISIBILITY or FLAG. No row of a query can send
 *   GLOBS, BEFORE, AFTER (times) and PROTECTION.
 * - member and count: members of the filter struct; a single value repeats its own name.
 * - target: member of an item that the library compares with a local filter, of IMGACT_TARGET_...;
 *   NONE if no member is compared: only a server can apply the filter, or it sorts.
 * - word: name in messages.
 *
 * The library copies, checks, sends and applies filters by these lists; later versions append rows.
 */
/* clang-format off */
#define IMGACT_IMAGE_FILTERS(ROW)                                                                  \
  ROW(TYPE, IMAGE_TYPES, types, types_count, IMAGE_TYPE, "type")                                   \
  ROW(STATUS, IMAGE_STATUSES, statuses, statuses_count, IMAGE_STATUS, "status")                    \
  ROW(NAME, TEXT, name, name, IMAGE_NAME, "name")                                                  \
  ROW(ARCHITECTURE, TEXT, architecture, architecture, IMAGE_ARCHITECTURE, "architecture")          \
  ROW(LABEL_SELECTOR, TEXT, label_selector, label_selector, NONE, "label selector")                \
  ROW(BOUND_TO, IDS, bound_to, bound_to_count, IMAGE_BOUND_TO, "server id")                        \
  ROW(INCLUDE_DEPRECATED, FLAG, include_deprecated, include_deprecated, NONE,                      \
      "include_deprecated")                                                                        \
  ROW(TAG, TEXT, tag, tag, IMAGE_TAGS, "tag")                                                      \
  ROW(REGION, TEXT, region, region, IMAGE_REGIONS, "region")                                       \
  ROW(VISIBILITY, VISIBILITY, visibility, visibility, IMAGE_IS_PUBLIC, "visibility")               \
  ROW(SORT, SORT_KEYS, sort, sort_count, NONE, "sort")                                             \
  ROW(MATCH, GLOBS, match, match_count, IMAGE_NAME, "match")                                       \
  ROW(OS_FAMILY, WORD, os_family, os_family, IMAGE_OS_FAMILY, "os_family")                         \
  ROW(CREATED_FROM, ID, created_from, created_from, IMAGE_CREATED_FROM_ID, "created_from")         \
  ROW(CREATED_BEFORE, BEFORE, created_before, created_before, IMAGE_CREATED_AT, "created_before")  \
  ROW(CREATED_AFTER, AFTER, created_after, created_after, IMAGE_CREATED_AT, "created_after")       \
  ROW(PROTECTION, PROTECTION, protection, protection, IMAGE_IS_PROTECTED, "protection")
#define IMGACT_ACTION_FILTERS(ROW)                                                                 \
  ROW(IMAGE, ID, image_id, image_id, ACTION_RESOURCE_ID, "image id")                               \
  ROW(ID, IDS, ids, ids_count, ACTION_ID, "action id")                                             \
  ROW(STATUS, ACTION_STATUSES, statuses, statuses_count, ACTION_STATUS, "status")                  \
  ROW(SORT, SORT_KEYS, sort, sort_count, NONE, "sort")
/* clang-format on */

#define IMGACT_IMAGE_ROW(filter, kind, member, count, target, word)                                \
  IMGACT_SOURCE_FILTER_IMAGE_##filter,
#define IMGACT_ACTION_ROW(filter, kind, member, count, target, word)                               \
  IMGACT_SOURCE_FILTER_ACTION_##filter,

/*
 * Value that a row of a query or body sends. If the filter, or the member of imgact_image_update or
 * imgact_image_create, is not set, the row is left out. A member of these structs that is set and
 * has no row in the body fails with IMGACT_UNSUPPORTED. Of several rows with one key at most one
 * may be set, otherwise the call fails with IMGACT_INVALID_ARGUMENT.
 *
 * - IMGACT_SOURCE_FILTER_IMAGE_... and IMGACT_SOURCE_FILTER_ACTION_...: the filter of that name.
 *   Several values make several pairs. Enums are sent by the row's words; a value without a word
 *   fails with IMGACT_UNSUPPORTED. A flag sends the row's text.
 * - IMGACT_SOURCE_FILTER_IMAGE_TYPE sends only types with the requested visibility if the image map
 *   has public_types.
 */
/* clang-format off */
typedef enum imgact_source {
  IMGACT_SOURCE_TEXT = 1, /* the row's text, in every request */
  IMGACT_SOURCE_PAGE,     /* lists: number of the page */
  IMGACT_SOURCE_PER_PAGE,
  IMGACT_SOURCE_CURSOR,     /* lists: next_query of the call */
  IMGACT_SOURCE_ACTION_IDS, /* wait_actions: ids of the call */
  IMGACT_SOURCE_NAME,       /* update_image: new name; create_image, import_image: name */
  IMGACT_SOURCE_DESCRIPTION,
  IMGACT_SOURCE_DISTRIBUTION,
  IMGACT_SOURCE_LABELS,  /* body: an object */
  IMGACT_SOURCE_CONVERT, /* the row's text, if an update converts to a snapshot */
  IMGACT_SOURCE_PROTECT, /* body: true or false */
  IMGACT_SOURCE_REGION,  /* transfer: new region; import_image: region */
  IMGACT_SOURCE_URL,     /* import_image */
  IMGACT_SOURCE_TAGS,    /* body of import_image: an array */
  IMGACT_SOURCE_TYPE,    /* create_image: type of the image, by the row's words */
  IMGACT_SOURCE_TAG,             /* create_tag, tag_images, untag_images: the tag */
  IMGACT_SOURCE_RECIPIENT_EMAIL, /* create_handover */
  IMGACT_SOURCE_RECIPIENT_TEAM,  /* create_handover, accept_handover */
  IMGACT_SOURCE_TRANSFER_ID,     /* body of operations with an offer: a number */
  IMGACT_SOURCE_FILTERS = 63, /* not a source: sets the numbers that follow */
  IMGACT_IMAGE_FILTERS(IMGACT_IMAGE_ROW) /* from 64 */
  IMGACT_SOURCE_ACTION_FILTERS = 87, /* not a source */
  IMGACT_ACTION_FILTERS(IMGACT_ACTION_ROW) /* from 88 */
  IMGACT_SOURCE_MAX_ENUM = 0x7fffffff
} imgact_source;
/* clang-format on */
#undef IMGACT_IMAGE_ROW
#undef IMGACT_ACTION_ROW

/* Row of a request: one pair of the query or one member of the JSON body. */
typedef struct imgact_argument {
  const char *key;          /* of the pair or member; NULL ends the rows */
  intptr_t source;          /* imgact_source */
  const char *text;         /* for the sources that send the row's text; otherwise NULL */
  const imgact_word *words; /* for the sources of enums; otherwise NULL */
} imgact_argument;

/* Keys of the members that describe the page of a list; NULL = the API has no such member. */
typedef struct imgact_paging {
  const char *object; /* path of the object with these members; NULL = the whole response */
  const char *page;
  const char *per_page;
  const char *previous;
  const char *next; /* number of the next page; missing, null or 0 on the last page */
  const char *last;
  const char *total;
  const char *cursor; /* cursor of the next page, for IMGACT_SOURCE_CURSOR; missing, null or "" on
                         the last page */
} imgact_paging;

/* Error code of the API. Its status and flags replace those of the HTTP status. */
typedef struct imgact_error_code {
  const char *code; /* NULL ends the codes */
  imgact_status status;
  uint32_t flags; /* IMGACT_ERROR_... */
} imgact_error_code;

/* Paths of the members of an error response; NULL = the API has no such member. */
typedef struct imgact_errors {
  const char *code;
  const char *message;
  const char *details;
  const char *request_id;
  const char *request_id_header;  /* read if the body has no request id */
  const imgact_error_code *codes; /* NULL = the HTTP status determines the error */
  /* Called after the members have been read; may be NULL. The rules of decode_error in
   * imgact_provider apply. */
  void (*finish)(const imgact_call *call, const imgact_response *response, imgact_result *result,
                 imgact_error *error);
} imgact_errors;

/* Names of the rate-limit headers, not case-sensitive; NULL = the API has no such header. */
typedef struct imgact_rate_headers {
  const char *limit;
  const char *remaining;
  const char *reset;      /* Unix seconds */
  int32_t refill_seconds; /* a bucket: seconds in which it becomes full; 0 = a window that ends at
                             reset */
  int32_t minute_share; /* at most limit / minute_share requests in any minute; 0 = no such limit */
  int32_t reset_allows_next; /* 1 = one more request is possible at the time of the reset header */
  int32_t reserved;          /* 0 */
} imgact_rate_headers;

/*
 * Compares the kind of an action with a call; for a transfer also the region. Can be used as
 * matches_action of a slot.
 *
 * action  action to compare; must not be NULL
 *
 * Returns IMGACT_TRISTATE_TRUE if they match, IMGACT_TRISTATE_FALSE if not, and
 * IMGACT_TRISTATE_UNKNOWN if the action of a transfer reports no region.
 */
IMGACT_API imgact_tristate imgact_call_matches_action(const imgact_call *call,
                                                      const imgact_action *action);

/*
 * Compares an image with the change of a call. Can be used as image_shows_effect of a slot.
 *
 * image  image of the call; must not be NULL
 *
 * Compares the protection, the type after a conversion, or the regions after a transfer. Returns
 * IMGACT_TRISTATE_UNKNOWN if the image does not report them.
 */
IMGACT_API imgact_tristate imgact_call_shows_effect(const imgact_call *call,
                                                    const imgact_image *image);

/*
 * Checks for 1 to 64 digits without leading zeros. Can be used as is_valid_id of a provider.
 *
 * text  id to check; must not be NULL
 *
 * Returns 1 if the text is such an id, otherwise 0.
 */
IMGACT_API int imgact_is_decimal_id(const char *text);

/* ---- the table ---- */

/* Flags of imgact_slot: */
/* The request is idempotent and may be sent again. */
#define IMGACT_SLOT_IDEMPOTENT 0x1u
/* The response must contain an action. After a lost response the library looks for the action. */
#define IMGACT_SLOT_CREATES_ACTION 0x2u
/* get_image: an invalid id, or an id that is not found, is looked up as a name with list_images. */
#define IMGACT_SLOT_NAME_LOOKUP 0x4u
/* After a lost response, an action is adopted only if the image also shows the change. */
#define IMGACT_SLOT_VERIFY_IMAGE 0x8u
/* The API applies the change synchronously. The library adds a finished action without an id. */
#define IMGACT_SLOT_IMMEDIATE 0x10u
/* get_action: if the action does not name image_ref, the operation fails with IMGACT_NOT_FOUND. */
#define IMGACT_SLOT_ACTION_OF_IMAGE 0x20u
/* The response must contain the new image, and no action. After a lost response the library looks
 * for a new own image with the name of the call. */
#define IMGACT_SLOT_CREATES_IMAGE 0x40u
/* create_image: the call fails with IMGACT_INVALID_ARGUMENT if it has no name. */
#define IMGACT_SLOT_NEEDS_NAME 0x80u
/* get_action without image_ref: an id that is not found is looked up with wait_actions, which finds
 * the actions of every resource. */
#define IMGACT_SLOT_ACTION_LOOKUP 0x100u

/* Bit for server_filters and local_filters of imgact_slot: IMGACT_FILTER_BIT(IMAGE_NAME),
 * IMGACT_FILTER_BIT(ACTION_STATUS). */
#define IMGACT_FILTER_BIT(filter)                                                                  \
  (1u << (unsigned)(IMGACT_SOURCE_FILTER_##filter - IMGACT_SOURCE_FILTERS - 1))

/*
 * Slot: one operation of a provider. If path and encode are NULL, the operation is not supported.
 * find_image uses the slot of list_images and has no slot of its own, change_tags that of
 * tag_images. Requests that change tags must be idempotent; prepare or encode sends the images.
 *
 * The members from method to finish describe the request and the response. If encode is set, it
 * replaces the members for the request. If decode is set, it replaces those for the response.
 */
typedef struct imgact_slot {
  /* Builds the request. A status other than IMGACT_OK, such as IMGACT_UNSUPPORTED or
   * IMGACT_INVALID_ARGUMENT, rejects the call before it is sent. Also called when the operation is
   * created, to check the arguments. */
  imgact_status (*encode)(const imgact_call *call, imgact_request *request, imgact_error *error);
  /* Decodes a 2xx response. Returns IMGACT_PROTOCOL and sets error if the response lacks what the
   * operation needs. The library itself checks:
   * - get_image and update_image return the image with the id of the call. If is_valid_id() rejects
   *   the reference, get_image returns the image with this slug or name.
   * - get_action returns the action with the id of the call.
   * - If the action of a mutation names images, the image of the call is one of them.
   * - The page without a next page does not report a later page as the last one. */
  imgact_status (*decode)(const imgact_call *call, const imgact_response *response,
                          imgact_result *result, imgact_error *error);
  /* Compares an action of the image with the call, after a lost response. Slots with
   * IMGACT_SLOT_CREATES_ACTION need this function or the next one; NULL = not compared. */
  imgact_tristate (*matches_action)(const imgact_call *call, const imgact_action *action);
  /* Compares the image with the change of the call, after a lost response; NULL = not compared. */
  imgact_tristate (*image_shows_effect)(const imgact_call *call, const imgact_image *image);
  uint32_t flags;          /* IMGACT_SLOT_... */
  uint32_t server_filters; /* lists: bits of the filters that the request sends; a filter in neither
                              mask is rejected */
  uint32_t local_filters;  /* lists: bits of the filters that the library applies to the items */
  uint32_t max_ids; /* wait_actions, which all waits poll with: ids per request; with 1, {action} is
                       the id */
  uint32_t rate_limit_index; /* rate limit that counts this request, 0 to 3 */
  uint32_t reserved;         /* 0 */
  const char *method;        /* NULL = GET */
  /* Path below the endpoint. The variables {image}, {action}, {region}, {server}, {tag} and {via}
   * are percent-encoded. {via} is the image, but only with IMGACT_OP_FLAG_VIA_IMAGE. A part in
   * brackets, as in "/images[/{image}]/actions", is left out if its variable is not set. */
  const char *path;
  const imgact_argument *query;
  const imgact_argument *body; /* members of a JSON object; NULL = no body */
  /* Called before the rows are used; may be NULL. It can add pairs that rows cannot describe, and
   * reject the call. Rows of filters passed to imgact_request_filter_locally() are left out. */
  imgact_status (*prepare)(const imgact_call *call, imgact_request *request, imgact_error *error);
  /* Paths of the members with the results; "" = the whole response. Several may be set. */
  const char *image;
  const char *images;
  const char *action;
  const char *actions;
  /* Called after the rows have been read; may be NULL. The rules of decode apply. */
  imgact_status (*finish)(const imgact_call *call, const imgact_response *response,
                          imgact_result *result, imgact_error *error);
  const char *regions; /* path of the list of regions, as images */
  const char *value;   /* path of the value for imgact_result_set_value() */
} imgact_slot;

/* Image types that one list query can select. The library sends a query for each group with a
 * requested type, and rejects a type that is in no group. */
typedef struct imgact_type_group {
  uint32_t types; /* IMGACT_IMAGE_TYPE_BITs */
  uint32_t exact; /* 1 = the response has only the types of type_mask; 0 = others are dropped */
} imgact_type_group;

/* Details of the rate limit, by which the library delays requests; only rate_limit is visible to
 * users. */
typedef struct imgact_rate_limit_info {
  size_t size;
  imgact_rate_limit rate_limit; /* as imgact_op_rate_limit() returns it */
  int64_t next_request_at;      /* Unix ms from which one more request is possible; IMGACT_NO_TIME =
                                   not reported */
  int64_t limit_per_minute; /* maximum requests in any minute, in addition to the limit; 0 = no such
                               limit */
  double refill_per_second; /* requests per second of a bucket that refills continuously; 0 = no
                               bucket */
} imgact_rate_limit_info;

/* Provider. The table must be valid as long as its clients. Its functions are called from the
 * threads of loops, also at the same time: they must not keep state, nor call functions of loops,
 * clients and operations. */
typedef struct imgact_provider imgact_provider;
struct imgact_provider {
  size_t size; /* sizeof(imgact_provider) */
  const char *name;
  const char *default_endpoint;
  /* Names of environment variables with the token and the endpoint, NULL-terminated. The first
   * variable that is set is used. endpoint_env may be NULL. */
  const char *const *token_env;
  const char *const *endpoint_env;
  /* Public beginnings of tokens, for example "dop_v1_": such a beginning alone is not redacted.
   * NULL-terminated; may be NULL. */
  const char *const *token_prefixes;
  const imgact_slot *slots; /* array indexed by imgact_op_kind */
  size_t slots_stride;      /* sizeof(imgact_slot) */
  size_t slots_count;
  /* Returns 1 if the text has the form of an id, otherwise 0. */
  int (*is_valid_id)(const char *text);
  const char *id_format; /* description of this form, for error messages */
  /* Decodes a response with a status other than 2xx; may be NULL if errors is set. error is already
   * set from the HTTP status. Replace the status, code, message, request id and flags that the body
   * reports. Of the functions for results, call only imgact_result_set_error_details() and
   * imgact_result_add_error_detail(). */
  void (*decode_error)(const imgact_call *call, const imgact_response *response,
                       imgact_result *result, imgact_error *error);
  /* Reads the rate limit of any response; may be NULL. All members of info are "not reported"
   * before the call. */
  void (*decode_rate_limit)(const imgact_response *response, imgact_rate_limit_info *info);
  const imgact_type_group *type_groups;
  size_t type_groups_stride; /* sizeof(imgact_type_group) */
  size_t type_groups_count;
  int32_t max_per_page; /* items per page of a list: maximum and default */
  /* Not 0 = the API may report a new action as not found until settle_ms has passed. */
  int32_t tolerates_not_found;
  /* The following members describe responses by rows. decode of a slot replaces image_map,
   * action_map and paging, decode_error replaces errors, and decode_rate_limit rate_headers. */
  const imgact_image_map *image_map;
  const imgact_action_map *action_map;
  const imgact_paging *paging;
  /* Used instead of the member paging: calls imgact_result_set_pagination() and
   * imgact_result_set_next_page(); may be NULL. */
  void (*read_page)(const imgact_call *call, const imgact_response *response,
                    imgact_result *result);
  const imgact_errors *errors;
  const imgact_rate_headers *rate_headers;
  const char *auth_header;    /* NULL = "Authorization" */
  const char *auth_prefix;    /* text before the token; NULL = "Bearer " */
  const char *const *headers; /* headers of every request: name, value, name, value, NULL */
  const char *display_name;   /* name in help texts, for example "Hetzner"; NULL = name */
  const imgact_region_map *region_map;
};

IMGACT_END_DECLS

#endif
