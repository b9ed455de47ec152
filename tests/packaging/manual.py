#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The comments of the public headers are complete, and the manual pages made from them. manual.py ROOT SHARED_LIBRARY PAGES"""

import glob
import os
import re
import subprocess
import sys
import tempfile

ROOT, LIBRARY, PAGES = sys.argv[1:]
sys.path += [os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"), os.path.join(ROOT, "docs/man")]
sys.dont_write_bytecode = True
import man3
import tap

PATHS = glob.glob(os.path.join(ROOT, "include/imgact/*.h"))
HEADERS = man3.read_headers(PATHS)
# Markup of other documentation tools, and pieces of this one's that a page must not show.
LEFTOVER = re.compile(r"(?<!\S)[@\\](?!\\)[a-z]+\b|</?[a-z]+>|\*\*|```|\bNone\b|_ROW\b|\0")


def exports():
    symbols = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r" [TW] (imgact_\w+)", symbols))


def pages():
    """{name: text} of the built pages."""
    texts = {}
    for path in glob.glob(os.path.join(PAGES, "*")):
        with open(path, encoding="utf-8") as file:
            texts[os.path.basename(path)] = file.read()
    return texts


def blocks():
    """(name, block) of everything that a header declares."""
    for header in HEADERS:
        yield header.name, header.block
        for function in header.functions + header.callbacks:
            yield function.name, function.block if function.described else None
        for name, (block, _) in header.types.items():
            yield name, block


def exports_match_pages():
    names = {f"{name}.3" for name in exports()} | {"imgact.3"}
    assert len(names) > 100, names
    assert set(pages()) == names, set(pages()) ^ names


def declarations_have_comments():
    missing = [name for name, block in blocks() if not block or not block.paragraphs]
    assert not missing, missing


def parameters_are_described():
    missing = [f"{function.name}: {name}" for header in HEADERS
               for function in header.functions + header.callbacks for name in function.names() if not function.description(name)]
    assert not missing, missing


def described_parameters_exist():
    """In the functions of the comment, or of the header."""
    for header in HEADERS:
        declared = {name for function in header.functions + header.callbacks for name in function.names()}
        unknown = set(header.block.parameters) - declared
        assert not unknown, f"{header.name}: {unknown}"
        for function in header.functions + header.callbacks:
            unknown = set(function.block.parameters) - {name for member in function.group for name in member.names()}
            assert not unknown, f"{function.name}: {unknown}"


def pages_show_declarations():
    texts = pages()
    for header in HEADERS:
        for function in header.functions:
            text = texts[f"{function.name}.3"]
            for line in [f".Fo {function.name}"] + [f'.Fa "{p}"' for p in function.parameters]:
                assert f"\n{line}\n" in text, f"{function.name}: {line}"


def comments_have_no_foreign_markup():
    for name, block in blocks():
        text = "\n".join(block.texts() + list(block.parameters.values())) if block else ""
        assert not LEFTOVER.search(text), f"{name}: {LEFTOVER.search(text)[0]!r}"
    for name, text in pages().items():
        code = re.sub(r"\.Bd -literal.*?\.Ed", "", text, flags=re.S)
        found = re.search(r"@|</?[a-z]+>|```|\bNone\b|\0", code)
        assert not found, f"{name}: {found[0]!r}"


def pages_match_headers():
    with tempfile.TemporaryDirectory() as work:
        again = os.path.join(work, "man3")
        man3.main(again, os.path.join(ROOT, "docs/man/imgact.1"), reversed(PATHS))
        for name, text in pages().items():
            with open(os.path.join(again, name), encoding="utf-8") as file:
                assert file.read() == text, name


def imgact_h_example_compiles():
    tour = next(header for header in HEADERS if header.name == "imgact/imgact.h")
    example = next(lines for lines in tour.block.paragraphs if all(line.startswith("  ") for line in lines))
    program = ["#include <imgact/imgact.h>", "#include <stdio.h>", "#include <stdlib.h>",
               "#define die(message) exit(puts(message) < 0)", "int main(void) {", *example, "  return 0;", "}"]
    subprocess.run([*os.environ.get("CC", "cc").split(), "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c",
                    "-I" + os.path.join(ROOT, "include"), "-"], input="\n".join(program), text=True, check=True)


sys.exit(tap.run([(exports_match_pages,), (declarations_have_comments,),
                  (parameters_are_described,), (described_parameters_exist,), (pages_show_declarations,),
                  (comments_have_no_foreign_markup,), (pages_match_headers,),
                  (imgact_h_example_compiles,)]))
