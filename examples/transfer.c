// SPDX-License-Identifier: MIT
// Copies an image to another region and prints the progress, in its own epoll loop:
//
//   transfer IMAGE_ID REGION
//   RECORD=transfer.har transfer IMAGE_ID REGION    also records all responses
//   REPLAY=transfer.har transfer IMAGE_ID REGION    replays them: no network, token or waiting
//
// The environment or default_profile selects the cloud.
#include <imgact/imgact.h>
#include <imgact/transport.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

// Called while the action runs. on_done() reports the end.
static void on_progress(void *user, imgact_op *op, const imgact_action *action) {
  (void)user;
  (void)op;
  printf("action %s: %s\n", action->id, imgact_action_status_name(action->status));
}

static void on_done(void *user, imgact_op *op) {
  int *running = user;
  const imgact_error *error = imgact_op_error(op);
  if (error->status == IMGACT_OK)
    puts("copied");
  else
    fprintf(stderr, "%s: %s\n", imgact_status_name(error->status), error->message);
  *running = 0;
}

static void drive(imgact_loop *loop, const int *running) {
  struct epoll_event event = {.events = EPOLLIN};
  int epoll = epoll_create1(EPOLL_CLOEXEC), fd = imgact_loop_fd(loop);
  if (fd >= 0) (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event); // a cassette has no descriptor
  while (*running) {
    (void)epoll_wait(epoll, &event, 1, imgact_loop_timeout_ms(loop));
    (void)imgact_loop_dispatch(loop);
  }
  (void)close(epoll);
}

static int transfer(imgact_client *client, const char *image_id, const char *region) {
  imgact_op *op = imgact_transfer_image(client, image_id, region);
  int running = op != NULL;
  imgact_op_set_wait(op, 1);
  imgact_op_set_progress(op, on_progress, NULL);
  imgact_op_start(op, on_done, &running);
  drive(imgact_client_loop(client), &running);
  int failed = imgact_op_error(op)->status != IMGACT_OK;
  imgact_op_free(op);
  return failed;
}

// Sets *transport to NULL, the default transport, if neither variable is set.
static imgact_status open_transport(imgact_transport **transport, imgact_error *error) {
  const char *record = getenv("RECORD"), *replay = getenv("REPLAY");
  *transport = NULL;
  if (replay != NULL) return imgact_transport_new_replayer(replay, NULL, transport, error);
  return record != NULL ? imgact_transport_new_recorder(NULL, record, NULL, transport, error)
                        : IMGACT_OK;
}

int main(int argc, char **argv) {
  imgact_client_options options = {.size = sizeof options};
  imgact_client *client;
  imgact_error error;
  if (argc != 3) {
    fprintf(stderr, "usage: transfer IMAGE_ID REGION\n");
    return 2;
  }
  if (open_transport(&options.transport, &error) != IMGACT_OK ||
      imgact_client_from_profile(NULL, &options, &client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 2;
  }
  int failed = transfer(client, argv[1], argv[2]);
  imgact_client_free(client); // also writes the recording
  return failed;
}
