// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/change_log.h"

#include <spdlog/logger.h>

namespace volumeter {

namespace {

std::string_view error_field(const ChangeLog::Fields& fields) {
  for (const LogField& field : fields) {
    if (field.name == "error") return field.value;
  }
  return {};
}

// "db"; "web /data"
std::string subject_name(const LogSubject& subject) {
  std::string name;
  for (const LogField& field : subject.identity()) {
    name += (name.empty() ? "" : " ") + field.value;
  }
  return name;
}

std::string plural(const LogSubject& subject) {
  const bool has_one_name = subject.identity().size() == 1;
  return has_one_name ? std::string(subject.identity().front().name) + "s" : "subjects";
}

}  // namespace

std::string LogSubject::key() const {
  std::string key = kind_;
  if (!cause_.empty()) return key + '\1' + cause_;
  for (const LogField& field : identity_) key += '\0' + field.value;
  return key;
}

ChangeLog::ChangeLog(std::shared_ptr<spdlog::logger> logger, LogFormat format, Clock now)
    : logger_(std::move(logger)), format_(format), now_(std::move(now)) {}

ChangeLog::~ChangeLog() {
  std::vector<Line> lines;
  end_groups(SteadyTime::max(), lines);
  const auto counts = end_bursts(SteadyTime::max());
  lines.insert(lines.end(), counts.begin(), counts.end());
  write(lines);
}

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
    end_groups(now_(), lines);
    if (subject.is_one_of_many()) {
      gather(level, subject, message, fields, std::move(line));
    } else if (is_news(subject, line) && admit(level, subject.kind(), message)) {
      lines.push_back({level, std::move(line)});
    }
  }
  write(lines);
}

void ChangeLog::write_gathered() {
  std::vector<Line> lines;
  {
    const std::lock_guard lock(mutex_);
    end_groups(now_(), lines);
  }
  write(lines);
}

// A subject that shares the cause of a group that still waits is counted, though it is no news.
void ChangeLog::gather(Level level, const LogSubject& subject, std::string_view message,
                       const Fields& fields, std::string line) {
  const std::string key = std::string(message) + '\0' + std::string(error_field(fields));
  const auto found = groups_.find(key);
  // What its lines have in common, so that a cause is news once, whoever meets it first.
  const bool news = is_news(subject, subject.shares_cause() ? key : line);
  if (!news && (found == groups_.end() || !subject.shares_cause())) return;
  Group& group = found == groups_.end() ? groups_[key] : found->second;
  if (found == groups_.end()) {
    group.level = level;
    group.kind = subject.kind();
    group.message = message;
    group.fields = fields;
    group.count_name = plural(subject);
    group.shares_cause = subject.shares_cause();
    group.began = now_();
  }
  const auto hash = std::hash<std::string>{}(subject_name(subject));
  if (group.subjects.size() >= kMaxSubjects || !group.subjects.insert(hash).second) return;
  group.newest = now_();
  if (group.lines.size() <= kFewLines) {
    if (group.lines.size() < kFewLines) {
      group.examples += (group.examples.empty() ? "" : ", ") + subject_name(subject);
    }
    group.lines.push_back(std::move(line));
  }
}

// All of them if there are too many.
void ChangeLog::end_groups(SteadyTime now, std::vector<Line>& lines) {
  const bool ends_all = groups_.size() >= kMaxBursts || now == SteadyTime::max();
  for (auto entry = groups_.begin(); entry != groups_.end();) {
    const Group& group = entry->second;
    const bool is_due =
        ends_all || now - group.newest >= kGatherPause || now - group.began >= kBurstPeriod;
    if (!is_due) {
      ++entry;
      continue;
    }
    end_group(group, lines);
    entry = groups_.erase(entry);
  }
}

void ChangeLog::end_group(const Group& group, std::vector<Line>& lines) {
  if (group.subjects.size() <= (group.shares_cause ? 1 : kFewLines)) {
    for (const std::string& line : group.lines) {
      if (admit(group.level, group.kind, group.message)) lines.push_back({group.level, line});
    }
    return;
  }
  if (!admit(group.level, group.kind, group.message)) return;
  Fields fields;
  if (const auto error = error_field(group.fields); !error.empty()) {
    fields.push_back({"error", std::string(error)});
  }
  fields.push_back({group.count_name, std::to_string(group.subjects.size())});
  fields.push_back({"examples", group.examples});
  lines.push_back({group.level, format(group.kind, group.message, fields)});
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

bool ChangeLog::admit(Level level, const std::string& kind, std::string_view message) {
  auto burst = bursts_.find(message);
  if (burst == bursts_.end()) {
    burst = bursts_.emplace(message, Burst{level, kind, now_(), 0, 0}).first;
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
