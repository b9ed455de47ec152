// SPDX-License-Identifier: MIT
/*
 * Images of servers, and imports. At the start there are images with the title that is asked for:
 * of the server, of another one, a backup, an import. Other programs make some, too: of the server
 * with the same title, with another one, as a backup, and of a third server.
 */
#include "harness.h"
#include <inttypes.h>
#include <string.h>

#define TITLE "made"

const char *harness_title(const schedule *p, schedule_mutation mutation) {
  return mutation == SCHEDULE_SNAPSHOT && p->untitled ? NULL : TITLE;
}

bool harness_fits(const harness *s, schedule_mutation mutation, const sim_image *image) {
  const schedule *p = s->schedule;
  const char *title = harness_title(p, mutation),
             *text = p->cloud == SIM_HETZNER ? image->description : image->name;
  bool of_server = image->created_from_id == HARNESS_SERVER && image->type == SIM_SNAPSHOT;
  if (mutation == SCHEDULE_IMPORT ? image->type != SIM_CUSTOM : !of_server) return false;
  return !title || (text && !strcmp(text, title));
}

bool harness_has_new_image(const harness *s, schedule_mutation mutation) {
  const sim_cloud_state *side = &s->instance.world->clouds[s->schedule->cloud];
  for (size_t i = 0; i < side->images_count; i++) {
    const sim_image *image = side->images[i];
    if (image->id > HARNESS_LAST_IMAGE && !image->deleted && image->status == SIM_AVAILABLE &&
        harness_fits(s, mutation, image))
      return true;
  }
  return false;
}

/* ---- other programs ---- */

/* Opposite to an import: a snapshot with its name. */
const char *harness_image_path(const schedule *p, bool opposite) {
  if (p->cloud == SIM_HETZNER) return "/v1/servers/20/actions/create_image";
  return p->change == SCHEDULE_IMPORT && !opposite ? "/v2/images" : "/v2/droplets/20/actions";
}

const char *harness_image_body(const schedule *p, bool opposite) {
  bool backup = p->seed % 2 == 1;
  if (p->cloud == SIM_HETZNER && opposite && backup)
    return "{\"description\":\"" TITLE "\",\"type\":\"backup\"}";
  if (p->cloud == SIM_HETZNER)
    return opposite ? "{\"description\":\"theirs\"}" : "{\"description\":\"" TITLE "\"}";
  if (p->change == SCHEDULE_IMPORT)
    return opposite ? "{\"type\":\"snapshot\",\"name\":\"" TITLE "\"}"
                    : "{\"name\":\"" TITLE "\",\"url\":\"https://example.com/t\",\"region\":"
                      "\"nyc3\"}";
  return opposite ? "{\"type\":\"snapshot\",\"name\":\"theirs\"}"
                  : "{\"type\":\"snapshot\",\"name\":\"" TITLE "\"}";
}

/* ---- the world ---- */

void harness_put_servers(const schedule *p, sim_text *out) {
  bool hetzner = p->cloud == SIM_HETZNER;
  sim_text_str(out, hetzner ? "\"servers\":[" : "\"droplets\":[");
  for (int64_t id = HARNESS_SERVER; id <= HARNESS_THIRD_SERVER; id++)
    sim_text_printf(out, "%s{\"id\":%" PRId64 "%s}", id == HARNESS_SERVER ? "" : ",", id,
                    hetzner ? ",\"backups\":true" : "");
  sim_text_str(out, "]");
}

static void put_image(const schedule *p, int64_t id, const char *type, int64_t server,
                      sim_text *out) {
  bool hetzner = p->cloud == SIM_HETZNER;
  sim_text_printf(out, ",{\"id\":%" PRId64 ",\"type\":\"%s\",\"%s\":\"" TITLE "\",\"%s\":", id,
                  type, hetzner ? "description" : "name", hetzner ? "created" : "created_at");
  sim_text_str(out, "\"2025-12-31T00:00:00Z\"");
  if (!hetzner) sim_text_str(out, ",\"regions\":[\"nyc3\"]");
  if (server && hetzner)
    sim_text_printf(out, ",\"created_from\":{\"id\":%" PRId64 ",\"name\":\"s\"}", server);
  else if (server)
    sim_text_printf(out, ",\"droplet_id\":%" PRId64, server);
  sim_text_str(out, "}");
}

void harness_put_images(const schedule *p, sim_text *out) {
  put_image(p, 30, "snapshot", HARNESS_SERVER, out);
  put_image(p, 31, "backup", HARNESS_SERVER, out);
  put_image(p, 32, "snapshot", HARNESS_OTHER_SERVER, out);
  put_image(p, HARNESS_LAST_IMAGE, p->cloud == SIM_HETZNER ? "snapshot" : "custom", 0, out);
}

void harness_put_actions(const schedule *p, sim_text *out) {
  if (p->cloud == SIM_HETZNER)
    sim_text_printf(
        out,
        ",{\"id\":%" PRId64
        ",\"command\":\"create_image\",\"status\":\"success\",\"resources\":[{\"id\":%" PRId64
        ",\"type\":\"server\"}]}",
        HARNESS_SERVER_ACTION, HARNESS_OTHER_SERVER);
  else
    sim_text_printf(out,
                    ",{\"id\":%" PRId64
                    ",\"type\":\"snapshot\",\"status\":\"completed\",\"resource_id\":%" PRId64
                    ",\"resource_type\":\"droplet\"}",
                    HARNESS_SERVER_ACTION, HARNESS_OTHER_SERVER);
}
