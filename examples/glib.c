// SPDX-License-Identifier: MIT
// Lists images in a GLib main loop. A GSource drives imgact's loop. The environment or
// default_profile selects the cloud.
#include <glib.h>
#include <imgact/imgact.h>
#include <stdio.h>

typedef struct loop_source {
  GSource source;
  imgact_loop *loop;
  gpointer fd; /* NULL = no descriptor, imgact_loop_timeout_ms() is short */
} loop_source;

static gboolean prepare(GSource *source, gint *timeout_ms) {
  *timeout_ms = imgact_loop_timeout_ms(((loop_source *)source)->loop);
  return *timeout_ms == 0;
}

static gboolean check(GSource *source) {
  loop_source *own = (loop_source *)source;
  if (own->fd != NULL && g_source_query_unix_fd(source, own->fd) != 0) return TRUE;
  return imgact_loop_timeout_ms(own->loop) == 0;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer user) {
  (void)callback;
  (void)user;
  (void)imgact_loop_dispatch(((loop_source *)source)->loop);
  return G_SOURCE_CONTINUE;
}

static GSource *loop_source_new(imgact_loop *loop) {
  static GSourceFuncs functions = {.prepare = prepare, .check = check, .dispatch = dispatch};
  GSource *source = g_source_new(&functions, sizeof(loop_source));
  loop_source *own = (loop_source *)source;
  own->loop = loop;
  own->fd =
      imgact_loop_fd(loop) < 0 ? NULL : g_source_add_unix_fd(source, imgact_loop_fd(loop), G_IO_IN);
  return source;
}

static void on_done(void *user, imgact_op *op) {
  size_t count;
  (void)imgact_op_images(op, &count);
  if (imgact_op_error(op)->status == IMGACT_OK)
    printf("%zu images\n", count);
  else
    fprintf(stderr, "%s\n", imgact_op_error(op)->message);
  g_main_loop_quit(user);
}

int main(void) {
  imgact_client *client;
  imgact_error error;
  if (imgact_client_from_profile(NULL, NULL, &client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  GMainLoop *main_loop = g_main_loop_new(NULL, FALSE);
  GSource *source = loop_source_new(imgact_client_loop(client));
  (void)g_source_attach(source, NULL);
  imgact_op *op = imgact_list_images(client, NULL);
  imgact_op_start(op, on_done, main_loop);
  if (op != NULL) g_main_loop_run(main_loop);
  int failed = imgact_op_error(op)->status != IMGACT_OK;
  imgact_op_free(op);
  g_source_destroy(source); // before its loop is freed
  g_source_unref(source);
  g_main_loop_unref(main_loop);
  imgact_client_free(client);
  return failed;
}
