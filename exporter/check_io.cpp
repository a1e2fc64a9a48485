// SPDX-License-Identifier: Apache-2.0
#include "exporter/check_io.h"

#include <fmt/format.h>

#include <map>

#include "exporter/model/volume_io_facts.h"

namespace volumeter {
namespace {

// How many there are, and the names of the first.
struct Named {
  std::size_t count = 0;
  std::string names;

  void add(const std::string& name) {
    if (++count > kMostNamed) return;
    names += (names.empty() ? "" : ", ") + name;
  }

  std::string text() const { return names + (count > kMostNamed ? ", ..." : ""); }
};

std::string_view described(IoSource source) {
  switch (source) {
    case IoSource::kEbpf: return "counted by eBPF";
    case IoSource::kNfs: return "by counters of their own NFS mount";
    case IoSource::kDevice: return "by counters of their own block device";
    case IoSource::kCgroup: return "by counters of their only container's cgroup";
    case IoSource::kShared: return "unknown: they share a disk with others";
  }
  return "";
}

}  // namespace

std::vector<CheckLine> check_io(const HostSnapshot& host) {
  std::vector<CheckLine> lines;
  std::map<IoSource, Named> volumes;
  for (const VolumeIo& io : host.volume_io) volumes[io.source].add(io.volume->label.plain());
  lines.reserve(volumes.size());
  for (const auto& [source, named] : volumes) {
    lines.push_back(
        {source != IoSource::kShared,
         fmt::format("I/O of volumes {}: {} ({})", described(source), named.count, named.text())});
  }
  return lines;
}

}  // namespace volumeter
