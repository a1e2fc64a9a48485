// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "exporter/base/label.h"
#include "exporter/base/log_queue.h"

namespace volumeter {
namespace {

std::string_view level_name(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug: return "debug";
    case spdlog::level::info: return "info";
    case spdlog::level::warn: return "warn";
    default: return "error";
  }
}

// Paths can have 4 KiB, and responses of the engine megabytes.
constexpr std::size_t kMaxValueBytes = 512;

// Cuts a long value between two characters and appends "...".
std::string shortened(std::string_view text) {
  if (text.size() <= kMaxValueBytes) return std::string(text);
  std::size_t end = kMaxValueBytes;
  constexpr std::size_t kLongestCharacter = 4;
  while (end > kMaxValueBytes - kLongestCharacter && (text[end] & 0xC0) == 0x80) --end;
  std::string cut(text.substr(0, end));
  cut += "...";
  return cut;
}

// The escapes common to logfmt and JSON: quote, backslash and control characters. Called quoted(), it
// would compete with std::quoted, which libstdc++ 14 declares here, for arguments of std.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : repaired_utf8(text)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

// Like Go's loggers: printable ASCII without space, quote, '=' and backslash needs no quotes.
std::string logfmt_value(std::string_view text) {
  const bool is_bare = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F &&
           c != '"' && c != '=' && c != '\\';
  });
  return is_bare ? std::string(text) : in_quotes(text);
}

class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto millis = std::chrono::time_point_cast<std::chrono::milliseconds>(message.time);
    const std::string time = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(message.time),
                                         millis.time_since_epoch().count() % 1000);
    const std::string_view level = level_name(message.level);
    const std::string_view fields{message.payload.data(), message.payload.size()};
    const auto shape =
        format_ == LogFormat::kJson ? R"({{"ts":"{}","level":"{}",{}}})" : R"(ts={} level={} {})";
    fmt::vformat_to(std::back_inserter(out), shape, fmt::make_format_args(time, level, fields));
    out.push_back('\n');
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormatter>(format_);
  }

 private:
  LogFormat format_;
};

class QueueSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit QueueSink(std::shared_ptr<LogQueue> queue) : queue_(std::move(queue)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    queue_->add(fmt::to_string(line));
  }
  void flush_() override {}

 private:
  const std::shared_ptr<LogQueue> queue_;
};

}  // namespace

std::string format_fields(std::span<const LogField> fields, LogFormat format) {
  std::string out;
  for (const LogField& field : fields) {
    if (!out.empty()) out += format == LogFormat::kJson ? ',' : ' ';
    const std::string value = shortened(field.value);
    if (format == LogFormat::kJson) {
      out += in_quotes(field.name) + ':' + in_quotes(value);
    } else {
      out += std::string(field.name) + '=' + logfmt_value(value);
    }
  }
  return out;
}

std::shared_ptr<spdlog::logger> make_logger(const LogOptions& options,
                                            std::shared_ptr<LogQueue> queue) {
  spdlog::sink_ptr sink;
  if (queue) {
    sink = std::make_shared<QueueSink>(std::move(queue));
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
  auto logger = std::make_shared<spdlog::logger>("volumeter", std::move(sink));
  logger->set_formatter(std::make_unique<LineFormatter>(options.format));
  logger->set_level(spdlog::level::from_str(options.level));
  logger->flush_on(spdlog::level::debug);
  return logger;
}

std::shared_ptr<LogQueue> make_log_queue(LogFormat format) {
  return std::make_shared<LogQueue>(STDERR_FILENO, [format](std::uint64_t dropped) {
    const std::vector<LogField> fields{
        {"subject", "log"},
        {"msg", "lines lost while standard error was blocked or failed; check its reader"},
        {"lines", std::to_string(dropped)}};
    const std::string text = format_fields(fields, format);
    spdlog::memory_buf_t line;
    LineFormatter(format).format(spdlog::details::log_msg("volumeter", spdlog::level::warn, text),
                                 line);
    return fmt::to_string(line);
  });
}

}  // namespace volumeter
