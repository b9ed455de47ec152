// SPDX-License-Identifier: MIT
#include "os.h"
#include "error_fill.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REJECT(error, ...) imgact_error_set((error), IMGACT_INVALID_ARGUMENT, __VA_ARGS__)

const char *ia_env(const char *name) {
  const char *value = getenv(name);
  return value && *value != '\0' ? value : NULL;
}

const char *ia_path_shown(const char *path, char buffer[IA_PATH_SHOWN]) {
  const size_t most = IA_PATH_SHOWN - sizeof "...";
  size_t length = strlen(path);
  if (length <= most) return path;
  path += length - most;
  while (((unsigned char)*path & 0xc0) == 0x80) path++;
  (void)snprintf(buffer, IA_PATH_SHOWN, "...%s", path);
  return buffer;
}

/* ---- bytes ---- */

void ia_bytes_free(ia_bytes *bytes) {
  ia_wipe(bytes->data, bytes->length);
  ia_free(bytes->allocator, bytes->data);
  bytes->data = NULL;
  bytes->length = 0;
}

bool ia_bytes_new(ia_bytes *bytes, size_t max) {
  bytes->length = 0;
  bytes->data = ia_alloc(bytes->allocator, max + 2);
  return bytes->data != NULL;
}

int ia_bytes_read(ia_bytes *bytes, size_t max, int fd) {
  ssize_t got = read(fd, bytes->data + bytes->length, max + 1 - bytes->length);
  if (got < 0) return errno == EINTR || errno == EAGAIN ? 1 : -1;
  bytes->length += (size_t)got;
  bytes->data[bytes->length] = '\0';
  return got > 0 && bytes->length <= max;
}

/* ---- files ---- */

/* Returns true if other users can write. A group-writable file is accepted if its group has the
 * user's number: systems with one group per user create such files. */
static bool others_can_write(const struct stat *file) {
  return (file->st_mode & S_IWOTH) != 0 ||
         ((file->st_mode & S_IWGRP) != 0 && file->st_gid != file->st_uid);
}

/* Returns the file's problem, or NULL. Lowers *most to the file's size. */
static const char *check_file(int fd, size_t *most) {
  struct stat file;
  if (fstat(fd, &file) != 0) return strerror(errno);
  if (!S_ISREG(file.st_mode)) return "not a regular file";
  if (file.st_uid != geteuid() && file.st_uid != 0)
    return "file is owned by another user; use a file owned by you or root";
  if (others_can_write(&file)) return "file is writable by other users; run chmod 600";
  if (file.st_size > (off_t)*most) return "file is too large";
  if (file.st_size > 0) *most = (size_t)file.st_size; /* some file systems report 0 for all files */
  return NULL;
}

static const char *read_whole(int fd, size_t most, ia_bytes *bytes) {
  int more = 1;
  while (more > 0) more = ia_bytes_read(bytes, most, fd);
  if (more < 0) return strerror(errno);
  return bytes->length > most ? "file is too large, or is still being written" : NULL;
}

static const char *remedy_of(int code) {
  if (code == ENOENT) return "; create it or use another path";
  return code == EACCES ? "; make it readable for you" : "";
}

imgact_status ia_read_file(const char *path, size_t max, ia_bytes *bytes, bool *missing,
                           imgact_error *error) {
  char shown[IA_PATH_SHOWN];
  /* Non-blocking: a FIFO without a writer is rejected instead of waiting for it. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (missing) *missing = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
  if (fd < 0)
    return REJECT(error, "%s: %s%s", ia_path_shown(path, shown), strerror(errno), remedy_of(errno));
  const char *wrong = check_file(fd, &max);
  bool memory = wrong || ia_bytes_new(bytes, max);
  if (!wrong && memory) wrong = read_whole(fd, max, bytes);
  if (wrong) (void)REJECT(error, "%s: %s", ia_path_shown(path, shown), wrong);
  (void)close(fd);
  if (!memory) return ia_no_memory(error);

  return wrong ? IMGACT_INVALID_ARGUMENT : IMGACT_OK;
}
