// SPDX-License-Identifier: MIT
/*
 * The golden runner, for any provider: each fixture is a cassette that carries a call and what is
 * to come of it. The call is made on the cassette, so the requests must be the cassette's entries,
 * all of them; the results are compared as JSON. Uses the public interface alone. Prints TAP.
 *
 *   golden [--provider-so FILE SYMBOL] FIXTURE-OR-DIRECTORY...
 */
#include "golden.h"
#include <dirent.h>
#include <dlfcn.h>
#include <imgact/provider.h>
#include <imgact/transport.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FIXTURE_BYTES ((size_t)8 << 20)

void golden_fail(golden_problem *problem, const char *format, ...) {
  if (*problem->text) return; /* the first one is the cause */
  va_list args;
  va_start(args, format);
  vsnprintf(problem->text, sizeof problem->text, format, args);
  va_end(args);
}

/* ---- memory ---- */

struct golden_block {
  struct golden_block *next;
  max_align_t data[];
};

void *golden_alloc(golden_pool *pool, size_t count, size_t bytes) {
  if (bytes && count > (SIZE_MAX - sizeof(struct golden_block)) / bytes) abort();
  struct golden_block *block = calloc(1, sizeof *block + count * bytes);
  if (!block) abort();
  block->next = pool->blocks;
  pool->blocks = block;
  return block->data;
}

const char *golden_text(golden_pool *pool, const imgact_json *value) {
  size_t length = 0;
  const char *bytes = imgact_json_as_string(value, &length);
  if (!bytes) return NULL;
  char *copy = golden_alloc(pool, length + 1, 1);
  memcpy(copy, bytes, length);
  return copy;
}

void golden_pool_free(golden_pool *pool) {
  while (pool->blocks) {
    struct golden_block *next = pool->blocks->next;
    free(pool->blocks);
    pool->blocks = next;
  }
}

/* ---- one fixture ---- */

static imgact_json_doc *load(const char *path, golden_problem *problem) {
  FILE *file = fopen(path, "rb");
  char *text = malloc(MAX_FIXTURE_BYTES);
  if (!text) abort();
  size_t length = file ? fread(text, 1, MAX_FIXTURE_BYTES, file) : 0;
  imgact_json_doc *doc = NULL;
  char what[256] = "";
  if (!file || length == MAX_FIXTURE_BYTES)
    golden_fail(problem, "%s cannot be read, or is too large", path);
  else if (imgact_json_doc_parse(text, length, NULL, &doc, what, sizeof what))
    golden_fail(problem, "%s: %s", path, what);
  free(text);
  if (file) fclose(file);
  return doc;
}

static void judge(imgact_op *op, const imgact_json *expected, golden_problem *problem) {
  imgact_json_writer *writer = imgact_json_writer_new(NULL, 0);
  const char *text = golden_render(writer, op);
  imgact_json_doc *actual = NULL;
  char what[256] = "";
  if (!text || imgact_json_doc_parse(text, strlen(text), NULL, &actual, what, sizeof what))
    golden_fail(problem, "the results make no JSON: %s", what);
  else
    golden_compare(expected, imgact_json_doc_root(actual), problem);
  if (*problem->text && *imgact_op_error(op)->message)
    fprintf(stderr, "# the operation says: %s\n", imgact_op_error(op)->message);
  imgact_json_doc_free(actual);
  imgact_json_writer_free(writer);
}

static void run_call(imgact_client *client, imgact_transport *cassette, const imgact_json *story,
                     golden_problem *problem) {
  golden_pool pool = {NULL};
  imgact_op *op = golden_call(client, imgact_json_get(story, "call"), &pool, problem);
  if (op) {
    const char *first = NULL;
    imgact_op_run(op);
    judge(op, imgact_json_get(story, "expect"), problem);
    if (imgact_replayer_unused(cassette, &first))
      golden_fail(problem, "was not asked for: %s", first ? first : "an entry");
    imgact_op_free(op);
  }
  golden_pool_free(&pool);
}

