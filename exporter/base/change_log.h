// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace volumeter {

// A log that speaks when the state of a subject changes and is silent while it stays.
// A sentence says what is wrong, what follows and what the operator can do. Thread-safe.
class ChangeLog {
 public:
  explicit ChangeLog(std::shared_ptr<spdlog::logger> logger);

  void error(std::string_view subject, std::string_view sentence);
  void warning(std::string_view subject, std::string_view sentence);
  void info(std::string_view subject, std::string_view sentence);
  void debug(std::string_view subject, std::string_view sentence);

  // The subject is gone; its next sentence is news again.
  void forget(std::string_view subject);

 private:
  static constexpr std::size_t kMaxSubjects = 4096;

  bool is_news(std::string_view subject, std::string_view sentence);

  std::shared_ptr<spdlog::logger> logger_;
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> last_said_;
};

}  // namespace volumeter
