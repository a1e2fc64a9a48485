// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace volumeter {

// Does work on files in a process of its own, which is left behind if a filesystem hangs: a thread
// that is stuck in the kernel would keep the whole agent from exiting. Until that process ends there is
// no second one. Thread-safe.
class FileHelper {
 public:
  // Runs in a process forked from one with threads: it may use files and memory (glibc keeps malloc
  // usable there), but no lock of this program.
  using Work = std::function<Result<std::string>()>;

  FileHelper() = default;
  ~FileHelper();
  FileHelper(const FileHelper&) = delete;
  FileHelper& operator=(const FileHelper&) = delete;

  // What `work` returns. kTimeout: it takes longer than `patience`, or than a moment once a stop is
  // asked for, and goes on by itself. kNotAsked: no process or descriptor can be had.
  Result<std::string> run(std::string_view where, const Work& work,
                          std::chrono::milliseconds patience, std::stop_token stop = {});

 private:
  bool is_busy();

  std::mutex mutex_;
  std::optional<pid_t> left_;  // behind
};

}  // namespace volumeter
