// SPDX-License-Identifier: MIT
#include "label_selector.h"
#include "testing.h"

static sim_label items[] = {{(char[]){"env"}, (char[]){"prod"}},
                            {(char[]){"keep"}, (char[]){""}},
                            {(char[]){"example.com/team"}, (char[]){"a-b_c.d"}},
                            {(char[]){"in"}, (char[]){"in"}}};
static const sim_labels labels = {items, 4};

TEST(selector_match) {
  static const char *const selectors[] = {"",
                                          " ",
                                          "env",
                                          "env=prod",
                                          "env==prod",
                                          " env = prod ",
                                          "keep",
                                          "keep=",
                                          "!gone",
                                          "! gone",
                                          "env!=test",
                                          "gone!=x",
                                          "env in (test,prod)",
                                          "env in(prod)",
                                          "env in ( prod )",
                                          "env notin (test)",
                                          "gone notin (a,b)",
                                          "env=prod,keep,!gone",
                                          "example.com/team=a-b_c.d",
                                          "keep in (,x)",
                                          "in",
                                          "in in (in)",
                                          "notin!=x"};

  (void)state;
  for (size_t i = 0; i < SIM_COUNT(selectors); i++)
    if (sim_label_selector_match(selectors[i], &labels) != SIM_MATCH)
      fail_msg("\"%s\" should match", selectors[i]);
}

TEST(selector_no_match) {
  static const char *const selectors[] = {
      "gone",        "env=test",      "!env",  "env!=prod", "env in (a,b)", "env notin (prod)",
      "gone in (a)", "env=prod,gone", "gone=", "ENV"};
  (void)state;
  for (size_t i = 0; i < SIM_COUNT(selectors); i++)
    if (sim_label_selector_match(selectors[i], &labels) != SIM_NO_MATCH)
      fail_msg("\"%s\" should not match", selectors[i]);
}

TEST(selector_malformed) {
  static const char *const selectors[] = {
      ",",          "env,",           ",env",       "=x", "env=a b", "env in", "env in (",
      "env in (a",  "env in a)",      "env notin",  "-x", "x-",      "a/b/c",  "/b",
      "a/",         "env=-x",         "env===prod", "!",  "!!env",   "env)",   "(env)",
      "gone,env=%", "hetzner.cloud/x"};
  (void)state;
  for (size_t i = 0; i < SIM_COUNT(selectors); i++)
    if (sim_label_selector_match(selectors[i], &labels) != SIM_MALFORMED)
      fail_msg("\"%s\" should be refused", selectors[i]);
}

static char *repeated(const char *head, char c, size_t count, const char *tail) {
  static char text[512];
  size_t length = strlen(head);
  memcpy(text, head, length);
  memset(text + length, c, count);
  memcpy(text + length + count, tail, strlen(tail) + 1);
  return text;
}

TEST(label_key_rules) {
  static const char *const good[] = {"label2.de/hallo", "d/d", "a", "A_b-c.d", "0"};
  static const char *const bad[] = {"",        "incorrect.de/", "-x",   "x-",    "incor rect.de/",
                                    "a/test-", "a..b/c",        ".a/b", "a_b/c", "ü"};
  (void)state;
  for (size_t i = 0; i < SIM_COUNT(good); i++) assert_true(sim_label_key_ok(good[i]));
  for (size_t i = 0; i < SIM_COUNT(bad); i++) assert_false(sim_label_key_ok(bad[i]));
  assert_true(sim_label_key_ok(repeated("", 'k', 63, "")));
  assert_false(sim_label_key_ok(repeated("", 'k', 64, "")));
  assert_true(sim_label_key_ok(repeated("", 'k', 63, "/n")));
  assert_false(sim_label_key_ok(repeated("", 'k', 64, "/n")));
}

TEST(label_value_rules) {
  static const char *const good[] = {"", "1correct2.de", "x"};
  static const char *const bad[] = {" ", "a b", "a,b", "-a", "a-", "a/b"};
  (void)state;
  for (size_t i = 0; i < SIM_COUNT(good); i++) assert_true(sim_label_value_ok(good[i]));
  for (size_t i = 0; i < SIM_COUNT(bad); i++) assert_false(sim_label_value_ok(bad[i]));
  assert_true(sim_label_value_ok(repeated("", 'v', 63, "")));
  assert_false(sim_label_value_ok(repeated("", 'v', 64, "")));
}

int main(void) { return testing_run(NULL, NULL); }
