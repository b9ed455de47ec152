#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Output on terminals: confirmation, notes, colors, hostile texts. terminal.py TOOL"""

import json
import os
import re
import signal
import time

from terminal_fixture import (
    Cloud, ENDPOINT, HOME, HOSTILE, Run, SHOWN, action, cloud, error, expect, listed, run_tests)


# ---- confirmation of deletions ----

QUESTION = "Delete 2 images at hetzner?\n  7     3d  nightly\n  800   2w  -\n[y/N] "
SENT = [("GET", "/v1/images"), ("DELETE", "/v1/images/7"), ("DELETE", "/v1/images/800")]


def ago(days):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400 - 60))


def asked(answer, *words, **more):
    images = listed({"id": 7, "type": "snapshot", "description": "nightly", "created": ago(3)},
                    {"id": 800, "type": "backup", "description": None, "created": ago(20)})
    cloud(GET_images=[(200, images)], DELETE_images_7=[(204, None)], DELETE_images_800=[(204, None)])
    return Run("image", "delete", "7", "800", *words, typed=[(rb"\[y/N\] ", answer)], **more)


def confirm_yes_deletes():
    for answer in (b"y\n", b"Y\n", b"yes\n"):
        run = asked(answer)
        expect(run.status == 0 and sorted(Cloud.seen) == sorted(SENT), run)
        expect(run.screen.startswith(QUESTION + answer.decode().strip() + "\nIMAGE_ID"), run)


def confirm_time_is_not_in_deadline():
    cloud(GET_images=[(200, listed())], DELETE_images_7=[(204, None)])
    run = Run("image", "delete", "7", "--deadline", "5s", typed=[(rb"\[y/N\] ", b"y\n", 6)])
    expect(run.status == 0 and len(Cloud.seen) == 2, run)


def confirm_other_answer_deletes_nothing():
    for answer in (b"n\n", b"\n", b"yep\n", b"maybe tomorrow, or the day after\n"):
        run = asked(answer)
        expect(run.status == 130 and Cloud.seen == SENT[:1] and run.screen.endswith("\nimgact: nothing was deleted"), run)


def confirm_end_of_input_deletes_nothing():
    run = asked(b"\x04")
    expect(run.status == 130 and Cloud.seen == SENT[:1] and run.screen.endswith("[y/N]\nimgact: nothing was deleted"), run)


def confirm_interrupt_deletes_nothing():
    run = asked(b"\x03")
    expect(run.status in (130, -signal.SIGINT) and Cloud.seen == SENT[:1], run)


def confirm_no_with_json_is_object():
    run = asked(b"n\n", "-o", "json")
    expect(run.status == 130 and Cloud.seen == SENT[:1] and '{"error":{"code":"cancelled"' in run.plain, run)


def confirm_names_profile():
    path = os.path.join(HOME, "named.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[prod]\nprovider = hetzner\nendpoint = {ENDPOINT}\n")
    os.chmod(path, 0o600)
    run = asked(b"n\n", "--config", path, "--profile", "prod")
    expect("Delete 2 images at hetzner (profile prod)?\n  7" in run.screen, run)


def confirm_shows_hostile_text_and_limit():
    """The question escapes what a server sends, cuts it, and names 20 images."""
    images = [{"id": n, "type": "snapshot", "description": HOSTILE + "x" * 300, "created": ago(1000)} for n in range(1, 31)]
    cloud(GET_images=[(200, listed(*images))])
    run = Run("image", "delete", *map(str, range(1, 31)), typed=[(rb"\[y/N\] ", b"n\n")], width=200)
    expect(len(re.findall(r"^ +\d+ +2y  x", run.screen, re.M)) == 20 and "\n  and 10 more\n[y/N] n" in run.screen, run)
    expect(SHOWN in run.screen and "x" * 100 not in run.screen, run)


def confirm_without_list_shows_ids():
    cloud(GET_images=[(403, error("forbidden", "no"))], DELETE_images_7=[(204, None)])
    run = Run("image", "delete", "7", typed=[(rb"\[y/N\] ", b"y\n")])
    expect(run.status == 0 and run.screen.startswith("Delete 1 image at hetzner?\n  7\n[y/N] y\nIMAGE_ID"), run)


def confirm_skipped_without_terminal():
    cloud(DELETE_images_7=[(204, None)])
    for words, err in ((["--yes"], True), ([], False)):
        Cloud.seen = []
        run = Run("image", "delete", "7", *words, err=err)
        expect(run.status == 0 and len(Cloud.seen) == 1 and "y/N" not in run.plain, run)


def confirm_with_piped_stdout_asks():
    run = asked(b"y\n", "-o", "jsonl", out=False)
    expect(run.status == 0 and run.out.count(b'"ok":true') == 2 and b"y/N" not in run.out, run)


# ---- notes and colors ----

def table_empty_prints_note():
    cloud(GET_images=[(200, listed())])
    expect(Run("image", "list").screen.endswith("CREATED_AT\nimgact: no images"), Run("image", "list"))
    for words, err in ((["-q"], True), (["-o", "json"], True), ([], False)):
        run = Run("image", "list", *words, err=err)
        expect(run.status == 0 and "no images" not in run.plain and not run.err, run)


