// SPDX-License-Identifier: MIT
#include "config.h"
#include "failing_allocator.h"
#include "home.h"
#include "testing.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECRET "the-secret-that-nobody-may-see"

// ---- an allocator that searches released blocks for the token ----

typedef struct watcher {
  imgact_allocator allocator;
  bool seen;
} watcher;

typedef struct block {
  _Alignas(16) size_t bytes;
} block;

static void *watch_alloc(void *user, size_t bytes) {
  (void)user;
  block *made = malloc(sizeof *made + bytes);
  if (made == NULL) return NULL;
  made->bytes = bytes;
  memset(made + 1, 0, bytes);
  return made + 1;
}

static void watch_release(void *user, void *memory) {
  watcher *watch = user;
  block *given = (block *)memory - 1;
  if (memmem(memory, given->bytes, SECRET, strlen(SECRET)) != NULL) watch->seen = true;
  free(given);
}

static void *watch_resize(void *user, void *memory, size_t bytes) {
  void *made = watch_alloc(user, bytes);
  if (made == NULL || memory == NULL) return made;
  size_t old = ((block *)memory - 1)->bytes;
  memcpy(made, memory, old < bytes ? old : bytes);
  watch_release(user, memory);
  return made;
}

static void watcher_init(watcher *watch) {
  *watch = (watcher){.allocator = {.size = sizeof watch->allocator,
                                   .alloc = watch_alloc,
                                   .resize = watch_resize,
                                   .release = watch_release,
                                   .user_data = watch}};
}

// ---- reading ----

static imgact_status read_with(const char *kind, const char *source,
                               const imgact_allocator *allocator, char text[256],
                               imgact_error *error) {
  const imgact_config_settings settings = {
      .profile = "p", .token_kind = kind, .token_source = source};
  ia_bytes bytes = {.allocator = allocator};
  imgact_status status = ia_read_token(&settings, &bytes, error);
  text[0] = '\0';
  if (status == IMGACT_OK) {
    assert_int_equal(bytes.data[bytes.length], '\0');
    snprintf(text, 256, "%s", bytes.data);
  }
  ia_bytes_free(&bytes);
  return status;
}

static void assert_reads(const char *kind, const char *source, const char *expected) {
  char text[256];
  watcher watch;
  imgact_error error = {0};
  watcher_init(&watch);
  if (read_with(kind, source, &watch.allocator, text, &error) != IMGACT_OK)
    fail_msg("%s", error.message);
  assert_string_equal(text, expected);
  assert_false(watch.seen);
}

static void assert_rejected(const char *kind, const char *source, const char *words) {
  char text[256];
  watcher watch;
  imgact_error error = {0};
  watcher_init(&watch);
  assert_int_equal(read_with(kind, source, &watch.allocator, text, &error),
                   IMGACT_INVALID_ARGUMENT);
  assert_int_equal(error.status, IMGACT_INVALID_ARGUMENT);
  if (strstr(error.message, words) == NULL) fail_msg("'%s' is not in: %s", words, error.message);
  assert_null(strstr(error.message, SECRET));
  assert_false(watch.seen);
}

TEST(read_token_env_returns_value) {
  setenv("MY_TOKEN", SECRET "\n", 1);
  assert_reads("env", "MY_TOKEN", SECRET "\n");
  setenv("MY_TOKEN", "", 1);
  assert_rejected("env", "MY_TOKEN", "variable MY_TOKEN is not set");
  setenv("MY_TOKEN", " \t\n", 1);
  assert_rejected("env", "MY_TOKEN", "MY_TOKEN: the token is empty");
  unsetenv("MY_TOKEN");
  assert_rejected("env", "MY_TOKEN", "is not set");
}

TEST(read_token_wrapped_form_names_source) {
  setenv("MY_TOKEN", "\"" SECRET "\"", 1);
  assert_rejected("env", "MY_TOKEN",
                  "MY_TOKEN: the token must not contain quotation marks; remove them");
  unsetenv("MY_TOKEN");
  assert_rejected("file", home_file("token", "MY_TOKEN=" SECRET "\n"),
                  "token: the token must not begin with 'NAME='");
  assert_rejected("command", "echo Bearer " SECRET,
                  "the output of token_command: the token must not begin with 'Bearer'");
  assert_rejected("command", "echo the-secret-; exec printf %s that",
                  "the output of token_command: the token must not contain whitespace");
}

