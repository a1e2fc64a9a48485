// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/change_log.h"

#include <spdlog/logger.h>

namespace volumeter {

ChangeLog::ChangeLog(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}

void ChangeLog::error(std::string_view subject, std::string_view sentence) {
  if (is_news(subject, sentence)) logger_->error("{}: {}", subject, sentence);
}

void ChangeLog::warning(std::string_view subject, std::string_view sentence) {
  if (is_news(subject, sentence)) logger_->warn("{}: {}", subject, sentence);
}

void ChangeLog::info(std::string_view subject, std::string_view sentence) {
  if (is_news(subject, sentence)) logger_->info("{}: {}", subject, sentence);
}

void ChangeLog::debug(std::string_view subject, std::string_view sentence) {
  if (is_news(subject, sentence)) logger_->debug("{}: {}", subject, sentence);
}

void ChangeLog::forget(std::string_view subject) {
  const std::lock_guard lock(mutex_);
  const auto found = last_said_.find(subject);
  if (found != last_said_.end()) last_said_.erase(found);
}

bool ChangeLog::is_news(std::string_view subject, std::string_view sentence) {
  const std::lock_guard lock(mutex_);
  const auto found = last_said_.find(subject);
  if (found != last_said_.end() && found->second == sentence) return false;
  // Subjects can be names from outside: forgetting all of them bounds the memory and at
  // worst repeats a sentence.
  if (last_said_.size() >= kMaxSubjects) last_said_.clear();
  last_said_[std::string(subject)] = sentence;
  return true;
}

}  // namespace volumeter
