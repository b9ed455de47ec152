#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the manual pages of section 3 from the public headers: man3.py OUTPUT_DIRECTORY PAGE HEADER...

One page for each function, from the comment before its declaration, and imgact(3) from the comment of imgact.h. PAGE is an
existing manual page; the new pages have its date. The form of a comment:

    /*
     * Summary: what the function does, in the third person.
     *
     * name   parameter: unit, whether NULL is allowed
     * other  parameter that needs
     *        two lines
     *
     * Returns ... (becomes RETURN VALUES)
     *
     * Errors: ... (becomes ERRORS)
     *
     * Any other paragraph (becomes DESCRIPTION).
     */

Declarations that follow each other without a blank line share the comment before them. Parameters in the comment of a header
describe the parameters of these names in all its functions, unless a function describes them itself.
"""

import os
import re
import shutil
import sys

COMMENT = re.compile(r"/\*(.*?)\*/", re.S)
PARAMETER = re.compile(r"([a-z_][a-z0-9_]*)  +(\S.*)")
# Parameters whose struct is described once, in the page of the function that returns or takes it.
COMMON_TYPES = {"imgact_error", "imgact_allocator", "imgact_transport"}


class Failure(Exception):
    """A header does not have the form that this script reads."""


class Block:
    """A comment: paragraphs, each a list of lines, and the parameters that one of them describes."""

    def __init__(self, comment):
        lines = [re.sub(r"^ \* ?", "", line) for line in comment.splitlines()]
        lines[0] = lines[0].strip()
        text = "\n".join(lines).strip().replace("\n ", "\n\0")  # \0 marks indented lines
        self.paragraphs, self.parameters = [], {}
        for paragraph in re.split(r"\n\s*\n", text):
            lines = paragraph.replace("\0", " ").split("\n")
            if lines[0].startswith("SPDX-") or not lines[0]:
                continue
            if PARAMETER.fullmatch(lines[0]):
                self.add_parameters(lines)
            else:
                self.paragraphs.append(lines)

    def add_parameters(self, lines):
        name = None
        for line in lines:
            start = PARAMETER.fullmatch(line)
            if start:
                name = start[1]
                self.parameters[name] = start[2]
            elif line.startswith("  "):
                self.parameters[name] += " " + line.strip()
            else:
                raise Failure(f"neither a parameter nor the rest of one: {line}")

    def texts(self):
        return [" ".join(line.strip() for line in lines) for lines in self.paragraphs]


class Function:
    """A declaration: of an exported function, or of a callback type (exported is False)."""

    def __init__(self, header, text, name, result, parameters, block, exported):
        self.header, self.text, self.name, self.result = header, text, name, result
        self.block = block or Block(f" Declared in {header.name}, without a description. ")
        self.described, self.exported, self.group = bool(block), exported, [self]
        parameters = re.sub(r"\s+", " ", parameters).strip()
        self.parameters = [] if parameters == "void" else [p.strip() for p in parameters.split(",")]

    def names(self):
        return [re.search(r"(\w+)$", p)[1] for p in self.parameters if p != "..."]

    def description(self, name):
        """What the block, or that of the header, has about a parameter; None if neither has it."""
        common = self.header.block.parameters
        return self.block.parameters.get(name, common.get(name))


def items(text):
    """Comments, preprocessor lines, blank lines and declarations, in order."""
    at = 0
    while at < len(text):
        found = re.compile(r"\n\s*\n|\s+|/\*.*?\*/|#(?:[^\n]*\\\n)*[^\n]*|IMGACT_(?:BEGIN|END)_DECLS", re.S).match(text, at)
        if found:
            end = found.end()
            if text[at] in "/#" or found[0].count("\n") > 1:
                yield found[0]
        else:
            end, depth = at, 0
            for token in re.compile(r"/\*.*?\*/|[{};]", re.S).finditer(text, at):
                depth += {"{": 1, "}": -1}.get(token[0], 0)
                end = token.end()
                if token[0] == ";" and depth == 0:
                    break
            yield text[at:end]
        at = end


MACRO = re.compile(r"#define (\w+)\([^)]*\)((?:.*\\\n)*.*)")


class Header:
    """A public header: its own comment, its functions and its types."""

    lists = {}  # of all headers: names of the rows of a list such as IMGACT_OPERATIONS

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.name = "imgact/" + os.path.basename(path)
        comments = list(COMMENT.finditer(self.text))
        if len(comments) < 2:
            raise Failure(f"{path}: no comment about the header")
        self.block = Block(comments[1][1])
        self.functions, self.callbacks, self.types = [], [], {}
        for name, rows in MACRO.findall(self.text):
            parts = re.findall(r"\bROW\((\w+)|\bOBJECT\(\w+, (\w+)\)", rows)
            self.lists[name] = [row for part in parts for row in ([part[0]] if part[0] else self.lists[part[1]])]
        self.read(comments[1].end())

    def read(self, start):
        """Reads comments and declarations in turn. A comment belongs to the declarations that follow it without a blank line."""
        block, group = None, []
        for text in items(self.text[start:]):
            if text.startswith("/*"):
                block, group = Block(text[2:-2]), []
            elif not text.strip():
                block, group = None, []
            elif text[0] != "#":
                self.declare(text, block, group)

    def declare(self, text, block, group):
        plain = re.sub(r"\s+", " ", COMMENT.sub("", text)).strip()
        function = re.fullmatch(r"IMGACT_API (.*?)\b(imgact_\w+)\((.*?)\)( IMGACT_PRINTF\(.*\))?;", plain)
        callback = re.fullmatch(r"typedef (.*?)\(\*(imgact_\w+)\)\((.*)\);", plain)
        type_ = re.match(r"(?:typedef )?(?:struct|enum) (imgact_\w+) \{", plain)
        if function or callback:
            match = function or callback
            made = Function(self, text, match[2], match[1].strip(), match[3], block, bool(function))
            (self.functions if function else self.callbacks).append(made)
            if function:
                group.append(made)
                made.group = group
        if callback or type_:
            self.types[(callback or type_)[2 if callback else 1]] = (block, self.expand(text))

    def expand(self, text):
        """Replaces "  LIST(MACRO)" in an enum by what MACRO makes of each row."""
        before = dict(MACRO.findall(self.text[:self.text.index(text)]))  # the latest of each name

        def enumerators(use):
            made = re.search(r"\w+(?=##)", before[use[2]])[0]
            return "\n".join(f"  {made}{row}," for row in self.lists[use[1]])

        return re.sub(r"^  (IMGACT_\w+)\((IMGACT_\w+_ROW)[^)]*\).*", enumerators, text, flags=re.M)


# ---- text to mdoc ----

def escape(text):
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", "\\e"))


def sentences(text):
    """A sentence per line, functions in bold."""
    lines = re.split(r"(?<=[.!?:]) (?=[A-Z])", text)
    return [re.sub(r"\b(imgact_\w+)\(\)", r"\\fB\1\\fR()", escape(line)) for line in lines]


def paragraphs(texts):
    lines = []
    for text in texts:
        lines += [".Pp"] * bool(lines) + sentences(text)
    return lines


def literal(lines):
    return [".Bd -literal -offset indent", *map(escape, lines), ".Ed"]


def body(block_lines):
    """The paragraphs of a comment; indented ones are code, and lines that begin with "- " a list."""
    lines = []
    for paragraph in block_lines:
        if all(line.startswith("  ") for line in paragraph):
            lines += literal([line[2:] for line in paragraph])
        elif paragraph[0].startswith("- "):
            lines.append(".Bl -bullet")
            for item in re.split(r"(?:^|\n)- ", "\n".join(paragraph))[1:]:
                lines += [".It", *sentences(" ".join(item.split()))]
            lines.append(".El")
        else:
            lines += [".Pp"] * bool(lines) + sentences(" ".join(line.strip() for line in paragraph))
    return lines


# ---- pages ----

def summary(function):
    """The first sentence of the block, as the description in NAME."""
    first = re.split(r"(?<=[.]) |: |; ", function.block.texts()[0])[0].rstrip(".")
    first = re.sub(r"\(\)", "", first)
    return first[0].lower() + first[1:]


def split_block(function):
    """DESCRIPTION, RETURN VALUE and ERRORS of a block, by how its paragraphs begin."""
    description, returns, errors = [], [], []
    for index, text in enumerate(function.block.texts()):
        if text.startswith("Errors: "):
            text = text[len("Errors: "):]
            errors.append(text[0].upper() + text[1:])
        elif index and re.match(r"Returns |Never returns ", text):
            returns.append(text)
        else:
            description.append(text)
    if not returns and function.result == "imgact_op *":
        returns.append("Returns an operation; NULL if client is NULL or memory runs out. Free it with imgact_op_free().")
    if not returns and errors and function.result == "imgact_status":
        returns.append("Returns IMGACT_OK, or the status of the error.")
    return description, returns, errors


def types_of(function, types):
    """Types with members and callbacks that the declaration names."""
    words = []
    for part in function.parameters + [function.result]:
        name = re.search(r"\bimgact_\w+", part)
        known = name and name[0] in types and name[0] not in words
        if known and (name[0] not in COMMON_TYPES or part is function.result) and name[0] != "imgact_status":
            words.append(name[0])
    return words


def see_also(function):
    named = re.findall(r"\b(imgact_\w+)\(\)", " ".join(function.block.texts() + list(function.block.parameters.values())))
    return sorted({name for name in named} - {f.name for f in function.group})


def prototype(function):
    lines = [f'.Ft "{function.result}"', f".Fo {function.name}"]
    return lines + [f'.Fa "{p}"' for p in function.parameters or ["void"]] + [".Fc"]


def page(function, types, exported, date):
    """The manual page of a function; functions with one comment have it in common."""
    described = {}
    for member in function.group:
        for name in filter(member.description, member.names()):
            described.setdefault(name, member.description(name))
    header = "imgact/imgact.h" if re.search(r"/(base|client|error|model|op)\.h", function.header.name) else function.header.name
    names = [function.name] + [f.name for f in function.group if f is not function]
    lines = ['.\\" SPDX-License-Identifier: MIT', f'.\\" Made from {function.header.name}.', f".Dd {date}",
             f".Dt {function.name.upper()} 3", ".Os", ".Sh NAME"]
    lines += [f".Nm {name} ,"  for name in names[:-1]] + [f".Nm {names[-1]}", f".Nd {summary(function)}"]
    lines += [".Sh LIBRARY", "imgact (libimgact, \\-limgact)", ".Sh SYNOPSIS", f".In {header}"]
    for member in function.group:
        lines += prototype(member)
    description, returns, errors = split_block(function)
    lines += [".Sh DESCRIPTION", *paragraphs(description)]
    if described:
        lines += [".Sh PARAMETERS", f".Bl -tag -width {'x' * max(map(len, described))} -compact"]
        for name, text in described.items():
            lines += [f".It Fa {name}", *sentences((text[0].upper() + text[1:] + ".").replace("..", "."))]
        lines.append(".El")
    for name in types_of(function, types):
        block, text = types[name]
        lines += [".Ss " + name, *(paragraphs(block.texts()) if block else []), *literal(text.split("\n"))]
    if returns:
        lines += [".Sh RETURN VALUES", *paragraphs(returns)]
    if errors:
        lines += [".Sh ERRORS", *paragraphs(errors)]
    also = [name for name in see_also(function) if name in exported]
    lines += [".Sh SEE ALSO"] + [f".Xr {name} 3 ," for name in ["imgact"] + also]
    lines[-1] = lines[-1][:-2]
    return "\n".join(lines) + "\n"


def overview(tour, headers, date):
    """imgact(3): the comment of imgact.h, then all functions by header."""
    first = tour.block.texts()[0]
    lines = ['.\\" SPDX-License-Identifier: MIT', f'.\\" Made from {tour.name}.', f".Dd {date}", ".Dt IMGACT 3", ".Os",
             ".Sh NAME", ".Nm imgact", ".Nd " + first.split(": ", 1)[1].rstrip("."), ".Sh LIBRARY",
             "imgact (libimgact, \\-limgact)", ".Sh SYNOPSIS", f".In {tour.name}", ".Sh DESCRIPTION",
             *body(tour.block.paragraphs[1:]), ".Sh FUNCTIONS"]
    for header in headers:
        if not header.functions:
            continue
        # The parameters are on the pages of the functions.
        described = [p for p in header.block.paragraphs if not p[0].startswith("Parameters of all functions")]
        lines += [".Ss " + header.name, *body(described), ".Pp", ".Bl -tag -width Ds -compact"]
        for function in header.functions:
            text = summary(function)
            lines += [f".It Xr {function.name} 3", text[0].upper() + text[1:]]
        lines.append(".El")
    return "\n".join(lines + [".Sh SEE ALSO", ".Xr imgact 1"]) + "\n"


def read_headers(paths):
    return [Header(path) for path in sorted(paths)]


def main(output, dated, paths):
    headers = read_headers(paths)
    tour = next(header for header in headers if header.name == "imgact/imgact.h")
    with open(dated, encoding="utf-8") as file:
        date = re.search(r"^\.Dd (.*)$", file.read(), re.M)[1]
    types = {name: type_ for header in headers for name, type_ in header.types.items()}
    functions = [function for header in headers for function in header.functions]
    exported = {function.name for function in functions}
    shutil.rmtree(output, ignore_errors=True)
    os.makedirs(output)
    pages = {"imgact": overview(tour, headers, date)}
    for function in functions:
        pages[function.name] = page(function, types, exported, date)
    for name, text in pages.items():
        with open(os.path.join(output, name + ".3"), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], sys.argv[3:])
    except Failure as failure:
        sys.exit(f"man3.py: {failure}")
