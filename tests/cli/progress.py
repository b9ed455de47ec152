#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Progress output on terminals: bars, pauses, lookups, hints. progress.py TOOL"""

import json
import os
import re
import time

from terminal_fixture import Cloud, ENDPOINT, HOME, Run, action, cloud, error, expect, run_tests


# ---- waiting ----

def waiting(*words, ends=(), **more):
    cloud(POST_images_7_actions_CHANGE=[(201, {"action": action(7, 0)})],
          POST_images_8_actions_CHANGE=[(201, {"action": action(8, 0)})],
          GET_actions=[(200, {"actions": [{**action(i, n), **dict(ends)} for i in (7, 8)]}) for n in (10, 50, 90, 100)])
    return Run("image", "protect", "7", "8", "--wait", "--poll-interval", "20ms", *words, **more)


def bar_fits_terminal_and_is_removed():
    for width, bar in ((80, 30), (45, 11), (40, 6), (20, 0), (10, 0)):
        run = waiting(width=width, typed=[(rb"[1-9]0 %", b"\x03")])
        bars = [found for line in run.drawn() if (found := re.match(r"(?:\[([#-]+)\] )? *\d+ %.*", line))]
        expect(run.status == 130 and bars and all(len(found[0]) < width for found in bars), run)
        expect(all(len(found[1] or "") == bar for found in bars), run)
        expect(re.sub(r"\s", "", run.screen).startswith("IMAGE_IDOKACTION"), run)
        if width == 80:
            expect(re.search(r"\[#+-*\] +\d+ %  0 of 2 finished  \d:\d\d", run.plain) is not None, run)


def bar_hidden_when_quiet():
    for words, more in (([], {"err": False}), (["-q"], {}), (["--progress", "none"], {})):
        run = waiting("-o", "csv", *words, ends={"status": "success"}, **more)
        expect(run.status == 0 and "%" not in run.plain and not run.err, run)


def deadline_names_running_actions():
    run = waiting("--deadline", "3s", width=200)
    expect(re.search(r"image 8: the deadline passed; action 8: last status running \(\d+ %\)$", run.screen, re.M), run)
    expect(run.screen.endswith("imgact: still running: 7 8; to resume waiting:\n  imgact action wait 7 8 --provider hetzner --endpoint " + ENDPOINT), run)


def interrupt_ends_wait_with_hint():
    cloud(GET_actions=[(200, {"actions": [action(7)]})])
    run = Run("action", "wait", "7", "--poll-interval", "20ms", typed=[(rb"12 %", b"\x03")])
    expect(run.status == 130 and "imgact: action 7: stopped waiting; last status running (12 %)" in run.screen, run)
    expect(run.screen.endswith("to resume waiting:\n  imgact action wait 7 --provider hetzner --endpoint " + ENDPOINT), run)


def bar_prints_failure_at_once():
    for words, told in (([], r"\x1b\[1;31mimgact:\x1b\[0m image 9: no \(locked, HTTP 423\)"),
                        (["-o", "json"], r"\x1b\[1;31mimgact:\x1b\[0m image 9: no \(locked")):
        cloud(POST_images_7_actions_CHANGE=[(201, {"action": action(7, 0)})],
              POST_images_9_actions_CHANGE=[(423, error("locked", "no"))],
              GET_actions=20 * [(200, {"actions": [action(7, 50)]})] + [(200, {"actions": [{**action(7, 100), "status": "success"}]})])
        run = Run("image", "protect", "7", "9", "--wait", "--poll-interval", "20ms", *words, width=120)
        early, late = run.raw.decode().split("finished", 1)
        expect(run.status == 9 and re.search(told, run.raw.decode()), run)
        expect(len(re.findall(told, run.raw.decode())) == 1 and "50 %  1 of 2 finished, 1 failed" not in early, run)
        expect(run.plain.index("image 9: no") < run.plain.rindex("of 2 finished, 1 failed"), run)


