// SPDX-License-Identifier: MIT
// Lists images in a program with its own epoll loop, which also watches a timer. The environment or
// default_profile selects the cloud.
#include <imgact/imgact.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void on_done(void *user, imgact_op *op) {
  int *running = user;
  size_t count;
  (void)imgact_op_images(op, &count);
  if (imgact_op_error(op)->status == IMGACT_OK)
    printf("%zu images\n", count);
  else
    fprintf(stderr, "%s\n", imgact_op_error(op)->message);
  *running = 0;
}

static void watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  // Without a descriptor (-1), imgact_loop_timeout_ms() is short.
  if (fd >= 0) (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int open_clock(void) {
  const struct itimerspec every_10_ms = {.it_interval.tv_nsec = 10000000,
                                         .it_value.tv_nsec = 10000000};
  int clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  (void)timerfd_settime(clock, 0, &every_10_ms, NULL);
  return clock;
}

static void drive(int epoll, int clock, imgact_loop *loop, const int *running) {
  while (*running) {
    struct epoll_event events[8];
    int ready = epoll_wait(epoll, events, 8, imgact_loop_timeout_ms(loop));
    for (int i = 0; i < ready; i++) {
      uint64_t ticks;
      if (events[i].data.fd == clock && read(clock, &ticks, sizeof ticks) > 0)
        fputs("tick\n", stderr);
    }
    (void)imgact_loop_dispatch(loop); // cheap if nothing is due
  }
}

int main(void) {
  imgact_client *client;
  imgact_error error;
  if (imgact_client_from_profile(NULL, NULL, &client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  imgact_loop *loop = imgact_client_loop(client);
  imgact_op *op = imgact_list_images(client, NULL);
  int running = op != NULL, clock = open_clock(), epoll = epoll_create1(EPOLL_CLOEXEC);
  watch(epoll, imgact_loop_fd(loop));
  watch(epoll, clock);
  imgact_op_start(op, on_done, &running);
  drive(epoll, clock, loop, &running);
  int failed = imgact_op_error(op)->status != IMGACT_OK;
  imgact_op_free(op);
  imgact_client_free(client);
  (void)close(epoll);
  (void)close(clock);
  return failed;
}
