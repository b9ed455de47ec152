// SPDX-License-Identifier: MIT
#include "failing_allocator.h"
#include "home.h"
#include "testing.h"
#include <imgact/client.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROFILE "[p]\nprovider = hetzner\n"

static imgact_config *load(const char *path) {
  imgact_config *config = NULL;
  imgact_error error;
  if (imgact_config_load(path, NULL, &config, &error) != IMGACT_OK) fail_msg("%s", error.message);
  assert_non_null(config);
  return config;
}

static imgact_config *load_text(const char *text) { return load(home_file("my.ini", text)); }

static void assert_rejected(const char *path, const char *words) {
  imgact_error error;
  int somewhere = 0;
  imgact_config *config = (imgact_config *)(void *)&somewhere;
  assert_int_equal(imgact_config_load(path, NULL, &config, &error), IMGACT_INVALID_ARGUMENT);
  assert_null(config);
  assert_int_equal(error.status, IMGACT_INVALID_ARGUMENT);
  if (strstr(error.message, words) == NULL) fail_msg("'%s' is not in: %s", words, error.message);
}

// ---- valid files ----

TEST(config_load_reads_all_profiles) {
  imgact_config *config = load_text("# my clouds\n"
                                    "default_profile = prod-hetzner\n"
                                    "\n"
                                    "[prod-hetzner]\n"
                                    "provider   = hetzner\n"
                                    "; a comment ; in a comment\n"
                                    "token_env  = HCLOUD_TOKEN\n"
                                    "[staging-do]\n"
                                    "provider   = digitalocean\n"
                                    "token_file = ~/.secrets/do\n"
                                    "endpoint   = https://api.digitalocean.com\n"
                                    "[vault]\n"
                                    "provider=hetzner\n"
                                    "token_command = pass show clouds/hetzner | head -n1\n");

  assert_string_equal(imgact_config_path(config), home_path("my.ini"));
  assert_int_equal(imgact_config_file_exists(config), 1);
  assert_string_equal(imgact_config_default_profile(config), "prod-hetzner");
  assert_string_equal(imgact_config_profile_at(config, 0), "prod-hetzner");
  assert_string_equal(imgact_config_profile_at(config, 1), "staging-do");
  assert_string_equal(imgact_config_profile_at(config, 2), "vault");
  assert_null(imgact_config_profile_at(config, 3));
  assert_null(imgact_config_profile_at(config, SIZE_MAX));
  assert_string_equal(imgact_config_get(config, "prod-hetzner", "provider"), "hetzner");
  assert_string_equal(imgact_config_get(config, "prod-hetzner", "token_env"), "HCLOUD_TOKEN");
  assert_null(imgact_config_get(config, "prod-hetzner", "endpoint"));
  assert_string_equal(imgact_config_get(config, "staging-do", "token_file"), "~/.secrets/do");
  assert_string_equal(imgact_config_get(config, "staging-do", "endpoint"),
                      "https://api.digitalocean.com");
  assert_string_equal(imgact_config_get(config, "vault", "token_command"),
                      "pass show clouds/hetzner | head -n1");
  assert_null(imgact_config_get(config, "vault", "no such key"));
  assert_null(imgact_config_get(config, "no such profile", "provider"));

  imgact_config_free(config);
}

TEST(config_load_accepts_layout_variants) {
  static const char *const variants[] = {
      "\xef\xbb\xbf[p]\nprovider=hetzner\ntoken_command=a;b", // byte order mark, no final
                                                              // newline
      "[p]\r\nprovider = hetzner\r\ntoken_command = a;b\r\n", // DOS
      "[ p ] ; comment\n  provider = hetzner\n\ttoken_command = a;b  \n", // indented
      "\n\n#\n[p]\nprovider: hetzner\n   # indented\ntoken_command:a;b\n\n",
  };
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    imgact_config *config = load_text(variants[i]);
    assert_string_equal(imgact_config_get(config, "p", "provider"), "hetzner");
    assert_string_equal(imgact_config_get(config, "p", "token_command"), "a;b");
    assert_null(imgact_config_profile_at(config, 1));
    imgact_config_free(config);
  }
}

