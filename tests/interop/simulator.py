# SPDX-License-Identifier: MIT
"""A running imgact-sim, and the imgact tool pointed at it."""

import json, os, subprocess, sys, urllib.request

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
from tap import Skipped, run  # the tests take them from here

TOKEN = "a-token-of-the-interop-tests"


class Simulator:
    def __init__(self, binary, *flags):
        self.process = subprocess.Popen([binary, *flags], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{binary} ended with {self.process.wait()}")
        self.urls = json.loads(line)
        self.hetzner, self.digitalocean = self.urls["hetzner"], self.urls["digitalocean"]

    def control(self, method, path, body=None):
        request = urllib.request.Request(f"{self.digitalocean}/_sim/{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)

    def effects(self):
        return self.control("GET", "counters")["effects"]

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=10)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        status = self.process.returncode if self.process.poll() is not None else self.stop()
        self.process.stdout.close()
        if status and not kind:
            raise AssertionError(f"imgact-sim ended with {status}")


class Tool:
    """The imgact command on one of the simulator's clouds."""

    def __init__(self, binary, simulator, provider):
        self.words = [binary, "--provider", provider, "--endpoint", simulator.urls[provider], "-o", "json"]
        self.environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "HCLOUD_TOKEN": TOKEN, "DIGITALOCEAN_TOKEN": TOKEN,
                            **{k: v for k, v in os.environ.items() if k.endswith("_OPTIONS")}}

    def __call__(self, *words, exit=0):
        done = subprocess.run([*self.words, *map(str, words)], capture_output=True, text=True, env=self.environment, timeout=60)
        if done.returncode != exit:
            raise AssertionError(f"imgact {words}: exit {done.returncode}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None


def world(**more):
    """The images that most tests work on; limits off, since clients that poll would meet them."""
    label = {"env": "prod", "keep": ""}
    return {
        "limits": {"hetzner": {"limit": 0, "actions": 0}, "digitalocean": {"limit": 0, "burst": 0}},
        "settings": {"durations_ms": {"transfer": 1500, "convert": 1500, "protect": 1500, "unprotect": 1500, "create_image": 1500},
                     "unlock_ms": 0},
        "hetzner": {"images": [
            {"id": 1, "type": "system", "name": "debian-12", "os_flavor": "debian", "os_version": "12", "disk_size": 5},
            {"id": 2, "type": "system", "name": "debian-12", "architecture": "arm", "os_flavor": "debian", "disk_size": 5},
            {"id": 3, "type": "system", "name": "debian-10", "deprecated": "2024-01-01T00:00:00Z", "os_flavor": "debian"},
            {"id": 10, "type": "snapshot", "description": "ten", "labels": label, "image_size": 2.3, "disk_size": 20,
             "os_flavor": "ubuntu", "created_from": {"id": 5, "name": "web"}},
            {"id": 11, "type": "backup", "description": "eleven", "bound_to": 5, "disk_size": 20, "os_flavor": "ubuntu"},
            {"id": 12, "type": "snapshot", "description": "twelve", "protection": {"delete": True}, "os_flavor": "ubuntu"}]},
        "digitalocean": {"images": [
            {"id": 1, "type": "base", "public": True, "slug": "debian-12-x64", "name": "Debian 12", "distribution": "Debian",
             "regions": ["nyc1", "nyc3"], "min_disk_size": 10, "size_gigabytes": 0.5},
            {"id": 10, "type": "snapshot", "name": "ten", "distribution": "Ubuntu", "regions": ["nyc1"], "tags": ["prod"],
             "min_disk_size": 20, "size_gigabytes": 2.34},
            {"id": 11, "type": "backup", "name": "eleven", "distribution": "Ubuntu", "regions": ["nyc1"], "min_disk_size": 20,
             "size_gigabytes": 1},
            {"id": 12, "type": "custom", "name": "twelve", "distribution": "Unknown", "regions": ["nyc1"], "min_disk_size": 20,
             "size_gigabytes": 1}]},
        **more}


def fresh(simulator):
    simulator.control("DELETE", "faults")
    simulator.control("PUT", "world", world())


def equal(got, expected):
    if got != expected:
        raise AssertionError(f"{got!r} is not {expected!r}")
