// SPDX-License-Identifier: MIT
/*
 * Runs a token_command and reads its output.
 *
 * - The command inherits only the descriptors 0 to 2.
 * - On a terminal it shares the process group of the program. Only that group may read from the
 * terminal (others are stopped by SIGTTIN) and receives ^C and ^Z. So a command can ask for a
 * passphrase, as with git, ssh and aws. A group of its own would need the terminal, which would
 * stop a pager that runs with the program.
 * - After a timeout, all processes that the command has started and that are still in its process
 * group are killed. Without a terminal, the command has a group of its own. On a terminal, its
 * processes are recognised by a variable in their environment.
 */
#include "config.h"
#include "error_fill.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REJECT(error, ...) imgact_error_set((error), IMGACT_INVALID_ARGUMENT, __VA_ARGS__)

#define MARK             "IMGACT_TOKEN_COMMAND="
#define MARK_BYTES       80
#define MOST_KILL_ROUNDS 100

typedef struct child {
  pid_t pid;
  bool own_group;
  char mark[MARK_BYTES]; /* environment variable of the command and of all that it starts */
} child;

static int64_t now_ns(void) {
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t now_ms(void) { return now_ns() / 1000000; }

/* ---- starting ---- */

static bool has_terminal(void) {
  int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd >= 0) (void)close(fd);
  return fd >= 0;
}

/* Returns the environment with the mark added; NULL if there is no memory. */
static char **marked_environment(const imgact_allocator *allocator, char *mark) {
  size_t count = 0, kept = 0;
  while (environ && environ[count]) count++;
  char **copy = ia_alloc(allocator, (count + 2) * sizeof *copy);
  if (!copy) return NULL;
  for (size_t i = 0; i < count; i++)
    if (strncmp(environ[i], MARK, strlen(MARK)) != 0) copy[kept++] = environ[i];
  copy[kept++] = mark;
  copy[kept] = NULL;
  return copy;
}

#if defined IA_HAVE_ADDCLOSEFROM && !defined IA_CLOSE_BY_LIST

