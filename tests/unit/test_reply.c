// SPDX-License-Identifier: MIT
// Whether a response is about what was requested, and whether a list contradicts itself.
#include "reply_fixture.h"

// ---- images

TEST(get_image_other_id_is_protocol) {
  static const imgact_op_kind kinds[] = {IMGACT_OP_GET_IMAGE, IMGACT_OP_UPDATE_IMAGE,
                                         IMGACT_OP_CONVERT};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    ask(kinds[i], "5", NULL);
    assert_int_equal(read_body("{\"image\":{\"id\":5}}"), IMGACT_OK);
    assert_int_equal(s.result.images_count, 1);
    assert_int_equal(read_body("{\"image\":{\"id\":6,\"name\":\"5\",\"slug\":\"5\"}}"),
                     IMGACT_PROTOCOL);
    assert_string_equal(s.error.message, "unexpected image 6 in the response, requested: 5");
    assert_int_equal(read_body("{\"image\":{\"id\":\"05\"}}"), IMGACT_PROTOCOL);
  }
}

TEST(get_image_other_slug_is_protocol) {
  ask(IMGACT_OP_GET_IMAGE, "ubuntu-24-04", NULL);
  assert_int_equal(read_body("{\"image\":{\"id\":6,\"slug\":\"ubuntu-24-04\"}}"), IMGACT_OK);
  assert_int_equal(read_body("{\"image\":{\"id\":6,\"slug\":\"Ubuntu-24-04\"}}"), IMGACT_OK);
  assert_int_equal(read_body("{\"image\":{\"id\":6,\"name\":\"ubuntu-24-04\"}}"), IMGACT_OK);
  assert_int_equal(read_body("{\"image\":{\"id\":\"ubuntu-24-04\"}}"), IMGACT_OK);
  assert_int_equal(read_body("{\"image\":{\"id\":6,\"slug\":\"ubuntu-22-04\"}}"), IMGACT_PROTOCOL);
  assert_int_equal(read_body("{\"image\":{\"id\":6}}"), IMGACT_PROTOCOL);
}

TEST(delete_image_other_image_is_ignored) {
  ask(IMGACT_OP_DELETE_IMAGE, "5", NULL);
  assert_int_equal(read_body("{\"image\":{\"id\":6}}"), IMGACT_OK);
  assert_int_equal(read_status(204, ""), IMGACT_OK);
}

// ---- actions

TEST(get_action_other_id_is_protocol) {
  ask(IMGACT_OP_GET_ACTION, NULL, "13");
  assert_int_equal(
      read_body("{\"action\":{\"id\":13,\"resources\":[{\"id\":7,\"type\":\"image\"}]}}"),
      IMGACT_OK);
  assert_int_equal(read_body("{\"action\":{\"id\":14}}"), IMGACT_PROTOCOL);
  assert_string_equal(s.error.message, "unexpected action 14 in the response, requested: 13");
  ask(IMGACT_OP_GET_ACTION, "5", "13");
  assert_int_equal(
      read_body("{\"action\":{\"id\":14,\"resources\":[{\"id\":7,\"type\":\"image\"}]}}"),
      IMGACT_PROTOCOL);
}

TEST(get_action_other_image_is_missing) {
  ask(IMGACT_OP_GET_ACTION, "5", "13");
  assert_int_equal(
      read_body("{\"action\":{\"id\":13,\"resources\":[{\"id\":5,\"type\":\"image\"}]}}"),
      IMGACT_OK);
  assert_int_equal(read_body("{\"action\":{\"id\":13}}"), IMGACT_OK);
  assert_int_equal(
      read_body("{\"action\":{\"id\":13,\"resources\":[{\"id\":7,\"type\":\"image\"}]}}"),
      IMGACT_NOT_FOUND);
  assert_string_equal(s.error.message, "action 13 does not belong to image 5");
}

TEST(wait_single_other_action_is_protocol) {
  static const char *const ids[] = {"13", "14"};
  ask(IMGACT_OP_WAIT_ACTIONS, NULL, NULL);
  s.call.action_ids = ids;
  s.call.action_ids_count = s.slot.max_ids = 1;
  assert_int_equal(read_body("{\"action\":{\"id\":13}}"), IMGACT_OK);
  assert_int_equal(read_body("{\"action\":{\"id\":14}}"), IMGACT_PROTOCOL);
  s.call.action_ids_count = s.slot.max_ids = 2; // in a batch, each id is searched for
  assert_int_equal(read_body("{\"actions\":[{\"id\":14},{\"id\":15}]}"), IMGACT_OK);
}

TEST(list_actions_other_image_is_protocol) {
  static const char *const other =
      "{\"actions\":[{\"id\":13},{\"id\":14,\"resources\":[{\"id\":7,\"type\":\"image\"}]}]}";
  ask(IMGACT_OP_LIST_ACTIONS, "5", NULL);
  assert_int_equal(
      read_body(
          "{\"actions\":[{\"id\":13},{\"id\":14,\"resources\":[{\"id\":5,\"type\":\"image\"}]}]}"),
      IMGACT_OK);
  assert_int_equal(read_body(other), IMGACT_PROTOCOL);
  assert_string_equal(s.error.message,
                      "unexpected action 14 in the response: it does not belong to image 5");
  s.local_filters = IMGACT_FILTER_BIT(ACTION_IMAGE); // the library filters such a list
  assert_int_equal(read_body(other), IMGACT_OK);
  s.local_filters = 0;
  s.slot.local_filters = IMGACT_FILTER_BIT(ACTION_IMAGE);
  assert_int_equal(read_body(other), IMGACT_OK);
  ask(IMGACT_OP_LIST_ACTIONS, NULL, NULL);
  s.slot.local_filters = 0;
  assert_int_equal(read_body(other), IMGACT_OK);
}

