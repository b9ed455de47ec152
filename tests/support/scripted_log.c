// SPDX-License-Identifier: MIT
// What a script has seen: its requests, and checks of the whole sequence.
#include "scripted_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

size_t scripted_count(const scripted *script) { return script->entries_count; }

const scripted_request *scripted_at(const scripted *script, size_t index) {
  assert_true(index < script->entries_count);
  return &script->entries[index]->request;
}

const char *scripted_header(const scripted_request *request, const char *name) {
  for (size_t i = 0; i < request->headers_count; i++) {
    if (strcasecmp(request->headers[i].name, name) == 0) return request->headers[i].value;
  }
  return NULL;
}

size_t scripted_in_flight(const scripted *script) {
  size_t count = 0;
  for (const entry *at = script->first; at != NULL; at = at->next) count++;
  return count;
}

int64_t scripted_now_ms(const scripted *script) { return script->now_ms; }

void scripted_advance(scripted *script, int64_t by_ms) { script->now_ms += by_ms; }

static void print_log(const scripted *script) {
  print_error("%zu requests were sent:\n", script->entries_count);
  for (size_t i = 0; i < script->entries_count; i++) {
    const entry *at = script->entries[i];
    print_error("  %8lld ms  %s%s\n", (long long)at->request.sent_ms, at->line,
                at->request.cancelled ? "  (cancelled)" : "");
  }
}

void scripted_check_lines(const scripted *script, const char *const *lines, const char *file,
                          int line) {
  size_t same = 0;
  while (lines[same] != NULL && same < script->entries_count &&
         strcmp(lines[same], script->entries[same]->line) == 0)
    same++;
  if (lines[same] == NULL && same == script->entries_count) return;
  print_log(script);
  print_error("request %zu should be: %s\n", same, lines[same] == NULL ? "(none)" : lines[same]);
  _fail(file, line);
}

void scripted_check_times(const scripted *script, const int64_t *times_ms, size_t count,
                          const char *file, int line) {
  size_t same = 0;
  while (same < count && same < script->entries_count &&
         times_ms[same] == script->entries[same]->request.sent_ms)
    same++;
  if (same == count && same == script->entries_count) return;
  print_log(script);
  if (same < count)
    print_error("request %zu should be sent at %lld ms\n", same, (long long)times_ms[same]);
  if (same == count) print_error("%zu requests were expected\n", count);
  _fail(file, line);
}

void scripted_check_used_up(const scripted *script, const char *file, int line) {
  size_t left = 0;
  for (const queued *at = script->queue; at != NULL; at = at->next) left++;
  if (left == 0 && script->unexpected == 0) return;
  print_log(script);
  print_error("%zu answers were not asked for, %zu requests had none\n", left, script->unexpected);
  _fail(file, line);
}
