/* SPDX-License-Identifier: MIT */
/*
 * Members of JSON objects of a world file. An absent key leaves *out unchanged; another type, or a
 * value out of range, is an error. After the first error, nothing else is reported.
 */
#ifndef SIM_WORLD_READER_H
#define SIM_WORLD_READER_H

#include "world.h"

typedef struct sim_loader {
  sim_world *world;
  const sim_world *real; /* the world to be changed, while the file is tried; else NULL */
  int64_t now_ms;
  sim_cloud cloud;
  char where[96]; /* "hetzner.images[3]" */
  char *message;
  size_t capacity;
  bool failed;
} sim_loader;

/* Reports what is wrong with a key of the current object; NULL = with the object. Returns false. */
bool sim_load_fail(sim_loader *l, const char *key, const char *what);
void sim_read_text(sim_loader *l, const imgact_json *object, const char *key, char **out);
void sim_read_interned(sim_loader *l, const imgact_json *object, const char *key, const char **out);
void sim_read_int(sim_loader *l, const imgact_json *object, const char *key, int64_t least,
                  int64_t *out);
void sim_read_double(sim_loader *l, const imgact_json *object, const char *key, double *out);
void sim_read_bool(sim_loader *l, const imgact_json *object, const char *key, uint8_t *out);
void sim_read_time(sim_loader *l, const imgact_json *object, const char *key, int64_t *out);
void sim_read_range(sim_loader *l, const imgact_json *object, const char *key,
                    const char *const *names, size_t first, size_t end, uint8_t *out);
void sim_read_index(sim_loader *l, const imgact_json *object, const char *key,
                    const char *const *names, size_t count, uint8_t *out);
void sim_read_strings(sim_loader *l, const imgact_json *object, const char *key, sim_strings *out);
void sim_read_labels(sim_loader *l, const imgact_json *object, sim_labels *out);
bool sim_has_only_keys(sim_loader *l, const imgact_json *value, const char *const *keys,
                       size_t count);

#endif
