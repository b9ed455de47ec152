// SPDX-License-Identifier: MIT
/*
 * Making an image.
 *
 *   own images (ensure_unique) -> images of the server -> request, lookup, wait -> the new image
 *
 * Some APIs name the new image in the response. With others it is found after its action has
 * finished: among the images of the server that were not there before the request, or among the own
 * images that were made from the server.
 */
#include "create.h"
#include "child.h"
#include "running.h"
#include "str.h"
#include "tags.h"
#include <stdio.h>
#include <string.h>

typedef struct create_data {
  const char **before; /* ids of the images that the server had before the request; NULL = not known
                        */
  size_t before_count;
  int64_t look_until_ms; /* monotonic; for the new image; 0 = has not begun */
  int64_t looked_ms;     /* monotonic: start of the last look */
  const char *found_id;  /* an image that another action may have made */
  int64_t found_at;      /* when it was created */
} create_data;

static imgact_client *client_of(const ia_mutation *m) { return m->op->client; }

static create_data *data_of(ia_mutation *m) { return m->step_data; }

static bool make_data(ia_mutation *m) {
  if (!m->step_data) m->step_data = ia_arena_alloc(&m->op->arena, sizeof(create_data));
  return m->step_data != NULL;
}

/* ---- before the request ---- */

static void remember_images(ia_mutation *m);

/* The text by which people know the image: its name, or its description if images have no names. */
static const char *title_of(const imgact_image_create *create) {
  return create->name ? create->name : create->description;
}

static bool has_title(const imgact_image *image, const char *title) {
  return ia_str_equal(image->name, title) || ia_str_equal(image->description, title);
}

static void on_own_images(imgact_op *op, imgact_op *child) {
  const char *title = title_of(op->call.create);
  imgact_error error = child->error;
  for (size_t i = 0; error.status == IMGACT_OK && i < child->result.images_count; i++)
    if (has_title(child->result.images[i], title))
      imgact_error_set(&error, IMGACT_CONFLICT, "image %s already has the name '%s'",
                       child->result.images[i]->id, title);
  if (error.status == IMGACT_OK)
    remember_images(op->mutation);
  else
    ia_mutation_end(op->mutation, &error, child->details);
}

static bool lists_images_of_server(const ia_mutation *m) {
  return ia_client_slot(client_of(m), IMGACT_OP_LIST_SERVER_IMAGES) != NULL;
}

static imgact_op *list_images_of_server(ia_mutation *m) {
  const imgact_image_filter all = {.size = sizeof all};
  const imgact_call call = {.size = sizeof call,
                            .kind = IMGACT_OP_LIST_SERVER_IMAGES,
                            .server_id = m->op->call.server_id,
                            .image_filter = &all};
  return ia_child_new(m->op, &ia_flow_list, &call);
}

static void on_images_before(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  create_data *data = data_of(m);
  size_t count = child->result.images_count;
  if (child->error.status != IMGACT_OK) {
    ia_mutation_end(m, &child->error, child->details);
    return;
  }
  data->before = ia_arena_array(&op->arena, count + 1, sizeof *data->before);
  for (; data->before && data->before_count < count; data->before_count++) {
    const char *id = ia_arena_copy(&op->arena, child->result.images[data->before_count]->id);
    if (!id) break;
    data->before[data->before_count] = id;
  }
  if (data->before && data->before_count == count)
    ia_mutation_send(m);
  else
    ia_mutation_end_without_memory(m);
}

/* Needed only where the response does not name the new image. */
static void remember_images(ia_mutation *m) {
  bool lists = m->op->wait && m->op->call.server_id && lists_images_of_server(m);
  if (!lists)
    ia_mutation_send(m);
  else if (!ia_child_start(m->op, list_images_of_server(m), on_images_before))
    ia_mutation_end_without_memory(m);
}

/* The image of a resumed call may be there already. */
static void before(ia_mutation *m) {
  const imgact_image_create *create = m->op->call.create;
  bool resumed = m->unknown.reason == IA_UNKNOWN_INHERITED;
  if (!make_data(m))
    ia_mutation_end_without_memory(m);
  else if (resumed)
    ia_mutation_send(m);
  else if (!create->ensure_unique)
    remember_images(m);
  else if (!ia_child_start(m->op, ia_child_list_own_images(m->op), on_own_images))
    ia_mutation_end_without_memory(m);
}

/* ---- the new image ---- */

static bool was_there_before(const create_data *data, const char *id) {
  for (size_t i = 0; i < data->before_count; i++)
    if (ia_str_equal(data->before[i], id)) return true;
  return false;
}

static bool is_text(const char *text, const char *wanted) {
  return !wanted || ia_str_equal(text, wanted);
}

/* Returns true if the image is as the call asks for. The list of a server's images may not name the
 * server. */
static bool is_asked_for(const imgact_call *call, const imgact_image *image) {
  const imgact_image_create *create = call->create;
  imgact_image_type type = create->type ? create->type : IMGACT_IMAGE_TYPE_SNAPSHOT;
  if (image->created_from_id && !ia_str_equal(image->created_from_id, call->server_id))
    return false;
  if (image->type != type) return false;
  return create->name && image->name ? ia_str_equal(image->name, create->name)
                                     : is_text(image->description, title_of(create));
}

