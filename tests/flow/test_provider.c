// SPDX-License-Identifier: MIT
// Provider tables: what they need, and what is checked.
#include "cloud.h"
#include "harness.h"

#include <imgact/provider.h>

// A copy of DigitalOcean's table that a test may change.
typedef struct table {
  imgact_provider provider;
  imgact_slot slots[IMGACT_OP_COUNT];
} table;

static table copy_of_digitalocean(void) {
  table t = {.provider = *imgact_provider_find("digitalocean")};
  memcpy(t.slots, t.provider.slots, sizeof t.slots);
  return t;
}

static harness *harness_of(table *t) {
  t->provider.slots = t->slots;
  return harness_with((harness_options){.client = {.provider = &t->provider}});
}

static imgact_status no_action(const imgact_call *call, const imgact_response *response,
                               imgact_result *result, imgact_error *error) {
  (void)call, (void)response, (void)result, (void)error;
  return IMGACT_OK;
}

TEST(provider_without_polls_rejects_wait) {
  table t = copy_of_digitalocean();
  t.slots[IMGACT_OP_WAIT_ACTIONS] = (imgact_slot){0};
  harness *s = harness_of(&t);
  imgact_op *op = imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3");
  imgact_op_set_wait(op, 1);
  harness_run(op, IMGACT_UNSUPPORTED);
  assert_non_null(strstr(imgact_op_error(op)->message, "wait_actions"));
  scripted_assert_nothing_sent(s->script);
  imgact_op_free(op);
  harness_free(s);
}

TEST(provider_without_polls_sends_transfer) {
  table t = copy_of_digitalocean();
  t.slots[IMGACT_OP_WAIT_ACTIONS] = (imgact_slot){0};
  harness *s = harness_of(&t);
  cloud *c = cloud_new(s->script, false);
  harness_expect(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_OK);
  assert_int_equal(c->applied, 1);
  harness_free(s);
  cloud_free(c);
}

TEST(provider_without_polls_allows_cleared_wait) {
  table t = copy_of_digitalocean();
  t.slots[IMGACT_OP_WAIT_ACTIONS] = (imgact_slot){0};
  harness *s = harness_of(&t);
  cloud *c = cloud_new(s->script, false);
  imgact_op *op = imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3");
  imgact_op_set_wait(op, 1);
  imgact_op_set_wait(op, 0);
  imgact_op_free(harness_run(op, IMGACT_OK));
  assert_int_equal(c->applied, 1);
  harness_free(s);
  cloud_free(c);
}

TEST(provider_without_polls_lookup_is_ambiguous) {
  table t = copy_of_digitalocean();
  t.slots[IMGACT_OP_WAIT_ACTIONS] = (imgact_slot){0};
  t.slots[IMGACT_OP_TRANSFER].flags |= IMGACT_SLOT_VERIFY_IMAGE;
  harness *s = harness_of(&t);
  cloud *c = cloud_new(s->script, false);
  cloud_plan(c, (cloud_outcome){.effects = 1});
  harness_expect(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_AMBIGUOUS);
  assert_int_equal(c->applied, 1);
  harness_free(s);
  cloud_free(c);
}

TEST(provider_decodes_no_action_starts_lookup) {
  table t = copy_of_digitalocean();
  t.slots[IMGACT_OP_TRANSFER].decode = no_action;
  harness *s = harness_of(&t);
  cloud *c = cloud_new(s->script, false);
  imgact_op *op = harness_run(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_OK);
  assert_true(imgact_op_adopted(op));
  assert_string_equal(imgact_op_action(op)->id, "9001");
  assert_int_equal(c->applied, 1);
  imgact_op_free(op);
  harness_free(s);
  cloud_free(c);
}

// The member that is missing is named.
static void assert_table_refused(const imgact_provider *provider, const char *named) {
  const imgact_client_options options = {
      .size = sizeof options, .provider = provider, .token = "t"};
  imgact_client *client = NULL;
  imgact_error error;
  assert_int_equal(imgact_client_new(&options, &client, &error), IMGACT_INVALID_ARGUMENT);
  assert_null(client);
  if (strstr(error.message, named) == NULL) fail_msg("%s: %s", named, error.message);
}

