// SPDX-License-Identifier: MIT
// Clients made from a configuration: their token, endpoint and provider, and what they own.
#include "config_fixture.h"
#include "failing_allocator.h"
#include "scripted.h"
#include <imgact/imgact.h>
#include <imgact/provider.h>
#include <imgact/transport.h>

// Makes a client that gets one image; returns the URL and the Authorization header that it sent.
typedef struct sent {
  imgact_status status;
  imgact_error error;
  char authorization[128];
  char url[256];
} sent;

static sent send_get_image(imgact_config *config, imgact_config_overrides over,
                           imgact_client_options options) {
  sent seen = {0};
  scripted *script = scripted_new();
  imgact_client *client = NULL;
  over.size = sizeof over;
  options.size = sizeof options;
  options.transport = scripted_transport(script);
  scripted_json(script, 200, "{\"image\":{\"id\":1,\"type\":\"snapshot\"}}");
  seen.status = imgact_client_from_config(config, &over, &options, &client, &seen.error);
  if (seen.status == IMGACT_OK) {
    imgact_op *op = imgact_get_image(client, "1", NULL);
    if (imgact_op_run(op) != IMGACT_OK) fail_msg("%s", imgact_op_error(op)->message);
    imgact_op_free(op);
    const char *authorization = scripted_header(scripted_at(script, 0), "Authorization");
    snprintf(seen.authorization, sizeof seen.authorization, "%s",
             authorization != NULL ? authorization : "");
    snprintf(seen.url, sizeof seen.url, "%s", scripted_at(script, 0)->url);
  } else {
    assert_null(client);
    scripted_assert_nothing_sent(script);
  }
  imgact_client_free(client);
  assert_true(scripted_destroyed(script)); // also if the client was not made
  scripted_free(script);
  return seen;
}

static void assert_sends(sent seen, const char *authorization, const char *url) {
  if (seen.status != IMGACT_OK) fail_msg("%s", seen.error.message);
  assert_string_equal(seen.authorization, authorization);
  assert_string_equal(seen.url, url);
}

static void assert_fails(sent seen, const char *words) {
  assert_int_equal(seen.status, IMGACT_INVALID_ARGUMENT);
  if (strstr(seen.error.message, words) == NULL)
    fail_msg("'%s' is not in: %s", words, seen.error.message);
}

#define OPTIONS(...) ((imgact_client_options){__VA_ARGS__})

TEST(client_sends_token_of_its_source) {
  imgact_config *config = load();
  setenv("MY_HETZNER", " from-the-variable\n", 1);
  home_file("secrets/do", "from-the-file\n");
  home_file(".config/imgact/secrets/hz", "from-near-the-file");
  setenv("HCLOUD_TOKEN", "the-usual", 1);

  assert_sends(send_get_image(config, OVER(0), OPTIONS(0)), "Bearer from-the-variable",
               HETZNER "/images/1");
  assert_sends(send_get_image(config, OVER(.profile = "do"), OPTIONS(0)), "Bearer from-the-file",
               "https://do.example/v2/images/1");
  assert_sends(send_get_image(config, OVER(.profile = "near"), OPTIONS(0)),
               "Bearer from-near-the-file", HETZNER "/images/1");
  assert_sends(send_get_image(config, OVER(.profile = "vault"), OPTIONS(0)),
               "Bearer from-the-vault", HETZNER "/images/1");
  assert_sends(send_get_image(config, OVER(.provider = "hetzner"), OPTIONS(0)), "Bearer the-usual",
               HETZNER "/images/1");

  unsetenv("MY_HETZNER");
  imgact_config_free(config);
}

TEST(client_empty_source_has_no_fallback) {
  imgact_config *config = load();
  setenv("HCLOUD_TOKEN", "the-usual", 1);
  setenv("DIGITALOCEAN_TOKEN", "the-usual", 1);
  assert_fails(send_get_image(config, OVER(0), OPTIONS(0)), "variable MY_HETZNER is not set");
  assert_fails(send_get_image(config, OVER(.profile = "do"), OPTIONS(0)),
               "secrets/do: No such file");
  unsetenv("HCLOUD_TOKEN");
  assert_fails(send_get_image(config, OVER(.provider = "hetzner"), OPTIONS(0)),
               "no token for hetzner; set HCLOUD_TOKEN, or a token source in a profile");
  imgact_config_free(config);
}