def plain_progress_prints_failure_at_once():
    for kind, order in (("plain", [b"image 9: no", b"action 7: success"]), ("none", [b"image 9: no"])):
        cloud(POST_images_7_actions_CHANGE=[(201, {"action": action(7, 0)})],
              POST_images_9_actions_CHANGE=[(423, error("locked", "no"))],
              GET_actions=20 * [(200, {"actions": [action(7, 50)]})] + [(200, {"actions": [{**action(7, 100), "status": "success"}]})])
        run = Run("image", "protect", "7", "9", "--wait", "--poll-interval", "20ms", "--progress", kind, err=False)
        expect(re.findall(rb"image 9: no|action 7: success", run.err) == order, run)


def wait_prints_missing_action_at_once():
    cloud(GET_actions=20 * [(200, {"actions": [action(7, 50)]})] + [(200, {"actions": [{**action(7, 100), "status": "success"}]})])
    run = Run("action", "wait", "7", "9", "--poll-interval", "20ms", width=120)
    expect(run.status == 9 and run.plain.count("imgact: ") == 1, run)
    expect(run.plain.index("imgact: ") < run.plain.rindex("of 2 finished, 1 failed"), run)


def wait_same_failure_names_both_actions():
    failed = {"status": "error", "error": {"code": "action_failed", "message": "no more space"}}
    cloud(GET_actions=20 * [(200, {"actions": [{**action(7), **failed}, action(9, 50)]})] +
          [(200, {"actions": [{**action(7), **failed}, {**action(9), **failed}]})])
    for words in ((), ("-o", "json")):
        run = Run("action", "wait", "7", "9", "--poll-interval", "20ms", *words, width=200)
        expect(run.status == 7 and (words or re.findall(r"imgact: action (\d) failed: no more space", run.plain) == ["7", "9"]), run)
        expect(run.plain.count('{"error":{"code":"action_failed"') == (2 if words else 0), run)


def bar_without_progress_moves():
    running = {"id": 36, "status": "in-progress", "type": "transfer", "resource_id": 7, "resource_type": "image",
               "started_at": "2026-03-02T08:15:00Z", "completed_at": None, "region_slug": "nyc3"}
    Cloud.seen = []
    Cloud.replies = {("POST", "/v2/images/7/actions"): [(201, {"action": running})],
                     ("GET", "/v2/images/7/actions/36"): [(200, {"action": running})]}
    run = Run("image", "transfer", "7", "--region", "nyc3", "--wait", typed=[(rb"(?s)finished  (\d:\d\d).*finished  (?!\1)", b"\x03")],
              env={"IMGACT_PROVIDER": "digitalocean", "DIGITALOCEAN_TOKEN": "a-token-of-this-test",
                   "DIGITALOCEAN_API_URL": ENDPOINT.removesuffix("/v1")})
    bars = [line for line in run.drawn() if "finished" in line]
    expect(run.status == 130 and len({bar[:32] for bar in bars}) > 1 and "%" not in "".join(bars), run)
    expect(all(re.match(r"\[[#-]{30}\] waiting  0 of 1 finished  \d:\d\d", bar) for bar in bars), run)


def hint_contains_values_of_variables():
    path = os.path.join(HOME, "next.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[prod]\nprovider = hetzner\nendpoint = {ENDPOINT}\n")
    os.chmod(path, 0o600)
    cloud(GET_actions=[(200, {"actions": [action(7)]})])
    run = Run("action", "wait", "7", "--deadline", "200ms", width=200,
              env={"IMGACT_CONFIG": path, "IMGACT_PROFILE": "prod", "IMGACT_PROVIDER": ""})
    expect(run.status == 8 and run.screen.endswith(f"\n  imgact action wait 7 --config {path} --profile prod --endpoint {ENDPOINT}"), run)


def errors_of(run):
    return [json.loads(line)["error"] for line in run.err.decode().splitlines() if line.startswith("{")]


def error_json_names_whole_ids():
    ids = [str(900000000000 + n) for n in range(40)]
    run = Run("action", "wait", *ids, "-o", "jsonl", "--max-attempts", "1", out=False, err=False,
              env={"HCLOUD_ENDPOINT": "http://127.0.0.1:1/v1"})
    told = [error["message"] for error in errors_of(run)]
    named = [number for message in told for number in re.match(r"action ([0-9, ]+): could not connect", message)[1].split(", ")]
    expect(run.status == 11 and len(told) > 1 and named == ids, run)


