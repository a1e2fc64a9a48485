// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

namespace spdlog {
class logger;
}

namespace volumeter {

enum class LogFormat { kLogfmt, kJson };

// A thread-safe logger to standard error, one line a message. `level` is debug, info, warn
// or error.
//   ts=2026-11-23T05:46:08.123Z level=info msg="docker: connected to Docker Engine 20.10.24"
//   {"ts":"2026-11-23T05:46:08.123Z","level":"info","msg":"docker: connected ..."}
std::shared_ptr<spdlog::logger> make_logger(std::string_view level, LogFormat format);

}  // namespace volumeter
