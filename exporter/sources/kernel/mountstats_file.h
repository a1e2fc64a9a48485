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

// The counters of the host's NFS mounts, from /proc/1/mountstats or, if unreadable,
// /proc/self/mountstats. Reading never contacts the server, but the file has a line for each mount
// and 4 KiB for each NFS mount: read it only on hosts with NFS mounts. Thread-safe.
class MountstatsFile {
 public:
  // Keeps references to both.
  MountstatsFile(const HostAccess& host, ChangeLog& log);

  // Absent if the file cannot be read; health() has the reason.
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
