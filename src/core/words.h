/* SPDX-License-Identifier: MIT */
/* Word tables of providers; the public functions are in provider.h. */
#ifndef IA_WORDS_H
#define IA_WORDS_H

#include <imgact/provider.h>
#include <stdbool.h>

/* Returns the row of a text, or the row that ends the list. *exact: the text is the row's, letter
 * by letter. */
const imgact_word *ia_word_find(const imgact_word *words, const char *text, size_t length,
                                bool *exact);

#endif
