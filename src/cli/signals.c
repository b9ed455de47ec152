// SPDX-License-Identifier: MIT
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "clock.h"
#include "exit_status.h"

/* Signal handlers have no user data. */
static volatile sig_atomic_t interrupted;
static imgact_loop *volatile signalled_loop;

static int64_t interrupted_ms;

/* timeout(1) and a closed session may send two signals at once. */
#define SIGNAL_DEBOUNCE_MS 100

static void on_signal(int number) {
  (void)number;
  int64_t now_ms = cli_monotonic_ms();
  if (interrupted && now_ms - interrupted_ms >= SIGNAL_DEBOUNCE_MS)
    _exit(cli_exit_status(IMGACT_CANCELLED));
  if (interrupted) return;

  int saved = errno;
  interrupted = 1;
  interrupted_ms = now_ms;
  if (signalled_loop) imgact_loop_wakeup(signalled_loop);
  errno = saved;
}

bool cli_interrupted(void) { return interrupted != 0; }

void cli_signals_end(void) { signalled_loop = NULL; }

/* A signal that is ignored at the start, as with nohup, stays ignored. */
static void catch_signal(int number) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
  sigfillset(&action.sa_mask); /* handlers do not interrupt each other */
  if (!sigaction(number, NULL, &before) && before.sa_handler != SIG_IGN)
    sigaction(number, &action, NULL);
}

static void release_signal(int number) {
  struct sigaction before;
  if (!sigaction(number, NULL, &before) && before.sa_handler == on_signal) signal(number, SIG_DFL);
}

void cli_signals_release(void) {
  release_signal(SIGINT);
  release_signal(SIGTERM);
  release_signal(SIGHUP);
}

void cli_signals_catch(imgact_loop *loop) {
  signalled_loop = loop;
  catch_signal(SIGINT);
  catch_signal(SIGTERM);
  catch_signal(SIGHUP); /* a lost terminal: running actions are still printed */
}
