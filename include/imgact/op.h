/* SPDX-License-Identifier: MIT */
/*
 * Operations. A constructor never fails halfway: what is wrong with the arguments, or unsupported,
 * is in the operation's result. NULL (out of memory) is accepted by every verb and means
 * IMGACT_NOMEM. All arguments are copied. Available since 0.2 unless noted.
 */
#ifndef IMGACT_OP_H
#define IMGACT_OP_H

#include <imgact/base.h>
#include <imgact/client.h>
#include <imgact/error.h>
#include <imgact/model.h>

IMGACT_BEGIN_DECLS

/* Opaque: one call, from its arguments to its results. */
typedef struct imgact_op imgact_op;

/* ---- arguments ---- */

/* Whose images: the cloud's for everybody, your own, or both. */
typedef enum imgact_visibility {
  IMGACT_VISIBILITY_ALL,
  IMGACT_VISIBILITY_PUBLIC,
  IMGACT_VISIBILITY_PRIVATE,
  IMGACT_VISIBILITY_MAX_ENUM = 0x7fffffff
} imgact_visibility;

/* Which images a list shows; zero and NULL = not asked. Values of one kind are a union, kinds
 * intersect. What a provider can neither ask for nor see in a reply ends as unsupported, never
 * ignored. */
typedef struct imgact_image_filter {
  size_t size; /* sizeof(imgact_image_filter) */
  const imgact_image_type *types;
  const imgact_image_status *statuses;
  const char *const *bound_to; /* server ids */
  const char *const *sort;     /* "KEY", "KEY:asc", "KEY:desc", most important first */
  size_t types_count;
  size_t statuses_count;
  size_t bound_to_count;
  size_t sort_count;
  const char *name; /* exact */
  const char *architecture;
  const char *label_selector;
  const char *tag;
  const char *region;
  imgact_visibility visibility;
  int32_t include_deprecated;
} imgact_image_filter;
/* Initial value of imgact_image_filter: size set, all else 0 and NULL. */
#define IMGACT_IMAGE_FILTER_INIT IMGACT_INIT(imgact_image_filter)

/* Which actions a list shows. */
typedef struct imgact_action_filter {
  size_t size;          /* sizeof(imgact_action_filter) */
  const char *image_id; /* NULL = of all images */
  const char *const *ids;
  const imgact_action_status *statuses;
  const char *const *sort;
  size_t ids_count;
  size_t statuses_count;
  size_t sort_count;
} imgact_action_filter;
/* Initial value of imgact_action_filter: size set, all else 0 and NULL. */
#define IMGACT_ACTION_FILTER_INIT IMGACT_INIT(imgact_action_filter)

/* What to change; NULL = leave as it is, "" = make it empty. */
typedef struct imgact_image_update {
  size_t size; /* sizeof(imgact_image_update) */
  const char *name;
  const char *description;
  const char *distribution;
  const imgact_label
      *labels; /* the whole new set, where replace_labels is not 0; a count of 0 clears */
  size_t labels_count;
  int32_t replace_labels;
  int32_t
      convert_to_snapshot; /* with the other changes, in one request: a backup becomes a snapshot */
} imgact_image_update;
/* Initial value of imgact_image_update: size set, all else 0 and NULL. */
#define IMGACT_IMAGE_UPDATE_INIT IMGACT_INIT(imgact_image_update)

/* Flags of imgact_op_options. */
#define IMGACT_OP_FLAG_KEEP_RAW                                                                    \
  0x1u /* keep the provider's own objects: imgact_image_raw, imgact_action_raw */
#define IMGACT_OP_FLAG_PAGED                                                                       \
  0x2u /* a list returns one page per run, then IMGACT_END; 21 to 43 bytes an id stay */
#define IMGACT_OP_FLAG_VIA_IMAGE                                                                   \
  0x4u /* get_action with an image: the image's own path, where the provider has two */