static int close_others(posix_spawn_file_actions_t *files) {
  return posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

#else

/* Misses a descriptor that another thread opens now without close-on-exec. */
static int close_others(posix_spawn_file_actions_t *files) {
  DIR *folder = opendir("/dev/fd");
  int wrong = 0;
  if (!folder) return 0;
  for (const struct dirent *it; wrong == 0 && (it = readdir(folder));) {
    long fd = strtol(it->d_name, NULL, 10); /* "." and ".." give 0 */
    if (fd > STDERR_FILENO && fd != dirfd(folder))
      wrong = posix_spawn_file_actions_addclose(files, (int)fd);
  }
  (void)closedir(folder);
  return wrong;
}

#endif

/* stdout first: if the caller has closed its standard descriptors, `out` may be 0. */
static int set_files(posix_spawn_file_actions_t *files, int out) {
  int wrong = posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
  if (wrong == 0)
    wrong = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  return wrong == 0 ? close_others(files) : wrong;
}

static int set_attributes(posix_spawnattr_t *attributes, bool own_group) {
  sigset_t none, usual;
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (own_group) flags |= POSIX_SPAWN_SETPGROUP; /* a new group with the child's number */
  (void)sigemptyset(&none);
  (void)sigemptyset(&usual);
  /* Reset to the default: the program may ignore these signals, and the command would inherit that.
   */
  (void)sigaddset(&usual, SIGPIPE);
  (void)sigaddset(&usual, SIGCHLD);
  (void)sigaddset(&usual, SIGXFSZ);
  int wrong = posix_spawnattr_setsigmask(attributes, &none);
  if (wrong == 0) wrong = posix_spawnattr_setsigdefault(attributes, &usual);
  return wrong == 0 ? posix_spawnattr_setflags(attributes, (short)flags) : wrong;
}

static int spawn_with(const char *command, int out, char **environment, child *made) {
  char shell[] = "sh", option[] = "-c";
  char *const arguments[] = {shell, option, (char *)(uintptr_t)command, NULL};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  int wrong = posix_spawn_file_actions_init(&files);
  if (wrong != 0) return wrong;

  wrong = posix_spawnattr_init(&attributes);
  if (wrong == 0) {
    wrong = set_files(&files, out);
    if (wrong == 0) wrong = set_attributes(&attributes, made->own_group);
    if (wrong == 0)
      wrong = posix_spawn(&made->pid, "/bin/sh", &files, &attributes, arguments, environment);
    (void)posix_spawnattr_destroy(&attributes);
  }

  (void)posix_spawn_file_actions_destroy(&files);
  return wrong;
}

static int spawn(const char *command, const imgact_allocator *allocator, int out, child *made) {
  made->own_group = !has_terminal();
  (void)snprintf(made->mark, sizeof made->mark, MARK "%lld-%lld", (long long)getpid(),
                 (long long)now_ns());
  char **environment = marked_environment(allocator, made->mark);
  if (!environment) return ENOMEM;
  int wrong = spawn_with(command, out, environment, made);
  ia_free(allocator, environment);
  return wrong;
}

/* ---- ending ---- */

/* Reads until the end of the output. Returns false after a timeout or on too much output. */
static bool collect(int fd, int64_t until_ms, ia_bytes *bytes) {
  for (;;) {
    int64_t left_ms = until_ms - now_ms();
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (left_ms <= 0) return false;
    if (poll(&ready, 1, (int)left_ms) <= 0) continue; /* EINTR or timeout */
    if (ia_bytes_read(bytes, IA_TOKEN_MAX_READ, fd) <= 0) return bytes->length <= IA_TOKEN_MAX_READ;
  }
}

/* Returns true if a file of /proc, which may be longer than the buffer, contains the mark. */
static bool file_has(int fd, const char *mark) {
  char buffer[4096 + MARK_BYTES];
  size_t length = strlen(mark), kept = 0;
  for (;;) {
    ssize_t got = read(fd, buffer + kept, sizeof buffer - kept);
    if (got <= 0) return false;
    size_t have = kept + (size_t)got;
    if (memmem(buffer, have, mark, length)) return true;
    kept = have < length - 1 ? have : length - 1;
    memmove(buffer, buffer + have - kept, kept);
  }
}

static bool is_marked(pid_t pid, const char *mark) {
  char path[48];
  (void)snprintf(path, sizeof path, "/proc/%lld/environ", (long long)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool marked = file_has(fd, mark);
  (void)close(fd);
  return marked;
}

/* Kills the marked processes of this process group; returns their number. Daemons have left the
 * group and are not killed, as with a group of its own. */
static size_t kill_marked(const char *mark) {
  DIR *folder = opendir("/proc");
  size_t count = 0;
  if (!folder) return 0;
  for (const struct dirent *it; (it = readdir(folder));) {
    pid_t pid = (pid_t)strtol(it->d_name, NULL, 10);
    if (pid <= 1 || pid == getpid() || getpgid(pid) != getpgrp() || !is_marked(pid, mark)) continue;
    count += kill(pid, SIGKILL) == 0;
  }
  (void)closedir(folder);
  return count;
}

/* Call before waitpid(): until then the kernel cannot reuse the pid. */
static void kill_child(const child *command) {
  siginfo_t unused;
  bool is_ours = waitid(P_PID, (id_t)command->pid, &unused, WEXITED | WNOHANG | WNOWAIT) ==
                 0; /* fails if SIGCHLD is ignored */
  if (is_ours) (void)kill(command->own_group ? -command->pid : command->pid, SIGKILL);
  /* Repeats until none is left: a process may have started another one. */
  for (int round = 0;
       !command->own_group && round < MOST_KILL_ROUNDS && kill_marked(command->mark) > 0; round++)
    (void)poll(NULL, 0, 1);
}

/* Waits for the command after its output has ended, and kills it after the timeout. Returns false
 * if its exit status is unknown. */
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

static imgact_status check_status(const char *profile, int status, const ia_bytes *bytes,
                                  imgact_error *error) {
  if (WIFSIGNALED(status))
    return REJECT(error, "profile [%s]: token_command was killed by signal %d", profile,
                  WTERMSIG(status));
  if (WEXITSTATUS(status) != 0)
    return REJECT(error, "profile [%s]: token_command failed with status %d: try it in a shell",
                  profile, WEXITSTATUS(status));
  if (bytes->length == 0)
    return REJECT(error, "profile [%s]: token_command printed nothing", profile);
  return IMGACT_OK;
}

static imgact_status run(const char *command, const char *profile, int64_t limit_ms,
                         ia_bytes *bytes, imgact_error *error) {
  int ends[2];
  child made = {0};
  int status = 0;
  if (pipe2(ends, O_CLOEXEC) != 0)
    return REJECT(error, "profile [%s]: token_command: %s", profile, strerror(errno));
  int wrong = spawn(command, bytes->allocator, ends[1], &made);
  (void)close(ends[1]);
  int64_t until_ms = now_ms() + limit_ms;
  bool complete = wrong == 0 && collect(ends[0], until_ms, bytes);
  (void)close(ends[0]);
  if (wrong == ENOMEM) return ia_no_memory(error);
  if (wrong != 0) return REJECT(error, "profile [%s]: token_command: %s", profile, strerror(wrong));
  bool known = wait_child(&made, complete ? until_ms : 0, &status);
  if (bytes->length > IA_TOKEN_MAX_READ)
    return REJECT(error, "profile [%s]: token_command printed more than %zu bytes", profile,
                  IA_TOKEN_MAX_READ);
  if (!complete || now_ms() >= until_ms)
    return REJECT(error, "profile [%s]: token_command did not end within %lld ms", profile,
                  (long long)limit_ms);
  if (!known)
    return REJECT(error,
                  "profile [%s]: cannot get the exit status of token_command: SIGCHLD is ignored",
                  profile);

  return check_status(profile, status, bytes, error);
}

imgact_status ia_read_command(const char *command, const char *profile, int64_t limit_ms,
                              ia_bytes *bytes, imgact_error *error) {
  if (!ia_bytes_new(bytes, IA_TOKEN_MAX_READ)) return ia_no_memory(error);
  return run(command, profile, limit_ms, bytes, error);
}
