# SPDX-License-Identifier: Apache-2.0
"""An engine that says what a test wants, where a real one would hang as well or take too long."""

import hashlib
import http.server
import json
import socketserver
import threading


def volume(name, folder):
    """A volume of a plugin, whose data is in that folder."""
    return {"Name": name, "Driver": "plugin", "Mountpoint": folder, "Labels": None,
            "Options": None, "Scope": "global", "CreatedAt": "2026-03-02T09:14:05Z"}


class ScriptedEngine:
    """Answers GETs on a unix socket in a folder of the scene until end()."""

    def __init__(self, scene):
        self.volumes = []
        self.containers = []
        self.inspections = {}  # by id
        self.is_over = threading.Event()
        socket = scene.path("engine.sock")
        self.host = "unix://" + socket
        engine = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def address_string(self):
                return "unix"

            def do_GET(self):
                engine.answer(self)

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
            block_on_close = False

        self.server = Server(socket, Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add_container(self, name, pid, tmpfs=(), volumes=()):
        """A running one; `volumes` is {name: destination}."""
        identity = hashlib.sha256(name.encode()).hexdigest()
        mounts = [{"Type": "volume", "Name": volume_name, "Source": "", "Destination": destination,
                   "Driver": "plugin", "Mode": "z", "RW": True, "Propagation": ""}
                  for volume_name, destination in dict(volumes).items()]
        self.containers.append({"Id": identity, "Names": ["/" + name], "Image": "busybox",
                                "State": "running", "Labels": {}, "Mounts": mounts})
        self.inspections[identity] = {
            "Id": identity,
            "State": {"Status": "running", "Pid": pid, "StartedAt": "2026-11-20T00:00:00Z",
                      "FinishedAt": "0001-01-01T00:00:00Z"},
            "HostConfig": {"Tmpfs": {destination: "" for destination in tmpfs}}}

    def answer(self, handler):
        path = handler.path.partition("?")[0]
        if path.startswith("/v1."):
            path = path[path.index("/", 1):]
        if path == "/events":
            self.stream(handler)
            return
        known = {"/_ping": "OK", "/info": {"Driver": "overlay2", "DockerRootDir": "/nowhere"},
                 "/version": {"Version": "20.10.24", "ApiVersion": "1.41"},
                 "/volumes": {"Volumes": self.volumes, "Warnings": None},
                 "/containers/json": self.containers}
        known.update({f"/containers/{identity}/json": said
                      for identity, said in self.inspections.items()})
        body = json.dumps(known.get(path, {"message": "not here"})).encode()
        handler.send_response(200 if path in known else 404)
        handler.send_header("Api-Version", "1.41")
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def stream(self, handler):
        """An endless answer without an event."""
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.flush()
        self.is_over.wait()

    def end(self):
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()
