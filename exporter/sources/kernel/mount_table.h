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

// The current mounts of the host, from /proc/1/mountinfo or, if unreadable, /proc/self/mountinfo.
// Thread-safe and cheap: the file is read again only after the kernel signals a change, and every
// 15 seconds because a filesystem that becomes read-only after an error causes no signal.
class MountTable {
 public:
  // Keeps references to both.
  MountTable(const HostAccess& host, ChangeLog& log);

  // Never null; the last good list while mountinfo cannot be read. Returns the same pointer until
  // a mount changes.
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
  std::optional<std::size_t> text_hash_;  // of the text of list_
  std::shared_ptr<const MountList> list_;
  SourceHealth health_;
};

}  // namespace volumeter