TEST(started_action_other_image_is_protocol) {
  static const imgact_op_kind kinds[] = {IMGACT_OP_CHANGE_PROTECTION, IMGACT_OP_CONVERT,
                                         IMGACT_OP_TRANSFER};
  static const char *const fine[] = {
      "",
      ",\"resources\":[]",
      ",\"resources\":[{\"id\":7,\"type\":\"zone\"}]",
      ",\"resources\":[{\"id\":5}]",
      ",\"resources\":[{\"id\":1,\"type\":\"server\"},{\"id\":5,\"type\":\"image\"}]",
      ",\"resources\":[{\"id\":\"5\",\"type\":\"Image\"}]"};
  static const char *const other[] = {
      ",\"resources\":[{\"id\":7,\"type\":\"image\"}]", ",\"resources\":[{\"id\":7}]",
      ",\"resources\":[{\"id\":5,\"type\":\"server\"},{\"id\":7,\"type\":\"image\"}]"};
  char body[200];

  s.slot.flags = IMGACT_SLOT_CREATES_ACTION;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    ask(kinds[k], "5", NULL);
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
      snprintf(body, sizeof body, "{\"action\":{\"id\":13%s}}", fine[i]);
      assert_int_equal(read_status(201, body), IMGACT_OK);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
      snprintf(body, sizeof body, "{\"action\":{\"id\":13%s}}", other[i]);
      assert_int_equal(read_status(201, body), IMGACT_PROTOCOL);
    }
    assert_int_equal(read_status(201, "{}"), IMGACT_PROTOCOL);
  }
}

// ---- lists

TEST(list_last_page_beyond_is_incomplete) {
  static const imgact_op_kind kinds[] = {IMGACT_OP_LIST_IMAGES, IMGACT_OP_LIST_ACTIONS};
  for (size_t i = 0; i < 2; i++) {
    ask(kinds[i], NULL, NULL);
    s.call.page = 3;
    assert_int_equal(read_body("{\"images\":[],\"last\":3}"), IMGACT_OK);
    assert_int_equal(read_body("{\"images\":[],\"last\":1}"), IMGACT_OK);
    assert_int_equal(read_body("{\"images\":[]}"), IMGACT_OK);
    assert_int_equal(read_body("{\"images\":[],\"last\":9,\"next\":4}"), IMGACT_OK);
    assert_int_equal(read_body("{\"images\":[],\"last\":4}"), IMGACT_INCOMPLETE);
    assert_string_equal(s.error.message, "page 3 names no next page, but page 4 as the last one");
    assert_int_equal(read_body("{\"images\":[],\"last\":9,\"page\":9}"), IMGACT_OK);
    assert_int_equal(read_body("{\"images\":[],\"last\":3,\"page\":2}"), IMGACT_INCOMPLETE);
  }
  ask(IMGACT_OP_WAIT_ACTIONS, NULL, NULL);
  s.slot.max_ids = 25;
  assert_int_equal(read_body("{\"actions\":[],\"last\":4}"), IMGACT_OK);
}

// A provider that accepts an item without an id.
TEST(items_without_id_are_protocol) {
  ask(IMGACT_OP_GET_IMAGE, "5", NULL);
  assert_int_equal(read_body("{\"image\":{}}"), IMGACT_PROTOCOL);
  assert_string_equal(s.error.message,
                      "unexpected image without an id in the response, requested: 5");
  ask(IMGACT_OP_GET_ACTION, NULL, "7");
  assert_int_equal(read_body("{\"action\":{}}"), IMGACT_PROTOCOL);
  assert_string_equal(s.error.message,
                      "unexpected action without an id in the response, requested: 7");
  ask(IMGACT_OP_TRANSFER, "5", NULL);
  assert_int_equal(read_body("{\"action\":{\"resources\":[{\"id\":6,\"type\":\"image\"}]}}"),
                   IMGACT_PROTOCOL);
  assert_string_equal(
      s.error.message,
      "unexpected action without an id in the response: it does not belong to image 5");
}

TEST(reply_without_memory_ends_cleanly) {
  static const char body[] =
      "{\"images\":[{\"id\":5,\"name\":\"n\",\"regions\":[\"a\",\"b\"]}],\"page\":1}";
  ask(IMGACT_OP_LIST_IMAGES, NULL, NULL);
  bool whole = false;
  for (size_t budget = 1; budget < 100 && !whole; budget++) {
    close_fixture(NULL);
    open_fixture(NULL);
    ask(IMGACT_OP_LIST_IMAGES, NULL, NULL);
    failing_allocator_init(&s.memory, budget);
    whole = read_body(body) == IMGACT_OK;
    if (!whole) assert_int_equal(s.error.status, IMGACT_NOMEM);
  }
  assert_true(whole);
}

int main(void) { return testing_run(open_fixture, close_fixture); }
