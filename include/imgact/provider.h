/* SPDX-License-Identifier: MIT */
/*
 * Providers: a table of functions that encode a call as a request and decode its response.
 *
 * The functions see no token, socket, clock, allocator or log: the library retries, reads pages,
 * waits, applies deadlines, traces and redacts. docs/writing-a-provider.md shows how to write one.
 * May change in a minor version until 1.0.
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

/* ---- what is asked ---- */

#define IMGACT_IMAGE_TYPE_BIT(type) (1u << (unsigned)(type))

/* One request's worth of a call. Strings are valid UTF-8; ids have passed is_valid_id. */
typedef struct imgact_call {
  size_t size;
  imgact_op_kind kind;
  uint32_t flags;        /* IMGACT_OP_FLAG_VIA_IMAGE */
  const char *image_ref; /* the image's id; of get_image an id or slug; NULL where none was given */
  const char *action_id; /* get_action */
  const char *region;    /* transfer */
  const char *architecture;                  /* get_image by name: see image_filter */
  const imgact_image_filter *image_filter;   /* list_images: never NULL there */
  const imgact_action_filter *action_filter; /* list_actions: never NULL there */
  const imgact_image_update *update;         /* update_image */
  const char *const *action_ids;             /* wait_actions: at most the slot's max_ids */
  size_t action_ids_count;
  int64_t page;           /* lists: 1, or what decode said */
  int64_t per_page;       /* lists: within the provider's limits */
  const char *next_query; /* lists: the query that decode gave for this page, or NULL */
  uint32_t type_mask; /* list_images: IMGACT_IMAGE_TYPE_BITs of the group that this query is for; 0
                         = of any type */
  int32_t protect;    /* change_protection */
} imgact_call;

/* The request that encode builds. Errors (no memory) stick; there is nothing to check. */
typedef struct imgact_request imgact_request;
IMGACT_API void imgact_request_set_method(imgact_request *request,
                                          const char *method); /* default: GET */
/* One path segment below the endpoint, percent-encoded; a segment that is empty, "." or ".." fails
 * the call. */
IMGACT_API void imgact_request_add_segment(imgact_request *request, const char *segment);
/* One query pair, percent-encoded, order kept; a NULL value leaves the pair out. */
IMGACT_API void imgact_request_add_query(imgact_request *request, const char *key,
                                         const char *value);
IMGACT_API void imgact_request_add_query_int(imgact_request *request, const char *key,
                                             int64_t value);
/* The pairs of an encoded query string ("a=b&c=d"), but for those whose key is in `except`
 * (NULL-terminated, may be NULL).
 */
IMGACT_API void imgact_request_add_query_string(imgact_request *request, const char *query,
                                                const char *const *except);
/* The JSON body's writer, for the rest of encode; may be NULL. Sets Content-Type. */
IMGACT_API imgact_json_writer *imgact_request_body_writer(imgact_request *request);
/* Filters that this query cannot push although the slot can: applied to the items instead. */
IMGACT_API void imgact_request_filter_locally(imgact_request *request, uint32_t filters);
/* The answer is known to be an empty list: nothing is sent. */
IMGACT_API void imgact_request_set_empty_result(imgact_request *request);

/* ---- what came ---- */

/* A reply with a parsed and redacted body. */
typedef struct imgact_response imgact_response;
IMGACT_API int imgact_response_status(const imgact_response *response);
/* The document; NULL where the body was empty or (for decode_error and decode_rate_limit) no JSON.
 */
IMGACT_API const imgact_json *imgact_response_json(const imgact_response *response);
/* A header by its name in any case, redacted, or NULL. */
IMGACT_API const char *imgact_response_header(const imgact_response *response, const char *name);
/* 1 and *value if the header is there and a whole number. */
IMGACT_API int imgact_response_header_int(const imgact_response *response, const char *name,
                                          int64_t *value);

/* A header that holds an id for the support desk, as far as it is printable ASCII, as
 * error->request_id. */
IMGACT_API void imgact_response_copy_request_id(const imgact_response *response, const char *name,
                                                imgact_error *error);

/* The results that decode fills. Errors (no memory, more than a response may hold) stick; the
 * adders then return a scratch object, never NULL. A response holds at most 10,000 items with at
 * most 1,000 elements per list of an item. */
typedef struct imgact_result imgact_result;
/* Adds an item with everything "not told"; `object` is kept as its raw JSON where the caller asked
 * for that. */
IMGACT_API imgact_image *imgact_result_add_image(imgact_result *result, const imgact_json *object);
IMGACT_API imgact_action *imgact_result_add_action(imgact_result *result,
                                                   const imgact_json *object);
/* A string's copy; NULL for anything else. */
IMGACT_API const char *imgact_decode_string(imgact_result *result, const imgact_json *value);
/* The same, but NULL for an empty one too. */
IMGACT_API const char *imgact_decode_nonempty_string(imgact_result *result,
                                                     const imgact_json *value);
/* A copy of a C string. */
IMGACT_API const char *imgact_result_strdup(imgact_result *result, const char *text);
/* An id: a whole number from 0 of at most 64 digits, kept digit by digit beyond 64 bits, or a
 * string of 1 to 64 letters, digits,
 * "_" and "-"; NULL for anything else. */
IMGACT_API const char *imgact_decode_id(imgact_result *result, const imgact_json *value);
/* Elements that are strings; NULL if the value is no array, or one that holds other values only. An
 * empty array gives a pointer and 0. */
