// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace volumeter {

class LogQueue;

enum class LogFormat { kLogfmt, kJson };

struct LogOptions {
  std::string level = "info";  // debug, info, warn or error
  LogFormat format = LogFormat::kLogfmt;
};

// A named value of a log line: volume=db.
struct LogField {
  std::string_view name;
  std::string value;
};

// The fields of a line, without braces. Values are quoted as the format requires and cut off after
// 512 bytes; control characters are escaped and invalid UTF-8 is replaced.
//   subject=filesystem mountpoint=/mnt/nas msg="no answer to statfs"
//   "subject":"filesystem","mountpoint":"/mnt/nas","msg":"no answer to statfs"
std::string format_fields(std::span<const LogField> fields, LogFormat format);

// A thread-safe logger to standard error, one line per message. It expects messages from
// format_fields(). `level` is debug, info, warn or error.
//   ts=2026-11-23T05:46:08.123Z level=info subject=docker msg="connected" version=20.10.24
//   {"ts":"2026-11-23T05:46:08.123Z","level":"info","subject":"docker","msg":"connected",...}
//
// With a queue, which has to come from make_log_queue(), no call waits for standard error.
std::shared_ptr<spdlog::logger> make_logger(const LogOptions& options,
                                            std::shared_ptr<LogQueue> queue = nullptr);

// A queue to standard error that says in `format` how many lines it lost.
std::shared_ptr<LogQueue> make_log_queue(LogFormat format);

}  // namespace volumeter