// As many as a file of 1 MiB can hold.
TEST(config_many_profiles_are_found) {
  enum { PROFILES = 20000, BYTES = 40 };
  char *text = malloc((size_t)PROFILES * BYTES), *end = text, name[16];
  assert_non_null(text);
  for (int i = 0; i < PROFILES; i++) end += snprintf(end, BYTES, "[p%d]\nprovider = hetzner\n", i);
  imgact_config *config = load_text(text);
  free(text);
  for (size_t i = 0; i < PROFILES; i++) {
    snprintf(name, sizeof name, "p%zu", i);
    assert_string_equal(imgact_config_profile_at(config, i), name);
    assert_string_equal(imgact_config_get(config, name, "provider"), "hetzner");
  }
  assert_null(imgact_config_profile_at(config, PROFILES));
  assert_null(imgact_config_get(config, "p20000", "provider"));
  imgact_config_free(config);
}

TEST(config_empty_file_has_no_profiles) {
  static const char *const empty[] = {"", "\n", "# nothing\n", "\xef\xbb\xbf"};
  for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
    imgact_config *config = load_text(empty[i]);
    assert_int_equal(imgact_config_file_exists(config), 1);
    assert_null(imgact_config_profile_at(config, 0));
    assert_null(imgact_config_default_profile(config));
    imgact_config_free(config);
  }
}

TEST(config_line_above_limit_is_rejected) {
  char text[512], name[198];
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  snprintf(text, sizeof text, "[%s]\nprovider = hetzner\ntoken_file = ~/%.184s\n", name, name);
  imgact_config *config = load_text(text);
  assert_string_equal(imgact_config_profile_at(config, 0), name);
  imgact_config_free(config);
  snprintf(text, sizeof text, "[p]\nprovider = hetzner\ntoken_file = ~/%.185s\n", name);
  assert_rejected(home_file("my.ini", text),
                  "my.ini:3: line of 200 bytes exceeds the limit of 199");
}

// ---- rejected files ----

