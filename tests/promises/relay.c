// SPDX-License-Identifier: MIT
/*
 * Between the library and the simulator's transport. It counts what each request of ours committed,
 * and changes responses in ways that need no socket: a response that ends early and looks complete,
 * one about another object, a Date that is missing or wrong, an error that comes from a gateway
 * with a clock of its own, a cloud whose clock is set.
 */
#include "harness.h"
#include "transport.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct relay {
  imgact_transport base;
  imgact_transport *inner;
  harness *s;
  uint64_t answers, good_answers;
  bool shortened;
} relay;

typedef struct flight {
  imgact_exchange base; /* passed to the simulator's transport */
  imgact_exchange *outer;
  relay *relay;
  bool mutation;
  schedule_mutation kind; /* of a mutation */
  size_t sender;          /* the call that sent it */
  int64_t served_ms;
  bool instead;   /* another request was sent in its place */
  sim_reply swap; /* about another object; status 0 = none */
} flight;

/* ---- kinds of requests ---- */

/* The mutation of a request; SCHEDULE_MUTATIONS for others. */
static schedule_mutation mutation_of(const char *method, const char *url, const char *body) {
  if (!strcmp(method, "DELETE")) return SCHEDULE_DELETE;
  if (!strcmp(method, "GET") || !body) return SCHEDULE_MUTATIONS;
  if (strstr(url, "/servers/") || strstr(url, "/droplets/")) return SCHEDULE_SNAPSHOT;
  if (!strcmp(method, "POST") && !strstr(url, "/images/")) return SCHEDULE_IMPORT;
  if (strstr(body, "\"delete\":true")) return SCHEDULE_PROTECT;
  if (strstr(body, "\"delete\":false")) return SCHEDULE_UNPROTECT;
  if (strstr(body, "\"transfer\""))
    return strstr(body, "ams3") ? SCHEDULE_TRANSFER_ELSEWHERE : SCHEDULE_TRANSFER;
  return strstr(body, "\"type\"") ? SCHEDULE_CONVERT : SCHEDULE_UPDATE;
}

static uint64_t effects_of(const harness *s, schedule_mutation mutation) {
  static const sim_effect effects[SCHEDULE_MUTATIONS] = {
      SIM_PROTECT, SIM_UNPROTECT, SIM_CONVERT,      SIM_TRANSFER, SIM_TRANSFER,
      SIM_DELETE,  SIM_UPDATE,    SIM_CREATE_IMAGE, SIM_IMPORT};
  return mutation == SCHEDULE_MUTATIONS ? 0
                                        : s->instance.world->counters.effects[effects[mutation]];
}

static void note_actions(const harness *s, size_t before, size_t call, harness_actions *list) {
  const sim_cloud_state *side = &s->instance.world->clouds[s->schedule->cloud];
  for (size_t i = before; i < side->actions_count; i++)
    if (list->count < HARNESS_ACTIONS) {
      list->calls[list->count] = call;
      list->ids[list->count++] = side->actions[i]->id;
    }
}

/* ---- other programs ---- */

static const char *foreign_body(const schedule *p, bool opposite) {
  bool protect = (p->change == SCHEDULE_PROTECT) != opposite,
       nyc = (p->change == SCHEDULE_TRANSFER) != opposite;
  switch (p->change) {
  case SCHEDULE_PROTECT:
  case SCHEDULE_UNPROTECT: return protect ? "{\"delete\":true}" : "{\"delete\":false}";
  case SCHEDULE_TRANSFER:
  case SCHEDULE_TRANSFER_ELSEWHERE:
    return nyc ? "{\"type\":\"transfer\",\"region\":\"nyc3\"}"
               : "{\"type\":\"transfer\",\"region\":\"ams3\"}";
  case SCHEDULE_CONVERT:
    return p->cloud == SIM_HETZNER ? "{\"type\":\"snapshot\"}" : "{\"type\":\"convert\"}";
  case SCHEDULE_UPDATE: return "{\"description\":\"theirs\"}";
  case SCHEDULE_SNAPSHOT:
  case SCHEDULE_IMPORT: return harness_image_body(p, opposite);
  default: return NULL;
  }
}

