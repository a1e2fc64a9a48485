// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <string>

#include "exporter/base/label.h"

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

// Escapes that logfmt and JSON share: quote, backslash and control characters.
std::string quoted(std::string_view text) {
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

class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto millis = std::chrono::time_point_cast<std::chrono::milliseconds>(message.time);
    const std::string time = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(message.time),
                                         millis.time_since_epoch().count() % 1000);
    const std::string_view text{message.payload.data(), message.payload.size()};
    const auto shape = format_ == LogFormat::kJson ? R"({{"ts":"{}","level":"{}","msg":{}}})"
                                                   : R"(ts={} level={} msg={})";
    fmt::vformat_to(std::back_inserter(out), shape,
                    fmt::make_format_args(time, level_name(message.level), quoted(text)));
    out.push_back('\n');
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormatter>(format_);
  }

 private:
  LogFormat format_;
};

}  // namespace

std::shared_ptr<spdlog::logger> make_logger(std::string_view level, LogFormat format) {
  auto logger = std::make_shared<spdlog::logger>("volumeter",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(std::make_unique<LineFormatter>(format));
  logger->set_level(spdlog::level::from_str(std::string(level)));
  logger->flush_on(spdlog::level::debug);
  return logger;
}

}  // namespace volumeter
