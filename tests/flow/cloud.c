// SPDX-License-Identifier: MIT
// The small cloud: paths to responses. It responds as the API references describe, and
// keeps count.
#include "cloud.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t wall_ms(const cloud *self) {
  return SCRIPTED_EPOCH_MS + scripted_now_ms(self->script);
}

// ---- texts

typedef struct text {
  char *at, *end;
} text;

static void put(text *out, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));
static void put(text *out, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(out->at, (size_t)(out->end - out->at), format, args);
  va_end(args);
  if (length < 0 || length >= out->end - out->at) abort();
  out->at += length;
}

static void put_time(text *out, const cloud *self, int64_t unix_ms) {
  time_t seconds = (time_t)((unix_ms + self->ahead_ms) / 1000);
  struct tm parts;
  char when[32];
  if (gmtime_r(&seconds, &parts) == NULL) abort();
  strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
  put(out, "\"%s\"", when);
}

static const char *echo_of(const cloud *self) { return self->echo == NULL ? "" : self->echo; }

#define NAMED (-1) /* the one image that a list by name holds */

static void put_image(text *out, const cloud *self, long long id) {
  bool own = id == atoll(CLOUD_IMAGE);
  const char *type = own ? self->type : "snapshot", *echo = echo_of(self);
  const char *quote = *echo == '\0' ? "" : "\"";
  put(out, "{\"id\":%lld,\"name\":\"image%s\",", id == NAMED ? 1000 : id, id == NAMED ? "" : echo);
  put(out, "\"description\":\"of %s\",\"type\":\"%s\",\"status\":\"available\",", echo, type);
  put(out, "\"%s\":\"%s\",", *echo == '\0' ? "odd" : echo, echo);
  if (*echo != '\0') put(out, "\"architecture\":\"%s\",\"bound_to\":7,", echo);
  if (self->hetzner) {
    put(out, "\"image_size\":2.3,\"disk_size\":10,\"os_flavor\":\"%s\",\"os_version\":\"24.04\",",
        echo);
    put(out, "\"created\":\"2016-01-30T23:50:00+00:00\",\"labels\":{\"env%s\":\"%s\"},", echo,
        echo);
    put(out, "\"created_from\":{\"id\":1,\"name\":\"%s\"},", echo);
    put(out, "\"protection\":{\"delete\":%s}}", own && self->is_protected ? "true" : "false");
    return;
  }
  put(out,
      "\"distribution\":\"%s\",\"slug\":%s%s%s,\"public\":false,\"tags\":[\"%s\"],\"error_"
      "message\":"
      "\"%s\",",
      echo, quote, *echo == '\0' ? "null" : echo, quote, echo, echo);
  put(out, "\"created_at\":\"2016-01-30T23:50:00Z\",\"size_gigabytes\":2.34,\"min_disk_size\":20,"
           "\"regions\":[");
  for (size_t i = 0; own && i < self->regions_count; i++)
    put(out, "%s\"%s\"", i > 0 ? "," : "", self->regions[i]);
  put(out, "]}");
}

static const char *status_of(const cloud *self, const cloud_action *action) {
  if (wall_ms(self) < action->ends_ms) return self->hetzner ? "running" : "in-progress";
  if (action->odd) return "on-fire";
  if (action->fails) return self->hetzner ? "error" : "errored";
  return self->hetzner ? "success" : "completed";
}

static void put_action(text *out, const cloud *self, const cloud_action *action) {
  const char *status = status_of(self, action), *echo = echo_of(self);
  put(out, "{\"id\":%lld,\"%s\":\"%s\",\"status\":\"%s\",", action->id,
      self->hetzner ? "command" : "type", action->kind, status);
  put(out, "\"%s\":", self->hetzner ? "started" : "started_at");
  put_time(out, self, action->started_ms);
  put(out, ",\"odd%s\":\"%s\",", echo, echo);
  if (self->hetzner) {
    put(out, "\"progress\":50,\"resources\":[{\"id\":" CLOUD_IMAGE ",\"type\":\"image\"}],");
    put(out, "\"error\":{\"code\":\"action_failed\",\"message\":\"broken %s\"}}", echo);
    return;
  }
  if (!self->omits_region) put(out, "\"region_slug\":\"%s\",", action->region);
  put(out, "\"resource_id\":" CLOUD_IMAGE ",\"resource_type\":\"image\"}");
}

