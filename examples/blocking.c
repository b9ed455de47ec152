// SPDX-License-Identifier: MIT
// Lists the private images of several clouds, one cloud after the other:
//
//   blocking PROFILE...
//
// Each argument is a profile of the configuration file. Without arguments, the environment and
// default_profile select the cloud.
#include <imgact/imgact.h>
#include <stdio.h>

static void show(const imgact_image *image) {
  printf("%s  %s  %s  %s\n", image->provider, image->id, imgact_image_type_name(image->type),
         image->name != NULL          ? image->name
         : image->description != NULL ? image->description
                                      : "-");
}

static imgact_status list(imgact_client *client) {
  const imgact_image_filter filter = {.size = sizeof filter,
                                      .visibility = IMGACT_VISIBILITY_PRIVATE};
  imgact_op *op = imgact_list_images(client, &filter);
  imgact_status status = imgact_op_run(op);
  if (status != IMGACT_OK)
    fprintf(stderr, "%s: %s\n", imgact_client_provider_name(client), imgact_op_error(op)->message);
  size_t count;
  const imgact_image *const *images = imgact_op_images(op, &count);
  for (size_t i = 0; i < count; i++) show(images[i]);
  imgact_op_free(op); // also frees the images
  return status;
}

static imgact_status list_of_profile(const char *profile) {
  imgact_client *client;
  imgact_error error;
  imgact_status status = imgact_client_from_profile(profile, NULL, &client, &error);
  if (status != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    return status;
  }
  status = list(client);
  imgact_client_free(client);
  return status;
}

int main(int argc, char **argv) {
  int failed = argc < 2 && list_of_profile(NULL) != IMGACT_OK;
  for (int i = 1; i < argc; i++) failed |= list_of_profile(argv[i]) != IMGACT_OK;
  return failed;
}
