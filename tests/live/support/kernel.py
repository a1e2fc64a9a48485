# SPDX-License-Identifier: Apache-2.0
"""What the running kernel can be asked for."""

import os
import re


def version():
    """(6, 12) of 6.12.48+deb13-amd64."""
    return tuple(int(number) for number in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())


def counts_mapped_writes():
    """Since 6.18 a page fault may cover several pages of a file (docs/io.md)."""
    return version() < (6, 18)