typedef enum fit { FITS_NOT, FITS, FITS_EXACTLY } fit;

/* Returns whether the action can have made the image. An image that was created before the action
 * started is another program's: a list from before the request may lack it. */
static fit fits(const ia_mutation *m, const imgact_image *image, const imgact_action *action) {
  const create_data *data = m->step_data;
  int64_t started_at = action ? action->started_at : IMGACT_NO_TIME;
  if (!is_asked_for(&m->op->call, image) || was_there_before(data, image->id)) return FITS_NOT;
  if (!image->created_from_id && !lists_images_of_server(m)) return FITS_NOT;
  if (ia_owned_ids_has(&client_of(m)->owned_images, image->id)) return FITS_NOT;
  /* The action has finished with success if the call waits. */
  if (m->op->wait && image->status == IMGACT_IMAGE_STATUS_CREATING) return FITS_NOT;
  if (started_at == IMGACT_NO_TIME || image->created_at == IMGACT_NO_TIME)
    return data->before ? FITS : FITS_NOT;
  if (image->created_at < started_at) return FITS_NOT;
  return image->created_at == started_at ? FITS_EXACTLY : FITS;
}

/* Returns the image that the call has made; NULL: none, or *count of them. An image that was not
 * created at the moment at which the action started may be another program's, and that of the call
 * may be listed later. */
static const imgact_image *choose(const ia_mutation *m, const imgact_result *list, bool *exactly,
                                  size_t *count) {
  const imgact_action *action = imgact_op_action(m->op);
  const imgact_image *found = NULL;
  fit best = FITS_NOT;
  *count = 0;
  for (size_t i = 0; i < list->images_count; i++) {
    fit how = fits(m, list->images[i], action);
    if (how == FITS_NOT || how < best) continue;
    *count = how > best ? 1 : *count + 1;
    best = how;
    found = list->images[i];
  }
  *exactly = best == FITS_EXACTLY;
  return *count == 1 ? found : NULL;
}

static void end_ambiguous(ia_mutation *m, const char *why) {
  imgact_error error;
  imgact_error_set(&error, IMGACT_AMBIGUOUS, "%s", why);
  m->op->result.images_count = 0;
  ia_mutation_end(m, &error, NULL);
}

/* The action that was found may be that of another program, which names its own image. */
static bool is_of_another_program(const imgact_op *op, const imgact_op *child) {
  return op->adopted && op->call.server_id && child->result.images_count &&
         !is_asked_for(&op->call, child->result.images[0]);
}

/* Takes the image that the child has read. Returns false if the mutation has ended with its error.
 */
static bool take_image(ia_mutation *m, imgact_op *child) {
  imgact_result *result = &m->op->result;
  if (child->result.images_count) result->images_count = 0;
  if (!ia_result_take(result, &child->result))
    ia_mutation_end_without_memory(m);
  else if (child->error.status != IMGACT_OK)
    ia_mutation_end(m, &child->error, child->details);
  else
    return true;
  return false;
}

static void on_tagged(imgact_op *op, imgact_op *child) {
  if (take_image(op->mutation, child)) ia_mutation_done(op->mutation);
}

static void tag_image(ia_mutation *m, const char *id) {
  const imgact_image_create *create = m->op->call.create;
  const imgact_call call = {.size = sizeof call,
                            .kind = IMGACT_OP_CHANGE_TAGS,
                            .image_ids = &id,
                            .image_ids_count = 1,
                            .added_tags = create->tags,
                            .added_tags_count = create->tags_count};
  imgact_op *child = ia_child_new(m->op, &ia_flow_mutation, &call);
  if (child) child->steps = &ia_tag_steps;
  if (!ia_child_start(m->op, child, on_tagged)) ia_mutation_end_without_memory(m);
}

/* An import has its tags from the request. */
static void on_image(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  if (is_of_another_program(op, child)) {
    end_ambiguous(m, "the action that was found has made another image");
    return;
  }
  if (!take_image(m, child)) return;
  const imgact_image *image = imgact_op_image(op);
  if (op->call.kind == IMGACT_OP_CREATE_IMAGE && op->call.create->tags_count && image)
    tag_image(m, image->id);
  else
    ia_mutation_done(m);
}

/* Two calls of a client never have the same image. */
static void read_image(ia_mutation *m, const char *id) {
  if (!ia_owned_ids_add(&client_of(m)->owned_images, id) ||
      !ia_child_start(m->op, ia_child_get_image(m->op, id), on_image))
    ia_mutation_end_without_memory(m);
}

static void end_not_found(ia_mutation *m, size_t count) {
  char why[100];
  if (count)
    snprintf(why, sizeof why, "the action has finished, but %zu new images may be its effect",
             count);
  end_ambiguous(m, count ? why : "the action has finished, but its image was not found");
}

static void look_for_image(ia_mutation *m);

