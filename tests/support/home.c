// SPDX-License-Identifier: MIT
#include "home.h"
#include "testing.h"
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const variables[] = {
    "XDG_CONFIG_HOME",           "IMGACT_CONFIG",       "IMGACT_PROFILE",  "IMGACT_PROVIDER",
    "IMGACT_ENDPOINT",           "HCLOUD_TOKEN",        "HCLOUD_ENDPOINT", "DIGITALOCEAN_TOKEN",
    "DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_API_URL"};
static char folder[64];
static char *paths[256];
static size_t paths_count;

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw) {
  (void)info;
  (void)kind;
  (void)ftw;
  return remove(path);
}

int home_setup(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) unsetenv(variables[i]);
  strcpy(folder, "/tmp/imgact-home-XXXXXX");
  return mkdtemp(folder) == NULL || setenv("HOME", folder, 1) != 0;
}

void home_forget(void) {
  while (paths_count > 0) free(paths[--paths_count]);
}

int home_teardown(void **state) {
  (void)state;
  home_forget();
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) unsetenv(variables[i]);
  unsetenv("HOME");
  return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *home_path(const char *name) {
  assert_true(paths_count < sizeof paths / sizeof *paths);
  size_t bytes = strlen(folder) + strlen(name) + 2;
  char *path = malloc(bytes);
  assert_non_null(path);
  snprintf(path, bytes, "%s/%s", folder, name);
  paths[paths_count++] = path;
  return path;
}

const char *home_file(const char *name, const char *text) {
  return home_bytes(name, text, strlen(text));
}

const char *home_bytes(const char *name, const char *bytes, size_t length) {
  const char *path = home_path(name);
  char *part = strdup(path);
  assert_non_null(part);
  for (char *slash = part + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
    *slash = '\0';
    (void)mkdir(part, 0700);
    *slash = '/';
  }
  free(part);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  assert_true(fd >= 0);
  assert_int_equal(fchmod(fd, 0644), 0);
  assert_int_equal(write(fd, bytes, length), (ssize_t)length);
  assert_int_equal(close(fd), 0);
  return path;
}
