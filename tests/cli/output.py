#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/output-formats.md lists exactly the keys and types that the tool prints. output.py TOOL SOURCE_ROOT

Every cassette of tests/fixtures becomes a command line; every object that comes out of it is held to the page. A key that the page
calls "or null" must have been null somewhere, and every key something else, so that the page promises no more than what was seen.
"""

import csv
import datetime
import glob
import io
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import tap

TOOL, ROOT = os.path.abspath(sys.argv[1]), sys.argv[2]
TIME = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def read_tables(path):
    """{heading: {key: (type, words)}} of the tables whose first column is `key`."""
    tables, heading = {}, None
    for line in open(path, encoding="utf-8"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("##"):
            heading = line.strip("# \n")
        elif line.startswith("| `") and len(cells) == 3 and re.fullmatch(r"`\w+`", cells[0]):
            tables.setdefault(heading, {})[cells[0].strip("`")] = (cells[1], re.findall(r"`([^`]+)`", cells[2]))
    return tables


PAGE = read_tables(os.path.join(ROOT, "docs/output-formats.md"))
CODES = re.findall(r"^\| `IMGACT_\w+` \| `(\w+)`", open(os.path.join(ROOT, "docs/errors.md"), encoding="utf-8").read(), re.M)
INSIDE = {("Image", "created_from"): "created_from", ("Action", "resources"): "resources", ("Action", "error"): "reason",
          ("Outcome", "action"): "Action", ("Outcome", "image"): "Image", ("Outcome", "error"): "Error"}
SHAPES = {"image list": "Image", "image find": "Image", "image get": "Image", "image update": "Image", "image wait": "Image", "image create": "Outcome", "image delete": "Outcome",
          "image convert": "Outcome", "image transfer": "Outcome", "image protect": "Outcome", "image unprotect": "Outcome",
          "action list": "Action", "action get": "Action", "action wait": "Action", "image handover": "Handover", "region list": "Region", "provider list": "Provider",
          "ratelimit": "Rate limit", "config list": "Profile", "config path": "Path", "config show": "Settings",
          "config check": "Settings", "version": "Version"}
seen = {}  # (shape, key): {"null", "value"}


def is_of(kind, words, value, where):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and is_number
    if kind == "number":
        return is_number
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "texts":
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if kind == "labels":
        return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
    if kind == "object":
        return check(INSIDE[where], value)
    if kind == "objects":
        return isinstance(value, list) and all(check(INSIDE[where], v) for v in value)
    if kind == "word":
        return value in (CODES if where == ("Error", "code") else words)
    if kind == "time":
        return isinstance(value, str) and TIME.fullmatch(value) is not None
    return kind == "any" or (kind in ("text", "id") and isinstance(value, str))


def check(shape, item, raw=False):
    """An object has the keys of the page, in the same order, each of its type."""
    keys = list(PAGE[shape])
    wanted = keys + ["raw"] if raw else keys
    if list(item) != wanted:
        raise AssertionError(f"{shape}: the page has {wanted}, the tool {list(item)}")
    for key in keys:
        kind, words = PAGE[shape][key]
        value, may_be_null = item[key], kind.endswith(" or null")
        seen.setdefault((shape, key), set()).add("null" if value is None else "value")
        if value is None and not may_be_null:
            raise AssertionError(f"{shape}.{key} is null")
        if value is not None and not is_of(kind.removesuffix(" or null"), words, value, (shape, key)):
            raise AssertionError(f"{shape}.{key} is no {kind}: {value!r}")
    return True


def run(*words, **env):
    environment = {"PATH": os.environ["PATH"], "HOME": HOME, "LC_ALL": "C.UTF-8", **env}
    done = subprocess.run([TOOL, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def command_of(call):
    """The command line of a fixture's call."""
    flags = {"types": "type", "statuses": "status", "os_family": "os", "architecture": "arch", "ids": "id", "via_image": "via-image"}
    op, call = call["op"], dict(call)
    words = {"list_images": "image list", "find_image": "image find", "get_image": "image get", "update_image": "image update", "delete_image": "image delete",
             "list_actions": "action list", "get_action": "action get", "wait_actions": "action wait", "convert": "image convert", "create_image": "image create", "import_image": "image create",
             "transfer": "image transfer", "list_regions": "region list", "create_handover": "image handover create", "change_protection": "image protect" if call.get("protect", True) else "image unprotect"}[op]
    if op == "import_image" and "distribution" in call:
        call["os"] = call.pop("distribution")
    flags_of = [f"--deadline={call['deadline_ms']}ms"] if "deadline_ms" in call else []
    arguments = []
    for key, value in call.items():
        if key in ("op", "protect", "deadline_ms", "raw"):
            continue
        if (key == "image" and not op.endswith("_actions") and op != "get_action") or key == "action" or \
                (key == "ids" and op == "wait_actions"):
            arguments += value if isinstance(value, list) else [value]
        elif key == "labels":
            flags_of += (["--clear-labels"] if op == "update_image" else []) + [f"--label={k}={v}" for k, v in value.items()]
        elif key in ("created_before", "created_after"):
            time = datetime.datetime.fromtimestamp(value / 1000, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            flags_of += [f"--{'older' if key == 'created_before' else 'newer'}-than={time}"]
        elif key in ("protection", "which"):
            flags_of += [f"--{value}"]
        elif key == "convert_to_snapshot":
            flags_of += ["--type=snapshot"]
        elif value is True:
            flags_of += ["--" + flags.get(key, key).replace("_", "-")]
        elif value is not False:
            flags_of += [f"--{flags.get(key, key).replace('_', '-')}={v}" for v in (value if isinstance(value, list) else [value])]
    return words, [*words.split(), *flags_of, "--", *arguments]


def objects_of_cassettes_match_page():
    count = 0
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/fixtures/*/*.har"))):
        with open(path, encoding="utf-8") as file:
            fixture = json.load(file)["log"]["_imgact"]
        name, words = command_of(fixture["call"])
        raw = ["--raw"] if SHAPES[name] in ("Image", "Action") and count % 2 else []
        status, out, err = run("--provider", fixture["provider"], "--replay", path, "-o", "jsonl", *raw, *words)
        try:
            items = [json.loads(line) for line in out.splitlines()]
            errors = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
            for item in items:
                check(SHAPES[name], item, bool(raw))
            for error in errors:
                check("Error", error["error"])
            count += bool(items)
            if status and not errors and not any(item.get("error") for item in items):
                raise AssertionError(f"exit status {status} and no error")
        except (AssertionError, ValueError) as e:
            raise AssertionError(f"{os.path.basename(path)}: {e}; {words}; {err}") from e
    if count < 150:
        raise AssertionError(f"{count} cassettes gave anything")


def objects_without_request_match_page():
    with open(os.path.join(HOME, "config.ini"), "w", encoding="utf-8") as file:
        file.write("default_profile = a\n[a]\nprovider = hetzner\n[b]\nprovider = digitalocean\n"
                   "endpoint = http://127.0.0.1:4002\ntoken_file = token\n")
    os.chmod(file.name, 0o600)
    with open(os.path.join(HOME, "token"), "w", encoding="utf-8") as file:
        file.write("a-token-of-this-test\n")
    config = {"IMGACT_CONFIG": os.path.join(HOME, "config.ini")}
    for words, more in (("provider list", {}), ("config list", config), ("config show", config), ("version", {}),
                        ("config show", {"IMGACT_PROVIDER": "hetzner", "HOME": ""}), ("config path", {}),
                        ("config path", {"HOME": ""}), ("config check", {**config, "IMGACT_PROFILE": "b"}),
                        ("config show", {**config, "HCLOUD_TOKEN": "a-token-of-this-test"})):
        for form in ("json", "jsonl"):
            status, out, err = run(*words.split(), "-o", form, **more)
            items = [json.loads(line) for line in out.splitlines()] if form == "jsonl" else json.loads(out)
            for item in items if isinstance(items, list) else [items]:
                check(SHAPES[words], item)
            if status:
                raise AssertionError(f"{words}: exit status {status}, {err}")


def replayed(command, provider, url, status, headers, body, variables={}, sent=None):
    """The output of the command if this is the only response; sent: body of a POST."""
    post = {"postData": {"mimeType": "application/json", "text": json.dumps(sent, separators=(",", ":"))}} if sent else {}
    entry = {"request": {"method": "POST" if sent else "GET", "url": url, **post},
             "response": {"status": status, "headers": [{"name": name, "value": value} for name, value in headers],
                          "content": {"text": json.dumps(body)}}}
    path = os.path.join(HOME, "replayed.har")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": [entry]}}, file)
    ended, out, err = run(*command.split(), "-o", "jsonl", "--provider", provider, "--replay", path, **variables)
    if ended:
        raise AssertionError(err)
    return json.loads(out)


def created_from_without_id_matches_page():
    image = {"id": 7, "type": "snapshot", "created_from": {"name": "web-1"}}
    check("Image", replayed("image get 7", "hetzner", "https://api.hetzner.cloud/v1/images/7", 200, [], {"image": image}))


def rate_limit_matches_page():
    headers = {"hetzner": [["RateLimit-Limit", "3600"], ["RateLimit-Remaining", "3599"], ["RateLimit-Reset", "1772439300"]],
               "digitalocean": [["Retry-After", "7"]]}
    for provider, told in headers.items():
        url = "https://api.hetzner.cloud/v1/images" if provider == "hetzner" else "https://api.digitalocean.com/v2/images"
        check("Rate limit", replayed("ratelimit", provider, url + "?page=1&per_page=1", 200 if provider == "hetzner" else 429,
                                     told, {"images": [], "id": "too_many_requests"}))


def region_matches_page():
    for region in ({"slug": "nyc3", "name": "New York 3", "available": True, "features": ["image_transfer"]}, {"slug": "x"}):
        check("Region", replayed("region list", "digitalocean", "https://api.digitalocean.com/v2/regions?page=1&per_page=200", 200,
                                 [], {"regions": [region]}))


def handover_matches_page():
    url = "https://api.digitalocean.com/v2/images/7/account_transfer"
    for number in (0, 3164444):
        offer = replayed("image handover create 7 --email a@example.com", "digitalocean", url, 201, [], {"transfer_id": number},
                         sent={"recipient_email": "a@example.com"})
        check("Handover", offer)
        if offer != {"image_id": "7", "transfer_id": str(number), "accepted": number == 0}:
            raise AssertionError(offer)


def profile_matches_page():
    """In images, actions, errors and rate limits, if a profile is used."""
    with open(os.path.join(HOME, "config.ini"), "w", encoding="utf-8") as file:
        file.write("[a]\nprovider = hetzner\n")
    profile = {"IMGACT_CONFIG": file.name, "IMGACT_PROFILE": "a"}
    for shape, cassette in (("Image", "image-with-every-field"), ("Action", "action-with-every-field"),
                            ("Outcome", "deletion-of-a-locked-image"), ("Error", "action-that-is-not-there")):
        path = os.path.join(ROOT, f"tests/fixtures/hetzner/{cassette}.har")
        with open(path, encoding="utf-8") as file:
            words = command_of(json.load(file)["log"]["_imgact"]["call"])[1]
        _, out, err = run("--replay", path, "-o", "jsonl", *words, **profile)
        item = json.loads(err)["error"] if shape == "Error" else json.loads(out)
        check(shape, item)
        if (item["error"] if shape == "Outcome" else item)["profile"] != "a":
            raise AssertionError(f"{cassette}: {item}")
    limit = replayed("ratelimit", "hetzner", "https://api.hetzner.cloud/v1/images?page=1&per_page=1", 200, [], {"images": []}, profile)
    check("Rate limit", limit)
    if limit["profile"] != "a":
        raise AssertionError(limit)


def csv_keeps_columns_of_first_version():
    for words, cassette, gone in (("image get 90210418", "image-with-every-field", ["profile", "unavailable_after", "rapid_deploy"]),
                                  ("action get 8801", "action-with-every-field", ["profile"])):
        path = os.path.join(ROOT, f"tests/fixtures/hetzner/{cassette}.har")
        _, out, err = run("--provider", "hetzner", "--replay", path, "-o", "csv", *words.split())
        keys = PAGE["Image" if words.startswith("image") else "Action"]
        if next(csv.reader(io.StringIO(out)), None) != [key for key in keys if key not in gone]:
            raise AssertionError(f"{words}: {out} {err}")


def page_has_no_unseen_key():
    unmet = []
    for shape, keys in PAGE.items():
        for key, (kind, _) in keys.items():
            met = seen.get((shape, key), set())
            if "value" not in met or ("null" not in met and kind.endswith(" or null")):
                unmet.append(f"{shape}.{key}, {kind}: only {sorted(met)} was met")
    if unmet:
        raise AssertionError("\n".join(unmet))


def results_list_or_object_match_page():
    page = open(os.path.join(ROOT, "docs/output-formats.md"), encoding="utf-8").read()
    for words in ("image list", "action list", "provider list", "config list"):
        assert re.search(rf"^\| `{words}` \| array \| one line per object", page, re.M), words
    cassettes = {"image list": ("images-none-at-all", []), "image get": ("image-with-every-field", None),
                 "image delete": ("deletion", None), "action get": ("action-with-every-field", None)}
    for words, (cassette, wanted) in cassettes.items():
        path = os.path.join(ROOT, f"tests/fixtures/hetzner/{cassette}.har")
        with open(path, encoding="utf-8") as file:
            line = command_of(json.load(file)["log"]["_imgact"]["call"])[1]
        _, out, err = run("--provider", "hetzner", "--replay", path, "-o", "json", *line)
        row = re.search(rf"^\| `{words}`.*?\| (array|object)", page, re.M)
        if isinstance(json.loads(out), list) != (row[1] == "array") or (wanted is not None and json.loads(out) != wanted):
            raise AssertionError(f"{words}: {out} {err}")


def columns_and_help_match_page():
    for words, shape in SHAPES.items():
        keys = list(PAGE[shape])
        _, text, _ = run(*words.split(), "--help")
        if " ".join(keys) != " ".join(text.split("JSON keys:")[1].split("\n\n")[0].split()):
            raise AssertionError(f"{words} --help: {text}")
    columns = [f"{key}.{inner}" for (shape, key), inside in INSIDE.items() if shape == "Outcome" for inner in PAGE[inside]]
    path = os.path.join(ROOT, "tests/fixtures/hetzner/deletion.har")
    start = ("--provider", "hetzner", "--replay", path, "image", "delete", "90210418", "--yes", "-o", "csv")
    for asked in (columns[:20], columns[20:]):
        status, out, err = run(*start, "--columns", ",".join(asked))
        if status or next(csv.reader(io.StringIO(out))) != asked:
            raise AssertionError(f"{out} {err}")
    _, out, _ = run(*start)
    keys = [key for key in PAGE["Outcome"] if key != "changed"]
    if out != ",".join(keys) + "\n90210418,,true,false,,,\n":
        raise AssertionError(out)


TESTS = [objects_of_cassettes_match_page, objects_without_request_match_page,
         created_from_without_id_matches_page, rate_limit_matches_page, region_matches_page,
         handover_matches_page, profile_matches_page,
         csv_keeps_columns_of_first_version, page_has_no_unseen_key,
         results_list_or_object_match_page, columns_and_help_match_page]
with tempfile.TemporaryDirectory() as HOME:
    tap.run([(test,) for test in TESTS])
