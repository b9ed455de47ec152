/* SPDX-License-Identifier: MIT */
/* Lists of images and actions, and their pages. */
#ifndef SIM_LIST_H
#define SIM_LIST_H

#include "exchange.h"

/* One page: items first to end - 1 of total. */
typedef struct sim_page {
  int64_t page, per_page, last;
  size_t first, end, total;
} sim_page;

sim_page sim_page_of(int64_t page, int64_t per_page, size_t total);

/* Selects and sorts images. */
typedef struct sim_image_query {
  const char *const *parameters; /* names of the request parameters that the list depends on */
  size_t parameters_count;       /* at most 32 */
  /* Independent of time; bit i of `given` is set if the request has parameters[i]. */
  bool (*matches)(const sim_exchange *exchange, const sim_image *image, uint32_t given);
  int (*compare)(const void *a, const void *b, void *user_data); /* NULL = in order of creation */
  void *user_data;
} sim_image_query;

/*
 * Sets *list to the images that match. The first request of a list reads the whole world; further
 * ones take the list from the cache until an image changes. The list is borrowed until the next
 * call. Returns false without memory.
 */
bool sim_list_images(sim_exchange *exchange, const sim_image_query *query, sim_list *list);
/* Returns true if each action of the cloud is about an image and is visible to every token. */
bool sim_all_actions_listed(const sim_exchange *exchange);

/* Writes what a cloud adds to a page: links, totals. */
typedef void sim_footer_fn(sim_exchange *exchange, const sim_page *shown_page);
/* The caller writes the items of the page between these calls. */
void sim_begin_list(sim_exchange *exchange, const char *key);
void sim_end_list(sim_exchange *exchange, const sim_page *shown_page, sim_footer_fn *write_footer);
void sim_reply_images(sim_exchange *exchange, void *const *list, const sim_page *shown_page,
                      sim_footer_fn *write_footer);
void sim_reply_actions(sim_exchange *exchange, void *const *list, const sim_page *shown_page,
                       sim_footer_fn *write_footer);

#endif
