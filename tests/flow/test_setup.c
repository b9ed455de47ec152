// SPDX-License-Identifier: MIT
// Creating loops and clients: which options are rejected; and a loop on the system clock.
#include "harness.h"

#include <imgact/provider.h>

#define IMAGE "{\"image\":{\"id\":1}}"

// ---- loops

static int destroyed;

static imgact_status send_nothing(imgact_transport *transport, const imgact_http_request *request,
                                  imgact_exchange *exchange) {
  (void)transport, (void)request, (void)exchange;
  return IMGACT_INTERNAL;
}

static void forget(imgact_transport *transport, imgact_exchange *exchange) {
  (void)transport, (void)exchange;
}
static void idle(imgact_transport *transport) { (void)transport; }
static void destroy(imgact_transport *transport) {
  (void)transport;
  destroyed++;
}
static int none(imgact_transport *transport) {
  (void)transport;
  return -1;
}
static int64_t midnight(imgact_transport *transport) {
  (void)transport;
  return 0;
}

static imgact_transport deaf_transport(void) {
  return (imgact_transport){.size = sizeof(imgact_transport),
                            .send = send_nothing,
                            .cancel = forget,
                            .dispatch = idle,
                            .fd = none,
                            .timeout_ms = none,
                            .destroy = destroy};
}

// imgact_loop_new() takes ownership of the transport: it is destroyed on failure, too.
static void refuse_transport(imgact_transport transport, const char *what) {
  imgact_loop_options options = {.size = sizeof options, .transport = &transport};
  imgact_loop *loop = (imgact_loop *)(void *)&options;
  imgact_error error;
  int before = destroyed;
  if (imgact_loop_new(&options, &loop, &error) != IMGACT_INVALID_ARGUMENT)
    fail_msg("%s is not missed", what);
  assert_null(loop);
  assert_non_null(strstr(error.message, "transport"));
  assert_int_equal(destroyed - before, transport.destroy != NULL);
}

