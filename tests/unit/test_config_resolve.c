// SPDX-License-Identifier: MIT
// Precedence of overrides, environment, profiles and defaults.
#include "config_fixture.h"
#include "failing_allocator.h"

static imgact_config_settings resolve(imgact_config *config, imgact_config_overrides over) {
  imgact_config_settings settings;
  imgact_error error;
  over.size = sizeof over;
  if (imgact_config_resolve(config, &over, &settings, &error) != IMGACT_OK)
    fail_msg("%s", error.message);
  return settings;
}

static void assert_rejected(imgact_config *config, imgact_config_overrides over,
                            const char *words) {
  imgact_config_settings settings;
  imgact_error error;
  over.size = sizeof over;
  assert_int_equal(imgact_config_resolve(config, &over, &settings, &error),
                   IMGACT_INVALID_ARGUMENT);
  if (strstr(error.message, words) == NULL) fail_msg("'%s' is not in: %s", words, error.message);
  assert_null(settings.provider);
}

static void assert_same(const char *a, const char *b) {
  if (a == NULL || b == NULL)
    assert_ptr_equal(a, b);
  else
    assert_string_equal(a, b);
}

static void assert_settings(imgact_config_settings s, const char *profile, const char *provider,
                            const char *endpoint, const char *kind, const char *source) {
  assert_same(s.profile, profile);
  assert_same(s.provider, provider);
  assert_same(s.endpoint, endpoint);
  assert_same(s.token_kind, kind);
  assert_same(s.token_source, source);
}

// ---- profile ----

TEST(resolve_profile_follows_precedence) {
  imgact_config *config = load();
  assert_settings(resolve(config, OVER(0)), "hz", "hetzner", HETZNER, "env", "MY_HETZNER");
  setenv("IMGACT_PROFILE", "", 1);
  assert_settings(resolve(config, OVER(0)), "hz", "hetzner", HETZNER, "env", "MY_HETZNER");
  setenv("IMGACT_PROFILE", "do", 1);
  assert_settings(resolve(config, OVER(0)), "do", "digitalocean", "https://do.example", "file",
                  home_path("secrets/do"));
  assert_settings(resolve(config, OVER(.profile = "vault")), "vault", "hetzner", HETZNER, "command",
                  "echo from-the-vault");
  imgact_config_free(config);
}

TEST(resolve_missing_profile_is_rejected) {
  imgact_config *config = load();
  assert_rejected(config, OVER(.profile = "nope"), "profile [nope] not found in /");
  assert_rejected(config, OVER(.profile = ""), "profile [] not found");
  setenv("IMGACT_PROFILE", "nope", 1);
  assert_rejected(config, OVER(0), "profile [nope] not found in /");
  imgact_config_free(config);
}

TEST(resolve_error_lists_known_profiles) {
  imgact_config *config = load();
  assert_rejected(config, OVER(.profile = "nope"),
                  "config.ini; known profiles: hz, do, bare, near, vault, acme");
  imgact_config_free(config);
  home_file(".config/imgact/config.ini", "# nothing yet\n");
  config = load_nothing();
  assert_rejected(config, OVER(.profile = "nope"), "config.ini; it has no profiles");
  assert_rejected(config, OVER(0), "default_profile in the configuration file");
  imgact_config_free(config);
  home_file(".config/imgact/config.ini", "[hz]\nprovider = hetzner\n");
  config = load_nothing();
  assert_rejected(config, OVER(0), "no provider selected; known profiles: hz; set IMGACT_PROVIDER");

  imgact_config_free(config);
}

TEST(resolve_error_truncates_profile_list) {
  char text[64 * 64] = "";
  for (int i = 0; i < 50; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text),
             "[profile-%02d]\nprovider = hetzner\n", i);
  home_file(".config/imgact/config.ini", text);
  imgact_config *config = load_nothing();
  assert_rejected(config, OVER(.profile = "nope"), "; known profiles: profile-00, profile-01, ");
  imgact_error error;
  imgact_config_settings settings;
  imgact_config_overrides over = OVER(.profile = "nope");
  over.size = sizeof over;
  imgact_config_resolve(config, &over, &settings, &error);
  assert_string_equal(error.message + strlen(error.message) - 5, ", ...");

  imgact_config_free(config);
}

TEST(resolve_profile_without_file_is_rejected) {
  imgact_config *config = load_nothing();
  assert_rejected(config, OVER(.profile = "hz"), "profile [hz] not found: no configuration file /");
  imgact_config_free(config);
  unsetenv("HOME");
  config = load_nothing();
  assert_rejected(config, OVER(.profile = "hz"), "set HOME");
  imgact_config_free(config);
}

// ---- provider ----