IMGACT_API const char *const *imgact_decode_strings(imgact_result *result, const imgact_json *array,
                                                    size_t *count);
/* Members whose values are strings, each key once: of duplicates the last value. NULL if the value
 * is no object, or one that holds other values only. */
IMGACT_API const imgact_label *imgact_decode_labels(imgact_result *result,
                                                    const imgact_json *object, size_t *count);
/* Room for the resources of an action, zeroed. */
IMGACT_API imgact_resource *imgact_result_alloc_resources(imgact_result *result, size_t count);
/* RFC 3339 text (seconds and fraction may be missing), or Unix seconds as a number; IMGACT_NO_TIME
 * for anything else. */
IMGACT_API int64_t imgact_decode_time(const imgact_json *value);
/* A number as decimal text, digit by digit as it was sent, but for zeros that end a fraction; NULL
 * for anything else, and where it was sent with an exponent or with more than 64 characters. */
IMGACT_API const char *imgact_decode_number_text(imgact_result *result, const imgact_json *value);
/* NaN for anything but a number. */
IMGACT_API double imgact_decode_double(const imgact_json *value);
IMGACT_API imgact_tristate imgact_decode_bool(const imgact_json *value);
/* Adds one object of a reply as an item, or passes it over; 0: it has no usable id, and nothing was
 * added. */
typedef int (*imgact_item_fn)(const imgact_call *call, imgact_result *result,
                              const imgact_json *object);
/* Adds every element of the list `key` of the reply; one: the object `key`, the whole document
 * where that is NULL. PROTOCOL with words in error where there is no such list or object, or one
 * without a usable id. */
IMGACT_API imgact_status imgact_result_add_list(imgact_result *result, const imgact_call *call,
                                                const imgact_response *response, const char *key,
                                                imgact_item_fn add, imgact_error *error);
IMGACT_API imgact_status imgact_result_add_object(imgact_result *result, const imgact_call *call,
                                                  const imgact_response *response, const char *key,
                                                  imgact_item_fn add, imgact_error *error);
/* What the page tells of itself. */
IMGACT_API void imgact_result_set_pagination(imgact_result *result, const imgact_pagination *page);
/* There is a next page: its number (0 = not told), its page cursor and the query to ask for it
 * (either may be NULL). The core insists that pages advance. */
IMGACT_API void imgact_result_set_next_page(imgact_result *result, int64_t page, const char *cursor,
                                            const char *query);
/* The decoded value of a pair in a URL's query; NULL = not there. */
IMGACT_API const char *imgact_result_query_value(imgact_result *result, const char *url,
                                                 const char *key);
/* Sets the error's further details, kept as JSON (decode_error). null and absent values change
 * nothing; details of more than 64 KiB are left out. */
IMGACT_API void imgact_result_set_error_details(imgact_result *result, const imgact_json *value);
/* Adds one member to the details, which then are an object. The same rules. */
IMGACT_API void imgact_result_add_error_detail(imgact_result *result, const char *key,
                                               const imgact_json *value);

/* ---- the table ---- */

#define IMGACT_SLOT_IDEMPOTENT 0x1u /* may be sent again: the second time changes nothing more */
#define IMGACT_SLOT_CREATES_ACTION                                                                 \
  0x2u /* the reply must carry an action; a lost one is looked up */
#define IMGACT_SLOT_NAME_LOOKUP                                                                    \
  0x4u /* get_image: what is no id is looked up by name through list_images */
#define IMGACT_SLOT_VERIFY_IMAGE                                                                   \
  0x8u /* an action found by looking counts only once the image shows the effect */

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

/* One operation. A slot without encode is an operation that the cloud lacks. */
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
} imgact_slot;

/* Types that one list query can answer for. exact: the query holds just these; else the core drops
 * the others. A type in no group is refused. */
typedef struct imgact_type_group {
  uint32_t types; /* IMGACT_IMAGE_TYPE_BITs */
  uint32_t exact;
} imgact_type_group;

/* What a reply tells of the rate limit, beyond what users see. */
typedef struct imgact_rate_limit_info {
  size_t size;
  imgact_rate_limit rate_limit; /* as imgact_op_rate_limit shows it */
  int64_t next_request_at; /* Unix ms at which at least one more request is possible; IMGACT_NO_TIME
                              = not told */
  int64_t limit_per_minute; /* requests that any minute allows, where the hour's are counted in a
                               window; 0 = no such rule */
  double refill_per_second; /* of a bucket that refills continuously; 0 = no such */
} imgact_rate_limit_info;

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
  /* A reply that is no 2xx: error comes filled by the HTTP status alone; put in what the envelope
   * knows better (status, code, message, request id, flags). result takes only
   * imgact_result_set_error_details() and imgact_result_add_error_detail(). */
  void (*decode_error)(const imgact_call *call, const imgact_response *response,
                       imgact_result *result, imgact_error *error);
  /* Any reply. info comes as "not told". May be NULL. */
  void (*decode_rate_limit)(const imgact_response *response, imgact_rate_limit_info *info);
  const imgact_type_group *type_groups;
  size_t type_groups_stride; /* sizeof(imgact_type_group) */
  size_t type_groups_count;
  int32_t max_per_page;        /* of lists; used unless the caller asks for fewer */
  int32_t max_not_found_polls; /* not 0: a poll may miss a new action, for as long as settle_ms */
};

IMGACT_END_DECLS

#endif