TEST(transport_incomplete_is_rejected) {
#define HOLE(member)                                                                               \
  do {                                                                                             \
    imgact_transport transport = deaf_transport();                                                 \
    transport.member = 0;                                                                          \
    refuse_transport(transport, #member);                                                          \
  } while (0)
  HOLE(size);
  HOLE(send);
  HOLE(cancel);
  HOLE(dispatch);
  HOLE(fd);
  HOLE(timeout_ms);
  HOLE(destroy);
#undef HOLE
  imgact_transport half_a_clock = deaf_transport();
  half_a_clock.now_ms = midnight;
  refuse_transport(half_a_clock, "advance");
}

static void refused_in_the_same_words(const imgact_allocator *allocator, const char *words) {
  imgact_config *config;
  imgact_transport *transport;
  imgact_json_doc *doc;
  imgact_error error;
  char message[128];

  assert_int_equal(imgact_config_load("x", allocator, &config, &error), IMGACT_INVALID_ARGUMENT);
  assert_string_equal(error.message, words);
  assert_int_equal(imgact_transport_new_curl(allocator, NULL, &transport, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_string_equal(error.message, words);
  assert_int_equal(imgact_transport_new_recorder(NULL, "x", allocator, &transport, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_string_equal(error.message, words);
  assert_int_equal(imgact_transport_new_replayer("x", allocator, &transport, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_string_equal(error.message, words);
  assert_int_equal(imgact_json_doc_parse("1", 1, allocator, &doc, message, sizeof message), -2);
  assert_string_equal(message, words);
}

TEST(allocator_incomplete_is_rejected) {
  failing_allocator memory;
  failing_allocator_init(&memory, 0);
  for (int hole = 0; hole < 4; hole++) {
    imgact_allocator allocator = memory.allocator;
    if (hole == 0) allocator.size--;
    if (hole == 1) allocator.alloc = NULL;
    if (hole == 2) allocator.resize = NULL;
    if (hole == 3) allocator.release = NULL;
    imgact_transport transport = deaf_transport();
    imgact_loop_options options = {
        .size = sizeof options, .allocator = &allocator, .transport = &transport};
    imgact_loop *loop = NULL;
    imgact_error error;
    int before = destroyed;
    assert_int_equal(imgact_loop_new(&options, &loop, &error), IMGACT_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "allocator"));
    assert_int_equal(destroyed - before, 1);
    refused_in_the_same_words(&allocator, error.message);
  }
  assert_memory_fine(&memory);
}

// It would be ignored: the transport has its own.
TEST(loop_ca_file_with_transport_rejected) {
  imgact_transport transport = deaf_transport();
  imgact_loop_options options = {
      .size = sizeof options, .transport = &transport, .ca_file = "/etc/hostname"};
  imgact_loop *loop = (imgact_loop *)(void *)&options;
  imgact_error error;
  int before = destroyed;
  assert_int_equal(imgact_loop_new(&options, &loop, &error), IMGACT_INVALID_ARGUMENT);
  assert_null(loop);
  assert_non_null(strstr(error.message, "imgact_transport_new_curl"));
  assert_int_equal(destroyed - before, 1);
}

TEST(loop_options_size_unknown_rejected) {
  imgact_transport transport = deaf_transport();
  imgact_loop_options options = {.size = 0, .transport = &transport};
  imgact_loop *loop = NULL;
  imgact_error error;
  int before = destroyed;
  assert_int_equal(imgact_loop_new(&options, &loop, &error), IMGACT_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "size is 0"));
  assert_int_equal(destroyed, before); // members after a wrong size are not read
  assert_int_equal(imgact_loop_new(&options, &loop, NULL), IMGACT_INVALID_ARGUMENT);
}

// ---- clients

// Creating a client fails with this text and destroys the transport.
static void refuse_client(imgact_client_options options, const char *words) {
  imgact_transport transport = deaf_transport();
  imgact_client *client = (imgact_client *)(void *)&transport;
  imgact_error error;
  int before = destroyed;
  options.size = sizeof options;
  options.transport = &transport;
  assert_int_equal(imgact_client_new(&options, &client, &error), IMGACT_INVALID_ARGUMENT);
  assert_null(client);
  if (strstr(error.message, words) == NULL) fail_msg("'%s' is not in '%s'", words, error.message);
  assert_int_equal(destroyed - before, 1);
  assert_int_equal(imgact_client_new(&options, &client, NULL), IMGACT_INVALID_ARGUMENT);
}

TEST(client_invalid_option_is_named) {
  static char app[202];
  memset(app, 'a', 201);
  const imgact_client_options good = {.provider_name = "hetzner", .token = "some-token"};
#define WRONG(words, ...)                                                                          \
  do {                                                                                             \
    imgact_client_options o = good;                                                                \
    __VA_ARGS__;                                                                                   \
    refuse_client(o, words);                                                                       \
  } while (0)
  WRONG("missing provider", o.provider_name = NULL);
  WRONG("unknown provider 'heztner'; known providers: hetzner, digitalocean",
        o.provider_name = "heztner");
  WRONG("no token for", o.token = NULL);
  WRONG("token is empty", o.token = " \n");
  WRONG("quotation marks", o.token = "\"some-token\"");
  WRONG("must not begin with 'Bearer'", o.token = "bearer some-token");
  WRONG("must not begin with 'NAME='", o.token = "HCLOUD_TOKEN=some-token");
  WRONG("must be 0 to 90, not -1", o.rate_limit_reserve_percent = -1);
  WRONG("must be 0 to 90, not 91", o.rate_limit_reserve_percent = 91);
  WRONG("application must be", o.application = "caf\xc3\xa9");
  WRONG("application must be", o.application = "two\r\nlines");
  WRONG("application must be at most 200", o.application = app);
  WRONG("the application contains the API token", o.application = "app/some-token-1");
  WRONG("the endpoint contains the API token", o.endpoint = "https://example.com/some-token/v1");
  WRONG("'http://example.com'", o.endpoint = "http://example.com");
  WRONG("''", o.endpoint = "");
  WRONG("invalid endpoint", o.endpoint = "https://example.com/?a=b");
  WRONG("ca_file", o.ca_file = "/etc/hostname");
#undef WRONG
}

// Options for a new loop would be ignored if a loop is given.
TEST(client_loop_with_loop_options_rejected) {
  harness *s = harness_new();
  imgact_transport transport = deaf_transport();
  const imgact_client_options good = {
      .size = sizeof good, .provider_name = "hetzner", .token = "some-token", .loop = s->loop};
  imgact_client_options wrong[3] = {good, good, good};
  wrong[0].transport = &transport;
  wrong[1].ca_file = "/etc/hostname";
  wrong[2].allocator = &s->memory.allocator;
  static const char *const names[3] = {"the transport ", "the ca_file ", "the allocator "};
  int before = destroyed;

  for (size_t i = 0; i < 3; i++) {
    imgact_client *client = s->client;
    imgact_error error;
    assert_int_equal(imgact_client_new(&wrong[i], &client, &error), IMGACT_INVALID_ARGUMENT);
    assert_null(client);
    assert_non_null(strstr(error.message, names[i]));
    assert_int_equal(destroyed - before, 1); // destroyed, although rejected
  }
  harness_free(s);
}

// The options of one client are used for a second one on its loop.
TEST(client_rejected_keeps_loop_transport) {
  imgact_transport transport = deaf_transport();
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = "hetzner",
                                   .token = "some-token",
                                   .transport = &transport};
  imgact_client *first = NULL, *second = NULL;
  int before = destroyed;

  assert_int_equal(imgact_client_new(&options, &first, NULL), IMGACT_OK);
  options.loop = imgact_client_loop(first);
  assert_int_equal(imgact_client_new(&options, &second, NULL), IMGACT_INVALID_ARGUMENT);
  assert_int_equal(destroyed, before);
  imgact_client_free(first);
  assert_int_equal(destroyed - before, 1);
}

// A user in the endpoint may come with a password.
TEST(endpoint_password_not_in_error) {
  imgact_client *client = NULL;
  imgact_error error;
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = "hetzner",
                                   .token = "t",
                                   .endpoint = "https://me:secret@example.com"};
  assert_int_equal(imgact_client_new(&options, &client, &error), IMGACT_INVALID_ARGUMENT);
  assert_null(strstr(error.message, "secret"));
  assert_non_null(strstr(error.message, "https://api.example.com/v1"));
}

TEST(provider_found_by_name_or_index) {
  assert_string_equal(imgact_provider_at(0)->name, "hetzner");
  assert_string_equal(imgact_provider_at(1)->name, "digitalocean");
  assert_null(imgact_provider_at(2));
  assert_null(imgact_provider_at(SIZE_MAX));
  assert_ptr_equal(imgact_provider_find("digitalocean"), imgact_provider_at(1));
  assert_null(imgact_provider_find("Hetzner"));
  assert_null(imgact_provider_find(""));
  assert_null(imgact_provider_find(NULL));
}

TEST(client_getters_return_options) {
  static const bool lacks[2][IMGACT_OP_COUNT] = {{[IMGACT_OP_TRANSFER] = true,
                                                  [IMGACT_OP_IMPORT_IMAGE] = true,
                                                  [IMGACT_OP_LIST_SERVER_IMAGES] = true,
                                                  [IMGACT_OP_LIST_REGIONS] = true,
                                                  [IMGACT_OP_CREATE_HANDOVER] = true,
                                                  [IMGACT_OP_ACCEPT_HANDOVER] = true,
                                                  [IMGACT_OP_DECLINE_HANDOVER] = true,
                                                  [IMGACT_OP_CANCEL_HANDOVER] = true,
                                                  [IMGACT_OP_CHANGE_TAGS] = true,
                                                  [IMGACT_OP_CREATE_TAG] = true,
                                                  [IMGACT_OP_TAG_IMAGES] = true,
                                                  [IMGACT_OP_UNTAG_IMAGES] = true},
                                                 {[IMGACT_OP_CHANGE_PROTECTION] = true}};
  for (size_t i = 0; i < 2; i++) {
    harness *s = harness_with((harness_options){
        .digitalocean = i == 1, .client = {.endpoint = "https://h.example/base///"}});
    assert_string_equal(imgact_client_provider_name(s->client),
                        i == 1 ? "digitalocean" : "hetzner");
    assert_string_equal(imgact_client_endpoint(s->client), "https://h.example/base");
    assert_ptr_equal(imgact_client_loop(s->client), s->loop);
    for (size_t kind = 0; kind < IMGACT_OP_COUNT; kind++)
      assert_int_equal(imgact_client_supports(s->client, (imgact_op_kind)kind), !lacks[i][kind]);
    assert_false(imgact_client_supports(s->client, IMGACT_OP_COUNT));
    assert_false(imgact_client_supports(s->client, (imgact_op_kind)-1));
    assert_false(imgact_client_supports(NULL, IMGACT_OP_LIST_IMAGES));
    harness_free(s);
  }
}

TEST(user_agent_starts_with_application) {
  static const char *const apps[][2] = {{"app/1.2", "app/1.2 imgact/" IMGACT_VERSION_STRING},
                                        {"", "imgact/" IMGACT_VERSION_STRING}};
  for (size_t i = 0; i < 2; i++) {
    harness *s = harness_with((harness_options){.client = {.application = apps[i][0]}});
    scripted_json(s->script, 200, IMAGE);
    harness_expect(imgact_get_image(s->client, "1", NULL), IMGACT_OK);
    assert_string_equal(scripted_header(scripted_at(s->script, 0), "User-Agent"), apps[i][1]);
    harness_free(s);
  }
}

TEST(client_redact_replaces_token) {
  harness *s = harness_new();
  char text[64];
  assert_int_equal(imgact_client_redact(s->client, "a " HARNESS_TOKEN " b", text, sizeof text), 14);
  assert_string_equal(text, "a [redacted] b");
  assert_int_equal(imgact_client_redact(s->client, "a " HARNESS_TOKEN " b", text, 6), 14);
  assert_string_equal(text, "a [re");
  assert_int_equal(imgact_client_redact(s->client, "", text, sizeof text), 0);
  assert_string_equal(text, "");
  static const char *const spelled[] = {"basic dW5taXN0YWthYmxlLXRva2VuLTAxMjM0NTY3ODlhYmNkZWY=",
                                        "?t=unmistakable%2Dtoken%2D0123456789abcdef",
                                        "\"\\u0075nmistakable-token-0123456789abcdef\"",
                                        "unmistakable&#45;token&#45;0123456789abcdef"};
  for (size_t i = 0; i < sizeof spelled / sizeof *spelled; i++) {
    assert_int_equal(imgact_client_redact(s->client, spelled[i], text, sizeof text), 10);
    assert_string_equal(text, "[redacted]");
  }
  s->memory.fail_at = s->memory.calls + 1;
  s->memory.for_good = true;
  assert_int_equal(imgact_client_redact(s->client, "a " HARNESS_TOKEN " b", text, sizeof text), 0);
  assert_string_equal(text, ""); // without memory the text is empty
  harness_free(s);
}

// ---- the system's clock

static int some_descriptor(imgact_transport *transport) {
  (void)transport;
  return 0;
}

// The script's clock stands still: its responses come at once, everything else waits on the system
// clock.
static harness *harness_in_real_time(imgact_client_options options, int (*fd)(imgact_transport *),
                                     void (*wakeup)(imgact_transport *)) {
  harness *s = calloc(1, sizeof *s);
  if (s == NULL) abort();
  failing_allocator_init(&s->memory, 0);
  s->script = scripted_new();
  imgact_transport *transport = scripted_transport(s->script);
  transport->now_ms = NULL;
  transport->advance_to = NULL;
  transport->wakeup = wakeup;
  if (fd != NULL) transport->fd = fd;
  imgact_loop_options loop = {
      .size = sizeof loop, .allocator = &s->memory.allocator, .transport = transport};
  assert_int_equal(imgact_loop_new(&loop, &s->loop, NULL), IMGACT_OK);
  s->client = harness_client(s, (harness_options){.client = options});
  return s;
}

TEST(loop_system_clock_ends_pauses) {
  harness *s = harness_in_real_time((imgact_client_options){.retry_base_ms = 2}, NULL, NULL);
  for (int i = 0; i < 3; i++)
    scripted_fail(s->script, IMGACT_DELIVERY_NOT_SENT, IMGACT_FAILURE_NETWORK);
  scripted_json(s->script, 200, IMAGE);
  assert_int_equal(imgact_loop_fd(s->loop), -1);
  assert_int_equal(imgact_loop_timeout_ms(s->loop), -1);
  harness_expect(imgact_get_image(s->client, "1", NULL), IMGACT_OK);
  assert_int_equal(scripted_count(s->script), 4);
  harness_free(s);
}

TEST(loop_timeout_next_event_or_hour) {
  harness *s = harness_in_real_time(
      (imgact_client_options){.retry_base_ms = 60000, .request_timeout_ms = 100000000},
      some_descriptor, idle);
  scripted_fail(s->script, IMGACT_DELIVERY_NOT_SENT, IMGACT_FAILURE_NETWORK);
  imgact_op *op = imgact_get_image(s->client, "1", NULL);

  imgact_op_start(op, NULL, NULL);
  assert_int_equal(imgact_loop_timeout_ms(s->loop), 0); // it wants to be sent
  imgact_loop_dispatch(s->loop);
  assert_int_in_range(imgact_loop_timeout_ms(s->loop), 1, 60000); // and now to be sent again
  imgact_op_free(op);
  scripted_next(s->script, (scripted_answer){.status = 200, .body = IMAGE, .delay_ms = 5000});
  op = harness_configure(imgact_get_image(s->client, "1", NULL),
                         (imgact_op_options){.deadline_ms = 1000000000});
  imgact_op_start(op, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  assert_int_in_range(imgact_loop_timeout_ms(s->loop), 1, 5000); // the transport's own
  scripted_advance(s->script, 5000);
  imgact_loop_dispatch(s->loop);
  assert_status(op, IMGACT_OK);
  imgact_op_free(op);
  scripted_next(s->script, (scripted_answer){.status = 200, .body = IMAGE, .delay_ms = 90000000});
  op = harness_configure(imgact_get_image(s->client, "1", NULL),
                         (imgact_op_options){.deadline_ms = 80000000});
  imgact_op_start(op, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  assert_int_equal(imgact_loop_timeout_ms(s->loop), 3600000);

  imgact_op_free(op);
  harness_free(s);
}

static void expect_short_sleeps(int (*fd)(imgact_transport *), void (*wakeup)(imgact_transport *)) {
  harness *s = harness_in_real_time((imgact_client_options){.retry_base_ms = 60000}, fd, wakeup);
  assert_int_equal(imgact_loop_timeout_ms(s->loop), -1); // idle
  scripted_fail(s->script, IMGACT_DELIVERY_NOT_SENT, IMGACT_FAILURE_NETWORK);
  imgact_op *op = imgact_get_image(s->client, "1", NULL);
  imgact_op_start(op, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  assert_int_in_range(imgact_loop_timeout_ms(s->loop), 1, 50); // in a back-off
  imgact_op_free(op);
  for (int i = 0; i < 2; i++) {
    scripted_next(s->script,
                  (scripted_answer){.status = 200, .body = IMAGE, .delay_ms = i == 0 ? 3 : 5000});
    op = imgact_get_image(s->client, "1", NULL);
    imgact_op_start(op, NULL, NULL);
    imgact_loop_dispatch(s->loop);
    if (i == 0)
      assert_int_in_range(imgact_loop_timeout_ms(s->loop), 1, 3); // what comes sooner stays
    if (i == 1) assert_int_in_range(imgact_loop_timeout_ms(s->loop), 1, 50);
    imgact_op_free(op);
  }
  harness_free(s);
}

// Otherwise a wakeup would take effect only when the sleep ends.
TEST(loop_timeout_without_wakeup_is_short) {
  expect_short_sleeps(NULL, NULL);
  expect_short_sleeps(NULL, idle);
  expect_short_sleeps(some_descriptor, NULL);
}

TEST(loop_wakeup_ends_run) {
  harness *s = harness_in_real_time((imgact_client_options){.retry_base_ms = 60000}, NULL, NULL);
  scripted_next(s->script, (scripted_answer){.delay_ms = SCRIPTED_NEVER});
  imgact_op *op = imgact_get_image(s->client, "1", NULL);

  imgact_op_start(op, NULL, NULL);
  imgact_loop_dispatch(s->loop);
  assert_true(imgact_loop_timeout_ms(s->loop) > 0);
  imgact_loop_wakeup(s->loop);
  assert_int_equal(imgact_loop_timeout_ms(s->loop), 0);
  assert_int_equal(imgact_loop_run(s->loop), IMGACT_OK);
  assert_false(imgact_op_done(op));
  assert_true(imgact_loop_timeout_ms(s->loop) > 0);

  imgact_op_free(op);
  harness_free(s);
}

TEST(transport_send_failure_not_retried) {
  imgact_transport transport = deaf_transport();
  imgact_client_options options = {.size = sizeof options,
                                   .provider_name = "hetzner",
                                   .token = "some-token",
                                   .transport = &transport};
  imgact_client *client = NULL;
  assert_int_equal(imgact_client_new(&options, &client, NULL), IMGACT_OK);
  imgact_op *op = harness_run(imgact_protect_image(client, "1"), IMGACT_INTERNAL);
  assert_non_null(strstr(imgact_op_error(op)->message, "rejected the request"));
  assert_no_flag(op, IMGACT_ERROR_MAYBE_APPLIED);
  imgact_op_free(op);
  imgact_client_free(client);
}

int main(void) { return testing_run(NULL, NULL); }
