// SPDX-License-Identifier: MIT
/* Where a token comes from: a variable, a file, the output of a command. The bytes stay in one block of a fixed size, which
 * is wiped before it is freed; no error quotes them. */
#include "config.h"
#include "error_fill.h"
#include "token.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REFUSE(error, ...) imgact_error_set((error), IMGACT_INVALID_ARGUMENT, __VA_ARGS__)

void ia_bytes_free(ia_bytes *bytes) {
  ia_wipe(bytes->data, bytes->length);
  ia_free(bytes->allocator, bytes->data);
  bytes->data = NULL;
  bytes->length = 0;
}

/* A block for `max` bytes, one more that tells that there are too many, and a NUL. */
static bool bytes_new(ia_bytes *bytes, size_t max) {
  bytes->length = 0;
  bytes->data = ia_alloc(bytes->allocator, max + 2);
  return bytes->data != NULL;
}

/* Reads what there is, up to max + 1 bytes in all. 1: more may come, 0: the end, -1: errno. */
static int bytes_read(ia_bytes *bytes, size_t max, int fd) {
  ssize_t got = read(fd, bytes->data + bytes->length, max + 1 - bytes->length);
  if (got < 0) return errno == EINTR || errno == EAGAIN ? 1 : -1;
  bytes->length += (size_t)got;
  bytes->data[bytes->length] = '\0';
  return got > 0 && bytes->length <= max;
}

/* ---- files ---- */

/* Group-writable files are what the systems with a group per user make, where such a group has the user's number. */
static bool others_can_write(const struct stat *file) {
  return (file->st_mode & S_IWOTH) != 0 || ((file->st_mode & S_IWGRP) != 0 && file->st_gid != file->st_uid);
}

/* What is wrong with it, or NULL; *most becomes what there is to read. */
static const char *check_file(int fd, size_t *most) {
  struct stat file;
  if (fstat(fd, &file) != 0) return strerror(errno);
  if (!S_ISREG(file.st_mode)) return "not a regular file: name one";
  if (file.st_uid != geteuid() && file.st_uid != 0) return "the file belongs to somebody else: take one of your own";
  if (others_can_write(&file)) return "others may write to the file: chmod 600 it";
  if (file.st_size > (off_t)*most) return "the file is too large: name the right one";
  if (file.st_size > 0) *most = (size_t)file.st_size; /* 0 is also what some file systems say of all their files */
  return NULL;
}

static const char *read_whole(int fd, size_t most, ia_bytes *bytes) {
  int more = 1;
  while (more > 0) more = bytes_read(bytes, most, fd);
  if (more < 0) return strerror(errno);
  return bytes->length > most ? "the file is too large, or still grows" : NULL;
}

static const char *remedy_of(int code) {
  if (code == ENOENT) return ": create it, or name another";
  return code == EACCES ? ": it must be readable for you" : "";
}

