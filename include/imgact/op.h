/* SPDX-License-Identifier: MIT */
/*
 * Operations. An operation performs one task, such as a list or a transfer, with one or several
 * HTTP requests. It owns its arguments and its results.
 *
 * The functions that create operations copy their arguments and need no check: invalid arguments
 * and unsupported operations are reported by imgact_op_error(), and as the result when the
 * operation runs. They return NULL only if client is NULL or memory runs out.
 *
 * If the response to a mutation is lost, the library reads the actions and the image to find out
 * whether it took effect. This is called a lookup. If it finds the action, the operation adopts it:
 * it has the same results as if the response had arrived.
 *
 * Parameters of all functions, unless a function says otherwise:
 *
 * op      operation; NULL behaves like an operation that failed with IMGACT_NOMEM
 * client  client to use; the operation keeps a reference to it
 *
 * Available since 0.2 unless noted.
 */
#ifndef IMGACT_OP_H
#define IMGACT_OP_H

#include <imgact/base.h>
#include <imgact/client.h>
#include <imgact/error.h>
#include <imgact/model.h>

IMGACT_BEGIN_DECLS

/* Opaque type of an operation. */
typedef struct imgact_op imgact_op;

/* ---- arguments ---- */

/* Visibility of images: public ones, private ones of the account, or both. */
typedef enum imgact_visibility {
  IMGACT_VISIBILITY_ALL,
  IMGACT_VISIBILITY_PUBLIC,
  IMGACT_VISIBILITY_PRIVATE,
  IMGACT_VISIBILITY_MAX_ENUM = 0x7fffffff
} imgact_visibility;

/* Protection of images against deletion, as a filter. */
typedef enum imgact_protection {
  IMGACT_PROTECTION_ANY,
  IMGACT_PROTECTION_PROTECTED,
  IMGACT_PROTECTION_UNPROTECTED, /* also images whose protection is not reported */
  IMGACT_PROTECTION_MAX_ENUM = 0x7fffffff
} imgact_protection;

/* Image filter. Unset members (0, NULL) do not restrict the list, except that deprecated images
 * need include_deprecated. Values of one member are ORed, members are ANDed. If the provider does
 * not support a filter, the operation fails with IMGACT_UNSUPPORTED. */
typedef struct imgact_image_filter {
  size_t size; /* sizeof(imgact_image_filter) */
  const imgact_image_type *types;
  const imgact_image_status *statuses;
  const char *const *bound_to; /* server ids */
  const char *const *sort;     /* "KEY", "KEY:asc" or "KEY:desc", most important first; keys: id,
                                  name, created (or created_at) */
  size_t types_count;
  size_t statuses_count;
  size_t bound_to_count;
  size_t sort_count;
  const char *name; /* exact name */
  const char *architecture;
  const char *label_selector;
  const char *tag;
  const char *region;
  imgact_visibility visibility;
  int32_t include_deprecated;
  /* Patterns, by the rules of fnmatch(3) without flags, for the whole name or description. "?" and
   * "[...]" match one character of UTF-8, in any locale. */
  const char *const *match;
  size_t match_count;
  const char *os_family;    /* not case-sensitive (ASCII) */
  const char *created_from; /* id of the server that the image was made from */
  /* Limits of the time of creation, in Unix ms: strictly before, strictly after; 0 or
   * IMGACT_NO_TIME = no limit. An image without this time does not match. */
  int64_t created_before;
  int64_t created_after;
  imgact_protection protection;
  int32_t reserved; /* 0 */
} imgact_image_filter;

/* Initial value of imgact_image_filter: size set, all else 0 and NULL. */
#define IMGACT_IMAGE_FILTER_INIT IMGACT_INIT(imgact_image_filter)

/* Action filter; the rules of imgact_image_filter apply. */
typedef struct imgact_action_filter {
  size_t size;          /* sizeof(imgact_action_filter) */
  const char *image_id; /* NULL = actions of all images */
  const char *const *ids;
  const imgact_action_status *statuses;
  const char *const *sort; /* keys: id, command, status, started, finished (or started_at,
                              finished_at) */
  size_t ids_count;
  size_t statuses_count;
  size_t sort_count;
} imgact_action_filter;