static sim_reply ask_world(const harness *s, const char *method, const char *target,
                           const char *body) {
  sim_request request = {
      .method = method, .target = target, .authorization = "Bearer another-program", .body = body};
  int64_t now_ms = harness_now(s);
  request.body_bytes = body ? strlen(body) : 0;
  sim_world_advance(s->instance.world, now_ms);
  return sim_dispatch(s->instance.world, s->schedule->cloud, &request, now_ms);
}

void harness_foreign(harness *s, bool opposite) {
  const schedule *p = s->schedule;
  size_t before = s->instance.world->clouds[p->cloud].actions_count;
  const char *body = foreign_body(p, opposite);
  const char *target = p->cloud == SIM_HETZNER ? "/v1/images/10" : "/v2/images/10";
  if (p->unsafe)
    target = p->cloud == SIM_HETZNER ? "/v1/images/10/actions/change_protection"
                                     : "/v2/images/10/actions";
  if (schedule_makes_image(p->change)) target = harness_image_path(p, opposite);
  schedule_mutation mutation = mutation_of(schedule_method(p), target, body);
  uint64_t effects = effects_of(s, mutation);
  sim_reply reply = ask_world(s, schedule_method(p), target, body);
  sim_reply_free(&reply);
  if (p->change == SCHEDULE_SNAPSHOT) { /* the same of another server */
    target =
        p->cloud == SIM_HETZNER ? "/v1/servers/22/actions/create_image" : "/v2/droplets/22/actions";
    reply = ask_world(s, "POST", target, harness_image_body(p, false));
    sim_reply_free(&reply);
  }
  s->instance.world->overrides = (sim_overrides){.duration_ms = -1};
  s->foreign[mutation] += effects_of(s, mutation) - effects;
  note_actions(s, before, 0, &s->others);
}

/* ---- responses about another object ---- */

/* The target of a request that reads the same of another object; "" = there is none. */
static void other_target(const imgact_http_request *request, bool hetzner, sim_text *out) {
  const char *authority = strstr(request->url, "://"),
             *path = authority ? strchr(authority + 3, '/') : NULL;
  const char *image = path ? strstr(path, "/images/") : NULL,
             *server = path ? strstr(path, hetzner ? "/servers/20" : "/droplets/20") : NULL,
             *actions = path ? strstr(path, "/actions") : NULL;
  if (!path || !strcmp(request->method, "DELETE")) return;
  if (!strcmp(request->method, "POST")) {
    sim_text_printf(out, "/%s/actions/%" PRId64, hetzner ? "v1" : "v2",
                    server ? HARNESS_SERVER_ACTION : HARNESS_OTHER_ACTION);
  } else if (server) {
    const char *id = strstr(server, "20");
    sim_text_add(out, path, (size_t)(id - path));
    sim_text_printf(out, "%" PRId64 "%s", HARNESS_OTHER_SERVER, id + 2);
  } else if (actions && (actions[8] == '/' || strstr(actions, "?id="))) {
    if (hetzner)
      sim_text_printf(out, "/v1/actions?id=%" PRId64, HARNESS_OTHER_ACTION);
    else
      sim_text_printf(out, "/v2/actions/%" PRId64, HARNESS_OTHER_ACTION);
  } else if (image) {
    const char *id = image + strlen("/images/");
    sim_text_add(out, path, (size_t)(id - path));
    sim_text_printf(out, "%" PRId64 "%s", HARNESS_OTHER_IMAGE, id + strspn(id, "0123456789"));
  }
}

/* ---- clocks ---- */