imgact_status ia_read_file(const char *path, size_t max, ia_bytes *bytes, bool *missing, imgact_error *error) {
  char shown[IA_PATH_SHOWN];
  /* Not blocking: a pipe that nobody writes to is refused and not waited for. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (missing) *missing = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
  if (fd < 0) return REFUSE(error, "%s: %s%s", ia_path_shown(path, shown), strerror(errno), remedy_of(errno));
  const char *wrong = check_file(fd, &max);
  bool memory = wrong || bytes_new(bytes, max);
  if (!wrong && memory) wrong = read_whole(fd, max, bytes);
  if (wrong) (void)REFUSE(error, "%s: %s", ia_path_shown(path, shown), wrong);
  (void)close(fd);
  if (!memory) return ia_no_memory(error);
  return wrong ? IMGACT_INVALID_ARGUMENT : IMGACT_OK;
}

/* ---- commands ---- */

static int64_t now_ms(void) {
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A command that runs. All that it has started ends with it if that is a process group of its own. */
typedef struct child {
  pid_t pid;
  bool own_group;
} child;

static bool has_terminal(void) {
  int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd >= 0) (void)close(fd);
  return fd >= 0;
}

/* Where there is a terminal, a command may ask for a passphrase there. Only the terminal's own group may read from it (any
 * other is stopped by SIGTTIN), and only that one hears of ^C: so the command stays in the group of this process, as it does
 * with git, ssh and aws. */
static int spawn(const char *command, int out, child *made) {
  char shell[] = "sh", option[] = "-c";
  char *const arguments[] = {shell, option, (char *)(uintptr_t)command, NULL};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  sigset_t none, usual;
  made->own_group = !has_terminal();
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (made->own_group) flags |= POSIX_SPAWN_SETPGROUP; /* of its own number, as long as no other is set */
  (void)sigemptyset(&none);
  (void)sigemptyset(&usual);
  /* A caller that ignores these must not make the command ignore them. */
  (void)sigaddset(&usual, SIGPIPE);
  (void)sigaddset(&usual, SIGCHLD);
  (void)sigaddset(&usual, SIGXFSZ);
  int wrong = posix_spawn_file_actions_init(&files);
  if (wrong != 0) return wrong;
  wrong = posix_spawnattr_init(&attributes);
  if (wrong == 0) {
    wrong = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (wrong == 0) wrong = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    if (wrong == 0) wrong = posix_spawnattr_setsigmask(&attributes, &none);
    if (wrong == 0) wrong = posix_spawnattr_setsigdefault(&attributes, &usual);
    if (wrong == 0) wrong = posix_spawnattr_setflags(&attributes, (short)flags);
    if (wrong == 0) wrong = posix_spawn(&made->pid, "/bin/sh", &files, &attributes, arguments, environ);
    (void)posix_spawnattr_destroy(&attributes);
  }
  (void)posix_spawn_file_actions_destroy(&files);
  return wrong;
}

/* Reads until the end of the output; false: time is up, or there is too much of it. */
static bool collect(int fd, int64_t until_ms, ia_bytes *bytes) {
  for (;;) {
    int64_t left_ms = until_ms - now_ms();
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (left_ms <= 0) return false;
    if (poll(&ready, 1, (int)left_ms) <= 0) continue; /* EINTR, or the time */
    if (bytes_read(bytes, IA_TOKEN_MAX_READ, fd) <= 0) return bytes->length <= IA_TOKEN_MAX_READ;
  }
}

/* Before its end has been waited for: until then the number is nobody else's. */
static void kill_child(const child *command) {
  siginfo_t unused;
  if (waitid(P_PID, (id_t)command->pid, &unused, WEXITED | WNOHANG | WNOWAIT) != 0) return; /* SIGCHLD is ignored */
  (void)kill(command->own_group ? -command->pid : command->pid, SIGKILL);
}

/* Its end after its output's: usually there already. A command that lives on is killed when time is up. false: how it ended
 * is not known. */
static bool wait_child(const child *command, int64_t until_ms, int *status) {
  pid_t ended;
  for (int pause_ms = 1; now_ms() < until_ms; pause_ms = pause_ms < 50 ? pause_ms * 2 : 50) {
    ended = waitpid(command->pid, status, WNOHANG);
    if (ended == command->pid) return true;
    if (ended < 0 && errno != EINTR) return false;
    (void)poll(NULL, 0, pause_ms);
  }
  kill_child(command);
  do ended = waitpid(command->pid, status, 0);
  while (ended < 0 && errno == EINTR);
  return ended == command->pid;
}

static imgact_status judge(const char *profile, int status, const ia_bytes *bytes, imgact_error *error) {
  if (WIFSIGNALED(status))
    return REFUSE(error, "profile [%s]: token_command was ended by signal %d", profile, WTERMSIG(status));
  if (WEXITSTATUS(status) != 0)
    return REFUSE(error, "profile [%s]: token_command failed with status %d: try it in a shell", profile,
                  WEXITSTATUS(status));
  if (bytes->length == 0) return REFUSE(error, "profile [%s]: token_command printed nothing", profile);
  return IMGACT_OK;
}

static imgact_status run(const char *command, const char *profile, int64_t limit_ms, ia_bytes *bytes, imgact_error *error) {
  int ends[2];
  child made = {0};
  int status = 0;
  if (pipe2(ends, O_CLOEXEC) != 0) return REFUSE(error, "profile [%s]: token_command: %s", profile, strerror(errno));
  int wrong = spawn(command, ends[1], &made);
  (void)close(ends[1]);
  int64_t until_ms = now_ms() + limit_ms;
  bool complete = wrong == 0 && collect(ends[0], until_ms, bytes);
  (void)close(ends[0]);
  if (wrong != 0) return REFUSE(error, "profile [%s]: token_command: %s", profile, strerror(wrong));
  bool known = wait_child(&made, complete ? until_ms : 0, &status);
  if (bytes->length > IA_TOKEN_MAX_READ)
    return REFUSE(error, "profile [%s]: token_command printed more than %zu bytes", profile, IA_TOKEN_MAX_READ);
  if (!complete || now_ms() >= until_ms)
    return REFUSE(error, "profile [%s]: token_command did not end within %lld ms", profile, (long long)limit_ms);
  if (!known)
    return REFUSE(error, "profile [%s]: how token_command ended is not known: the program must not ignore SIGCHLD", profile);
  return judge(profile, status, bytes, error);
}

imgact_status ia_read_command(const char *command, const char *profile, int64_t limit_ms, ia_bytes *bytes,
                              imgact_error *error) {
  if (!bytes_new(bytes, IA_TOKEN_MAX_READ)) return ia_no_memory(error);
  return run(command, profile, limit_ms, bytes, error);
}

/* ---- the token of a selection ---- */

static imgact_status read_variable(const char *name, ia_bytes *bytes, imgact_error *error) {
  const char *value = ia_env(name);
  if (!value) return REFUSE(error, "the variable %s, which is to hold the token, is not set: export it", name);
  size_t length = strlen(value);
  if (length > IA_TOKEN_MAX_READ) return REFUSE(error, "the variable %s is too long for a token", name);
  if (!bytes_new(bytes, length)) return ia_no_memory(error);
  memcpy(bytes->data, value, length + 1);
  bytes->length = length;
  return IMGACT_OK;
}

imgact_status ia_read_token(const imgact_config_settings *selection, ia_bytes *bytes, imgact_error *error) {
  const char *source = selection->token_source;
  imgact_status status;
  if (strcmp(selection->token_kind, "env") == 0)
    status = read_variable(source, bytes, error);
  else if (strcmp(selection->token_kind, "file") == 0)
    status = ia_read_file(source, IA_TOKEN_MAX_READ, bytes, NULL, error);
  else
    status = ia_read_command(source, selection->profile, IA_TOKEN_COMMAND_MS, bytes, error);
  if (status != IMGACT_OK) return status;
  char shown[IA_PATH_SHOWN];
  const char *where =
      strcmp(selection->token_kind, "command") == 0 ? "the output of token_command" : ia_path_shown(source, shown);
  ia_token token;
  const char *wrong = ia_token_find(bytes->data, bytes->length, &token);
  return wrong ? REFUSE(error, "%s: %s", where, wrong) : IMGACT_OK;
}
