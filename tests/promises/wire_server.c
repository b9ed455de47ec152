// SPDX-License-Identifier: MIT
/* The server of a wire: the simulator's world on loopback, with stray bytes, silence and faults. */
#include "wire_server.h"
#include "http_bytes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool wire_verbose;

int64_t wire_wall_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void wire_pause_ms(int64_t ms) {
  struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
  nanosleep(&t, NULL);
}

bool wire_chance(wire *w, uint64_t percent) { return sim_random_below(&w->dice, 100) < percent; }

/* ---- the server ---- */

/* Bytes that are no response to the request, or the response to an earlier one. The caller frees
 * them. */
static sim_text stray_bytes(wire *w) {
  static const char *const strays[] = {
      "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
      "\r\n",
      "0\r\n\r\n",
      "garbage",
      "HTTP/1.1 20"};
  sim_text bytes = {0};
  size_t which = sim_random_below(&w->dice, SIM_COUNT(strays) + 8);
  if (which >= SIM_COUNT(strays) && w->kept_count) {
    const sim_text *old = &w->kept[sim_random_below(&w->dice, w->kept_count)];
    sim_text_add(&bytes, old->data, old->length);
  } else {
    sim_text_str(&bytes, strays[which % SIM_COUNT(strays)]);
  }
  w->strays_written++;
  return bytes;
}

static void keep(wire *w, const sim_text *response) {
  sim_text *place =
      &w->kept[w->kept_count < KEPT ? w->kept_count++ : sim_random_below(&w->dice, KEPT)];
  sim_text_free(place);
  sim_text_add(place, response->data, response->length);
}

/* Waits until the client is idle, and then writes: the lock keeps it idle. Writes nothing if the
 * client continues first. */
static void write_when_idle(wire *w, loopback_peer *peer) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += PAUSE_MS * 1000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  pthread_mutex_lock(&w->lock);
  while (!w->idle && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0) continue;
  if (w->idle) {
    sim_text stray = stray_bytes(w);
    loopback_write(peer, stray.data, stray.length);
    sim_text_free(&stray);
  }
  pthread_mutex_unlock(&w->lock);
}

static const char *authorization_of(const char *head) {
  return strcasestr(head, "\nauthorization:") ? "Bearer x" : NULL;
}

/* The response to a request, under the lock; stray bytes may follow it. */
static sim_outcome serve(wire *w, const loopback_request *http, sim_text *response) {
  const sim_request request = {.method = http->method,
                               .target = http->target,
                               .authorization = authorization_of(http->head),
                               .body = http->body_bytes ? http->body : NULL,
                               .body_bytes = http->body_bytes};
  sim_outcome outcome = sim_instance_serve(&w->instance, w->cloud, &request, wire_wall_ms());
  sim_http_head(&outcome.reply, response);
  sim_text_add(response, outcome.reply.body ? outcome.reply.body : "", outcome.reply.body_bytes);
  return outcome;
}

void wire_serve(loopback_peer *peer, const loopback_request *http, void *user) {
  wire *w = user;
  sim_text response = {0};
  bool together = false, later = false, silent = false;
  pthread_mutex_lock(&w->lock);
  int number = loopback_number(peer) % SILENT;
  if (w->faults && !w->silent[number] && wire_chance(w, 6)) w->silent[number] = true, w->silenced++;
  silent = w->silent[number];
  bool handled = !silent || wire_chance(w, 50);
  sim_outcome outcome = {.cut_bytes = -1, .delay_ms = -1};
  if (handled) outcome = serve(w, http, &response);
  if (!silent && outcome.end == SIM_END_REPLY && outcome.cut_bytes < 0) {
    keep(w, &response);
    together = w->strays && wire_chance(w, 20);
    later = w->strays && !together && wire_chance(w, 60);
  }
  if (together) {
    sim_text stray = stray_bytes(w);
    sim_text_add(&response, stray.data, stray.length);
    sim_text_free(&stray);
  }
  if (wire_verbose)
    fprintf(stderr, "    %d: %s %s %s: %d%s%s%s\n", number, http->method, http->target, http->body,
            handled ? outcome.reply.status : 0, silent ? ", silent" : "",
            together ? ", more than asked for" : "", outcome.end == SIM_END_REPLY ? "" : ", lost");
  pthread_mutex_unlock(&w->lock);
  if (outcome.delay_ms > 0) wire_pause_ms(outcome.delay_ms);
  if (silent || outcome.end == SIM_END_SILENCE)
    loopback_hold(peer);
  else if (outcome.end == SIM_END_RESET)
    loopback_reset(peer);
  else if (outcome.end == SIM_END_CLOSE)
    loopback_close(peer);
  else
    loopback_write(peer, response.data,
                   outcome.cut_bytes >= 0 && (size_t)outcome.cut_bytes < response.length
                       ? (size_t)outcome.cut_bytes
                       : response.length);
  if (outcome.end == SIM_END_REPLY && outcome.cut_bytes >= 0) loopback_close(peer);
  if (later) write_when_idle(w, peer);
  sim_reply_free(&outcome.reply);
  sim_text_free(&response);
}

