#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long the first measurement of many small volumes takes within the CPU budget.

Usage: bench/first_pass.py PROGRAM [PROGRAM_BEFORE] [VOLUMES]

Needs root. VOLUMES=DIRECTORY in the environment keeps the files there for the next run. A fake
engine lists 10,000 volumes of 6 files in 2 directories each, all in the page cache. Prints for
each program the time from its start until all are measured (to 2 s), the CPU time of scans (agent
and helpers) and that of the agent process. A program from before log lines had fields is run by a
copy of this file in its own checkout.
"""

import http.server
import json
import os
import pathlib
import shutil
import socketserver
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "live"))

from support.agent import Agent  # noqa: E402
from support.scene import Scene, cpu_seconds  # noqa: E402

LONG_AGO = time.time() - 90 * 86400
POLL = 2  # seconds between two scrapes: each renders all volumes


class FakeEngine:
    """Lists volumes of the local driver and answers nothing else."""

    def __init__(self, socket, volumes):
        answers = {
            "/_ping": "OK",
            "/version": {"Version": "27.0.0", "ApiVersion": "1.46",
                         "Components": [{"Name": "Engine", "Version": "27.0.0"}]},
            "/info": {"Driver": "overlay2", "DockerRootDir": str(pathlib.Path(socket).parent)},
            "/volumes": {"Volumes": volumes, "Warnings": None},
            "/containers/json": [],
        }

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                path = self.path.split("?")[0]
                path = "/" + path.split("/", 2)[2] if path.startswith("/v1.") else path
                if path == "/events":
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.flush()
                    threading.Event().wait()
                body = json.dumps(answers.get(path, {"message": "page not found"})).encode()
                self.send_response(200 if path in answers else 404)
                self.send_header("Api-Version", "1.46")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        self.host = "unix://" + socket
        threading.Thread(target=Server(socket, Handler).serve_forever, daemon=True).start()


def make_files(data):
    for directory in (data, data / "sub"):
        directory.mkdir(parents=True)
        for file in range(3):
            (directory / f"file-{file}").write_bytes(b"x" * (400 * file))
            os.utime(directory / f"file-{file}", (LONG_AGO, LONG_AGO))
    for directory in (data / "sub", data):
        os.utime(directory, (LONG_AGO, LONG_AGO))


def fill(folder, count):
    """The volumes as the engine lists them."""
    volumes = []
    for number in range(count):
        data = folder / f"volume-{number}" / "_data"
        if not data.exists():
            make_files(data)
        volumes.append({"Name": f"volume-{number}", "Driver": "local", "Mountpoint": str(data),
                        "Scope": "local", "Labels": None, "Options": None,
                        "CreatedAt": "2026-01-01T00:00:00Z"})
    return volumes


def first_pass(program, engine, count):
    """(wall seconds, CPU of scans, CPU of the agent process)"""
    scene = Scene()
    try:
        agent = Agent(scene, engine.host, "--no-collector.io", "--no-collector.device_latency",
                      "--collector.sizes.max-io-pressure=1",
                      *os.environ.get("AGENT_FLAGS", "").split(), command=[program]).start()
        began = time.monotonic()
        while time.monotonic() < began + 300:
            time.sleep(POLL)
            seen = agent.scrape()
            if len(seen.all("docker_volume_scan_info", state="measured")) == count:
                break
        else:
            sys.exit("not all volumes were measured within 300 s")
        return (time.monotonic() - began, seen.value("volumeter_scan_cpu_seconds_total"),
                cpu_seconds([agent.process.pid]))
    finally:
        scene.end()


def main():
    programs = [argument for argument in sys.argv[1:] if not argument.isdigit()]
    count = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), 10_000)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="first-pass-"))
    kept = os.environ.get("VOLUMES")
    volumes = pathlib.Path(kept) if kept else folder / "volumes"
    try:
        engine = FakeEngine(str(folder / "engine.sock"), fill(volumes, count))
        for program in programs:
            wall, scans, agent = first_pass(program, engine, count)
            print(f"{program}: {count} volumes measured after {wall:.1f} s; scans spent "
                  f"{scans:.2f} s of CPU, {scans / count * 1e6:.0f} us a volume; the agent "
                  f"process {agent:.2f} s", flush=True)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