def token_rejected_is_not_maybe_applied():
    refused = [(401, error("unauthorized", "no"))]
    for concurrency in ("1", "2", "4"):
        cloud(**{f"DELETE_images_{n}": refused for n in range(1, 9)})
        run = Run("image", "delete", *map(str, range(1, 9)), "--yes", "--concurrency", concurrency, "-o", "jsonl", out=False)
        ends = [json.loads(line)["error"] for line in run.out.decode().splitlines()]
        codes = [end["code"] for end in ends]
        expect(run.status == 3 and codes[0] == "unauthorized" and codes[-1] == "cancelled", run)
        expect(len(Cloud.seen) <= 2 * int(concurrency) and codes.count("unauthorized") == len(Cloud.seen), run)
        expect(not any(end["maybe_applied"] for end in ends), run)


def error_without_message_has_status():
    cloud(GET_images_7=[(200, {"image": {"id": 7, "type": "snapshot"}})])
    run = Run("image", "update", "7", "--label", "a=b", "-o", "json", out=False, err=False)
    told = json.loads(run.err)["error"]
    expect(run.status == 13 and told["provider"] == "hetzner" and told["http_status"] == 200, run)
    expect(told["code"] == "protocol" and len(Cloud.seen) == 1, run)


# ---- lost responses ----

def lost(*words, shown, **more):
    cloud(POST_images_7_actions_CHANGE=[(502, None)], GET_images_7_actions=[(200, {"actions": shown})],
          GET_images_actions=[(200, {"actions": shown})],
          GET_images_7=[(200, {"image": {"id": 7, "type": "snapshot", "protection": {"delete": bool(shown)}}})])
    return Run("image", "protect", "7", *words, width=200, **more)


def now(progress):
    return {**action(7, progress), "status": "success", "started": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())}


def lookup_line_counts_down():
    run = lost("--settle", "3s", "--max-attempts", "1", shown=[])
    told = [line.strip() for line in run.drawn() if "checking whether" in line]
    counted = [int(n) for n in re.findall(r"checking whether it was applied \(up to (\d) s\)", run.plain)]
    expect(counted[0] == 3 and len(set(counted)) > 1 and counted == sorted(counted, reverse=True), run)
    expect(told[0].startswith("HTTP 502"), run)
    expect(run.screen.endswith("; may have been applied\nimgact: to check what was applied:\n"
                               "  imgact action list --image 7 --provider hetzner --endpoint " + ENDPOINT), run)


def lookup_result_is_printed():
    run = lost(shown=[now(100)])
    expect(run.status == 0 and "checking whether it was applied (up to 10 s)" in run.plain, run)
    expect(run.screen.endswith("imgact: image 7: response lost, change applied (sent once)"), run)


def maybe_applied_prints_check_command():
    cloud(DELETE_images_7=[(500, error("server_error", "no"))], PUT_images_7=[(500, error("unknown_error", "no"))],
          POST_images_7_actions_CHANGE=[(500, error("unknown_error", "no"))], GET_images_7_actions=[(403, error("forbidden", "no"))],
          GET_images_actions=[(403, error("forbidden", "no"))], GET_images_7=[(403, error("forbidden", "no"))])
    for words, look in ((["image", "delete", "7", "--yes"], "image get 7"),
                        (["image", "update", "7", "--description", "x"], "image get 7"),
                        (["image", "protect", "7"], "action list --image 7")):
        words = [*words, "--max-attempts", "1"]
        run = Run(*words, width=200, env={"IMGACT_PROFILE": ""})
        expect("; may have been applied\nimgact: to check what was applied:\n  imgact " + look in run.screen, run)
        expect("to see" not in Run(*words, "-o", "json", width=200).plain, run)


