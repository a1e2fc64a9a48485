// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "exporter/base/change_log.h"
#include "exporter/base/source_health.h"
#include "exporter/sources/os/state_file.h"

namespace volumeter {

// What a keeper saves across restarts: read once, then written. A damaged file is renamed before the
// first write; one that cannot be read because its filesystem hangs is left alone. health() is
// thread-safe, the rest is for one thread.
class SavedState {
 public:
  // For the log.
  struct Wording {
    std::string_view subject;
    std::string_view what;         // "usage history"
    std::string_view consequence;  // of its loss: "last-used times of volumes are lost"
  };

  // If `directory` is empty nothing is read or written. Keeps a reference to `log`.
  SavedState(const std::string& directory, std::string_view file, Wording wording, ChangeLog& log);

  // `take` gets the saved text, if there is one, and returns the number of lines it could not use.
  void restore(const std::function<Result<std::size_t>(std::string_view text)>& take);

  // Enables writing, which --once never does.
  void start_writing();
  bool is_writing() const { return is_writing_; }

  // Writes in the background.
  void submit(std::string text);

  // Reports now if the directory is not writable.
  void check_directory();

  SourceHealth health() const;  // source "state"; only with a directory

 private:
  void say_damaged(const Result<std::size_t>& bad_lines);

  ChangeLog& log_;
  const Wording wording_;
  std::unique_ptr<StateFile> file_;
  bool is_writing_ = false;
  bool is_damaged_ = false;
  bool is_unread_ = false;  // its filesystem hangs
  std::size_t bad_lines_ = 0;
};

}  // namespace volumeter
