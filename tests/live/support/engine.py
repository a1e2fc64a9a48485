# SPDX-License-Identifier: Apache-2.0
"""A Docker Engine of the test's own."""

import json
import os
import signal

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
        # Without a file of its own it would read the machine's and write /etc/docker/key.json.
        self.config = scene.path("daemon.json")
        # Of a row of tests/matrix.
        settings = json.loads(os.environ.get("VOLUMETER_TESTS_DAEMON_JSON", "{}"))
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"deprecated-key-path": scene.path("key.json"), **settings}, file)
        self.process = None

    def start(self):
        self.scene.reap()  # it would wait for a containerd that is dead but not reaped
        self.process = self.scene.start("dockerd", [
            "dockerd", "--config-file", self.config, "--host", self.host,
            "--data-root", self.data_root, "--exec-root", self.exec_root,
            "--pidfile", self.scene.path("docker.pid"),
            # Should the machine run a containerd, this engine shares it: not its namespaces.
            "--containerd-namespace", f"volumeter{os.getpid()}",
            "--containerd-plugins-namespace", f"volumeter{os.getpid()}-plugins",
            "--iptables=false", "--bridge=none", "--live-restore"])
        eventually(self.is_ready, 60, "the engine answers")
        return self

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