// ---- what happens

static cloud_action *start_action(cloud *self, const char *kind, const char *region) {
  if (self->actions_count == CLOUD_ACTIONS) abort();
  cloud_action *action = &self->actions[self->actions_count];
  *action = (cloud_action){.id = 9001 + (long long)self->actions_count++,
                           .started_ms = wall_ms(self),
                           .ends_ms = wall_ms(self) + self->action_ms,
                           .shown_ms = wall_ms(self) + self->hidden_ms};
  snprintf(action->kind, sizeof action->kind, "%s", kind);
  snprintf(action->region, sizeof action->region, "%s", region);
  return action;
}

static bool holds(const char *body, const char *what) {
  return body != NULL && strstr(body, what) != NULL;
}

static void region_of(const char *body, char *region, size_t capacity) {
  const char *at = body == NULL ? NULL : strstr(body, "\"region\":\"");
  size_t length = at == NULL ? 0 : strcspn(at += strlen("\"region\":\""), "\"");
  snprintf(region, capacity, "%.*s", (int)length, at == NULL ? "" : at);
}

// One effect of a POST, a PUT or a DELETE on the image. Returns the action, if there is one.
static cloud_action *apply(cloud *self, const scripted_request *request) {
  const char *body = request->body;
  char region[16];
  self->applied++;
  if (strcmp(request->method, "DELETE") == 0) self->deleted = true;
  if (holds(body, "\"type\":\"snapshot\"")) snprintf(self->type, sizeof self->type, "snapshot");
  if (strcmp(request->method, "POST") != 0) return NULL;
  if (holds(body, "\"delete\":")) {
    self->is_protected = holds(body, "\"delete\":true");
    return start_action(self, "change_protection", "");
  }
  if (holds(body, "\"type\":\"convert\"")) {
    snprintf(self->type, sizeof self->type, "snapshot");
    return start_action(self, "convert", "nyc1");
  }
  region_of(body, region, sizeof region);
  if (self->regions_count < 8) snprintf(self->regions[self->regions_count++], 16, "%s", region);
  return start_action(self, "transfer", region);
}

// ---- responses

static void reply_error(cloud *self, int status, const char *code, scripted_answer *answer) {
  text out = {self->text, self->text + CLOUD_TEXT};
  const char *echo = echo_of(self);
  if (self->hetzner)
    put(&out, "{\"error\":{\"code\":\"%s\",\"message\":\"no %s\",\"details\":{\"why\":\"%s\"}}}",
        code, echo, echo);
  else
    put(&out, "{\"id\":\"%s\",\"message\":\"no %s\",\"request_id\":\"%s\"}", code, echo, echo);
  *answer = (scripted_answer){.status = status, .body = self->text};
}

static void reply_image(cloud *self, scripted_answer *answer) {
  text out = {self->text, self->text + CLOUD_TEXT};
  if (self->deleted) {
    reply_error(self, 404, "not_found", answer);
    return;
  }
  put(&out, "{\"image\":");
  put_image(&out, self, atoll(CLOUD_IMAGE));
  put(&out, "}");
  *answer = (scripted_answer){.status = 200, .body = self->text};
}

static void reply_action(cloud *self, const cloud_action *action, scripted_answer *answer) {
  text out = {self->text, self->text + CLOUD_TEXT};
  put(&out, "{\"action\":");
  put_action(&out, self, action);
  put(&out, "}");
  *answer = (scripted_answer){.status = 201, .body = self->text};
}

static const cloud_action *find_action(const cloud *self, long long id) {
  for (size_t i = 0; i < self->actions_count; i++) {
    if (self->actions[i].id == id && wall_ms(self) >= self->actions[i].shown_ms)
      return &self->actions[i];
  }
  return NULL;
}

