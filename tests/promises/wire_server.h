/* SPDX-License-Identifier: MIT */
/* A server on loopback around the simulator's world, and the client that calls it. */
#ifndef PROMISES_WIRE_SERVER_H
#define PROMISES_WIRE_SERVER_H

#include "control_api.h"
#include "loopback.h"
#include <imgact/imgact.h>
#include <pthread.h>

#define IMAGE    INT64_C(10)
#define KEPT     8 /* responses that may come again */
#define SILENT   64
#define PAUSE_MS 12 /* between two calls: in it idle connections get their stray bytes */

typedef struct wire {
  sim_instance instance;
  sim_cloud cloud;
  pthread_mutex_t lock; /* of all that follows, and of the world */
  pthread_cond_t changed;
  bool idle; /* the client waits for nothing */
  uint64_t dice;
  sim_text kept[KEPT]; /* responses that went out */
  size_t kept_count;
  bool strays, faults; /* of this run */
  bool silent[SILENT]; /* connections, by number */
  uint64_t strays_written, silenced;
  loopback *server;
  imgact_client *client;
  int changes; /* so far; each has a description of its own */
} wire;

extern bool wire_verbose; /* to standard error */

/* The handler of the server; user is the wire. */
void wire_serve(loopback_peer *peer, const loopback_request *http, void *user);
/* false: no memory (a message is on standard error). */
bool wire_make_world(wire *w);
/* The faults that the next call meets. */
void wire_load_faults(wire *w);

const sim_image *wire_image(const wire *w);
/* How many effects have been committed. */
uint64_t wire_effects(const wire *w);

bool wire_chance(wire *w, uint64_t percent);
int64_t wire_wall_ms(void);
void wire_pause_ms(int64_t ms);

#endif
