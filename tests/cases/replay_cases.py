#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Replays every real reply of a folder of cases through every command of the tool, and checks what it makes of them.

    replay_cases.py IMGACT CASES

The folder (the project's own documents have it beside the checkout, it is no part of it) holds an index.json and bodies,
exchanges and tables per cloud. Each is served by a loopback server to every command of its cloud: none may crash or print
a sanitizer's report. Where command and body belong together, the JSON that comes out is compared, field by field, with
what a second, independent reading of the contract makes of the body. Prints TAP.
"""

import datetime, http.server, json, os, re, subprocess, sys, threading
from pathlib import Path

TOKEN = "case-token-0123456789abcdef0123456789abcdef"
COMPARED = []  # commands whose output was held against the second reading
REPLIES = []  # of the command that runs; the last one repeats


class Cloud(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, headers, body = REPLIES.pop(0) if len(REPLIES) > 1 else REPLIES[0]
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if status != 204 else b"")

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *args):
        pass


# -- the contract, read once more

def time_of(text):
    if not isinstance(text, str):
        return None
    text = re.sub(r"\.\d+", "", text.replace("Z", "+00:00"))
    when = datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def word(text):
    return text if isinstance(text, str) and text else None


def string(text):
    return text if isinstance(text, str) else None


def id_of(number):
    return None if number is None else str(number)


def number(value):
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def hetzner_image(i):
    kinds = ("system", "app", "snapshot", "backup")
    states = ("creating", "available", "unavailable")
    source = i.get("created_from")
    return {"provider": "hetzner", "id": str(i["id"]), "name": string(i.get("name")), "slug": None,
            "description": string(i.get("description")), "type": i["type"] if i.get("type") in kinds else "unknown",
            "provider_type": string(i.get("type")), "status": i["status"] if i.get("status") in states else "unknown",
            "provider_status": string(i.get("status")), "architecture": string(i.get("architecture")),
            "os_family": string(i.get("os_flavor")), "os_version": string(i.get("os_version")),
            "public": None if "type" not in i else i["type"] in ("system", "app"), "size_gb": number(i.get("image_size")),
            "min_disk_gb": number(i.get("disk_size")), "regions": None, "labels": i.get("labels"), "tags": None,
            "protected": (i.get("protection") or {}).get("delete"), "created_at": time_of(i.get("created")),
            "deprecated_at": time_of((i.get("deprecation") or {}).get("announced") or i.get("deprecated")), "deleted_at": time_of(i.get("deleted")),
            "created_from": source and {"id": id_of(source.get("id")), "name": string(source.get("name"))},
            "bound_to": id_of(i.get("bound_to")), "error_message": None, "profile": None,
            "unavailable_after": time_of((i.get("deprecation") or {}).get("unavailable_after")), "rapid_deploy": i.get("rapid_deploy")}


def digitalocean_image(i):
    kinds = {"base": "system", "snapshot": "snapshot", "backup": "backup", "custom": "custom"}
    states = {"new": "creating", "pending": "creating", "available": "available", "deleted": "deleted", "retired": "retired"}
    kind = "system" if i.get("public") is True else kinds.get(i.get("type"), "unknown")
    return {"provider": "digitalocean", "id": str(i["id"]), "name": string(i.get("name")), "slug": word(i.get("slug")),
            "description": string(i.get("description")), "type": kind, "provider_type": string(i.get("type")),
            "status": states.get(str(i.get("status")).lower(), "unknown"), "provider_status": string(i.get("status")),
            "architecture": None, "os_family": string(i.get("distribution")), "os_version": None, "public": i.get("public"),
            "size_gb": number(i.get("size_gigabytes")), "min_disk_gb": number(i.get("min_disk_size")),
            "regions": i.get("regions"), "labels": None, "tags": i.get("tags"), "protected": None,
            "created_at": time_of(i.get("created_at")), "deprecated_at": None, "deleted_at": None, "created_from": None,
            "bound_to": None, "error_message": word(i.get("error_message")), "profile": None, "unavailable_after": None, "rapid_deploy": None}


def kind_of(command):
    if isinstance(command, str) and command.startswith("convert"):
        return "convert"
    if command in ("create_image", "snapshot"):
        return "create"
    return command if command in ("transfer", "change_protection", "create") else "other"


def hetzner_action(a):
    status = a.get("status")
    error = a.get("error") or {}
    return {"provider": "hetzner", "id": str(a["id"]), "command": string(a.get("command")), "kind": kind_of(a.get("command")),
            "status": status if status in ("running", "success", "error") else "unknown", "provider_status": string(status),
            "progress": a.get("progress"), "started_at": time_of(a.get("started")), "finished_at": time_of(a.get("finished")),
            "region": None, "resources": [{"id": str(r["id"]), "type": r["type"]} for r in a.get("resources") or []],
            "error": {"code": word(error.get("code")), "message": word(error.get("message"))} if status == "error" else None,
            "profile": None}


def digitalocean_action(a):
    states = {"in-progress": "running", "completed": "success", "errored": "error"}
    region, status = a.get("region"), states.get(a.get("status"), "unknown")
    slug = a.get("region_slug") or (region if isinstance(region, str) else (region or {}).get("slug"))
    about = [] if a.get("resource_id") is None else [{"id": str(a["resource_id"]), "type": a.get("resource_type")}]
    return {"provider": "digitalocean", "id": str(a["id"]), "command": string(a.get("type")), "kind": kind_of(a.get("type")),
            "status": status, "provider_status": string(a.get("status")), "progress": None,
            "started_at": time_of(a.get("started_at")), "finished_at": time_of(a.get("completed_at")), "region": word(slug),
            "resources": about, "error": {"code": None, "message": None} if status == "error" else None, "profile": None}


READ = {("hetzner", "image"): hetzner_image, ("digitalocean", "image"): digitalocean_image,
        ("hetzner", "action"): hetzner_action, ("digitalocean", "action"): digitalocean_action}


def expected(cloud, words, body):
    """What a command must print of a body, or None where they do not belong together."""
    noun, verb = (words + [""])[:2]
    if verb == "list" and isinstance(body.get(noun + "s"), list):
        items = body[noun + "s"]
        if noun == "action" and cloud == "digitalocean" and "--image" not in words:
            items = [a for a in items if a.get("resource_type") == "image"]
        return [READ[cloud, noun](i) for i in items]
    if verb in ("get", "update") and isinstance(body.get(noun), dict):
        return READ[cloud, noun](body[noun])
    return None


# -- running

def id_in(body, noun, other):
    """The id that a command must name for this body to be its response: a response about another one is rejected."""
    try:
        return str(json.loads(body)[noun]["id"])
    except (ValueError, KeyError, TypeError):
        return other


def image_of_actions(body, other):
    """The image that all actions of a list belong to: a list of another image's actions is rejected, too."""
    try:
        actions = json.loads(body)["actions"]
        about = [a.get("resource_id") or a["resources"][0]["id"] for a in actions]
        return str(about[0]) if len(set(about)) == 1 else other
    except (ValueError, KeyError, TypeError, IndexError):
        return other


def commands(cloud, body):
    image, action = id_in(body, "image", "4711"), id_in(body, "action", "13")
    yield ["image", "list", "--page", "1"]
    yield ["image", "get", image]
    yield ["image", "update", image, "--description", "d"]
    yield ["image", "delete", image, "--yes"]
    yield ["image", "convert", image, "--wait"]
    yield ["image", "transfer", image, "--region", "nyc3"] if cloud == "digitalocean" else ["image", "protect", image]
    yield ["action", "list", "--page", "1"]
    yield ["action", "list", "--image", image_of_actions(body, image), "--page", "1"]
    yield ["action", "get", action]
    yield ["action", "wait", action]
    yield ["ratelimit"]


def run(tool, cloud, port, words, form):
    env = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS") or k in ("PATH", "HOME")}
    env["HCLOUD_TOKEN" if cloud == "hetzner" else "DIGITALOCEAN_TOKEN"] = TOKEN
    endpoint = f"http://127.0.0.1:{port}" + ("/v1" if cloud == "hetzner" else "")
    # What is compared has time on a busy machine; a wait may poll until its deadline.
    deadline = "3s" if words[1:2] in (["list"], ["get"], ["update"]) else "300ms"
    return subprocess.run([tool, "--provider", cloud, "--endpoint", endpoint, "-o", form, "--retry-base", "1ms", "--settle",
                           "5ms", "--poll-interval", "1ms", "--max-attempts", "2", "--deadline", deadline, *words],
                          env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


def replies_of(entry, text):
    if entry["kind"] == "body":
        return [(entry["status"], [("Content-Type", "application/json")], text.encode())]
    if entry["kind"] == "table":
        cases = [x for x in json.loads(text)["cases"] if "body" in x]
        return [(x.get("status", 400), [], (x["body"] if isinstance(x["body"], str) else json.dumps(x["body"])).encode())
                for x in cases] or [(400, [], text.encode())]
    drop = {"transfer-encoding", "content-length", "content-encoding", "connection"}
    return [(x["response"]["status"], [(k, v) for k, v in x["response"]["headers"] if k.lower() not in drop],
             (x["response"]["body"] or "").encode()) for x in json.loads(text)["exchanges"]]


def trouble(tool, cloud, port, entry, text):
    replies = replies_of(entry, text)
    first = replies[0]
    for words in commands(cloud, first[2]):
        for form in ("json", "table") if words[1:2] in (["list"], ["get"]) else ("json",):
            REPLIES[:] = replies
            r = run(tool, cloud, port, words, form)
            out, err = r.stdout.decode("utf-8", "replace"), r.stderr.decode("utf-8", "replace")
            if r.returncode < 0 or "Sanitizer" in err or "runtime error:" in err:
                return f"{' '.join(words)}: crashed ({r.returncode}): {err[:300]}"
            if TOKEN in out + err:
                return f"{' '.join(words)}: the token is in the output"
            if form != "json" or not 200 <= first[0] < 300 or entry["kind"] == "table":
                continue
            try:
                want = expected(cloud, words, json.loads(first[2]))
            except (ValueError, AttributeError):
                continue
            if want is None or (words[:2] == ["action", "get"] and len(replies) > 1):
                continue
            if r.returncode != 0:
                return f"{' '.join(words)}: exit {r.returncode}: {err[:300]}"
            COMPARED.append(words)
            if json.loads(out) != want:
                return f"{' '.join(words)}: printed {json.loads(out)}, want {want}"
    return None


def main():
    tool, cases = sys.argv[1], Path(sys.argv[2])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    entries = json.loads((cases / "index.json").read_text())["entries"]
    print(f"1..{len(entries)}")
    failed = 0
    for n, entry in enumerate(entries, 1):
        cloud = entry["file"].split("/")[0]
        wrong = trouble(tool, cloud, server.server_address[1], entry, (cases / entry["file"]).read_text())
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {n} - {entry['file']}" + (f"\n# {wrong}" if wrong else ""), flush=True)
    print(f"# {len(COMPARED)} outputs compared field by field")
    if len(COMPARED) < len(entries) // 2:
        print("not ok - hardly anything was compared")
        failed += 1
    sys.exit(1 if failed else 0)


main()