TEST(provider_table_missing_member_is_named) {
  const imgact_provider whole = *imgact_provider_find("digitalocean");
#define REFUSED(member, value)                                                                     \
  do {                                                                                             \
    imgact_provider p = whole;                                                                     \
    p.member = (value);                                                                            \
    assert_table_refused(&p, #member);                                                             \
  } while (0)
  REFUSED(default_endpoint, NULL);
  REFUSED(slots, NULL);
  {
    imgact_provider p = whole;
    p.slots_count = 0;
    assert_table_refused(&p, "slots");
  }
  REFUSED(slots_stride, sizeof(imgact_slot) - 1);
  REFUSED(is_valid_id, NULL);
  REFUSED(id_format, NULL);
  REFUSED(errors, NULL);
  REFUSED(token_env, NULL);
  REFUSED(max_per_page, 0);
  REFUSED(type_groups, NULL);
  REFUSED(type_groups_stride, 0);
  REFUSED(name, NULL);
  REFUSED(size, sizeof(imgact_provider) - 1);
#undef REFUSED
  table t = copy_of_digitalocean();
  t.slots[IMGACT_OP_CONVERT].action = NULL;
  t.provider.slots = t.slots;
  assert_table_refused(&t.provider, "convert");
  t = copy_of_digitalocean();
  t.slots[IMGACT_OP_TRANSFER].path = NULL;
  t.provider.slots = t.slots;
  assert_table_refused(&t.provider, "transfer");
}

// A table of an older version, or one that ends early, lacks the operations behind its end.
TEST(provider_table_short_lacks_operations) {
  table t = copy_of_digitalocean();
  t.provider.slots_count = IMGACT_OP_LIST_IMAGES + 1;
  harness *s = harness_of(&t);

  assert_true(imgact_client_supports(s->client, IMGACT_OP_LIST_IMAGES));
  assert_false(imgact_client_supports(s->client, IMGACT_OP_TRANSFER));
  scripted_json(s->script, 200, "{\"images\":[{\"id\":1}]}");
  harness_expect(imgact_list_images(s->client, NULL), IMGACT_OK);
  harness_expect(imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3"), IMGACT_UNSUPPORTED);
  harness_expect(imgact_list_actions(s->client, NULL), IMGACT_UNSUPPORTED);
  harness_expect(imgact_get_image(s->client, "name", NULL), IMGACT_UNSUPPORTED);
  assert_int_equal(scripted_count(s->script), 1);
  harness_free(s);
}

// Without the list operations their filters do not matter.
TEST(provider_table_without_lists_accepted) {
  table t = copy_of_digitalocean();
  t.slots[IMGACT_OP_LIST_IMAGES] = t.slots[IMGACT_OP_LIST_ACTIONS] = (imgact_slot){0};
  harness *s = harness_of(&t);
  scripted_json(s->script, 200, "{\"image\":{\"id\":1}}");
  harness_expect(imgact_get_image(s->client, "1", NULL), IMGACT_OK);
  harness_expect(imgact_list_images(s->client, NULL), IMGACT_UNSUPPORTED);
  harness_free(s);
}

TEST(provider_table_unsupported_declaration_rejected) {
  table t = copy_of_digitalocean();
  t.provider.slots = t.slots;
  t.slots[IMGACT_OP_LIST_IMAGES].local_filters |= IMGACT_FILTER_BIT(IMAGE_LABEL_SELECTOR);

  assert_table_refused(&t.provider, "filter");
  t = copy_of_digitalocean();
  t.provider.slots = t.slots;
  t.slots[IMGACT_OP_LIST_ACTIONS].local_filters |= IMGACT_FILTER_BIT(IMAGE_TAG);
  assert_table_refused(&t.provider, "filter");
  t = copy_of_digitalocean();
  t.provider.slots = t.slots;
  t.slots[IMGACT_OP_GET_IMAGE].flags |= IMGACT_SLOT_NAME_LOOKUP;
  t.slots[IMGACT_OP_LIST_IMAGES] = (imgact_slot){0};
  assert_table_refused(&t.provider, "list_images");
}

// The query of an exact group returns only its types, unless the library itself has to select them.
TEST(provider_local_type_filter_is_applied) {
  const imgact_image_type backup = IMGACT_IMAGE_TYPE_BACKUP;
  const imgact_image_filter filter = {.size = sizeof filter, .types = &backup, .types_count = 1};
  const imgact_type_group exact = {IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SNAPSHOT) |
                                       IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_BACKUP),
                                   1};
  table t = copy_of_digitalocean();
  imgact_slot *list = &t.slots[IMGACT_OP_LIST_IMAGES];
  list->server_filters &= ~IMGACT_FILTER_BIT(IMAGE_TYPE);
  list->local_filters |= IMGACT_FILTER_BIT(IMAGE_TYPE);
  t.provider.type_groups = &exact;
  t.provider.type_groups_count = 1;
  harness *s = harness_of(&t);
  size_t count;

  scripted_json(s->script, 200,
                "{\"images\":[{\"id\":1,\"type\":\"snapshot\"},{\"id\":2,\"type\":\"backup\"}]}");
  imgact_op *op = harness_run(imgact_list_images(s->client, &filter), IMGACT_OK);
  const imgact_image *const *images = imgact_op_images(op, &count);
  assert_int_equal(count, 1);
  assert_string_equal(images[0]->id, "2");
  imgact_op_free(op);
  harness_free(s);
}