/* Initial value of imgact_action_filter: size set, all else 0 and NULL. */
#define IMGACT_ACTION_FILTER_INIT IMGACT_INIT(imgact_action_filter)

/* Changes of an image. NULL leaves a text unchanged, "" clears it. */
typedef struct imgact_image_update {
  size_t size; /* sizeof(imgact_image_update) */
  const char *name;
  const char *description;
  const char *distribution;
  const imgact_label *labels; /* the complete new set, or those to set; ignored if replace_labels
                                 and merge_labels are 0 */
  size_t labels_count;        /* 0 with replace_labels = remove all labels */
  int32_t replace_labels;
  int32_t convert_to_snapshot; /* not 0 = also convert a backup to a snapshot */
  /* merge_labels: not 0 = set labels, remove removed_labels and keep the others, as
   * imgact_change_labels() does. Not together with replace_labels. */
  const char *const *removed_labels;
  size_t removed_labels_count;
  int32_t merge_labels;
  int32_t reserved; /* 0 */
} imgact_image_update;

/* Initial value of imgact_image_update: size set, all else 0 and NULL. */
#define IMGACT_IMAGE_UPDATE_INIT IMGACT_INIT(imgact_image_update)

/* Description of a new image. Members that are not set (0, NULL) are left to the API. A member that
 * the provider does not support fails with IMGACT_UNSUPPORTED. */
typedef struct imgact_image_create {
  size_t size; /* sizeof(imgact_image_create) */
  const char *name;
  const char *description;
  const char *region;       /* imports only: slug of the region */
  const char *distribution; /* imports only: operating system of the image */
  const imgact_label *labels;
  const char *const *tags;
  size_t labels_count;
  size_t tags_count;
  imgact_image_type type; /* images of servers only: IMGACT_IMAGE_TYPE_SNAPSHOT (default) or
                             IMGACT_IMAGE_TYPE_BACKUP */
  int32_t ensure_unique;  /* not 0 = fail with IMGACT_CONFLICT if an own image has this name as its
                             name or description. Two programs at the same time can both pass. */
} imgact_image_create;

/* Initial value of imgact_image_create: size set, all else 0 and NULL. */
#define IMGACT_IMAGE_CREATE_INIT IMGACT_INIT(imgact_image_create)

/* Flags of imgact_op_options: */
/* Keep the objects as the API returned them, for imgact_image_raw() and imgact_action_raw(). */
#define IMGACT_OP_FLAG_KEEP_RAW 0x1u
/* Return one page of a list per imgact_op_run() or imgact_op_start(), then IMGACT_END. Of earlier
 * pages only the ids stay in memory (21 to 43 bytes each), so that no item is returned twice. */
#define IMGACT_OP_FLAG_PAGED 0x2u
/* imgact_get_action() with an image: request /images/ID/actions/ID instead of /images/actions/ID,
 * if the API has both. */
#define IMGACT_OP_FLAG_VIA_IMAGE 0x4u
/* Convert, transfer, protect, unprotect: read the image first, and send nothing if it shows the
 * effect. An action that runs already and may have this effect is waited for. Also for delete: a
 * missing image is success. If the request is rejected because the image is busy, the operation
 * waits for the image's actions, reads the image again, and so on; this takes no attempts. Without
 * a deadline it fails with that rejection after an hour. */
#define IMGACT_OP_FLAG_ENSURE 0x8u

/* Options of one operation. 0 selects the default: of poll_interval_ms and max_attempts the value
 * of the client, of per_page the maximum of the provider, otherwise none. */
