/* SPDX-License-Identifier: MIT */
/* Compiles as C and as C++, links, and gets as far as one can without a cloud. */
#include <imgact/imgact.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  imgact_client_options options;
  imgact_client *client = NULL;
  imgact_error error;
  int fine;

  memset(&options, 0, sizeof(options));
  options.size = sizeof(options);
  options.provider_name = "hetzner";
  options.token = "not-a-token";
  if (imgact_version_number() != IMGACT_VERSION_NUMBER ||
      strcmp(imgact_version(), IMGACT_VERSION_STRING) != 0)
    return 1;
  if (imgact_client_new(&options, &client, &error) != IMGACT_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  fine = imgact_client_supports(client, IMGACT_OP_CONVERT) &&
         !imgact_client_supports(client, IMGACT_OP_TRANSFER);
  imgact_client_free(client);
  return fine ? 0 : 1;
}
