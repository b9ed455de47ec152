/* SPDX-License-Identifier: MIT */
/* Properties of every result, whatever the API responds. */
#ifndef CHECK_H
#define CHECK_H

#include "fuzz.h"
#include <imgact/imgact.h>

/* An API token, and how many of its first characters count as the token. */
typedef struct check_secret {
  const char *token;
  size_t needle;
} check_secret;

extern const check_secret check_fuzz_token; /* FUZZ_TOKEN */

/* The text (may be NULL) is UTF-8 and holds the token in no form in which a writer writes it.
 * secret: NULL = no token. */
void check_text(const char *text, const check_secret *secret);
/* The same, and it is a JSON document; NULL is fine. */
void check_json(const char *text, const check_secret *secret);
/* Every text passes check_text, arrays are as long as they say, numbers are in their ranges, enums
 * have names, labels have different keys. */
void check_image(const imgact_image *image, const check_secret *secret);
void check_action(const imgact_action *action, const check_secret *secret);
/* A failure has a message; its texts pass check_text. */
void check_error(const imgact_error *error, const char *details, const check_secret *secret);
/* Both images, or actions, are equal. */
void check_same_image(const imgact_image *a, const imgact_image *b);
void check_same_action(const imgact_action *a, const imgact_action *b);
/* An operation that has ended with this status: its error and items. A list that failed has no
 * items. */
void check_op(const imgact_op *op, imgact_status status, const check_secret *secret);

#endif