/* How far the cloud's clock was ahead at one of its times. */
static int64_t cloud_ahead(const harness *s, int64_t ms) {
  const schedule *p = s->schedule;
  return p->cloud_jump_ms && ms >= s->start_ms + p->cloud_jump_at_ms ? p->cloud_jump_ms : 0;
}

static bool is_time(const char *text) {
  static const char shape[] = "dddd-dd-ddTdd:dd:dd";
  for (size_t i = 0; shape[i]; i++)
    if (shape[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i]) return false;
  return true;
}

/* Every time in a body as the cloud's clock showed it then; of the same length. */
static char *shifted_body(const harness *s, const char *body, size_t length) {
  char *copy = sim_copy_n(body, length);
  for (char *at = copy; at && (at = strchr(at, 'T')); at++) {
    char text[32], shown[32];
    int64_t ms = 0;
    if (at < copy + 10 || !is_time(at - 10)) continue;
    snprintf(text, sizeof text, "%.19sZ", at - 10);
    if (!sim_parse_time(text, &ms)) continue;
    sim_format_time(ms + cloud_ahead(s, ms), shown);
    memcpy(at - 10, shown, 19);
  }
  return copy;
}

/* The Date of a response; "" = none. */
static void date_of(relay *r, const flight *f, bool good, char date[32]) {
  const schedule *p = r->s->schedule;
  int64_t ms = f->served_ms + cloud_ahead(r->s, f->served_ms);
  bool second = (good ? r->good_answers : r->answers) % 2 == 1;
  date[0] = 0;
  if (p->dates == SCHEDULE_DATES_MISSING || (p->dates == SCHEDULE_DATES_OFTEN_MISSING && second))
    return;
  if (!good) ms = f->served_ms + p->gateway_ms;
  if (good && p->dates == SCHEDULE_DATES_OFTEN_WRONG && second) ms += p->lie_ms;
  sim_format_http_date(ms < 0 ? 0 : ms, date);
}

/* ---- in ---- */

static void put_dates(relay *r, const flight *f, imgact_http_response *response,
                      imgact_header *headers, char date[32]) {
  bool good = response->status >= 200 && response->status < 300;
  size_t count = 0;
  date_of(r, f, good, date);
  r->answers++;
  r->good_answers += good;
  for (size_t i = 0; i < response->headers_count; i++) {
    headers[count] = response->headers[i];
    if (!strcasecmp(headers[count].name, "Date")) headers[count].value = date;
    count += *headers[count].value != 0;
  }
  response->headers = headers;
  response->headers_count = count;
}

static bool shorten(relay *r, const flight *f, imgact_http_response *response) {
  int64_t cut = r->s->schedule->shorten_bytes;
  if (!f->mutation || cut < 0 || r->shortened || response->status >= 300 ||
      (uint64_t)cut >= response->body_bytes)
    return false;
  r->shortened = true;
  response->body_bytes = (size_t)cut;
  return true;
}

static bool swap_body(relay *r, const flight *f, imgact_http_response *response) {
  if (!f->swap.status || response->status >= 300) return false;
  r->s->swapped++;
  response->status = f->swap.status;
  response->body = f->swap.body;
  response->body_bytes = f->swap.body_bytes;
  return true;
}

static bool is_json(const imgact_http_response *response) {
  for (size_t i = 0; i < response->headers_count; i++)
    if (!strcasecmp(response->headers[i].name, "Content-Type"))
      return !strncasecmp(response->headers[i].value, "application/json", 16);
  return false;
}

/* Does a 2xx show what it is about? A deletion has nothing to show. */
static bool is_usable(const flight *f, const imgact_http_response *response) {
  if (f->mutation && f->kind == SCHEDULE_DELETE) return true;
  if (!is_json(response) || !response->body || !strstr(response->body, "\"id\"")) return false;
  bool has_action = strstr(response->body, "\"action") != NULL,
       has_image = strstr(response->body, "\"image") || strstr(response->body, "\"snapshots\"");
  if (!f->mutation) return has_action || has_image;
  return schedule_creates_action(f->relay->s->schedule->cloud, f->kind) ? has_action : has_image;
}