typedef struct imgact_op_options {
  size_t size; /* sizeof(imgact_op_options) */
  /* Maximum duration of the operation from its first start, with retries, waits and all pages, also
   * of a paged list. If a request would have to wait longer for the rate limit, the operation fails
   * at once with IMGACT_RATE_LIMITED. */
  int64_t deadline_ms;
  int64_t poll_interval_ms; /* constant interval of polls */
  int64_t page;             /* read only this page of a list; counts from 1 */
  int64_t per_page;         /* items per page */
  int64_t max_items;        /* end the list after this number of items; 0 = all */
  int32_t max_attempts;     /* maximum number of attempts per request */
  uint32_t flags;           /* IMGACT_OP_FLAG_... */
} imgact_op_options;

/* Initial value of imgact_op_options: size set, all else 0 and NULL. */
#define IMGACT_OP_OPTIONS_INIT IMGACT_INIT(imgact_op_options)

/* ---- constructors ---- */

/*
 * Lists images.
 *
 * filter  NULL = all images
 *
 * imgact_op_images() returns the result.
 */
IMGACT_API imgact_op *imgact_list_images(imgact_client *client, const imgact_image_filter *filter);

/* The image that imgact_find_image() returns if several match. */
typedef enum imgact_find {
  IMGACT_FIND_ONLY, /* none: several are an error */
  IMGACT_FIND_NEWEST,
  IMGACT_FIND_OLDEST,
  IMGACT_FIND_MAX_ENUM = 0x7fffffff
} imgact_find;

/*
 * Finds one image.
 *
 * filter  as for imgact_list_images(), without sort; NULL = all images
 * which   image to return if several match. They are compared by the time of creation, images
 *         without it are last; of equal times the higher id is newer
 *
 * imgact_op_image() returns the result. The operation reads the complete list and takes no page
 * options. It is supported if imgact_list_images() is.
 *
 * Errors: IMGACT_NOT_FOUND if no image matches; IMGACT_CONFLICT with IMGACT_FIND_ONLY if several
 * match: the member "candidates" of imgact_op_error_details() is an array of at most 10 of them,
 * newest first, with id, type, name, description and created_at.
 */
IMGACT_API imgact_op *imgact_find_image(imgact_client *client, const imgact_image_filter *filter,
                                        imgact_find which);

/*
 * Gets one image.
 *
 * id_or_name    id; with DigitalOcean also a slug, with Hetzner also a name, including names of
 *               deprecated images
 * architecture  selects one of several images with the same name; may be NULL
 *
 * imgact_op_image() returns the result.
 *
 * Errors: IMGACT_NOT_FOUND; IMGACT_CONFLICT if several images have the name; IMGACT_UNSUPPORTED for
 * an architecture if images of the provider cannot be found by name.
 */
IMGACT_API imgact_op *imgact_get_image(imgact_client *client, const char *id_or_name,
                                       const char *architecture);

/*
 * Changes an image in one request.
 *
 * image_id  id of the image
 * update    changes; at least one must be set
 *
 * imgact_op_image() returns the changed image.
 */
IMGACT_API imgact_op *imgact_update_image(imgact_client *client, const char *image_id,
                                          const imgact_image_update *update);

/*
 * Sets and removes labels of an image, and keeps the others.
 *
 * image_id       id of the image
 * set            labels to set; may be NULL if set_count is 0
 * set_count      number of labels to set
 * removed        keys to remove; may be NULL if removed_count is 0. A label that does not exist is
 *                ignored
 * removed_count  number of keys to remove
 *
 * imgact_op_image() returns the image. The API replaces the whole set of labels: the operation
 * reads the image, and sends the new set if it differs.
 *
 * Operations of one client that change labels of one image run one after the other, so that none
 * loses the change of another. If another program changes labels between the two requests, its
 * change is lost.
 */
IMGACT_API imgact_op *imgact_change_labels(imgact_client *client, const char *image_id,
                                           const imgact_label *set, size_t set_count,
                                           const char *const *removed, size_t removed_count);

/*
 * Deletes an image. The operation has no result.
 *
 * image_id  id of the image
 *
 * Errors: IMGACT_NOT_FOUND if the image does not exist. If the request had to be sent again, a
 * missing image is success.
 */
IMGACT_API imgact_op *imgact_delete_image(imgact_client *client, const char *image_id);

