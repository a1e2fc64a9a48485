// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/diskstats.h"

namespace volumeter {

// Reads /proc/diskstats on each call, which takes microseconds. Thread-safe.
class DiskReader {
 public:
  // Keeps references to both.
  DiskReader(const HostAccess& host, ChangeLog& log);

  // Never null. Empty if the file cannot be read: stale counters would look like idle disks.
  std::shared_ptr<const DiskList> read();

  SourceHealth health() const;  // "diskstats"

 private:
  std::shared_ptr<const DiskList> accept(Parsed<DiskStats> parsed);
  std::shared_ptr<const DiskList> fail(const Error& error);

  const HostAccess& host_;
  ChangeLog& log_;
  const std::string path_;
  mutable std::mutex mutex_;
  SourceHealth health_;
};

}  // namespace volumeter
