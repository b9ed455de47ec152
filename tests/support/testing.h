/* SPDX-License-Identifier: MIT */
/* What every cmocka test includes, in the order that cmocka asks for, and random numbers that are
 * the same in every run. */
#ifndef TESTING_H
#define TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* cmocka 2 deprecates assert_in_range; cmocka 1 has nothing else. */
#ifndef assert_int_in_range
#define assert_int_in_range assert_in_range
#endif

/*
 * TEST(name) { ... } defines and registers a test; testing_run() runs the tests of a file in their
 * order, each between setup and teardown (NULL: without). In a test, `state` is cmocka's.
 */
#define TEST(name)                                                                                 \
  static void name(void **state);                                                                  \
  __attribute__((constructor)) static void testing_add_##name(void) { testing_add(#name, name); }  \
  static void name(void **state __attribute__((unused)))

#define TESTING_MAX_TESTS 100 /* of one file */

static struct CMUnitTest testing_tests[TESTING_MAX_TESTS];
static size_t testing_count;

static inline void testing_add(const char *name, CMUnitTestFunction test) {
  if (testing_count == TESTING_MAX_TESTS) abort();
  testing_tests[testing_count++] = (struct CMUnitTest){.name = name, .test_func = test};
}

static inline int testing_run(CMFixtureFunction setup, CMFixtureFunction teardown) {
  for (size_t i = 0; i < testing_count; i++) {
    testing_tests[i].setup_func = setup;
    testing_tests[i].teardown_func = teardown;
  }
  return _cmocka_run_group_tests("tests", testing_tests, testing_count, NULL, NULL);
}

/* Where everything takes fifty times as long, a sweep takes larger steps: others take every one. */
static inline bool testing_under_valgrind(void) {
  const char *preloaded = getenv("LD_PRELOAD");
  return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

/* xorshift64*; the state must not be 0. */
static inline uint64_t testing_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline size_t testing_below(uint64_t *state, size_t limit) {
  return (size_t)(testing_random(state) >> 16) % limit;
}

#endif
