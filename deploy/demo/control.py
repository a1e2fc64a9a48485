# SPDX-License-Identifier: Apache-2.0
"""How a second terminal asks the running demo for an incident: a line each way over a socket."""

import os
import socket

SOCKET = "/run/volumeter-demo.sock"


class Control:
    """The demo's end. One request after the other: the name of an incident."""

    def __init__(self, path):
        self.path = path
        if is_served(path):
            raise RuntimeError(f"a demo runs already ({path})")
        if os.path.exists(path):
            os.unlink(path)  # of one that was killed
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o600)
        self.listener.listen()
        self.listener.settimeout(1)

    def next_request(self):
        """(name, its connection), or None if nobody asked within a second."""
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
        connection.close()  # it only looked whether somebody is here
        return None

    def end(self):
        self.listener.close()
        os.unlink(self.path)


def is_served(path):
    with socket.socket(socket.AF_UNIX) as trial:
        return trial.connect_ex(path) == 0


def ask(path, name, say):
    """Says what the demo answers; the exit code that it ends with."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except OSError:
            say("No demo runs here: start one with `make demo` in another terminal.")
            return 2
        connection.sendall(name.encode() + b"\n")
        with connection.makefile(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("exit "):
                    return int(line.split()[1])
                say(line.rstrip("\n"))
    say("The demo ended.")
    return 1
