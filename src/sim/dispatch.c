// SPDX-License-Identifier: MIT
/* Runs one request: parses it, passes it to its cloud and completes the response. */
#include "dispatch.h"
#include <stdlib.h>
#include <string.h>

/* "Bearer TOKEN" in any case; what is no such thing, or empty, is no token. */
static const char *bearer(const sim_request *request) {
  const char *value = request->authorization;
  if (!value || strncasecmp(value, "bearer ", 7) != 0) return NULL;
  value += 7;
  while (*value == ' ') value++;
  return *value ? value : NULL;
}

sim_reply sim_dispatch(sim_world *world, sim_cloud cloud, const sim_request *request,
                       int64_t now_ms) {
  sim_reply reply = {.status = 500};
  sim_exchange call = {
      .world = world, .side = &world->sides[cloud], .cloud = cloud, .request = request};
  call.now_ms = now_ms;
  call.reply = &reply;
  call.out = imgact_json_writer_new(NULL, 0);
  sim_world_advance(world, now_ms);
  if (call.out && sim_exchange_open(&call)) {
    call.token = sim_token_of(world, bearer(request));
    if (cloud == SIM_HETZNER)
      sim_hetzner(&call);
    else
      sim_digitalocean(&call);
  }
  char date[32];
  sim_format_http_date(now_ms, date);
  sim_reply_header(&reply, "Date", date);
  sim_exchange_close(&call);
  return reply;
}
