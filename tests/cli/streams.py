#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Output through pipes that do not block, without a reader, or with a slow one. streams.py TOOL SOURCE_ROOT"""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import tap

TOOL, ROOT = os.path.abspath(sys.argv[1]), sys.argv[2]
IMAGES = 1500
PATIENCE_S = 60
LIST = ["--provider", "hetzner", "image", "list"]
CHANGE = ["--provider", "hetzner", "--replay", os.path.join(ROOT, "tests/fixtures/hetzner/deletion.har"), "image", "delete",
          "90210418", "--yes"]


def write_cassette(path):
    images = [{"id": n + 1, "type": "snapshot", "status": "available", "description": "d" * 200} for n in range(IMAGES)]
    entry = {"request": {"method": "GET", "url": "https://api.hetzner.cloud/v1/images?page=1&per_page=50"},
             "response": {"status": 200, "headers": [], "content": {"text": json.dumps({"images": images})}}}
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": [entry]}}, file)


def small_pipe(blocks=False):
    """A pipe of one page, which short texts fill."""
    read, write = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(write, blocks)
    return read, write


def fill(write):
    """Fills a pipe; returns how many bytes it took."""
    was_blocking, taken = os.get_blocking(write), 0
    os.set_blocking(write, False)
    try:
        while True:
            taken += os.write(write, b"x")
    except BlockingIOError:
        os.set_blocking(write, was_blocking)
        return taken


def start(words, out, err=subprocess.PIPE):
    environment = {"PATH": os.environ["PATH"], "HOME": HOME, "LC_ALL": "C.UTF-8"}
    return subprocess.Popen([TOOL, *words], env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err)


def read_slowly(read, pause_s=0.0):
    """Reads to the end. Starts late, so that the pipe is full."""
    time.sleep(0.2)
    got = bytearray()
    while part := os.read(read, 4096):
        got += part
        time.sleep(pause_s)
    os.close(read)
    return got.decode()


def stopped(process):
    """Waits until the process waits for its reader."""
    if not os.path.exists("/proc/self/stat"):
        time.sleep(2)
        return
    before, until = None, time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        time.sleep(0.3)
        usage = open(f"/proc/{process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[11:13]
        if usage == before:
            return
        before = usage
    raise AssertionError("the tool never waited")


def expected(words):
    done = subprocess.run([TOOL, *words], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout.decode()


def cases():
    listing = [*LIST, "--replay", CASSETTE]
    yield from ([*listing, "-o", form] for form in ("table", "json", "jsonl", "csv"))
    yield [*listing, "-o", "json", "--raw"]
    yield [*listing, "--columns", "id,description"]
    yield from (["completion", shell] for shell in ("bash", "zsh", "fish"))
    yield from (["--help"], ["image", "list", "--help"], ["provider", "list", "-o", "json"])


def stdout_nonblocking_pipe_is_complete():
    for words in cases():
        read, write = small_pipe()
        process = start(words, write)
        os.close(write)
        got = read_slowly(read)
        err, code = process.communicate(timeout=PATIENCE_S)[1], process.returncode
        assert (code, err) == (0, b""), f"{words}: exit status {code}: {err}"
        assert got == expected(words), f"{words}: {len(got)} bytes came"


def stderr_nonblocking_pipe_is_complete():
    read, write = small_pipe()
    taken = fill(write)
    process = start([*LIST, "--replay", "/none/at/all"], subprocess.PIPE, write)
    os.close(write)
    got = read_slowly(read)
    assert process.wait(PATIENCE_S) == 2 and taken
    assert "/none/at/all" in got[taken:], got[-200:]


def signal_while_stdout_is_full_ends():
    for blocks in (False, True):
        for number in (signal.SIGINT, signal.SIGTERM):
            read, write = small_pipe(blocks)
            process = start([*LIST, "--replay", CASSETTE, "-o", "json"], write)
            os.close(write)
            stopped(process)
            process.send_signal(number)
            err = process.communicate(timeout=10)[1].decode()
            os.close(read)
            assert process.returncode == 130, f"exit status {process.returncode}: {err}"
            assert "interrupted while writing to stdout" in err, err


def signal_while_reader_is_slow_ends():
    read, write = small_pipe()
    process = start([*LIST, "--replay", CASSETTE, "-o", "json"], write)
    os.close(write)
    os.read(read, 100)
    process.send_signal(signal.SIGTERM)
    got = read_slowly(read, 0.01)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130 and len(got) < 100000, f"{process.returncode}, {len(got)} bytes"


def outcome_of_change_goes_to_stderr():
    """A signal ends a command whose stdout has no reader; stderr then names the change."""
    read, write = small_pipe()
    fill(write)
    process = start(CHANGE, write)
    os.close(write)
    stopped(process)
    process.send_signal(signal.SIGTERM)
    err = process.communicate(timeout=10)[1].decode()
    os.close(read)
    assert process.returncode == 130, f"exit status {process.returncode}: {err}"
    assert "image 90210418: done" in err and "may have been applied" in err, err


def closed_reader_ends_list_silently():
    read, write = small_pipe()
    process = start([*LIST, "--replay", CASSETTE, "-o", "json"], write)
    os.close(write)
    os.read(read, 100)
    os.close(read)
    err = process.communicate(timeout=PATIENCE_S)[1]
    assert (process.returncode, err) == (1, b""), f"{process.returncode} {err}"


def stopped_terminal_waits_then_ends():
    """A terminal that is stopped for a while, as after Ctrl-S."""
    for goes_on in (True, False):
        master, slave = pty.openpty()
        process = start([*LIST, "--replay", CASSETTE, "-o", "json"], slave)
        os.close(slave)
        got = os.read(master, 100)
        stopped(process)
        if goes_on:
            try:
                while part := os.read(master, 65536):
                    got += part
            except OSError:  # the end, on Linux
                pass
            process.communicate(timeout=PATIENCE_S)
            assert process.returncode == 0 and len(json.loads(got)) == IMAGES, process.returncode
        else:
            process.send_signal(signal.SIGTERM)
            until = time.monotonic() + 10
            while process.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            assert process.poll() == 130, process.poll()
            process.communicate()
        os.close(master)


TESTS = [stdout_nonblocking_pipe_is_complete, stderr_nonblocking_pipe_is_complete, signal_while_stdout_is_full_ends,
         signal_while_reader_is_slow_ends, outcome_of_change_goes_to_stderr, closed_reader_ends_list_silently,
         stopped_terminal_waits_then_ends]

with tempfile.TemporaryDirectory() as HOME:
    CASSETTE = os.path.join(HOME, "list.har")
    write_cassette(CASSETTE)
    sys.exit(tap.run([(test,) for test in TESTS]))