/* A request without a response, or with one that leaves its outcome open: not 4xx, and not a whole
 * 2xx about its own object. */
static void note_response(const flight *f, const imgact_http_response *response, bool damaged) {
  harness *s = f->relay->s;
  harness_responses *all = &s->responses;
  bool answered = response && response->delivery == IMGACT_DELIVERY_ANSWERED;
  int status = answered ? response->status : 0;
  bool is_2xx = status >= 200 && status < 300;
  bool unusable = is_2xx && (damaged || f->instead || !is_usable(f, response));
  bool is_rejection = status >= 400 && status < 500 && status != 408 && status != 425;
  if (answered && status > 0 && status < HARNESS_MAX_STATUS) all->by_status[status]++;
  all->unanswered += !answered;
  all->unusable += unusable || (answered && (status < 200 || (status >= 300 && status < 400)));
  if (!f->mutation) return;
  harness_group *group = &s->groups[f->kind];
  group->lost[f->sender] += unusable || (!is_2xx && !is_rejection);
  group->rejected_falsely +=
      f->kind == SCHEDULE_DELETE && status == 404 && !harness_shows(s, SCHEDULE_DELETE);
}

static void pass_on(imgact_exchange *base, const imgact_http_response *response) {
  flight *f = (flight *)base;
  relay *r = f->relay;
  imgact_http_response copy = *response;
  imgact_header headers[SIM_MAX_HEADERS];
  char date[32], *body = NULL;
  bool damaged = false;
  if (response->delivery == IMGACT_DELIVERY_ANSWERED) {
    put_dates(r, f, &copy, headers, date);
    damaged = shorten(r, f, &copy);
    damaged = swap_body(r, f, &copy) || damaged;
    if (r->s->schedule->cloud_jump_ms && copy.body)
      copy.body = body = shifted_body(r->s, copy.body, copy.body_bytes);
  }
  note_response(f, &copy, damaged);
  sim_reply swap = f->swap;
  imgact_exchange *outer = f->outer;
  imgact_exchange_set_data(outer, NULL);
  free(f);
  imgact_exchange_finish(outer, &copy);
  sim_reply_free(&swap);
  free(body);
}

/* ---- out ---- */

static bool is_swapped(harness *s) {
  uint64_t percent = (uint64_t)s->schedule->swap_percent;
  return percent && harness_now(s) >= s->start_ms && sim_random_below(&s->dice, 100) < percent;
}

/* The request, or the request about another object that replaces it. */
static imgact_status send_on(relay *r, const imgact_http_request *request, flight *f) {
  harness *s = r->s;
  sim_text target = {0};
  if (is_swapped(s)) other_target(request, s->schedule->cloud == SIM_HETZNER, &target);
  const char *other = sim_text_get(&target);
  bool instead = other && *other && f->mutation && s->schedule->swap_instead;
  imgact_status status;
  f->instead = instead;
  if (instead) {
    sim_text url = {0};
    imgact_http_request swapped = *request;
    sim_text_printf(&url, "http://127.0.0.1%s", other);
    swapped.method = "GET";
    swapped.url = sim_text_get(&url);
    swapped.body = NULL;
    swapped.body_bytes = 0;
    r->s->swapped++;
    status = swapped.url ? r->inner->send(r->inner, &swapped, &f->base) : IMGACT_NOMEM;
    sim_text_free(&url);
  } else {
    status = r->inner->send(r->inner, request, &f->base);
    if (other && *other) f->swap = ask_world(s, "GET", other, NULL);
  }
  if (s->trace && other && *other)
    fprintf(s->trace, "           answered about %s%s\n", other, instead ? ", not handled" : "");
  sim_text_free(&target);
  return status;
}

