// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/base/log.h"

namespace volumeter {

// What a log line is about: a kind, and the fields that tell one of the kind from another.
//   LogSubject("filesystem", {{"mountpoint", "/mnt/nas"}})
class LogSubject {
 public:
  LogSubject(std::string_view kind, std::vector<LogField> identity = {})
      : kind_(kind), identity_(std::move(identity)) {}
  LogSubject(const std::string& kind) : kind_(kind) {}
  LogSubject(const char* kind) : kind_(kind) {}

  const std::string& kind() const { return kind_; }
  const std::vector<LogField>& identity() const { return identity_; }

  // Different for different subjects.
  std::string key() const;

 private:
  std::string kind_;
  std::vector<LogField> identity_;
};

// A log that speaks when the state of a subject changes and is silent while it stays.
// A message says what failed, the consequence and the remedy; what differs from one line to the
// next is in fields. Thread-safe.
//   log.warning({"filesystem", {{"mountpoint", point}}},
//               "no answer to statfs; serving the last known values; check the server",
//               {{"error", error.text()}});
class ChangeLog {
 public:
  using Fields = std::initializer_list<LogField>;

  explicit ChangeLog(std::shared_ptr<spdlog::logger> logger, LogFormat format = LogFormat::kLogfmt);

  void error(const LogSubject& subject, std::string_view message, Fields fields = {});
  void warning(const LogSubject& subject, std::string_view message, Fields fields = {});
  void info(const LogSubject& subject, std::string_view message, Fields fields = {});
  void debug(const LogSubject& subject, std::string_view message, Fields fields = {});

  // The subject is gone; its next line is news again.
  void forget(const LogSubject& subject);

 private:
  static constexpr std::size_t kMaxSubjects = 4096;

  // The line if it differs from the last one about the subject, else empty.
  std::string news(const LogSubject& subject, std::string_view message, Fields fields);

  std::shared_ptr<spdlog::logger> logger_;
  const LogFormat format_;
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> last_lines_;  // by key of the subject
};

}  // namespace volumeter
