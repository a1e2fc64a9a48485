// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "exporter/sources/interface/mount_tracer.h"

namespace volumeter::test {

// A kernel that counts the writes of a test. As in the real one mounts are known by their ids: if an
// id is reused, the last watched mount has it.
class FakeKernel {
 public:
  std::set<std::string> filesystems{"ext4", "overlay", "tmpfs"};
  std::set<std::string> without_mapped_writes{"overlay", "tmpfs"};
  std::unordered_map<std::uint32_t, std::uint64_t> namespaces{{1, kHostNamespace}};
  std::optional<Error> namespaces_fail;
  std::optional<Error> read_fails;
  std::size_t room = 4096;
  std::map<std::uint32_t, std::pair<MountToken, MountIdentity>> watched;  // by mount id
  std::unordered_map<MountToken, MountIo> counts;
  std::set<MountToken> tokens;          // all ever watched
  std::set<std::string> was_asked_for;  // filesystems

  static constexpr std::uint64_t kHostNamespace = 7;

  // Something writes through a mount that is seen in that namespace on that device.
  void write(const MountIdentity& mount, std::uint64_t bytes) {
    const auto found = watched.find(mount.id);
    if (found == watched.end() || !(found->second.second == mount)) return;
    count(found->second.first, bytes);
  }

  void count(MountToken token, std::uint64_t bytes) {
    ++counts[token].writes.operations;
    counts[token].writes.bytes += bytes;
  }
};

class FakeMountTracer final : public MountTracer {
 public:
  explicit FakeMountTracer(FakeKernel& kernel) : kernel_(kernel) {}

  Result<> follow(std::string_view fstype) override {
    kernel_.was_asked_for.emplace(fstype);
    if (kernel_.filesystems.contains(std::string(fstype))) return Nothing{};
    return Error{ErrorKind::kUnsupported, std::string(fstype), "no such thing"};
  }

  bool counts_mapped_writes(std::string_view fstype) const override {
    return !kernel_.without_mapped_writes.contains(std::string(fstype));
  }

  Result<std::unordered_map<std::uint32_t, std::uint64_t>> namespaces() override {
    if (kernel_.namespaces_fail) return *kernel_.namespaces_fail;
    return kernel_.namespaces;
  }

  Result<> watch(MountToken token, const MountIdentity& mount) override {
    if (kernel_.watched.size() >= kernel_.room && !kernel_.watched.contains(mount.id)) {
      return Error{ErrorKind::kIo, "watched_mounts", "Argument list too long"};
    }
    kernel_.tokens.insert(token);
    kernel_.watched[mount.id] = {token, mount};
    return Nothing{};
  }

  void unwatch(MountToken token, const MountIdentity& mount) override {
    const auto found = kernel_.watched.find(mount.id);
    if (found != kernel_.watched.end() && found->second.first == token)
      kernel_.watched.erase(found);
  }

  Result<std::unordered_map<MountToken, MountIo>> read() override {
    if (kernel_.read_fails) return *kernel_.read_fails;
    return kernel_.counts;
  }

  void forget(MountToken token) override { kernel_.counts.erase(token); }

 private:
  FakeKernel& kernel_;
};

}  // namespace volumeter::test