TEST(client_options_override_config) {
  imgact_config *config = load();
  assert_sends(send_get_image(config, OVER(.profile = "vault"),
                              OPTIONS(.token = "own", .endpoint = "https://own.example")),
               "Bearer own", "https://own.example/images/1");
  assert_sends(
      send_get_image(config, OVER(0), OPTIONS(.provider_name = "digitalocean", .token = "own")),
      "Bearer own", DIGITALOCEAN "/v2/images/1");
  assert_fails(
      send_get_image(config, OVER(.profile = "vault"), OPTIONS(.provider_name = "digitalocean")),
      "belongs to hetzner");
  imgact_config_free(config);
}

static imgact_status give_token(void *user, char *buffer, size_t capacity, size_t *length) {
  (void)user;
  *length = (size_t)snprintf(buffer, capacity, "from-a-callback");
  return IMGACT_OK;
}

// The profile's source is not read then: "vault" would run a command.
TEST(client_token_callback_overrides_source) {
  imgact_config *config = load();
  assert_sends(
      send_get_image(config, OVER(.profile = "vault"), OPTIONS(.token_callback = give_token)),
      "Bearer from-a-callback", HETZNER "/images/1");
  assert_sends(send_get_image(config, OVER(0), OPTIONS(.token_callback = give_token)),
               "Bearer from-a-callback", HETZNER "/images/1");
  imgact_config_free(config);
}

// A host of dots only, which is empty without its trailing dots, belongs to no other provider.
TEST(client_endpoint_of_dots_is_accepted) {
  imgact_config *config = load();
  assert_sends(send_get_image(config, OVER(.provider = "hetzner", .endpoint = "https://..."),
                              OPTIONS(.token = "own")),
               "Bearer own", "https://.../images/1");
  imgact_config_free(config);
}

TEST(client_endpoint_of_other_provider_rejected) {
  imgact_config *config = load();
  static const char mine[] = "belongs to digitalocean, but the provider is hetzner; token not sent";
  static const struct {
    const char *endpoint, *words;
  } cases[] = {{"https://api.digitalocean.com", mine},
               {"https://api.digitalocean.com/", mine},
               {"https://api.digitalocean.com./", mine},
               {"https://api.digitalocean.com../v2", mine},
               {"HTTPS://Api.DigitalOcean.COM", mine},
               {"https://api.digitalocean.com:443", mine},
               {"https://api.digitalocean.com.:8443/x", mine},
               {"https://me@api.digitalocean.com", "it has a user name or password"},
               {"https://api.hetzner.cloud@api.digitalocean.com", "it has a user name or password"},
               {"https://api%2edigitalocean.com", "its host has an invalid character"},
               {"https://\xef\xbd\x81pi.digitalocean.com", "its host has an invalid character"},
               {"https://api\xe3\x80\x82"
                "digitalocean.com",
                "its host has an invalid character"},
               {"https://api.digitalocean.com\\.example.com", "its host has an invalid character"}};

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_fails(send_get_image(config, OVER(.provider = "hetzner", .endpoint = cases[i].endpoint),
                                OPTIONS(.token = "t")),
                 cases[i].words);
  assert_fails(send_get_image(
                   config,
                   OVER(.provider = "digitalocean", .endpoint = "https://API.hetzner.cloud./v1/x"),
                   OPTIONS(.token = "t")),
               "belongs to hetzner, but the provider is digitalocean");
  assert_sends(send_get_image(
                   config,
                   OVER(.provider = "hetzner", .endpoint = "https://api.digitalocean.com.example"),
                   OPTIONS(.token = "own")),
               "Bearer own", "https://api.digitalocean.com.example/images/1");

  imgact_config_free(config);
}

