// SPDX-License-Identifier: MIT
// The image that a call has made, among images and actions of other programs.
#include "harness.h"

#include <stdio.h>
#include <string.h>

#define NOW     "2026-01-01T00:00:00Z"
#define EARLIER "2025-12-31T23:59:00Z"
#define LATER   "2026-01-01T00:00:03Z"
#define SNAPSHOT(id, at)                                                                           \
  "{\"id\":" id ",\"name\":\"n\",\"type\":\"snapshot\",\"created_at\":\"" at "\"}"
#define DROPLET_ACTION(id, status, at)                                                             \
  "{\"id\":" id ",\"type\":\"snapshot\",\"status\":\"" status "\",\"started_at\":\"" at            \
  "\",\"resource_id\":42,\"resource_type\":\"droplet\"}"

static const imgact_image_create named = {.size = sizeof named, .name = "n"};

// A Droplet: its snapshots before the request, after it, and from the fourth list after it.
typedef struct droplet {
  const char *before, *after, *later, *actions;
  int wanted_posts; // until then the list is the one before
  int posts, lists;
} droplet;

static bool serve(void *user, const scripted_request *request, scripted_answer *answer) {
  static char body[1000];
  droplet *d = user;
  const char *snapshots = d->posts < d->wanted_posts  ? d->before
                          : d->lists < 4 || !d->later ? d->after
                                                      : d->later;
  answer->status = 200;
  answer->with_date = true;
  answer->body = body;
  if (!strcmp(request->method, "POST")) {
    snprintf(body, sizeof body, "{\"action\":" DROPLET_ACTION("%d", "in-progress", NOW) "}",
             7 + d->posts++);
    answer->status = 201;
  } else if (strstr(request->target, "/snapshots")) {
    snprintf(body, sizeof body, "{\"snapshots\":[%s]}", snapshots);
    d->lists++;
  } else if (strstr(request->target, "/droplets/42/actions")) {
    snprintf(body, sizeof body, "{\"actions\":[%s]}", d->actions);
  } else if (strstr(request->target, "/actions/")) {
    snprintf(body, sizeof body, "{\"action\":" DROPLET_ACTION("%s", "completed", NOW) "}",
             strstr(request->target, "/actions/") + strlen("/actions/"));
  } else {
    snprintf(body, sizeof body, "{\"image\":" SNAPSHOT("%s", NOW) "}",
             strstr(request->target, "/images/") + strlen("/images/"));
  }
  return true;
}

static imgact_op *snapshot(const harness *s) {
  imgact_op *op = imgact_create_image(s->client, "42", &named);
  imgact_op_set_wait(op, 1);
  return op;
}

static void expect(droplet d, imgact_status status, const char *id) {
  harness *s = harness_digitalocean();
  d.wanted_posts = 1;
  scripted_when(s->script, serve, &d);
  imgact_op *op = harness_run(snapshot(s), status);
  assert_int_equal(d.posts, 1);
  if (id)
    assert_string_equal(imgact_op_image(op)->id, id);
  else
    assert_null(imgact_op_image(op));
  if (!id) assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  harness_free(s);
}

// Another program's snapshot with the same name is listed first.
TEST(new_image_is_of_its_action) {
  expect((droplet){.before = "",
                   .after = SNAPSHOT("800", LATER),
                   .later = SNAPSHOT("800", LATER) "," SNAPSHOT("801", NOW)},
         IMGACT_OK, "801");
}

// The list before the request lacked an older snapshot.
TEST(new_image_precedes_no_action) {
  expect((droplet){.before = "", .after = SNAPSHOT("799", EARLIER)}, IMGACT_AMBIGUOUS, NULL);
}

// An API may date an image later than its action, unless another action can have made it.
TEST(new_image_has_no_other_action) {
  droplet d = {.before = "",
               .after = SNAPSHOT("799", EARLIER) "," SNAPSHOT("801", LATER),
               .actions = DROPLET_ACTION("7", "completed", NOW) "," DROPLET_ACTION("6", "completed",
                                                                                   EARLIER)};
  expect(d, IMGACT_OK, "801");
  d.actions = DROPLET_ACTION("7", "completed", NOW) "," DROPLET_ACTION("8", "completed", LATER);
  expect(d, IMGACT_AMBIGUOUS, NULL);
}

TEST(new_image_is_of_one_call) {
  harness *s = harness_digitalocean();
  droplet d = {.before = "", .after = SNAPSHOT("801", NOW), .wanted_posts = 2};
  scripted_when(s->script, serve, &d);
  tally first = {0};
  imgact_op *op = snapshot(s);
  imgact_op_start(op, tally_done, &first);
  harness_expect(snapshot(s), IMGACT_AMBIGUOUS);
  assert_int_equal(first.status, IMGACT_OK);
  assert_string_equal(imgact_op_image(op)->id, "801");
  imgact_op_free(op);
  harness_free(s);
}

