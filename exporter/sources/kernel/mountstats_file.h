// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/mountstats.h"

namespace volumeter {

// The counters of the host's NFS mounts: process 1's mountstats, or our own where that is not
// readable. The kernel answers from memory and never asks the server, but writes a line for
// each mount of the host and a page for each of NFS: read it only where there is one.
// Thread-safe.
class MountstatsFile {
 public:
  // Both must outlive it.
  MountstatsFile(const HostAccess& host, ChangeLog& log);

  // Nothing if it cannot be read; health() says why.
  std::optional<std::vector<NfsStats>> read();

  SourceHealth health() const;  // "mountstats"

 private:
  Result<std::string> read_text() const;
  void accept(const Parsed<NfsStats>& parsed);
  void fail(const Error& error);

  const HostAccess& host_;
  ChangeLog& log_;
  mutable std::mutex mutex_;
  SourceHealth health_;
};

}  // namespace volumeter