TEST(client_custom_provider_uses_profile) {
  static const char *const variables[] = {"ACME_USUAL_TOKEN", NULL};
  imgact_config *config = load();
  imgact_provider acme = *imgact_provider_find("hetzner");
  acme.name = "acme";
  acme.default_endpoint = "https://acme.example";
  acme.endpoint_env = NULL;
  acme.token_env = variables;
  setenv("ACME_TOKEN", "of-acme", 1);
  assert_sends(send_get_image(config, OVER(.profile = "acme"), OPTIONS(.provider = &acme)),
               "Bearer of-acme", "https://acme.example/images/1");
  unsetenv("ACME_TOKEN");
  const imgact_provider incomplete = {.size = sizeof incomplete, .name = "acme"};
  assert_fails(send_get_image(config, OVER(.profile = "acme"), OPTIONS(.provider = &incomplete)),
               "default_endpoint");
  assert_fails(send_get_image(config, OVER(0), OPTIONS(.provider = &acme)),
               "no token for acme; set ACME_USUAL_TOKEN, or a token source in a profile");

  imgact_config_free(config);
}

TEST(client_offline_transport_needs_no_token) {
  imgact_config *config = load();
  for (int own_loop = 0; own_loop < 2; own_loop++) {
    scripted *script = scripted_new();
    imgact_transport *transport = scripted_transport(script);
    imgact_client *client = NULL;
    imgact_loop *loop = NULL;
    imgact_error error = {0};
    transport->flags |= IMGACT_TRANSPORT_OFFLINE;
    imgact_client_options options = {.size = sizeof options, .transport = transport};
    if (own_loop) {
      imgact_loop_options of_loop = {.size = sizeof of_loop, .transport = transport};
      assert_int_equal(imgact_loop_new(&of_loop, &loop, NULL), IMGACT_OK);
      options.transport = NULL;
      options.loop = loop;
    }
    // MY_HETZNER is not set.
    if (imgact_client_from_config(config, NULL, &options, &client, &error) != IMGACT_OK)
      fail_msg("%s", error.message);
    imgact_client_free(client);
    imgact_loop_free(loop);
    assert_true(scripted_destroyed(script));
    scripted_free(script);
  }
  imgact_config_free(config);
}

TEST(client_failure_keeps_given_loop) {
  imgact_config *config = load();
  scripted *script = scripted_new();
  imgact_loop_options of_loop = {.size = sizeof of_loop, .transport = scripted_transport(script)};
  imgact_loop *loop = NULL;
  imgact_client *client = NULL;

  assert_int_equal(imgact_loop_new(&of_loop, &loop, NULL), IMGACT_OK);
  imgact_client_options options = {.size = sizeof options, .loop = loop};
  assert_int_equal(imgact_client_from_config(config, NULL, &options, &client, NULL),
                   IMGACT_INVALID_ARGUMENT);
  assert_null(client);
  assert_false(scripted_destroyed(script));

  imgact_loop_free(loop);
  assert_true(scripted_destroyed(script));
  scripted_free(script);
  imgact_config_free(config);
}

TEST(client_transport_with_loop_is_destroyed) {
  imgact_loop *loop = NULL;
  assert_int_equal(imgact_loop_new(NULL, &loop, NULL), IMGACT_OK);
  home_file(".config/imgact/config.ini", clouds);
  for (int i = 0; i < 2; i++) { // without a token, the missing token is reported first
    scripted *script = scripted_new();
    imgact_client *client = NULL;
    imgact_error error;
    imgact_client_options options = {.size = sizeof options,
                                     .loop = loop,
                                     .transport = scripted_transport(script),
                                     .token = i == 0 ? "t" : NULL};
    assert_int_equal(imgact_client_from_profile("hz", &options, &client, &error),
                     IMGACT_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, i == 0 ? "next to a loop" : "MY_HETZNER"));
    assert_null(client);
    assert_true(scripted_destroyed(script));
    scripted_free(script);
  }

  imgact_loop_free(loop);
}

TEST(client_without_options_uses_defaults) {
  imgact_config *config = load();
  imgact_client *client = NULL;
  setenv("MY_HETZNER", "a-token", 1);
  assert_int_equal(imgact_client_from_config(config, NULL, NULL, &client, NULL), IMGACT_OK);
  imgact_client_free(client);
  imgact_config_free(config);
}

