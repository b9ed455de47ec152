#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many operations in one command: what a deadline leaves unsent, and tens of thousands of ids. batches.py TOOL"""

import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import tap

TOOL = os.path.abspath(sys.argv[1])
PATIENCE_S = 120
MANY = 60000
ACTION = {"id": 13, "command": "change_protection", "status": "running", "progress": 0, "started": "2026-03-02T08:15:00Z",
          "finished": None, "error": None, "resources": [{"id": 1, "type": "image"}]}
NO_ACTIONS = {"actions": [], "meta": {"pagination": {"page": 1, "per_page": 25, "next_page": None, "last_page": 1, "total_entries": 0}}}
LOCK = {"id": 99014, "command": "create_image", "status": "running", "progress": 0, "started": "2026-03-02T08:15:00Z", "finished": None,
        "error": None, "resources": [{"id": 423, "type": "image"}]}
IMAGE = {"id": 423, "type": "snapshot", "status": "available", "protection": {"delete": False}}
NOT_FOUND = {"error": {"code": "not_found", "message": "action not found"}}


class Cloud(http.server.BaseHTTPRequestHandler):
    """Hetzner. Changes of image 1 get a response, those of image 429 a 429, others none; actions are not found. Image 423 is
    locked by action 99014 until that is polled."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # a response in one piece
    changed, polls, unknown, released = [], [], (200, NO_ACTIONS), threading.Event()
    locked = True

    def put(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Cloud.changed.append(re.search(r"/images/(\d+)/", self.path)[1])
        if Cloud.changed[-1] == "429":
            self.put(429, {"error": {"code": "rate_limit_exceeded", "message": "limit"}})
            return
        if Cloud.changed[-1] == "423":
            done = {**LOCK, "id": 15, "command": "change_protection", "status": "success"}
            locked = {"error": {"code": "locked", "message": "image is locked", "details": {"why": "x"}}}
            self.put(*((423, locked) if Cloud.locked else (201, {"action": done})))
            return
        if Cloud.changed[-1] != "1":
            Cloud.released.wait(PATIENCE_S)
            self.close_connection = True
            return
        self.put(201, {"action": ACTION})

    def do_GET(self):
        Cloud.polls.append(self.path)
        if "/images/423" in self.path or self.path.endswith("/actions?id=99014"):
            Cloud.locked = Cloud.locked and "id=99014" not in self.path
            listed = {**NO_ACTIONS, "actions": [LOCK if Cloud.locked else {**LOCK, "status": "success"}]}
            self.put(200, listed if "/actions" in self.path else {"image": IMAGE})
            return
        self.put(*Cloud.unknown)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """The tool may close a connection early."""


def start(*words, out=subprocess.PIPE, err=subprocess.PIPE, retry="1ms", endpoint=None):
    environment = {"PATH": os.environ["PATH"], "HOME": HOME, "LC_ALL": "C.UTF-8", "HCLOUD_TOKEN": "a-token-of-the-batch-test"}
    line = [TOOL, "--provider", "hetzner", "--endpoint", endpoint or ENDPOINT, "--poll-interval", "1ms", "--retry-base", retry, *words]
    return subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err)


def run(*words, **how):
    process = start(*words, **how)
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out.decode(), err.decode()


def deadline_unsent_changes_are_cancelled():
    Cloud.changed.clear()
    words = ["image", "protect", "1", "2", "3", "4", "--concurrency", "1", "--deadline", "700ms"]
    status, out, err = run(*words, "-o", "json")
    errors = [outcome["error"] for outcome in json.loads(out)]
    assert status == 8 and Cloud.changed == ["1", "2"], f"{status} {Cloud.changed} {err}"
    assert errors[0] is None and (errors[1]["code"], errors[1]["maybe_applied"]) == ("timeout", True), errors
    for error in errors[2:]:
        assert (error["code"], error["maybe_applied"], error["provider"]) == ("cancelled", False, "hetzner"), errors
    status, out, err = run(*words)
    assert status == 8 and err.count("not sent before the deadline") == 2, err
    assert re.findall(r"^([34]) .* cancelled$", out, re.M) == ["3", "4"], out


def deadline_nothing_sent_exits_as_timeout():
    status, out, err = run("image", "protect", "2", "3", "4", "--concurrency", "1", "--deadline", "300ms", "-o", "json")
    assert status == 8, err
    assert [outcome["error"]["code"] for outcome in json.loads(out)] == ["timeout", "cancelled", "cancelled"], out


def deadline_refused_connections_are_cancelled():
    """Without a connection nothing was sent. After a response, such as 429, the server has seen the request."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # does not listen
        words = ["image", "protect", "1", "2", "--concurrency", "1", "--deadline", "500ms", "-o", "json"]
        status, out, err = run(*words, retry="10s", endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
    assert status == 8, f"{status} {err}"
    for outcome in json.loads(out):
        error = outcome["error"]
        assert (error["code"], error["maybe_applied"]) == ("cancelled", False), error
        assert "the last attempt failed" in error["message"], error
    status, out, err = run("image", "protect", "429", "--deadline", "500ms", "-o", "json", retry="10s")
    error = json.loads(out)[0]["error"]
    assert (status, error["code"], error["maybe_applied"]) == (8, "timeout", False), f"{status} {error}"


def deadline_of_reads_is_timeout():
    """The deadline of a read is a timeout."""
    status, _, err = run("action", "wait", "1", "2", "--deadline", "1ms", "-o", "json")
    assert status == 8 and '"code":"timeout"' in err and "cancelled" not in err, err


def cpu_seconds(*words):
    """The processor time of a command; its stderr goes to a file."""
    with tempfile.TemporaryFile() as err:
        process = start(*words, out=subprocess.DEVNULL, err=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        return usage.ru_utime, process.returncode, err.read().decode()


def unknown_ids_take_linear_time():
    """With an error per id, and with one error for all ids."""
    ids = [str(n) for n in range(1, MANY + 1)]
    for reply, count in (((200, NO_ACTIONS), MANY), ((404, NOT_FOUND), MANY // 10)):
        Cloud.unknown = reply
        for form in ("json", "table"):
            seconds, status, err = cpu_seconds("action", "wait", *ids[:count], "-o", form)
            assert status == 4, f"{status} {err[:300]}"
            assert str(count) in err, err[-300:]
            assert seconds < 10, f"{count} ids, {form}: {seconds} s"
    Cloud.unknown = (200, NO_ACTIONS)


def unknown_ids_end_at_signal():
    Cloud.polls.clear()
    process = start("action", "wait", *(str(n) for n in range(1, MANY + 1)), "-o", "json")
    until = time.monotonic() + PATIENCE_S
    while len(Cloud.polls) < 20 and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    err = process.communicate(timeout=PATIENCE_S)[1].decode()
    assert process.returncode == 130, f"{process.returncode} {err[:300]}"
    assert time.monotonic() - began < 15, time.monotonic() - began
    assert "may still be running" in err


def locked_image_names_waiting_command():
    Cloud.locked = True
    status, _, err = run("image", "protect", "423")
    assert status == 5, f"{status} {err}"
    assert re.search(r"^imgact: to wait for the running actions:\n  imgact action wait 99014 --image 423 --provider hetzner --endpoint ", err, re.M), err
    status, out, err = run("image", "protect", "423", "-o", "json")
    outcome = json.loads(out)[0]
    assert (status, outcome["changed"], err) == (5, False, ""), f"{status} {outcome} {err}"
    assert outcome["error"]["details"] == {"why": "x", "running": ["99014"]}, outcome["error"]


def ensure_waits_for_locked_image():
    Cloud.locked = True
    Cloud.changed.clear()
    status, out, err = run("image", "protect", "423", "--ensure", "-o", "json")
    outcome = json.loads(out)[0]
    assert (status, outcome["ok"], outcome["changed"], outcome["action"]["id"]) == (0, True, True, "15"), f"{out} {err}"
    assert Cloud.changed == ["423", "423"], Cloud.changed
    status, out, err = run("image", "unprotect", "423", "--ensure", "-o", "json")
    outcome = json.loads(out)[0]
    assert (status, outcome["ok"], outcome["changed"], outcome["action"]) == (0, True, False, None), f"{out} {err}"
    assert Cloud.changed == ["423", "423"], Cloud.changed
    status, _, err = run("image", "get", "423", "--ensure")
    assert status == 2, f"{status} {err}"


TESTS = [locked_image_names_waiting_command, ensure_waits_for_locked_image,
         deadline_unsent_changes_are_cancelled, deadline_nothing_sent_exits_as_timeout,
         deadline_refused_connections_are_cancelled, deadline_of_reads_is_timeout,
         unknown_ids_take_linear_time, unknown_ids_end_at_signal]
with tempfile.TemporaryDirectory() as HOME:
    server = Server(("127.0.0.1", 0), Cloud)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ENDPOINT = f"http://127.0.0.1:{server.server_address[1]}/v1"
    failed = tap.run([(test,) for test in TESTS])
    Cloud.released.set()
    server.shutdown()
    sys.exit(failed)