static void run_story(const char *path, const imgact_json *story, const imgact_provider *extra,
                      golden_problem *problem) {
  golden_pool pool = {NULL};
  imgact_error error;
  imgact_transport *cassette = NULL;
  imgact_client *client = NULL;
  const char *name = golden_text(&pool, imgact_json_get(story, "provider"));
  imgact_client_options options = {.size = sizeof options, .provider_name = name};
  if (extra && name && !strcmp(extra->name, name)) {
    options.provider_name = NULL;
    options.provider = extra;
  }
  if (imgact_json_get_type(imgact_json_get(story, "expect")) != IMGACT_JSON_OBJECT)
    golden_fail(problem, "log._imgact.expect is no object");
  else if (imgact_transport_new_replayer(path, NULL, &cassette, &error) != IMGACT_OK)
    golden_fail(problem, "%s", error.message);
  options.transport = cassette;
  if (!*problem->text && imgact_client_new(&options, &client, &error) != IMGACT_OK)
    golden_fail(problem, "%s", error.message);
  if (client) run_call(client, cassette, story, problem);
  imgact_client_free(client);
  golden_pool_free(&pool);
}

static int run_fixture(const char *path, size_t number, const imgact_provider *extra) {
  golden_problem problem = {""};
  imgact_json_doc *doc = load(path, &problem);
  if (doc)
    run_story(path, imgact_json_get(imgact_json_get(imgact_json_doc_root(doc), "log"), "_imgact"),
              extra, &problem);
  imgact_json_doc_free(doc);
  printf("%sok %zu - %s\n", *problem.text ? "not " : "", number, path);
  if (*problem.text) printf("# %s\n", problem.text);
  fflush(stdout);
  return *problem.text != '\0';
}

/* ---- all of them ---- */

static int is_fixture(const struct dirent *entry) {
  size_t length = strlen(entry->d_name);
  return length > 4 && !strcmp(entry->d_name + length - 4, ".har");
}

/* Appends a file, or the fixtures of a directory by name. */
static void collect(golden_pool *pool, const char *path, const char **paths, size_t capacity,
                    size_t *count) {
  struct stat info;
  struct dirent **entries = NULL;
  if (stat(path, &info) || !S_ISDIR(info.st_mode)) {
    if (*count < capacity) paths[(*count)++] = path;
    return;
  }
  int found = scandir(path, &entries, is_fixture, alphasort);
  for (int i = 0; i < found; i++) {
    size_t bytes = strlen(path) + strlen(entries[i]->d_name) + 2;
    char *full = golden_alloc(pool, bytes, 1);
    snprintf(full, bytes, "%s/%s", path, entries[i]->d_name);
    if (*count < capacity) paths[(*count)++] = full;
    free(entries[i]);
  }
  free(entries);
}

static const imgact_provider *load_provider(const char *file, const char *symbol) {
  void *module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  const imgact_provider *provider = module ? dlsym(module, symbol) : NULL;
  if (!provider) printf("Bail out! %s\n", dlerror());
  return provider;
}

int main(int argc, char **argv) {
  static const char *paths[4096];
  golden_pool pool = {NULL};
  const imgact_provider *extra = NULL;
  size_t count = 0, failed = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--provider-so") != 0 || i + 2 >= argc) {
      collect(&pool, argv[i], paths, sizeof paths / sizeof *paths, &count);
      continue;
    }
    extra = load_provider(argv[i + 1], argv[i + 2]);
    if (!extra) return 1;
    i += 2;
  }
  if (!count) printf("Bail out! there are no fixtures: no file NAME.har\n");
  printf("1..%zu\n", count);
  for (size_t i = 0; i < count; i++) failed += (size_t)run_fixture(paths[i], i + 1, extra);
  golden_pool_free(&pool);
  return failed || !count;
}
