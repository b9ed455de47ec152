// SPDX-License-Identifier: MIT
// A configuration file is loaded, or rejected with a place and a message; every value of a loaded
// file can be read.
#include "fuzz.h"
#include <imgact/client.h>

static void ask(imgact_config *config) {
  static const char *const keys[] = {"provider",   "endpoint",      "token_env",
                                     "token_file", "token_command", "nonsense"};
  imgact_error error;
  const char *profile;
  for (size_t i = 0; (profile = imgact_config_profile_at(config, i)); i++) {
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
      imgact_config_get(config, profile, keys[k]);
    imgact_config_overrides overrides = {.size = sizeof overrides, .profile = profile};
    imgact_config_settings selection;
    if (imgact_config_resolve(config, &overrides, &selection, &error) != IMGACT_OK)
      CHECK(error.message[0] != '\0');
    else
      CHECK(selection.provider && selection.endpoint);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  imgact_config *config = NULL;
  imgact_error error;
  if (imgact_config_load(fuzz_file(data, size), NULL, &config, &error) != IMGACT_OK) {
    CHECK(!config && error.status == IMGACT_INVALID_ARGUMENT && error.message[0] != '\0');
    return 0;
  }
  ask(config);
  imgact_config_free(config);
  return 0;
}
