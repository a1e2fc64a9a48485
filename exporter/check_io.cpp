// SPDX-License-Identifier: Apache-2.0
#include "exporter/check_io.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "exporter/model/volume_io.h"
#include "exporter/sources/ebpf/ebpf_obstacle.h"

namespace volumeter {
namespace {

constexpr std::size_t kMostNamed = 10;

struct Named {
  std::size_t count = 0;
  std::string names;

  void add(const std::string& name) {
    if (++count > kMostNamed) return;
    names += (names.empty() ? "" : ", ") + name;
  }

  std::string text() const { return names + (count > kMostNamed ? ", ..." : ""); }
};

std::string_view told_by(IoSource source) {
  switch (source) {
    case IoSource::kEbpf: return "counted by eBPF at every call";
    case IoSource::kNfs: return "whose I/O their NFS mounts tell";
    case IoSource::kDevice: return "whose I/O their own devices tell";
    case IoSource::kCgroup: return "whose I/O the cgroup of their only container tells";
    case IoSource::kShared: return "that share a disk with others: their I/O is unknown";
  }
  return "";
}

const SourceHealth* source_called(const HostSnapshot& host, std::string_view name) {
  const auto found = std::find_if(host.sources.begin(), host.sources.end(),
                                  [&](const SourceHealth& source) { return source.name == name; });
  return found == host.sources.end() ? nullptr : &*found;
}

}  // namespace

std::vector<CheckLine> check_io(const HostSnapshot& host, const HostPaths& paths) {
  std::vector<CheckLine> lines;
  std::map<IoSource, Named> volumes;
  for (const VolumeIo& io : volume_io(host)) volumes[io.source].add(io.volume->label.plain());
  for (const auto& [source, named] : volumes) {
    lines.push_back(
        {source != IoSource::kShared,
         fmt::format("volumes {}: {} ({})", told_by(source), named.count, named.text())});
  }
  for (const auto& [name, what] : {std::pair("ebpf_mounts", "I/O of volumes is not counted"),
                                   std::pair("ebpf_devices", "latency of disks is not measured")}) {
    const SourceHealth* source = source_called(host, name);
    if (source == nullptr) continue;
    if (!source->up && source->asked()) {
      lines.push_back(
          {false, fmt::format("{} by eBPF: {}", what, ebpf_obstacle(paths, source->last_error))});
    } else if (source->bad_items > 0) {
      lines.push_back({false, fmt::format("{} mounts of running containers are not counted by "
                                          "eBPF: the log says why",
                                          source->bad_items)});
    }
  }
  return lines;
}

}  // namespace volumeter
