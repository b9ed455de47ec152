// SPDX-License-Identifier: MIT
// Lists the images of several clouds at the same time, on one shared loop:
//
//   two_clouds PROFILE...
#include <imgact/imgact.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct cloud {
  const char *profile;
  imgact_client *client;
  imgact_op *op;
} cloud;

// Called when the list of this cloud is complete. Those of other clouds may still be running.
static void on_done(void *user, imgact_op *op) {
  const cloud *done = user;
  size_t count;
  (void)imgact_op_images(op, &count);
  if (imgact_op_error(op)->status == IMGACT_OK)
    printf("%s: %zu images\n", done->profile, count);
  else
    fprintf(stderr, "%s: %s\n", done->profile, imgact_op_error(op)->message);
}

// Creates the client of one profile. All clients share the configuration and the loop.
static imgact_status open_cloud(imgact_config *config, imgact_loop *loop, const char *profile,
                                cloud *out) {
  const imgact_config_overrides overrides = {.size = sizeof overrides, .profile = profile};
  const imgact_client_options options = {.size = sizeof options, .loop = loop};
  imgact_error error;
  out->profile = profile;
  imgact_status status =
      imgact_client_from_config(config, &overrides, &options, &out->client, &error);
  if (status != IMGACT_OK) fprintf(stderr, "%s: %s\n", profile, error.message);
  return status;
}

static int ask_all(imgact_config *config, imgact_loop *loop, cloud *clouds, char **profiles,
                   int count) {
  int failed = 0;
  for (int i = 0; i < count; i++) {
    if (open_cloud(config, loop, profiles[i], &clouds[i]) != IMGACT_OK) continue;
    clouds[i].op = imgact_list_images(clouds[i].client, NULL);
    imgact_op_start(clouds[i].op, on_done, &clouds[i]);
  }
  (void)imgact_loop_run(loop); // until no operation is left
  for (int i = 0; i < count; i++) {
    failed |= imgact_op_error(clouds[i].op)->status != IMGACT_OK;
    imgact_op_free(clouds[i].op);
    imgact_client_free(clouds[i].client);
  }
  return failed;
}

int main(int argc, char **argv) {
  imgact_config *config = NULL;
  imgact_loop *loop = NULL;
  imgact_error error;
  cloud *clouds = calloc((size_t)argc, sizeof *clouds);
  int failed = clouds == NULL;
  if (!failed && (imgact_config_load(NULL, NULL, &config, &error) != IMGACT_OK ||
                  imgact_loop_new(NULL, &loop, &error) != IMGACT_OK)) {
    fprintf(stderr, "%s\n", error.message);
    failed = 1;
  }
  if (!failed) failed = ask_all(config, loop, clouds, argv + 1, argc - 1);
  imgact_loop_free(loop);
  imgact_config_free(config);
  free(clouds);
  return failed;
}
