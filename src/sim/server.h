/* SPDX-License-Identifier: MIT */
/* Sockets around an instance: one loopback port per cloud, one thread for all. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "control_api.h"
#include <stdio.h>

typedef struct sim_server sim_server;

/* Listens on 127.0.0.1; port 0 picks one. log may be NULL. NULL on failure: message says why. The
 * instance is borrowed. */
sim_server *sim_server_new(sim_instance *instance, const uint16_t ports[SIM_CLOUDS], FILE *log,
                           char *message, size_t capacity);
uint16_t sim_server_port(const sim_server *server, sim_cloud cloud);
/* Serves until `stop_fd` is readable. */
void sim_server_run(sim_server *server, int stop_fd);
void sim_server_free(sim_server *server);

/* A steady clock in ms. */
int64_t sim_real_ms(void);

#endif
