#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/hostile-input.md names the limits of the source, with their values. limits.py SOURCE_ROOT"""

import glob
import os
import re
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
sys.dont_write_bytecode = True
import tap

ROOT = sys.argv[1]
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "bytes": 1, "ms": 1, "": 1}
# The headers whose every limit concerns input.
COMPLETE = ["src/base/json_doc.h", "src/base/token.h", "src/core/result.h", "src/loop/config.h", "src/transport/har.h",
            "src/transport/har_scrub.h"]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def value_of(expression):
    """Of "((size_t)32 << 20)", "10000", "(64 * 1024)"."""
    expression = re.sub(r"\((size_t|int64_t)\)|[lLuU]+(?=$|\W)", "", expression.split("/*")[0]).strip()
    return eval(expression) if re.fullmatch(r"[0-9 ()<*+]+", expression) else None


def defined(pattern="src/*/*.[ch]"):
    """{constant: value} of the macros that are numbers."""
    values = {}
    for path in sorted(glob.glob(os.path.join(ROOT, pattern))):
        for name, expression in re.findall(r"^#define (\w+)[ \t]+(.+)$", read(path), re.M):
            value = value_of(expression)
            if value is not None:
                values.setdefault(name, set()).add(value)
    return values


def page():
    """[(constant, value)] of the page: rows `| what | 32 MiB | `NAME` |`, and "8 MiB, constant `NAME`" in the text."""
    text = read("docs/hostile-input.md")
    found = [(name, value) for value, name in re.findall(r"^\| [^|]+ \| ([^|]+) \| `(\w+)` \|", text, re.M)]
    found += [(name, value) for value, name in re.findall(r"at most (\d+ \w+), constant `(\w+)`", text)]
    found += [(name, value) for value, name in re.findall(r"takes at most (\d+ \w+) \(`(\w+)`", text)]
    numbers = [re.fullmatch(r"([\d,]+) ?(\w*)", value) for _, value in found]
    return [(name, int(number[1].replace(",", "")) * UNITS[number[2]]) for (name, _), number in zip(found, numbers)]


def limits_page_matches_source():
    values = defined()
    for name, value in defined("tests/unit/test_reply_limits.c").items():
        values.setdefault(name, set()).update(value)
    limits = page()
    assert len(limits) >= 25, limits
    for name, value in limits:
        assert values.get(name) == {value}, f"{name}: the page has {value}, the source {values.get(name)}"


def limits_page_lists_every_input_limit():
    shown = {name for name, _ in page()}
    for path in COMPLETE:
        missing = [name for name in defined(path) if "MAX" in name and name not in shown]
        assert not missing, f"{path}: {missing}"


sys.exit(tap.run([(limits_page_matches_source,), (limits_page_lists_every_input_limit,)]))
