// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/change_log.h"

#include <spdlog/logger.h>

namespace volumeter {

std::string LogSubject::key() const {
  std::string key = kind_;
  for (const LogField& field : identity_) key += '\0' + field.value;
  return key;
}

ChangeLog::ChangeLog(std::shared_ptr<spdlog::logger> logger, LogFormat format, Clock now)
    : logger_(std::move(logger)), format_(format), now_(std::move(now)) {}

ChangeLog::~ChangeLog() { write(end_bursts(SteadyTime::max())); }

void ChangeLog::error(const LogSubject& subject, std::string_view message, const Fields& fields) {
  log(Level::kError, subject, message, fields);
}

void ChangeLog::warning(const LogSubject& subject, std::string_view message, const Fields& fields) {
  log(Level::kWarning, subject, message, fields);
}

void ChangeLog::info(const LogSubject& subject, std::string_view message, const Fields& fields) {
  log(Level::kInfo, subject, message, fields);
}

void ChangeLog::debug(const LogSubject& subject, std::string_view message, const Fields& fields) {
  log(Level::kDebug, subject, message, fields);
}

void ChangeLog::forget(const LogSubject& subject) {
  const auto key = std::hash<std::string>{}(subject.key());
  const std::lock_guard lock(mutex_);
  last_lines_.erase(key);
}

// Writes after releasing the lock, so that callers without a new line never wait for stderr.
void ChangeLog::log(Level level, const LogSubject& subject, std::string_view message,
                    const Fields& fields) {
  std::string line = format(subject, message, fields);
  std::vector<Line> lines;
  {
    const std::lock_guard lock(mutex_);
    lines = end_bursts(now_() - kBurstPeriod);
    if (is_news(subject, line) && admit(level, subject, message)) {
      lines.push_back({level, std::move(line)});
    }
  }
  write(lines);
}

void ChangeLog::write(const std::vector<Line>& lines) {
  for (const Line& line : lines) {
    switch (line.level) {
      case Level::kError: logger_->error("{}", line.text); break;
      case Level::kWarning: logger_->warn("{}", line.text); break;
      case Level::kInfo: logger_->info("{}", line.text); break;
      case Level::kDebug: logger_->debug("{}", line.text); break;
    }
  }
}

bool ChangeLog::is_news(const LogSubject& subject, const std::string& line) {
  const auto key = std::hash<std::string>{}(subject.key());
  const auto hash = std::hash<std::string>{}(line);
  const auto found = last_lines_.find(key);
  if (found != last_lines_.end() && found->second == hash) return false;
  if (last_lines_.size() >= kMaxSubjects) last_lines_.clear();
  last_lines_[key] = hash;
  return true;
}

bool ChangeLog::admit(Level level, const LogSubject& subject, std::string_view message) {
  auto burst = bursts_.find(message);
  if (burst == bursts_.end()) {
    burst = bursts_.emplace(message, Burst{level, subject.kind(), now_(), 0, 0}).first;
  }
  if (burst->second.written < kBurstLines) {
    ++burst->second.written;
    return true;
  }
  ++burst->second.suppressed;
  return false;
}

// Ends bursts that began until then, or all of them if there are too many.
std::vector<ChangeLog::Line> ChangeLog::end_bursts(SteadyTime began_until) {
  if (bursts_.size() >= kMaxBursts) began_until = SteadyTime::max();
  std::vector<Line> lines;
  for (auto entry = bursts_.begin(); entry != bursts_.end();) {
    const auto& [message, burst] = *entry;
    if (burst.began > began_until) {
      ++entry;
      continue;
    }
    if (burst.suppressed > 0) {
      lines.push_back({burst.level, format(burst.kind, message,
                                           {{"suppressed", std::to_string(burst.suppressed)}})});
    }
    entry = bursts_.erase(entry);
  }
  return lines;
}

std::string ChangeLog::format(const LogSubject& subject, std::string_view message,
                              const Fields& fields) const {
  std::vector<LogField> all{{"subject", subject.kind()}};
  all.insert(all.end(), subject.identity().begin(), subject.identity().end());
  all.push_back({"msg", std::string(message)});
  all.insert(all.end(), fields.begin(), fields.end());
  return format_fields(all, format_);
}

}  // namespace volumeter
