// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/state_file.h"

#include <boost/filesystem.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::string_view kStateSubject = "state";
constexpr auto kRetry = std::chrono::minutes(1);
constexpr auto kUntilSubmitted = std::chrono::hours(1);
constexpr std::chrono::seconds kReadPatience{1};    // the start waits for it
constexpr std::chrono::seconds kWritePatience{30};  // a disk under load takes seconds to sync

// The helper that does it has another working directory.
std::string absolute(const std::string& path) {
  boost::system::error_code error;
  const auto here = boost::filesystem::current_path(error);
  return error ? path : boost::filesystem::absolute(path, here).string();
}

// What helps where the directory is as it should be; empty if it is not.
std::string_view reached_limit(const Error& error) {
  for (const int number : {ENOSPC, EDQUOT}) {
    if (error.what == from_errno("", number).what) return "free space on its filesystem";
  }
  if (error.what == from_errno("", EFBIG).what) {
    return "raise the limit on the size of files (LimitFSIZE=, ulimit -f)";
  }
  if (error.what == from_errno("", EAGAIN).what) {  // no process for the helper
    return "raise the limit on processes (TasksMax=, --pids-limit, ulimit -u)";
  }
  if (error.kind == ErrorKind::kNotAsked) {
    return "raise the limit on open files (LimitNOFILE=, ulimit -n) or on memory";
  }
  return {};
}

Result<std::string> without_text(const Result<>& result) {
  if (!result) return result.error();
  return std::string();
}

Result<std::string> write_in(const std::string& directory, const std::string& path,
                             const std::string& text) {
  if (auto made = make_directories(directory); !made) return made.error();
  return without_text(write_file_atomically(path, text));
}

}  // namespace

StateFile::StateFile(const std::string& directory, std::string_view name, ChangeLog& log)
    : directory_(absolute(directory)), path_(directory_ + '/' + std::string(name)), log_(log) {
  ticker_.emplace([this](std::stop_token stop) { return tick(stop); });
}

StateFile::~StateFile() {
  ticker_.reset();
  std::stop_source stopped;
  stopped.request_stop();
  write_pending(stopped.get_token());
}

Result<std::string> StateFile::read() {
  auto text = helper_.run(
      path_, [this] { return read_file(path_); }, kReadPatience);
  if (!text && text.error().kind == ErrorKind::kTimeout) {
    const std::lock_guard lock(mutex_);
    health_.failed(text.error());
  }
  return text;
}

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
  return helper_.run(
      path_,
      [this]() -> Result<std::string> {
        std::string aside = path_ + ".damaged";
        if (std::rename(path_.c_str(), aside.c_str()) != 0) return from_errno(path_, errno);
        return aside;
      },
      kReadPatience);
}

Ticker::Pause StateFile::tick(std::stop_token stop) {
  return write_pending(std::move(stop)) ? kUntilSubmitted : kRetry;
}

bool StateFile::write_pending(std::stop_token stop) {
  std::shared_ptr<const std::string> text;
  {
    const std::lock_guard lock(mutex_);
    text = pending_;
  }
  if (!text) return true;
  const auto written = helper_.run(
      path_, [&] { return write_in(directory_, path_, *text); }, kWritePatience, std::move(stop));
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
  const auto writable = helper_.run(
      directory_, [this] { return without_text(check_writable_directory(directory_)); },
      kReadPatience);
  if (writable) return;
  const std::lock_guard lock(mutex_);
  health_.failed(writable.error());
  report(writable.error());
}

// Of an unusable directory without the error, which health() has: it causes different ones in turn.
void StateFile::report(const Error& error) {
  if (error.kind == ErrorKind::kTimeout) {
    log_.warning(
        kStateSubject,
        "no answer from the filesystem of the state directory; history and sizes since the "
        "last save are lost on restart; retrying; check that filesystem",
        {{"path", directory_}});
    return;
  }
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

}  // namespace volumeter