/* Per-call options; 0 = the client's or none. */
typedef struct imgact_op_options {
  size_t size; /* sizeof(imgact_op_options) */
  int64_t
      deadline_ms; /* the whole operation, from its start; retries, pages and waits included. What
                      the rate limit lets go after it alone ends as rate_limited before it passes */
  int64_t poll_interval_ms;
  int64_t page; /* this page of a list alone */
  int64_t per_page;
  int64_t max_items; /* the list ends with so many items; 0 = all */
  int32_t max_attempts;
  uint32_t flags;
} imgact_op_options;
/* Initial value of imgact_op_options: size set, all else 0 and NULL. */
#define IMGACT_OP_OPTIONS_INIT IMGACT_INIT(imgact_op_options)

/* ---- constructors ---- */

/* All images, or those of a filter (may be NULL). */
IMGACT_API imgact_op *imgact_list_images(imgact_client *client, const imgact_image_filter *filter);

/* One image, by id; by slug at DigitalOcean; by name at Hetzner, among deprecated ones too, where
 * architecture (may be NULL) tells namesakes apart: several are a conflict. */
IMGACT_API imgact_op *imgact_get_image(imgact_client *client, const char *id_or_name,
                                       const char *architecture);

/* Changes what is set, in one request; the result is the image. */
IMGACT_API imgact_op *imgact_update_image(imgact_client *client, const char *image_id,
                                          const imgact_image_update *update);

/* Deletes. Nothing is returned. What is not there is not_found, but for a request that was sent
 * more than once: the image is gone, as was asked. */
IMGACT_API imgact_op *imgact_delete_image(imgact_client *client, const char *image_id);

/* Actions of images; filter may be NULL. */
IMGACT_API imgact_op *imgact_list_actions(imgact_client *client,
                                          const imgact_action_filter *filter);

/* One action; with an image (may be NULL) it must be that image's. */
IMGACT_API imgact_op *imgact_get_action(imgact_client *client, const char *action_id,
                                        const char *image_id);

/* Sets or clears an image's protection against deletion. The result is the action. */
IMGACT_API imgact_op *imgact_protect_image(imgact_client *client, const char *image_id);
IMGACT_API imgact_op *imgact_unprotect_image(imgact_client *client, const char *image_id);

/* Makes a snapshot of a backup. The result is the action; where the cloud does it at once, a
 * finished one without an id, and the image. */
IMGACT_API imgact_op *imgact_convert_image(imgact_client *client, const char *image_id);

/* Copies an image to a further region. The result is the action. */
IMGACT_API imgact_op *imgact_transfer_image(imgact_client *client, const char *image_id,
                                            const char *region);

/* Waits until actions have finished; image_id (may be NULL) as for imgact_get_action. The results
 * are the actions that the cloud knew, in the order asked; the status is the first failure's. */
IMGACT_API imgact_op *imgact_wait_actions(imgact_client *client, const char *const *action_ids,
                                          size_t count, const char *image_id);

/* ---- before the start ---- */

/* Sets per-call options; what is wrong with them is in the operation's result. */
IMGACT_API void imgact_op_set_options(imgact_op *op, const imgact_op_options *options);

/* Sets whether a mutation waits for its action. wait: 0 (default) = ends when its outcome is known;
 * otherwise = ends when its action has finished. Has no effect after the start. If the provider
 * cannot poll actions, the operation fails with IMGACT_UNSUPPORTED and sends nothing. */
IMGACT_API void imgact_op_set_wait(imgact_op *op, int wait);

/* Called when a waited action has started and after each poll that finds it running. The action is
 * valid until the callback returns, even if the callback cancels or frees the operation. */
typedef void (*imgact_progress_fn)(void *user_data, imgact_op *op, const imgact_action *action);

/* Sets the callback for the progress of a waiting mutation or of imgact_wait_actions(); NULL
 * removes it. user_data is borrowed. Has no effect after the start. */
IMGACT_API void imgact_op_set_progress(imgact_op *op, imgact_progress_fn progress, void *user_data);

/* Called from a dispatch when a mutation's request is about to leave, before its first byte. It is
 * called again before each later send while the earlier ones certainly had no effect (connection
 * refused, HTTP 429): the last call is the one to keep. It is not called for a send that follows
 * one with an unknown outcome. call_json: the call, for a journal and imgact_op_resume(); valid
 * until the callback returns. It has no token: its member "credential" is a keyed hash of token,
 * provider and endpoint. Any status but IMGACT_OK rejects the call and is its result (INTERNAL for
 * BUSY and END, which have another meaning here). The callback may cancel the operation. */