/*
 * Lists actions of images.
 *
 * filter  NULL = actions of all images
 *
 * imgact_op_actions() returns the result.
 */
IMGACT_API imgact_op *imgact_list_actions(imgact_client *client,
                                          const imgact_action_filter *filter);

/*
 * Gets one action.
 *
 * action_id  id of the action
 * image_id   image of the action, otherwise IMGACT_NOT_FOUND; NULL = an action of any resource
 *
 * imgact_op_action() returns the result.
 */
IMGACT_API imgact_op *imgact_get_action(imgact_client *client, const char *action_id,
                                        const char *image_id);

/*
 * Protect an image against deletion, or remove this protection.
 *
 * image_id  id of the image
 *
 * imgact_op_action() returns the action; NULL if the response was lost and a lookup found the
 * change only in the image.
 */
IMGACT_API imgact_op *imgact_protect_image(imgact_client *client, const char *image_id);
IMGACT_API imgact_op *imgact_unprotect_image(imgact_client *client, const char *image_id);

/*
 * Converts a backup to a snapshot.
 *
 * image_id  id of the image
 *
 * imgact_op_action() returns the action; NULL if the response was lost and a lookup found the
 * change only in the image. If the API converts synchronously, the action has a NULL id and the
 * status IMGACT_ACTION_STATUS_SUCCESS, and imgact_op_image() returns the image.
 */
IMGACT_API imgact_op *imgact_convert_image(imgact_client *client, const char *image_id);

/*
 * Copies an image to another region.
 *
 * image_id  id of the image
 * region    slug of the region
 *
 * imgact_op_action() returns the action; NULL if the response was lost and a lookup found the
 * change only in the image.
 */
IMGACT_API imgact_op *imgact_transfer_image(imgact_client *client, const char *image_id,
                                            const char *region);

/*
 * Creates an image from a server.
 *
 * server_id  id of the server
 * create     the new image; NULL = an image without a name. Some providers require a name. If the
 *            provider has descriptions and no names, name is the description
 *
 * imgact_op_action() returns the action; imgact_op_image() the new image, NULL if it is not known
 * yet. Some providers report the image only after the action has finished: set
 * imgact_op_set_wait(). Tags need the image, so the operation then waits in any case.
 *
 * Creating never happens twice: a lost response is looked up in the actions of the server.
 *
 * Errors: IMGACT_AMBIGUOUS if the new image cannot be distinguished from others; IMGACT_CONFLICT,
 * see imgact_image_create; IMGACT_ACTION_FAILED.
 */
IMGACT_API imgact_op *imgact_create_image(imgact_client *client, const char *server_id,
                                          const imgact_image_create *create);

/*
 * Imports an image from a URL.
 *
 * url     http or https URL that the provider downloads the image from
 * create  the new image; name and region are required
 *
 * imgact_op_image() returns the new image. There is no action. With imgact_op_set_wait() the
 * operation ends when the image is available.
 *
 * Errors: IMGACT_ACTION_FAILED, with the API's reason, if the import fails while the operation
 * waits; IMGACT_AMBIGUOUS if the response was lost and no new image with this name is listed: a
 * list does not prove that the import was not started.
 */
IMGACT_API imgact_op *imgact_import_image(imgact_client *client, const char *url,
                                          const imgact_image_create *create);

/*
 * Adds tags to images and removes tags from them.
 *
 * image_ids      ids of the images
 * count          number of ids, at least 1
 * added          tags to add; may be NULL if added_count is 0. A tag that does not exist is created
 * added_count    number of tags to add
 * removed        tags to remove; may be NULL if removed_count is 0. One that an image does not have
 *                is ignored
 * removed_count  number of tags to remove
 *
 * imgact_op_images() returns the images, in the order of the ids. Every request changes one tag of
 * all images. A tag is never deleted. If the operation fails after its first change, the flag
 * IMGACT_ERROR_MAYBE_APPLIED is set; it can be repeated.
 *
 * Errors: IMGACT_NOT_FOUND if an image does not exist, or if an image has a tag to remove in
 * another spelling.
 */
