/* SPDX-License-Identifier: MIT */
/* For tests of transports: an exchange that keeps its response, a request with default values, and
 * a temporary folder. */
#ifndef EXCHANGES_H
#define EXCHANGES_H

#include "testing.h"

#include <dirent.h>
#include <imgact/transport.h>
#include <unistd.h>

typedef struct kept_exchange {
  imgact_exchange exchange;      /* first */
  int finished;                  /* calls of on_finished */
  int order;                     /* position among all finished exchanges */
  imgact_http_response response; /* its strings are copies */
  char *headers;                 /* lines "name: value\n" */
} kept_exchange;

static inline char *copy_of(const char *text, size_t length) {
  char *copy = malloc(length + 1);
  assert_non_null(copy);
  if (length > 0) memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

static inline char *header_lines(const imgact_header *headers, size_t count) {
  char *lines = NULL;
  size_t length = 0;
  FILE *out = open_memstream(&lines, &length);
  assert_non_null(out);
  for (size_t i = 0; i < count; i++) fprintf(out, "%s: %s\n", headers[i].name, headers[i].value);
  fclose(out);
  return lines;
}

static inline void keep_response(imgact_exchange *exchange, const imgact_http_response *response) {
  static int ends;
  kept_exchange *kept = (kept_exchange *)(void *)exchange;
  kept->finished++;
  kept->order = ++ends;
  kept->headers = header_lines(response->headers, response->headers_count);
  kept->response = *response;
  kept->response.headers = NULL;
  kept->response.body =
      response->body == NULL ? NULL : copy_of(response->body, response->body_bytes);
  kept->response.message =
      response->message == NULL ? NULL : copy_of(response->message, strlen(response->message));
}

static inline kept_exchange new_exchange(void) {
  return (kept_exchange){.exchange = {.on_finished = keep_response}};
}

static inline void forget(kept_exchange *kept) {
  free(kept->headers);
  free((void *)(uintptr_t)kept->response.body);
  free((void *)(uintptr_t)kept->response.message);
  *kept = new_exchange();
}

static inline imgact_http_request request_to(const char *method, const char *url) {
  return (imgact_http_request){.size = sizeof(imgact_http_request),
                               .method = method,
                               .url = url,
                               .timeout_ms = 30000,
                               .max_body_bytes = (size_t)32 << 20};
}

/* Runs a transport on its own clock until nothing is pending. */
static inline void drive(imgact_transport *transport) {
  for (int timeout_ms; (timeout_ms = transport->timeout_ms(transport)) >= 0;) {
    if (timeout_ms > 0) transport->advance_to(transport, transport->now_ms(transport) + timeout_ms);
    transport->dispatch(transport);
  }
}

/* ---- files ---- */

typedef struct folder {
  char path[64];
  char file[96]; /* path of a file in it */
} folder;

static inline folder new_folder(void) {
  folder made = {.path = "/tmp/imgact-test-XXXXXX"};
  assert_non_null(mkdtemp(made.path));
  snprintf(made.file, sizeof made.file, "%s/cassette.har", made.path);
  return made;
}

/* Returns the number of files that were in it. */
static inline size_t remove_folder(const folder *made) {
  size_t files = 0;
  DIR *list = opendir(made->path);
  assert_non_null(list);
  for (struct dirent *item; (item = readdir(list)) != NULL;) {
    char name[sizeof made->path + sizeof item->d_name + 1];
    if (item->d_name[0] == '.' && (item->d_name[1] == '\0' || item->d_name[1] == '.')) continue;
    snprintf(name, sizeof name, "%s/%s", made->path, item->d_name);
    files++;
    assert_int_equal(unlink(name), 0);
  }
  closedir(list);
  assert_int_equal(rmdir(made->path), 0);

  return files;
}

static inline void write_bytes(const char *path, const char *text, size_t length) {
  (void)unlink(path); // some file systems flush a file that is truncated and rewritten
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, length, file), length);
  assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *path, const char *text) {
  write_bytes(path, text, strlen(text));
}

/* Returns the content of the file, NUL-terminated; the caller frees it. */
static inline char *read_text(const char *path) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  long length = ftell(file);
  assert_true(length >= 0);
  rewind(file);
  char *text = calloc((size_t)length + 1, 1);
  assert_non_null(text);
  assert_int_equal(fread(text, 1, (size_t)length, file), (size_t)length);
  fclose(file);
  return text;
}

#endif