// An API may want the token in another header, without a scheme, and headers of its own.
TEST(provider_headers_sent_token_redacted) {
  static const char *const headers[] = {"X-Version", "7", "X-Client", "imgact", NULL};
  table t = copy_of_digitalocean();
  t.provider.auth_header = "X-Auth-Token";
  t.provider.auth_prefix = "";
  t.provider.headers = headers;
  harness *s = harness_of(&t);

  scripted_json(s->script, 404, "{\"message\":\"no " HARNESS_TOKEN "\"}");
  imgact_op *op = harness_run(imgact_get_image(s->client, "1", NULL), IMGACT_NOT_FOUND);
  assert_string_equal(imgact_op_error(op)->message, "no [redacted]");
  const scripted_request *request = scripted_at(s->script, 0);
  assert_string_equal(scripted_header(request, "X-Auth-Token"), HARNESS_TOKEN);
  assert_string_equal(scripted_header(request, "X-Version"), "7");
  assert_string_equal(scripted_header(request, "X-Client"), "imgact");
  assert_null(scripted_header(request, "Authorization"));

  imgact_op_free(op);
  harness_free(s);
}

// A change that is done when the response arrives gives a finished action without an id.
TEST(provider_immediate_change_is_finished) {
  table t = copy_of_digitalocean();
  imgact_slot *slot = &t.slots[IMGACT_OP_TRANSFER];
  slot->method = "PUT";
  slot->action = NULL;
  slot->flags = IMGACT_SLOT_IDEMPOTENT | IMGACT_SLOT_IMMEDIATE;
  harness *s = harness_of(&t);

  scripted_json(s->script, 204, "");
  imgact_op *op = imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3");
  imgact_op_set_wait(op, 1);
  harness_run(op, IMGACT_OK);
  const imgact_action *action = imgact_op_action(op);
  assert_null(action->id);
  assert_int_equal(action->kind, IMGACT_ACTION_KIND_TRANSFER);
  assert_int_equal(action->status, IMGACT_ACTION_STATUS_SUCCESS);
  assert_string_equal(action->region, "nyc3");
  assert_string_equal(action->resources[0].id, CLOUD_IMAGE);
  assert_int_equal(scripted_count(s->script), 1);

  imgact_op_free(op);
  harness_free(s);
}

// Two queries return the same images. Each is filtered by the types of its own query.
TEST(provider_type_queries_filtered_separately) {
  static const imgact_type_group groups[] = {{IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_SNAPSHOT), 0},
                                             {IMGACT_IMAGE_TYPE_BIT(IMGACT_IMAGE_TYPE_BACKUP), 0}};
  static const imgact_image_type types[] = {IMGACT_IMAGE_TYPE_BACKUP, IMGACT_IMAGE_TYPE_SNAPSHOT};
  table t = copy_of_digitalocean();
  t.provider.type_groups = groups;
  t.provider.type_groups_count = 2;
  harness *s = harness_of(&t);
  scripted_on(
      s->script, "GET *",
      (scripted_answer){
          .status = 200,
          .body = "{\"images\":[{\"id\":1,\"type\":\"snapshot\"},{\"id\":2,\"type\":\"backup\"},"
                  "{\"id\":3,\"type\":\"snapshot\"}],\"links\":{},\"meta\":{\"total\":3}}"});
  const imgact_image_filter filter = {.size = sizeof filter, .types = types, .types_count = 2};
  imgact_op *op = harness_run(imgact_list_images(s->client, &filter), IMGACT_OK);
  size_t count = 0;
  const imgact_image *const *images = imgact_op_images(op, &count);
  assert_int_equal(count, 3);
  assert_string_equal(images[2]->id, "2");
  assert_int_equal(scripted_count(s->script), 2);

  imgact_op_free(op);
  harness_free(s);
}

int main(void) { return testing_run(NULL, NULL); }
