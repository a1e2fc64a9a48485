// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/parsed.h"

namespace volumeter {

// RPC counters of one NFS operation on one superblock since it was mounted. A request is counted
// when it completes. All of them are monotonic.
struct NfsOperation {
  std::string name;  // "READ", "GETATTR"; a number if the kernel has no name
  std::uint64_t completed = 0;
  std::uint64_t transmissions = 0;  // including retransmissions
  std::uint64_t timeouts = 0;       // major timeouts: no reply to any retry of a round
  std::uint64_t sent_bytes = 0;     // including headers
  std::uint64_t received_bytes = 0;
  // Sums over all requests.
  double queue_seconds = 0;             // until the last transmission
  double response_seconds = 0;          // round-trip time: from there to the reply
  double execution_seconds = 0;         // from the request to its completion
  std::optional<std::uint64_t> errors;  // replies with an error; since Linux 5.3
};

// Bytes read and written by programs on an NFS superblock, and bytes exchanged with the server.
struct NfsBytes {
  // read(2), write(2) and similar through the page cache; without mmap(2).
  std::uint64_t normal_read = 0;
  std::uint64_t normal_written = 0;
  // With O_DIRECT, as requested: reads beyond the end of the file and failed reads count in full.
  std::uint64_t direct_read = 0;
  std::uint64_t direct_written = 0;
  // READ and WRITE requests for any reason, including O_DIRECT, mmap(2) and readahead.
  std::uint64_t server_read = 0;
  std::uint64_t server_written = 0;
};

// The NFS client counters of a mount. Mounts that share a superblock, usually those of one export,
// all have the counters of the superblock.
struct NfsStats {
  std::string source;  // "10.0.0.5:/export"
  std::string mount_point;
  std::optional<NfsBytes> bytes;
  // Operations with at least one request, and READ, WRITE and COMMIT even without: if one of these
  // is missing it is unknown. Names are unique.
  std::vector<NfsOperation> operations;

  const NfsOperation* operation(std::string_view name) const;
};

// The NFS mounts in /proc/<pid>/mountstats. Accepts any text: a malformed line is rejected alone, a
// mount with an unknown version of the statistics is rejected as a whole.
Parsed<NfsStats> parse_mountstats(std::string_view text);

}  // namespace volumeter
