// SPDX-License-Identifier: MIT
// Callbacks: what they may do, when they are called, and for which start.
#include "scenarios.h"

#include <imgact/provider.h>

// ---- inside callbacks

typedef struct nest {
  imgact_client *client;
  imgact_loop *loop;
  imgact_op *next;
  int done, rounds;
} nest;

static void free_in_done(void *user, imgact_op *op) {
  nest *n = user;
  n->done++;
  assert_int_equal(imgact_op_run(op), IMGACT_BUSY);
  assert_int_equal(imgact_loop_dispatch(n->loop), IMGACT_BUSY);
  assert_int_equal(imgact_loop_run(n->loop), IMGACT_BUSY);
  imgact_op_free(op);
  if (n->rounds-- > 0)
    imgact_op_start(imgact_get_image(n->client, CLOUD_IMAGE, NULL), free_in_done, n);
}

TEST(done_callback_may_free_and_start) {
  harness *st = harness_new();
  cloud *c = cloud_new(st->script, true);
  nest n = {.client = st->client, .loop = st->loop, .rounds = 10};
  imgact_op_start(imgact_get_image(st->client, CLOUD_IMAGE, NULL), free_in_done, &n);
  assert_int_equal(n.done, 0);
  imgact_loop_run(st->loop);
  assert_int_equal(n.done, 11);
  harness_free(st);
  cloud_free(c);
}

static void cancel_all(void *user, imgact_op *op, const imgact_action *action) {
  imgact_op **others = user;
  imgact_op_cancel(op);
  for (size_t i = 0; others[i] != NULL; i++) imgact_op_free(others[i]);
  assert_string_equal(action->id, "9001"); // the action is valid while the callback runs
}

TEST(progress_callback_may_cancel_and_free) {
  static const char *const ids[] = {"9001", "9002"};
  harness *st = harness_new();
  cloud *c = cloud_new(st->script, true);
  cloud_add_action(c, "change_protection", "", 0, 60000);
  cloud_add_action(c, "change_protection", "", 0, 60000);
  tally t = {0};
  imgact_op *others[4] = {NULL};
  imgact_op *first = imgact_wait_actions(st->client, ids, 2, NULL);
  imgact_op_set_progress(first, cancel_all, others);

  imgact_op_start(first, tally_done, &t);
  for (size_t i = 0; i < 3; i++) {
    others[i] = imgact_wait_actions(st->client, ids, 2, NULL);
    imgact_op_set_progress(others[i], tally_progress, &t);
    imgact_op_start(others[i], tally_done, &t);
  }
  imgact_loop_run(st->loop);
  assert_int_equal(t.done, 1);
  assert_int_equal(t.progress, 0);
  assert_status(first, IMGACT_CANCELLED);

  imgact_op_free(first);
  harness_free(st);
  cloud_free(c);
}

static void free_own(void *user, imgact_op *op, const imgact_action *action) {
  ++*(int *)user;
  imgact_op_free(op);
  assert_string_equal(action->id, "9001");
}

TEST(progress_callback_may_free_own_op) {
  static const char *const id = "9001";
  for (int waits = 0; waits < 2; waits++) {
    harness *st = harness_new();
    cloud *c = cloud_new(st->script, true);
    tally t = {0};
    int calls = 0;
    c->action_ms = 60000;
    if (waits) cloud_add_action(c, "change_protection", "", 0, 60000);
    imgact_op *op = waits ? imgact_wait_actions(st->client, &id, 1, NULL)
                          : imgact_protect_image(st->client, CLOUD_IMAGE);
    imgact_op_set_wait(op, 1);
    imgact_op_set_progress(op, free_own, &calls);
    imgact_op_start(op, tally_done, &t);
    imgact_loop_run(st->loop);
    assert_int_equal(calls, 1);
    assert_int_equal(t.done, 0);
    harness_free(st);
    cloud_free(c);
  }
}

TEST(op_start_replaces_pending_callback) {
  harness *st = harness_new();
  for (int running = 0; running < 2; running++)
    for (int no_callback = 0; no_callback < 2; no_callback++) {
      tally first = {0}, second = {0};
      imgact_op *op = imgact_get_image(st->client, CLOUD_IMAGE, NULL);
      imgact_op_start(op, tally_done, &first);
      if (!running) imgact_op_cancel(op);
      imgact_op_start(op, no_callback ? NULL : tally_done, &second);
      if (running) imgact_op_cancel(op);
      imgact_loop_run(st->loop);
      assert_int_equal(first.done, 0);
      assert_int_equal(second.done, !no_callback);
      assert_status(op, IMGACT_CANCELLED);
      imgact_op_free(op);
    }
  harness_free(st);
}

