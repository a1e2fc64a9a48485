// SPDX-License-Identifier: Apache-2.0
// Containers as the engine lists and inspects them.
#include <limits>
#include <map>

#include "exporter/sources/docker/decode.h"
#include "exporter/sources/docker/decoding.h"
#include "exporter/sources/docker/rfc3339.h"

namespace volumeter::docker {
namespace {

// The states of Docker, and those of Podman that its Docker-compatible API passes through.
ContainerState read_state(std::string_view state) {
  // A stopping or restarting container still holds its mounts.
  for (const auto running : {"running", "paused", "restarting", "stopping"}) {
    if (state == running) return ContainerState::kRunning;
  }
  for (const auto created : {"created", "configured", "initialized"}) {
    if (state == created) return ContainerState::kCreated;
  }
  return ContainerState::kStopped;
}

// API 1.24 has no types yet; a volume is what has a driver.
MountType read_mount_type(std::string_view type, bool has_driver) {
  if (type.empty()) return has_driver ? MountType::kVolume : MountType::kBind;
  if (type == "volume") return MountType::kVolume;
  if (type == "bind") return MountType::kBind;
  if (type == "tmpfs") return MountType::kTmpfs;
  if (type == "image") return MountType::kImage;
  return MountType::kOther;  // cluster, npipe
}

// "rslave" also applies to the mounts below the source; "" of volumes.
Propagation read_propagation(std::string_view text) {
  if (text == "shared" || text == "rshared") return Propagation::kShared;
  if (text == "slave" || text == "rslave") return Propagation::kSlave;
  return Propagation::kPrivate;
}

// {"Type":"volume","Name":"data1","Source":"/var/lib/docker/volumes/data1/_data",
//  "Destination":"/data","Driver":"local","Mode":"ro","RW":false,"Propagation":""}
std::optional<ContainerMount> read_mount(const json& item) {
  Fields fields(item);
  ContainerMount mount;
  mount.driver = fields.text("Driver");
  mount.type = read_mount_type(fields.text("Type"), !mount.driver.empty());
  mount.volume = mount.type == MountType::kVolume ? fields.text("Name") : std::string();
  mount.source = fields.text("Source");
  mount.destination = fields.text("Destination");
  mount.writable = fields.flag("RW").value_or(true);
  mount.propagation = read_propagation(fields.text("Propagation"));
  const bool nameless = mount.type == MountType::kVolume && mount.volume.empty();
  if (fields.wrong() || mount.destination.empty() || nameless) return {};
  return mount;
}

// Podman 5 and 6 list an image mount a second time, as the bind mount that it is made by.
bool is_second_half(const ContainerMount& first, const ContainerMount& second) {
  return first.type == MountType::kImage && second.type == MountType::kBind;
}

std::optional<std::vector<ContainerMount>> read_mounts(
    Fields& container, const std::function<void(const json&)>& reject_mount) {
  if (!container.has_list("Mounts")) return {};
  std::vector<ContainerMount> mounts;
  std::map<std::string, std::size_t, std::less<>> by_destination;
  for (const json& item : container.list("Mounts")) {
    auto mount = read_mount(item);
    if (!mount) {
      reject_mount(item);
      continue;
    }
    const auto [first, is_new] = by_destination.try_emplace(mount->destination, mounts.size());
    if (is_new) {
      mounts.push_back(*std::move(mount));
    } else if (!is_second_half(mounts[first->second], *mount)) {
      reject_mount(item);
    }
  }
  return mounts;
}

// ["/web","/proxy/web"]: the second one is a legacy link, an alias given by another container.
// A container that is being removed has no name any more; its short id is used instead.
std::string read_name(const json& names, std::string_view id) {
  for (const json& name : names) {
    if (!name.is_string()) return {};
    std::string_view text = name.get_ref<const std::string&>();
    if (text.starts_with('/')) text.remove_prefix(1);
    if (!text.empty() && text.find('/') == std::string_view::npos) return std::string(text);
  }
  return std::string(id.substr(0, 12));
}

// "Exited (0) 14 minutes ago", "Exited (137) About an hour ago": as HumanDuration() of
// https://pkg.go.dev/github.com/docker/go-units.
bool is_within_an_hour(std::string_view status) {
  if (status.empty()) return true;
  return status.find("second") != status.npos || status.find("minute") != status.npos;
}

// {"Id":"2c42a6e4...","Names":["/c1"],"Labels":{},"State":"running","Status":"Up 3 days",
//  "Mounts":[...]}
std::optional<Container> read_container(const json& item, Parsed<Container>& out) {
  Fields fields(item);
  Container container;
  container.id = fields.text("Id");
  container.name = read_name(fields.list("Names"), container.id);
  container.state = read_state(fields.text("State"));
  container.ended_lately = is_within_an_hour(fields.text("Status"));
  container.labels = fields.map("Labels");
  const auto reject_mount = [&](const json& mount) { reject(out, mount); };
  auto mounts = read_mounts(fields, reject_mount);
  container.knows_mounts = mounts.has_value();
  if (mounts) container.mounts = *std::move(mounts);
  if (fields.wrong() || container.id.empty() || !is_name(container.name)) return {};
  return container;
}

std::string id_of(const Container& container) { return container.id; }
std::string name_of(const Container& container) { return container.name; }

// Of -v the engine creates a missing source, of --mount only if told so (bind-create-src, 28.3).
// {"Type":"bind","Source":"/srv/conf","Target":"/etc/app","BindOptions":{"CreateMountpoint":true}}
std::vector<std::string> read_strict_binds(Fields& host_config) {
  std::vector<std::string> destinations;
  for (const json& item : host_config.list("Mounts")) {
    Fields mount(item);
    Fields options(mount.object("BindOptions"));
    std::string target = mount.text("Target");
    const bool is_created = options.flag("CreateMountpoint").value_or(false);
    if (mount.text("Type") != "bind" || is_created || mount.wrong() || options.wrong()) continue;
    if (!target.empty()) destinations.push_back(std::move(target));
  }
  return destinations;
}

// 0 for a container that is not running.
std::optional<std::uint32_t> read_pid(Fields& state) {
  const auto pid = state.count("Pid");
  if (!pid || *pid == 0 || *pid > std::numeric_limits<std::uint32_t>::max()) return {};
  return static_cast<std::uint32_t>(*pid);
}

}  // namespace

Result<Parsed<Container>> decode_containers(std::string_view text) {
  return read_list<Container>("list of containers", text, {ItemsAt::Shape::kList, {}},
                              kContainerFields, read_container, {&id_of, &name_of});
}

// {"State":{"Pid":4711,"Error":"","StartedAt":"2026-11-23T05:56:53.030326063Z",
//           "FinishedAt":"0001-01-01T00:00:00Z"},
//  "HostConfig":{"Tmpfs":{"/scratch":"size=64m"},"ReadonlyRootfs":false}}
Result<ContainerDetails> decode_details(std::string_view text) {
  constexpr std::size_t kMaxErrorBytes = 4096;
  return read_whole<ContainerDetails>("container", text, kDetailsFields, [](Fields& container) {
    Fields state(container.object("State"));
    Fields host_config(container.object("HostConfig"));
    ContainerDetails details;
    details.started_at = parse_rfc3339(state.text("StartedAt"));
    details.finished_at = parse_rfc3339(state.text("FinishedAt"));
    details.pid = read_pid(state);
    details.start_error = state.text("Error").substr(0, kMaxErrorBytes);
    details.readonly_rootfs = host_config.flag("ReadonlyRootfs").value_or(false);
    for (auto& [destination, options] : host_config.map("Tmpfs")) {
      details.tmpfs.push_back(destination);
    }
    details.mounts = read_mounts(container, [](const json&) {});
    details.strict_binds = read_strict_binds(host_config);
    return details;
  });
}

}  // namespace volumeter::docker
