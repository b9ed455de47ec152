// SPDX-License-Identifier: MIT
// The file is in memory and has a name under /proc: nothing is left behind when a target aborts.
#include "fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *fuzz_file(const uint8_t *data, size_t size) {
  static int file = -1;
  static char path[64];
  if (file < 0) {
    file = memfd_create("fuzz", MFD_CLOEXEC);
    CHECK(file >= 0 && fchmod(file, 0600) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  }
  CHECK(ftruncate(file, 0) == 0 && lseek(file, 0, SEEK_SET) == 0);
  while (size > 0) {
    ssize_t written = write(file, data, size);
    CHECK(written > 0);
    data += written;
    size -= (size_t)written;
  }
  return path;
}
