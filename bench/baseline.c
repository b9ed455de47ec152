// SPDX-License-Identifier: MIT
// The baseline: reads the same list with a plain loop of curl_easy_perform and yyjson that maps the
// same fields, without further checks: baseline PORT TIMES. With TIMES 0, it only downloads the
// pages, once.
#include "measure.h"
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yyjson.h>

typedef struct body {
  char *data;
  size_t length, capacity;
} body;

typedef struct label {
  char *key, *value;
} label;

typedef struct image {
  char *id, *name, *description, *type, *status, *architecture, *os_family, *os_version, *from_id,
      *from_name, *bound_to;
  label *labels;
  size_t labels_count;
  double size_gb, min_disk_gb;
  long long created, deprecated, deleted;
  int is_protected;
} image;

typedef struct list {
  image *items;
  size_t count, capacity;
} list;

static size_t on_body(char *data, size_t size, size_t count, void *user) {
  body *b = user;
  size_t more = size * count;
  if (b->length + more > b->capacity) {
    b->capacity = (b->length + more) * 2;
    b->data = realloc(b->data, b->capacity);
    if (!b->data) abort();
  }
  memcpy(b->data + b->length, data, more);
  b->length += more;
  return more;
}

enum { PAGES = 40 };

static char *text_of(yyjson_val *value) {
  return yyjson_is_str(value) ? strdup(yyjson_get_str(value)) : NULL;
}

static char *id_of(yyjson_val *value) {
  char text[32];
  if (!yyjson_is_uint(value)) return NULL;
  (void)snprintf(text, sizeof text, "%llu", (unsigned long long)yyjson_get_uint(value));
  return strdup(text);
}

static long long time_of(yyjson_val *value) {
  struct tm tm = {0};
  if (!yyjson_is_str(value) || !strptime(yyjson_get_str(value), "%Y-%m-%dT%H:%M:%S", &tm))
    return -1;
  return timegm(&tm);
}

static void map_labels(yyjson_val *object, image *img) {
  size_t i, count;
  yyjson_val *key, *value;
  img->labels = calloc(yyjson_obj_size(object) + 1, sizeof *img->labels);
  if (!img->labels) abort();
  yyjson_obj_foreach(object, i, count, key, value) {
    img->labels[img->labels_count++] = (label){text_of(key), text_of(value)};
  }
}

static void map_image(yyjson_val *object, image *img) {
  yyjson_val *from = yyjson_obj_get(object, "created_from");
  *img = (image){.id = id_of(yyjson_obj_get(object, "id")),
                 .name = text_of(yyjson_obj_get(object, "name")),
                 .description = text_of(yyjson_obj_get(object, "description")),
                 .type = text_of(yyjson_obj_get(object, "type")),
                 .status = text_of(yyjson_obj_get(object, "status")),
                 .architecture = text_of(yyjson_obj_get(object, "architecture")),
                 .os_family = text_of(yyjson_obj_get(object, "os_flavor")),
                 .os_version = text_of(yyjson_obj_get(object, "os_version")),
                 .from_id = id_of(yyjson_obj_get(from, "id")),
                 .from_name = text_of(yyjson_obj_get(from, "name")),
                 .bound_to = id_of(yyjson_obj_get(object, "bound_to")),
                 .size_gb = yyjson_get_num(yyjson_obj_get(object, "image_size")),
                 .min_disk_gb = yyjson_get_num(yyjson_obj_get(object, "disk_size")),
                 .created = time_of(yyjson_obj_get(object, "created")),
                 .deprecated = time_of(yyjson_obj_get(object, "deprecated")),
                 .deleted = time_of(yyjson_obj_get(object, "deleted")),
                 .is_protected = yyjson_get_bool(
                     yyjson_obj_get(yyjson_obj_get(object, "protection"), "delete"))};
  map_labels(yyjson_obj_get(object, "labels"), img);
}

static void free_image(image *img) {
  char *const texts[] = {img->id,      img->name,         img->description, img->type,
                         img->status,  img->architecture, img->os_family,   img->os_version,
                         img->from_id, img->from_name,    img->bound_to};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
  for (size_t i = 0; i < img->labels_count; i++) {
    free(img->labels[i].key);
    free(img->labels[i].value);
  }
  free(img->labels);
}

// Returns the next page, 0 at the end.
static int add_page(const body *b, list *all) {
  size_t i, count;
  yyjson_val *object;
  yyjson_doc *doc = yyjson_read(b->data, b->length, 0);
  yyjson_val *root = yyjson_doc_get_root(doc);
  yyjson_arr_foreach(yyjson_obj_get(root, "images"), i, count, object) {
    if (all->count == all->capacity) {
      all->capacity = all->capacity ? all->capacity * 2 : 64;
      all->items = realloc(all->items, all->capacity * sizeof *all->items);
      if (!all->items) abort();
    }
    map_image(object, &all->items[all->count++]);
  }
  int next = (int)yyjson_get_int(yyjson_ptr_get(root, "/meta/pagination/next_page"));
  yyjson_doc_free(doc);
  return next;
}

static int read_list(CURL *easy, const char *port, list *all) {
  body b = {0};
  int page = 1;
  CURLcode result = CURLE_OK;
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &b);
  while (page > 0 && result == CURLE_OK) {
    char url[128];
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%s/v1/images?page=%d&per_page=50", port,
                   page);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    b.length = 0;
    result = curl_easy_perform(easy);
    if (result == CURLE_OK && all) page = add_page(&b, all);
    if (!all && ++page > PAGES) page = 0;
  }
  free(b.data);
  return result == CURLE_OK;
}

static void count_and_free(list *all, size_t *images, unsigned long long *sum) {
  for (size_t i = 0; i < all->count; i++) {
    const image *img = &all->items[i];
    *sum += strlen(img->id) + strlen(img->description) + img->labels_count;
    *sum += (unsigned long long)img->created + (unsigned)img->size_gb;
    free_image(&all->items[i]);
  }
  *images += all->count;
  free(all->items);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int times = atoi(argv[2]), good = 1;
  size_t images = 0;
  unsigned long long sum = 0;
  stopwatch watch = {0};
  CURL *easy = curl_easy_init();
  struct curl_slist *headers =
      curl_slist_append(NULL, "Authorization: Bearer token-of-the-benchmark");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  if (times == 0) good = read_list(easy, argv[1], NULL);
  for (int i = -1; times && i < times && good; i++) {
    list all = {0};
    if (i == 0) { // the first reading made the connection
      images = 0;
      sum = 0;
      watch = start_watch();
    }
    good = read_list(easy, argv[1], &all);
    count_and_free(&all, &images, &sum);
  }
  if (good && times) report(watch, times, images, sum);
  curl_slist_free_all(headers);
  curl_easy_cleanup(easy);
  return good ? 0 : 1;
}
