// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/saved_state.h"

#include <utility>

namespace volumeter {

SavedState::SavedState(const std::string& directory, std::string_view file, Wording wording,
                       ChangeLog& log)
    : log_(log), wording_(wording) {
  if (!directory.empty()) file_ = std::make_unique<StateFile>(directory, file, log);
}

void SavedState::restore(const std::function<Result<std::size_t>(std::string_view text)>& take) {
  if (file_ == nullptr) return;
  const auto text = file_->read();
  if (!text && text.error().kind == ErrorKind::kNotFound) return;  // the first start on this host
  if (!text && text.error().kind == ErrorKind::kTimeout) {
    is_unread_ = true;
    const std::string consequence(wording_.consequence);
    return log_.warning(wording_.subject,
                        "no answer from the filesystem of the state directory; " + consequence +
                            " and nothing is saved; check that filesystem and restart",
                        {{"path", text.error().where}});
  }
  const auto bad_lines = text ? take(*text) : Result<std::size_t>(text.error());
  bad_lines_ = bad_lines ? *bad_lines : 1;
  is_damaged_ = bad_lines_ > 0;
  if (is_damaged_) say_damaged(bad_lines);
}

void SavedState::say_damaged(const Result<std::size_t>& bad_lines) {
  const std::string what(wording_.what), consequence(wording_.consequence);
  if (!bad_lines) {
    log_.warning(wording_.subject, "cannot read the saved " + what + "; " + consequence,
                 {{"error", bad_lines.error().text()}});
  } else {
    log_.warning(wording_.subject,
                 "lines of the saved " + what + " are damaged; on these " + consequence,
                 {{"lines", std::to_string(*bad_lines)}});
  }
}

void SavedState::start_writing() {
  if (file_ == nullptr || is_unread_) return;
  is_writing_ = true;
  file_->check();
  if (!is_damaged_) return;
  const std::string what(wording_.what);
  if (const auto aside = file_->set_aside()) {
    log_.warning(wording_.subject, "damaged " + what + " renamed", {{"path", *aside}});
  } else {
    log_.warning(wording_.subject, "cannot rename the damaged " + what + "; it will be overwritten",
                 {{"error", aside.error().text()}});
  }
}

void SavedState::submit(std::string text) {
  if (is_writing_) file_->submit(std::move(text));
}

void SavedState::check_directory() {
  if (file_ != nullptr) file_->check();
}

SourceHealth SavedState::health() const {
  SourceHealth health = file_->health();
  health.bad_items = bad_lines_;
  return health;
}

}  // namespace volumeter
