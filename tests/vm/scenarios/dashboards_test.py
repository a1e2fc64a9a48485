# SPDX-License-Identifier: Apache-2.0
"""Every query of every dashboard gives data from a host with eBPF and cgroup version 2: what
tests/dashboards/queries_test.py asks of any machine, with fewer excuses."""

import os
import sys

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "../../dashboards"))

import queries_test as live
from support.live_test import run


class DashboardsTest(live.QueriesTest):
    """The live test again."""

    host_has = ("eBPF", "cgroup v2")


if __name__ == "__main__":
    run()
