// SPDX-License-Identifier: MIT
#include "list.h"
#include <stdlib.h>
#include <string.h>

sim_page sim_page_of(int64_t page, int64_t per_page, size_t total) {
  sim_page shown_page = {.page = page, .per_page = per_page, .total = total};
  size_t size = (size_t)per_page;
  shown_page.last = total ? (int64_t)((total - 1) / size) + 1 : 1;
  shown_page.first = page <= shown_page.last ? (size_t)(page - 1) * size : total;
  shown_page.end = total - shown_page.first > size ? shown_page.first + size : total;
  return shown_page;
}

/* The account and the request parameters that a list depends on, as one string. */
static void write_key(const sim_exchange *exchange, const sim_image_query *query, sim_text *key) {
  sim_text_encode(key, exchange->token->account->name);
  sim_text_str(key, "&");
  for (size_t i = 0; i < query->parameters_count; i++) {
    const char *name = query->parameters[i], *value;
    size_t at = 0;
    while ((value = sim_parameter_next(exchange, name, &at))) {
      sim_text_str(key, name);
      sim_text_str(key, "=");
      sim_text_encode(key, value);
      sim_text_str(key, "&");
    }
  }
}

static uint32_t given_parameters(const sim_exchange *exchange, const sim_image_query *query) {
  uint32_t given = 0;
  for (size_t i = 0; i < query->parameters_count; i++)
    if (sim_parameter_get(exchange, query->parameters[i])) given |= UINT32_C(1) << i;
  return given;
}

static bool is_listed(const sim_exchange *exchange, const sim_image *image) {
  return sim_image_visible(exchange, image) && image->visible_ms <= exchange->now_ms;
}

static bool build_list(sim_exchange *exchange, const sim_image_query *query, sim_list *list) {
  uint32_t given = given_parameters(exchange, query);
  const sim_cloud_state *state = exchange->state;
  void **items = sim_scratch(exchange->world, state->images_count);
  size_t count = 0;
  if (!items) return false;

  for (size_t i = 0; i < state->images_count; i++)
    if (is_listed(exchange, state->images[i]) && query->matches(exchange, state->images[i], given))
      items[count++] = state->images[i];
  if (query->compare) qsort_r(items, count, sizeof *items, query->compare, query->user_data);

  *list = (sim_list){items, count};
  return true;
}

bool sim_list_images(sim_exchange *exchange, const sim_image_query *query, sim_list *list) {
  sim_cloud_state *state = exchange->state;
  sim_text text = {0};
  write_key(exchange, query, &text);

  /* While images are hidden, lists depend on the time. */
  bool cached = state->images_hidden_until_ms <= exchange->now_ms;
  const char *key = cached ? sim_text_get(&text) : NULL;
  bool good = key && sim_list_cache_get(&state->lists, key, state->images_version, list);
  if (!good) {
    good = build_list(exchange, query, list);
    if (good && key) sim_list_cache_put(&state->lists, key, state->images_version, list);
  }

  sim_text_free(&text);
  return good;
}

bool sim_all_actions_listed(const sim_exchange *exchange) {
  const sim_cloud_state *state = exchange->state;
  return state->image_actions_count == state->actions_count &&
         exchange->world->accounts_count == 1 && state->hidden_until_ms <= exchange->now_ms;
}

void sim_begin_list(sim_exchange *exchange, const char *key) {
  imgact_json_write_begin_object(exchange->out);
  imgact_json_write_key(exchange->out, key);
  imgact_json_write_begin_array(exchange->out);
}

void sim_end_list(sim_exchange *exchange, const sim_page *shown_page, sim_footer_fn *write_footer) {
  imgact_json_write_end_array(exchange->out);
  write_footer(exchange, shown_page);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, 200);
}

void sim_reply_images(sim_exchange *exchange, void *const *list, const sim_page *shown_page,
                      sim_footer_fn *write_footer) {
  sim_begin_list(exchange, "images");
  for (size_t i = shown_page->first; i < shown_page->end; i++)
    exchange->api->write_image(exchange, list[i]);
  sim_end_list(exchange, shown_page, write_footer);
}

void sim_reply_actions(sim_exchange *exchange, void *const *list, const sim_page *shown_page,
                       sim_footer_fn *write_footer) {
  sim_begin_list(exchange, "actions");
  for (size_t i = shown_page->first; i < shown_page->end; i++)
    exchange->api->write_action(exchange, list[i]);
  sim_end_list(exchange, shown_page, write_footer);
}
