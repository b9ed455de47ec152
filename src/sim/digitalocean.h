/* SPDX-License-Identifier: MIT */
/* DigitalOcean: what its resources share, and the operations of all but images. */
#ifndef SIM_DIGITALOCEAN_H
#define SIM_DIGITALOCEAN_H

#include "list.h"

/* ---- digitalocean_common.c: errors, objects, lists ---- */

void digitalocean_fail(sim_exchange *exchange, int status, const char *id, const char *message);
void digitalocean_fail_not_found(sim_exchange *exchange);
void digitalocean_fail_input(sim_exchange *exchange, const char *message);
void digitalocean_fail_forbidden(sim_exchange *exchange);

bool digitalocean_has_scope(const sim_exchange *exchange, const char *scope);

void digitalocean_write_image(sim_exchange *exchange, const sim_image *image);
/* The response to an import, without the members that are not known yet. */
void digitalocean_write_import(sim_exchange *exchange, const sim_image *image);
void digitalocean_write_region(sim_exchange *exchange, const char *slug);
void digitalocean_write_action(sim_exchange *exchange, const sim_action *action);
/* Links and total, for sim_reply_images() and others. */
void digitalocean_write_footer(sim_exchange *exchange, const sim_page *shown_page);

/* These return false after an error response. */
bool digitalocean_paging(sim_exchange *exchange, int64_t *page, int64_t *per_page);
bool digitalocean_parse_body(sim_exchange *exchange);

/* Returns true if the request body has a string there, or nothing. */
bool digitalocean_is_optional_text(const sim_exchange *exchange, const char *key);
/* Actions of exchange->machine, or else of exchange->image, newest first. */
void digitalocean_list_own_actions(sim_exchange *exchange);
/* The action of the request, of its image or machine if it names one. */
void digitalocean_get_action(sim_exchange *exchange);

/* ---- digitalocean_droplets.c ---- */

bool digitalocean_find_droplet(sim_exchange *exchange);
void digitalocean_get_droplet(sim_exchange *exchange);
void digitalocean_list_droplets(sim_exchange *exchange);
void digitalocean_list_snapshots(sim_exchange *exchange);
void digitalocean_post_droplet_action(sim_exchange *exchange);

/* ---- digitalocean_tags.c ---- */

bool digitalocean_find_tag(sim_exchange *exchange);
void digitalocean_get_tag(sim_exchange *exchange);
void digitalocean_list_tags(sim_exchange *exchange);
void digitalocean_create_tag(sim_exchange *exchange);
void digitalocean_delete_tag(sim_exchange *exchange);
void digitalocean_tag_resources(sim_exchange *exchange);
void digitalocean_untag_resources(sim_exchange *exchange);
void digitalocean_list_regions(sim_exchange *exchange);

/* ---- digitalocean_transfers.c ---- */

void digitalocean_get_account(sim_exchange *exchange);
void digitalocean_start_transfer(sim_exchange *exchange);
bool digitalocean_find_offer(sim_exchange *exchange);
void digitalocean_accept_transfer(sim_exchange *exchange);
void digitalocean_end_transfer(sim_exchange *exchange);

#endif
