// SPDX-License-Identifier: MIT
#include "format.h"

const cli_format *const cli_formats[] = {
#define CLI_FORMAT(name) &cli_format_##name,
#include "formats.def"
#undef CLI_FORMAT
};
const size_t cli_formats_count = sizeof cli_formats / sizeof cli_formats[0];
