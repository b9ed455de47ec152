// SPDX-License-Identifier: MIT
// The scenarios, and checks of their results.
#include "scenarios.h"

// ---- operations

static imgact_op *list(imgact_client *client) { return imgact_list_images(client, NULL); }

static imgact_op *list_sorted(imgact_client *client) {
  static const char *const keys[] = {"name:desc", "id"};
  static const imgact_image_type types[] = {IMGACT_IMAGE_TYPE_SNAPSHOT, IMGACT_IMAGE_TYPE_CUSTOM};
  imgact_image_filter filter = {
      .size = sizeof filter, .sort = keys, .sort_count = 2, .types = types, .types_count = 2};
  return imgact_list_images(client, &filter);
}

static imgact_op *find_newest(imgact_client *client) {
  return imgact_find_image(client, NULL, IMGACT_FIND_NEWEST);
}

static imgact_op *get(imgact_client *client) { return imgact_get_image(client, CLOUD_IMAGE, NULL); }

static imgact_op *get_by_name(imgact_client *client) {
  return imgact_get_image(client, "image", "x86");
}

static imgact_op *update(imgact_client *client) {
  static const imgact_label labels[] = {{"env", "prod"}, {"empty", ""}};
  imgact_image_update u = {.size = sizeof u,
                           .description = "d",
                           .labels = labels,
                           .labels_count = 2,
                           .replace_labels = 1,
                           .convert_to_snapshot = 1};
  return imgact_update_image(client, CLOUD_IMAGE, &u);
}

static imgact_op *delete_it(imgact_client *client) {
  return imgact_delete_image(client, CLOUD_IMAGE);
}

static imgact_op *list_actions(imgact_client *client) {
  imgact_action_filter filter = {.size = sizeof filter, .image_id = CLOUD_IMAGE};
  return imgact_list_actions(client, &filter);
}

static imgact_op *get_action(imgact_client *client) {
  return imgact_get_action(client, "9001", CLOUD_IMAGE);
}

static imgact_op *protect(imgact_client *client) {
  return imgact_protect_image(client, CLOUD_IMAGE);
}

static imgact_op *convert(imgact_client *client) {
  return imgact_convert_image(client, CLOUD_IMAGE);
}

static imgact_op *transfer(imgact_client *client) {
  return imgact_transfer_image(client, CLOUD_IMAGE, "nyc3");
}

static imgact_op *wait_two(imgact_client *client) {
  static const char *const ids[] = {"9001", "9002"};
  return imgact_wait_actions(client, ids, 2, NULL);
}

static imgact_op *resume(imgact_client *client) {
  return imgact_op_resume(
      client, "{\"provider\":\"digitalocean\",\"op\":\"convert\",\"image\":\"" CLOUD_IMAGE "\"}",
      SCRIPTED_EPOCH_MS - 60000);
}

// ---- clouds

static void five_images(cloud *c) {
  c->listed = 5;
  c->per_page = 2;
}

// The first one vanishes after the first page: that page is read again, and the vanished one asked
// for.
static void five_images_of_which_one_vanishes(cloud *c) {
  five_images(c);
  c->removed_after = 1;
}

static void two_actions(cloud *c) {
  cloud_add_action(c, c->hetzner ? "change_protection" : "transfer", "nyc3", 1000, 3000);
  cloud_add_action(c, c->hetzner ? "change_protection" : "transfer", "sfo2", 1000, 8000);
}

static void lost_once(cloud *c) { cloud_plan(c, (cloud_outcome){.effects = 1}); }

static void lost_before_once(cloud *c) { cloud_plan(c, (cloud_outcome){.effects = 0}); }

static void shown_in_the_image_alone(cloud *c) {
  c->silent = true;
  lost_once(c);
}

static void gateway_twice(cloud *c) {
  for (int i = 0; i < 2; i++)
    cloud_plan(c, (cloud_outcome){.effects = i, .answer = {.status = 503, .body = "{}"}});
}

static void a_backup(cloud *c) { snprintf(c->type, sizeof c->type, "backup"); }

static void a_backup_and_a_lost_answer(cloud *c) {
  a_backup(c);
  lost_once(c);
}

static void protected_already(cloud *c) { c->is_protected = true; }

static void busy_for_a_time(cloud *c) {
  c->locks = true;
  cloud_add_action(c, c->hetzner ? "create_image" : "convert", "nyc1", 1000, 4000);
}

static void busy_and_a_lost_answer(cloud *c) {
  busy_for_a_time(c);
  lost_once(c);
}

static void locked_for_a_time(cloud *c) { c->locked_ms = 3000; }

#define HZ .digitalocean = false
#define DO .digitalocean = true

