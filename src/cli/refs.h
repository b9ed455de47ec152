/* SPDX-License-Identifier: MIT */
/*
 * References to images: what people write where a command needs the id of an image.
 *
 * Digits are an id. "id:X", "name:X", "slug:X" and "description:X" say what X is. Any other text is
 * the name or description of one of the account's own images. All references of a command are
 * resolved with one complete list of these images, before anything else is sent.
 */
#ifndef IMGACT_CLI_REFS_H
#define IMGACT_CLI_REFS_H

#include "cli.h"

typedef enum cli_ref_kind {
  CLI_REF_ID,
  CLI_REF_TEXT, /* name or description */
  CLI_REF_NAME,
  CLI_REF_SLUG,
  CLI_REF_DESCRIPTION
} cli_ref_kind;

typedef struct cli_ref {
  const char *text;          /* as given */
  const char *value;         /* without "name:" and the like */
  const char *id;            /* NULL = not known yet, or there is no such image */
  const imgact_image *image; /* as listed; NULL = not listed, or there is no list */
  size_t matches;            /* number of listed images */
  cli_ref_kind kind;
} cli_ref;

typedef struct cli_refs {
  cli_ref *items;
  size_t count;
  const char **ids; /* of the references that have one, in order */
  size_t ids_count;
  imgact_op *list; /* own images; NULL = not read */
} cli_refs;

/* Checks the form of references, and that no id is given twice. Sends nothing. The texts are
 * borrowed. Returns 0 or an exit status; free refs in either case. */
int cli_refs_parse(cli_app *app, const char *const *texts, size_t count, cli_refs *refs);
/* Resolves all references, with a list of own images if one of them needs it. If an image does not
 * exist, the reference has no id with --ignore-missing; else it is an error, as are several images
 * for one reference and several references to one image. Returns 0 or an exit status. */
int cli_refs_resolve(cli_app *app, cli_refs *refs);
/* Prints that the image of a reference does not exist. Returns the exit status. */
int cli_report_missing_ref(cli_app *app, const cli_ref *ref);
/* Reads the list of own images, if it was not read yet, and sets the image of each reference that
 * is in it. Returns false if the list cannot be read; nothing is printed then. */
bool cli_refs_read_images(cli_app *app, cli_refs *refs);
void cli_refs_free(cli_refs *refs);

/* For the commands whose arguments are references: resolves them, after a check of the operations
 * that command->make creates, and replaces app->arguments by the ids. app->refs has the
 * references. Returns 0 or an exit status. */
int cli_arguments_resolve(cli_app *app);
/* The same for --image: replaces app->options.image by the id. */
int cli_image_flag_resolve(cli_app *app);

#endif
