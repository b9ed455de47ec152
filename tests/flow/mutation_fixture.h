/* SPDX-License-Identifier: MIT */
/* A client and a small cloud that counts real effects: what tests of mutations share. */
#ifndef MUTATION_FIXTURE_H
#define MUTATION_FIXTURE_H

#include "cloud.h"
#include "harness.h"

#define DO_POST    "POST /v2/images/4711/actions {\"type\":\"transfer\",\"region\":\"nyc3\"}"
#define DO_ACTIONS "GET /v2/images/4711/actions?page=1&per_page=200"
#define DO_IMAGE   "GET /v2/images/4711"
#define HZ_POST    "POST /v1/images/4711/actions/change_protection {\"delete\":true}"
#define HZ_ACTIONS "GET /v1/images/4711/actions?page=1&per_page=50"
#define HZ_IMAGE   "GET /v1/images/4711"
#define HZ_PUT     "PUT /v1/images/4711 {\"type\":\"snapshot\"}"
#define HZ_DELETE  "DELETE /v1/images/4711"

typedef struct mutation_fixture {
  harness *harness;
  cloud *cloud;
  imgact_client *client;
  scripted *script;
} mutation_fixture;

static inline mutation_fixture fixture_with(harness_options options) {
  if (options.client.poll_interval_ms == 0) options.client.poll_interval_ms = 1000;
  mutation_fixture p = {.harness = harness_with(options)};
  p.script = p.harness->script;
  p.client = p.harness->client;
  p.cloud = cloud_new(p.script, !options.digitalocean);
  return p;
}

static inline mutation_fixture fixture_hetzner(void) { return fixture_with((harness_options){0}); }

static inline mutation_fixture fixture_digitalocean(void) {
  return fixture_with((harness_options){.digitalocean = true});
}

static inline void fixture_free(mutation_fixture *p) {
  cloud *own = p->cloud;
  harness_free(p->harness);
  cloud_free(own);
}

static inline imgact_op *transfer(const mutation_fixture *p) {
  return imgact_transfer_image(p->client, CLOUD_IMAGE, "nyc3");
}

static inline imgact_op *protect(const mutation_fixture *p) {
  return imgact_protect_image(p->client, CLOUD_IMAGE);
}

static const cloud_outcome lost_unapplied __attribute__((unused)) = {.effects = 0};
static const cloud_outcome lost_applied __attribute__((unused)) = {.effects = 1};

static inline cloud_outcome replied(int effects, int status, const char *body) {
  return (cloud_outcome){.effects = effects, .answer = {.status = status, .body = body}};
}

/* HMAC-SHA-256 of "imgact 1", "digitalocean" and the endpoint, each followed by a NUL, under
 * HARNESS_TOKEN; by Python's hmac module. */
#define CREDENTIAL "d752d866d9b12f4faef851db3f9b4ced"

typedef struct before_send_record {
  int calls;
  imgact_status answer;
  bool cancels;
  char json[256];
} before_send_record;

static inline imgact_status record_before_send(void *user, imgact_op *op, const char *call_json) {
  before_send_record *h = user;
  h->calls++;
  snprintf(h->json, sizeof h->json, "%s", call_json);
  assert_int_equal(imgact_op_run(op), IMGACT_BUSY);
  if (h->cancels) imgact_op_cancel(op);
  return h->answer;
}

#endif
