# SPDX-License-Identifier: Apache-2.0
"""Every query of every dashboard gives data from a host with eBPF, cgroup version 2 and a volume
on NFS: what tests/dashboards/queries_test.py asks of any machine, with fewer excuses."""

import os
import sys

sys.path.insert(1, os.path.join(os.path.dirname(__file__), "../../dashboards"))

import queries_test as live
from nfs_test import Server
from support.live_test import run

ARCHIVER = "while sleep 1; do dd if=/dev/zero of=/archive/day bs=64k count=4 conv=fsync; done"


class DashboardsTest(live.QueriesTest):
    """The live test again."""

    host_has = ("eBPF", "cgroup v2", "NFS")
    jobs = {"volumeter": "127.0.0.1"}

    def add_to(self, host):
        server = Server(self.scene)
        self.addCleanup(server.end)
        self.addCleanup(host.end)  # no container has it mounted when the server ends
        server.new_folder("archive")
        host.api.create_volume("archive", options={
            "type": "nfs", "device": ":/archive", "o": "addr=127.0.0.1,vers=4.2,nosharecache"})
        host.api.run_container("archiver", ["archive:/archive"], command=ARCHIVER)


if __name__ == "__main__":
    run()
