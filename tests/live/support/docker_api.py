# SPDX-License-Identifier: Apache-2.0
"""The Docker Engine API over its unix socket, as far as the tests change things by it."""

import http.client
import io
import json
import os
import shutil
import socket
import tarfile
from urllib.parse import quote, urlencode

IMAGE = "busybox:latest"  # Podman 4.3 gives what it imports no other tag

# Podman asks for more than a container, as which CI may run, is allowed to give.
ULIMITS = [{"Name": name, "Soft": 1024, "Hard": 1024} for name in ("nofile", "nproc")]


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class DockerApi:
    """Makes and removes volumes and containers. An error of the engine is an exception."""

    def __init__(self, socket_path):
        self.socket_path = socket_path
        self.image = IMAGE

    def call(self, method, target, body=None, timeout=60, **query):
        connection = UnixConnection(self.socket_path, timeout)
        raw = isinstance(body, bytes)
        headers = {"Content-Type": "application/x-tar" if raw else "application/json"}
        target += "?" + urlencode(query) if query else ""
        try:
            connection.request(method, target, body if raw else json.dumps(body or {}), headers)
            reply = connection.getresponse()
            text = reply.read().decode(errors="replace")
        finally:
            connection.close()
        if reply.status >= 400:
            raise RuntimeError(f"{method} {target}: {reply.status} {text.strip()}")
        return json.loads(text) if text.startswith(("{", "[")) and method != "DELETE" else text

    def answers(self):
        try:
            return self.call("GET", "/_ping", timeout=2) is not None
        except (OSError, http.client.HTTPException, RuntimeError):
            return False

    def import_image(self):
        """An image that holds nothing but busybox and its applets' names."""
        target = "/v1.41/images/create"
        repository, tag = IMAGE.split(":")
        # The engine says that an import failed in the body of a 200, one JSON a line.
        connection = UnixConnection(self.socket_path, 60)
        connection.request("POST", f"{target}?fromSrc=-&repo={repository}&tag={tag}",
                           busybox_archive(), {"Content-Type": "application/x-tar"})
        text = connection.getresponse().read().decode()
        connection.close()
        if "error" in text:
            raise RuntimeError("import of the image: " + text)
        images = self.call("GET", "/v1.41/images/json")
        if not any(image["RepoTags"] for image in images):  # Podman 3.0
            self.image = images[0]["Id"]

    def create_volume(self, name="", labels=None, options=None):
        body = {"Name": name, "Labels": labels or {}, "DriverOpts": options or {}}
        return self.call("POST", "/v1.41/volumes/create", body)

    def remove_volume(self, name):
        self.call("DELETE", f"/v1.41/volumes/{quote(name)}")

    def prune_volumes(self):
        """Named ones, too, which Docker spares unless asked since API 1.42, Podman since version 6."""
        version = self.call("GET", "/version")
        engine = version["Components"][0]["Name"]
        since, seen = ("6.0", version["Version"]) if "Podman" in engine else ("1.42", version["ApiVersion"])
        spares = tuple(map(int, seen.split(".")[:2])) >= tuple(map(int, since.split(".")))
        filters = {"filters": json.dumps({"all": ["true"]})} if spares else {}
        target = f"/v{version['ApiVersion']}/volumes/prune"
        return self.call("POST", target, **filters)["VolumesDeleted"] or []

    def create_container(self, name, binds=(), labels=None, anonymous=(), network="none",
                         command="exec sleep 100000", **host_config):
        """Binds are "VOLUME-or-/PATH:/DESTINATION[:ro]"; anonymous: destinations."""
        body = {"Image": self.image, "Cmd": ["sh", "-c", command], "StopTimeout": 0,
                "Labels": labels or {}, "Volumes": {path: {} for path in anonymous},
                "HostConfig": {"Binds": list(binds), "NetworkMode": network,
                               "Ulimits": ULIMITS, **host_config}}
        return self.call("POST", "/v1.41/containers/create", body, name=name)["Id"]

    def start_container(self, name):
        self.call("POST", f"/v1.41/containers/{name}/start")

    def run_container(self, name, *args, **kwargs):
        container = self.create_container(name, *args, **kwargs)
        self.start_container(name)
        return container

    def stop_container(self, name):
        self.call("POST", f"/v1.41/containers/{name}/stop", t=0)

    def rename_container(self, name, new_name):
        self.call("POST", f"/v1.41/containers/{name}/rename", name=new_name)

    def pid_of(self, name):
        return self.call("GET", f"/v1.41/containers/{name}/json")["State"]["Pid"]

    def remove_container(self, name, volumes=False):
        self.call("DELETE", f"/v1.41/containers/{name}", force=1, v=int(volumes))

    def remove_all_containers(self):
        for container in self.call("GET", "/v1.41/containers/json", all=1):
            self.remove_container(container["Id"])


def busybox_archive():
    busybox = shutil.which("busybox")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(os.path.realpath(busybox), "bin/busybox")
        for applet in ("sh", "sleep", "dd", "cat", "ls"):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
    return out.getvalue()