IMGACT_API imgact_op *imgact_change_tags(imgact_client *client, const char *const *image_ids,
                                         size_t count, const char *const *added, size_t added_count,
                                         const char *const *removed, size_t removed_count);

/*
 * Offer an image to another account, and accept, decline or cancel such an offer.
 *
 * image_id         id of the image
 * recipient_email  address of the recipient; NULL if recipient_team is given
 * recipient_team   id of the recipient's team
 * transfer_id      id of the offer, which only imgact_create_handover() returns
 *
 * The owner of the image creates and cancels an offer; the recipient accepts or declines it. After
 * imgact_create_handover(), imgact_op_transfer_id() returns the id of the offer. The other
 * operations have no result.
 *
 * Errors: IMGACT_AMBIGUOUS if the response was lost. Nothing shows the offers of an account, so it
 * cannot be looked up, and the request is not sent again.
 */
IMGACT_API imgact_op *imgact_create_handover(imgact_client *client, const char *image_id,
                                             const char *recipient_email,
                                             const char *recipient_team);
IMGACT_API imgact_op *imgact_accept_handover(imgact_client *client, const char *image_id,
                                             const char *transfer_id, const char *recipient_team);
IMGACT_API imgact_op *imgact_decline_handover(imgact_client *client, const char *image_id,
                                              const char *transfer_id);
IMGACT_API imgact_op *imgact_cancel_handover(imgact_client *client, const char *image_id,
                                             const char *transfer_id);

/*
 * Lists the regions of the provider.
 *
 * imgact_op_regions() returns the result. If the images of a provider are available everywhere, the
 * operation fails with IMGACT_UNSUPPORTED.
 */
IMGACT_API imgact_op *imgact_list_regions(imgact_client *client);

/*
 * Waits until actions have finished.
 *
 * action_ids  ids of the actions
 * count       number of ids, at least 1
 * image_id    image of all these actions, otherwise IMGACT_NOT_FOUND; may be NULL
 *
 * imgact_op_actions() returns the actions that the API knows, in the order of the ids.
 *
 * The operation waits for all actions, also if one of them has failed. imgact_op_failed_id()
 * returns the id of the first failure, imgact_op_wait_status() the status of each action.
 *
 * Errors: of the first failure, for example IMGACT_ACTION_FAILED.
 */
IMGACT_API imgact_op *imgact_wait_actions(imgact_client *client, const char *const *action_ids,
                                          size_t count, const char *image_id);

/*
 * Waits until images have a status.
 *
 * image_ids  ids of the images
 * count      number of ids, at least 1
 * status     IMGACT_IMAGE_STATUS_AVAILABLE or IMGACT_IMAGE_STATUS_DELETED. An image that the API
 *            does not know any more is deleted
 *
 * imgact_op_images() returns the images that the API knows, as they were seen last, in the order of
 * the ids.
 *
 * The operation waits for all images, also if one of them has failed. imgact_op_failed_id() returns
 * the id of the first failure, imgact_op_wait_status() the status of each image.
 *
 * Errors: of the first failure: IMGACT_ACTION_FAILED if an image to become available is deleted or
 * has an error message; IMGACT_NOT_FOUND.
 */
IMGACT_API imgact_op *imgact_wait_images(imgact_client *client, const char *const *image_ids,
                                         size_t count, imgact_image_status status);

/* ---- before the start ---- */

/*
 * Sets the options of an operation.
 *
 * options  copied; NULL does nothing
 *
 * Has no effect after the start. The operation reports invalid options when it runs.
 */
IMGACT_API void imgact_op_set_options(imgact_op *op, const imgact_op_options *options);

/*
 * Sets whether a mutation waits for its action.
 *
 * wait  0 (default) = the operation ends when the API has accepted or rejected the change;
 *       otherwise it ends when the action of the change has finished
 *
 * Has no effect after the start.
 *
 * Errors: if the provider cannot poll actions, the operation fails with IMGACT_UNSUPPORTED and
 * sends nothing.
 */
