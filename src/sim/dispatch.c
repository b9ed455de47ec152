// SPDX-License-Identifier: MIT
/* Every response has a status and a Date in the world's time. */
#include "dispatch.h"
#include "clouds.h"
#include <string.h>

const sim_cloud_api *const sim_cloud_apis[] = {
    [SIM_HETZNER] = &sim_hetzner, [SIM_DIGITALOCEAN] = &sim_digitalocean};

/* ---- routes ---- */

/* Compares one segment of a route, of `length` bytes, with one of the request. */
static bool segment_matches(sim_exchange *exchange, const char *pattern, size_t length,
                            const char *segment) {
  if (length == 7 && !memcmp(pattern, "{image}", 7)) {
    exchange->image_ref = segment;
  } else if (length == 9 && !memcmp(pattern, "{machine}", 9)) {
    exchange->machine_ref = segment;
  } else if (length == 5 && !memcmp(pattern, "{tag}", 5)) {
    exchange->tag_ref = segment;
  } else if (length == 8 && !memcmp(pattern, "{action}", 8)) {
    exchange->action_ref = segment;
  } else {
    return strlen(segment) == length && !memcmp(pattern, segment, length);
  }
  return true;
}

static bool route_matches(sim_exchange *exchange, const char *route) {
  size_t index = 0;
  while (*route == '/' && index < exchange->segments_count && index < SIM_MAX_SEGMENTS) {
    size_t length = strcspn(++route, "/");
    if (!segment_matches(exchange, route, length, exchange->segments[index++])) return false;
    route += length;
  }
  return !*route && index == exchange->segments_count;
}

/* The first route that matches decides; its method may be missing. */
static void find_operation(sim_exchange *exchange) {
  const sim_cloud_api *api = exchange->api;
  for (size_t i = 0; i < api->operations_count && !exchange->operation; i++) {
    const sim_operation *operation = &api->operations[i];
    if (!exchange->route && route_matches(exchange, operation->route))
      exchange->route = operation->route;
    if (exchange->route && !strcmp(exchange->route, operation->route) &&
        !strcmp(exchange->request->method, operation->method))
      exchange->operation = operation;
  }
}

/* ---- one request ---- */

/* "Bearer TOKEN" in any case; NULL for anything else. */
static const char *bearer(const sim_request *request) {
  const char *value = request->authorization;
  if (!value || strncasecmp(value, "bearer ", 7) != 0) return NULL;
  value += 7;
  while (*value == ' ') value++;
  return *value ? value : NULL;
}

static sim_exchange new_exchange(sim_world *world, sim_cloud cloud, const sim_request *request,
                                 int64_t now_ms, sim_reply *reply) {
  return (sim_exchange){.world = world,
                        .state = &world->clouds[cloud],
                        .cloud = cloud,
                        .api = sim_cloud_apis[cloud],
                        .request = request,
                        .now_ms = now_ms,
                        .reply = reply};
}

static bool open_exchange(sim_exchange *exchange) {
  sim_world_advance(exchange->world, exchange->now_ms);
  exchange->out = imgact_json_writer_new(NULL, 0);
  if (!exchange->out || !sim_exchange_open(exchange)) return false;

  exchange->token = sim_token_of(exchange->world, bearer(exchange->request));
  find_operation(exchange);
  exchange->api->identify(exchange);
  return true;
}

static void close_exchange(sim_exchange *exchange) {
  char date[32];
  sim_format_http_date(exchange->now_ms, date);
  sim_reply_header(exchange->reply, "Date", date);
  sim_exchange_close(exchange);
}

static void run_operation(sim_exchange *exchange) {
  const sim_cloud_api *api = exchange->api;
  const sim_operation *operation = exchange->operation;
  if (!api->admit(exchange)) return;

  if (exchange->malformed)
    api->fail(exchange, &api->malformed_query);
  else if (sim_too_large(exchange->request))
    api->fail(exchange, &api->body_too_large);
  else if (!operation->find || operation->find(exchange))
    operation->handle(exchange);

  if (strcmp(operation->method, "GET") != 0) exchange->state->images_version++;
}

sim_reply sim_dispatch(sim_world *world, sim_cloud cloud, const sim_request *request,
                       int64_t now_ms) {
  sim_reply reply = {.status = 500};
  sim_exchange exchange = new_exchange(world, cloud, request, now_ms, &reply);
  if (open_exchange(&exchange)) run_operation(&exchange);
  close_exchange(&exchange);
  return reply;
}

sim_reply sim_dispatch_unhandled(sim_world *world, sim_cloud cloud, const sim_request *request,
                                 int64_t now_ms) {
  sim_reply reply = {.status = 500};
  sim_exchange exchange = new_exchange(world, cloud, request, now_ms, &reply);
  if (open_exchange(&exchange)) sim_count_request(&exchange);
  close_exchange(&exchange);
  return reply;
}
