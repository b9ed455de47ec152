// SPDX-License-Identifier: MIT
// Converts a backup to a snapshot, prints its progress, and stops waiting on Ctrl-C:
//
//   cancel IMAGE_ID
//
// A cancel ends the operation in this program only. The action continues; the program prints its
// id for `imgact action wait`. The environment or default_profile selects the cloud.
#include <imgact/imgact.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t interrupted;
static imgact_loop *interruptible;

// Signal handlers and other threads may call only imgact_loop_wakeup().
static void on_signal(int number) {
  (void)number;
  interrupted = 1;
  imgact_loop_wakeup(interruptible);
}

static void on_progress(void *user, imgact_op *op, const imgact_action *action) {
  (void)user;
  (void)op;
  printf("action %s: %s", action->id != NULL ? action->id : "-",
         imgact_action_status_name(action->status));
  if (action->progress >= 0) printf(", %d %%", action->progress);
  printf("\n");
  fflush(stdout);
}

static void wait_or_cancel(imgact_op *op) {
  imgact_op_start(op, NULL, NULL);
  while (!imgact_op_done(op)) {
    (void)imgact_loop_run(interruptible); // until the end or a wakeup
    if (interrupted) imgact_op_cancel(op);
  }
}

static int report(const imgact_op *op) {
  const imgact_error *error = imgact_op_error(op);
  const imgact_action *action = imgact_op_action(op);
  if (error->status == IMGACT_OK) return 0;
  fprintf(stderr, "%s: %s\n", imgact_status_name(error->status), error->message);
  if (action != NULL && action->id != NULL && action->status == IMGACT_ACTION_STATUS_RUNNING)
    fprintf(stderr, "action %s continues\n", action->id);
  else if (error->flags & IMGACT_ERROR_MAYBE_APPLIED)
    fprintf(stderr, "the request may have been sent: check the image before you repeat it\n");
  return error->status == IMGACT_CANCELLED ? 130 : 1;
}

int main(int argc, char **argv) {
  imgact_client *client;
  imgact_error error;
  if (argc != 2 || imgact_client_from_profile(NULL, NULL, &client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", argc != 2 ? "usage: cancel IMAGE_ID" : error.message);
    return 2;
  }
  interruptible = imgact_client_loop(client);
  (void)signal(SIGINT, on_signal);
  imgact_op *op = imgact_convert_image(client, argv[1]);
  imgact_op_set_wait(op, 1);
  imgact_op_set_progress(op, on_progress, NULL);
  wait_or_cancel(op);
  int exit_status = report(op);
  (void)signal(SIGINT, SIG_DFL);
  imgact_op_free(op);
  imgact_client_free(client);
  return exit_status;
}