IMGACT_API void imgact_op_set_wait(imgact_op *op, int wait);

/*
 * Called after each poll that finds an action running, and for a mutation also when the API has
 * accepted the request and reports a running action.
 *
 * user_data  as set with the callback
 * op         operation
 * action     valid until the callback returns, even if the callback cancels or frees the operation
 */
typedef void (*imgact_progress_fn)(void *user_data, imgact_op *op, const imgact_action *action);

/*
 * Sets the callback for the progress of a waiting mutation or of imgact_wait_actions().
 *
 * progress   NULL removes the callback
 * user_data  passed to progress; borrowed
 *
 * imgact_loop_dispatch() calls it. Has no effect after the start.
 */
IMGACT_API void imgact_op_set_progress(imgact_op *op, imgact_progress_fn progress, void *user_data);

/*
 * Called before the request of a mutation is sent.
 *
 * user_data  as set with the callback
 * op         operation; the callback may cancel or free it
 * call_json  the mutation, for a journal and for imgact_op_resume(); valid until the callback
 *            returns. It does not contain the token: its member "credential" is a keyed hash of
 *            token, provider and endpoint
 *
 * If all earlier sends certainly had no effect (connection refused, HTTP 429), it is called again
 * before the next one: replace the stored call_json and time. It is not called again after a send
 * whose outcome is unknown.
 *
 * Returns IMGACT_OK to send the request. Any other status rejects the mutation and becomes its
 * status; IMGACT_BUSY and IMGACT_END become IMGACT_INTERNAL.
 */
typedef imgact_status (*imgact_before_send_fn)(void *user_data, imgact_op *op,
                                               const char *call_json);

/*
 * Sets the callback that can store or reject a mutation before it is sent.
 *
 * before_send  NULL removes the callback
 * user_data    passed to before_send; borrowed
 *
 * imgact_loop_dispatch() calls it. Has no effect after the start.
 */
IMGACT_API void imgact_op_set_before_send(imgact_op *op, imgact_before_send_fn before_send,
                                          void *user_data);

/*
 * Resumes a mutation with an unknown outcome, for example after a crash.
 *
 * call_json  mutation that the before-send callback received
 * sent_at    time at which that callback was called, in Unix ms: actions that started earlier are
 *            not adopted; 0 = unknown: a lookup that finds actions fails with IMGACT_AMBIGUOUS
 *
 * If the mutation creates an action, the library looks for this action. If it finds it, the
 * operation adopts it. If the mutation certainly did not take effect, the library sends it. If
 * neither is certain, the operation fails with IMGACT_AMBIGUOUS. An idempotent mutation (update,
 * delete, Hetzner's convert) is sent again at once. The before-send callback is not called.
 *
 * Returns NULL if memory runs out or an argument is NULL. The mutation may still have taken effect:
 * keep the journal and resume it again.
 *
 * Errors: IMGACT_INVALID_ARGUMENT with the flag IMGACT_ERROR_MAYBE_APPLIED if call_json cannot be
 * read, or was sent to another endpoint or with another token. If only the token has been replaced,
 * remove the member "credential" from call_json.
 */
IMGACT_API imgact_op *imgact_op_resume(imgact_client *client, const char *call_json,
                                       int64_t sent_at);

/* ---- run, start, cancel and free ---- */

/*
 * Runs an operation to its end.
 *
 * It drives the whole loop, so callbacks of other operations are called. A finished operation
 * returns its status again. A paged list that ended with IMGACT_OK reads its next page.
 *
 * Returns the status of the operation, or IMGACT_BUSY from inside a callback.
 */
IMGACT_API imgact_status imgact_op_run(imgact_op *op);

/*
 * Called when an operation has ended.
 *
 * user_data  as passed to imgact_op_start()
 * op         operation; the callback may free it
 */
typedef void (*imgact_done_fn)(void *user_data, imgact_op *op);

