// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "exporter/base/device_number.h"
#include "exporter/base/result.h"
#include "exporter/sources/interface/io_counts.h"

namespace volumeter {

// What was done through one mount.
struct MountIo {
  IoCounts reads;
  IoCounts writes;
  IoCounts fsyncs;
  std::uint64_t mapped_writes = 0;  // pages of shared mappings that became dirty

  void add(const MountIo& more) {
    reads.add(more.reads);
    writes.add(more.writes);
    fsyncs.add(more.fsyncs);
    mapped_writes += more.mapped_writes;
  }

  MountIo since(const MountIo& before) const {
    return {reads.since(before.reads), writes.since(before.writes), fsyncs.since(before.fsyncs),
            mapped_writes - before.mapped_writes};
  }

  bool operator==(const MountIo&) const = default;
};

// Our own number for a mount that is watched: of 30 bits, never zero, never used twice.
using MountToken = std::uint32_t;

// How the kernel knows a mount.
struct MountIdentity {
  std::uint32_t id = 0;
  std::uint64_t namespace_id = 0;
  DeviceNumber device;

  bool operator==(const MountIdentity&) const = default;
};

// The kernel's counting of what goes through mounts. Of one thread at a time, but that another may
// read() and change what is watched while follow() or namespaces() take their time.
class MountTracer {
 public:
  virtual ~MountTracer() = default;

  // Begins to see what goes through filesystems of a type; does nothing if it does already.
  // kUnsupported if nobody knows how, kNotFound if the kernel does not have that filesystem now.
  virtual Result<> follow(std::string_view fstype) = 0;

  // Whether pages that become dirty through memory mappings are counted on a type that is followed.
  virtual bool counts_mapped_writes(std::string_view fstype) const = 0;

  // The mount namespace of each process of the host, by process id.
  virtual Result<std::unordered_map<std::uint32_t, std::uint64_t>> namespaces() = 0;

  virtual Result<> watch(MountToken token, const MountIdentity& mount) = 0;
  // Nothing happens if another token was given its id meanwhile.
  virtual void unwatch(MountToken token, const MountIdentity& mount) = 0;

  // What was counted so far, but for mounts where nothing happened.
  virtual Result<std::unordered_map<MountToken, MountIo>> read() = 0;

  // Drops what was counted for a token that is not watched any more.
  virtual void forget(MountToken token) = 0;
};

}  // namespace volumeter