TEST(config_invalid_line_is_rejected) {
  static const struct {
    const char *text, *line, *words;
  } bad[] = {
      {"[p\nprovider = hetzner\n", ":1: ", "write [NAME]"},
      {"[]\n", ":1: ", "missing section name"},
      {"[  ]\n", ":1: ", "missing section name"},
      {"[p] provider = hetzner\n", ":1: ", "move it to a new line"},
      {PROFILE "[p]\nprovider = hetzner\n", ":3: ", "duplicate section [p], first on line 1"},
      {PROFILE "[q]\n\n[r]\nprovider = hetzner\n", ":3: ", "missing provider in section [q]"},
      {PROFILE "region = x\n", ":3: ",
       "unknown key 'region'; known keys are provider, endpoint, token_env, token_file, token_"},
      {PROFILE "api-token = x\n",
       ":3: ", "unknown key 'api-token': a token cannot be written here"},
      {PROFILE "Provider = hetzner\n", ":3: ", "unknown key 'Provider'; did you mean provider?"},
      {PROFILE "provder = hetzner\n", ":3: ", "unknown key 'provder'; did you mean provider?"},
      {PROFILE "endpiont = x\n", ":3: ", "unknown key 'endpiont'; did you mean endpoint?"},
      {PROFILE "token-env = A\n", ":3: ", "unknown key 'token-env'; did you mean token_env?"},
      {PROFILE "token_commands = a\n",
       ":3: ", "unknown key 'token_commands'; did you mean token_command?"},
      {"default-profile = p\n" PROFILE,
       ":1: ", "unknown key 'default-profile'; did you mean default_profile?"},
      {PROFILE "= hetzner\n", ":3: ", "unknown key; known keys are"},
      {"provider = hetzner\n", ":1: ", "write [NAME]"},
      {PROFILE "default_profile = p\n", ":3: ", "before the first section"},
      {"default_profile = p\ndefault_profile = p\n" PROFILE, ":2: ", "on line 1"},
      {"\ndefault_profile = nope\n" PROFILE, ":2: ", "section [nope] not found"},
      {"default_profile =\n" PROFILE, ":1: ", "missing value"},
      {PROFILE "provider = hetzner\n", ":3: ", "duplicate key provider, first on line 2"},
      {PROFILE "token_env = A\n\ntoken_file = /a\n", ":5: ", "token_env on line 3"},
      {PROFILE "token_command = a\ntoken_env = A\n", ":4: ", "token_command on line 3"},
      {PROFILE "token_file = \n", ":3: ", "missing value of token_file"},
      {"[p]\nprovider = hetzner ; mine\n", ":2: ", "unexpected ' ;'"},
      {"[p]\nprovider = hetzner\t;mine\n", ":2: ", "unexpected ' ;'"},
      {PROFILE "token_command = a ; b\n", ":3: ", "into a script"},
      {PROFILE "token_command ;= a\n", ":3: ", "unexpected ' ;'"},
      {PROFILE "token_command = a \\\n  --long=b\n", ":4: ", "a value is one line"},
      {PROFILE "token_command = a \\\n  b\n", ":4: ", "on one line"},
      {PROFILE "nonsense\n", ":3: ", "KEY = VALUE"},
      {PROFILE "endpoint = api.hetzner.cloud\n",
       ":3: ", "endpoint: it does not start with https://"},
      {PROFILE "endpoint = https://a b\n", ":3: ", "endpoint: it has whitespace"},
      {PROFILE "token_env = A # mine\n", ":3: ", "name of an environment variable"},
      {PROFILE "token_env = 1A\n", ":3: ", "name of an environment variable"},
      {PROFILE "token_env = $A\n", ":3: ", "name of an environment variable"},
      {PROFILE "\x01\n", ":3: ", "control character 0x01"},
      {PROFILE "# \x7f\n", ":3: ", "control character 0x7f"},
      {PROFILE "# a\rb\n", ":3: ", "control character 0x0d"},
      {"# caf\xe9\n", ":1: ", "invalid UTF-8"},
      {"\xff\xfe[", ":1: ", "invalid UTF-8"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const char *path = home_file("my.ini", bad[i].text);
    char place[128];
    snprintf(place, sizeof place, "%s%s", path, bad[i].line);
    assert_rejected(path, place);
    assert_rejected(path, bad[i].words);
  }
}

TEST(config_nul_byte_is_rejected) {
  static const char binary[] = "[p]\nprovider = hetzner\n\0";
  assert_rejected(home_bytes("my.ini", binary, sizeof binary - 1),
                  "my.ini:3: unexpected control character 0x00");
}

TEST(config_misplaced_token_is_not_quoted) {
  static const char *const tokens[] = {
      "dop_v1_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
      "jEheVytlAoFl7F8MqUQ7jAo2hOXASztXjEheVytlAoFl7F8MqUQ7jAo2hOXASztX"};
  static const char *const places[] = {"token_env = %s\n", "token_file = %s\n", "token = %s\n",
                                       "%s\n", "%s = x\n"};
  for (size_t i = 0; i < 2; i++) {
    for (size_t j = 0; j < sizeof places / sizeof *places; j++) {
      char line[160], text[256];
      size_t at = (size_t)(strstr(places[j], "%s") - places[j]);
      snprintf(line, sizeof line, "%.*s%s%s", (int)at, places[j], tokens[i], places[j] + at + 2);
      snprintf(text, sizeof text, PROFILE "%s", line);
      imgact_config *config = NULL;
      imgact_error error;
      assert_int_equal(imgact_config_load(home_file("my.ini", text), NULL, &config, &error),
                       IMGACT_INVALID_ARGUMENT);
      assert_null(strstr(error.message, tokens[i]));
      assert_non_null(strstr(error.message, "my.ini:3: "));
    }
  }
}

TEST(config_possibly_secret_key_not_quoted) {
  static const char *const secrets[] = {"s3cr3t",        "hunterTwo",
                                        "correct horse", "correcthorsebatterystaple",
                                        "pass/word",     "dop_v1_ab"};
  for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
    char text[128];
    snprintf(text, sizeof text, PROFILE "%s = x\n", secrets[i]);
    assert_rejected(home_file("my.ini", text), "my.ini:3: unknown key; known keys are");
  }
}

