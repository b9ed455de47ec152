// SPDX-License-Identifier: MIT
/*
 * Random requests, valid and invalid, to the clouds and the control API, for SIM_RANDOM_SECONDS
 * (default 1) from the seed SIM_RANDOM_SEED. Each response has a status, and JSON if its type is
 * JSON. Without a 2xx status there is no effect.
 */
#include "http_fixture.h"
#include <time.h>

static uint64_t random_state;

#define PICK(items) items[testing_below(&random_state, SIM_COUNT(items))]
#define CHANCE(n)   (testing_below(&random_state, (n)) == 0)

static const char *const methods[] = {"GET", "GET", "GET",    "GET",   "POST", "POST",
                                      "PUT", "PUT", "DELETE", "PATCH", "HEAD", "\xff"};
static const char *const segments[] = {"v1",
                                       "v2",
                                       "images",
                                       "images",
                                       "actions",
                                       "actions",
                                       "change_protection",
                                       "10",
                                       "11",
                                       "12",
                                       "1",
                                       "4715",
                                       "7938290",
                                       "13",
                                       "2200000001",
                                       "account_transfer",
                                       "accept",
                                       "cancel",
                                       "decline",
                                       "debian-12-x64",
                                       "%31%30",
                                       "%ff",
                                       "99999999999999999999",
                                       "..",
                                       "-1",
                                       "servers",
                                       "droplets",
                                       "create_image",
                                       "snapshots",
                                       "tags",
                                       "prod",
                                       "resources",
                                       "regions",
                                       "_sim"};
static const char *const names[] = {"page",         "per_page",
                                    "type",         "status",
                                    "sort",         "id",
                                    "name",         "label_selector",
                                    "architecture", "include_deprecated",
                                    "bound_to",     "private",
                                    "tag_name",     "x",
                                    "%70age",       ""};
static const char *const values[] = {"1",
                                     "2",
                                     "50",
                                     "1000",
                                     "0",
                                     "-1",
                                     "snapshot",
                                     "backup",
                                     "custom",
                                     "distribution",
                                     "available",
                                     "running",
                                     "id:desc",
                                     "created",
                                     "started:asc",
                                     "true",
                                     "env%3Dprod",
                                     "env+in+(a,prod)",
                                     "!keep",
                                     "%2C",
                                     "%00",
                                     "%e2%28",
                                     "9223372036854775807",
                                     "999999999999999999",
                                     "x86",
                                     "prod",
                                     ""};
static const char *const bodies[] = {
    "{\"type\":\"snapshot\",\"name\":\"s\"}",
    "{\"type\":\"backup\",\"description\":\"d\",\"labels\":{\"a\":\"b\"}}",
    "{}",
    "{\"name\":\"prod\"}",
    ("{\"resources\":[{\"resource_id\":\"10\",\"resource_type\":\"image\"},{\"resource_id\":\"1\","
     "\"resource_type\":\"droplet\"}]}"),
    "{\"delete\":true}",
    "{\"delete\":false}",
    "{\"type\":\"convert\"}",
    "{\"type\":\"snapshot\"}",
    "{\"type\":\"transfer\",\"region\":\"nyc3\"}",
    "{\"type\":\"transfer\",\"region\":\"ams3\"}",
    "{\"labels\":{\"a\":\"b\",\"c/d\":\"\"},\"description\":\"x\\u0000y\"}",
    "{\"name\":\"n\"}",
    "{\"name\":\"i\",\"url\":\"u/fail\",\"region\":\"nyc3\",\"tags\":[\"t\"]}",
    "{\"recipient_uuid\":\"u\",\"transfer_id\":3164444}",
    "[]",
    "{",
    "null",
    "{\"labels\":[]}",
    "\xff"};
static const char *const controls[] = {"/_sim/counters", "/_sim/time",  "/_sim/faults",
                                       "/_sim/faults",   "/_sim/world", "/_sim/x"};
static const char *const commands[] = {
    "{\"advance_ms\":1000}",
    "{\"advance_ms\":100000000}",
    "{\"speed\":2}",
    "[]",
    "[{\"do\":\"hide\",\"ms\":100},{\"do\":\"fail\",\"probability\":0.5},{\"do\":\"duplicate\","
    "\"probability\":0.3}]",
    "[{\"do\":\"close\",\"probability\":0.1,\"when\":\"after\"},{\"do\":\"next\",\"next\":\"same\","
    "\"probability\":0.3}]",
    "[{\"do\":\"appear\",\"probability\":0.2},{\"do\":\"vanish\",\"probability\":0.2},{\"do\":"
    "\"next\",\"next\":\"host\"}]",
    "[{\"do\":\"status\",\"status\":503,\"body\":\"html\",\"probability\":0.1},{\"do\":\"last\","
    "\"ms\":5}]",
    "{\"limits\":{\"hetzner\":{\"limit\":50,\"actions\":70},\"digitalocean\":{\"limit\":100,"
    "\"burst\":9}}}",
    "{\"tokens\":[{\"token\":\"token\",\"scopes\":[\"image:read\"]}]}",
    "{\"tokens\":[{\"token\":\"token\",\"access\":\"read_write\"}]}",
    "{\"accounts\":[{\"name\":\"b\",\"team\":\"u\",\"auto_accept\":true}],\"tokens\":[{\"token\":"
    "\"token\",\"account\":\"b\"}]}",
    "{\"tokens\":[{\"token\":\"token\",\"account\":\"default\"}]}",
    "{\"hetzner\":{\"images\":[{\"id\":10,\"type\":\"backup\",\"gone\":false,\"labels\":{\"env\":"
    "\"prod\"}},{\"id\":11},{"
    "\"id\":1}]},"
    "\"digitalocean\":{\"images\":[{\"id\":10,\"gone\":false,\"regions\":[\"nyc1\"]},{\"id\":11,"
    "\"type\":\"backup\"},{"
    "\"id\":12}],"
    "\"actions\":[{\"type\":\"x\",\"status\":\"in-progress\",\"resource_id\":10,\"ends\":\"never\"}"
    "]}}",
    ("{\"hetzner\":{\"actions\":[{\"id\":13,\"progress\":40},{\"id\":14,\"status\":\"running\","
     "\"runs_ms\":3000}]},"
     "\"digitalocean\":{\"actions\":[{\"id\":2200000001,\"status\":\"in-progress\"},{\"id\":"
     "2200000002,\"ends\":\"error\"}]}"
     "}"),
    "{\"hetzner\":{\"servers\":[{\"id\":1,\"backups\":true,\"gone\":false},{\"id\":2,\"locked\":"
    "true}]},\"digitalocean\":{\"droplets\":[{\"id\":1},{\"id\":6,\"locked_ms\":9}]}}",
    "[{\"do\":\"fail\",\"leaves\":\"creating\",\"probability\":0.5},{\"do\":\"hide_image\",\"ms\":"
    "9}]",
    "{\"digitalocean\":{\"actions\":[{\"id\":2200000001,\"effect\":\"transfer\"},{\"id\":"
    "2200000002,\"region_slug\":null}]}"
    "}"};

