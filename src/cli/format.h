/* SPDX-License-Identifier: MIT */
/* Output formats: a table of writers. formats.def lists them. */
#ifndef IMGACT_CLI_FORMAT_H
#define IMGACT_CLI_FORMAT_H

#include "schema.h"
#include "stream.h"

/* Results to write, and options. */
typedef struct cli_results {
  const cli_schema *schema;
  const void *const *items;
  size_t count;
  const char *columns; /* --columns; NULL = the default ones */
  bool is_list;        /* false: one object */
  bool raw, header, color;
} cli_results;

typedef struct cli_format {
  const char *name;
  bool is_json;    /* errors are JSON objects, too */
  bool for_people; /* default for terminals: with notes, and yes for true */
  /* Returns false if out of memory. */
  bool (*write)(cli_stream *out, const cli_results *results);
} cli_format;

/* Indexed by cli_options.output. */
extern const cli_format *const cli_formats[];
extern const size_t cli_formats_count;

#define CLI_FORMAT(name) extern const cli_format cli_format_##name;
#include "formats.def"
#undef CLI_FORMAT

#endif
