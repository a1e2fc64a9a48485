// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/hosts/folder_io.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exporter/base/device_number.h"
#include "exporter/base/fields.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxAnswerBytes = 16 << 20;

IoError error_of(const std::string& name) {
  if (name == "EIO") return IoError::kEio;
  if (name == "ENOSPC") return IoError::kEnospc;
  if (name == "EROFS") return IoError::kErofs;
  if (name == "EDQUOT") return IoError::kEdquot;
  return IoError::kOther;
}

IoCounts to_counts(const Json& io, const char* key) {
  IoCounts counts;
  if (!io.contains(key)) return counts;
  const Json& said = io.at(key);
  counts.operations = said.at("operations");
  counts.bytes = said.value("bytes", std::uint64_t{0});
  counts.nanoseconds = said.value("nanoseconds", std::uint64_t{0});
  const Json latency = said.value("latency", Json::object());
  for (const auto& [bucket, count] : latency.items()) {
    counts.latency.at(to_integer<std::size_t>(bucket).value_or(kLatencyBuckets)) = count;
  }
  const Json errors = said.value("errors", Json::object());
  for (const auto& [name, count] : errors.items()) {
    counts.failed_with(error_of(name)) = count;
  }
  return counts;
}

// Whatever is odd in the file is an error of all of it: it is a fixture.
template <typename Value, typename Convert>
Result<Value> read_part(const std::string& folder, const char* part, const Convert& convert) {
  const std::string file = folder + "/io.json";
  const auto text = read_file(file, kMaxAnswerBytes);
  if (!text) {
    return Error{ErrorKind::kUnsupported, "eBPF", "no io.json in this root"};
  }
  try {
    return convert(Json::parse(*text).at(part));
  } catch (const std::exception& failure) {
    return Error{ErrorKind::kMalformed, file, failure.what()};
  }
}

using IoByMount = std::unordered_map<std::uint32_t, MountIo>;

IoByMount to_mounts(const Json& said) {
  IoByMount mounts;
  for (const auto& [id, io] : said.items()) {
    mounts.emplace(to_integer<std::uint32_t>(id).value(),
                   MountIo{to_counts(io, "read"), to_counts(io, "write"), to_counts(io, "fsync"),
                           io.value("mapped_writes", std::uint64_t{0})});
  }
  return mounts;
}

std::vector<DeviceLatency> to_devices(const Json& said) {
  std::vector<DeviceLatency> devices;
  for (const auto& [number, io] : said.items()) {
    devices.push_back({parse_device_number(number).value(), to_counts(io, "read"),
                       to_counts(io, "write"), to_counts(io, "flush"), to_counts(io, "discard")});
  }
  // The names of a JSON object are in the order of text: "254:0" before "8:0".
  std::sort(devices.begin(), devices.end(),
            [](const DeviceLatency& a, const DeviceLatency& b) { return a.number < b.number; });
  return devices;
}

class FolderMountTracer final : public MountTracer {
 public:
  FolderMountTracer(std::string folder, IoByMount mounts)
      : folder_(std::move(folder)), mounts_(std::move(mounts)) {}

  bool counts_mapped_writes(std::string_view fstype) const override {
    return fstype != "tmpfs" && fstype != "overlay";
  }

  Result<> follow(std::string_view) override { return Nothing{}; }

  // Each container has one of its own, all with the same number but that of the host.
  Result<std::unordered_map<std::uint32_t, std::uint64_t>> namespaces() override {
    std::unordered_map<std::uint32_t, std::uint64_t> all;
    const auto names = list_dir(folder_ + "/proc");
    if (!names) return names.error();
    for (const auto& name : *names) {
      if (const auto pid = to_integer<std::uint32_t>(name)) all.emplace(*pid, *pid == 1 ? 1 : 2);
    }
    return all;
  }

  Result<> watch(MountToken token, const MountIdentity& mount) override {
    watched_[token] = mount.id;
    return Nothing{};
  }

  void unwatch(MountToken, const MountIdentity&) override {}

  Result<std::unordered_map<MountToken, MountIo>> read() override {
    std::unordered_map<MountToken, MountIo> all;
    for (const auto& [token, id] : watched_) {
      if (const auto found = mounts_.find(id); found != mounts_.end()) all[token] = found->second;
    }
    return all;
  }

  void forget(MountToken token) override { watched_.erase(token); }

 private:
  const std::string folder_;
  const IoByMount mounts_;
  std::unordered_map<MountToken, std::uint32_t> watched_;
};

class FolderDeviceTracer final : public DeviceTracer {
 public:
  explicit FolderDeviceTracer(std::vector<DeviceLatency> devices) : devices_(std::move(devices)) {}

  Result<std::vector<DeviceLatency>> read() override { return devices_; }

 private:
  const std::vector<DeviceLatency> devices_;
};

}  // namespace

Result<std::unique_ptr<MountTracer>> make_folder_mount_tracer(const std::string& folder) {
  auto mounts = read_part<IoByMount>(folder, "mounts", to_mounts);
  if (!mounts) return std::move(mounts).error();
  return std::unique_ptr<MountTracer>(
      std::make_unique<FolderMountTracer>(folder, std::move(mounts).value()));
}

Result<std::unique_ptr<DeviceTracer>> make_folder_device_tracer(const std::string& folder) {
  auto devices = read_part<std::vector<DeviceLatency>>(folder, "devices", to_devices);
  if (!devices) return std::move(devices).error();
  return std::unique_ptr<DeviceTracer>(
      std::make_unique<FolderDeviceTracer>(std::move(devices).value()));
}

}  // namespace volumeter
