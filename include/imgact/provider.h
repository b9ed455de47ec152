/* SPDX-License-Identifier: MIT */
/*
 * Providers: a table of functions that encode a call as a request and decode its response.
 *
 * The functions see no token, socket, clock, allocator or log: the library retries, reads pages,
 * waits, applies deadlines, traces and redacts. docs/writing-a-provider.md shows how to write one.
 * May change in a minor version until 1.0.
 *
 * request   request that encode builds
 * response  response to decode
 * result    results that decode fills
 * call      call that the request is for
 * value     JSON value; NULL is allowed: a missing value
 * error     error to set; must not be NULL
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
