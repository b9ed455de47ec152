/* SPDX-License-Identifier: MIT */
/* A home folder for one test: $HOME is a new empty folder, and no variable that imgact reads is
 * set. */
#ifndef HOME_H
#define HOME_H

#include <stddef.h>

/* cmocka set-up and tear-down; the latter removes the folder and the variables again. */
int home_setup(void **state);
int home_teardown(void **state);
/* "home/name"; lives until the tear-down, or until all paths are forgotten. */
const char *home_path(const char *name);
/* Writes a file, making the folders that it needs, with mode 0644. Returns its path. */
const char *home_file(const char *name, const char *text);
const char *home_bytes(const char *name, const char *bytes, size_t length);
void home_forget(void);

#endif
