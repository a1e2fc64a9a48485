# SPDX-License-Identifier: Apache-2.0
"""A Docker Engine of the test's own."""

import json
import os
import signal
import subprocess

from support.docker_api import DockerApi
from support.scene import descendants, eventually


class Engine:
    """A dockerd that keeps everything in the scene's folder and touches no other engine."""

    def __init__(self, scene):
        self.scene = scene
        self.data_root = scene.path("docker")
        self.exec_root = scene.path("exec")
        self.socket_path = scene.path("docker.sock")
        self.host = "unix://" + self.socket_path
        self.api = DockerApi(self.socket_path)
        self.config = scene.path("daemon.json")
        self.process = None

    def start(self):
        self.write_config()
        self.scene.reap()  # it would wait for a containerd that is dead but not reaped
        self.process = self.scene.start("dockerd", [
            "dockerd", "--config-file", self.config, "--host", self.host,
            "--data-root", self.data_root, "--exec-root", self.exec_root,
            "--pidfile", self.scene.path("docker.pid"),
            # Should the machine run a containerd, this engine shares it: not its namespaces.
            "--containerd-namespace", f"volumeter{os.getpid()}",
            "--containerd-plugins-namespace", f"volumeter{os.getpid()}-plugins",
            "--iptables=false", "--bridge=none", "--live-restore"],
            env=self.scene.engine_environment())
        eventually(self.is_ready, 60, "the engine answers")
        return self

    def write_config(self):
        """Without a file of its own it would read the machine's and write /etc/docker/key.json."""
        # Of a row of tests/matrix.
        settings = json.loads(os.environ.get("VOLUMETER_TESTS_DAEMON_JSON", "{}"))
        if not settings.get("features", {}).get("containerd-snapshotter"):
            settings.setdefault("storage-driver", self.storage_driver())
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"deprecated-key-path": self.scene.path("key.json"), **settings}, file)

    def storage_driver(self):
        """What it would choose itself, but for fuse-overlayfs: podman recommends that package."""
        fstype = subprocess.run(["stat", "--file-system", "--format=%T", os.path.dirname(self.data_root)],
                                check=True, capture_output=True, text=True).stdout.strip()
        return "vfs" if fstype == "overlayfs" else "overlay2"

    def start_with_image(self):
        self.start()
        self.api.import_image()
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError("dockerd ended:\n" + self.scene.log("dockerd")[-3000:])
        return self.api.answers()

    def volume_folder(self, name):
        return os.path.join(self.data_root, "volumes", name, "_data")

    def kill(self):
        """As by the kernel when memory runs out; its containers live on."""
        self.process.kill()
        self.process.wait()

    def pause(self):
        """Takes connections and says nothing, until resume()."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def pids(self):
        """Of dockerd and its containerd, not of the containers."""
        below = descendants(self.process.pid)
        return [self.process.pid] + below

    def end(self):
        """Removes the containers, which none does better; Scene.end() does the rest."""
        self.resume()
        if self.api.answers():
            self.api.remove_all_containers()