typedef imgact_status (*imgact_before_send_fn)(void *user_data, imgact_op *op,
                                               const char *call_json);
IMGACT_API void imgact_op_set_before_send(imgact_op *op, imgact_before_send_fn before_send,
                                          void *user_data);

/* Resumes a mutation that was passed to the before-send callback at sent_at (Unix ms) and has an
 * unknown outcome. A sent_at in the future means unknown. A mutation that creates an action starts
 * with a lookup; an idempotent one (update, delete, Hetzner's convert) is sent. Fails with
 * IMGACT_INVALID_ARGUMENT and IMGACT_ERROR_MAYBE_APPLIED if call_json cannot be read or was sent to
 * another endpoint or with another token; after a change of the token remove the member
 * "credential". Returns NULL if there is no memory or an argument is NULL: the call may have been
 * applied; keep the journal and resume it again.
 */
IMGACT_API imgact_op *imgact_op_resume(imgact_client *client, const char *call_json,
                                       int64_t sent_at);

/* ---- verbs ---- */

/* Runs to the end, driving the whole loop: other operations' callbacks fire inside. Returns the
 * operation's status. From a callback: BUSY. A finished operation returns its status again, a
 * page-by-page list its next page. */
IMGACT_API imgact_status imgact_op_run(imgact_op *op);

/* Starts without waiting. done (may be NULL) is called exactly once, from a dispatch of the loop,
 * never from here; not after imgact_op_free. A page-by-page list is started again for its next
 * page; an operation that has ended tells its end again. A start before an earlier one's end was
 * told, also while it runs, does no more than take the place of its callback. */
typedef void (*imgact_done_fn)(void *user_data, imgact_op *op);
IMGACT_API void imgact_op_start(imgact_op *op, imgact_done_fn done, void *user_data);

/* Ends it as cancelled, at once; done is still called. One that was not started yet ends so when it
 * is. Idempotent; a finished operation stays as it is. */
IMGACT_API void imgact_op_cancel(imgact_op *op);

/* 1 while a cancel would say IMGACT_ERROR_MAYBE_APPLIED: what changes the cloud may be out, or was
 * begun. Who gives up a batch cancels the others, and lets these come to their ends. */
IMGACT_API int imgact_op_maybe_applied(const imgact_op *op);

/* Frees the operation and everything it returned. If it is under way it is cancelled without a
 * callback. */
IMGACT_API void imgact_op_free(imgact_op *op);

/* ---- results: owned by the operation ---- */

/* Which operation it is. */
IMGACT_API imgact_op_kind imgact_op_get_kind(const imgact_op *op);
/* 1 once it has ended. */
IMGACT_API int imgact_op_done(const imgact_op *op);
/* Never NULL; status IMGACT_OK where nothing is wrong or it has not ended. */
IMGACT_API const imgact_error *imgact_op_error(const imgact_op *op);
/* What the cloud's error carried beyond code and message, as JSON text; NULL = nothing. */
IMGACT_API const char *imgact_op_error_details(const imgact_op *op);

/* The single object, or the first one, NULL if there is none; and all of them, *count may be 0. A
 * failed list has none. */
IMGACT_API const imgact_image *imgact_op_image(const imgact_op *op);
IMGACT_API const imgact_image *const *imgact_op_images(const imgact_op *op, size_t *count);
IMGACT_API const imgact_action *imgact_op_action(const imgact_op *op);
IMGACT_API const imgact_action *const *imgact_op_actions(const imgact_op *op, size_t *count);

/* The rate limit as this operation's last reply told it. */
IMGACT_API void imgact_op_rate_limit(const imgact_op *op, imgact_rate_limit *rate_limit);
/* 1 if the effect was found by looking, after an answer was lost. */
IMGACT_API int imgact_op_adopted(const imgact_op *op);
/* What the last page told of itself. */
IMGACT_API void imgact_op_pagination(const imgact_op *op, imgact_pagination *pagination);
/* 1 if a list was filtered or sorted by the library rather than by the cloud. */
IMGACT_API int imgact_op_filtered_locally(const imgact_op *op);

IMGACT_END_DECLS

#endif