static long long number_after(const char *target, const char *key, long long otherwise) {
  const char *at = strstr(target, key);
  return at == NULL ? otherwise : atoll(at + strlen(key));
}

// The end of a list response, with the next page if there is one.
static void put_pages(text *out, const cloud *self, const char *path, long long page, size_t last,
                      size_t total) {
  if (self->hetzner) {
    put(out, "],\"meta\":{\"pagination\":{\"page\":%lld,\"next_page\":", page);
    if ((size_t)page < last)
      put(out, "%lld", page + 1);
    else
      put(out, "null");
    put(out, ",\"total_entries\":%zu}}}", total);
  } else if ((size_t)page < last) {
    put(out,
        "],\"links\":{\"pages\":{\"next\":\"https://"
        "other.example%s?page=%lld\"}},\"meta\":{\"total\":%zu}}",
        path, page + 1, total);
  } else {
    put(out, "],\"links\":{},\"meta\":{\"total\":%zu}}", total);
  }
}

static void reply_images(cloud *self, const char *target, scripted_answer *answer) {
  text out = {self->text, self->text + CLOUD_TEXT};
  size_t removed = self->removed_after > 0 && self->list_requests >= self->removed_after;
  size_t per_page = (size_t)number_after(target, "per_page=", 20), total = self->listed - removed;
  bool by_name = strstr(target, "name=") != NULL;
  if (by_name) total = 1;
  if (self->per_page > 0) per_page = self->per_page;
  long long page = number_after(target, "?page=", 0);
  if (page == 0) page = number_after(target, "&page=", 1);
  put(&out, "{\"images\":[");
  size_t first = (size_t)(page - 1) * per_page;
  for (size_t i = first; i < total && i < first + per_page; i++) {
    put(&out, "%s", i > first ? "," : "");
    put_image(&out, self, by_name ? NAMED : 1000 + (long long)(removed + i));
  }
  put_pages(&out, self, "/v2/images", page, (total + per_page - 1) / per_page, total);
  self->list_requests++;
  *answer = (scripted_answer){.status = 200, .body = self->text};
}

// All of them, or those of `id=...` pairs.
static void reply_actions(cloud *self, const char *target, scripted_answer *answer) {
  text out = {self->text, self->text + CLOUD_TEXT};
  size_t count = 0;
  put(&out, "{\"actions\":[");
  for (size_t i = 0; i < self->actions_count && !(self->silent && strstr(target, "id=") == NULL);
       i++) {
    const cloud_action *action = &self->actions[i];
    char asked[32];
    snprintf(asked, sizeof asked, "id=%lld", action->id);
    if (wall_ms(self) < action->shown_ms) continue;
    if (strstr(target, "id=") != NULL && strstr(target, asked) == NULL) continue;
    put(&out, "%s", count++ > 0 ? "," : "");
    put_action(&out, self, action);
  }
  put_pages(&out, self, "/v2/actions", 1, 1, count);
  *answer = (scripted_answer){.status = 200, .body = self->text};
}

static void reply_one_action(cloud *self, const char *target, scripted_answer *answer) {
  const cloud_action *action = find_action(self, atoll(strrchr(target, '/') + 1));
  if (action == NULL)
    reply_error(self, 404, "not_found", answer);
  else
    reply_action(self, action, answer);
}

static bool is_locked(const cloud *self) {
  bool locked = scripted_now_ms(self->script) < self->locked_ms;
  for (size_t i = 0; self->locks && i < self->actions_count; i++)
    locked = locked || wall_ms(self) < self->actions[i].ends_ms;
  return locked;
}

static void refuse(cloud *self, scripted_answer *answer) {
  reply_error(self, self->hetzner ? 423 : 422, "locked", answer);
  if (!self->hetzner) answer->body = "{\"id\":\"x\",\"message\":\"Image has a pending event.\"}";
}

