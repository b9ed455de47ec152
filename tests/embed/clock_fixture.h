/* SPDX-License-Identifier: MIT */
/*
 * A transport that shows every action of either cloud: running for run_ms, then done. It has a
 * clock of its own and keeps no requests, so what grows in a test is the library's.
 */
#ifndef CLOCK_FIXTURE_H
#define CLOCK_FIXTURE_H

#include <imgact/transport.h>
#include <stdint.h>

typedef struct clock_fixture {
  imgact_transport
      transport; /* hand out its address; belongs to the test, and must outlive its loop */
  int64_t now_ms;
  int64_t latency_ms;
  int64_t ends_ms; /* from when on actions are done */
  size_t requests;
  size_t first, count; /* of the ring of requests in flight */
  struct clock_fixture_request {
    imgact_exchange *exchange;
    int64_t due_ms;
    char url[1024];
  } under_way[64];
} clock_fixture;

/* Starts at 2026-01-01; actions run that long. */
void clock_fixture_init(clock_fixture *self, int64_t latency_ms, int64_t run_ms);

#endif
