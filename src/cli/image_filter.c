// SPDX-License-Identifier: MIT
#include "image_filter.h"

#include <stdlib.h>
#include <string.h>

#include "schema.h"

static void note_age(cli_app *app, const char *flag, const char *relation, const cli_age *age) {
  static const cli_field field = {.offset = 0};
  cli_value time = {0};
  if (!age->text || !age->is_duration || app->options.quiet) return;
  cli_get_time(&field, &age->at_ms, &time);
  if (time.text)
    cli_print_note(app, "note: --%s %s: created %s %s", flag, age->text, relation, time.text);
}

/* 0 means "not set" in the library. The times of images are whole seconds, so that a millisecond
 * away is the same. */
static int64_t limit_of(const cli_age *age, int64_t instead_of_zero) {
  if (!age->text) return 0;
  return age->at_ms ? age->at_ms : instead_of_zero;
}

bool cli_image_filter_take(cli_app *app, cli_image_filter *taken) {
  const cli_options *o = &app->options;
  *taken = (cli_image_filter){.filter = o->image_filter,
                              .types = calloc(o->types.count + 1, sizeof *taken->types),
                              .statuses = calloc(o->statuses.count + 1, sizeof *taken->statuses)};
  if (!taken->types || !taken->statuses) return false;
  for (size_t i = 0; i < o->types.count; i++)
    taken->types[i] = imgact_image_type_from_name(o->types.items[i]);
  for (size_t i = 0; i < o->statuses.count; i++)
    taken->statuses[i] = imgact_image_status_from_name(o->statuses.items[i]);

  imgact_image_filter *filter = &taken->filter;
  filter->size = sizeof *filter;
  filter->types = taken->types;
  filter->types_count = o->types.count;
  filter->statuses = taken->statuses;
  filter->statuses_count = o->statuses.count;
  filter->bound_to = o->bound_to.items;
  filter->bound_to_count = o->bound_to.count;
  filter->sort = o->sort.items;
  filter->sort_count = o->sort.count;
  filter->match = o->match.items;
  filter->match_count = o->match.count;
  filter->created_before = limit_of(&o->older_than, -1);
  filter->created_after = limit_of(&o->newer_than, 1);
  if (o->is_protected) filter->protection = IMGACT_PROTECTION_PROTECTED;
  if (o->is_unprotected) filter->protection = IMGACT_PROTECTION_UNPROTECTED;
  if (o->mine) filter->visibility = IMGACT_VISIBILITY_PRIVATE;
  note_age(app, "older-than", "before", &o->older_than);
  note_age(app, "newer-than", "after", &o->newer_than);
  return true;
}

void cli_image_filter_free(cli_image_filter *taken) {
  free(taken->types);
  free(taken->statuses);
}
