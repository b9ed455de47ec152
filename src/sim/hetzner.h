/* SPDX-License-Identifier: MIT */
/* Hetzner Cloud: what its resources share, and the operations of servers. */
#ifndef SIM_HETZNER_H
#define SIM_HETZNER_H

#include "list.h"

/* ---- hetzner_common.c: errors, objects, parameters, lists ---- */

/* Starts an error response; the caller writes the value of "details", then ends it. */
void hetzner_begin_error(sim_exchange *exchange, const char *code, const char *message);
void hetzner_end_error(sim_exchange *exchange, int status);
void hetzner_fail(sim_exchange *exchange, int status, const char *code, const char *message);
void hetzner_fail_field(sim_exchange *exchange, const char *field, const char *message);
void hetzner_fail_not_found(sim_exchange *exchange, const char *what, const char *id);
void hetzner_fail_route(sim_exchange *exchange);

void hetzner_write_image(sim_exchange *exchange, const sim_image *image);
void hetzner_write_action(sim_exchange *exchange, const sim_action *action);
/* Pagination, for sim_reply_images() and others. */
void hetzner_write_footer(sim_exchange *exchange, const sim_page *shown_page);

/* These return false after an error response. */
bool hetzner_check_names(sim_exchange *exchange, const char *name, const char *const *names,
                         size_t count);
bool hetzner_check_ids(sim_exchange *exchange, const char *name);
bool hetzner_check_selector(sim_exchange *exchange);
bool hetzner_paging(sim_exchange *exchange, int64_t *page, int64_t *per_page);
bool hetzner_parse_body(sim_exchange *exchange);
bool hetzner_read_labels(sim_exchange *exchange, const imgact_json *value, sim_labels *out);

#define HETZNER_MAX_SORTS 8

typedef struct hetzner_sort_key {
  int key; /* index in the names of the keys */
  bool descending;
} hetzner_sort_key;

typedef struct hetzner_sorting {
  hetzner_sort_key keys[HETZNER_MAX_SORTS];
  size_t count;
} hetzner_sorting;

bool hetzner_sort_keys(sim_exchange *exchange, const char *const *names, size_t names_count,
                       hetzner_sorting *out);
int hetzner_compare_numbers(int64_t a, int64_t b);
int hetzner_compare_texts(const char *a, const char *b);

/* Returns true if the label selector of the request, which is valid, selects the labels. */
bool hetzner_has_labels(const sim_exchange *exchange, const sim_labels *labels);

/* Lists of actions: of exchange->machine or else exchange->image; of all machines or images. */
void hetzner_list_own_actions(sim_exchange *exchange);
void hetzner_list_all_actions(sim_exchange *exchange, bool machines);
void hetzner_reply_actions(sim_exchange *exchange, void **list, size_t count,
                           hetzner_sorting *sorting, int64_t page, int64_t per_page);
bool hetzner_is_about_machine(const sim_action *action);
/* The visible action of the request, of its image or machine if it names one; NULL after a 404. */
const sim_action *hetzner_find_action(sim_exchange *exchange);

/* ---- hetzner_servers.c ---- */

bool hetzner_find_server(sim_exchange *exchange);
void hetzner_get_server(sim_exchange *exchange);
void hetzner_list_servers(sim_exchange *exchange);
void hetzner_create_image(sim_exchange *exchange);
void hetzner_list_servers_actions(sim_exchange *exchange);
void hetzner_get_server_action(sim_exchange *exchange);

#endif