/* ---- another action that can have made the image ---- */

static bool is_rival(const create_data *data, const imgact_action *own,
                     const imgact_action *action) {
  if (action->kind != IMGACT_ACTION_KIND_CREATE || ia_str_equal(action->id, own->id)) return false;
  bool earlier = action->started_at < own->started_at,
       later = data->found_at != IMGACT_NO_TIME && action->started_at > data->found_at;
  return action->started_at == IMGACT_NO_TIME || (!earlier && !later);
}

static void on_actions(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  const create_data *data = m->step_data;
  const imgact_action *own = imgact_op_action(op);
  bool rival = false;
  if (child->error.status != IMGACT_OK) {
    ia_mutation_end(m, &child->error, child->details);
    return;
  }
  for (size_t i = 0; i < child->result.actions_count; i++)
    rival = rival || is_rival(data, own, child->result.actions[i]);
  if (rival)
    end_ambiguous(m, "the action has finished, but another action may have made the new image");
  else
    read_image(m, data->found_id);
}

static void look_for_rivals(ia_mutation *m) {
  const imgact_action_filter all = {.size = sizeof all};
  const imgact_call call = {.size = sizeof call,
                            .kind = IMGACT_OP_LIST_SERVER_ACTIONS,
                            .server_id = m->op->call.server_id,
                            .action_filter = &all};
  if (!ia_client_slot(client_of(m), IMGACT_OP_LIST_SERVER_ACTIONS))
    read_image(m, data_of(m)->found_id);
  else if (!ia_child_start(m->op, ia_child_new(m->op, &ia_flow_list, &call), on_actions))
    ia_mutation_end_without_memory(m);
}

static void on_list(imgact_op *op, imgact_op *child) {
  ia_mutation *m = op->mutation;
  create_data *data = data_of(m);
  if (child->error.status != IMGACT_OK) {
    ia_mutation_end(m, &child->error, child->details);
    return;
  }
  bool last = data->looked_ms >= data->look_until_ms, exactly;
  size_t count;
  const imgact_image *image = choose(m, &child->result, &exactly, &count);
  if (image && !exactly && !last) image = NULL;
  const char *id = image ? ia_arena_copy(&op->arena, image->id) : NULL;
  data->found_id = id;
  data->found_at = image ? image->created_at : IMGACT_NO_TIME;
  if (id && exactly)
    read_image(m, id);
  else if (id)
    look_for_rivals(m);
  else if (image)
    ia_mutation_end_without_memory(m);
  else if (last)
    end_not_found(m, count);
  else if (!ia_mutation_rest(m, data->look_until_ms, look_for_image))
    look_for_image(m);
}

/* The list may show the image some time after the action has finished. */
static void look_for_image(ia_mutation *m) {
  imgact_client *client = client_of(m);
  create_data *data = data_of(m);
  data->looked_ms = client->engine->timers.now.mono_ms;
  if (!data->look_until_ms)
    data->look_until_ms = ia_later(data->looked_ms, client->settings.settle_ms);
  imgact_op *child =
      lists_images_of_server(m) ? list_images_of_server(m) : ia_child_list_own_images(m->op);
  if (!ia_child_start(m->op, child, on_list)) ia_mutation_end_without_memory(m);
}

/* Some APIs name the image among the resources of the action. */
static const char *image_of_action(const imgact_action *action) {
  const char *id = NULL;
  for (size_t i = 0; action && i < action->resources_count; i++)
    if (ia_str_equal(action->resources[i].type, "image")) id = action->resources[i].id;
  return id;
}

/* The image of the response is older than the end of the action. */
static void after(ia_mutation *m) {
  imgact_op *op = m->op;
  const imgact_image *image = imgact_op_image(op);
  const imgact_action *action = imgact_op_action(op);
  const char *id = image ? image->id : image_of_action(action);
  if (!op->wait && (image || lists_images_of_server(m)))
    ia_mutation_done(m);
  else if (!id)
    look_for_image(m);
  else if ((id = ia_arena_copy(&op->arena, id)))
    read_image(m, id);
  else
    ia_mutation_end_without_memory(m);
}

const ia_mutation_steps ia_create_steps = {
    .before = before, .rejected = ia_running_report, .after = after};

/* ---- an import ---- */

static void after_import(ia_mutation *m) {
  imgact_op *op = m->op;
  const imgact_image *image = imgact_op_image(op);
  if (!op->wait || !image) {
    ia_mutation_done(m);
    return;
  }
  const char *id = ia_arena_copy(&op->arena, image->id);
  const imgact_call call = {.size = sizeof call,
                            .kind = IMGACT_OP_GET_IMAGE,
                            .image_ids = &id,
                            .image_ids_count = 1,
                            .image_status = IMGACT_IMAGE_STATUS_AVAILABLE};
  if (!id || !ia_child_start(op, ia_child_new(op, &ia_flow_wait_images, &call), on_image))
    ia_mutation_end_without_memory(m);
}

const ia_mutation_steps ia_import_steps = {.before = before, .after = after_import};