TEST(resolve_provider_disables_default_profile) {
  imgact_config *config = load();
  assert_settings(resolve(config, OVER(.provider = "digitalocean")), NULL, "digitalocean",
                  DIGITALOCEAN, NULL, NULL);
  assert_settings(resolve(config, OVER(.provider = "hetzner")), NULL, "hetzner", HETZNER, NULL,
                  NULL);
  setenv("IMGACT_PROVIDER", "digitalocean", 1);
  assert_settings(resolve(config, OVER(0)), NULL, "digitalocean", DIGITALOCEAN, NULL, NULL);
  assert_settings(resolve(config, OVER(.provider = "hetzner")), NULL, "hetzner", HETZNER, NULL,
                  NULL);
  setenv("IMGACT_PROVIDER", "", 1);
  assert_settings(resolve(config, OVER(0)), "hz", "hetzner", HETZNER, "env", "MY_HETZNER");
  imgact_config_free(config);
}

TEST(resolve_provider_must_match_profile) {
  imgact_config *config = load();
  assert_settings(resolve(config, OVER(.profile = "hz", .provider = "hetzner")), "hz", "hetzner",
                  HETZNER, "env", "MY_HETZNER");
  assert_rejected(
      config, OVER(.profile = "hz", .provider = "digitalocean"),
      "config.ini:3: profile [hz] belongs to hetzner, but the provider is digitalocean");
  setenv("IMGACT_PROVIDER", "digitalocean", 1);
  assert_rejected(config, OVER(.profile = "hz"), "profile [hz] belongs to hetzner");
  assert_settings(resolve(config, OVER(.profile = "hz", .provider = "hetzner")), "hz", "hetzner",
                  HETZNER, "env", "MY_HETZNER");
  setenv("IMGACT_PROFILE", "hz", 1);
  assert_rejected(config, OVER(0), "profile [hz] belongs to hetzner");
  imgact_config_free(config);
}

TEST(resolve_unknown_provider_is_rejected) {
  imgact_config *config = load();
  assert_rejected(config, OVER(.provider = "acme"),
                  "unknown provider 'acme'; known providers: hetzner, digitalocean");
  assert_rejected(config, OVER(.provider = ""), "unknown provider ''");
  assert_rejected(config, OVER(.profile = "acme"),
                  "config.ini:18: unknown provider 'acme'; known providers: hetzner");
  imgact_config_free(config);
}

TEST(resolve_without_provider_is_rejected) {
  imgact_config *config = load_nothing();
  assert_rejected(config, OVER(0), "or default_profile");
  setenv("HCLOUD_TOKEN", "t", 1);
  assert_rejected(config, OVER(0), "no provider selected; set IMGACT_PROVIDER");
  imgact_config_free(config);
}

// ---- endpoint ----

TEST(resolve_endpoint_follows_precedence) {
  imgact_config *config = load();
  assert_string_equal(resolve(config, OVER(.profile = "bare")).endpoint, DIGITALOCEAN);
  assert_string_equal(resolve(config, OVER(.profile = "do")).endpoint, "https://do.example");
  setenv("HCLOUD_ENDPOINT", "https://of-hetzner.example", 1);
  assert_string_equal(resolve(config, OVER(.profile = "do")).endpoint, "https://do.example");
  assert_string_equal(resolve(config, OVER(.profile = "hz")).endpoint,
                      "https://of-hetzner.example");
  setenv("DIGITALOCEAN_API_URL", "https://of-digitalocean.example/", 1);
  assert_string_equal(resolve(config, OVER(.profile = "do")).endpoint,
                      "https://of-digitalocean.example/");
  setenv("IMGACT_ENDPOINT", "https://of-all.example", 1);
  assert_string_equal(resolve(config, OVER(.profile = "do")).endpoint, "https://of-all.example");
  assert_string_equal(
      resolve(config, OVER(.profile = "do", .endpoint = "https://f.example")).endpoint,
      "https://f.example");
  setenv("IMGACT_ENDPOINT", "", 1);
  setenv("DIGITALOCEAN_API_URL", "", 1);
  assert_string_equal(resolve(config, OVER(.profile = "do")).endpoint, "https://do.example");

  imgact_config_free(config);
}

// ---- token ----

TEST(resolve_token_env_is_default_source) {
  imgact_config *config = load();
  setenv("HCLOUD_TOKEN", "h", 1);
  setenv("DIGITALOCEAN_ACCESS_TOKEN", "second", 1);

  assert_settings(resolve(config, OVER(.provider = "hetzner")), NULL, "hetzner", HETZNER, "env",
                  "HCLOUD_TOKEN");
  assert_settings(resolve(config, OVER(.profile = "bare")), "bare", "digitalocean", DIGITALOCEAN,
                  "env", "DIGITALOCEAN_ACCESS_TOKEN");
  setenv("DIGITALOCEAN_TOKEN", "", 1);
  assert_string_equal(resolve(config, OVER(.profile = "bare")).token_source,
                      "DIGITALOCEAN_ACCESS_TOKEN");
  setenv("DIGITALOCEAN_TOKEN", "first", 1);
  assert_string_equal(resolve(config, OVER(.profile = "bare")).token_source, "DIGITALOCEAN_TOKEN");
  // An explicit source has no fallback.
  assert_string_equal(resolve(config, OVER(.profile = "hz")).token_source, "MY_HETZNER");
  assert_string_equal(
      resolve(config, OVER(.provider = "hetzner", .token_env = "NOT_SET")).token_source, "NOT_SET");

  imgact_config_free(config);
}

