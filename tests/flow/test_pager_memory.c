// SPDX-License-Identifier: MIT
// Very long lists: the memory that they take, and the limit of their pages.
#include "harness.h"
#include "stress.h"

#include <imgact/provider.h>

typedef struct endless {
  char body[8192];
  size_t requests, per_page;
  long long pages; /* the last one */
} endless;

static void next_page(void *user, const imgact_http_request *request,
                      imgact_http_response *response) {
  endless *e = user;
  long long page = atoll(strstr(request->url, "page=") + 5);
  size_t used = (size_t)snprintf(e->body, sizeof e->body, "{\"images\":[");
  for (size_t i = 0; i < e->per_page; i++)
    used += (size_t)snprintf(
        e->body + used, sizeof e->body - used,
        "%s{\"id\":%lld,\"name\":\"%s\",\"description\":\"a text of some length, of a page\"}",
        i > 0 ? "," : "", page * 1000 + (long long)i, page % 1000 == 0 ? "rare" : "usual");
  used += (size_t)snprintf(e->body + used, sizeof e->body - used,
                           "],\"meta\":{\"pagination\":{\"next_page\":");
  used += (size_t)snprintf(e->body + used, sizeof e->body - used,
                           page < e->pages ? "%lld}}}" : "null}}}", page + 1);
  e->requests++;
  response->body = e->body;
  response->body_bytes = used;
}

typedef struct long_list {
  endless cloud;
  failing_allocator memory;
  imgact_client *client;
} long_list;

static void open_long_list(long_list *l, const imgact_provider *provider) {
  imgact_error error;
  failing_allocator_init(&l->memory, 0);
  imgact_client_options options = {.size = sizeof options,
                                   .provider = provider,
                                   .provider_name = "hetzner",
                                   .token = HARNESS_TOKEN,
                                   .allocator = &l->memory.allocator,
                                   .transport =
                                       stress_transport(stress_new(next_page, &l->cloud, 1))};
  assert_int_equal(imgact_client_new(&options, &l->client, &error), IMGACT_OK);
}

static void close_long_list(long_list *l) {
  imgact_client_free(l->client);
  assert_memory_fine(&l->memory);
}

// Runs a paged list to its end. Returns the number of its items.
static size_t run_pages(imgact_op *op) {
  size_t items = 0, count = 0;

  while (imgact_op_run(op) == IMGACT_OK) {
    imgact_op_images(op, &count);
    items += count;
  }
  assert_status(op, IMGACT_END);
  return items;
}

// All that grows with the pages is the set of ids: 16 bytes each, at most four times that while it
// is made larger.
TEST(paged_list_memory_grows_with_ids) {
  long_list l = {.cloud = {.per_page = 5, .pages = 10000}};
  open_long_list(&l, NULL);
  imgact_op *op = harness_configure(imgact_list_images(l.client, NULL),
                                    (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});

  assert_int_equal(run_pages(op), 50000);
  if (l.memory.peak_bytes > 50000 * 16 * 5) fail_msg("%zu bytes", l.memory.peak_bytes);

  imgact_op_free(op);
  close_long_list(&l);
}

static imgact_slot local_slots[IMGACT_OP_COUNT];

// Hetzner, but names are compared here.
static imgact_provider without_name_filter(void) {
  imgact_provider provider = *imgact_provider_find("hetzner");
  memcpy(local_slots, provider.slots, sizeof local_slots);
  local_slots[IMGACT_OP_LIST_IMAGES].server_filters &= ~IMGACT_FILTER_BIT(IMAGE_NAME);
  local_slots[IMGACT_OP_LIST_IMAGES].local_filters |= IMGACT_FILTER_BIT(IMAGE_NAME);
  provider.slots = local_slots;
  return provider;
}

TEST(paged_list_filtered_items_are_freed) {
  imgact_provider provider = without_name_filter();
  long_list l = {.cloud = {.per_page = 5, .pages = 5500}};
  open_long_list(&l, &provider);
  imgact_image_filter filter = {.size = sizeof filter, .name = "rare"};
  imgact_op *op = harness_configure(imgact_list_images(l.client, &filter),
                                    (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});

  assert_int_equal(run_pages(op), 25);
  if (l.memory.peak_bytes > 27500 * 16 * 5) fail_msg("%zu bytes", l.memory.peak_bytes);

  imgact_op_free(op);
  close_long_list(&l);
}

// One image that passes must not keep what the filters drop from all the pages after it.
TEST(pager_filtered_items_are_freed) {
  imgact_provider provider = without_name_filter();
  long_list l = {.cloud = {.per_page = 5, .pages = 5500}};
  open_long_list(&l, &provider);
  imgact_image_filter filter = {.size = sizeof filter, .name = "rare"};
  imgact_op *op = harness_run(imgact_list_images(l.client, &filter), IMGACT_OK);
  size_t count = 0;
  imgact_op_images(op, &count);
  assert_int_equal(count, 25);
  if (l.memory.peak_bytes > 27500 * 16 * 5) fail_msg("%zu bytes", l.memory.peak_bytes);
  imgact_op_free(op);
  close_long_list(&l);
}

TEST(pager_page_limit_is_100000) {
  for (long long pages = 100000; pages <= 100001; pages++) {
    long_list l = {.cloud = {.per_page = 0, .pages = pages}};
    open_long_list(&l, NULL);
    harness_expect(imgact_list_images(l.client, NULL),
                   pages == 100000 ? IMGACT_OK : IMGACT_PROTOCOL);
    assert_int_equal(l.cloud.requests, 100000);
    close_long_list(&l);
  }
}

int main(void) { return testing_run(NULL, NULL); }
