// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "exporter/base/change_log.h"
#include "exporter/base/result.h"
#include "exporter/base/source_health.h"
#include "exporter/base/ticker.h"
#include "exporter/sources/os/file_helper.h"

namespace volumeter {

// A file with state that survives a restart of the agent. Written by a background thread, so
// that callers never wait for the disk; all that touches its filesystem is done by a process that can
// be left behind, so that one that hangs delays neither the start nor the exit.
class StateFile {
 public:
  // `name`: of the file in the directory, which the first write creates. Keeps a reference to `log`.
  StateFile(const std::string& directory, std::string_view name, ChangeLog& log);

  // Logs a warning if the directory is not writable, without waiting for the first write.
  void check();

  // Writes what is still pending.
  ~StateFile();

  // The state saved by the last run; kNotFound if there is none, kTimeout if its filesystem hangs.
  Result<std::string> read();

  // Writes the text in the background; it replaces a pending one. After a failure the newest
  // text is retried once a minute.
  void submit(std::string text);

  // Source "state": up unless the last write failed.
  SourceHealth health() const;

  // Renames a damaged file to the returned path and replaces an earlier damaged one.
  Result<std::string> set_aside();

 private:
  Ticker::Pause tick(std::stop_token stop);
  bool write_pending(std::stop_token stop);
  void report(const Error& error);

  const std::string directory_;  // absolute
  const std::string path_;
  ChangeLog& log_;
  FileHelper helper_;

  mutable std::mutex mutex_;  // guards pending_ and health_
  std::shared_ptr<const std::string> pending_;
  SourceHealth health_{
      .name = "state", .provides = "usage history that survives a restart", .up = true};
  std::optional<Ticker> ticker_;
};

}  // namespace volumeter