TEST(config_long_path_shortened_in_error) {
  char name[600] = "";
  for (size_t i = 0; i < 10; i++)
    strcat(name, "ordner-mit-\xc3\xa4-im-namen-\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4/");
  strcat(name, "my.ini");
  const char *path = home_file(name, PROFILE "region = x\n");
  assert_true(strlen(path) > 300);
  assert_rejected(path, "/my.ini:3: unknown key 'region'; known keys are");
  assert_rejected(path, "; a value is one line");
  assert_rejected(home_path(strcat(name, ".not")), "/my.ini.not: No such file");
}

// ---- location of the file ----

TEST(config_missing_default_file_is_empty) {
  imgact_config *config = load(NULL);
  assert_string_equal(imgact_config_path(config), home_path(".config/imgact/config.ini"));
  assert_int_equal(imgact_config_file_exists(config), 0);
  assert_null(imgact_config_profile_at(config, 0));
  imgact_config_free(config);
  home_file(".config/imgact", "a file where a folder should be");
  config = load(NULL);
  assert_int_equal(imgact_config_file_exists(config), 0);
  imgact_config_free(config);
}

TEST(config_default_path_follows_precedence) {
  home_file(".config/imgact/config.ini", "[home]\nprovider = hetzner\n");
  home_file("xdg/imgact/config.ini", "[xdg]\nprovider = hetzner\n");
  const char *variable = home_file("variable.ini", "[variable]\nprovider = hetzner\n");
  const char *named = home_file("named.ini", "[named]\nprovider = hetzner\n");
  const struct {
    const char *path, *imgact_config, *xdg, *profile;
  } cases[] = {
      {NULL, NULL, NULL, "home"},
      {NULL, "", "", "home"},
      {NULL, NULL, "relative", "home"}, // ignored, as the XDG specification requires
      {NULL, NULL, home_path("xdg"), "xdg"},
      {NULL, variable, home_path("xdg"), "variable"},
      {NULL, "~/variable.ini", NULL, "variable"},
      {named, variable, home_path("xdg"), "named"},
      {"~/named.ini", variable, NULL, "named"},
  };

  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (cases[i].imgact_config != NULL)
      setenv("IMGACT_CONFIG", cases[i].imgact_config, 1);
    else
      unsetenv("IMGACT_CONFIG");
    if (cases[i].xdg != NULL)
      setenv("XDG_CONFIG_HOME", cases[i].xdg, 1);
    else
      unsetenv("XDG_CONFIG_HOME");
    imgact_config *config = load(cases[i].path);
    assert_string_equal(imgact_config_profile_at(config, 0), cases[i].profile);
    imgact_config_free(config);
  }
}

TEST(config_without_home_has_no_path) {
  unsetenv("HOME");
  imgact_config *config = load(NULL);
  assert_null(imgact_config_path(config));
  assert_int_equal(imgact_config_file_exists(config), 0);
  imgact_config_free(config);
  assert_rejected("~/my.ini", "HOME is not set");
}

TEST(config_explicit_file_must_exist) {
  assert_rejected(home_path("nope.ini"), "nope.ini: No such file");
  setenv("IMGACT_CONFIG", home_path("nope.ini"), 1);
  assert_rejected(NULL, "nope.ini: No such file");
  assert_rejected("", "No such file");
}

