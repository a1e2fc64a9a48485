#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs Python programs in one virtual machine: run.py [--count-instructions] PROGRAM...

Prints what they print and ends as the last of them that failed; with 77, which ctest counts as
skipped, where there is no virtual machine to be had.
"""

import os
import sys

from machine import NotHere, run_in_vm

SKIPPED = 77
TIMEOUT_SECONDS = int(os.environ.get("VOLUMETER_VM_SECONDS", "1170"))  # below that of ctest, to say what was seen


def main(arguments):
    count_instructions = arguments[0] == "--count-instructions"
    # By the interpreter itself: the `python3` of PATH may be a script that takes long to find it.
    commands = [[sys.executable, "-B", program] for program in arguments[int(count_instructions):]]
    try:
        code, output, console = run_in_vm(commands, TIMEOUT_SECONDS, count_instructions)
    except NotHere as missing:
        print(f"needs {missing}", file=sys.stderr)
        return 1 if os.environ.get("VOLUMETER_TESTS_MUST_RUN") == "1" else SKIPPED
    print(output, end="")
    if code is None:
        print(f"The virtual machine did not end well. Its console:\n{console}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
