// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <memory>
#include <sstream>
#include <string>

#include "exporter/base/change_log.h"

namespace volumeter::test {

// A ChangeLog that a test can read once its writers have ended:
//   warning subject=filesystem mountpoint=/mnt msg="no answer to statfs"
class CapturedLog {
 public:
  CapturedLog() : log(make_logger(text_), LogFormat::kLogfmt, [this] { return now; }) {}

  SteadyTime now{};

  // With what is gathered so far.
  std::string text() {
    const SteadyTime before = now;
    now += ChangeLog::kGatherPause;
    log.write_gathered();
    now = before;
    return text_.str();
  }

  std::size_t count(const std::string& part) {
    const std::string all = text();
    std::size_t found = 0;
    for (auto at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) ++found;
    return found;
  }

 private:
  static std::shared_ptr<spdlog::logger> make_logger(std::ostream& out) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out);
    auto logger = std::make_shared<spdlog::logger>("test", sink);
    logger->set_pattern("%l %v");
    return logger;
  }

  std::ostringstream text_;

 public:
  ChangeLog log;
};

}  // namespace volumeter::test
