#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes seeds of the fuzz targets from the project's fixtures, docs and demo: make_seeds.py ROOT FOLDER STAMP DEPFILE

Each target gets a folder below FOLDER. The ids of a fixture's call become those that the targets use: 4711 and 13."""

import hashlib
import json
import pathlib
import re
import shlex
import shutil
import sys

KINDS = ["list_images", "get_image", "update_image", "delete_image", "list_actions", "get_action",
         "change_protection", "convert", "transfer", "wait_actions"]


class Seeds:
    def __init__(self, folder):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)

    def add(self, target, data):
        """Writes a seed under a name of its content, so that equal ones are there once."""
        if isinstance(data, str):
            data = data.encode()
        path = self.folder / target / hashlib.sha256(data).hexdigest()[:16]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def letter(kind):
    return chr(ord("a") + KINDS.index(kind))


def with_usual_ids(text, call):
    """The fixture's text with the ids that the targets ask for."""
    names = {"image": "4711", "action": "13"}
    for key, usual in names.items():
        own = call.get(key)
        if isinstance(own, str) and own.isdigit() and len(own) > 1:
            text = re.sub(rf"(?<!\d){own}(?!\d)", usual, text)
    for own, usual in zip(call.get("actions", []), ["13", "14"]):
        if isinstance(own, str) and own.isdigit():
            text = re.sub(rf"(?<!\d){own}(?!\d)", usual, text)
    return text


def body_of(part):
    text = part.get("text", "")
    return text if isinstance(text, str) else ""


def reply(entry):
    """The response as the targets read it; a failure is a lost response."""
    response = entry["response"]
    if not response["status"]:
        return "000\n"
    headers = "".join(f"{h['name']}: {h['value']}\n" for h in response.get("headers", []))
    return f"{response['status']:03d}\n{headers}\n{body_of(response.get('content', {}))}"


def slots(request, provider):
    """The operations that send such a request."""
    path = re.sub(r"^https?://[^/]+/v\d+", "", request["url"]).split("?")[0]
    method, body = request["method"], body_of(request.get("postData") or {})
    if method == "PUT":
        return ["update_image"] + (["convert"] if "snapshot" in body else [])
    if method == "DELETE":
        return ["delete_image"]
    if method == "POST":
        return ["transfer" if "transfer" in body else "convert" if "convert" in body else "change_protection"]
    if re.fullmatch(r"/images", path):
        return ["list_images"]
    if re.fullmatch(r"/images/[^/]+", path) and not path.endswith("/actions"):
        return ["get_image"]
    if re.search(r"/actions$", path):
        return ["wait_actions"] if provider == "hetzner" and path == "/actions" else ["list_actions"]
    return ["get_action", "wait_actions"]


def stored_call(call, provider):
    """The call as the JSON of a journal."""
    stored = {"provider": provider, "op": call["op"], "image": "4711"}
    if call["op"] == "transfer":
        stored["region"] = call.get("region", "nyc3")
    if call["op"] == "change_protection":
        stored["protect"] = bool(call.get("protect", True))
    if call["op"] == "update_image":
        stored.update({key: call[key] for key in ("name", "description", "distribution", "labels", "convert_to_snapshot")
                       if key in call})
    return json.dumps(stored)


def arguments(call, provider):
    """The call as the lines of encode.c."""
    def text(key, otherwise=""):
        value = call.get(key, otherwise)
        value = value[0] if isinstance(value, list) and value else value
        return str(value).replace("\n", "\x01")

    labels = list(call["labels"].items()) if isinstance(call.get("labels"), dict) else []
    labels = [(str(k), str(v)) for k, v in labels] + [("env", "prod"), ("a", "b")]
    lines = [f"{provider[0]}{letter(call['op'])}O", text("image"), text("action", text("actions")), text("region"),
             text("name"), text("label_selector"), text("tag"), text("sort"), text("description"),
             labels[0][0], labels[0][1], labels[1][0], labels[1][1], text("architecture"), "app/1.0"]
    return "\n".join(lines)


def from_fixture(seeds, path):
    log = json.loads(path.read_text())["log"]
    provider, call = log["_imgact"]["provider"], log["_imgact"]["call"]
    if call["op"] not in KINDS:
        return
    entries = log["entries"]
    replies = [with_usual_ids(reply(entry), call) for entry in entries]
    requests = [entry["request"] for entry in entries]
    flags = "A" if call.get("wait") or call["op"] == "wait_actions" else "@"
    head = f"{provider[0]}{letter(call['op'])}{flags}\n"
    seeds.add("engine", head + "\n%%\n".join(replies))
    if call["op"] in ("update_image", "delete_image", "change_protection", "convert", "transfer"):
        seeds.add("resume", f"{provider[0]}1{flags}\n" + "\n%%\n".join([stored_call(call, provider)] + replies[1:]))
        seeds.add("resume", f"{provider[0]}1{flags}\n" + "\n%%\n".join([stored_call(call, provider)] + replies))
    for request, text in zip(requests, replies):
        for kind in slots(request, provider):
            seeds.add(f"decode_{provider}", f"{letter(kind)}@@\n{text}")
            failing = chr(ord("A") + len(text) % 24)  # which allocation fails
            seeds.add(f"memory_{provider}", f"{letter(kind)}@{failing}\n{text}")
    seeds.add("encode", arguments(call, provider))
    if requests:
        texts = [f"{r['method']} {r['url']}\n{body_of(r.get('postData') or {})}" for r in requests]
        seeds.add("match", "\n%%\n".join(texts[:8]))
        targets = [re.sub(r"^(\S+) https?://[^/]+", r"\1 ", text, count=1) for text in texts]
        seeds.add("sim", "\n%%\n".join(with_usual_ids(text, call) for text in targets[:20]))


def from_docs(seeds, path):
    """Every command line of the tool that the docs show."""
    for line in path.read_text().splitlines():
        found = re.search(r"(?:^|\s)imgact ((?:image|action|provider|ratelimit|config|completion|version|help|-).*)", line)
        if not found:
            continue
        try:
            words = shlex.split(re.sub(r"\\[ef][A-Z]|\\", "", found[1]), comments=True)
        except ValueError:
            continue
        seeds.add("args", "\n".join(word for word in words if word not in ("|", ">", "&&")))


def main():
    root, folder, stamp, depfile = (pathlib.Path(argument) for argument in sys.argv[1:])
    seeds = Seeds(folder)
    fixtures = sorted((root / "tests/fixtures").glob("*/*.har"))
    docs = sorted([*root.glob("docs/*.md"), root / "README.md", *root.glob("docs/man/imgact*.1"), root / "src/cli/commands.c"])
    demo = [root / "demo/world.json", root / "demo/faults.json"]
    for path in fixtures:
        from_fixture(seeds, path)
    for path in docs:
        from_docs(seeds, path)
    seeds.add("sim", "PUT /_sim/world\n" + demo[0].read_text() + "\n%%\nPOST /_sim/faults\n" + demo[1].read_text() +
              "\n%%\nGET /v1/images\n%%\nPOST /v2/images/4713/actions\n{\"type\":\"convert\"}\n%%\nGET /_sim/world\n")
    depfile.write_text(f"{stamp}: " + " ".join(str(path) for path in [*fixtures, *docs, *demo]) + "\n")
    stamp.write_text("")


main()
