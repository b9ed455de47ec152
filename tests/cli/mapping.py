#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tool maps odd objects as the reference mapper does. mapping.py TOOL

Thousands of objects per provider, made from a seed: members missing, null, of another type, twice, with unusual enums, numbers, dates
and characters. IMGACT_MAPPING_SEED chooses another seed.
"""

import decimal
import json
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
sys.dont_write_bytecode = True
import reference_mapper as mapper
import tap

TOOL = os.path.abspath(sys.argv[1])
SEED = os.environ.get("IMGACT_MAPPING_SEED", "1")
OBJECTS = 2500  # of each kind, so 5,000 per provider


SURROGATE = re.compile("[\ud800-\udfff]")
ESCAPED, PLAIN = json.JSONEncoder().encode, json.JSONEncoder(ensure_ascii=False).encode


# ---- JSON text: values are made as text, so that numbers, escapes and duplicate keys can be anything

class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def below(self, limit):
        return int(self.random.random() * limit)

    def one(self, *values):
        return values[self.below(len(values))]

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def character(self):
        some = self.random.random()
        if some < 0.6:
            return chr(0x20 + self.below(0x5f))
        if some < 0.8:
            return self.one("\0", "\x01", "\x1f", "\x7f", "\x80", "\x9f", "\u2028", "\ufeff", "\u202e", "\ufffd", "\ufffe", "\n", "\t",
                            '"', "\\", "/", "\x1b", "\r")
        if some < 0.9:
            return chr(0xa0 + self.below(0xd760))
        return chr(0x10000 + self.below(0x100000))

    def string(self, value):
        """A string with escapes where there must be some; a few have them where there may be."""
        if self.chance(85) or len(value) > 100:
            return (ESCAPED if SURROGATE.search(value) else PLAIN)(value)
        return '"' + "".join(self.escaped(c) if self.chance(30) or c < " " or c in '"\\' or "\ud800" <= c <= "\udfff" else c
                             for c in value) + '"'

    def escaped(self, character):
        shorts = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", "/": "\\/"}
        if character in shorts and self.chance(70):
            return shorts[character]
        units = character.encode("utf-16-be", "surrogatepass")
        form = self.one("\\u%04x", "\\u%04X")
        return "".join(form % (units[i] << 8 | units[i + 1]) for i in range(0, len(units), 2))

    def odd_text(self):
        kind = self.below(10)
        if kind < 6:
            return "".join(self.character() for _ in range(self.below(13)))
        if kind < 7:
            return "".join(self.one("\ud800", "\udbff", "\udc00", "\udfff", "a", "\U0001f600") for _ in range(1 + self.below(5)))
        if kind < 8:
            return self.character() * (100 + self.below(2900))
        return self.one("", " ", "null", "true", "0", "-", "[redacted]", "a b", "ubuntu-24.04")

    def number(self):
        digits = str(self.random.randrange(10 ** self.one(1, 2, 3, 10, 16, 19, 20, 40, 63, 64, 65, 90)))
        sign = self.one("", "", "", "-")
        return sign + self.one(
            digits, "0", "1", "5", "20", "2.3", "2.300", "10.0", "0.5", "0.6899999999999999", "1e3", "1E+3", "5e-1", "1e400", "1e-400", "1e308",
            "9007199254740991", "9007199254740992", "9007199254740993", "9007199254740993.0", "9007199254740991.0", "9223372036854775807",
            "9223372036854775808", "18446744073709551615", "18446744073709551616", "2147483647", "2147483648", "2147483647.5", "99.999",
            "100", "101", "0.0", "0e0", digits + "." + digits, digits + "e" + str(-30 + self.below(61)), digits + ".0", digits + ".5")

    def date(self):
        year = self.one("0000", "0001", "1969", "1970", "2016", "2024", "2026", "9999", f"{self.below(10000):04}")
        date = f"{year}-{self.below(14):02}-{self.below(33):02}" if self.chance(50) else \
            year + self.one("-01-30", "-02-28", "-02-29", "-02-30", "-12-31", "-01-01", "-1-1", "-06-15")
        clock = self.one("23:50:00", "00:00:00", "23:59:59", "23:59:60", "24:00:00", "12:60:00", "23:50", "1:02:03", "12:34:56.7",
                         "12:34:56.123456789", "12:34:56.", "12:34:56,5", "12:34:61", "", "12")
        zone = self.one("Z", "z", "+00:00", "-00:00", "+02:00", "-23:59", "+24:00", "+00:60", "+0200", "", " Z", "Z ", "UTC", "+14:00")
        return date + self.one("T", "t", " ", "T", "T", "", "_") + clock + zone

    def scalar(self):
        kind = self.below(6)
        if kind == 0:
            return self.number()
        if kind == 1:
            return self.string(self.date())
        return self.string(self.odd_text()) if kind < 5 else self.one("true", "false", "null")

    def anything(self, depth=0):
        if depth > 4 or self.chance(60):
            return self.scalar()
        if self.chance(50):
            return self.array([self.anything(depth + 1) for _ in range(self.below(5))])
        return self.object([(self.odd_text(), self.anything(depth + 1)) for _ in range(self.below(5))])

    def space(self):
        return self.one(" ", "\n", "\t", "\r\n", "  ") if self.chance(5) else ""

    def array(self, elements):
        space = self.space()
        return f"[{space}" + f"{space},".join(elements) + f"{space}]"

    def object(self, members):
        space = self.space()
        return f"{{{space}" + f"{space},".join(f"{self.string(key)}{space}:{value}" for key, value in members) + "}"

    def odd_object(self, usual):
        """An object of usual members, some of them missing, null, of another type, or twice; in any order, with others between."""
        members = []
        for key, value in usual:
            if self.chance(8):
                continue
            if self.chance(8):
                members.append((key, self.anything()))
            members.append((key, self.anything() if self.chance(15) else "null" if self.chance(8) else value()))
            if self.chance(3):
                members.append((self.one(key.upper(), key + "\0", key[:-1], key + "_", self.odd_text()), self.anything()))
        if self.chance(50):
            self.random.shuffle(members)
        return members

    # ---- usual members

    def words(self, *words):
        def value():
            word = self.one(*words)
            if self.chance(15):
                word = self.one(word.upper(), word + " ", word[:-1], "\ufeff" + word, word + "\0", "temporary", "admin", "", word.title())
            return self.string(word)
        return value

    def text(self):
        return self.string(self.odd_text() if self.chance(50) else self.one("web-1", "ubuntu", "24.04", ""))

    def time(self):
        if self.chance(15):
            return self.one("0", "-1", "1454197800", "1454197800.0", "1454197800.5", "253402300799", "253402300800", "-62135596800",
                            "-62135596801", "1e9", "99999999999999999999", self.number())
        return self.string(self.date()) if self.chance(60) else '"2016-01-30T23:50:00Z"'

    def reference(self):
        return self.one(self.number(), "4711", '"4711"', '"007"', '"a-b_C"', '""', '"a b"', '"' + "9" * 64 + '"', '"' + "9" * 65 + '"', "1e3", "-5",
                        self.string(self.odd_text()))

    def identifier(self, place):
        """An id that can be used, unlike any other of the list."""
        number = str(10 ** self.one(4, 9, 15, 18, 19, 63) * (1 + self.below(9)) + place)
        if len(number) < 16 and self.chance(20):
            return number + self.one(".0", "e0", ".000", "E+0")
        return self.string(number) if self.chance(20) else number

    def boolean(self):
        return self.one("true", "false")

    def strings(self):
        elements = [self.one('"nyc3"', '"fra1"', '""', self.string(self.odd_text())) for _ in range(self.below(5))]
        if self.chance(20):
            elements = [self.anything() for _ in elements]
        return self.array(elements)

    def labels(self):
        keys = ("env", "role", "a", "", self.odd_text())
        return self.object([(self.one(*keys), self.text() if self.chance(80) else self.anything())
                            for _ in range(self.below(7))])

    def members(self, *usual):
        return lambda: self.object(self.odd_object(usual))

    def resources(self):
        resource = self.members(("id", self.reference), ("type", self.words("image", "server")))
        return self.array([resource() if self.chance(85) else self.anything() for _ in range(self.below(4))])

    def hetzner_image(self):
        return [("type", self.words("system", "app", "snapshot", "backup", "custom")),
                ("status", self.words("creating", "available", "unavailable", "deleted")), ("name", self.text), ("description", self.text),
                ("image_size", self.number), ("disk_size", self.number), ("created", self.time), ("deprecated", self.time), ("deleted", self.time),
                ("deprecation", self.members(("announced", self.time), ("unavailable_after", self.time))),
                ("created_from", self.members(("id", self.reference), ("name", self.text))), ("bound_to", self.reference),
                ("os_flavor", self.text), ("os_version", self.text), ("architecture", self.words("x86", "arm")),
                ("protection", self.members(("delete", self.boolean))), ("labels", self.labels), ("rapid_deploy", self.boolean)]

    def hetzner_action(self):
        return [("command", self.words("change_protection", "create_image", "start")),
                ("status", self.words("running", "success", "error")), ("progress", self.number), ("started", self.time),
                ("finished", self.time), ("resources", self.resources),
                ("error", self.members(("code", self.text), ("message", self.text)))]

    def digitalocean_image(self):
        return [("type", self.words("base", "snapshot", "backup", "custom")),
                ("status", self.words("NEW", "new", "pending", "available", "deleted", "retired")), ("name", self.text),
                ("slug", self.text), ("description", self.text), ("distribution", self.text), ("public", self.boolean),
                ("regions", self.strings), ("tags", self.strings), ("size_gigabytes", self.number), ("min_disk_size", self.number),
                ("created_at", self.time), ("error_message", self.text)]

    def digitalocean_action(self):
        region = self.members(("slug", self.text), ("name", self.text))
        return [("type", self.words("transfer", "convert", "convert_to_snapshot", "create", "snapshot")),
                ("status", self.words("in-progress", "completed", "errored")), ("started_at", self.time), ("completed_at", self.time),
                ("resource_id", self.reference), ("region_slug", self.text), ("region", lambda: self.one(region, self.text)()),
                ("resource_type", lambda: '"image"' if self.chance(90) else self.words("droplet", "Image", "image")())]


# ---- the tool

URLS = {("hetzner", "image"): "https://api.hetzner.cloud/v1/images?page=1&per_page=50",
        ("hetzner", "action"): "https://api.hetzner.cloud/v1/images/actions?page=1&per_page=50",
        ("digitalocean", "image"): "https://api.digitalocean.com/v2/images?page=1&per_page=200",
        ("digitalocean", "action"): "https://api.digitalocean.com/v2/actions?page=1&per_page=200"}
MAPPERS = {key: getattr(mapper, "_".join(key)) for key in URLS}


def list_of(provider, kind, body, *flags):
    """What `list` prints where this is the response: exit status, lines, error."""
    path = os.path.join(FOLDER, "response.har")
    entry = {"request": {"method": "GET", "url": URLS[provider, kind]}, "response": {"status": 200, "headers": [], "content": {"text": body}}}
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"log": {"version": "1.2", "creator": {"name": "test", "version": "1"}, "entries": [entry]}}, file, ensure_ascii=False)
    done = subprocess.run([TOOL, "--provider", provider, "--replay", path, kind, "list", "-o", "jsonl", *flags], capture_output=True,
                          env={"PATH": os.environ["PATH"], "HOME": FOLDER}, stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout.decode().split("\n")[:-1], done.stderr.decode()


def same(expected, shown):
    """Are they the same? Numbers are compared by value: a fraction digit by digit, a double as a double."""
    if isinstance(expected, decimal.Decimal):
        return isinstance(shown, mapper.Number) and decimal.Decimal(shown) == expected
    if isinstance(expected, float):
        return isinstance(shown, mapper.Number) and float(shown) == expected
    if isinstance(expected, int) and not isinstance(expected, bool):
        return isinstance(shown, mapper.Number) and shown == str(expected)
    return type(expected) is type(shown) and expected == shown


def compare(source, expected, shown):
    different = [key for key in expected if not same(expected[key], shown.get(key))]
    if different or list(expected) != list(shown):
        raise AssertionError("\n".join([f"seed {SEED}: {source}", f"keys {list(shown)}",
                                        *(f"{key}: expected {expected[key]!r}, shown {shown.get(key)!r}" for key in different)]))


def odd_objects_map_like_reference(provider, kind):
    make = Maker(f"{SEED} {provider} {kind}")
    sources = []
    for place in range(OBJECTS):
        members = make.odd_object(getattr(make, f"{provider}_{kind}")())
        members = [(key, value) for key, value in members if key != "id"]
        members.insert(make.below(len(members) + 1), ("id", make.identifier(place)))
        sources.append(make.object(members))
    status, lines, error = list_of(provider, kind, '{"%ss":[%s]}' % (kind, ",".join(sources)), "--raw")
    if status:
        raise AssertionError(f"exit status {status}: {error}")
    items = [(source, mapper.parse(source)) for source in sources]
    if (provider, kind) == ("digitalocean", "action"):
        kept = mapper.digitalocean_listed_actions([item for _, item in items])
        items = [(source, item) for source, item in items if any(item is one for one in kept)]
    if len(lines) != len(items) or len(items) < OBJECTS / 2:
        raise AssertionError(f"{len(items)} items expected, {len(lines)} shown")
    for (source, item), line in zip(items, lines):
        shown = mapper.parse(line)
        raw = shown.pop("raw")
        compare(source, MAPPERS[provider, kind](item), shown)
        assert isinstance(raw, dict)
        raw = dict(mapper.parse_members(line))["raw"]
        if raw != mapper.parse_members(source):
            raise AssertionError(f"seed {SEED}: {source}\nraw: {raw}")


def ids_map_like_reference(provider, kind):
    """An item without a usable id makes the list a protocol error; other items are shown with theirs."""
    make = Maker(f"{SEED} {provider} {kind} ids")
    values = ["0", "-0", "1", "007", '"0"', '"00"', '"007"', "9007199254740993.0", "9007199254740992.0", "9007199254740991.0", "1e3", "1.5", "null",
              "true", "{}", "[1]", '"1 "', '"\\u0031"', '"1\\u0000"', "1e400", "9" * 64, "9" * 65, '"' + "9" * 64 + '"', '"' + "9" * 65 + '"']
    values += [make.one(make.reference, make.number)() for _ in range(40)]
    usable = 0
    for value in values:
        item = '{"id":%s,"resource_type":"image"}' % value
        status, lines, error = list_of(provider, kind, '{"%ss":[%s]}' % (kind, item))
        try:
            expected = mapper.identifier(mapper.parse(value))
        except ValueError:
            expected = None  # no JSON: a leading zero
        shown = json.loads(lines[0])["id"] if lines else None
        code = json.loads(error.splitlines()[-1])["error"]["code"] if error else None
        usable += expected is not None
        if shown != expected or (expected is None) != (code == "protocol" and status == 13):
            raise AssertionError(f"seed {SEED}: id {value}: expected {expected}, shown {shown}; {status} {error}")
    if not 12 < usable < len(values) - 12:
        raise AssertionError(f"{usable} of {len(values)} ids can be used")


def named(test, provider, kind):
    def run():
        test(provider, kind)
    run.__name__ = f"{provider}_{kind}_{test.__name__}"
    return run


TESTS = [(named(test, *key),) for test in (odd_objects_map_like_reference, ids_map_like_reference) for key in URLS]
if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as FOLDER:
        sys.exit(tap.run(TESTS))
