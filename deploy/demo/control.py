# SPDX-License-Identifier: Apache-2.0
"""Requests of a second terminal to the running demo: lines over a Unix socket."""

import os
import socket

SOCKET = "/run/volumeter-demo.sock"


class Control:
    """The server side: accepts one request at a time, the name of an incident."""

    def __init__(self, path):
        self.path = path
        if is_served(path):
            raise RuntimeError(f"a demo is already running ({path})")
        if os.path.exists(path):
            os.unlink(path)  # left by a killed demo
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o600)
        self.listener.listen()
        self.listener.settimeout(1)

    def next_request(self):
        """(name, connection), or None if there is no request within a second."""
        try:
            connection, _ = self.listener.accept()
        except TimeoutError:
            return None
        connection.settimeout(10)
        try:
            with connection.makefile(encoding="utf-8") as lines:
                if name := lines.readline().strip():
                    return name, connection
        except OSError:
            pass
        connection.close()  # is_served() of another demo
        return None

    def end(self):
        self.listener.close()
        os.unlink(self.path)


def is_served(path):
    with socket.socket(socket.AF_UNIX) as trial:
        return trial.connect_ex(path) == 0


def ask(path, name, say):
    """Prints the demo's response; returns its exit code."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except OSError:
            say("No demo is running: start one with `make demo` in another terminal.")
            return 2
        connection.sendall(name.encode() + b"\n")
        with connection.makefile(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("exit "):
                    return int(line.split()[1])
                say(line.rstrip("\n"))
    say("The demo ended.")
    return 1
