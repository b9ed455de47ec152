/* SPDX-License-Identifier: MIT */
/* A configuration file with several profiles, loaded in the home folder of a test. */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include "home.h"
#include "testing.h"
#include <imgact/client.h>

#define HETZNER      "https://api.hetzner.cloud/v1"
#define DIGITALOCEAN "https://api.digitalocean.com"

static const char clouds[] =
    "default_profile = hz\n"
    "[hz]\nprovider = hetzner\ntoken_env = MY_HETZNER\n"
    "[do]\nprovider = digitalocean\ntoken_file = ~/secrets/do\nendpoint = https://do.example\n"
    "[bare]\nprovider = digitalocean\n"
    "[near]\nprovider = hetzner\ntoken_file = secrets/hz\n"
    "[vault]\nprovider = hetzner\ntoken_command = echo from-the-vault\n"
    "[acme]\nprovider = acme\ntoken_env = ACME_TOKEN\n";

static inline imgact_config *load(void) {
  imgact_config *config = NULL;
  imgact_error error;
  home_file(".config/imgact/config.ini", clouds);
  if (imgact_config_load(NULL, NULL, &config, &error) != IMGACT_OK) fail_msg("%s", error.message);
  return config;
}

static inline imgact_config *load_nothing(void) {
  imgact_config *config = NULL;
  assert_int_equal(imgact_config_load(NULL, NULL, &config, NULL), IMGACT_OK);
  return config;
}

#define OVER(...) ((imgact_config_overrides){__VA_ARGS__})

#endif