const scenario scenarios[] = {
    {"a list", HZ, .make = list, .prepare = five_images, .images = 5},
    {"a list of many queries, sorted", DO, .make = list_sorted, .prepare = five_images,
     .images = 5},
    {"a list that changes", HZ, .make = list, .prepare = five_images_of_which_one_vanishes,
     .images = 4, .vanished = 1},
    {"a list that changes, sorted", DO, .make = list_sorted,
     .prepare = five_images_of_which_one_vanishes, .images = 4, .vanished = 1},
    {"the newest image", HZ, .make = find_newest, .prepare = five_images, .images = 1},
    {"an image", HZ, .make = get, .images = 1},
    {"an image by name", HZ, .make = get_by_name, .prepare = five_images, .images = 1},
    {"an update", HZ, .mutation = true, .make = update, .prepare = gateway_twice, .images = 1},
    {"a deletion", DO, .mutation = true, .make = delete_it, .prepare = lost_once},
    {"actions", DO, .make = list_actions, .prepare = two_actions, .actions = 2},
    {"an action", HZ, .make = get_action, .prepare = two_actions, .actions = 1},
    {"a wait in one request", HZ, .make = wait_two, .prepare = two_actions, .actions = 2},
    {"a wait in several requests", DO, .make = wait_two, .prepare = two_actions, .actions = 2},
    {"a protection, waited for", HZ, .mutation = true, .waits = true, .make = protect,
     .actions = 1},
    {"a protection, adopted", HZ, .mutation = true, .waits = true, .make = protect,
     .prepare = lost_once, .actions = 1},
    {"a conversion at once", HZ, .mutation = true, .make = convert, .prepare = a_backup,
     .images = 1, .actions = 1},
    {"a conversion at once, lost", HZ, .mutation = true, .make = convert,
     .prepare = a_backup_and_a_lost_answer},
    {"a conversion", DO, .mutation = true, .waits = true, .make = convert, .actions = 1},
    {"a transfer, adopted", DO, .mutation = true, .waits = true, .make = transfer,
     .prepare = lost_once, .actions = 1},
    {"a transfer, sent again", DO, .mutation = true, .make = transfer, .prepare = lost_before_once,
     .actions = 1},
    {"a transfer, seen in the image", DO, .mutation = true, .make = transfer,
     .prepare = shown_in_the_image_alone, .images = 1},
    {"an ensured protection, present", HZ, .mutation = true, .ensures = true, .present = true,
     .make = protect, .prepare = protected_already},
    {"an ensured protection of a busy image", HZ, .mutation = true, .waits = true, .ensures = true,
     .make = protect, .prepare = busy_for_a_time, .actions = 1},
    {"an ensured transfer of a busy image, lost", DO, .mutation = true, .waits = true,
     .ensures = true, .make = transfer, .prepare = busy_and_a_lost_answer, .actions = 1},
    {"an ensured deletion of a locked image", HZ, .mutation = true, .ensures = true,
     .make = delete_it, .prepare = locked_for_a_time},
    {"a resumed conversion", DO, .mutation = true, .waits = true, .resumes = true, .make = resume,
     .actions = 1},
};
const size_t scenarios_count = sizeof scenarios / sizeof *scenarios;

uint32_t scenario_flags(const scenario *s) { return s->ensures ? IMGACT_OP_FLAG_ENSURE : 0; }

imgact_op *scenario_op(const scenario *s, imgact_client *client, tally *t) {
  imgact_op *op = client == NULL ? NULL : s->make(client);
  imgact_op_options options = {.size = sizeof options,
                               .flags = IMGACT_OP_FLAG_KEEP_RAW | scenario_flags(s)};
  imgact_op_set_options(op, &options);
  imgact_op_set_wait(op, 1);
  if (s->waits) imgact_op_set_progress(op, tally_progress, t);
  return op;
}

// ---- checks

// An action that was adopted while several attempts are allowed to have had an effect is still one
// effect here: DELETE, PUT and convert set what is set already, and only a POST must never be
// applied twice.
static void check_effects(const scenario *s, const cloud *c, const imgact_op *op) {
  const imgact_error *error = imgact_op_error(op);
  size_t posts = c->actions_count - c->others;
  if (error->status == IMGACT_OK) assert_int_equal(c->applied >= 1, !s->present);
  if (!s->mutation) assert_int_equal(c->applied, 0);
  assert_true(posts <= 1);
  bool maybe = (error->flags & IMGACT_ERROR_MAYBE_APPLIED) != 0;
  imgact_tristate changed = imgact_op_changed(op);
  assert_int_equal(changed == IMGACT_TRISTATE_UNKNOWN, maybe);
  if (!maybe) assert_int_equal(changed == IMGACT_TRISTATE_TRUE, c->applied > 0);
  if (error->status != IMGACT_OK && c->applied > 0 && !maybe)
    fail_msg("%s: %s (%s) although it was applied", s->name, imgact_status_name(error->status),
             error->message);
}

void scenario_check(const scenario *s, const cloud *c, const imgact_op *op) {
  const imgact_error *error = imgact_op_error(op);
  size_t images = 0, actions = 0;
  if (op == NULL) {
    assert_int_equal(c->applied, 0);
    return;
  }
  imgact_op_images(op, &images);
  imgact_op_actions(op, &actions);
  if (s->mutation) check_effects(s, c, op);
  if (error->status == IMGACT_OK) {
    assert_string_equal(error->message, "");
    assert_null(imgact_op_error_details(op));
    if (!s->mutation) assert_int_in_range(images, s->images, s->images + s->vanished);
    if (!s->mutation) assert_int_equal(actions, s->actions);
    return;
  }
  assert_true(error->message[0] != '\0');
  assert_string_equal(error->provider, s->digitalocean ? "digitalocean" : "hetzner");
  if (imgact_op_get_kind(op) != IMGACT_OP_WAIT_ACTIONS && !s->mutation)
    assert_int_equal(images + actions, 0);
  for (size_t i = 0; i < actions; i++) assert_non_null(imgact_op_actions(op, &actions)[i]->id);
}