static void mutate(cloud *self, const scripted_request *request, scripted_answer *answer) {
  if (is_locked(self)) {
    refuse(self, answer);
    return;
  }
  cloud_outcome outcome = {.effects = 1, .own_answer = true};
  if (self->mutations < self->outcomes_count) outcome = self->outcomes[self->mutations];
  self->mutations++;
  cloud_action *action = NULL;
  bool gone = self->deleted;
  for (int i = 0; i < outcome.effects && !gone; i++) action = apply(self, request);
  if (!outcome.own_answer) {
    *answer = outcome.answer;
    if (answer->status == 0 && answer->delivery == IMGACT_DELIVERY_NOT_SENT &&
        answer->failure == IMGACT_FAILURE_NONE)
      answer->delivery = IMGACT_DELIVERY_MAYBE_SENT;
  } else if (gone) {
    reply_error(self, 404, "not_found", answer);
  } else if (strcmp(request->method, "DELETE") == 0) {
    *answer = (scripted_answer){.status = 204};
  } else if (action != NULL) {
    reply_action(self, action, answer);
  } else {
    reply_image(self, answer);
  }
}

static void reply(cloud *self, const scripted_request *request, scripted_answer *answer) {
  const char *path = request->target + strlen(self->hetzner ? "/v1" : "/v2");
  bool of_image = strncmp(path, "/images/" CLOUD_IMAGE, strlen("/images/" CLOUD_IMAGE)) == 0;
  const char *rest = path + strlen("/images/" CLOUD_IMAGE);
  size_t end = strlen(path);
  if (strcmp(request->method, "GET") != 0)
    mutate(self, request, answer);
  else if (self->failing != NULL && strstr(path, self->failing) != NULL)
    reply_error(self, self->failing_status, self->failing_status == 404 ? "not_found" : "forbidden",
                answer);
  else if (of_image && *rest == '\0')
    reply_image(self, answer);
  else if (of_image && strncmp(rest, "/actions?", 9) == 0)
    reply_actions(self, path, answer);
  else if (strncmp(path, "/images?", 8) == 0)
    reply_images(self, path, answer);
  else if (strstr(path, "actions?") != NULL)
    reply_actions(self, path, answer);
  else if (strstr(path, "/actions/") != NULL && path[end - 1] >= '0' && path[end - 1] <= '9')
    reply_one_action(self, path, answer);
  else
    reply_error(self, 404, "not_found", answer);
}

static bool answer_all(void *user, const scripted_request *request, scripted_answer *answer) {
  cloud *self = user;
  reply(self, request, answer);
  answer->delay_ms += self->delay_ms;
  answer->with_date = true;
  if (answer->cloud_ahead_ms == 0) answer->cloud_ahead_ms = self->ahead_ms;
  if (answer->headers != NULL) return true;
  snprintf(self->head, sizeof self->head, "Content-Type: application/json\n%s",
           self->headers == NULL ? "" : self->headers);
  answer->headers = self->head;
  return true;
}

// ---- life

cloud *cloud_new(scripted *script, bool hetzner) {
  cloud *self = calloc(1, sizeof *self);
  if (self == NULL) abort();
  self->script = script;
  self->hetzner = hetzner;
  self->action_ms = 5000;
  self->regions_count = 1;
  snprintf(self->regions[0], 16, "nyc1");
  snprintf(self->type, sizeof self->type, "%s", hetzner ? "snapshot" : "backup");
  scripted_when(script, answer_all, self);
  return self;
}

void cloud_free(cloud *self) { free(self); }

void cloud_plan(cloud *self, cloud_outcome outcome) {
  if (self->outcomes_count == CLOUD_OUTCOMES) abort();
  self->outcomes[self->outcomes_count++] = outcome;
}

size_t cloud_add_action(cloud *self, const char *kind, const char *region, int64_t ago_ms,
                        int64_t takes_ms) {
  cloud_action *action = start_action(self, kind, region);
  self->others++;
  action->started_ms -= ago_ms;
  action->shown_ms = action->started_ms;
  action->ends_ms = action->started_ms + takes_ms;
  return self->actions_count - 1;
}
