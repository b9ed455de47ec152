/* SPDX-License-Identifier: MIT */
/* Output formats: a table of writers. */
#ifndef IMGACT_CLI_FORMAT_H
#define IMGACT_CLI_FORMAT_H

#include "schema.h"
#include "stream.h"

/* Results to write, and how. */
typedef struct cli_results {
  const cli_schema *schema;
  const void *const *items;
  size_t count;
  const char *columns; /* as asked for; NULL = the usual ones */
  bool is_list;        /* false: one object */
  bool raw, header, color;
} cli_results;

typedef struct cli_format {
  const char *name;
  bool is_json;    /* errors are JSON, too */
  bool for_people; /* notes go with it */
  /* Returns false if there is no memory. */
  bool (*write)(cli_stream *out, const cli_results *results);
} cli_format;

/* By cli_options.output. */
extern const cli_format *const cli_formats[];
extern const size_t cli_formats_count;

#define CLI_FORMAT(name) extern const cli_format cli_format_##name;
#include "formats.def"
#undef CLI_FORMAT

#endif
