// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/sources/sizes/size_reading.h"
#include "exporter/sources/sizes/size_target.h"

namespace volumeter {

// The newest reading of each target and how measuring them goes, with a line in the log when
// that changes. One thread writes what was measured; thread-safe.
class SizeResults {
 public:
  // `log` must outlive it.
  explicit SizeResults(ChangeLog& log);

  // What an earlier run measured: served until this one tries. Does not replace a reading.
  void restore(SizeReadings&& readings);

  // True if the size is not what it was.
  bool accept(const SizeTarget& target, const SizeMeasurement& measured, WallTime at);
  // The last good value stays.
  void fail(const SizeTarget& target, const Error& error);
  void forget(const std::string& key);

  std::size_t size() const;  // targets that were tried

  // Never null; the same pointer while nothing changes.
  std::shared_ptr<const SizeReadings> latest() const;

  // "sizes": up unless the newest measurement of every target failed; each failing one is a
  // bad item. What the agent declined to measure is neither.
  SourceHealth health() const;

 private:
  void count_as_tried(SizeReading& reading);
  void note_cause(const std::string& key, const std::optional<Error>& before,
                  const std::optional<Error>& now);
  void report(const SizeTarget& target, const Error& error);

  ChangeLog& log_;

  mutable std::mutex mutex_;  // of all below
  SizeReadings readings_;
  std::size_t restored_ = 0;   // of readings_: not tried yet
  std::size_t failing_ = 0;    // of readings_
  std::size_t not_asked_ = 0;  // of failing_: by the agent's own decision
  // How many fail by what is no fault of theirs, so that it is logged again once it came back.
  std::map<std::string, std::size_t> causes_;
  SourceHealth health_;
  // A copy of readings_, made when it is asked for; null once they differ. However many
  // targets are measured between two scrapes, one copy is made.
  mutable std::shared_ptr<const SizeReadings> published_;
};

}  // namespace volumeter
