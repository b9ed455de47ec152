/* SPDX-License-Identifier: MIT */
/* The HTTP server of an instance: one loopback port per cloud, one thread. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "control_api.h"
#include <stdio.h>

typedef struct sim_server sim_server;

/* Listens on 127.0.0.1; port 0 selects a free one. log: NULL = none. The instance is borrowed. On
 * failure NULL is returned and message says why. */
sim_server *sim_server_new(sim_instance *instance, const uint16_t ports[SIM_CLOUDS], FILE *log,
                           char *message, size_t capacity);
uint16_t sim_server_port(const sim_server *server, sim_cloud cloud);
/* Serves until `stop_fd` is readable. */
void sim_server_run(sim_server *server, int stop_fd);
void sim_server_free(sim_server *server);

/* Monotonic clock in ms. */
int64_t sim_real_ms(void);

#endif
