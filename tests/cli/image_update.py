#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes of labels and tags of several images. Usage: image_update.py TOOL"""

import json
import os
import subprocess

from terminal_fixture import Cloud, ENDPOINT, HOME, TOOL, cloud, error, run_tests


def image(number, **more):
    return {"image": {"id": number, "type": "snapshot", "labels": {}, "tags": [], **more}}


def run(*words, provider="hetzner"):
    environment = {"PATH": os.environ["PATH"], "HOME": HOME, "HCLOUD_TOKEN": "a-token-of-this-test",
                   "DIGITALOCEAN_TOKEN": "a-token-of-this-test", "IMGACT_ENDPOINT": ENDPOINT, "IMGACT_PROVIDER": provider}
    done = subprocess.run([TOOL, "image", "update", "-o", "json", *words], env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def several_images_have_outcomes():
    cloud(GET_images_7=[(200, image(7, labels={"old": "1"}))], PUT_images_7=[(200, image(7))],
          GET_images_8=[(404, error("not_found", "gone"))])
    status, out, err = run("7", "8", "--remove-label", "old")
    outcomes = json.loads(out)
    assert (status, [(o["image_id"], o["ok"]) for o in outcomes]) == (9, [("7", True), ("8", False)]), (status, out, err)
    assert outcomes[0]["image"]["labels"] == {} and outcomes[1]["error"]["code"] == "not_found", out


def unchanged_labels_send_nothing():
    cloud(GET_images_7=[(200, image(7, labels={"a": "1"}))])
    status, out, err = run("7", "--label", "a=1", "--remove-label", "b")
    assert (status, json.loads(out)["labels"], Cloud.seen) == (0, {"a": "1"}, [("GET", "/v1/images/7")]), (out, err, Cloud.seen)


def tags_are_changed_before_the_rest():
    cloud()
    root = "/v1/v2"
    Cloud.replies.update({("POST", root + "/tags"): [(201, {"tag": {"name": "Web"}})],
                          ("POST", root + "/tags/Web/resources"): [(204, None)],
                          ("GET", root + "/images/7"): [(200, image(7, tags=["Web"]))],
                          ("PUT", root + "/images/7"): [(200, image(7, name="new", tags=["Web"]))]})
    status, out, err = run("7", "--tag", "web", "--name", "new", provider="digitalocean")
    assert (status, json.loads(out)["name"]) == (0, "new"), (status, out, err)
    assert [method for method, _ in Cloud.seen] == ["POST", "POST", "GET", "PUT"], Cloud.seen
    Cloud.seen, Cloud.replies = [], {("POST", root + "/tags"): [(403, {"id": "forbidden", "message": "no"})]}
    status, out, err = run("7", "8", "--tag", "web", "--name", "new", provider="digitalocean")
    assert (status, [o["error"]["code"] for o in json.loads(out)], len(Cloud.seen)) == (3, ["forbidden"] * 2, 1), (status, out, err)


run_tests([several_images_have_outcomes, unchanged_labels_send_nothing, tags_are_changed_before_the_rest])
