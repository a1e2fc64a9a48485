// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/change_log.h"

#include <spdlog/logger.h>

namespace volumeter {

std::string LogSubject::key() const {
  std::string key = kind_;
  for (const LogField& field : identity_) key += '\0' + field.value;
  return key;
}

ChangeLog::ChangeLog(std::shared_ptr<spdlog::logger> logger, LogFormat format)
    : logger_(std::move(logger)), format_(format) {}

void ChangeLog::error(const LogSubject& subject, std::string_view message, Fields fields) {
  const std::string line = news(subject, message, fields);
  if (!line.empty()) logger_->error("{}", line);
}

void ChangeLog::warning(const LogSubject& subject, std::string_view message, Fields fields) {
  const std::string line = news(subject, message, fields);
  if (!line.empty()) logger_->warn("{}", line);
}

void ChangeLog::info(const LogSubject& subject, std::string_view message, Fields fields) {
  const std::string line = news(subject, message, fields);
  if (!line.empty()) logger_->info("{}", line);
}

void ChangeLog::debug(const LogSubject& subject, std::string_view message, Fields fields) {
  const std::string line = news(subject, message, fields);
  if (!line.empty()) logger_->debug("{}", line);
}

void ChangeLog::forget(const LogSubject& subject) {
  const std::string key = subject.key();
  const std::lock_guard lock(mutex_);
  last_lines_.erase(key);
}

std::string ChangeLog::news(const LogSubject& subject, std::string_view message, Fields fields) {
  std::vector<LogField> all{{"subject", subject.kind()}};
  all.insert(all.end(), subject.identity().begin(), subject.identity().end());
  all.push_back({"msg", std::string(message)});
  all.insert(all.end(), fields.begin(), fields.end());
  std::string line = format_fields(all, format_);
  std::string key = subject.key();

  const std::lock_guard lock(mutex_);
  const auto found = last_lines_.find(key);
  if (found != last_lines_.end() && found->second == line) return {};
  // Subjects can be names from outside: forgetting all of them bounds the memory and at
  // worst repeats a line.
  if (last_lines_.size() >= kMaxSubjects) last_lines_.clear();
  last_lines_[std::move(key)] = line;
  return line;
}

}  // namespace volumeter