def endpoint_without_version_prints_note():
    cloud()
    bare = ENDPOINT.removesuffix("/v1")
    note = f"imgact: note: endpoint {bare} does not end in a version; the default is https://api.hetzner.cloud/v1"
    for words, status in ((["image", "list"], 4), (["action", "list"], 4), (["config", "check"], 0)):
        run = Run(*words, width=300, env={"HCLOUD_ENDPOINT": bare})
        expect(run.status == status and run.screen.endswith(note), run)
        expect("note" not in Run(*words, width=300).plain, run)
        run = Run(*words, "-o", "json", width=300, env={"HCLOUD_ENDPOINT": bare})
        expect(run.status == status and "note" not in run.plain, run)
    run = Run("config", "check", width=300, env={"IMGACT_PROVIDER": "digitalocean", "DIGITALOCEAN_TOKEN": "a-token-of-this-test",
                                                 "DIGITALOCEAN_API_URL": bare + "/v2/"})
    expect("ends in a version; the default is https://api.digitalocean.com" in run.screen, run)


def lookup_line_hidden_when_quiet():
    for words, err in ((["-q"], True), (["--progress", "none"], True), ([], False)):
        run = lost(*words, shown=[now(100)], err=err)
        expect(run.status == 0 and "checking" not in run.plain and "lost" not in run.plain and not run.err, run)


# ---- pauses ----

def pause_line_counts_down():
    cloud(GET_images_7=[(503, error("unavailable", "no")), (200, {"image": {"id": 7, "type": "snapshot"}})])
    Cloud.headers = {"Retry-After": "3"}
    try:
        run = Run("image", "get", "7", "--columns", "id")
    finally:
        Cloud.headers = {}
    told = [int(n) for n in re.findall(r"retrying in (\d) s \(attempt 2 of 5\)", run.plain)]
    expect(run.status == 0 and run.screen == "ID\n7", run)
    expect(told[0] == 3 and len(set(told)) > 1 and told == sorted(told, reverse=True), run)


def error_reports_attempts():
    cloud(GET_images_7=[(503, error("unavailable", "no"))])
    run = Run("image", "get", "7", "--retry-base", "1ms", "--max-attempts", "3", width=200)
    expect(re.search(r"imgact: no \(unavailable, HTTP 503, after 3 attempts\)$", run.screen), run)
    run = Run("image", "get", "7", "--max-attempts", "1", width=200)
    expect(run.status == 13 and "attempt" not in run.screen, run)

def pause_line_is_removed():
    for width in (80, 40, 12):
        cloud(GET_images_7=3 * [(503, error("unavailable", "the cloud is being mended, and it will take its time"))] +
              [(200, {"image": {"id": 7, "type": "snapshot"}})])
        run = Run("image", "get", "7", "--retry-base", "50ms", "--columns", "id", width=width)
        told = [line for line in run.drawn() if "trying" in line]
        expect(run.status == 0 and len(told) == 2 and all(len(line) < width for line in told), run)
        expect(run.screen == "ID\n7", run)
        if width == 80:
            expect(re.match(r"the cloud is being mended.*; retrying in 1 s \(attempt 4 of 5\)$", told[1]), run)
        if width == 40:
            expect(told[1].strip().endswith("retrying in 1 s (attempt 4 of 5)"), run)


def pause_line_hidden_when_quiet():
    for words, err in ((["-q"], True), (["--progress", "none"], True), ([], False)):
        cloud(GET_images_7=3 * [(503, error("unavailable", "no"))] + [(200, {"image": {"id": 7, "type": "snapshot"}})])
        run = Run("image", "get", "7", "--retry-base", "50ms", *words, err=err)
        expect(run.status == 0 and "retrying" not in run.plain and not run.err, run)


TESTS = [bar_fits_terminal_and_is_removed, bar_hidden_when_quiet, deadline_names_running_actions,
         interrupt_ends_wait_with_hint, bar_prints_failure_at_once,
         wait_prints_missing_action_at_once, wait_same_failure_names_both_actions,
         bar_without_progress_moves, error_json_names_whole_ids,
         token_rejected_is_not_maybe_applied, error_without_message_has_status,
         hint_contains_values_of_variables, lookup_line_counts_down, lookup_result_is_printed,
         maybe_applied_prints_check_command, endpoint_without_version_prints_note,
         plain_progress_prints_failure_at_once, lookup_line_hidden_when_quiet,
         pause_line_counts_down, error_reports_attempts, pause_line_is_removed,
         pause_line_hidden_when_quiet]
run_tests(TESTS)
