/* SPDX-License-Identifier: MIT */
/* Reads an object of a response into an image, an action or a region, by the rows of a map. */
#ifndef IA_FIELD_READER_H
#define IA_FIELD_READER_H

#include "result.h"

/* A map, prepared for the objects of one response. A group is the rows with one first name. */
typedef struct ia_field_plan {
  const imgact_field *fields;
  size_t rows, groups, id_row;
  const char *name[IMGACT_MAX_FIELDS];    /* of each group, not NUL-terminated */
  uint8_t name_length[IMGACT_MAX_FIELDS]; /* of each group */
  uint8_t group[IMGACT_MAX_FIELDS];       /* of each row */
  uint8_t path_length[IMGACT_MAX_FIELDS]; /* of each row, up to "[]" */
} ia_field_plan;

/* Rows beyond IMGACT_MAX_FIELDS, which the check of the table refuses, are not read. */
void ia_field_plan_init(ia_field_plan *plan, const imgact_field *fields);
/* The length of a row's first name. */
size_t ia_field_name_length(const char *path);
bool ia_target_is_known(intptr_t target);
/* The target can be filled by the elements of an array. */
bool ia_target_takes_array(intptr_t target);
/* The row needs words. */
bool ia_target_needs_words(intptr_t target);

/* What the objects of a response are read by. */
typedef struct ia_field_reader {
  const ia_field_plan *plan;
  const imgact_provider *provider;
  const imgact_call *call;
} ia_field_reader;

/* ia_read_item_fn with an ia_field_reader: adds the object as an item. */
bool ia_read_image(const void *reader, imgact_result *result, const imgact_json *object);
bool ia_read_action(const void *reader, imgact_result *result, const imgact_json *object);
bool ia_read_region(const void *reader, imgact_result *result, const imgact_json *object);

#endif