/*
 * Starts an operation; imgact_loop_dispatch() drives it.
 *
 * done       called once, from imgact_loop_dispatch(), when the operation has ended; not called for
 *            NULL and after imgact_op_free(); may be NULL
 * user_data  passed to done; borrowed
 *
 * If the operation is running, or has ended but done has not been called yet, only the callback is
 * replaced. A paged list that ended with IMGACT_OK reads its next page. If any other operation has
 * ended, it does not run again: done is called with the same result.
 */
IMGACT_API void imgact_op_start(imgact_op *op, imgact_done_fn done, void *user_data);

/*
 * Cancels an operation: it ends at once with IMGACT_CANCELLED, and done is still called.
 *
 * An operation that has not been started ends with this status when it is started. An operation
 * that has ended does not change. The API does not undo an action that has started.
 */
IMGACT_API void imgact_op_cancel(imgact_op *op);

/*
 * Returns 1 if a running mutation may have been sent, otherwise 0.
 *
 * A cancel in this state sets the flag IMGACT_ERROR_MAYBE_APPLIED.
 *
 * To abort many operations, cancel those for which it returns 0, and let the others end.
 */
IMGACT_API int imgact_op_maybe_applied(const imgact_op *op);

/*
 * Frees an operation and all its results. A running operation is cancelled; done is not called.
 *
 * op  NULL is allowed and does nothing
 */
IMGACT_API void imgact_op_free(imgact_op *op);

/* ---- results: owned by the operation ---- */

/* Returns the kind of an operation; IMGACT_OP_COUNT for NULL. */
IMGACT_API imgact_op_kind imgact_op_get_kind(const imgact_op *op);

/*
 * Return arguments of an operation, so that a callback of several operations can tell them apart.
 *
 * count  receives the number of ids; may be NULL
 *
 * - imgact_op_image_id(): the image. For imgact_get_image() it is id_or_name, for
 *   imgact_list_actions() the image_id of the filter.
 * - imgact_op_server_id(): the server of imgact_create_image().
 * - imgact_op_region(): the region of imgact_transfer_image() or imgact_import_image().
 * - imgact_op_image_ids(): the ids of imgact_wait_images().
 * - imgact_op_action_ids(): the ids of imgact_wait_actions() or imgact_get_action().
 *
 * Return NULL if the operation has no such argument; the functions for several ids never return
 * NULL. The texts are valid as long as the operation.
 */
IMGACT_API const char *imgact_op_image_id(const imgact_op *op);
IMGACT_API const char *imgact_op_server_id(const imgact_op *op);
IMGACT_API const char *imgact_op_region(const imgact_op *op);
IMGACT_API const char *const *imgact_op_image_ids(const imgact_op *op, size_t *count);
IMGACT_API const char *const *imgact_op_action_ids(const imgact_op *op, size_t *count);

/*
 * Returns the client of an operation; NULL for NULL.
 *
 * The caller gets no reference: the client is valid as long as the operation.
 */
IMGACT_API imgact_client *imgact_op_client(const imgact_op *op);

/*
 * Set and return a pointer of the program, for use in callbacks and traces.
 *
 * user_data  borrowed; NULL = none
 *
 * May be called at any time. imgact_op_user_data() returns NULL if nothing was set. The callbacks
 * also have user data of their own.
 */
IMGACT_API void imgact_op_set_user_data(imgact_op *op, void *user_data);
IMGACT_API void *imgact_op_user_data(const imgact_op *op);

/* Returns 1 if an operation has ended, otherwise 0. */
IMGACT_API int imgact_op_done(const imgact_op *op);

/*
 * Returns the error of an operation.
 *
 * Never returns NULL. Before the start it reports invalid arguments. The status is IMGACT_OK while
 * the operation runs and after success. The error is valid as long as the operation.
 */
IMGACT_API const imgact_error *imgact_op_error(const imgact_op *op);

/*
 * Returns the details of the API's error in addition to code and message, as JSON text.
 *
 * Returns NULL if there is nothing. The text is valid as long as the operation.
 */
IMGACT_API const char *imgact_op_error_details(const imgact_op *op);