TEST(resolve_token_override_replaces_source) {
  imgact_config *config = load();
  static const char *const profiles[] = {"hz", "do", "bare", "near", "vault"};
  for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
    imgact_config_settings settings =
        resolve(config, OVER(.profile = profiles[i], .token_env = "OTHER"));
    assert_string_equal(settings.token_kind, "env");
    assert_string_equal(settings.token_source, "OTHER");
    settings = resolve(config, OVER(.profile = profiles[i], .token_file = "a/b"));
    assert_string_equal(settings.token_kind, "file");
    assert_string_equal(settings.token_source, "a/b");
  }
  assert_string_equal(resolve(config, OVER(.profile = "hz", .token_file = "~/t")).token_source,
                      home_path("t"));

  imgact_config_free(config);
}

TEST(resolve_two_token_sources_are_rejected) {
  imgact_config *config = load();
  assert_rejected(config, OVER(.token_env = "A", .token_file = "/b"), "mutually exclusive");
  imgact_config_free(config);
}

TEST(resolve_token_as_name_not_quoted) {
  imgact_config *config = load();
  static const char token[] =
      "dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  const imgact_config_overrides overs[] = {OVER(.size = sizeof overs[0], .token_env = token),
                                           OVER(.size = sizeof overs[0], .token_file = token)};

  for (size_t i = 0; i < 2; i++) {
    imgact_config_settings settings;
    imgact_error error;
    assert_int_equal(imgact_config_resolve(config, &overs[i], &settings, &error),
                     IMGACT_INVALID_ARGUMENT);
    assert_null(strstr(error.message, "dop_v1_"));
    assert_non_null(strstr(error.message, "not the token itself"));
  }
  assert_rejected(config, OVER(.token_env = "A B"), "name of an environment variable");
  assert_rejected(config, OVER(.token_env = ""), "name of an environment variable");
  assert_rejected(config, OVER(.token_file = ""), "path of a file");

  imgact_config_free(config);
}

TEST(resolve_relative_path_starts_at_config) {
  imgact_config *config = load();
  assert_string_equal(resolve(config, OVER(.profile = "near")).token_source,
                      home_path(".config/imgact/secrets/hz"));
  imgact_config_free(config);
}

// ---- settings ----

TEST(resolve_repeated_keeps_memory_constant) {
  failing_allocator memory;
  imgact_config *config = NULL;
  imgact_config_settings first = {0}, later = {0};
  failing_allocator_init(&memory, 0);
  home_file(".config/imgact/config.ini", clouds);

  assert_int_equal(imgact_config_load(NULL, &memory.allocator, &config, NULL), IMGACT_OK);
  const imgact_config_overrides over = {.size = sizeof over, .profile = "near"};
  assert_int_equal(imgact_config_resolve(config, &over, &first, NULL), IMGACT_OK);
  size_t before = memory.live_bytes;
  for (int i = 0; i < 1000; i++)
    assert_int_equal(imgact_config_resolve(config, &over, &later, NULL), IMGACT_OK);
  assert_int_equal(memory.live_bytes, before);
  assert_ptr_equal(first.token_source, later.token_source);

  imgact_config_free(config);
  assert_memory_fine(&memory);
}

TEST(resolve_settings_outlive_environment) {
  imgact_config *config = load();
  char name[] = "A_NAME";
  setenv("IMGACT_ENDPOINT", "https://of-all.example", 1);
  imgact_config_settings settings = resolve(config, OVER(.profile = "hz", .token_env = name));
  memset(name, 'x', sizeof name - 1);
  setenv("IMGACT_ENDPOINT", "https://another-one.example", 1);
  assert_settings(settings, "hz", "hetzner", "https://of-all.example", "env", "A_NAME");
  imgact_config_free(config);
}

TEST(resolve_overrides_wrong_size_is_rejected) {
  imgact_config *config = load();
  const imgact_config_overrides over = {.size = sizeof over - 1};
  imgact_config_settings settings;
  assert_int_equal(imgact_config_resolve(config, &over, &settings, NULL), IMGACT_INVALID_ARGUMENT);
  assert_int_equal(imgact_config_resolve(config, NULL, &settings, NULL), IMGACT_OK);
  assert_string_equal(settings.profile, "hz");
  imgact_config_free(config);
}

int main(void) { return testing_run(home_setup, home_teardown); }
