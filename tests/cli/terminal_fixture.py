# SPDX-License-Identifier: MIT
"""What image_update.py, image_wait.py, references.py, terminal.py and progress.py share. Usage of a test: NAME.py TOOL

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


def run_tests(tests):
    try:
        for descriptor in pty.openpty():
            os.close(descriptor)
    except OSError as e:  # a chroot may have no pseudo-terminals
        print(f"1..0 # SKIP {e}")
        return
    with FOLDER:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tap.run([(test,) for test in tests])
        server.shutdown()


FOLDER = tempfile.TemporaryDirectory()
HOME = FOLDER.name
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
ENDPOINT = f"http://127.0.0.1:{server.server_address[1]}/v1"