TEST(client_options_wrong_size_is_rejected) {
  imgact_config *config = load();
  imgact_client_options options = {.size = sizeof options - 8, .token = "t"};
  imgact_client *client = NULL;
  assert_int_equal(imgact_client_from_config(config, NULL, &options, &client, NULL),
                   IMGACT_INVALID_ARGUMENT);
  assert_int_equal(imgact_client_from_profile("hz", &options, &client, NULL),
                   IMGACT_INVALID_ARGUMENT);
  assert_null(client);
  imgact_config_free(config);
}

TEST(client_from_profile_applies_profile) {
  imgact_client *client = NULL;
  imgact_error error;
  home_file(".config/imgact/config.ini", clouds);
  setenv("MY_HETZNER", "t", 1);

  if (imgact_client_from_profile(NULL, NULL, &client, &error) != IMGACT_OK)
    fail_msg("%s", error.message);
  assert_string_equal(imgact_client_provider_name(client), "hetzner");
  imgact_client_free(client);
  scripted *script = scripted_new();
  imgact_client_options options = {
      .size = sizeof options, .token = "t", .transport = scripted_transport(script)};
  if (imgact_client_from_profile("do", &options, &client, &error) != IMGACT_OK)
    fail_msg("%s", error.message);
  assert_string_equal(imgact_client_provider_name(client), "digitalocean");
  assert_string_equal(imgact_client_profile_name(client), "do");
  assert_string_equal(imgact_client_endpoint(client), "https://do.example");

  imgact_client_free(client);
  scripted_free(script);
  unsetenv("MY_HETZNER");
}

TEST(client_profile_name_of_each_source) {
  imgact_config *config = load();
  imgact_client *client = NULL;
  imgact_error error;
  const imgact_config_overrides over = {.size = sizeof over, .profile = "do"},
                                direct = {.size = sizeof direct, .provider = "hetzner"};
  imgact_client_options options = {.size = sizeof options, .token = "t", .profile = "mine"};
  assert_int_equal(imgact_client_from_config(config, &over, NULL, &client, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_string_equal(error.profile, "do");
  assert_int_equal(imgact_client_from_config(config, &over, &options, &client, &error), IMGACT_OK);
  assert_string_equal(imgact_client_profile_name(client), "mine");
  imgact_client_free(client);
  options.profile = NULL;
  assert_int_equal(imgact_client_from_config(config, &direct, &options, &client, &error),
                   IMGACT_OK);
  assert_null(imgact_client_profile_name(client));
  imgact_client_free(client);
  imgact_config_free(config);
}

TEST(client_invalid_config_destroys_transport) {
  scripted *script = scripted_new();
  imgact_client *client = NULL;
  imgact_error error;
  imgact_client_options options = {
      .size = sizeof options, .token = "t", .transport = scripted_transport(script)};
  home_file(".config/imgact/config.ini", "[p\n");
  assert_int_equal(imgact_client_from_profile(NULL, &options, &client, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "config.ini:1: "));
  assert_null(client);
  assert_true(scripted_destroyed(script));
  scripted_free(script);
}

TEST(client_from_profile_without_memory_fails) {
  home_file(".config/imgact/config.ini", clouds);
  home_file("secrets/do", "from-the-file\n");
  bool more = true;

  for (size_t k = 1; more; k++) {
    failing_allocator memory;
    scripted *script = scripted_new();
    imgact_client *client = NULL;
    imgact_error error;
    failing_allocator_init(&memory, k);
    imgact_client_options options = {.size = sizeof options,
                                     .allocator = &memory.allocator,
                                     .transport = scripted_transport(script)};
    imgact_status status = imgact_client_from_profile("do", &options, &client, &error);
    more = memory.failures > 0;
    // A client works without its caches.
    if (status != IMGACT_OK) assert_int_equal(status, IMGACT_NOMEM);
    if (!more) assert_int_equal(status, IMGACT_OK);
    assert_int_equal(client != NULL, status == IMGACT_OK);
    imgact_client_free(client);
    assert_true(scripted_destroyed(script));
    scripted_free(script);
    assert_memory_fine(&memory);
  }
}

int main(void) { return testing_run(home_setup, home_teardown); }
