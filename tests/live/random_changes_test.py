# SPDX-License-Identifier: Apache-2.0
"""Random changes of volumes and containers: after each the states of all volumes are those that follow
from what the engine lists, and what a prune deletes at the end was orphaned or named as a hazard.

VOLUMETER_TESTS_STEPS and VOLUMETER_TESTS_SEED: how many changes (40) and which (1; "random" for others
each time, as in the matrix; the seed is printed).
"""

import json
import os
import random

from support.live_test import LiveTest, run
from support.scene import ENGINE_USER

STEPS = int(os.environ.get("VOLUMETER_TESTS_STEPS", "40"))
SEED = os.environ.get("VOLUMETER_TESTS_SEED", "1")
SEED = random.SystemRandom().randrange(1_000_000) if SEED == "random" else int(SEED)
MOST_CONTAINERS = 8  # more take longer to list and show nothing new
SEEN_WITHIN = 10


class Truth:
    """What the engine says, and what follows from it for each volume."""

    def __init__(self, api):
        listed = api.call("GET", "/v1.41/volumes")["Volumes"] or []
        self.volumes = {volume["Name"]: volume for volume in listed}
        self.containers = [api.call("GET", f"/v1.41/containers/{one['Id']}/json")
                           for one in api.call("GET", "/v1.41/containers/json", all=1)]

    def places(self, name):
        """Where the data of a volume lies: its directory and, of a bind volume, the device's."""
        volume = self.volumes[name]
        return [volume["Mountpoint"], (volume["Options"] or {}).get("device") or volume["Mountpoint"]]

    def lies_in(self, path, name):
        return any(path == place or path.startswith(place + "/") for place in self.places(name))

    def users(self, name):
        """Containers that mount it, a path inside it, or a volume that lies inside it."""
        inner = {name} | {other for other in self.volumes
                          if self.lies_in(self.places(other)[1], name)}
        return [container for container in self.containers
                if any(mount.get("Name") in inner or (mount["Type"] == "bind" and
                                                      self.lies_in(mount["Source"], name))
                       for mount in container["Mounts"])]

    def states(self):
        def state(name):
            users = self.users(name)
            if any(container["State"]["Running"] for container in users):
                return "in_use"
            return "idle" if users else "orphaned"
        return {name: state(name) for name in self.volumes}