static void mutate(char *text) {
  size_t length = strlen(text);
  for (size_t i = 1 + testing_below(&random_state, 3); length && i; i--)
    text[testing_below(&random_state, length)] = (char)(1 + testing_below(&random_state, 255));
}

static void random_target(char *target, size_t capacity) {
  size_t used = (size_t)snprintf(target, capacity, CHANCE(2) ? "/v1/images" : "/v2/images");
  if (CHANCE(4))
    used = (size_t)snprintf(target, capacity, "%s", CHANCE(2) ? "/v1/actions" : "/v2/actions");
  else if (CHANCE(6))
    used = (size_t)snprintf(target, capacity, "%s", CHANCE(2) ? "/v2/tags" : "/v2/tags/prod");
  else if (CHANCE(4))
    used = (size_t)snprintf(target, capacity, "%s/%u", CHANCE(2) ? "/v1/servers" : "/v2/droplets",
                            (unsigned)testing_below(&random_state, 7));
  for (size_t i = testing_below(&random_state, 4); i; i--)
    used += (size_t)snprintf(target + used, capacity - used, "/%s", PICK(segments));
  for (size_t i = testing_below(&random_state, 4), n = 0; i; i--)
    used += (size_t)snprintf(target + used, capacity - used, "%c%s=%s", n++ ? '&' : '?',
                             PICK(names), PICK(values));
  if (CHANCE(20)) mutate(target + 1);
}

static uint64_t all_effects(const http_fixture *a) {
  uint64_t sum = 0;
  for (int effect = 0; effect < SIM_EFFECTS; effect++)
    sum += a->instance.world->counters.effects[effect];
  return sum;
}

static void one_request(http_fixture *a) {
  char target[600], body[1200] = "";
  const char *method = PICK(methods);
  bool control = CHANCE(30);

  if (control)
    snprintf(target, sizeof target, "%s", PICK(controls));
  else
    random_target(target, sizeof target);
  if (strcmp(method, "GET") != 0 || CHANCE(10))
    snprintf(body, sizeof body, "%s", control ? PICK(commands) : PICK(bodies));
  if (CHANCE(30)) mutate(body);
  a->token = CHANCE(20) ? NULL : "token";
  a->real_ms += (int64_t)testing_below(&random_state, 2000);
  uint64_t before = all_effects(a);
  http_fixture_send(a, method, target, *body ? body : NULL);
  const sim_reply *reply = &a->outcome.reply;
  if (a->outcome.end != SIM_END_REPLY) return;
  if (reply->status < 200 || reply->status > 599)
    fail_msg("%s %s: status %d", method, target, reply->status);
  if (reply->status == 500) fail_msg("%s %s %s: 500", method, target, body);
  bool faulty = a->instance.faults.count != 0;
  if (!faulty && !control && reply->status >= 300 && all_effects(a) != before)
    fail_msg("%s %s: an effect and %d", method, target, reply->status);
  if (!faulty && reply->body && !a->document)
    fail_msg("%s %s: no JSON: %s", method, target, reply->body);
}

TEST(random_requests_are_answered) {
  http_fixture *a = *state;
  const char *seconds = getenv("SIM_RANDOM_SECONDS"), *seed = getenv("SIM_RANDOM_SEED");
  struct timespec now, start;

  random_state = seed ? strtoull(seed, NULL, 10) : 4711;
  clock_gettime(CLOCK_MONOTONIC, &start);
  double limit = seconds ? strtod(seconds, NULL) : 1;
  uint64_t count = 0;
  do {
    for (int i = 0; i < 200; i++, count++) one_request(a);
    /* Faults and time accumulate, so the world is replaced now and then. */
    if (count % 20000 == 0) {
      http_fixture_teardown(state);
      http_fixture_setup(state);
      a = *state;
      sim_world_generate(a->instance.world, 30, HTTP_FIXTURE_EPOCH_MS);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9 <
           limit);
  print_message("# %llu requests\n", (unsigned long long)count);
  assert_true(count > 0);
}

int main(void) { return testing_run(http_fixture_setup, http_fixture_teardown); }
