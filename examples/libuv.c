// SPDX-License-Identifier: MIT
// Lists images in a libuv loop. A uv_poll_t watches imgact's descriptor, a uv_timer_t its timeout.
// The environment or default_profile selects the cloud.
#include <imgact/imgact.h>
#include <stdio.h>
#include <uv.h>

typedef struct driver {
  imgact_loop *loop;
  uv_poll_t poll;
  uv_timer_t timer;
} driver;

static void on_timer(uv_timer_t *timer);

// Every call on the loop may change the timeout: set the timer after each of them.
static void rearm(driver *d) {
  if (uv_is_closing((uv_handle_t *)&d->timer)) return;
  int timeout_ms = imgact_loop_timeout_ms(d->loop);
  if (timeout_ms < 0)
    uv_timer_stop(&d->timer);
  else
    uv_timer_start(&d->timer, on_timer, (uint64_t)timeout_ms, 0);
}

static void turn(driver *d) {
  (void)imgact_loop_dispatch(d->loop);
  rearm(d);
}

static void on_timer(uv_timer_t *timer) { turn(timer->data); }

static void on_readable(uv_poll_t *poll, int status, int events) {
  (void)status;
  (void)events;
  turn(poll->data);
}

static void driver_open(driver *d, uv_loop_t *uv, imgact_loop *loop) {
  d->loop = loop;
  d->poll.data = d->timer.data = d;
  uv_timer_init(uv, &d->timer);
  if (imgact_loop_fd(loop) < 0) return; // no descriptor: the timeout is short
  uv_poll_init(uv, &d->poll, imgact_loop_fd(loop));
  uv_poll_start(&d->poll, UV_READABLE, on_readable);
}

static void driver_close(driver *d) {
  uv_close((uv_handle_t *)&d->timer, NULL);
  if (imgact_loop_fd(d->loop) >= 0) uv_close((uv_handle_t *)&d->poll, NULL);
}

static void on_done(void *user, imgact_op *op) {
  size_t count;
  (void)imgact_op_images(op, &count);
  if (imgact_op_error(op)->status == IMGACT_OK)
    printf("%zu images\n", count);
  else
    fprintf(stderr, "%s\n", imgact_op_error(op)->message);
  driver_close(user); // uv_run() returns: nothing is left to watch
}

int main(void) {
  imgact_client *client;
  imgact_error error;
  if (imgact_client_from_profile(NULL, NULL, &client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  uv_loop_t uv;
  driver d;
  imgact_op *op = imgact_list_images(client, NULL);
  int failed = op == NULL || uv_loop_init(&uv) != 0;
  if (!failed) {
    driver_open(&d, &uv, imgact_client_loop(client));
    imgact_op_start(op, on_done, &d);
    rearm(&d);
    uv_run(&uv, UV_RUN_DEFAULT);
    uv_loop_close(&uv);
    failed = imgact_op_error(op)->status != IMGACT_OK;
  }
  imgact_op_free(op);
  imgact_client_free(client);
  return failed;
}
