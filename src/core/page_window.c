// SPDX-License-Identifier: MIT
/* Pages of a list that are requested before their turn. */
#include "page_window.h"

static void on_response(ia_exchange *exchange) {
  ia_page_fetch *fetch = exchange->owner;
  ia_page_window *window = fetch->window;
  fetch->arrived = true;
  if (fetch == ia_page_window_head(window)) window->arrived(window);
}

bool ia_page_window_open(ia_page_window *window, size_t capacity, uint64_t index) {
  window->fetches = ia_alloc(window->client->allocator, capacity * sizeof *window->fetches);
  if (!window->fetches) return false;
  window->capacity = capacity;
  window->head = window->count = 0;
  window->index = index;
  return true;
}

bool ia_page_window_is_open(const ia_page_window *window) { return window->capacity > 0; }

bool ia_page_window_request(ia_page_window *window, const imgact_call *call, bool keep_raw) {
  imgact_client *client = window->client;
  ia_page_fetch *fetch = &window->fetches[(window->head + window->count) % window->capacity];
  *fetch = (ia_page_fetch){.window = window,
                           .taken = window->index,
                           .exchange = ia_exchange_new(client, window->policy, on_response, fetch)};
  if (!fetch->exchange) return false;
  ia_client_result_init(client, &fetch->result, keep_raw);
  fetch->result.arena.pool = &client->blocks;
  window->count++;
  ia_exchange_submit(fetch->exchange, call, &fetch->result);
  return true;
}

ia_page_fetch *ia_page_window_head(const ia_page_window *window) {
  return window->count ? &window->fetches[window->head] : NULL;
}

void ia_page_window_pop(ia_page_window *window) {
  ia_page_fetch *fetch = &window->fetches[window->head];
  ia_exchange_free(fetch->exchange);
  ia_result_free(&fetch->result);
  window->head = (window->head + 1) % window->capacity;
  window->count--;
  window->index++;
}

void ia_page_window_close(ia_page_window *window) {
  if (!window->fetches) return;
  while (window->count) ia_page_window_pop(window);
  ia_free(window->client->allocator, window->fetches);
  window->fetches = NULL;
  window->capacity = 0;
}
