#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What shows on a terminal only: questions, progress, pauses, notes, colors, hostile texts. terminal.py TOOL

The tool runs on a pseudo-terminal against a scripted cloud on the loopback. What it writes is put on a small screen, as a
terminal would, so that leftovers show; any control character but those of the tool's own colors fails the test.
"""

import fcntl
import http.server
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import tap

PATIENCE_S = 60
TOOL = os.path.abspath(sys.argv[1])
COLORS = re.compile(rb"\x1b\[(0|1|1;31)m")
# Escape sequences, C1 controls, a carriage return, something to turn the direction of writing, DEL, NUL.
HOSTILE = "x\x1b[2J\x1b]0;title\x07\x9b31m\x90q\r\n\u202egnp\x7f\0y"
SHOWN = r"x\u001b[2J\u001b]0;title\u0007\u009b31m\u0090q\r\n\u202egnp\u007f\u0000y"


class Cloud(http.server.BaseHTTPRequestHandler):
    """Hetzner as a test scripts it: {(method, path without query): [(status, object), ...]}; the last reply stays."""

    protocol_version = "HTTP/1.1"
    replies, seen, headers = {}, [], {}

    def answer(self):
        key = (self.command, self.path.split("?")[0])
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Cloud.seen.append(key)
        script = Cloud.replies.get(key, [(404, error("not_found", "no such thing"))])
        status, reply = script.pop(0) if len(script) > 1 else script[0]
        body = b"" if reply is None else json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Correlation-Id", "id\x9b31m\x1b[2J")
        for name, value in Cloud.headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:  # the tool was stopped
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


def error(code, message):
    return {"error": {"code": code, "message": message}}


def action(number, progress=12):
    return {"id": number, "command": "change_protection", "status": "running", "progress": progress,
            "started": "2026-03-02T08:15:00+00:00", "finished": None, "error": None,
            "resources": [{"id": number, "type": "image"}]}


def listed(*images):
    return {"images": list(images), "meta": {"pagination": {"next_page": None}}}


class Screen:
    """Rows of a terminal, by characters, line feeds and carriage returns."""

    def __init__(self, width):
        self.width, self.rows, self.column, self.touched_end = width, [""], 0, False

    def put(self, text):
        for letter in text:
            if letter == "\n":
                self.rows.append("")
            elif letter == "\r":
                self.column = 0
            else:
                if self.column == self.width:
                    self.rows.append("")
                    self.column = 0
                row = self.rows[-1].ljust(self.column)
                self.rows[-1] = row[: self.column] + letter + row[self.column + 1:]
                self.column += 1

    def text(self):
        return "\n".join(row.rstrip() for row in self.rows).strip("\n")


class Run:
    """The tool on a terminal, or with some of its descriptors elsewhere; what was typed when something was seen."""

    def __init__(self, *words, width=80, typed=(), out=True, err=True, env=None):
        self.raw, self.out, self.err = b"", b"", b""
        master, slave = pty.openpty()
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 60, width, 0, 0))
        environment = {"PATH": os.environ["PATH"], "HOME": HOME, "TERM": "xterm", "HCLOUD_TOKEN": "a-token-of-this-test",
                       "HCLOUD_ENDPOINT": ENDPOINT, "IMGACT_PROVIDER": "hetzner", **(env or {})}
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            process = subprocess.Popen([TOOL, *words], stdin=slave, stdout=slave if out else stdout,
                                       stderr=slave if err else stderr, env=environment, start_new_session=True,
                                       preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
            os.close(slave)
            self.follow(process, master, list(typed))
            stdout.seek(0)
            stderr.seek(0)
            self.out, self.err = stdout.read(), stderr.read()
        self.plain = COLORS.sub(b"", self.raw).decode()
        screen = Screen(width)
        screen.put(self.plain)
        self.screen = screen.text()

    def follow(self, process, master, typed):
        end = time.monotonic() + PATIENCE_S
        while True:
            if typed and re.search(typed[0][0], self.raw):
                _, answer, *later_s = typed.pop(0)
                time.sleep(sum(later_s))
                os.write(master, answer)
            if not select.select([master], [], [], max(0, end - time.monotonic()))[0]:
                process.kill()
                process.wait()
                raise TimeoutError(f"still running after {self.raw!r}")
            try:
                more = os.read(master, 65536)
            except OSError:  # EIO: nobody has the terminal open any more
                more = b""
            if not more:
                break
            self.raw += more
        os.close(master)
        self.status = process.wait(PATIENCE_S)

    def drawn(self):
        """Everything that was on a line at some time."""
        return [part for part in re.split(r"[\r\n]+", self.plain) if part.strip()]


def cloud(**replies):
    """cloud(GET_images_7=[...]): "_" stands for "/"."""
    Cloud.seen, Cloud.replies = [], {}
    for name, script in replies.items():
        method, path = name.split("_", 1)
        Cloud.replies[method, "/v1/" + path.replace("_", "/").replace("CHANGE", "change_protection")] = script


def expect(condition, run):
    if not condition:
        raise AssertionError(f"status {run.status}, screen:\n{run.screen}\nbytes: {run.raw!r} {run.out!r} {run.err!r}")


# ---- the question before a deletion ----

def asked(answer, *words, **more):
    cloud(DELETE_images_7=[(204, None)], DELETE_images_8=[(204, None)])
    return Run("image", "delete", "7", "8", *words, typed=[(rb"\[y/N\] ", answer)], **more)


def yes_deletes():
    for answer in (b"y\n", b"Y\n", b"yes\n"):
        run = asked(answer)
        expect(run.status == 0 and len(Cloud.seen) == 2, run)
        expect(run.screen.startswith("Delete 2 images at hetzner: 7 8? [y/N] " + answer.decode().strip() + "\nIMAGE_ID"), run)


def the_time_to_answer_is_not_the_commands():
    cloud(DELETE_images_7=[(204, None)])
    run = Run("image", "delete", "7", "--deadline", "5s", typed=[(rb"\[y/N\] ", b"y\n", 6)])
    expect(run.status == 0 and len(Cloud.seen) == 1, run)


def anything_else_deletes_nothing():
    for answer in (b"n\n", b"\n", b"yep\n", b"maybe tomorrow, or the day after\n"):
        run = asked(answer)
        expect(run.status == 130 and not Cloud.seen and run.screen.endswith("\nimgact: nothing was deleted"), run)


def the_end_of_input_deletes_nothing():
    run = asked(b"\x04")
    expect(run.status == 130 and not Cloud.seen and run.screen.endswith("[y/N]\nimgact: nothing was deleted"), run)


def an_interrupt_deletes_nothing():
    run = asked(b"\x03")
    expect(run.status in (130, -signal.SIGINT) and not Cloud.seen, run)


def a_refusal_is_an_object_where_json_is_asked_for():
    run = asked(b"n\n", "-o", "json")
    expect(run.status == 130 and not Cloud.seen and '{"error":{"code":"cancelled"' in run.plain, run)


def the_question_names_the_profile():
    path = os.path.join(HOME, "named.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[prod]\nprovider = hetzner\nendpoint = {ENDPOINT}\n")
    os.chmod(path, 0o600)
    run = asked(b"n\n", "--config", path, "--profile", "prod")
    expect("Delete 2 images at hetzner (profile prod): 7 8? [y/N] n\n" in run.screen, run)


def nobody_is_asked_with_yes_or_without_a_terminal():
    cloud(DELETE_images_7=[(204, None)])
    for words, err in ((["--yes"], True), ([], False)):
        Cloud.seen = []
        run = Run("image", "delete", "7", *words, err=err)
        expect(run.status == 0 and len(Cloud.seen) == 1 and "y/N" not in run.plain, run)


def somebody_is_asked_though_the_results_go_to_a_pipe():
    run = asked(b"y\n", "-o", "jsonl", out=False)
    expect(run.status == 0 and run.out.count(b'"ok":true') == 2 and b"y/N" not in run.out, run)


# ---- notes and colors ----

def an_empty_table_says_so():
    cloud(GET_images=[(200, listed())])
    expect(Run("image", "list").screen.endswith("CREATED_AT\nimgact: no images"), Run("image", "list"))
    for words, err in ((["-q"], True), (["-o", "json"], True), ([], False)):
        run = Run("image", "list", *words, err=err)
        expect(run.status == 0 and "no images" not in run.plain and not run.err, run)


def colors_are_for_terminals_that_want_them():
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


def a_table_of_the_clouds_turns_where_it_does_not_fit():
    narrow, wide = Run("provider", "list"), Run("provider", "list", width=300)
    expect(re.search(r"^TRANSFER_IMAGE +no +yes$", narrow.screen, re.M) is not None, narrow)
    expect(len(wide.screen.splitlines()) == 3 and "WAIT_FOR_ACTIONS" in wide.screen.splitlines()[0], wide)
    expect(len(Run("provider", "list", out=False).out.splitlines()) == 3, narrow)


# ---- waiting ----

def waiting(*words, ends=(), **more):
    cloud(POST_images_7_actions_CHANGE=[(201, {"action": action(7, 0)})],
          POST_images_8_actions_CHANGE=[(201, {"action": action(8, 0)})],
          GET_actions=[(200, {"actions": [{**action(i, n), **dict(ends)} for i in (7, 8)]}) for n in (10, 50, 90, 100)])
    return Run("image", "protect", "7", "8", "--wait", "--poll-interval", "20ms", *words, **more)


def a_bar_fits_its_terminal_and_leaves_nothing():
    for width, bar in ((80, 30), (45, 11), (40, 6), (20, 0), (10, 0)):
        run = waiting(width=width, typed=[(rb"[1-9]0 %", b"\x03")])
        bars = [found for line in run.drawn() if (found := re.match(r"(?:\[([#-]+)\] )? *\d+ %.*", line))]
        expect(run.status == 130 and bars and all(len(found[0]) < width for found in bars), run)
        expect(all(len(found[1] or "") == bar for found in bars), run)
        expect(re.sub(r"\s", "", run.screen).startswith("IMAGE_IDOKACTION"), run)
        if width == 80:
            expect(re.search(r"\[#+-*\] +\d+ %  0 of 2 finished  \d:\d\d", run.plain) is not None, run)


def no_bar_without_a_terminal_or_when_quiet():
    for words, more in (([], {"err": False}), (["-q"], {}), (["--progress", "none"], {})):
        run = waiting("-o", "csv", *words, ends={"status": "success"}, **more)
        expect(run.status == 0 and "%" not in run.plain and not run.err, run)


def who_stops_waiting_is_told_what_goes_on():
    run = waiting("--deadline", "3s", width=200)
    expect(re.search(r"image 8: the deadline passed; action 8: last status running \(\d+ %\)$", run.screen, re.M), run)
    expect(run.screen.endswith("imgact: still running: 7 8; to resume waiting:\n  imgact action wait 7 8 --provider hetzner --endpoint " + ENDPOINT), run)


def an_interrupt_ends_a_wait():
    cloud(GET_actions=[(200, {"actions": [action(7)]})])
    run = Run("action", "wait", "7", "--poll-interval", "20ms", typed=[(rb"12 %", b"\x03")])
    expect(run.status == 130 and "imgact: action 7: stopped waiting; last status running (12 %)" in run.screen, run)
    expect(run.screen.endswith("to resume waiting:\n  imgact action wait 7 --provider hetzner --endpoint " + ENDPOINT), run)


def what_fails_at_once_is_told_at_once():
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


def so_it_is_where_progress_is_plain_and_not_where_there_is_none():
    for kind, order in (("plain", [b"image 9: no", b"action 7: success"]), ("none", [b"image 9: no"])):
        cloud(POST_images_7_actions_CHANGE=[(201, {"action": action(7, 0)})],
              POST_images_9_actions_CHANGE=[(423, error("locked", "no"))],
              GET_actions=20 * [(200, {"actions": [action(7, 50)]})] + [(200, {"actions": [{**action(7, 100), "status": "success"}]})])
        run = Run("image", "protect", "7", "9", "--wait", "--poll-interval", "20ms", "--progress", kind, err=False)
        expect(re.findall(rb"image 9: no|action 7: success", run.err) == order, run)


def of_a_wait_for_several_one_that_is_not_there_is_told_at_once():
    cloud(GET_actions=20 * [(200, {"actions": [action(7, 50)]})] + [(200, {"actions": [{**action(7, 100), "status": "success"}]})])
    run = Run("action", "wait", "7", "9", "--poll-interval", "20ms", width=120)
    expect(run.status == 9 and run.plain.count("imgact: ") == 1, run)
    expect(run.plain.index("imgact: ") < run.plain.rindex("of 2 finished, 1 failed"), run)


def two_that_fail_for_one_reason_are_both_named():
    failed = {"status": "error", "error": {"code": "action_failed", "message": "no more space"}}
    cloud(GET_actions=20 * [(200, {"actions": [{**action(7), **failed}, action(9, 50)]})] +
          [(200, {"actions": [{**action(7), **failed}, {**action(9), **failed}]})])
    for words in ((), ("-o", "json")):
        run = Run("action", "wait", "7", "9", "--poll-interval", "20ms", *words, width=200)
        expect(run.status == 7 and (words or re.findall(r"imgact: action (\d) failed: no more space", run.plain) == ["7", "9"]), run)
        expect(run.plain.count('{"error":{"code":"action_failed"') == (2 if words else 0), run)


def a_cloud_that_tells_no_percentage_has_a_bar_that_moves():
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


def the_command_to_go_on_names_what_the_next_shell_may_lack():
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


def an_error_for_programs_names_every_id_whole():
    ids = [str(900000000000 + n) for n in range(40)]
    run = Run("action", "wait", *ids, "-o", "jsonl", "--max-attempts", "1", out=False, err=False,
              env={"HCLOUD_ENDPOINT": "http://127.0.0.1:1/v1"})
    told = [error["message"] for error in errors_of(run)]
    named = [number for message in told for number in re.match(r"action ([0-9, ]+): could not connect", message)[1].split(", ")]
    expect(run.status == 11 and len(told) > 1 and named == ids, run)


def a_refused_token_leaves_no_doubt():
    refused = [(401, error("unauthorized", "no"))]
    for concurrency in ("1", "2", "4"):
        cloud(**{f"DELETE_images_{n}": refused for n in range(1, 9)})
        run = Run("image", "delete", *map(str, range(1, 9)), "--yes", "--concurrency", concurrency, "-o", "jsonl", out=False)
        ends = [json.loads(line)["error"] for line in run.out.decode().splitlines()]
        codes = [end["code"] for end in ends]
        expect(run.status == 3 and codes[0] == "unauthorized" and codes[-1] == "cancelled", run)
        expect(len(Cloud.seen) <= 2 * int(concurrency) and codes.count("unauthorized") == len(Cloud.seen), run)
        expect(not any(end["maybe_applied"] for end in ends), run)


def what_a_reply_lacks_is_told_with_its_status():
    cloud(GET_images_7=[(200, {"image": {"id": 7, "type": "snapshot"}})])
    run = Run("image", "update", "7", "--label", "a=b", "-o", "json", out=False, err=False)
    told = json.loads(run.err)["error"]
    expect(run.status == 13 and told["provider"] == "hetzner" and told["http_status"] == 200, run)
    expect(told["code"] == "protocol" and len(Cloud.seen) == 1, run)


# ---- lost answers ----

def lost(*words, shown, **more):
    cloud(POST_images_7_actions_CHANGE=[(502, None)], GET_images_7_actions=[(200, {"actions": shown})],
          GET_images_actions=[(200, {"actions": shown})],
          GET_images_7=[(200, {"image": {"id": 7, "type": "snapshot", "protection": {"delete": bool(shown)}}})])
    return Run("image", "protect", "7", *words, width=200, **more)


def now(progress):
    return {**action(7, progress), "status": "success", "started": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())}


def the_look_for_a_lost_answer_is_told_and_counts_down():
    run = lost("--settle", "3s", "--max-attempts", "1", shown=[])
    told = [line.strip() for line in run.drawn() if "checking whether" in line]
    counted = [int(n) for n in re.findall(r"checking whether it was applied \(up to (\d) s\)", run.plain)]
    expect(counted[0] == 3 and len(set(counted)) > 1 and counted == sorted(counted, reverse=True), run)
    expect(told[0].startswith("HTTP 502"), run)
    expect(run.screen.endswith("; may have been applied\nimgact: to check what was applied:\n"
                               "  imgact action list --image 7 --provider hetzner --endpoint " + ENDPOINT), run)


def what_a_look_finds_is_told():
    run = lost(shown=[now(100)])
    expect(run.status == 0 and "checking whether it was applied (up to 10 s)" in run.plain, run)
    expect(run.screen.endswith("imgact: image 7: response lost, change applied (sent once)"), run)


def a_change_that_may_have_been_applied_is_looked_for_by_a_command():
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


def an_endpoint_without_its_version_is_noticed():
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


def no_look_is_told_when_quiet_or_without_a_terminal():
    for words, err in ((["-q"], True), (["--progress", "none"], True), ([], False)):
        run = lost(*words, shown=[now(100)], err=err)
        expect(run.status == 0 and "checking" not in run.plain and "lost" not in run.plain and not run.err, run)


# ---- pauses ----

def a_long_pause_counts_down():
    cloud(GET_images_7=[(503, error("unavailable", "no")), (200, {"image": {"id": 7, "type": "snapshot"}})])
    Cloud.headers = {"Retry-After": "3"}
    try:
        run = Run("image", "get", "7", "--columns", "id")
    finally:
        Cloud.headers = {}
    told = [int(n) for n in re.findall(r"retrying in (\d) s \(attempt 2 of 5\)", run.plain)]
    expect(run.status == 0 and run.screen == "ID\n7", run)
    expect(told[0] == 3 and len(set(told)) > 1 and told == sorted(told, reverse=True), run)


def an_error_says_how_often_it_was_tried():
    cloud(GET_images_7=[(503, error("unavailable", "no"))])
    run = Run("image", "get", "7", "--retry-base", "1ms", "--max-attempts", "3", width=200)
    expect(re.search(r"imgact: no \(unavailable, HTTP 503, after 3 attempts\)$", run.screen), run)
    run = Run("image", "get", "7", "--max-attempts", "1", width=200)
    expect(run.status == 13 and "attempt" not in run.screen, run)

def a_pause_is_told_and_goes_away():
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


def no_pause_is_told_when_quiet_or_without_a_terminal():
    for words, err in ((["-q"], True), (["--progress", "none"], True), ([], False)):
        cloud(GET_images_7=3 * [(503, error("unavailable", "no"))] + [(200, {"image": {"id": 7, "type": "snapshot"}})])
        run = Run("image", "get", "7", "--retry-base", "50ms", *words, err=err)
        expect(run.status == 0 and "retrying" not in run.plain and not run.err, run)


# ---- hostile texts ----

def harmless(run):
    controls = re.findall(r"[^\n\r -~\u00a0-\u2027\u2030-\u2065\u206a-\U0010ffff]", run.plain)
    expect(not controls and "\x7f" not in run.plain and "\r" not in re.sub(r"\r+\n", "", run.plain), run)


def no_control_character_of_the_cloud_reaches_the_terminal():
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


def json_says_the_same_and_csv_keeps_it_elsewhere():
    cloud(GET_images_7=[(200, {"image": {"id": 7, "type": "snapshot", "description": HOSTILE}})])
    shown, piped = Run("image", "get", "7", "-o", "jsonl", width=2000), Run("image", "get", "7", "-o", "jsonl", out=False)
    expect(json.loads(shown.plain)["description"] == HOSTILE and json.loads(piped.out)["description"] == HOSTILE, piped)
    run = Run("image", "get", "7", "-o", "csv", "--columns", "description", "--no-header", out=False)
    expect(run.out.decode() == f'"{HOSTILE}"\n', run)


def nor_in_a_pause_or_on_a_bar():
    cloud(GET_images_7=3 * [(503, error("unavailable", HOSTILE))] + [(200, {"image": {"id": 7, "type": "snapshot"}})])
    run = Run("image", "get", "7", "--retry-base", "50ms", "--columns", "id", width=200)
    expect(run.status == 0 and run.screen == "ID\n7" and SHOWN + "; retrying" in run.plain, run)
    expect(not re.search(r"[^\n\r -~]", run.plain), run)


TESTS = [yes_deletes, the_time_to_answer_is_not_the_commands, anything_else_deletes_nothing, the_end_of_input_deletes_nothing, an_interrupt_deletes_nothing,
         a_refusal_is_an_object_where_json_is_asked_for, the_question_names_the_profile,
         nobody_is_asked_with_yes_or_without_a_terminal, somebody_is_asked_though_the_results_go_to_a_pipe,
         an_empty_table_says_so, colors_are_for_terminals_that_want_them, a_table_of_the_clouds_turns_where_it_does_not_fit,
         a_bar_fits_its_terminal_and_leaves_nothing, no_bar_without_a_terminal_or_when_quiet,
         who_stops_waiting_is_told_what_goes_on, an_interrupt_ends_a_wait, what_fails_at_once_is_told_at_once,
         of_a_wait_for_several_one_that_is_not_there_is_told_at_once, two_that_fail_for_one_reason_are_both_named, a_cloud_that_tells_no_percentage_has_a_bar_that_moves,
         an_error_for_programs_names_every_id_whole, a_refused_token_leaves_no_doubt,
         what_a_reply_lacks_is_told_with_its_status, the_command_to_go_on_names_what_the_next_shell_may_lack, the_look_for_a_lost_answer_is_told_and_counts_down,
         what_a_look_finds_is_told, a_change_that_may_have_been_applied_is_looked_for_by_a_command,
         an_endpoint_without_its_version_is_noticed, so_it_is_where_progress_is_plain_and_not_where_there_is_none, no_look_is_told_when_quiet_or_without_a_terminal, a_long_pause_counts_down,
         an_error_says_how_often_it_was_tried, a_pause_is_told_and_goes_away,
         no_pause_is_told_when_quiet_or_without_a_terminal, no_control_character_of_the_cloud_reaches_the_terminal,
         json_says_the_same_and_csv_keeps_it_elsewhere, nor_in_a_pause_or_on_a_bar]


def main():
    try:
        for descriptor in pty.openpty():
            os.close(descriptor)
    except OSError as e:  # a chroot may have no pseudo-terminals
        print(f"1..0 # SKIP {e}")
        return
    tap.run([(test,) for test in TESTS])


with tempfile.TemporaryDirectory() as HOME:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ENDPOINT = f"http://127.0.0.1:{server.server_address[1]}/v1"
    main()
    server.shutdown()
