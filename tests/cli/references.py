#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""References to images, and arguments from stdin. Usage: references.py TOOL"""

import json
import os
import re
import subprocess

from terminal_fixture import Cloud, ENDPOINT, HOME, TOOL, action, cloud, error, listed, run_tests


def image(number, text=None, created="2024-03-01T00:00:00Z", **more):
    return {"id": number, "type": "snapshot", "name": None, "description": text, "created": created, "labels": {}, **more}


WEB, DB = image(11, "web"), image(12, "db")


def run(*words, stdin=None, flags=("-o", "json"), provider="hetzner"):
    environment = {"PATH": os.environ["PATH"], "HOME": HOME, "HCLOUD_TOKEN": "a-token-of-this-test",
                   "DIGITALOCEAN_TOKEN": "a-token-of-this-test", "IMGACT_ENDPOINT": ENDPOINT, "IMGACT_PROVIDER": provider}
    done = subprocess.run([TOOL, *flags, *words], env=environment, input=stdin or b"", capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def fails(status, code, words, *arguments, stdin=None, sent=None, provider="hetzner"):
    """The command fails as a whole, names the reason, and changes nothing."""
    before = len(Cloud.seen)
    exit_status, out, err = run(*arguments, stdin=stdin, provider=provider)
    got = json.loads(err)["error"]
    assert (exit_status, got["code"], out) == (status, code, ""), f"{arguments}: {exit_status} {out} {err}"
    assert words in got["message"], err
    assert sent is None or len(Cloud.seen) - before == sent, Cloud.seen[before:]
    assert all(method == "GET" for method, _ in Cloud.seen[before:]), Cloud.seen
    return got


def deleted(*arguments, stdin=None):
    status, out, err = run("image", "delete", *arguments, "--yes", stdin=stdin)
    assert status == 0, f"{arguments}: {status} {out} {err}"
    return [outcome["image_id"] for outcome in json.loads(out)]


def own(*images):
    cloud(GET_images=[(200, listed(*images))], **{f"DELETE_images_{i['id']}": [(204, None)] for i in images})


def text_is_own_image():
    own(WEB, DB, image(13, "Web"), image(14, "4711"), image(15, "tag:x"))
    for ref, number in (("web", "11"), ("description:web", "11"), ("description:4711", "14"), ("tag:x", "15")):
        Cloud.seen = []
        assert deleted(ref) == [number]
        assert Cloud.seen == [("GET", "/v1/images"), ("DELETE", f"/v1/images/{number}")], Cloud.seen


def id_needs_no_list():
    own(WEB)
    for ref in ("11", "id:11"):
        Cloud.seen = []
        assert deleted(ref) == ["11"]
        assert Cloud.seen == [("DELETE", "/v1/images/11")], Cloud.seen


def one_list_resolves_all():
    own(WEB, DB, image(13, "third"))
    assert deleted("third", "12", "web") == ["13", "12", "11"]
    assert Cloud.seen[0] == ("GET", "/v1/images") and len(Cloud.seen) == 4, Cloud.seen


def invalid_reference_sends_nothing():
    own(WEB)
    for ref in ("id:x", "id:", "id:01", "name:", "a\nb", "\x1b[31m", "x" * 256, "é" * 256):
        fails(2, "invalid_argument", "invalid image", "image", "delete", ref, sent=0)
    fails(2, "invalid_argument", "needs a prefix", "image", "delete", "--", "-5", sent=0)
    fails(10, "unsupported", "slugs", "image", "convert", "slug:x", sent=0)
    fails(2, "invalid_argument", "token", "image", "convert", "a-token-of-this-test", sent=0)
    fails(10, "unsupported", "transfer", "image", "transfer", "web", "--region", "nyc3", sent=0)
    fails(2, "invalid_argument", "KEY=VALUE", "image", "update", "web", "--label", "x", sent=0)


def missing_image_is_not_found():
    own(WEB)
    got = fails(4, "not_found", "'nobody'", "image", "delete", "web", "nobody", "12")
    assert got["http_status"] is None and got["provider"] == "hetzner", got
    for words in (("image", "get", "nobody"), ("image", "update", "nobody", "--description", "d"), ("action", "list", "--image", "nobody")):
        fails(4, "not_found", "'nobody'", *words)
    assert deleted("nobody", "web", "--ignore-missing") == ["nobody", "11"]
    assert deleted("nobody", "--ignore-missing") == ["nobody"]


def several_images_are_conflict():
    own(*[image(100 + n, "same", f"2024-03-{n + 1:02}T00:00:00Z") for n in range(11)], image(99, "same", "2024-03-11T00:00:00Z"),
        image(5, "same", None))
    got = fails(5, "conflict", "13 images match 'same'", "image", "delete", "same")
    candidates = got["details"]["candidates"]
    assert [c["id"] for c in candidates] == ["110", "99", *map(str, range(109, 101, -1))], candidates
    assert list(candidates[0]) == ["id", "type", "name", "description", "created_at"], candidates[0]
    status, out, err = run("image", "delete", "same", flags=())
    assert (status, out) == (5, "") and "imgact:   110  snapshot  2024-03-11T00:00:00Z  same\n" in err, err


def find_several_names_flags():
    own(WEB, DB)
    got = fails(5, "conflict", "2 images match; the newest: 12, 11; select one with --newest or --oldest", "image", "find", "--mine")
    assert [c["id"] for c in got["details"]["candidates"]] == ["12", "11"], got
    status, out, err = run("image", "find", "--mine", "--newest")
    assert status == 0 and json.loads(out)["id"] == "12", err


def ages_are_printed_as_times():
    own(WEB)
    status, out, err = run("image", "list", "--older-than", "1d")
    assert status == 0 and re.search(r"^imgact: note: --older-than 1d: created before \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", err), err
    assert [i["id"] for i in json.loads(out)] == ["11"], out
    for words in (("-q", "--older-than", "1d"), ("--older-than", "2024-03-01T01:00:00+00:30")):
        assert run("image", "list", *words)[2] == ""


def same_image_twice_is_rejected():
    own(WEB, DB)
    fails(2, "invalid_argument", "duplicate image 11: '11' and 'id:11'", "image", "delete", "11", "id:11", sent=0)
    for refs in (("web", "11"), ("db", "web", "description:web")):
        fails(2, "invalid_argument", "duplicate image", "image", "delete", *refs, sent=1)


def failing_list_resolves_nothing():
    cloud(GET_images=[(403, error("forbidden", "no"))])
    fails(3, "forbidden", "no", "image", "delete", "web", sent=1)


def stdin_gives_references():
    own(WEB, DB, image(13, "third"))
    assert deleted("-", stdin=b" third\n12\t\r\n\n id:11") == ["13", "12", "11"]
    for empty in (b"", b" \n\t\n"):
        Cloud.seen = []
        assert run("image", "convert", "-", stdin=empty)[:2] == (0, "[]\n")
        assert not Cloud.seen
    many = "".join(f"{n}\n" for n in range(1, 100_002)).encode()
    for text, words in ((many, "too many words"), (b"1 \xff", "UTF-8"), (b"1 a\0b", "UTF-8"), (b"1 2 1", "duplicate argument '1'")):
        fails(2, "invalid_argument", words, "image", "delete", "-", "--yes", stdin=text, sent=0)
    fails(2, "invalid_argument", "the only one", "image", "delete", "-", "2", "--yes", stdin=b"1", sent=0)
    fails(2, "invalid_argument", "--yes", "image", "delete", "-", stdin=b"1", sent=0)
    fails(2, "invalid_argument", "too many words", "image", "get", "-", stdin=b"1 2", sent=0)


def stdin_gives_actions():
    cloud(GET_actions=[(200, {"actions": [{**action(n), "status": "success"} for n in (500, 501)]})])
    status, out, err = run("action", "wait", "-", stdin=b"500\n501")
    assert status == 0 and [a["id"] for a in json.loads(out)] == ["500", "501"], err


def flag_takes_reference():
    cloud(GET_images=[(200, listed(WEB, DB))], GET_images_12_actions=[(200, {"actions": [action(12)], "meta": {"pagination": {"next_page": None}}})])
    status, out, err = run("action", "list", "--image", "db", "--page", "2", "--limit", "1")
    assert status == 0 and [a["id"] for a in json.loads(out)] == ["12"], f"{out} {err}"


def get_prefers_names_of_cloud():
    """A name is looked up at the API first, then among the own images; a forced one is not."""
    cloud(GET_images=[(200, listed(image(31, "Debian 12", name="debian-12", type="system"), image(11, "debian-12"), DB))])
    for ref, number in (("debian-12", "31"), ("description:debian-12", "11"), ("db", "12")):
        status, out, err = run("image", "get", ref, "--raw")
        got = json.loads(out)
        assert status == 0 and got["id"] == number and got["raw"]["id"] == int(number), f"{ref}: {out} {err}"


def get_forced_id_finds_no_name():
    cloud(GET_images=[(200, listed(image(31, "x", name="4711")))])
    status, out, err = run("image", "get", "4711")
    assert status == 0 and json.loads(out)["id"] == "31", err
    fails(4, "not_found", "id:4711", "image", "get", "id:4711")


def update_takes_reference():
    changed = {**DB, "labels": {"a": "b"}}
    cloud(GET_images=[(200, listed(WEB, DB))], GET_images_12=[(200, {"image": DB})], PUT_images_12=[(200, {"image": changed})])
    status, out, err = run("image", "update", "db", "--label", "a=b")
    assert status == 0 and json.loads(out)["labels"] == {"a": "b"}, err


run_tests([text_is_own_image, id_needs_no_list, one_list_resolves_all, invalid_reference_sends_nothing, missing_image_is_not_found,
           several_images_are_conflict, find_several_names_flags, ages_are_printed_as_times, same_image_twice_is_rejected,
           failing_list_resolves_nothing, stdin_gives_references, stdin_gives_actions, flag_takes_reference,
           get_prefers_names_of_cloud, get_forced_id_finds_no_name, update_takes_reference])