TEST(read_token_env_too_long_rejected) {
  char *text = malloc(IA_TOKEN_MAX_READ + 2);
  assert_non_null(text);
  memset(text, 'x', IA_TOKEN_MAX_READ + 1);
  text[IA_TOKEN_MAX_READ + 1] = '\0';
  setenv("MY_TOKEN", text, 1);
  assert_rejected("env", "MY_TOKEN", "too long");
  unsetenv("MY_TOKEN");
  free(text);
}

TEST(read_token_file_returns_content) {
  static const char cut[] = SECRET "\0more";
  assert_reads("file", home_file("token", SECRET "\n"), SECRET "\n");
  assert_rejected("file", home_path("nope"), "nope: No such file");
  assert_rejected("file", home_file("token", ""), "token: the token is empty");
  assert_rejected("file", home_file("token", "\r\n \n"), "token: the token is empty");
  assert_rejected("file", home_bytes("token", cut, sizeof cut - 1),
                  "token: the token must not contain control characters");
  assert_rejected("file", "/", "not a regular file");
  assert_rejected("file", "/dev/null", "not a regular file");
}

TEST(read_token_untrusted_file_is_rejected) {
  const char *path = home_file("token", SECRET);
  assert_int_equal(chmod(path, 0604), 0);
  assert_reads("file", path, SECRET);
  assert_int_equal(chmod(path, 0602), 0);
  assert_rejected("file", path, "file is writable by other users; run chmod 600");
  if (geteuid() != 0) return;
  assert_int_equal(chmod(path, 0600), 0);
  assert_int_equal(chown(path, 12345, 0), 0);
  assert_rejected("file", path, "owned by another user");
}

TEST(read_token_large_file_is_rejected) {
  char *text = malloc(IA_TOKEN_MAX_READ + 1);
  assert_non_null(text);
  memset(text, 'x', IA_TOKEN_MAX_READ + 1);
  assert_rejected("file", home_bytes("token", text, IA_TOKEN_MAX_READ + 1), "too large");
  free(text);
}

TEST(read_token_command_returns_output) {
  assert_reads("command", "echo " SECRET, SECRET "\n");
  assert_reads("command", "printf %s " SECRET, SECRET);
  setenv("MY_TOKEN", SECRET, 1);
  assert_reads("command", "echo \"$MY_TOKEN\"", SECRET "\n");
  unsetenv("MY_TOKEN");
}

TEST(read_token_failed_command_hides_output) {
  assert_rejected("command", "echo " SECRET "; exit 3",
                  "profile [p]: token_command failed with status 3");
  assert_rejected("command", "echo " SECRET "; kill -TERM $$",
                  "profile [p]: token_command was killed by signal 15");
  assert_rejected("command", "true", "profile [p]: token_command printed nothing");
  assert_rejected("command", "echo", "token_command: the token is empty");
  assert_rejected("command", "printf '" SECRET "\\000x'", "control characters");
  assert_rejected("command", "exec 2>/dev/null; no-such-command-anywhere",
                  "failed with status 127");
}

TEST(read_token_long_output_is_rejected) {
  assert_rejected("command", "while echo " SECRET "; do :; done", "printed more than 65536 bytes");
}

TEST(read_token_command_input_is_empty) {
  assert_reads("command", "if read line; then echo input; else echo none; fi", "none\n");
}

TEST(read_token_command_has_default_signals) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
  void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
  assert_rejected("command", "kill -TERM $$; echo " SECRET, "signal 15");
  assert_rejected("command", "kill -PIPE $$; echo " SECRET, "signal 13");
  signal(SIGPIPE, handler);
  assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