/*
 * Return the images or actions of an operation: the first one, or all of them.
 *
 * count  receives the number of elements; may be NULL
 *
 * A list that failed has none. The functions for the first one return NULL if there is none; the
 * others never return NULL. The objects are valid until the operation is freed; those of a paged
 * list until it reads its next page.
 */
IMGACT_API const imgact_image *imgact_op_image(const imgact_op *op);
IMGACT_API const imgact_image *const *imgact_op_images(const imgact_op *op, size_t *count);
IMGACT_API const imgact_action *imgact_op_action(const imgact_op *op);
IMGACT_API const imgact_action *const *imgact_op_actions(const imgact_op *op, size_t *count);

/*
 * Returns the id of the action or image whose failure is the error of imgact_wait_actions() or
 * imgact_wait_images().
 *
 * Returns NULL while it runs, after success, if the whole wait failed, for example with
 * IMGACT_TIMEOUT, and for any other operation. The text is valid as long as the operation.
 */
IMGACT_API const char *imgact_op_failed_id(const imgact_op *op);

/*
 * Returns the status of one action of imgact_wait_actions(), or of one image of
 * imgact_wait_images().
 *
 * index  index of its id in the arguments
 *
 * Returns IMGACT_OK after success and while the wait goes on, and IMGACT_ACTION_FAILED,
 * IMGACT_NOT_FOUND or another status after a failure. If the operation has ended before, it returns
 * the status of the operation. Returns IMGACT_INVALID_ARGUMENT for an index that is too large and
 * for any other operation.
 */
IMGACT_API imgact_status imgact_op_wait_status(const imgact_op *op, size_t index);

/*
 * Returns until when the rate limit delays an operation.
 *
 * Returns the time of the next attempt to send its request, in Unix ms, by the wall clock;
 * IMGACT_NO_TIME if the rate limit does not delay the operation. The request may be sent earlier,
 * if a response reports that more requests are possible, or may be delayed again.
 */
IMGACT_API int64_t imgact_op_delayed_until(const imgact_op *op);

/*
 * Returns the regions of an operation; the rules of imgact_op_images() apply.
 *
 * count  receives the number of elements; may be NULL
 */
IMGACT_API const imgact_region *const *imgact_op_regions(const imgact_op *op, size_t *count);

/*
 * Returns the id of the offer that imgact_create_handover() has made; "0" if it was accepted at
 * once and the image has moved.
 *
 * Returns NULL for other operations, and if the operation has failed. The text is valid as long as
 * the operation.
 */
IMGACT_API const char *imgact_op_transfer_id(const imgact_op *op);

/*
 * Reads the rate limit that the last response to this operation reported.
 *
 * rate_limit  receives the values; must not be NULL
 */
IMGACT_API void imgact_op_rate_limit(const imgact_op *op, imgact_rate_limit *rate_limit);

/* Returns 1 if the response to a mutation was lost and a lookup found its effect, otherwise 0. */
IMGACT_API int imgact_op_adopted(const imgact_op *op);

/*
 * Returns whether a mutation had an effect.
 *
 * Returns IMGACT_TRISTATE_TRUE if the operation has caused the change or started its action, also
 * if this action has failed and if the operation has adopted it; IMGACT_TRISTATE_UNKNOWN after an
 * error with IMGACT_ERROR_MAYBE_APPLIED, and while the mutation may be applied; otherwise
 * IMGACT_TRISTATE_FALSE: before the end, after other errors, and if nothing was to be done
 * (IMGACT_OP_FLAG_ENSURE).
 */
IMGACT_API imgact_tristate imgact_op_changed(const imgact_op *op);

/*
 * Reads the page numbers and totals of the page of a list that was read last.
 *
 * pagination  receives the values; must not be NULL
 */
IMGACT_API void imgact_op_pagination(const imgact_op *op, imgact_pagination *pagination);

/* Returns 1 if the library, not the API, filtered or sorted a list, otherwise 0. */
IMGACT_API int imgact_op_filtered_locally(const imgact_op *op);

IMGACT_END_DECLS

#endif