def color_auto_requires_terminal():
    cloud(GET_images=[(200, listed({"id": 7, "type": "snapshot"}))])
    expect(b"\x1b[1mID" in Run("image", "list").raw, Run("image", "list"))
    expect(b"\x1b[1;31mimgact:" in Run("image", "get", "8").raw, Run("image", "get", "8"))
    for words, more in (([], {"env": {"NO_COLOR": "1"}}), ([], {"env": {"TERM": "dumb"}}), (["--color", "never"], {}),
                        ([], {"out": False, "err": False})):
        for command in (["image", "list"], ["image", "get", "8"]):
            run = Run(*command, *words, **more)
            expect(b"\x1b" not in run.raw + run.out + run.err, run)
    run = Run("image", "list", "--color", "always", out=False, env={"NO_COLOR": "1"})
    expect(run.out.startswith(b"\x1b[1mID"), run)


def provider_table_turns_if_too_wide():
    narrow, wide = Run("provider", "list"), Run("provider", "list", width=600)
    expect(re.search(r"^TRANSFER_IMAGE +no +yes$", narrow.screen, re.M) is not None, narrow)
    expect(len(wide.screen.splitlines()) == 3 and "WAIT_FOR_ACTIONS" in wide.screen.splitlines()[0], wide)
    expect(len(Run("provider", "list", out=False).out.splitlines()) == 3, narrow)


# ---- hostile texts ----

def harmless(run):
    controls = re.findall(r"[^\n\r -~\u00a0-\u2027\u2030-\u2065\u206a-\U0010ffff]", run.plain)
    expect(not controls and "\x7f" not in run.plain and "\r" not in re.sub(r"\r+\n", "", run.plain), run)


def terminal_gets_no_control_characters():
    hostile = {"id": 7, "type": HOSTILE, "status": HOSTILE, "name": HOSTILE, "description": HOSTILE, "architecture": HOSTILE,
               "os_flavor": HOSTILE, "labels": {HOSTILE: HOSTILE}, "created_from": {"id": 1, "name": HOSTILE},
               "created": HOSTILE, "deprecated": HOSTILE}
    cloud(GET_images=[(200, listed(hostile))], GET_images_7=[(200, {"image": hostile})],
          GET_images_8=[(403, error(HOSTILE, HOSTILE))], GET_images_actions_9=[(200, {"action": {
              **action(9), "command": HOSTILE, "status": "error", "error": {"code": HOSTILE, "message": HOSTILE}}})],
          POST_images_8_actions_CHANGE=[(409, error("conflict", HOSTILE))])
    columns = "name,description,provider_type,provider_status,architecture,os_family,labels,created_from"
    for words, status in ((["image", "list", "--columns", columns], 0), (["image", "get", "7", "--columns", columns], 0),
                          (["image", "get", "7"], 0), (["image", "get", "8"], 3),
                          (["action", "get", "9", "--columns", "command,error,error.code"], 0),
                          (["image", "protect", "8", "--max-attempts", "1"], 5)):
        run = Run(*words, width=2000)
        expect(run.status == status and SHOWN in run.screen, run)
        harmless(run)
        whole = words[:words.index("--columns")] if "--columns" in words else words
        for more in ([*words, "--trace"], [*words, "-o", "csv"], [*whole, "-o", "json"],
                     [*whole, "--trace", "--raw", "-o", "jsonl"]):
            run = Run(*more, width=2000)
            expect(run.status == status, run)
            harmless(run)


def json_escapes_controls_csv_keeps_them():
    cloud(GET_images_7=[(200, {"image": {"id": 7, "type": "snapshot", "description": HOSTILE}})])
    shown, piped = Run("image", "get", "7", "-o", "jsonl", width=2000), Run("image", "get", "7", "-o", "jsonl", out=False)
    expect(json.loads(shown.plain)["description"] == HOSTILE and json.loads(piped.out)["description"] == HOSTILE, piped)
    run = Run("image", "get", "7", "-o", "csv", "--columns", "description", "--no-header", out=False)
    expect(run.out.decode() == f'"{HOSTILE}"\n', run)


def status_line_escapes_control_characters():
    cloud(GET_images_7=3 * [(503, error("unavailable", HOSTILE))] + [(200, {"image": {"id": 7, "type": "snapshot"}})])
    run = Run("image", "get", "7", "--retry-base", "50ms", "--columns", "id", width=200)
    expect(run.status == 0 and run.screen == "ID\n7" and SHOWN + "; retrying" in run.plain, run)
    expect(not re.search(r"[^\n\r -~]", run.plain), run)


TESTS = [confirm_yes_deletes, confirm_time_is_not_in_deadline, confirm_other_answer_deletes_nothing,
         confirm_shows_hostile_text_and_limit, confirm_without_list_shows_ids,
         confirm_end_of_input_deletes_nothing, confirm_interrupt_deletes_nothing,
         confirm_no_with_json_is_object, confirm_names_profile, confirm_skipped_without_terminal,
         confirm_with_piped_stdout_asks, table_empty_prints_note, color_auto_requires_terminal,
         provider_table_turns_if_too_wide, terminal_gets_no_control_characters,
         json_escapes_controls_csv_keeps_them, status_line_escapes_control_characters]
run_tests(TESTS)
