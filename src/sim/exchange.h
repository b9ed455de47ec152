/* SPDX-License-Identifier: MIT */
/* Request in, reply out: what both clouds' handlers share. Nothing here does I/O. */
#ifndef SIM_EXCHANGE_H
#define SIM_EXCHANGE_H

#include "world.h"

typedef struct sim_request {
  const char *method;
  const char *target;        /* path and query as they were sent: "/v1/images?page=2" */
  const char *host;          /* the Host header, for page links; NULL = unknown */
  const char *authorization; /* the header's value; NULL = none */
  const char *body;          /* NULL: empty, or (body_bytes is not 0) too large to be kept */
  size_t body_bytes;
} sim_request;

#define SIM_MAX_BODY ((size_t)4 << 20)
/* Of the control endpoint, and of a file: as much as the library's parser of JSON takes. */
#define SIM_MAX_FILE ((size_t)32 << 20)

static inline bool sim_too_large(const sim_request *request) {
  return !request->body && request->body_bytes;
}
/* One under /_sim/. */
bool sim_controls(const char *target);

#define SIM_MAX_HEADERS 12

typedef struct sim_header {
  const char *name; /* static */
  char *value;      /* owned */
} sim_header;

typedef struct sim_reply {
  int status;
  char *body; /* owned; NULL = none */
  size_t body_bytes;
  sim_header headers[SIM_MAX_HEADERS];
  size_t headers_count;
} sim_reply;

void sim_reply_free(sim_reply *reply);
/* Adds or replaces; without memory or room the reply goes without it. */
void sim_reply_header(sim_reply *reply, const char *name, const char *value);
void sim_reply_header_int(sim_reply *reply, const char *name, int64_t value);
const char *sim_reply_get(const sim_reply *reply, const char *name);
/* Takes the body over. */
void sim_reply_body(sim_reply *reply, char *body, size_t length);

/* ---- for the clouds' handlers ---- */

#define SIM_MAX_SEGMENTS   8
#define SIM_MAX_PARAMETERS 256

typedef struct sim_parameter {
  char *name, *value;
} sim_parameter;

/* A request taken apart, and its answer being made. */
typedef struct sim_exchange {
  sim_world *world;
  sim_cloud_state *side;
  sim_cloud cloud;
  const sim_request *request;
  int64_t now_ms;
  char *store; /* what the two below point into */
  char *segments[SIM_MAX_SEGMENTS];
  size_t segments_count; /* SIM_MAX_SEGMENTS + 1: more than that */
  sim_parameter *parameters;
  size_t parameters_count;
  bool dump;      /* objects show what only a world file has */
  bool malformed; /* the query: too many parameters, no UTF-8 */
  sim_token *token;
  char request_id[40];
  imgact_json_doc *document; /* of the request's body */
  const imgact_json *body;
  imgact_json_writer *out;
  sim_reply *reply;
} sim_exchange;

/* Splits the target of call->request into segments and parameters. false without memory. */
bool sim_exchange_open(sim_exchange *call);
/* Frees what sim_exchange_open() and the handlers allocated, except the reply. */
void sim_exchange_close(sim_exchange *call);
/* The first value of a parameter; NULL = not there. */
const char *sim_parameter_of(const sim_exchange *call, const char *name);
/* The next value of a parameter that may be repeated: *at starts at 0. NULL = no more. */
const char *sim_parameter_next(const sim_exchange *call, const char *name, size_t *at);
/* The value as a page's number or size, `otherwise` where there is none. false: it is no positive
 * integer. */
bool sim_parameter_page(const sim_exchange *call, const char *name, int64_t otherwise,
                        int64_t *out);
/* Is `value` one of the parameter's values, or is the parameter not there? */
bool sim_parameter_allows(const sim_exchange *call, const char *name, const char *value);
/* Parses the body into call->body. 0; -1: missing, no JSON, no object; -2: no memory. */
int sim_exchange_parse(sim_exchange *call);
/* Ends the answer: what was written to call->out, if anything, becomes the body. */
void sim_exchange_finish(sim_exchange *call, int status);

/* A page of a list: items first to end-1 of total. */
typedef struct sim_page {
  int64_t page, per_page, last;
  size_t first, end, total;
} sim_page;
sim_page sim_page_of(int64_t page, int64_t per_page, size_t total);

/* The images that fit, in the order in which they came, in the world's scratch; NULL without
 * memory. */
void **sim_images_filter(sim_exchange *call,
                         bool (*fits)(const sim_exchange *call, const sim_image *image),
                         size_t *count);
bool sim_action_visible(const sim_exchange *call, const sim_action *action);

/* As the call's cloud shows them. */
void sim_write_image(sim_exchange *call, const sim_image *image);
void sim_write_action(sim_exchange *call, const sim_action *action);
void sim_reply_image(sim_exchange *call, int status, const sim_image *image);
void sim_reply_action(sim_exchange *call, int status, const sim_action *action);
/* A page of images or actions, and what the cloud says of the pages. */
typedef void sim_footer_fn(sim_exchange *call, const sim_page *shown_page);
void sim_reply_images(sim_exchange *call, void *const *list, const sim_page *shown_page,
                      sim_footer_fn *write_tail);
void sim_reply_actions(sim_exchange *call, void *const *list, const sim_page *shown_page,
                       sim_footer_fn *write_tail);

void sim_write_time(imgact_json_writer *out, const char *key,
                    int64_t ms); /* IMGACT_NO_TIME writes null */
void sim_write_string(imgact_json_writer *out, const char *key,
                      const char *text); /* NULL writes null */
void sim_write_int(imgact_json_writer *out, const char *key, int64_t value);
void sim_write_id(imgact_json_writer *out, const char *key, int64_t id); /* 0 writes null */
void sim_write_bool(imgact_json_writer *out, const char *key, bool value);
void sim_write_strings(imgact_json_writer *out, const char *key, const sim_strings *words);

void sim_hetzner(sim_exchange *call);
void sim_hetzner_image(sim_exchange *call, const sim_image *image);
void sim_hetzner_action(sim_exchange *call, const sim_action *action);
void sim_digitalocean(sim_exchange *call);
/* import_pending: as the answer to an import shows it, without what is not known yet. */
void sim_digitalocean_image(sim_exchange *call, const sim_image *image, bool import_pending);
void sim_digitalocean_action(sim_exchange *call, const sim_action *action);
void sim_dump_image(imgact_json_writer *out, const sim_image *image);
void sim_dump_action(sim_exchange *call, const sim_action *action);

#endif