class RandomChanges(LiveTest):
    needs = ("root", "dockerd", "busybox")

    def setUp(self):
        super().setUp()
        self.engine = self.start_engine()
        self.api = self.engine.api
        self.version = self.api.call("GET", "/version")["ApiVersion"]
        self.random = random.Random(SEED)
        self.made = 0
        self.order = {}  # of names as they were first seen: those of anonymous volumes are random
        self.done = []

    def api_is(self, *version):
        return tuple(map(int, self.version.split("."))) >= version

    def new_name(self, kind):
        self.made += 1
        return f"{kind}-{self.made}"

    def in_order(self, names):
        return sorted(names, key=lambda name: self.order.setdefault(name, len(self.order)))

    def any_of(self, names):
        return self.random.choice(self.in_order(names)) if names else None

    def data_of(self, name):
        return self.truth.places(name)[1]

    # Each change returns what it did; None if there is nothing to do it to.

    def create_volume(self):
        name = self.new_name("volume")
        self.api.create_volume(name, labels={"some": "label"} if self.random.random() < 0.3 else None)
        return f"create {name}"

    def create_volume_inside_another(self):
        outer = self.any_of(self.truth.volumes)
        if outer is None:
            return None
        folder = os.path.join(self.data_of(outer), self.new_name("folder"))
        make_folder(folder)
        name = self.new_name("inner")
        self.api.create_volume(name, options={"type": "none", "o": "bind", "device": folder})
        return f"create {name} in {outer}"

    def run_container(self):
        volumes = self.random.sample(self.in_order(self.truth.volumes), min(2, len(self.truth.volumes)))
        return self.make_container([f"{name}:/{number}" for number, name in enumerate(volumes)])

    def run_container_with_anonymous_volume(self):
        return self.make_container([], anonymous=["/anonymous"])

    def run_container_with_a_bind_into_a_volume(self):
        volume = self.any_of(self.truth.volumes)
        return volume and self.make_container([f"{self.data_of(volume)}:/bind"])

    def run_container_with_a_subpath(self):
        volume = self.any_of(self.truth.volumes)
        if volume is None or not self.api_is(1, 45):
            return None
        name = self.new_name("container")
        make_folder(os.path.join(self.truth.volumes[volume]["Mountpoint"], "below"))
        if (self.truth.volumes[volume]["Options"] or {}).get("device"):
            make_folder(os.path.join(self.data_of(volume), "below"))
        self.api.call("POST", f"/v{self.version}/containers/create", {
            "Image": self.api.image, "Cmd": ["sh", "-c", "exec sleep 100000"], "StopTimeout": 0,
            "HostConfig": {"NetworkMode": "none", "Mounts": [
                {"Type": "volume", "Source": volume, "Target": "/below",
                 "VolumeOptions": {"Subpath": "below"}}]}}, name=name)
        self.api.start_container(name)
        return f"run {name} with {volume}/below"

    def make_container(self, binds, **options):
        name = self.new_name("container")
        (self.api.run_container if self.random.random() < 0.7 else self.api.create_container)(
            name, binds, **options)
        return f"make {name} with {binds}"

    def of_container(self, running, change, text):
        names = [one["Name"].lstrip("/") for one in self.truth.containers
                 if running is None or one["State"]["Running"] == running]
        name = self.any_of(names)
        if name is None:
            return None
        change(name)
        return f"{text} {name}"

    def stop_container(self):
        return self.of_container(True, self.api.stop_container, "stop")

    def start_container(self):
        return self.of_container(False, self.api.start_container, "start")

    def rename_container(self):
        return self.of_container(None, lambda name: self.api.rename_container(name, self.new_name("renamed")),
                                 "rename")

    def remove_container(self):
        return self.of_container(None, lambda name: self.api.remove_container(
            name, volumes=self.random.random() < 0.5), "remove")

    def remove_volume(self):
        mounted = {mount.get("Name") for one in self.truth.containers for mount in one["Mounts"]}
        # One that another lies in would take that one's data along.
        free = [name for name in self.truth.volumes if name not in mounted and not any(
            other != name and self.truth.lies_in(self.data_of(other), name) for other in self.truth.volumes)]
        name = self.any_of(free)
        if name is None:
            return None
        self.api.remove_volume(name)
        return f"remove {name}"

    def restart_engine(self):
        if self.random.random() < 0.8:
            return None
        self.engine.process.terminate()
        self.engine.process.wait()
        self.engine.start()
        return "restart the engine"

    def change(self):
        changes = [self.create_volume, self.create_volume_inside_another, self.run_container,
                   self.run_container_with_anonymous_volume, self.run_container_with_a_bind_into_a_volume,
                   self.run_container_with_a_subpath, self.stop_container, self.start_container,
                   self.rename_container, self.remove_container, self.remove_volume, self.restart_engine]
        if len(self.truth.containers) >= MOST_CONTAINERS:
            changes = [self.stop_container, self.remove_container]
        done = None
        while done is None:
            try:
                done = self.random.choice(changes)()
            except RuntimeError as error:
                # Of a volume whose directory went with the anonymous volume around it.
                if "mount" not in str(error):
                    raise
                done = f"refused: {error}"
        self.done.append(done)

    def assert_states_are_those_of(self, agent):
        wanted = Truth(self.api).states()

        def agrees(seen):
            return {name: seen.use(name) for name in seen.by("volume", "docker_volume_info")} == wanted
        try:
            agent.wait_until(agrees, f"the states {wanted}", SEEN_WITHIN)
        except AssertionError as error:
            seen = agent.scrape()
            differ = {name: (state, seen.use(name)) for name, state in wanted.items()
                      if seen.use(name) != state}
            raise AssertionError(f"seed {SEED}, step {len(self.done)}: {differ} (wanted, seen); last "
                                 f"changes {self.done[-12:]}\n{error}") from None

    def test_all_states_are_right_after_each_change_and_a_prune_takes_what_was_foretold(self):
        agent = self.start_agent(self.engine, "--collector.sizes.interval=1h")
        for _ in range(STEPS):
            self.truth = Truth(self.api)
            self.in_order(sorted(self.truth.volumes))
            self.change()
            self.assert_states_are_those_of(agent)
        self.say(f"seed {SEED}: {STEPS} changes, {len(self.truth.volumes)} volumes")

        seen = agent.scrape()
        before = Truth(self.api).states()
        # Since API 1.42 named volumes are spared without it.
        filters = {"filters": json.dumps({"all": ["true"]})} if self.api_is(1, 42) else {}
        pruned = self.api.call("POST", f"/v{self.version}/volumes/prune", **filters)["VolumesDeleted"] or []
        hazards = set(seen.by("volume", "docker_volume_prune_hazard"))
        wrong = [name for name in pruned if before[name] != "orphaned" and name not in hazards]
        self.assertEqual(wrong, [], f"seed {SEED}: {before}; hazards {hazards}; {self.done}")
        self.assertLessEqual(hazards, set(pruned), f"seed {SEED}")
        self.say(f"a prune deleted {len(pruned)} volumes, {len(hazards)} of them hazards")


def make_folder(path):
    """One that the engine can remove with the volume around it."""
    os.makedirs(path, exist_ok=True)
    if ENGINE_USER:
        os.chown(path, ENGINE_USER, ENGINE_USER)


if __name__ == "__main__":
    run()
