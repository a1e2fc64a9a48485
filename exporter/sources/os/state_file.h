// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/change_log.h"
#include "exporter/base/result.h"
#include "exporter/base/source_health.h"
#include "exporter/base/ticker.h"

namespace volumeter {

// A file with state that survives a restart of the agent. Written by a background thread, so
// that callers never wait for the disk.
class StateFile {
 public:
  // `name`: of the file in the directory, which the first write creates. Keeps a reference to `log`.
  StateFile(std::string directory, std::string_view name, ChangeLog& log);

  // Logs a warning if the directory is not writable, without waiting for the first write.
  void check();

  // Writes what is still pending.
  ~StateFile();

  // The state saved by the last run; kNotFound if there is none.
  Result<std::string> read() const;

  // Writes the text in the background; it replaces a pending one. After a failure the newest
  // text is retried once a minute.
  void submit(std::string text);

  // Source "state": up unless the last write failed.
  SourceHealth health() const;

  // Renames a damaged file to the returned path and replaces an earlier damaged one.
  Result<std::string> set_aside();

 private:
  Ticker::Pause tick();
  bool write_pending();
  void report(const Error& error);
  Result<> write(const std::string& text);

  const std::string directory_;
  const std::string path_;
  ChangeLog& log_;

  mutable std::mutex mutex_;  // guards pending_ and health_
  std::shared_ptr<const std::string> pending_;
  SourceHealth health_{
      .name = "state", .provides = "usage history that survives a restart", .up = true};
  std::optional<Ticker> ticker_;
};

}  // namespace volumeter
