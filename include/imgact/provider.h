/* SPDX-License-Identifier: MIT */
/*
 * Providers: a table that describes one API by rows, with functions for what rows cannot say.
 *
 * A provider sees no token, socket, clock, allocator or log: the library retries, reads pages,
 * waits, applies deadlines, traces and redacts. docs/writing-a-provider.md shows how to write one.
 * May change in a minor version until 1.0.
 *
 * request   request that encode builds
 * response  response to decode
 * result    results that decode fills
 * call      call that the request is for
 * value     JSON value; NULL is allowed: a missing value
 * error     error to set; must not be NULL
 * words     list of words; must not be NULL
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

/* Bit of an image type in a mask of types. */
#define IMGACT_IMAGE_TYPE_BIT(type) (1u << (unsigned)(type))

/* What one request asks for. Strings are valid UTF-8; is_valid_id() has accepted the ids. */
typedef struct imgact_call {
  size_t size;
  imgact_op_kind kind;
  uint32_t flags;                          /* IMGACT_OP_FLAG_VIA_IMAGE */
  const char *image_ref;                   /* id of the image; get_image: id or slug; NULL = none */
  const char *action_id;                   /* get_action */
  const char *region;                      /* transfer */
  const char *architecture;                /* get_image by name: see image_filter */
  const imgact_image_filter *image_filter; /* list_images: never NULL */
  const imgact_action_filter *action_filter; /* list_actions: never NULL */
  const imgact_image_update *update;         /* update_image */
  const char *const *action_ids;             /* wait_actions: at most max_ids of the slot */
  size_t action_ids_count;
  int64_t page;           /* lists: 1, or the number that decode set */
  int64_t per_page;       /* lists: items per page, at most max_per_page of the provider */
  const char *next_query; /* lists: query that decode set for this page, or NULL */
  uint32_t type_mask;     /* list_images: IMGACT_IMAGE_TYPE_BITs that this query is for; 0 = any */
  int32_t protect;        /* change_protection: 1 = protect, 0 = unprotect */
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
 * filters  IMGACT_FILTER_... of the slot's server_filters
 */
IMGACT_API void imgact_request_filter_locally(imgact_request *request, uint32_t filters);

/* Declares that the result is an empty list: no request is sent. */
IMGACT_API void imgact_request_set_empty_result(imgact_request *request);

/* ---- response ---- */

/* Opaque type of a response. Its body is parsed and redacted. */
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
 * name  in any case
 *
 * Returns NULL if the header does not exist or is not UTF-8.
 */
IMGACT_API const char *imgact_response_header(const imgact_response *response, const char *name);

/*
 * Reads a header with a whole number.
 *
 * name   in any case
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
 * name  header, in any case; if it does not exist, error->request_id becomes empty
 */
IMGACT_API void imgact_response_copy_request_id(const imgact_response *response, const char *name,
                                                imgact_error *error);

/* ---- results ---- */

/* Opaque type of the results that decode fills. A response may have at most 10,000 items, and each
 * list of an item at most 1,000 elements. An error (no memory, a response that is too large)
 * remains and ends the call, so decode need not check for it. */
typedef struct imgact_result imgact_result;

/*
 * Add an item to the results, with all members "not reported".
 *
 * object  API's own object, kept for IMGACT_OP_FLAG_KEEP_RAW; may be NULL
 *
 * Never returns NULL: after an error the item is a scratch object that is not in the results.
 */
IMGACT_API imgact_image *imgact_result_add_image(imgact_result *result, const imgact_json *object);
IMGACT_API imgact_action *imgact_result_add_action(imgact_result *result,
                                                   const imgact_json *object);

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
 * cursor  its page cursor; copied; may be NULL
 * query   query to request it with, passed to encode as next_query; copied; may be NULL
 *
 * The library rejects pages that do not advance.
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
 * Returns 1 if the value is neither missing, null nor of that type.
 */
IMGACT_API int imgact_json_is_other(const imgact_json *value, imgact_json_type expected);

/* ---- rows of the table ---- */

/*
 * A word of the API and the value that it stands for. A list ends with a row whose text is NULL;
 * its value is that of all other words. "word*" matches every text that begins with "word", and
 * "~word" matches "word" in any case. Requests send the first word of a value.
 */
typedef struct imgact_word {
  const char *text;
  intptr_t value; /* a value of the enum that the row's target holds */
} imgact_word;

/*
 * Returns the value of a word.
 *
 * text  word of the API; NULL is allowed: an unknown word
 */
IMGACT_API int imgact_word_value(const imgact_word *words, const char *text);

/*
 * Returns the first word of a value; NULL if the list has none.
 *
 * value  value that the words stand for
 */
IMGACT_API const char *imgact_word_text(const imgact_word *words, int value);

#define IMGACT_IMAGE_ROW(target, kind, member, second, key)  IMGACT_TARGET_IMAGE_##target,
#define IMGACT_IMAGE_OBJECT(key, LIST)                       LIST(IMGACT_IMAGE_ROW)
#define IMGACT_ACTION_ROW(target, kind, member, second, key) IMGACT_TARGET_ACTION_##target,
#define IMGACT_ACTION_OBJECT(key, LIST)                      LIST(IMGACT_ACTION_ROW)

/*
 * The member of a result that a row fills: IMGACT_TARGET_IMAGE_... and IMGACT_TARGET_ACTION_... of
 * each row of IMGACT_IMAGE_MEMBERS and IMGACT_ACTION_MEMBERS. How a value is read follows from the
 * member's kind; what is missing, null or of another type leaves the member as "not reported".
 *
 * - An enum (IMAGE_TYPE, IMAGE_STATUS, ACTION_KIND, ACTION_STATUS) needs words. Its row fills also
 *   provider_type, provider_status or command, which have no rows of their own.
 * - STRINGS are an array of strings, or "zones[].name" of an array of objects; LABELS are an object
 *   with strings.
 * - ACTION_RESOURCE_ID is one id, or "resources[].id" of an array of objects.
 *   ACTION_RESOURCE_TYPE is the type in the same object or array; without this row: "image".
 * - ACTION_ERROR_CODE and _MESSAGE are kept only if the status is IMGACT_ACTION_STATUS_ERROR.
 */
/* clang-format off */
typedef enum imgact_target {
  IMGACT_IMAGE_MEMBERS(IMGACT_IMAGE_ROW, IMGACT_IMAGE_OBJECT)
  IMGACT_TARGET_ACTIONS = 63, /* those of actions count from 64 */
  IMGACT_ACTION_MEMBERS(IMGACT_ACTION_ROW, IMGACT_ACTION_OBJECT)
  IMGACT_TARGET_ACTION_RESOURCE_TYPE = 127,
  IMGACT_TARGET_MAX_ENUM = 0x7fffffff
} imgact_target;
/* clang-format on */
#undef IMGACT_IMAGE_ROW
#undef IMGACT_IMAGE_OBJECT
#undef IMGACT_ACTION_ROW
#undef IMGACT_ACTION_OBJECT

/*
 * A member of an object in a response. "a.b" is a member of a member, "a[].b" the members b of an
 * array's objects. Of a key that comes twice the last member counts. Several rows may have one
 * target: the first row with a value counts. Rows whose first name is the same stand together, at
 * most IMGACT_MAX_FIELDS rows make a map, and rows in the order of the API's members are read
 * fastest. A row whose path is NULL ends a map.
 */
typedef struct imgact_field {
  const char *path;
  intptr_t target;          /* imgact_target */
  const imgact_word *words; /* of a type, status or command; else NULL */
} imgact_field;
#define IMGACT_MAX_FIELDS     64
#define IMGACT_MAX_PATH_BYTES 255 /* of a row and of a slot's path */

/* How an object becomes an image. */
typedef struct imgact_image_map {
  const imgact_field *fields;
  /* Called when the rows are read; may be NULL. Returns 0 to leave the image out. */
  int (*finish)(const imgact_call *call, imgact_result *result, imgact_image *image,
                const imgact_json *object);
  uint32_t public_types; /* IMGACT_IMAGE_TYPE_BITs: is_public follows from the type; 0: a row */
  uint32_t reserved;     /* 0 */
} imgact_image_map;

/* How an object becomes an action. */
typedef struct imgact_action_map {
  const imgact_field *fields;
  int (*finish)(const imgact_call *call, imgact_result *result, imgact_action *action,
                const imgact_json *object);
} imgact_action_map;

/* What a row of a request sends. A filter or a member of an update that the call does not set
 * leaves the row out; one that the request's body has no row for is refused as unsupported. */
typedef enum imgact_source {
  IMGACT_SOURCE_TEXT = 1, /* the row's text, always */
  IMGACT_SOURCE_PAGE,     /* lists: the page's number */
  IMGACT_SOURCE_PER_PAGE,
  IMGACT_SOURCE_CURSOR,   /* lists: the query that was given for this page */
  IMGACT_SOURCE_TYPES,    /* one pair a type, by the row's words; narrowed by the visibility if the
                           image map has public_types */
  IMGACT_SOURCE_STATUSES, /* one pair a status, by the row's words */
  IMGACT_SOURCE_SORT,
  IMGACT_SOURCE_BOUND_TO,
  IMGACT_SOURCE_ACTION_IDS, /* of the filter; in wait_actions the ids of the request */
  IMGACT_SOURCE_NAME,       /* of the filter, or the new one of an update */
  IMGACT_SOURCE_ARCHITECTURE,
  IMGACT_SOURCE_LABEL_SELECTOR,
  IMGACT_SOURCE_TAG,
  IMGACT_SOURCE_REGION,             /* of the filter, or of the transfer */
  IMGACT_SOURCE_INCLUDE_DEPRECATED, /* the row's text, if it is asked for */
  IMGACT_SOURCE_DESCRIPTION,
  IMGACT_SOURCE_DISTRIBUTION,
  IMGACT_SOURCE_LABELS,  /* body: an object */
  IMGACT_SOURCE_CONVERT, /* the row's text, if an update converts to a snapshot */
  IMGACT_SOURCE_PROTECT, /* body: true or false */
  IMGACT_SOURCE_MAX_ENUM = 0x7fffffff
} imgact_source;

/* A pair of the query or a member of the JSON body; a row whose key is NULL ends them. */
typedef struct imgact_argument {
  const char *key;
  intptr_t source; /* imgact_source */
  const char *text;
  const imgact_word *words;
} imgact_argument;

/* The members of a list's response that describe its page; NULL: the API has no such member. */
typedef struct imgact_paging {
  const char *object; /* path of the object with the members; NULL: the response itself */
  const char *page;
  const char *per_page;
  const char *previous;
  const char *next; /* the next page's number; missing, null or 0 on the last page */
  const char *last;
  const char *total;
  const char *cursor; /* a string for IMGACT_SOURCE_CURSOR; missing, null or "" on the last page */
} imgact_paging;

/* An error code of the API; it decides over the HTTP status. */
typedef struct imgact_error_code {
  const char *code; /* NULL ends them */
  imgact_status status;
  uint32_t flags; /* IMGACT_ERROR_... */
} imgact_error_code;

/* Paths of an error's members; NULL: the API has no such member. */
typedef struct imgact_errors {
  const char *code;
  const char *message;
  const char *details;
  const char *request_id;
  const char *request_id_header;  /* read if the body has no request id */
  const imgact_error_code *codes; /* NULL: the HTTP status alone decides */
  /* Called when the members are read; may be NULL. See imgact_provider.decode_error. */
  void (*finish)(const imgact_call *call, const imgact_response *response, imgact_result *result,
                 imgact_error *error);
} imgact_errors;

/* Names of the rate-limit headers, in any case; NULL: the API has no such header. */
typedef struct imgact_rate_headers {
  const char *limit;
  const char *remaining;
  const char *reset;      /* Unix seconds */
  int32_t refill_seconds; /* a bucket: the whole limit refills evenly in this time; 0: a window */
  int32_t minute_share;   /* a window: any minute allows limit / minute_share; 0: no such rule */
  int32_t reset_allows_next; /* one more request is possible at the reset */
  int32_t reserved;          /* 0 */
} imgact_rate_headers;

/*
 * Compares the kind of an action, and of a transfer the region, with the call: for matches_action.
 *
 * action  action that may be the call's; must not be NULL
 *
 * Returns IMGACT_TRISTATE_UNKNOWN if the action of a transfer reports no region.
 */
IMGACT_API imgact_tristate imgact_call_matches_action(const imgact_call *call,
                                                      const imgact_action *action);

/*
 * Compares what the call changes with the image: for image_shows_effect.
 *
 * image  image of the call; must not be NULL
 *
 * Compares the protection, the type after a conversion, or the regions after a transfer. Returns
 * IMGACT_TRISTATE_UNKNOWN if the image does not report them.
 */
IMGACT_API imgact_tristate imgact_call_shows_effect(const imgact_call *call,
                                                    const imgact_image *image);

/*
 * Checks for 1 to 64 digits without leading zeros: for is_valid_id.
 *
 * text  id to check; must not be NULL
 *
 * Returns 1 if the text is such an id.
 */
IMGACT_API int imgact_is_decimal_id(const char *text);

/* ---- the table ---- */

#define IMGACT_SLOT_IDEMPOTENT 0x1u /* may be sent again: the second time changes nothing more */
#define IMGACT_SLOT_CREATES_ACTION                                                                 \
  0x2u /* the reply must carry an action; a lost one is looked up */
#define IMGACT_SLOT_NAME_LOOKUP                                                                    \
  0x4u /* get_image: what is no id is looked up by name through list_images */
#define IMGACT_SLOT_VERIFY_IMAGE                                                                   \
  0x8u /* an action found by looking counts only once the image shows the effect */

#define IMGACT_SLOT_IMMEDIATE                                                                      \
  0x10u /* done when the response arrives: a finished action without an id is added */
#define IMGACT_SLOT_ACTION_OF_IMAGE                                                                \
  0x20u /* get_action: an action that does not name the call's image is not found */

#define IMGACT_FILTER_TYPE               0x1u
#define IMGACT_FILTER_STATUS             0x2u
#define IMGACT_FILTER_NAME               0x4u
#define IMGACT_FILTER_ARCHITECTURE       0x8u
#define IMGACT_FILTER_LABEL_SELECTOR     0x10u
#define IMGACT_FILTER_BOUND_TO           0x20u
#define IMGACT_FILTER_INCLUDE_DEPRECATED 0x40u
#define IMGACT_FILTER_TAG                0x80u
#define IMGACT_FILTER_REGION             0x100u
#define IMGACT_FILTER_VISIBILITY         0x200u
#define IMGACT_FILTER_SORT               0x400u
#define IMGACT_FILTER_ACTION_ID          0x800u
#define IMGACT_FILTER_IMAGE_ID           0x1000u

/*
 * One operation. A slot with neither path nor encode is an operation that the API lacks.
 * The members from method to finish describe the request and the response; encode and decode, if
 * set, are used instead of those for the request, or for the response.
 */
typedef struct imgact_slot {
  /* Builds the request. Anything but IMGACT_OK (UNSUPPORTED, INVALID_ARGUMENT) refuses the call
   * before it is sent; also run once, for nothing, when the operation is made. */
  imgact_status (*encode)(const imgact_call *call, imgact_request *request, imgact_error *error);
  /* Takes a 2xx reply. PROTOCOL with words in error where it is not what the operation needs. The
   * library itself checks that the items are about the call: get_image and update_image must return
   * the image with that id (get_image with a reference that is_valid_id rejects: that slug or
   * name), get_action the action with that id, and the started action of a mutation must not name
   * other images only. It also rejects a last page of a list that names a later one as the last. */
  imgact_status (*decode)(const imgact_call *call, const imgact_response *response,
                          imgact_result *result, imgact_error *error);
  /* Is this action of the call's image the effect of that call? For slots that create one. */
  imgact_tristate (*matches_action)(const imgact_call *call, const imgact_action *action);
  /* Does the image show the call's effect? For mutations that can be looked into. */
  imgact_tristate (*image_shows_effect)(const imgact_call *call, const imgact_image *image);
  uint32_t flags;            /* IMGACT_SLOT_... */
  uint32_t server_filters;   /* lists: IMGACT_FILTER_... that encode pushes; what is in neither mask
                                is refused */
  uint32_t local_filters;    /* lists: those that the core applies to the items */
  uint32_t max_ids;          /* wait_actions: ids per request */
  uint32_t rate_limit_index; /* which of the provider's rate limits it counts against, 0 to 3 */
  uint32_t reserved;         /* 0 */
  const char *method;        /* NULL: GET */
  /* Below the endpoint, with {image}, {action}, {region} and {via} (the image, if the caller asks
   * for its own path), which are percent-encoded. "/images[/{image}]/actions": a part in brackets
   * is left out if its variable is not given. */
  const char *path;
  const imgact_argument *query;
  const imgact_argument *body; /* members of a JSON object; NULL: no body */
  /* Called before the rows are used, for pairs that no row can describe and for refusals; may be
   * NULL. Rows of filters that it leaves to the library are left out. */
  imgact_status (*prepare)(const imgact_call *call, imgact_request *request, imgact_error *error);
  /* Keys of the response's members with results; "": the whole response; several may be set. */
  const char *image;
  const char *images;
  const char *action;
  const char *actions;
  /* Called when the rows are read; may be NULL. See decode. */
  imgact_status (*finish)(const imgact_call *call, const imgact_response *response,
                          imgact_result *result, imgact_error *error);
} imgact_slot;

/* Image types that one list query can select. The library rejects a type that is in no group. */
typedef struct imgact_type_group {
  uint32_t types; /* IMGACT_IMAGE_TYPE_BITs */
  uint32_t exact; /* 1 = the query returns only these types; 0 = the library drops the others */
} imgact_type_group;

/* Rate-limit details for the scheduler; only rate_limit is visible to users. */
typedef struct imgact_rate_limit_info {
  size_t size;
  imgact_rate_limit rate_limit; /* as imgact_op_rate_limit() returns it */
  int64_t next_request_at;      /* Unix ms from which one more request is possible; IMGACT_NO_TIME =
                                   not reported */
  int64_t limit_per_minute;     /* requests in any minute, if the limit per hour is a window; 0 = no
                                   such limit */
  double refill_per_second;     /* requests per second of a bucket that refills continuously; 0 = no
                                   bucket */
} imgact_rate_limit_info;

/* Provider. The table must be valid as long as its clients. */
typedef struct imgact_provider imgact_provider;
struct imgact_provider {
  size_t size; /* sizeof(imgact_provider) */
  const char *name;
  const char *default_endpoint;
  const char *const *token_env;      /* usual variables, in order of preference, NULL-terminated */
  const char *const *endpoint_env;   /* likewise */
  const char *const *token_prefixes; /* "dop_v1_": what all tokens have in common tells nothing;
                                        NULL-terminated, may be NULL */
  const imgact_slot *slots;          /* by imgact_op_kind */
  size_t slots_stride;               /* sizeof(imgact_slot) */
  size_t slots_count;
  /* 1 if the text can be an id of this cloud; id_format says what one looks like, for error texts.
   */
  int (*is_valid_id)(const char *text);
  const char *id_format;
  /* A response that is no 2xx; may be NULL if errors is set. error comes filled by the HTTP status
   * alone; put in what the body knows better (status, code, message, request id, flags). result
   * takes only imgact_result_set_error_details() and imgact_result_add_error_detail(). */
  void (*decode_error)(const imgact_call *call, const imgact_response *response,
                       imgact_result *result, imgact_error *error);
  /* Any reply. info comes as "not reported". May be NULL. */
  void (*decode_rate_limit)(const imgact_response *response, imgact_rate_limit_info *info);
  const imgact_type_group *type_groups;
  size_t type_groups_stride; /* sizeof(imgact_type_group) */
  size_t type_groups_count;
  int32_t max_per_page;        /* of lists; used unless the caller asks for fewer */
  int32_t max_not_found_polls; /* not 0: a poll may miss a new action, for as long as settle_ms */
  /* The rest describes responses and requests by rows; a function above, if set, is used instead.
   */
  const imgact_image_map *image_map;
  const imgact_action_map *action_map;
  const imgact_paging *paging;
  /* Instead of paging, for pages that its members cannot describe. */
  void (*read_page)(const imgact_call *call, const imgact_response *response,
                    imgact_result *result);
  const imgact_errors *errors;
  const imgact_rate_headers *rate_headers;
  const char *auth_header;    /* NULL: "Authorization" */
  const char *auth_prefix;    /* before the token; NULL: "Bearer " */
  const char *const *headers; /* of every request: name, value, name, value; NULL ends them */
  const char *display_name;   /* for people, as in help texts: "Hetzner"; NULL: name */
};

IMGACT_END_DECLS

#endif
