# SPDX-License-Identifier: MIT
"""TAP for tests that are functions."""

import re
import sys
import traceback


class Skipped(Exception):
    pass


def run(tests):
    """Runs functions as TAP; the name is the function's."""
    print(f"1..{len(tests)}")
    failed = 0
    for number, (test, *arguments) in enumerate(tests, 1):
        name = re.sub("_+", " ", test.__name__)
        try:
            test(*arguments)
            print(f"ok {number} - {name}")
        except Skipped as why:
            print(f"ok {number} - {name} # SKIP {why}")
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}")
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
        sys.stdout.flush()
    return 1 if failed else 0