TEST(op_start_after_end_calls_done) {
  harness *st = harness_new();
  cloud *c = cloud_new(st->script, true);
  tally t = {0};
  imgact_op *op = harness_run(imgact_get_image(st->client, CLOUD_IMAGE, NULL), IMGACT_OK);

  imgact_op_start(op, tally_done, &t);
  assert_int_equal(t.done, 0);
  imgact_loop_run(st->loop);
  assert_int_equal(t.done, 1);
  assert_int_equal(scripted_count(st->script), 1);
  harness_run(op, IMGACT_OK);
  imgact_op_cancel(op);
  assert_status(op, IMGACT_OK);

  imgact_op_free(op);
  harness_free(st);
  cloud_free(c);
}

static void free_it(void *user, imgact_op *op) {
  (void)op;
  imgact_op **other = user;
  imgact_op_free(*other);
  *other = NULL;
}

// A and B end in one dispatch. B's callback frees A while imgact_op_run(A) is active and A's own
// callback is due.
TEST(op_freed_before_done_not_called) {
  for (int later = 0; later < 2; later++) {
    harness *st = harness_new();
    scripted_on(st->script, "*",
                (scripted_answer){.status = 200, .body = "{\"image\":{\"id\":1}}", .delay_ms = 50});
    tally t = {0};
    imgact_op *a = imgact_get_image(st->client, "1", NULL),
              *b = imgact_get_image(st->client, "1", NULL);
    if (later) imgact_op_start(a, tally_done, &t);
    imgact_op_start(b, free_it, &a);
    if (!later) imgact_op_start(a, tally_done, &t);
    imgact_op_run(a);
    imgact_loop_run(st->loop);
    assert_int_equal(t.done, later);
    assert_null(a);
    imgact_op_free(b);
    harness_free(st);
  }
}

TEST(paged_list_run_keeps_no_callback) {
  harness *st = harness_new();
  cloud *c = cloud_new(st->script, true);
  tally t = {0};
  imgact_op *op = harness_configure(imgact_list_images(st->client, NULL),
                                    (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});

  imgact_op_start(op, tally_done, &t);
  imgact_loop_run(st->loop);
  assert_int_equal(t.done, 1);
  imgact_op_run(op);
  imgact_loop_run(st->loop);
  assert_int_equal(t.done, 1);

  imgact_op_free(op);
  harness_free(st);
  cloud_free(c);
}

typedef struct reader {
  imgact_op *list;
  int first, second, early;
  size_t items;
} reader;

static void count_first(void *user, imgact_op *op) {
  reader *r = user;
  (void)op;
  r->first++;
}

static void count_second(void *user, imgact_op *op) {
  reader *r = user;
  r->second++;
  r->early += !imgact_op_done(op);
  imgact_op_images(op, &r->items);
}

static void start_next_page(void *user, imgact_op *op) {
  reader *r = user;
  (void)op;
  assert_true(imgact_op_done(r->list)); // its callback is still due
  imgact_op_start(r->list, count_second, r);
}

TEST(paged_list_early_start_reports_once) {
  harness *st = harness_new();
  cloud *c = cloud_new(st->script, true);
  c->listed = 120;
  reader r = {0};
  imgact_op *other = imgact_get_image(st->client, CLOUD_IMAGE, NULL);
  r.list = harness_configure(imgact_list_images(st->client, NULL),
                             (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});

  imgact_op_start(other, start_next_page, &r);
  imgact_op_start(r.list, count_first, &r);
  imgact_loop_run(st->loop);
  assert_int_equal(r.first, 0);
  assert_int_equal(r.second, 1);
  assert_int_equal(r.early, 0);
  assert_int_equal(r.items, 50);
  scripted_assert_lines(st->script, "GET /v1/images/4711",
                        "GET /v1/images?page=1&per_page=50"); // and no further page

  imgact_op_free(other);
  imgact_op_free(r.list);
  harness_free(st);
  cloud_free(c);
}

static void start_again_while(void *user, imgact_op *op) {
  if (*(bool *)user) imgact_op_start(op, start_again_while, user);
}

