// SPDX-License-Identifier: MIT
// Makes spans from trace events, as tracing systems such as OpenTelemetry use them: one for each
// operation, one for each request of it. It gets the images, all at the same time, and prints each
// span as a line of JSON when it ends:
//
//   spans IMAGE_ID...
//
// The environment or default_profile selects the cloud.
#include <imgact/imgact.h>
#include <imgact/json.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct span {
  uint64_t id, parent; // parent 0 = none
  int64_t start_ns;
  uint32_t request_number; // 0 = the span of an operation
  uint32_t retries;
} span;

typedef struct tracer {
  imgact_json_writer *writer;
  span requests[64]; // in flight; request_number 0 = free
  uint64_t last_id;
} tracer;

static int64_t now_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// ---- output

static void put_id(imgact_json_writer *w, const char *key, uint64_t id) {
  char text[17];
  snprintf(text, sizeof text, "%016" PRIx64, id);
  imgact_json_write_key(w, key);
  if (id != 0)
    imgact_json_write_string(w, text);
  else
    imgact_json_write_null(w);
}

static void put_text(imgact_json_writer *w, const char *key, const char *text) {
  if (text == NULL) return;
  imgact_json_write_key(w, key);
  imgact_json_write_string(w, text);
}

static void put_number(imgact_json_writer *w, const char *key, int64_t number) {
  imgact_json_write_key(w, key);
  imgact_json_write_int(w, number);
}

static void begin_line(imgact_json_writer *w, const span *ended, const char *name) {
  imgact_json_writer_reset(w);
  imgact_json_write_begin_object(w);
  put_text(w, "name", name);
  put_id(w, "span_id", ended->id);
  put_id(w, "parent_span_id", ended->parent);
  put_number(w, "start_time_unix_nano", ended->start_ns);
  put_number(w, "end_time_unix_nano", now_ns());
}

static void end_line(imgact_json_writer *w) {
  imgact_json_write_end_object(w);
  const char *line = imgact_json_writer_finish(w, NULL);
  puts(line != NULL ? line : "out of memory");
}

// ---- requests: their spans come from the trace

// A request has one span for each attempt, of which one at a time is in flight.
static span *find_request(tracer *t, uint32_t number) {
  for (size_t i = 0; i < sizeof t->requests / sizeof *t->requests; i++)
    if (t->requests[i].request_number == number) return &t->requests[i];
  return NULL;
}

static void begin_request(tracer *t, const imgact_trace_event *event) {
  const span *parent = event->op_user_data; // NULL if several operations share the request
  span *request = find_request(t, 0);
  if (request != NULL)
    *request = (span){.id = ++t->last_id,
                      .parent = parent != NULL ? parent->id : 0,
                      .start_ns = now_ns(),
                      .request_number = event->request_number};
}

static void end_request(tracer *t, const imgact_trace_event *event) {
  span *request = find_request(t, event->request_number);
  if (request == NULL) return;
  begin_line(t->writer, request, event->method);
  put_text(t->writer, "url.full", event->url);
  put_number(t->writer, "http.request.resend_count", event->attempt - 1);
  if (event->http_status > 0)
    put_number(t->writer, "http.response.status_code", event->http_status);
  put_text(t->writer, "error", event->message);
  end_line(t->writer);
  request->request_number = 0;
}

static void on_trace(void *user, const imgact_trace_event *event) {
  tracer *t = user;
  span *operation = event->op_user_data;
  switch (event->kind) {
  case IMGACT_TRACE_REQUEST: begin_request(t, event); break;
  case IMGACT_TRACE_RESPONSE:
  case IMGACT_TRACE_FAILURE: end_request(t, event); break;
  case IMGACT_TRACE_RETRY:
    if (operation != NULL) operation->retries++;
    break;
  default: break;
  }
}

// ---- operations: the program begins and ends their spans

static void on_done(void *user, imgact_op *op) {
  tracer *t = user;
  const span *operation = imgact_op_user_data(op);
  const imgact_error *error = imgact_op_error(op);
  begin_line(t->writer, operation, imgact_op_kind_name(imgact_op_get_kind(op)));
  put_text(t->writer, "image_id", imgact_op_image_id(op));
  put_number(t->writer, "retries", operation->retries);
  if (error->status != IMGACT_OK) put_text(t->writer, "error", error->message);
  end_line(t->writer);
}

static imgact_op *start(tracer *t, imgact_client *client, const char *image_id, span *operation) {
  imgact_op *op = imgact_get_image(client, image_id, NULL);
  *operation = (span){.id = ++t->last_id, .start_ns = now_ns()};
  imgact_op_set_user_data(op, operation);
  imgact_op_start(op, on_done, t);
  return op;
}

static int get_all(tracer *t, imgact_client *client, char **ids, size_t count) {
  span *operations = calloc(count + 1, sizeof *operations);
  imgact_op **ops = calloc(count + 1, sizeof *ops);
  int failed = operations == NULL || ops == NULL;
  for (size_t i = 0; !failed && i < count; i++) ops[i] = start(t, client, ids[i], &operations[i]);
  (void)imgact_loop_run(imgact_client_loop(client));
  for (size_t i = 0; ops != NULL && i < count; i++) {
    failed |= imgact_op_error(ops[i])->status != IMGACT_OK;
    imgact_op_free(ops[i]);
  }
  free(ops);
  free(operations);
  return failed;
}

int main(int argc, char **argv) {
  tracer t = {.writer = imgact_json_writer_new(NULL, 0)};
  const imgact_client_options options = {
      .size = sizeof options, .trace = on_trace, .trace_user_data = &t};
  imgact_client *client;
  imgact_error error;
  if (imgact_client_from_profile(NULL, &options, &client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    imgact_json_writer_free(t.writer);
    return 2;
  }
  int failed = get_all(&t, client, argv + 1, argc > 0 ? (size_t)argc - 1 : 0);
  imgact_client_free(client);
  imgact_json_writer_free(t.writer);
  return failed;
}
