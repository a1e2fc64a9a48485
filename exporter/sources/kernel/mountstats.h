// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/parsed.h"

namespace volumeter {

// What became of the requests of one kind that an NFS client sent for one superblock, since
// that was first mounted. A request counts when it has ended. None of the numbers ever falls.
struct NfsOperation {
  std::string name;  // "READ", "GETATTR"; a number if the kernel has no name for it
  std::uint64_t completed = 0;
  std::uint64_t transmissions = 0;  // a request that is sent again counts again
  std::uint64_t timeouts = 0;       // major ones: all the retries of a round had no answer
  std::uint64_t sent_bytes = 0;     // headers included
  std::uint64_t received_bytes = 0;
  // Sums over all requests.
  double queue_seconds = 0;             // before the last transmission
  double response_seconds = 0;          // from that to the answer
  double execution_seconds = 0;         // from the request to its end, all in all
  std::optional<std::uint64_t> errors;  // answers that say so; Linux counts them since 5.3
};

// Bytes that programs read and wrote on an NFS superblock, and what of it went over the wire.
struct NfsBytes {
  // By read(2), write(2) and their kin, through the page cache; mmap(2) is not in it.
  std::uint64_t normal_read = 0;
  std::uint64_t normal_written = 0;
  // With O_DIRECT, as asked for: a read that begins or ends behind the end of a file counts
  // for more than it got, and so does one that fails.
  std::uint64_t direct_read = 0;
  std::uint64_t direct_written = 0;
  // In READ and WRITE requests, for whatever reason: O_DIRECT, mmap(2) and readahead too.
  std::uint64_t server_read = 0;
  std::uint64_t server_written = 0;
};

// What the NFS client counts of one mount. Mounts that share a superblock, which is the rule
// for those of one export, all show the numbers of the superblock.
struct NfsStats {
  std::string source;  // "10.0.0.5:/export"
  std::string mount_point;
  std::optional<NfsBytes> bytes;
  // Those that happened; READ, WRITE and COMMIT also if they never did, so that one of these
  // that is missing is not known. No name is there twice.
  std::vector<NfsOperation> operations;

  const NfsOperation* operation(std::string_view name) const;
};

// The NFS mounts of /proc/<pid>/mountstats. Total: any text is an answer. A line that is torn
// costs that line, a mount whose numbers have a version we do not know costs the mount.
Parsed<NfsStats> parse_mountstats(std::string_view text);

}  // namespace volumeter
