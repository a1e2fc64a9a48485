// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/state_file.h"

#include <cerrno>
#include <cstdio>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::string_view kSubject = "state";
constexpr auto kRetry = std::chrono::minutes(1);
constexpr auto kIdlePause = std::chrono::hours(1);  // submit() wakes

}  // namespace

StateFile::StateFile(std::string directory, ChangeLog& log)
    : directory_(std::move(directory)), path_(directory_ + "/history.txt"), log_(log) {
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

Ticker::Pause StateFile::tick() { return write_pending() ? kIdlePause : kRetry; }

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
    report();
    return false;
  }
  log_.debug(kSubject, "history saved", {{"path", path_}});
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
  report();
}

// Without the error, which health() has: one unusable directory causes different errors in turn.
void StateFile::report() {
  log_.warning(kSubject,
               "cannot write the state directory; history is lost on restart; make the directory "
               "writable or choose another with --state.directory",
               {{"path", directory_}});
}

Result<> StateFile::write(const std::string& text) {
  if (auto made = make_directories(directory_); !made) return made;
  return write_file_atomically(path_, text);
}

}  // namespace volumeter
