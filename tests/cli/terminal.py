#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Output on terminals: confirmation, progress, pauses, notes, colors, hostile texts. terminal.py TOOL

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
# Escape sequences, C1 controls, a carriage return, a bidirectional control, DEL, NUL.
HOSTILE = "x\x1b[2J\x1b]0;title\x07\x9b31m\x90q\r\n\u202egnp\x7f\0y"
SHOWN = r"x\u001b[2J\u001b]0;title\u0007\u009b31m\u0090q\r\n\u202egnp\u007f\u0000y"


class Cloud(http.server.BaseHTTPRequestHandler):
    """Hetzner, scripted: {(method, path without query): [(status, object), ...]}; the last response is repeated."""

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
    """The tool on a terminal, or with some descriptors on pipes; typed: input after expected output."""

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
        """Every text that was drawn on a line."""
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


# ---- confirmation of deletions ----

def asked(answer, *words, **more):
    cloud(DELETE_images_7=[(204, None)], DELETE_images_8=[(204, None)])
    return Run("image", "delete", "7", "8", *words, typed=[(rb"\[y/N\] ", answer)], **more)


def confirm_yes_deletes():
    for answer in (b"y\n", b"Y\n", b"yes\n"):
        run = asked(answer)
        expect(run.status == 0 and len(Cloud.seen) == 2, run)
        expect(run.screen.startswith("Delete 2 images at hetzner: 7 8? [y/N] " + answer.decode().strip() + "\nIMAGE_ID"), run)


def confirm_time_is_not_in_deadline():
    cloud(DELETE_images_7=[(204, None)])
    run = Run("image", "delete", "7", "--deadline", "5s", typed=[(rb"\[y/N\] ", b"y\n", 6)])
    expect(run.status == 0 and len(Cloud.seen) == 1, run)


def confirm_other_answer_deletes_nothing():
    for answer in (b"n\n", b"\n", b"yep\n", b"maybe tomorrow, or the day after\n"):
        run = asked(answer)
        expect(run.status == 130 and not Cloud.seen and run.screen.endswith("\nimgact: nothing was deleted"), run)


def confirm_end_of_input_deletes_nothing():
    run = asked(b"\x04")
    expect(run.status == 130 and not Cloud.seen and run.screen.endswith("[y/N]\nimgact: nothing was deleted"), run)


def confirm_interrupt_deletes_nothing():
    run = asked(b"\x03")
    expect(run.status in (130, -signal.SIGINT) and not Cloud.seen, run)


def confirm_no_with_json_is_object():
    run = asked(b"n\n", "-o", "json")
    expect(run.status == 130 and not Cloud.seen and '{"error":{"code":"cancelled"' in run.plain, run)


def confirm_names_profile():
    path = os.path.join(HOME, "named.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[prod]\nprovider = hetzner\nendpoint = {ENDPOINT}\n")
    os.chmod(path, 0o600)
    run = asked(b"n\n", "--config", path, "--profile", "prod")
    expect("Delete 2 images at hetzner (profile prod): 7 8? [y/N] n\n" in run.screen, run)


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
         confirm_end_of_input_deletes_nothing, confirm_interrupt_deletes_nothing,
         confirm_no_with_json_is_object, confirm_names_profile, confirm_skipped_without_terminal,
         confirm_with_piped_stdout_asks, table_empty_prints_note, color_auto_requires_terminal,
         provider_table_turns_if_too_wide, bar_fits_terminal_and_is_removed, bar_hidden_when_quiet,
         deadline_names_running_actions, interrupt_ends_wait_with_hint, bar_prints_failure_at_once,
         wait_prints_missing_action_at_once, wait_same_failure_names_both_actions,
         bar_without_progress_moves, error_json_names_whole_ids,
         token_rejected_is_not_maybe_applied, error_without_message_has_status,
         hint_contains_values_of_variables, lookup_line_counts_down, lookup_result_is_printed,
         maybe_applied_prints_check_command, endpoint_without_version_prints_note,
         plain_progress_prints_failure_at_once, lookup_line_hidden_when_quiet,
         pause_line_counts_down, error_reports_attempts, pause_line_is_removed,
         pause_line_hidden_when_quiet, terminal_gets_no_control_characters,
         json_escapes_controls_csv_keeps_them, status_line_escapes_control_characters]


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
