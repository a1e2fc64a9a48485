# SPDX-License-Identifier: Apache-2.0
"""A Podman service of the test's own, behind Docker's API."""

from support.docker_api import DockerApi
from support.scene import eventually


class Podman:
    """Keeps everything in the scene's folder. It has no daemon but the one that serves."""

    def __init__(self, scene):
        self.scene = scene
        self.socket_path = scene.path("podman.sock")
        self.host = "unix://" + self.socket_path
        self.api = DockerApi(self.socket_path)
        self.process = None

    def start(self):
        self.process = self.scene.start("podman", [
            "podman", "--root", self.scene.path("storage"), "--runroot", self.scene.path("run"),
            "--tmpdir", self.scene.path("tmp"), "--cgroup-manager", "cgroupfs",
            "--events-backend", "file", "system", "service", "--time=0", self.host],
            env=self.scene.engine_environment())
        eventually(self.api.answers, 30, "Podman answers")
        self.api.import_image()
        return self

    def end(self):
        """Removes the containers, which none does better; Scene.end() does the rest."""
        if self.api.answers():
            self.api.remove_all_containers()
