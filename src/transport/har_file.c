// SPDX-License-Identifier: MIT
/* Writes a cassette file: JSON around entries that are given as text. A reader of the path always
 * finds the previous file or the complete new one, even after a crash of the system. */
#include "har_file.h"

#include "har.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char head[] =
    "{\n  \"log\": {\n    \"version\": \"1.2\",\n    \"creator\": {\n      "
    "\"name\": \"imgact\",\n   "
    "   \"version\": \"" IMGACT_VERSION_STRING "\"\n    },\n    \"entries\": [";
static const char tail[] = "\n    ]\n  }\n}\n";
static const char margin[] = "\n      ";

static bool fails(ia_har_file *file, const char *why) {
  file->why = why;
  return false;
}

static bool fails_by_errno(ia_har_file *file) { return fails(file, strerror(errno)); }

static bool put(ia_har_file *file, const char *text, size_t length) {
  if (length > IA_HAR_MAX_BYTES - file->bytes) return fails(file, "larger than 256 MiB");
  file->bytes += length;
  return fwrite(text, 1, length, file->file) == length || fails_by_errno(file);
}

static bool name_temporary(ia_har_file *file) {
  static const char suffix[] = ".XXXXXX";
  size_t length = strlen(file->path);
  file->temporary = ia_alloc(file->allocator, length + sizeof suffix);
  if (!file->temporary) {
    file->no_memory = true;
    return fails(file, "out of memory");
  }
  memcpy(file->temporary, file->path, length);
  memcpy(file->temporary + length, suffix, sizeof suffix);
  return true;
}

static bool open_temporary(ia_har_file *file) {
  int fd = mkostemp(file->temporary, O_CLOEXEC);
  if (fd >= 0) {
    file->file = fdopen(fd, "w");
    if (file->file) return true;
    int reason = errno;
    close(fd);
    unlink(file->temporary);
    errno = reason;
  }
  return fails_by_errno(file);
}

bool ia_har_file_open(ia_har_file *file, const char *path, const imgact_allocator *allocator) {
  struct stat there;
  *file = (ia_har_file){.allocator = allocator, .path = path};
  if (path[0] == '\0') return fails(file, "empty file name");
  if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) return fails(file, "not a regular file");
  return name_temporary(file) && open_temporary(file) && put(file, head, sizeof head - 1);
}

/* Indents each line of the entry. Strings contain no line breaks, because JSON escapes them. */
bool ia_har_file_add(ia_har_file *file, const char *entry, size_t length) {
  const char *end = entry + length;
  if (file->entries++ > 0 && !put(file, ",", 1)) return false;
  while (entry < end) {
    const char *line_end = memchr(entry, '\n', (size_t)(end - entry));
    size_t line = (size_t)((line_end ? line_end : end) - entry);
    if (!put(file, margin, sizeof margin - 1) || !put(file, entry, line)) return false;
    entry += line + (line_end != NULL);
  }
  return true;
}

/* Writes the file to disk. Otherwise, a crash after the rename may leave an empty file. Some file
 * systems do not support fsync(). */
static bool sync_file(FILE *stream) {
  if (fflush(stream) != 0) return false;
  return fsync(fileno(stream)) == 0 || errno == EINVAL || errno == ENOSYS || errno == ENOTSUP;
}

/* Makes the rename durable. A failure is ignored, because the new file is in place already. */
static void sync_folder(const ia_har_file *file) {
  const char *slash = strrchr(file->path, '/');
  size_t length = slash ? (size_t)(slash - file->path) + 1 : 0;
  memcpy(file->temporary, file->path, length); /* the buffer is longer than the path */
  memcpy(file->temporary + length, ".", sizeof ".");
  int fd = open(file->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd);
  (void)close(fd);
}

static bool close_file(ia_har_file *file) {
  FILE *closing = file->file;
  file->file = NULL;
  int reason = sync_file(closing) ? 0 : errno;
  if (fclose(closing) != 0 && reason == 0) reason = errno;
  errno = reason;
  return reason == 0;
}

bool ia_har_file_commit(ia_har_file *file) {
  if (!put(file, tail, sizeof tail - 1)) return false;
  bool whole = close_file(file) && rename(file->temporary, file->path) == 0;
  if (whole) {
    sync_folder(file);
  } else {
    fails_by_errno(file);
    unlink(file->temporary);
  }
  ia_free(file->allocator, file->temporary);
  file->temporary = NULL;
  return whole;
}

void ia_har_file_abandon(ia_har_file *file) {
  if (file->file) {
    fclose(file->file);
    unlink(file->temporary);
  }
  ia_free(file->allocator, file->temporary);
  file->file = NULL;
  file->temporary = NULL;
}