TEST(read_token_ignored_sigchld_is_rejected) {
  void (*handler)(int) = signal(SIGCHLD, SIG_IGN);
  assert_rejected("command", "echo " SECRET, "SIGCHLD is ignored");
  signal(SIGCHLD, handler);
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

TEST(read_command_timeout_is_enforced) {
  // One prints and keeps running, one closes its output and keeps running, one leaves the pipe open
  // in another process.
  static const char *const slow[] = {"echo " SECRET "; exec sleep 100",
                                     "echo " SECRET "; exec sleep 100 >&-",
                                     ("sleep 3 2>/dev/null & echo " SECRET)};
  for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
    ia_bytes bytes = {.allocator = NULL};
    imgact_error error;
    int64_t began_ms = now_ms();
    assert_int_equal(ia_read_command(slow[i], "p", 100, &bytes, &error), IMGACT_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "profile [p]: token_command did not end within 100 ms"));
    assert_true(now_ms() - began_ms < 2500);
    ia_bytes_free(&bytes);
  }
}

// Runs body in a new session without a terminal and returns its result.
static int in_a_session(int (*body)(void *with), void *with) {
  int status = 0;
  (void)fflush(NULL); // the child ends with exit(), so that coverage is written
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) exit(setsid() < 0 ? 99 : body(with));
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

// Runs body in a new session on a new terminal and returns its result. `typed` is the terminal's
// input.
typedef struct on_terminal {
  int (*body)(void *with);
  void *with;
  const char *name;
} on_terminal;

static int open_terminal_and_run(void *with) {
  const on_terminal *run = with;
  int terminal = open(run->name, O_RDWR);
  if (terminal < 0 || ioctl(terminal, TIOCSCTTY, 0) != 0) return 98;
  return run->body(run->with);
}

static int in_a_terminal_session(int (*body)(void *with), void *with, const char *typed) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  assert_true(master >= 0);
  assert_int_equal(grantpt(master), 0);
  assert_int_equal(unlockpt(master), 0);
  assert_int_equal(write(master, typed, strlen(typed)), strlen(typed));
  on_terminal run = {body, with, ptsname(master)};
  int result = in_a_session(open_terminal_and_run, &run);
  (void)close(master);
  return result;
}

// Runs a command until it times out. Returns 0 if all processes that held "$FIFO" were killed.
static int run_out_of_time(void *command) {
  const char *fifo = getenv("FIFO");
  ia_bytes bytes = {.allocator = NULL};
  imgact_error error;
  int end = open(fifo, O_RDONLY | O_NONBLOCK);

  if (end < 0) return 1;
  imgact_status status = ia_read_command(command, "p", 300, &bytes, &error);
  ia_bytes_free(&bytes);
  if (status != IMGACT_INVALID_ARGUMENT) return 2;
  // read() returns 0 without a writer, and fails with EAGAIN while there is one. The first byte
  // shows that there was a writer.
  bool opened = false;
  for (int tries = 0; tries < 1000; tries++) {
    char byte;
    ssize_t got = read(end, &byte, 1);
    if (got == 0) return opened ? 0 : 4;
    if (got == 1) opened = true;
    if (got < 0) (void)poll(NULL, 0, 10);
  }

  return 3;
}

#define HOLD "exec 3>\"$FIFO\"; echo >&3; sleep 100"
static const char *const long_running[] = {
    HOLD,
    "(" HOLD ") & sleep 100",
    "(" HOLD "; :) & echo " SECRET,                    // the shell ends, the output stays open
    "((" HOLD ") &) >/dev/null 2>&1; sleep 100",       // a child of init
    "sh -c '" HOLD "; :' >/dev/null & exec sleep 100", // a nested shell
    "i=0; while [ $i -lt 20 ]; do (" HOLD ") & i=$((i + 1)); done; wait"};

static void make_fifo(void) {
  const char *fifo = home_path("fifo");
  (void)unlink(fifo);
  assert_int_equal(mkfifo(fifo, 0600), 0);
  setenv("FIFO", fifo, 1);
}

TEST(read_command_timeout_kills_all) {
  for (size_t i = 0; i < sizeof long_running / sizeof *long_running; i++) {
    make_fifo();
    assert_int_equal(in_a_session(run_out_of_time, (void *)(uintptr_t)long_running[i]), 0);
  }
  unsetenv("FIFO");
}