// More callbacks are due before the page's own than one dispatch calls.
TEST(paged_list_run_before_callback_continues) {
  enum { CROWD = 70000 };
  static imgact_op *crowd[CROWD];
  harness *st = harness_new();
  cloud *c = cloud_new(st->script, true);
  bool crowded = true;
  tally t = {0};
  c->listed = 120;

  for (size_t i = 0; i < CROWD; i++) {
    crowd[i] = imgact_get_image(st->client, "", NULL);
    imgact_op_start(crowd[i], start_again_while, &crowded);
  }
  imgact_op *list = harness_configure(imgact_list_images(st->client, NULL),
                                      (imgact_op_options){.flags = IMGACT_OP_FLAG_PAGED});
  imgact_op_start(list, tally_done, &t);
  while (!imgact_op_done(list)) imgact_loop_dispatch(st->loop);
  assert_int_equal(t.done, 0);
  harness_run(list, IMGACT_OK);
  assert_int_equal(t.done, 1);
  imgact_pagination page;
  imgact_op_pagination(list, &page);
  assert_int_equal(page.page, 2);
  crowded = false;
  imgact_loop_run(st->loop);
  assert_int_equal(t.done, 1);

  for (size_t i = 0; i < CROWD; i++) imgact_op_free(crowd[i]);
  imgact_op_free(list);
  harness_free(st);
  cloud_free(c);
}

static void start_again(void *user, imgact_op *op) {
  int *count = user;
  if (++*count < 1000000) imgact_op_start(op, start_again, user);
}

TEST(done_callback_restart_yields_to_others) {
  harness *st = harness_new();
  imgact_op *op = imgact_get_image(st->client, "", NULL);
  int count = 0;
  imgact_op_start(op, start_again, &count);
  imgact_loop_dispatch(st->loop);
  assert_int_in_range(count, 1, 200000);
  imgact_op_free(op);
  harness_free(st);
}

static imgact_status odd_token(void *user, char *buffer, size_t capacity, size_t *length) {
  (void)buffer, (void)capacity;
  *length = 0;
  return *(const imgact_status *)user;
}

static imgact_status odd_before_send(void *user, imgact_op *op, const char *call_json) {
  (void)op, (void)call_json;
  return *(const imgact_status *)user;
}

// IMGACT_END from a callback must not look like the end of a list.
TEST(callback_reserved_status_is_internal) {
  imgact_status answers[] = {IMGACT_END, IMGACT_BUSY, (imgact_status)77};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    harness *st = harness_with(
        (harness_options){.client = {.token_callback = odd_token, .token_user_data = &answers[i]}});
    const imgact_op_options by_page = {.flags = IMGACT_OP_FLAG_PAGED};
    harness_expect(harness_configure(imgact_list_images(st->client, NULL), by_page),
                   IMGACT_INTERNAL);
    harness_free(st);
    st = harness_new();
    imgact_op *op = imgact_delete_image(st->client, "1");
    imgact_op_set_before_send(op, odd_before_send, &answers[i]);
    harness_expect(op, IMGACT_INTERNAL);
    scripted_assert_nothing_sent(st->script);
    harness_free(st);
  }
}

static imgact_status free_in_before_send(void *user, imgact_op *op, const char *call_json) {
  int *before_send_called = user;
  assert_non_null(strstr(call_json, "transfer"));
  ++*before_send_called;
  imgact_op_free(op);
  return IMGACT_OK;
}

TEST(before_send_freeing_op_sends_nothing) {
  harness *s = harness_digitalocean();
  tally t = {0};
  int before_send_called = 0;
  imgact_op *op = imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3");
  imgact_op_set_before_send(op, free_in_before_send, &before_send_called);
  imgact_op_start(op, tally_done, &t);
  imgact_loop_run(s->loop);
  assert_int_equal(before_send_called, 1);
  assert_int_equal(t.done, 0);
  scripted_assert_nothing_sent(s->script);
  harness_free(s);
}

TEST(op_setters_after_start_are_ignored) {
  harness *s = harness_digitalocean();
  cloud *c = cloud_new(s->script, false);
  c->action_ms = 60000;
  tally first = {0}, second = {0}, last = {0};
  int before_send_called = 0;
  imgact_op *op = imgact_transfer_image(s->client, CLOUD_IMAGE, "nyc3");

  imgact_op_start(op, tally_done, &first);
  imgact_op_start(op, tally_done, &last);
  harness_configure(op, (imgact_op_options){.flags = IMGACT_OP_FLAG_KEEP_RAW});
  imgact_op_set_wait(op, 1);
  imgact_op_set_progress(op, tally_progress, &second);
  imgact_op_set_before_send(op, free_in_before_send, &before_send_called);
  imgact_loop_run(s->loop);
  assert_status(op, IMGACT_OK);
  assert_int_equal(imgact_op_action(op)->status,
                   IMGACT_ACTION_STATUS_RUNNING); // without a wait
  assert_null(imgact_action_raw(imgact_op_action(op)));
  assert_int_equal(last.done, 1);
  assert_int_equal(first.done + second.progress + before_send_called, 0);
  assert_int_equal(c->applied, 1);

  imgact_op_free(op);
  harness_free(s);
  cloud_free(c);
}

int main(void) { return testing_run(NULL, NULL); }
