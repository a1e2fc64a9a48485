// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "exporter/base/unique_fd.h"

namespace volumeter::test {

// What a filesystem says of its entries where that is not what they are, as FUSE clients and servers of
// NFS do that leave a field out or get it wrong.
struct OddEntries {
  std::optional<std::uint32_t> link_count{};   // st_nlink of all entries
  std::optional<std::uint32_t> listed_type{};  // d_type of all entries
  bool has_subdirectory = false;               // "d", with the same files as the root
};

// A mounted filesystem that can hang: callers are then in state D and survive SIGKILL, as with a dead
// NFS server. Serves the FUSE protocol from a thread of this process; its root has empty files "f0",
// "f1", ... Needs root and /dev/fuse.
class HungFuse {
 public:
  static constexpr std::uint64_t kBlocks = 1000;  // of 4096 bytes, as in statfs
  static constexpr std::uint64_t kFreeBlocks = 400;

  // Throws std::runtime_error if it cannot be mounted.
  explicit HungFuse(std::string mount_point, std::uint64_t files = 0, OddEntries odd = {});
  ~HungFuse();  // answers pending requests and unmounts
  HungFuse(const HungFuse&) = delete;
  HungFuse& operator=(const HungFuse&) = delete;

  void hang();
  void release();                                   // answers pending and later requests
  void set_delay(std::chrono::milliseconds delay);  // before each reply

  std::size_t waiting();          // pending requests
  std::size_t statfs_requests();  // since the mount

 private:
  struct Request {
    std::uint64_t unique = 0;
    std::uint64_t node = 0;
    std::uint64_t offset = 0;  // of READDIR
    std::uint32_t opcode = 0;
    std::string name;  // of LOOKUP
  };

  void serve();
  void take(const char* packet, std::size_t size);
  void answer(const Request& request);
  void reply(std::uint64_t unique, int error, const void* data, std::size_t size);
  std::uint64_t child(std::uint64_t directory, std::uint64_t index) const;
  std::uint64_t children(std::uint64_t directory) const;
  std::string name_of_child(std::uint64_t index) const;
  void reply_attributes(const Request& request);
  void reply_lookup(const Request& request);
  void reply_directory(const Request& request);
  void reply_statfs(const Request& request);

  const std::string mount_point_;
  const std::uint64_t files_;
  const OddEntries odd_;
  UniqueFd device_;
  UniqueFd stop_event_;
  std::mutex mutex_;  // guards the four members below
  bool hung_ = false;
  std::chrono::milliseconds delay_{0};
  std::vector<Request> held_;
  std::size_t statfs_requests_ = 0;
  std::thread thread_;
};

}  // namespace volumeter::test