// The clock of the program that sent the request may have been set since.
TEST(resumed_snapshot_after_another_is_ambiguous) {
  harness *s = harness_digitalocean();
  droplet d = {.actions = DROPLET_ACTION("6", "completed", EARLIER)};
  scripted_when(s->script, serve, &d);
  imgact_op *op = imgact_op_resume(
      s->client,
      "{\"provider\":\"digitalocean\",\"op\":\"create_image\",\"server\":\"42\",\"name\":\"n\"}",
      SCRIPTED_EPOCH_MS);
  harness_expect(op, IMGACT_AMBIGUOUS);
  assert_int_equal(d.posts, 0);
  harness_free(s);
}

/* ---- Hetzner ---- */

#define HZ_ACTION(resources)                                                                       \
  "{\"id\":7,\"command\":\"create_image\",\"status\":\"success\",\"progress\":100,\"started\":"    \
  "\"" NOW "\",\"resources\":[" resources "]}"
#define OF_SERVER "{\"id\":42,\"type\":\"server\"}"
#define HZ_IMAGE(id, text, server)                                                                 \
  "{\"id\":" id ",\"type\":\"snapshot\",\"status\":\"available\",\"name\":null,"                   \
  "\"description\":\"" text "\",\"created\":\"" NOW "\",\"created_from\":" server "}"
#define FROM(id) "{\"id\":" id ",\"name\":\"web\"}"

static void expect_found(const char *action, const char *images, imgact_status status) {
  harness *s = harness_new();
  scripted_on(
      s->script, "POST *",
      (scripted_answer){.delivery = IMGACT_DELIVERY_MAYBE_SENT, .failure = IMGACT_FAILURE_NETWORK});
  scripted_on(s->script, "GET /v1/servers/42/actions*",
              (scripted_answer){.status = 200, .body = action});
  scripted_on(s->script, "GET /v1/images*", (scripted_answer){.status = 200, .body = images});
  imgact_op *op = harness_run(imgact_create_image(s->client, "42", &named), status);
  if (status != IMGACT_OK) {
    assert_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
    assert_null(imgact_op_image(op));
  }
  imgact_op_free(op);
  harness_free(s);
}

TEST(found_action_has_named_another_image) {
  static const char action[] =
      "{\"actions\":[" HZ_ACTION(OF_SERVER ",{\"id\":900,\"type\":\"image\"}") "]}";
  expect_found(action, "{\"image\":" HZ_IMAGE("900", "n", FROM("42")) "}", IMGACT_OK);
  expect_found(action, "{\"image\":" HZ_IMAGE("900", "theirs", FROM("42")) "}", IMGACT_AMBIGUOUS);
  expect_found(action, "{\"image\":" HZ_IMAGE("900", "n", FROM("43")) "}", IMGACT_AMBIGUOUS);
}

// A list of all images must say that the image was made from the server.
TEST(listed_image_names_its_server) {
  static const char action[] = "{\"actions\":[" HZ_ACTION(OF_SERVER) "]}";
  expect_found(action, "{\"images\":[" HZ_IMAGE("900", "n", "null") "]}", IMGACT_AMBIGUOUS);
}

TEST(response_with_image_of_another_server) {
  harness *s = harness_new();
  scripted_json(
      s->script, 201,
      "{\"image\":" HZ_IMAGE("900", "n", FROM("43")) ",\"action\":" HZ_ACTION(OF_SERVER) "}");
  scripted_json(s->script, 200,
                "{\"actions\":[" HZ_ACTION(OF_SERVER ",{\"id\":901,\"type\":\"image\"}") "]}");
  scripted_json(s->script, 200, "{\"image\":" HZ_IMAGE("901", "n", FROM("42")) "}");
  imgact_op *op = harness_run(imgact_create_image(s->client, "42", &named), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_string_equal(imgact_op_image(op)->id, "901");
  imgact_op_free(op);
  harness_free(s);
}

/* ---- an import ---- */

TEST(snapshot_is_no_import) {
  const imgact_image_create create = {.size = sizeof create, .name = "n", .region = "nyc3"};
  for (int custom = 0; custom < 2; custom++) {
    harness *s = harness_digitalocean();
    scripted_fail(s->script, IMGACT_DELIVERY_MAYBE_SENT, IMGACT_FAILURE_NETWORK);
    scripted_on(s->script, "GET /v2/images*",
                (scripted_answer){.status = 200,
                                  .body = custom ? "{\"images\":[{\"id\":9,\"name\":\"n\",\"type\":"
                                                   "\"custom\",\"created_at\":\"" NOW "\"}]}"
                                                 : "{\"images\":[" SNAPSHOT("9", NOW) "]}"});
    imgact_op *op = imgact_import_image(s->client, "https://example.com/i", &create);
    harness_expect(op, custom ? IMGACT_OK : IMGACT_AMBIGUOUS);
    harness_free(s);
  }
}

int main(void) { return testing_run(NULL, NULL); }
