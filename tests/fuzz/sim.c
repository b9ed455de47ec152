// SPDX-License-Identifier: MIT
/*
 * The simulator without sockets. An input is a sequence of requests, separated by lines "%%":
 * "METHOD TARGET", then the body. A target under /_sim/ is a control request: world files, faults,
 * time. A method that begins with "!" has no token. Properties:
 *
 *   - a response has a status from 200 to 599, which is 500 only if a fault sets it;
 *   - its head has one line per header, so no value starts a line of its own;
 *   - a body whose type is JSON is JSON, unless a fault changed it;
 *   - a response without a 2xx status had no effect, unless there are faults;
 *   - the dump of a world can be loaded, and the dump of that world is the same.
 */
#include "control_api.h"
#include "fuzz.h"
#include "http_bytes.h"

#define START_MS     INT64_C(1767225600000)
#define STEP_MS      1500
#define MAX_REQUESTS 50
#define SMALL_WORLD  300 /* images and actions of a world that is dumped */

static uint64_t effects(const sim_instance *instance) {
  uint64_t sum = 0;
  for (int effect = 0; effect < SIM_EFFECTS; effect++)
    sum += instance->world->counters.effects[effect];
  return sum;
}

static void check_head(const sim_reply *reply) {
  sim_text head = {0};
  sim_http_head(reply, &head);
  const char *text = sim_text_get(&head);
  size_t lines = 0;
  CHECK(text && strlen(text) == head.length);
  for (const char *at = text; *at != '\0'; at++) {
    lines += *at == '\n';
    CHECK((*at == '\r') == (at[1] == '\n') || *at == '\n');
  }
  CHECK(lines == reply->headers_count + 3); /* the status, Content-Length, the empty line */
  sim_text_free(&head);
}

static void check_reply(const sim_outcome *outcome, bool faulty) {
  const sim_reply *reply = &outcome->reply;
  if (outcome->end != SIM_END_REPLY) return;
  check_head(reply);
  if (faulty) return;
  CHECK(reply->status >= 200 && reply->status <= 599 && reply->status != 500);
  const char *type = sim_reply_get(reply, "Content-Type");
  CHECK(!reply->body_bytes || type);
  if (!type || strncmp(type, "application/json", 16) != 0) return;
  imgact_json_doc *doc = NULL;
  CHECK(imgact_json_doc_parse(reply->body, reply->body_bytes, NULL, &doc, NULL, 0) == 0);
  imgact_json_doc_free(doc);
}

static void serve(sim_instance *instance, char *text, size_t length, int64_t now_ms) {
  char *newline = strchr(text, '\n'), *space = strchr(text, ' ');
  if (newline) *newline = '\0';
  if (!space || (newline && space > newline)) return;

  *space = '\0';
  bool anonymous = text[0] == '!';
  sim_request request = {.method = text + anonymous, .target = space + 1, .host = "127.0.0.1:8080"};
  if (!anonymous) request.authorization = "Bearer token";
  if (newline) {
    request.body = newline + 1;
    request.body_bytes = length - (size_t)(newline + 1 - text);
  }
  bool faulty = instance->faults.count != 0, control = sim_is_control(request.target);
  uint64_t before = effects(instance);
  sim_cloud cloud = strncmp(request.target, "/v1", 3) ? SIM_DIGITALOCEAN : SIM_HETZNER;
  sim_outcome outcome = sim_instance_serve(instance, cloud, &request, now_ms);
  check_reply(&outcome, faulty);
  if (!faulty && !control && outcome.reply.status >= 300) CHECK(effects(instance) == before);

  sim_reply_free(&outcome.reply);
}

static bool is_small(const sim_world *world) {
  size_t count = 0;
  for (int cloud = 0; cloud < SIM_CLOUDS; cloud++)
    count += world->clouds[cloud].images_count + world->clouds[cloud].actions_count;
  return count <= SMALL_WORLD;
}

static void check_dump(sim_world *world, int64_t now_ms) {
  char message[200] = "";

  sim_world_advance(world, now_ms);
  char *text = sim_world_dump(world, now_ms);
  CHECK(text);
  sim_world *copy = sim_world_new(world->seed);
  CHECK(copy && sim_world_defaults(copy));
  if (!sim_world_load(copy, text, strlen(text), now_ms, message, sizeof message)) {
    fprintf(stderr, "%s: %s\n", message, text);
    CHECK(false && "the dump of a world cannot be loaded");
  }
  char *again = sim_world_dump(copy, now_ms);
  CHECK(again);
  if (strcmp(text, again) != 0) {
    fprintf(stderr, "%s\n%s\n", text, again);
    CHECK(false && "the dump differs after a load");
  }

  free(again);
  free(text);
  sim_world_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  sim_instance instance = {.world = sim_world_new(7), .clock = {START_MS, 0, 1}};
  CHECK(instance.world && sim_world_defaults(instance.world) &&
        sim_world_generate(instance.world, 8, START_MS));
  fuzz_parts parts = {.next = (const char *)data, .end = (const char *)data + size};
  int64_t now_ms = 0;
  for (int i = 0; i < MAX_REQUESTS && fuzz_next_part(&parts); i++, now_ms += STEP_MS)
    serve(&instance, parts.text, parts.length, now_ms);
  if (is_small(instance.world)) check_dump(instance.world, sim_clock_now(&instance.clock, now_ms));
  sim_instance_clear(&instance);
  free(parts.text);
  return 0;
}