static void note_shown(harness *s) {
  for (int mutation = 0; mutation < SCHEDULE_MUTATIONS && !s->schedule->list; mutation++)
    *(harness_shows(s, (schedule_mutation)mutation) ? &s->groups[mutation].was_shown
                                                    : &s->groups[mutation].was_not_shown) = true;
}

static imgact_status relay_send(imgact_transport *transport, const imgact_http_request *request,
                                imgact_exchange *exchange) {
  relay *r = (relay *)transport;
  harness *s = r->s;
  flight *f = calloc(1, sizeof *f);
  if (!f) return IMGACT_NOMEM;
  schedule_mutation mutation = mutation_of(request->method, request->url, request->body);
  *f = (flight){.base = {.on_finished = pass_on},
                .outer = exchange,
                .relay = r,
                .mutation = mutation != SCHEDULE_MUTATIONS,
                .kind = mutation,
                .served_ms = harness_now(s)};
  if (f->mutation) f->sender = s->groups[mutation].sender;
  imgact_exchange_set_data(exchange, f);
  size_t before = s->instance.world->clouds[s->schedule->cloud].actions_count;
  uint64_t effects = effects_of(s, mutation), committed = 0;
  imgact_status status = send_on(r, request, f);
  if (f->mutation) {
    harness_group *group = &s->groups[mutation];
    committed = effects_of(s, mutation) - effects;
    group->effects += committed;
    group->sends++;
    group->sent_again += s->crashed || group->lost[f->sender];
    if (!group->first_sent_ms) group->first_sent_ms = harness_now(s);
    note_actions(s, before, f->sender, &group->own);
    s->sends++;
  } else {
    s->lookups++;
    note_shown(s);
  }
  if (s->trace)
    fprintf(s->trace, "  %8" PRId64 " %s %s%s%s%s\n", harness_now(s) - s->start_ms, request->method,
            request->url, request->body ? " " : "", request->body ? request->body : "",
            committed ? "  (committed)" : "");
  return status;
}

static void relay_cancel(imgact_transport *transport, imgact_exchange *exchange) {
  relay *r = (relay *)transport;
  flight *f = imgact_exchange_data(exchange);
  if (!f) return;
  note_response(f, NULL, false);
  r->inner->cancel(r->inner, &f->base);
  sim_reply_free(&f->swap);
  free(f);
}

static void relay_dispatch(imgact_transport *transport) {
  relay *r = (relay *)transport;
  r->inner->dispatch(r->inner);
}

static int relay_timeout(imgact_transport *transport) {
  relay *r = (relay *)transport;
  int timeout = r->inner->timeout_ms(r->inner);
  int64_t alarm_ms = harness_alarm_ms(r->s), left = alarm_ms - harness_now(r->s);
  if (alarm_ms == INT64_MAX || left > INT32_MAX) return timeout;
  if (left < 0) left = 0;
  return timeout >= 0 && timeout < left ? timeout : (int)left;
}

/* Never polled: the harness drives the loop by its own clock. */
static int relay_fd(imgact_transport *transport) {
  (void)transport;
  return 0;
}

static void relay_wakeup(imgact_transport *transport) { (void)transport; }

static void relay_destroy(imgact_transport *transport) {
  relay *r = (relay *)transport;
  r->inner->destroy(r->inner);
  free(r);
}

imgact_transport *harness_transport(harness *s) {
  relay *r = calloc(1, sizeof *r);
  if (!r) return NULL;
  *r = (relay){.base = {.size = sizeof r->base,
                        .send = relay_send,
                        .cancel = relay_cancel,
                        .dispatch = relay_dispatch,
                        .fd = relay_fd,
                        .timeout_ms = relay_timeout,
                        .wakeup = relay_wakeup,
                        .destroy = relay_destroy},
               .inner = sim_transport_new(&s->instance, s->schedule->latency_ms),
               .s = s};
  if (!r->inner) {
    free(r);
    return NULL;
  }
  return &r->base;
}
