// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "exporter/base/log.h"
#include "exporter/base/time.h"

namespace volumeter {

// What a log line is about: a kind, and the fields that identify one of that kind.
//   LogSubject("filesystem", {{"mountpoint", "/mnt/nas"}})
class LogSubject {
 public:
  LogSubject(std::string_view kind, std::vector<LogField> identity = {})
      : kind_(kind), identity_(std::move(identity)) {}
  LogSubject(const std::string& kind) : kind_(kind) {}
  LogSubject(const char* kind) : kind_(kind) {}

  // One of a kind of which thousands may fail at once: their lines are gathered, see below. With a
  // cause that says nothing of the subject itself, as a missing capability, all subjects with that
  // cause are one: the next one is no news.
  static LogSubject one_of(std::string_view kind, std::vector<LogField> identity,
                           std::string_view cause = {}) {
    LogSubject subject(kind, std::move(identity));
    subject.is_one_of_many_ = true;
    subject.cause_ = cause;
    return subject;
  }

  const std::string& kind() const { return kind_; }
  const std::vector<LogField>& identity() const { return identity_; }
  bool is_one_of_many() const { return is_one_of_many_; }
  bool shares_cause() const { return !cause_.empty(); }

  // Unique to the subject, or to the cause that it shares.
  std::string key() const;

 private:
  std::string kind_;
  std::vector<LogField> identity_;
  bool is_one_of_many_ = false;
  std::string cause_;
};

// A log of changes: a line is written when it differs from the last one about its subject, and a
// state that lasts is logged once. Thread-safe.
//
// A message is a fixed text: what failed, the consequence, the remedy. Values are fields, with
// the same names everywhere:
//   volume, driver, container, mountpoint, device, collector, fstype, path, address, url
//                                                                                  the subject
//   error                                            why, with the remedy if it depends on the cause
//   volumes, containers, items, lines                counts
//   example                                          the first of the items that could not be parsed
//   engine, version, api_version, storage_driver     the engine
//   suppressed                                       further lines with the same message
//   volumes, mountpoints, ...; examples              how many subjects a gathered line is about; the
//                                                    first of them
//
//   log.warning({"filesystem", {{"mountpoint", point}}},
//               "no answer to statfs; serving the last known values; check the server",
//               {{"error", error.text()}});
class ChangeLog {
 public:
  using Fields = std::vector<LogField>;
  using Clock = std::function<SteadyTime()>;

  // Of the lines with one message, the first kBurstLines in kBurstPeriod are written; the others
  // are counted, and one line has their number once the period is over. Thousands of failures
  // with one cause are a few lines.
  static constexpr unsigned kBurstLines = 20;
  static constexpr std::chrono::minutes kBurstPeriod{1};

  // The lines of one_of() subjects with one message and one error wait until none was added for
  // kGatherPause, a minute at most. Up to kFewLines are then written as they are, more as one line
  // with their number and the first names; with a shared cause two are more.
  static constexpr std::chrono::seconds kGatherPause{1};
  static constexpr std::size_t kFewLines = 3;

  ChangeLog(std::shared_ptr<spdlog::logger> logger, LogFormat format, Clock now);
  ~ChangeLog();  // writes the counts of suppressed lines
  ChangeLog(const ChangeLog&) = delete;
  ChangeLog& operator=(const ChangeLog&) = delete;

  void error(const LogSubject& subject, std::string_view message, const Fields& fields = {});
  void warning(const LogSubject& subject, std::string_view message, const Fields& fields = {});
  void info(const LogSubject& subject, std::string_view message, const Fields& fields = {});
  void debug(const LogSubject& subject, std::string_view message, const Fields& fields = {});

  // Writes what has been gathered for long enough; to be called about once a second.
  void write_gathered();

  // The subject no longer exists or is well again: its next line is written.
  void forget(const LogSubject& subject);

 private:
  enum class Level { kError, kWarning, kInfo, kDebug };

  struct Line {
    Level level;
    std::string text;
  };

  // The lines with one message since `began`.
  struct Burst {
    Level level;
    std::string kind;
    SteadyTime began;
    unsigned written = 0;
    std::uint64_t suppressed = 0;
  };

  // The lines with one message and one error that wait.
  struct Group {
    Level level = Level::kInfo;
    std::string kind;
    std::string message;
    Fields fields;                             // of the first line
    std::string count_name;                    // "volumes"
    std::string examples;                      // "a, b, c"
    std::vector<std::string> lines;            // the first ones
    std::unordered_set<std::size_t> subjects;  // their hashes
    bool shares_cause = false;
    SteadyTime began;
    SteadyTime newest;
  };

  // About 3 MB. Beyond it all subjects are forgotten: a state may then be logged again, as often
  // as kBurstLines allows.
  static constexpr std::size_t kMaxSubjects = 65'536;
  static constexpr std::size_t kMaxBursts = 256;

  void log(Level level, const LogSubject& subject, std::string_view message, const Fields& fields);
  void write(const std::vector<Line>& lines);
  bool is_news(const LogSubject& subject, const std::string& line);
  bool admit(Level level, const std::string& kind, std::string_view message);
  void gather(Level level, const LogSubject& subject, std::string_view message,
              const Fields& fields, std::string line);
  void end_groups(SteadyTime now, std::vector<Line>& lines);
  void end_group(const Group& group, std::vector<Line>& lines);
  std::vector<Line> end_bursts(SteadyTime began_until);
  std::string format(const LogSubject& subject, std::string_view message,
                     const Fields& fields) const;

  const std::shared_ptr<spdlog::logger> logger_;
  const LogFormat format_;
  const Clock now_;
  std::mutex mutex_;
  std::unordered_map<std::size_t, std::size_t> last_lines_;  // hashes of subjects and lines
  std::map<std::string, Burst, std::less<>> bursts_;         // by message
  std::map<std::string, Group> groups_;                      // by message and error
};

}  // namespace volumeter
