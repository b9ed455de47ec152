/* SPDX-License-Identifier: MIT */
/* The HTTP server of an instance: one port per cloud, one thread. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "control_api.h"
#include <stdio.h>

typedef struct sim_server sim_server;

typedef struct sim_server_options {
  uint16_t ports[SIM_CLOUDS]; /* 0 selects a free one */
  const char *address;        /* IPv4 or IPv6; NULL = 127.0.0.1 */
  const char *cert, *key;     /* PEM; NULL = no TLS, on loopback addresses only */
  FILE *log;                  /* NULL = none */
} sim_server_options;

/* Returns false if options contradict each other; message says how. */
bool sim_server_check(const sim_server_options *options, char *message, size_t capacity);
/* The instance and the texts are borrowed. On failure NULL is returned and message says why. */
sim_server *sim_server_new(sim_instance *instance, const sim_server_options *options, char *message,
                           size_t capacity);
uint16_t sim_server_port(const sim_server *server, sim_cloud cloud);
/* Writes "https://ADDRESS:PORT". */
void sim_server_url(const sim_server *server, sim_cloud cloud, char *buffer, size_t capacity);
/* Serves until `stop_fd` is readable. */
void sim_server_run(sim_server *server, int stop_fd);
void sim_server_free(sim_server *server);

/* Monotonic clock in ms. */
int64_t sim_real_ms(void);

#endif
