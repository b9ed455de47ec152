// SPDX-License-Identifier: MIT
/*
 * DigitalOcean: accounts, and transfers of images between them. If the recipient has no account in
 * the world, any token can end the transfer; an accepted image is gone.
 */
#include "digitalocean.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void digitalocean_get_account(sim_exchange *exchange) {
  imgact_json_writer *out = exchange->out;
  const sim_account *account = exchange->token->account;

  imgact_json_write_begin_object(out);
  imgact_json_write_key(out, "account");
  imgact_json_write_begin_object(out);
  sim_write_int(out, "droplet_limit", 25);
  sim_write_int(out, "floating_ip_limit", 5);
  sim_write_string(out, "name", account->name);
  sim_write_string(out, "email", account->email);
  sim_write_string(out, "uuid", account->team);
  sim_write_bool(out, "email_verified", true);
  sim_write_string(out, "status", "active");
  sim_write_string(out, "status_message", "");
  imgact_json_write_key(out, "team");
  imgact_json_write_begin_object(out);
  sim_write_string(out, "uuid", account->team);
  sim_write_string(out, "name", account->name);
  imgact_json_write_end_object(out);
  imgact_json_write_end_object(out);
  imgact_json_write_end_object(out);

  sim_exchange_finish(exchange, 200);
}

/* ---- start ---- */

static void fail_request(sim_exchange *exchange, const char *message) {
  digitalocean_fail(exchange, 400, "bad_request", message);
}

static void move_image(sim_exchange *exchange, sim_image *image, sim_account *recipient) {
  image->transfer_id = 0;
  image->recipient = NULL;
  image->tags.count = 0;
  if (recipient)
    image->account = recipient;
  else
    sim_image_remove(exchange->world, image);
  sim_world_count(exchange->world, SIM_ACCOUNT_TRANSFER);
}

static void reply_transfer(sim_exchange *exchange, int64_t id) {
  imgact_json_write_begin_object(exchange->out);
  sim_write_int(exchange->out, "transfer_id", id);
  imgact_json_write_end_object(exchange->out);
  sim_exchange_finish(exchange, 201);
}

/* The account with this e-mail address, or else this team; NULL = none. */
static sim_account *find_account(const sim_world *world, const imgact_json *email,
                                 const imgact_json *team) {
  for (size_t i = 0; i < world->accounts_count; i++) {
    sim_account *account = world->accounts[i];
    if (email ? imgact_json_equals(email, account->email) : imgact_json_equals(team, account->team))
      return account;
  }
  return NULL;
}

static bool check_transferable(sim_exchange *exchange, const sim_image *image) {
  if (image->is_public || image->type != SIM_SNAPSHOT)
    digitalocean_fail_input(exchange, "Only snapshots can be transferred.");
  else if (image->transfer_id)
    digitalocean_fail_input(exchange, "Image already has a pending transfer.");
  else if (image->status != SIM_AVAILABLE || sim_image_running(image, SIM_NOTHING, NULL))
    digitalocean_fail_input(exchange, "Image already has a pending event.");
  else
    return true;
  return false;
}

/* Returns false after an error response: exactly one recipient is needed. */
static bool read_recipient(sim_exchange *exchange, const imgact_json **email,
                           const imgact_json **team) {
  size_t email_length = 0, team_length = 0;
  if (!digitalocean_parse_body(exchange)) return false;
  *email = imgact_json_get(exchange->body, "recipient_email");
  *team = imgact_json_get(exchange->body, "recipient_uuid");
  imgact_json_as_string(*email, &email_length);
  imgact_json_as_string(*team, &team_length);
  if ((email_length != 0) != (team_length != 0)) return true;
  fail_request(exchange, "exactly one of recipient_email and recipient_uuid is required.");
  return false;
}

/* Needs a second scope in addition to that of the operation. */
void digitalocean_start_transfer(sim_exchange *exchange) {
  sim_image *image = exchange->image;
  const imgact_json *email = NULL, *team = NULL;
  if (!digitalocean_has_scope(exchange, "image:delete")) {
    digitalocean_fail_forbidden(exchange);
    return;
  }
  if (!read_recipient(exchange, &email, &team) || !check_transferable(exchange, image)) return;
  sim_account *recipient = find_account(exchange->world, email, team);
  if (recipient == image->account) {
    digitalocean_fail_input(exchange, "The recipient is the owner of the image.");
    return;
  }

  /* The sender may accept for a team in which it has the permissions. */
  if (recipient && team && recipient->auto_accept) {
    move_image(exchange, image, recipient);
    reply_transfer(exchange, 0);
    return;
  }
  image->transfer_id = exchange->world->next_transfer_id++;
  image->recipient = recipient;
  reply_transfer(exchange, image->transfer_id);
}

/* ---- end ---- */

/* Finds an image that is offered to the account of the token. */
bool digitalocean_find_offer(sim_exchange *exchange) {
  int64_t id = 0;
  sim_image *image = sim_parse_id(exchange->image_ref, &id)
                         ? sim_image_find(exchange->world, SIM_DIGITALOCEAN, id)
                         : NULL;
  exchange->image = image;
  if (image && !image->deleted && image->transfer_id &&
      (!image->recipient || image->recipient == exchange->token->account))
    return true;
  digitalocean_fail_not_found(exchange);
  return false;
}

/* Reads the id of the transfer. Returns false after an error response. */
static bool check_transfer(sim_exchange *exchange) {
  int64_t id = 0;
  if (!digitalocean_parse_body(exchange)) return false;
  if (!imgact_json_as_int(imgact_json_get(exchange->body, "transfer_id"), &id)) {
    fail_request(exchange, "transfer_id is required.");
    return false;
  }
  if (id && id == exchange->image->transfer_id) return true;
  digitalocean_fail_not_found(exchange);
  return false;
}

void digitalocean_accept_transfer(sim_exchange *exchange) {
  sim_image *image = exchange->image;
  size_t length = 0;
  if (!check_transfer(exchange)) return;
  const imgact_json *team = imgact_json_get(exchange->body, "recipient_uuid");
  if (!imgact_json_as_string(team, &length) || !length) {
    fail_request(exchange, "recipient_uuid is required.");
    return;
  }
  if (image->recipient && !imgact_json_equals(team, image->recipient->team)) {
    digitalocean_fail_not_found(exchange);
    return;
  }

  move_image(exchange, image, image->recipient);
  /* 201 without a body. */
  sim_exchange_finish(exchange, 204);
  exchange->reply->status = 201;
}

/* Declines an offer, or cancels an own one. */
void digitalocean_end_transfer(sim_exchange *exchange) {
  if (!check_transfer(exchange)) return;
  exchange->image->transfer_id = 0;
  exchange->image->recipient = NULL;
  sim_exchange_finish(exchange, 204);
}
