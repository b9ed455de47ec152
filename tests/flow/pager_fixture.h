/* SPDX-License-Identifier: MIT */
/* Pages of images as Hetzner sends them, and what tests of lists check. */
#ifndef PAGER_FIXTURE_H
#define PAGER_FIXTURE_H

#include "harness.h"

static const char *hz(int page, int next, const char *ids, int total) {
  static char text[8][2048];
  static size_t turn;
  char *out = text[turn++ % 8], next_text[16] = "null";
  if (next != 0) snprintf(next_text, sizeof next_text, "%d", next);
  size_t used = (size_t)snprintf(out, 2048, "{\"images\":[");
  for (const char *at = ids; *at != '\0'; at++)
    used += (size_t)snprintf(out + used, 2048 - used, "%s{\"id\":%d,\"type\":\"snapshot\"}",
                             at == ids ? "" : ",", *at);
  snprintf(out + used, 2048 - used,
           "],\"meta\":{\"pagination\":{\"page\":%d,\"per_page\":2,\"next_page\":%s,\"total_"
           "entries\":%d}}}",
           page, next_text, total);
  return out;
}

static inline void check_ids(const imgact_op *op, const char *ids) {
  size_t count = 0;
  const imgact_image *const *images = imgact_op_images(op, &count);
  assert_int_equal(count, strlen(ids));
  for (size_t i = 0; i < count; i++) assert_int_equal(atoi(images[i]->id), ids[i]);
}

#define PAGE(n) "GET /v1/images?page=" #n "&per_page=50"

#define NOT_FOUND "{\"error\":{\"code\":\"not_found\",\"message\":\"m\"}}"

static inline void serve_not_found(harness *s) { scripted_json(s->script, 404, NOT_FOUND); }

#define IMAGE(n) "GET /v1/images/" #n

#endif
