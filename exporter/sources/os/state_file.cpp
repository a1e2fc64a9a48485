// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/state_file.h"

#include <cerrno>
#include <cstdio>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::string_view kStateSubject = "state";
constexpr auto kRetry = std::chrono::minutes(1);
constexpr auto kUntilSubmitted = std::chrono::hours(1);

// What helps where the directory is as it should be; empty if it is not.
std::string_view reached_limit(const Error& error) {
  for (const int number : {ENOSPC, EDQUOT}) {
    if (error.what == from_errno("", number).what) return "free space on its filesystem";
  }
  if (error.what == from_errno("", EFBIG).what) {
    return "raise the limit on the size of files (LimitFSIZE=, ulimit -f)";
  }
  if (error.kind == ErrorKind::kNotAsked) {
    return "raise the limit on open files (LimitNOFILE=, ulimit -n) or on memory";
  }
  return {};
}

}  // namespace

StateFile::StateFile(std::string directory, std::string_view name, ChangeLog& log)
    : directory_(std::move(directory)), path_(directory_ + '/' + std::string(name)), log_(log) {
  ticker_.emplace([this](std::stop_token) { return tick(); });
}

StateFile::~StateFile() {
  ticker_.reset();
  write_pending();
}

Result<std::string> StateFile::read() const { return read_file(path_); }

void StateFile::submit(std::string text) {
  auto pending = std::make_shared<const std::string>(std::move(text));
  {
    const std::lock_guard lock(mutex_);
    pending_ = std::move(pending);
  }
  ticker_->wake();
}

SourceHealth StateFile::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

Result<std::string> StateFile::set_aside() {
  std::string aside = path_ + ".damaged";
  if (std::rename(path_.c_str(), aside.c_str()) != 0) return from_errno(path_, errno);
  return aside;
}

Ticker::Pause StateFile::tick() { return write_pending() ? kUntilSubmitted : kRetry; }

bool StateFile::write_pending() {
  std::shared_ptr<const std::string> text;
  {
    const std::lock_guard lock(mutex_);
    text = pending_;
  }
  if (!text) return true;
  const auto written = write(*text);
  const std::lock_guard lock(mutex_);
  if (!written) {
    health_.failed(written.error());
    report(written.error());
    return false;
  }
  log_.debug(kStateSubject, "state saved", {{"path", path_}});
  health_.up = true;
  health_.last_error.clear();
  if (pending_ == text) pending_.reset();
  return true;
}

void StateFile::check() {
  const auto writable = check_writable_directory(directory_);
  if (writable) return;
  const std::lock_guard lock(mutex_);
  health_.failed(writable.error());
  report(writable.error());
}

// Of an unusable directory without the error, which health() has: it causes different ones in turn.
void StateFile::report(const Error& error) {
  if (const auto limit = reached_limit(error); !limit.empty()) {
    log_.warning(kStateSubject,
                 "cannot write the state file; history and sizes since the last save are lost on "
                 "restart; retrying",
                 {{"path", directory_}, {"error", error.what}, {"remedy", std::string(limit)}});
    return;
  }
  log_.warning(kStateSubject,
               "cannot write the state directory; history and sizes are lost on restart; make the "
               "directory writable or choose another with --state.directory",
               {{"path", directory_}});
}

Result<> StateFile::write(const std::string& text) {
  if (auto made = make_directories(directory_); !made) return made;
  return write_file_atomically(path_, text);
}

}  // namespace volumeter
