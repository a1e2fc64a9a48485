// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/landing_page.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::landing_page_test {
namespace {

constexpr double kNow = 1'700'000'000;

// A host that a test fills, and its page.
struct Host {
  Inventory inventory;
  FilesystemReadings filesystems;
  SizeReadings sizes;
  UsageTimes usage;
  std::vector<SourceHealth> sources;
  bool docker_up = true;

  Host() {
    inventory.engine =
        EngineFacts{Label("docker"), Label("20.10.24"), Label("1.41"), Label("overlay2"), {}};
  }

  VolumeFacts& add_volume(const std::string& name, VolumeUse use = VolumeUse::kInUse) {
    VolumeFacts facts;
    facts.name = name;
    facts.label = Label(name);
    facts.use = use;
    inventory.volumes.push_back(std::move(facts));
    return inventory.volumes.back();
  }

  void set_size(const std::string& volume, std::uint64_t apparent, std::uint64_t allocated) {
    SpaceUsage space;
    space.apparent_bytes = apparent;
    space.allocated_bytes = allocated;
    sizes[volume].space.accept(space, from_unix_seconds(kNow - 90), Seconds(1));
  }

  std::string page(std::string_view telemetry_path = "/metrics") const {
    HostSnapshot snapshot;
    snapshot.taken_at = from_unix_seconds(kNow);
    snapshot.build = {"1.2.3", "abc"};
    snapshot.docker_up = docker_up;
    snapshot.inventory = std::make_shared<const Inventory>(inventory);
    snapshot.filesystems = std::make_shared<const FilesystemReadings>(filesystems);
    snapshot.sizes = std::make_shared<const SizeReadings>(sizes);
    snapshot.usage = std::make_shared<const UsageTimes>(usage);
    snapshot.sources = sources;
    return landing_page(snapshot, telemetry_path);
  }
};

FilesystemFacts filesystem(const std::string& mountpoint, const std::string& device,
                           const std::string& fstype) {
  FilesystemFacts facts;
  facts.mount_point = mountpoint;
  facts.device = Label(device);
  facts.mountpoint = Label(mountpoint);
  facts.fstype = Label(fstype);
  return facts;
}

bool shows(const std::string& page, const std::string& part) {
  return page.find(part) != std::string::npos;
}

TEST_CASE("the page shows the engine, the agent's version and links to its endpoints") {
  const std::string page = Host().page("/other");
  CHECK(page.starts_with("<!DOCTYPE html>"));
  CHECK(shows(page, "version 1.2.3"));
  CHECK(shows(page, "docker 20.10.24, API 1.41, overlay2"));
  CHECK(shows(page, "<a href=\"other\">/other</a>"));
  CHECK(shows(page, "<a href=\"-/ready\">"));
  CHECK_FALSE(shows(page, "unreachable"));
}

TEST_CASE("text from Docker and the kernel is escaped as HTML") {
  const std::string evil = "<script>\"alert\"</script>";
  Host host;
  VolumeFacts& volume = host.add_volume(evil);
  volume.filesystem = 0;
  host.inventory.engine->version = Label(evil);
  host.inventory.filesystems.push_back(filesystem(evil, evil, evil));
  SourceHealth source{.name = "docker"};
  source.failed({ErrorKind::kIo, evil, evil});
  host.sources = {source};
  const std::string page = host.page(evil);
  CHECK_FALSE(shows(page, "<script"));
  CHECK_FALSE(shows(page, "\"alert"));
  CHECK(shows(page, "&lt;script&gt;&quot;alert&quot;"));
}

TEST_CASE("a name with a backslash is shown without Prometheus escaping") {
  Host host;
  host.add_volume("a\\b");
  CHECK(shows(host.page(), ">a\\b<"));
}

TEST_CASE("a volume shows its size, its containers and when it was measured") {
  Host host;
  VolumeFacts& volume = host.add_volume("db");
  volume.containers = {.running = 2, .stopped = 0, .created = 1};
  host.set_size("db", 1536, 4096);
  const std::string page = host.page();
  CHECK(shows(page, "1.5 KiB"));
  CHECK(shows(page, "4.0 KiB"));
  CHECK(shows(page, "2 running, 1 created"));
  CHECK(shows(page, "90 s ago"));
  CHECK(shows(page, "Volumes: 1 (1 in use, 0 idle, 0 orphaned)."));
}

TEST_CASE("an unknown size is not shown as a number") {
  Host host;
  host.add_volume("db");
  host.add_volume("nfs").unmounted = true;
  const std::string page = host.page();
  CHECK(shows(page, "unknown"));
  CHECK(shows(page, "not mounted"));
  CHECK_FALSE(shows(page, " B<"));
}

TEST_CASE("the largest volumes come first, then those of unknown size by name") {
  Host host;
  for (const auto* name : {"a_unknown", "b_small", "c_unknown", "d_large"}) host.add_volume(name);
  host.set_size("b_small", 1, 4096);
  host.set_size("d_large", 1, 8192);
  const std::string page = host.page();
  CHECK(page.find(">d_large") < page.find(">b_small"));
  CHECK(page.find(">b_small") < page.find(">a_unknown"));
  CHECK(page.find(">a_unknown") < page.find(">c_unknown"));
}

TEST_CASE("an orphaned volume is highlighted with the time since it was last used") {
  Host host;
  host.add_volume("ci", VolumeUse::kOrphaned);
  host.usage["ci"].last_used = kNow - 3 * 86400;
  CHECK(shows(host.page(), "<span class=\"warn\">orphaned</span> for 3 days"));
}

TEST_CASE("an idle volume without history shows no duration") {
  Host host;
  host.add_volume("db", VolumeUse::kIdle);
  const std::string page = host.page();
  CHECK(shows(page, ">idle<"));
}

TEST_CASE("durations are not negative after the clock is set back") {
  Host host;
  host.add_volume("db", VolumeUse::kIdle);
  host.usage["db"].last_used = kNow + 500;
  CHECK(shows(host.page(), "idle for 0 s"));
}

TEST_CASE("the name of an anonymous volume is shortened and shown in full as a tooltip") {
  Host host;
  const std::string name(64, 'a');
  host.add_volume(name, VolumeUse::kOrphaned).anonymous = true;
  const std::string page = host.page();
  CHECK(shows(page, "title=\"" + name + "\""));
  CHECK(shows(page, ">aaaaaaaaaaaa&hellip;"));
}

TEST_CASE("while Docker is unreachable the last known volumes are shown and marked as such") {
  Host host;
  host.docker_up = false;
  host.add_volume("db");
  const std::string page = host.page();
  CHECK(shows(page, "Docker unreachable; showing the last known state"));
  CHECK(shows(page, ">db<"));
}

TEST_CASE("before the first connection to Docker no number of volumes is shown") {
  Host host;
  host.inventory.engine.reset();
  host.docker_up = false;
  const std::string page = host.page();
  CHECK(shows(page, "not connected to Docker yet"));
  CHECK_FALSE(shows(page, "Volumes: "));
}

TEST_CASE("a filesystem shows its utilization and whether it responds") {
  Host host;
  host.inventory.filesystems.push_back(filesystem("/data", "/dev/sda1", "ext4"));
  CHECK(shows(host.page(), "not sampled yet"));

  auto& sampled = host.filesystems["/data"];
  sampled.accept(Error{ErrorKind::kTimeout, "/data", "hangs"}, {}, {});
  CHECK(shows(host.page(), "not responding"));

  FsUsage usage;
  usage.size_bytes = 1000;
  usage.free_bytes = 500;
  usage.avail_bytes = 300;
  sampled.accept(usage, from_unix_seconds(kNow - 10), Seconds(0));
  CHECK(shows(host.page(), "value=\"0.625\""));
  CHECK(shows(host.page(), "62%"));
  CHECK_FALSE(shows(host.page(), "not responding"));

  sampled.accept(Error{ErrorKind::kTimeout, "/data", "hangs"}, {}, {});
  CHECK(shows(host.page(), "not responding"));
  CHECK(shows(host.page(), "value=\"0.625\""));
}

TEST_CASE("a failing data source shows its last error") {
  Host host;
  SourceHealth good{.name = "mountinfo"};
  good.succeeded(from_unix_seconds(kNow - 5), 0);
  SourceHealth bad{.name = "docker"};
  bad.failed({ErrorKind::kPermission, "/var/run/docker.sock", "permission denied"});
  host.sources = {good, bad};
  const std::string page = host.page();
  CHECK(shows(page, "<td>mountinfo<td>ok<td class=\"n\">5 s"));
  CHECK(shows(page, "/var/run/docker.sock: permission denied"));
}

}  // namespace
}  // namespace volumeter::landing_page_test
