# SPDX-License-Identifier: Apache-2.0
"""An engine that says what a test wants, where a real one would hang as well or take too long."""

import hashlib
import http.server
import json
import queue
import socketserver
import threading
import urllib.parse


def volume(name, folder, driver="plugin", scope="global", created="2026-03-02T09:14:05Z"):
    """A volume of a plugin, whose data is in that folder."""
    return {"Name": name, "Driver": driver, "Mountpoint": folder, "Labels": None,
            "Options": None, "Scope": scope, "CreatedAt": created}


class ScriptedEngine:
    """Answers GETs on a unix socket in a folder of the scene until end()."""

    def __init__(self, scene):
        self.volumes = []
        self.containers = []
        self.inspections = {}  # by id; an int is the status of an answer that fails
        self.drivers = ["local"]
        self.warnings = None
        self.hangs = lambda path, drivers: False  # which requests are never answered
        self.asked = []  # paths, with the drivers of the filter
        self.events = queue.Queue()
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
        path, _, query = handler.path.partition("?")
        if path.startswith("/v1."):
            path = path[path.index("/", 1):]
        if path == "/events":
            self.stream(handler)
            return
        filters = urllib.parse.parse_qs(query).get("filters", ["{}"])[0]
        drivers = json.loads(filters).get("driver", [])
        self.asked.append((path, drivers))
        if self.hangs(path, drivers):
            self.is_over.wait()
            return
        volumes = [one for one in self.volumes if not drivers or one["Driver"] in drivers]
        known = {"/_ping": "OK",
                 "/info": {"Driver": "overlay2", "DockerRootDir": "/nowhere",
                           "Plugins": {"Volume": self.drivers}},
                 "/version": {"Version": "20.10.24", "ApiVersion": "1.41"},
                 "/volumes": {"Volumes": volumes, "Warnings": self.warnings},
                 "/containers/json": self.containers}
        known.update({f"/containers/{identity}/json": said
                      for identity, said in self.inspections.items()})
        known.update({f"/volumes/{one['Name']}": one for one in self.volumes})
        said = known.get(path, 404)
        status, said = (said, {"message": "no"}) if isinstance(said, int) else (200, said)
        body = json.dumps(said).encode()
        handler.send_response(status)
        handler.send_header("Api-Version", "1.41")
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def stream(self, handler):
        """An endless answer with the events of send()."""
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.flush()
        while not self.is_over.is_set():
            try:
                line = json.dumps(self.events.get(timeout=0.1)).encode() + b"\n"
            except queue.Empty:
                continue
            try:
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                handler.wfile.flush()
            except OSError:
                return

    def send(self, kind, action, subject, /, **attributes):
        """An event, to the agent that follows them."""
        self.events.put({"Type": kind, "Action": action,
                         "Actor": {"ID": subject, "Attributes": attributes}})

    def end(self):
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()
