// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// The host's mounts as of now: process 1's mountinfo, or our own where that is not readable.
// Thread-safe and cheap: it is read again only when the kernel says that it changed, and
// every 15 seconds, because a filesystem that turns read-only after an error tells nobody.
class MountTable {
 public:
  // Both must outlive the table.
  MountTable(const HostAccess& host, ChangeLog& log);

  // Never null; the last good list while mountinfo cannot be read. The pointer stays the
  // same while nothing changes.
  std::shared_ptr<const MountList> current();

  SourceHealth health() const;  // "mountinfo"

 private:
  bool is_current();
  bool has_changed() const;
  Result<> open_file();
  Result<std::string> read_consistently();
  void refresh();
  void stay();
  void accept(Parsed<Mount> parsed);
  void fail(const Error& error);

  const HostAccess& host_;
  ChangeLog& log_;
  mutable std::mutex mutex_;
  std::string path_;
  UniqueFd file_;
  SteadyTime read_at_;
  std::optional<std::size_t> text_hash_;  // of what `list_` was made from
  std::shared_ptr<const MountList> list_;
  SourceHealth health_;
};

}  // namespace volumeter