TEST(config_untrusted_file_is_rejected) {
  home_file("folder/x", "");
  assert_rejected(home_path("folder"), "not a regular file");
  assert_int_equal(mkfifo(home_path("pipe"), 0600), 0);
  assert_rejected(home_path("pipe"), "not a regular file");
  const char *path = home_file("my.ini", PROFILE);
  assert_int_equal(chmod(path, 0646), 0);
  assert_rejected(path, "file is writable by other users; run chmod 600");
  assert_int_equal(chmod(path, 0644), 0);
  imgact_config_free(load(path));
  if (geteuid() == 0) {
    assert_int_equal(chown(path, 0, 1), 0);
    imgact_config_free(load(path));
    assert_int_equal(chmod(path, 0664), 0);
    assert_rejected(path, "file is writable by other users; run chmod 600");
  } else {
    assert_int_equal(chmod(path, 0), 0);
    assert_rejected(path, "Permission denied");
  }
}

TEST(config_own_group_may_write) {
  if (geteuid() != getegid()) skip();
  const char *path = home_file("my.ini", PROFILE);
  assert_int_equal(chmod(path, 0664), 0);
  imgact_config_free(load(path));
}

TEST(config_file_above_limit_is_rejected) {
  size_t length = ((size_t)1 << 20) + 1;
  char *text = malloc(length);
  assert_non_null(text);
  memset(text, '\n', length);
  assert_rejected(home_bytes("my.ini", text, length), "too large");
  imgact_config_free(load(home_bytes("my.ini", text, length - 1)));
  free(text);
}

// ---- failures ----

TEST(config_incomplete_allocator_is_rejected) {
  const imgact_allocator incomplete = {.size = sizeof incomplete};
  imgact_config *config = NULL;
  assert_int_equal(imgact_config_load(NULL, &incomplete, &config, NULL), IMGACT_INVALID_ARGUMENT);
  assert_null(config);
}

TEST(config_load_without_memory_fails) {
  const char *path = home_file(
      "my.ini",
      "default_profile = q\n[p]\nprovider = hetzner\ntoken_env = A\n[q]\nprovider = hetzner\n"
      "endpoint = https://a.example\ntoken_file = ~/x\n");
  bool more = true;
  for (size_t k = 1; more; k++) {
    failing_allocator memory;
    imgact_config *config = NULL;
    imgact_error error;
    failing_allocator_init(&memory, k);
    imgact_status status = imgact_config_load(path, &memory.allocator, &config, &error);
    more = memory.failures > 0;
    assert_int_equal(status, more ? IMGACT_NOMEM : IMGACT_OK);
    if (more) assert_null(config);
    imgact_config_free(config);
    assert_memory_fine(&memory);
  }
}

TEST(config_damaged_file_fails_cleanly) {
  static const char good[] =
      "default_profile = p\n[p]\nprovider = hetzner\ntoken_env = A\n[q]\nprovider = digitalocean\n"
      "endpoint = https://a.example/x\ntoken_command = a b\n; end\n";
  static const char spice[] = "[];#=: \t\r\n\0\xef\xbb\xbf\x80~a";
  uint64_t random = 42;

  for (size_t round = 0; round < 1000; round++) {
    char text[sizeof good];
    memcpy(text, good, sizeof good);
    size_t length =
        testing_below(&random, 4) == 0 ? testing_below(&random, sizeof good) : sizeof good - 1;
    for (size_t n = testing_below(&random, 5) + 1; n > 0; n--)
      text[testing_below(&random, sizeof good)] = spice[testing_below(&random, sizeof spice)];
    imgact_config *config = NULL;
    imgact_error error;
    imgact_status status =
        imgact_config_load(home_bytes("my.ini", text, length), NULL, &config, &error);
    if (status != IMGACT_OK) {
      assert_int_equal(status, IMGACT_INVALID_ARGUMENT);
      assert_non_null(strstr(error.message, "my.ini:"));
    }
    for (size_t i = 0; status == IMGACT_OK && imgact_config_profile_at(config, i) != NULL; i++)
      assert_non_null(imgact_config_get(config, imgact_config_profile_at(config, i), "provider"));
    imgact_config_free(config);
    home_forget();
  }
}

int main(void) { return testing_run(home_setup, home_teardown); }
