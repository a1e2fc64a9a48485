// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "exporter/base/change_log.h"
#include "exporter/base/result.h"
#include "exporter/base/source_health.h"
#include "exporter/base/ticker.h"

namespace volumeter {

// The one file in which the agent remembers things over a restart, written by a thread of
// its own so that nobody waits for the disk.
class StateFile {
 public:
  // `log` must outlive it. The directory is made when something is first written.
  StateFile(std::string directory, ChangeLog& log);

  // Says now if nothing could be written, not only once there is something.
  void check();

  // Writes what is still to be written.
  ~StateFile();

  // What the last run left; kNotFound if there is nothing.
  Result<std::string> read() const;

  // To be written soon, replacing what was handed in before. After a failure the newest
  // text is tried again once a minute.
  void submit(std::string text);

  // "state": up unless the newest write failed; its last good answer is for the caller.
  SourceHealth health() const;

  // Renames a file that makes no sense, replacing one set aside earlier; its new name.
  Result<std::string> set_aside();

 private:
  Ticker::Pause tick();
  bool write_pending();
  void report();
  Result<> write(const std::string& text);

  const std::string directory_;
  const std::string path_;
  ChangeLog& log_;

  mutable std::mutex mutex_;  // of the two below
  std::shared_ptr<const std::string> pending_;
  SourceHealth health_{.name = "state", .up = true};
  std::optional<Ticker> ticker_;
};

}  // namespace volumeter
