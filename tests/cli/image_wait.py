#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Waits for images. Usage: image_wait.py TOOL"""

import json
import os
import subprocess

from terminal_fixture import Cloud, ENDPOINT, HOME, TOOL, cloud, error, run_tests


def image(number, status, **more):
    return {"image": {"id": number, "type": "snapshot", "description": "x", "status": status, "labels": {}, **more}}


def run(*words):
    environment = {"PATH": os.environ["PATH"], "HOME": HOME, "HCLOUD_TOKEN": "a-token-of-this-test",
                   "HCLOUD_ENDPOINT": ENDPOINT, "IMGACT_PROVIDER": "hetzner"}
    done = subprocess.run([TOOL, "image", "wait", "--poll-interval", "1ms", *words], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def polls_until_available():
    cloud(GET_images_7=[(200, image(7, "creating")), (200, image(7, "creating")), (200, image(7, "available"))])
    status, out, err = run("7", "-o", "json")
    assert (status, err, json.loads(out)["status"], len(Cloud.seen)) == (0, "", "available", 3), (status, out, err, Cloud.seen)


def several_images_make_ordered_list():
    cloud(GET_images_7=[(200, image(7, "creating")), (200, image(7, "available"))], GET_images_8=[(200, image(8, "available"))])
    status, out, err = run("8", "7", "-o", "json")
    assert (status, [i["id"] for i in json.loads(out)]) == (0, ["8", "7"]), (status, out, err)


def deleted_image_is_failure():
    cloud(GET_images_7=[(200, image(7, "unavailable", deleted="2026-03-02T08:15:00Z"))], GET_images_8=[(404, error("not_found", "gone"))])
    status, out, err = run("8", "-o", "json")
    assert (status, out, json.loads(err)["error"]["code"]) == (4, "", "not_found"), (status, out, err)
    status, out, err = run("8", "9")
    assert (status, out) == (4, "") and "image 8" in err and "image 9" in err, (status, out, err)


def missing_image_is_deleted():
    cloud(GET_images_7=[(200, image(7, "available")), (404, error("not_found", "gone"))])
    status, out, err = run("7", "--status", "deleted")
    assert (status, out, err, len(Cloud.seen)) == (0, "", "", 2), (status, out, err, Cloud.seen)


def deadline_ends_wait_with_last_state():
    cloud(GET_images_7=[(200, image(7, "creating"))])
    status, out, err = run("7", "--deadline", "200ms", "-o", "json")
    assert (status, json.loads(out)["status"], json.loads(err)["error"]["code"]) == (8, "creating", "timeout"), (status, out, err)


def status_must_be_known():
    cloud()
    status, out, err = run("7", "--status", "creating")
    assert (status, out, Cloud.seen) == (2, "", []) and "available deleted" in err, (status, out, err)


run_tests([polls_until_available, several_images_make_ordered_list, deleted_image_is_failure, missing_image_is_deleted,
           deadline_ends_wait_with_last_state, status_must_be_known])