TEST(read_command_tty_timeout_kills_all) {
#ifndef __linux__
  skip(); // only the shell is killed on other systems
#endif
  for (size_t i = 0; i < sizeof long_running / sizeof *long_running; i++) {
    make_fifo();
    assert_int_equal(in_a_terminal_session(run_out_of_time, (void *)(uintptr_t)long_running[i], ""),
                     0);
  }
  unsetenv("FIFO");
}

// A child of the caller in the same process group does not belong to the command.
static int keep_my_child(void *with) {
  int status = 0;
  (void)with;
  pid_t mine = fork();
  if (mine == 0) {
    (void)poll(NULL, 0, 60000);
    _exit(0);
  }
  ia_bytes bytes = {.allocator = NULL};
  imgact_error error;
  imgact_status read = ia_read_command("sleep 100 & sleep 100", "p", 100, &bytes, &error);
  ia_bytes_free(&bytes);
  bool lives = waitpid(mine, &status, WNOHANG) == 0;
  (void)kill(mine, SIGKILL);
  (void)waitpid(mine, &status, 0);

  return read == IMGACT_INVALID_ARGUMENT && lives ? 0 : 1;
}

TEST(read_command_tty_timeout_spares_others) {
  assert_int_equal(in_a_terminal_session(keep_my_child, NULL, ""), 0);
}

TEST(read_command_inherits_standard_descriptors) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(dup2(ends[1], 8), 8); // without close-on-exec, like some of libcurl's
  assert_int_equal(dup2(ends[1], 9), 9);
  int high = fcntl(ends[1], F_DUPFD, 700);
  assert_true(high >= 700);
  assert_reads(
      "command",
      "for n in 8 9; do if (exec 7>&$n) 2>/dev/null; then echo inherited $n; fi; done; echo none",
      "none\n");
  char command[80];
  snprintf(command, sizeof command, "[ -e /proc/self/fd/%d ] && echo inherited || echo none", high);
  assert_reads("command", command, "none\n");
  (void)close(8), (void)close(9), (void)close(high), (void)close(ends[0]), (void)close(ends[1]);
}

// If the program has closed its standard descriptors, the pipe gets one of their numbers.
static int read_with_closed_descriptors(void *with) {
  (void)with;
  ia_bytes bytes = {.allocator = NULL};
  (void)close(STDIN_FILENO), (void)close(STDOUT_FILENO);
  imgact_status status = ia_read_command("cat; echo " SECRET, "p", 30000, &bytes, NULL);
  int wrong = status != IMGACT_OK || strcmp(bytes.data, SECRET "\n") != 0;
  ia_bytes_free(&bytes);
  return wrong;
}

TEST(read_command_with_closed_descriptors_works) {
  assert_int_equal(in_a_session(read_with_closed_descriptors, NULL), 0);
}

static int ask_on_terminal(void *with) {
  (void)with;
  ia_bytes bytes = {.allocator = NULL};
  imgact_error error;
  imgact_status status =
      ia_read_command("read answer </dev/tty; echo \"$answer\"", "p", 30000, &bytes, &error);
  int wrong = status != IMGACT_OK || strcmp(bytes.data, SECRET "\n") != 0;
  ia_bytes_free(&bytes);
  return wrong ? 2 : 0;
}

TEST(read_command_may_use_terminal) {
  assert_int_equal(in_a_terminal_session(ask_on_terminal, NULL, SECRET "\n"), 0);
}

TEST(read_token_without_memory_fails) {
  const char *path = home_file("token", SECRET);
  setenv("MY_TOKEN", SECRET, 1);
  const struct {
    const char *kind, *source;
  } sources[] = {{"env", "MY_TOKEN"}, {"file", path}, {"command", "echo " SECRET}};

  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    failing_allocator memory;
    char text[256];
    imgact_error error;
    failing_allocator_init(&memory, 1);
    assert_int_equal(read_with(sources[i].kind, sources[i].source, &memory.allocator, text, &error),
                     IMGACT_NOMEM);
    assert_memory_fine(&memory);
  }

  unsetenv("MY_TOKEN");
}

int main(void) { return testing_run(home_setup, home_teardown); }
