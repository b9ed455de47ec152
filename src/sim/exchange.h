/* SPDX-License-Identifier: MIT */
/*
 * One request and its response, and the description of a cloud. The clouds are built on this file;
 * it calls them through sim_cloud_api only. Nothing here does I/O.
 */
#ifndef SIM_EXCHANGE_H
#define SIM_EXCHANGE_H

#include "action.h"
#include "json_out.h"
#include "reply.h"

typedef struct sim_request {
  const char *method;
  const char *target;        /* path and query as sent: "/v1/images?page=2" */
  const char *host;          /* Host header, for page links; NULL = unknown */
  bool secure;               /* TLS */
  const char *authorization; /* value of the header; NULL = none */
  const char *body;          /* NULL: empty, or too large (body_bytes is not 0) */
  size_t body_bytes;
} sim_request;

#define SIM_MAX_BODY ((size_t)4 << 20)
/* Control requests and files; also the limit of the library's JSON parser. */
#define SIM_MAX_FILE       ((size_t)32 << 20)
#define SIM_MAX_SEGMENTS   8
#define SIM_MAX_PARAMETERS 256

static inline bool sim_too_large(const sim_request *request) {
  return !request->body && request->body_bytes;
}
/* Returns true for a target of the control API (/_sim/). */
bool sim_is_control(const char *target);

typedef struct sim_parameter {
  char *name, *value;
} sim_parameter;

typedef struct sim_exchange sim_exchange;

/* ---- description of a cloud ---- */

/* One operation: a row of a cloud's table. */
typedef struct sim_operation {
  const char *method;
  const char *route; /* "/v1/images/{image}/actions/{action}"; the first route that matches wins */
  void (*handle)(sim_exchange *exchange);
  /* Sets exchange->image or another object from its segment; returns false after an error response.
   * NULL = the route names no object. */
  bool (*find)(sim_exchange *exchange);
  const char *scope; /* scope that the token needs; NULL = none */
} sim_operation;

/* Error response: status, code (Hetzner) or id (DigitalOcean), message. */
typedef struct sim_error {
  int status;
  const char *code, *message;
} sim_error;

typedef struct sim_cloud_api {
  const sim_operation *operations;
  size_t operations_count;
  const char *content_type;
  sim_error malformed_query, body_too_large;
  /* Adds the request id to the response. */
  void (*identify)(sim_exchange *exchange);
  struct {
    const char *limit, *remaining, *reset;
  } rate_headers;
  /* Counts the request against the rate limit. */
  sim_rate_result (*take_request)(sim_exchange *exchange);
  /* Checks rate limit, token and operation in the cloud's order. Returns false after an error
   * response. */
  bool (*admit)(sim_exchange *exchange);
  void (*fail)(sim_exchange *exchange, const sim_error *error);
  void (*write_image)(sim_exchange *exchange, const sim_image *image);
  void (*write_action)(sim_exchange *exchange, const sim_action *action);
} sim_cloud_api;

/* ---- one exchange ---- */

struct sim_exchange {
  sim_world *world;
  sim_cloud_state *state; /* of the cloud */
  sim_cloud cloud;
  const sim_cloud_api *api;
  const sim_request *request;
  int64_t now_ms;
  char *store; /* copy of the target; segments and parameters point into it */
  char *segments[SIM_MAX_SEGMENTS];
  size_t segments_count; /* SIM_MAX_SEGMENTS + 1 = more */
  sim_parameter *parameters;
  size_t parameters_count;
  bool malformed;                 /* query with too many parameters, or not UTF-8 */
  const char *route;              /* matching route; NULL = none */
  const sim_operation *operation; /* matching route and method; NULL = none */
  /* segments at {image}, {machine}, {action} and {tag} */
  const char *image_ref, *machine_ref, *action_ref, *tag_ref;
  sim_image *image;
  sim_machine *machine;
  sim_tag *tag;
  bool dump; /* objects with the members that only world files have */
  sim_token *token;
  char request_id[40];
  imgact_json_doc *document; /* request body */
  const imgact_json *body;
  imgact_json_writer *out;
  sim_reply *reply;
};

/* Splits the target of exchange->request into segments and parameters. false without memory. */
bool sim_exchange_open(sim_exchange *exchange);
/* Frees everything except the reply. */
void sim_exchange_close(sim_exchange *exchange);
/* Parses the request body into exchange->body. Returns 0; -1 if it is missing, not JSON or not an
 * object; -2 without memory. */
int sim_exchange_parse(sim_exchange *exchange);
/* Completes the response; the JSON written to exchange->out becomes its body. */
void sim_exchange_finish(sim_exchange *exchange, int status);

/* First value of a parameter; NULL = not given. */
const char *sim_parameter_get(const sim_exchange *exchange, const char *name);
/* Next value of a repeatable parameter; *at starts at 0. NULL = no more. */
const char *sim_parameter_next(const sim_exchange *exchange, const char *name, size_t *at);
/* Reads a page number or size. false if the value is not a positive integer. */
bool sim_parameter_page(const sim_exchange *exchange, const char *name, int64_t otherwise,
                        int64_t *out);
/* Returns true if the parameter is not given, or if one of its values is `value`. */
bool sim_parameter_allows(const sim_exchange *exchange, const char *name, const char *value);

/* Counts the request against the rate limit and adds the rate-limit headers. */
sim_rate_result sim_count_request(sim_exchange *exchange);

/* Objects of other accounts are not visible, unless they are public. */
bool sim_image_visible(const sim_exchange *exchange, const sim_image *image);
bool sim_machine_visible(const sim_exchange *exchange, const sim_machine *machine);
bool sim_action_visible(const sim_exchange *exchange, const sim_action *action);
void sim_reply_image(sim_exchange *exchange, int status, const sim_image *image);
void sim_reply_action(sim_exchange *exchange, int status, const sim_action *action);
/* Members that only world files have. */
void sim_dump_image(sim_exchange *exchange, const sim_image *image);
void sim_dump_action(sim_exchange *exchange, const sim_action *action);

#endif