/* ---- the world ---- */

bool wire_make_world(wire *w) {
  static const char world[] =
      "{\"limits\":{\"hetzner\":{\"limit\":0,\"actions\":0},\"digitalocean\":{\"limit\":0,"
      "\"burst\":0}},"
      "\"settings\":{\"repeats\":true,\"durations_ms\":{\"transfer\":60,\"convert\":60,\"protect\":"
      "60,\"unprotect\":60}},"
      "\"hetzner\":{\"images\":[{\"id\":10,\"type\":\"snapshot\",\"description\":\"d0\"},{\"id\":"
      "11,\"type\":\"snapshot\"}]}"
      ","
      "\"digitalocean\":{\"images\":[{\"id\":10,\"type\":\"snapshot\",\"name\":\"ten\","
      "\"description\":\"d0\",\"regions\":["
      "\"nyc1\"]},{\"id\":11,\"type\":\"snapshot\",\"name\":\"eleven\",\"regions\":[\"nyc1\"]}]}}";
  char message[200] = "no memory";
  int64_t now_ms = wire_wall_ms();
  w->instance.clock = (sim_clock){now_ms, now_ms, 1};
  w->instance.world = sim_world_new(w->dice);
  w->instance.faults.random = w->dice ^ 7;
  bool good =
      w->instance.world && sim_world_defaults(w->instance.world) &&
      sim_world_load(w->instance.world, world, sizeof world - 1, now_ms, message, sizeof message);
  if (!good) fprintf(stderr, "no world: %s\n", message);
  return good;
}

const sim_image *wire_image(const wire *w) {
  return sim_image_find(w->instance.world, w->cloud, IMAGE);
}

uint64_t wire_effects(const wire *w) {
  uint64_t all = 0;
  for (int effect = SIM_UPDATE; effect < SIM_EFFECTS; effect++)
    all += w->instance.world->counters.effects[effect];
  return all;
}

/* What the next call meets. */
void wire_load_faults(wire *w) {
  static const char *const faults[] = {
      "{\"do\":\"close\",\"when\":\"after\",\"count\":1}",
      "{\"do\":\"close\",\"count\":1}",
      "{\"do\":\"reset\",\"when\":\"after\",\"count\":1}",
      "{\"do\":\"reset\",\"count\":2}",
      "{\"do\":\"cut\",\"bytes\":60,\"when\":\"after\",\"count\":1}",
      "{\"do\":\"cut\",\"bytes\":260,\"when\":\"after\",\"count\":1}",
      "{\"do\":\"status\",\"status\":502,\"body\":\"html\",\"when\":\"after\",\"count\":1}",
      "{\"do\":\"status\",\"status\":503,\"count\":1}",
      "{\"do\":\"no_reply\",\"ms\":40,\"when\":\"after\",\"count\":1}",
      "{\"do\":\"status\",\"status\":429,\"retry_after\":0,\"count\":1}",
      "{\"do\":\"hide\",\"ms\":80,\"method\":\"POST\",\"count\":1}"};
  char text[300], message[200];
  sim_faults_clear(&w->instance.faults);
  if (!w->faults || !wire_chance(w, 60)) return;
  const char *first = faults[sim_random_below(&w->dice, SIM_COUNT(faults))];
  bool both = wire_chance(w, 30);
  int length = snprintf(text, sizeof text, "[%s%s%s]", first, both ? "," : "",
                        both ? faults[sim_random_below(&w->dice, SIM_COUNT(faults))] : "");
  if (!sim_faults_load(&w->instance.faults, text, (size_t)length, message, sizeof message)) abort();
}
