// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/size_keeper.h"

#include <chrono>

namespace volumeter {
namespace {

constexpr std::string_view kSizesSubject = "state_sizes";
constexpr std::string_view kSizesFile = "sizes.txt";
constexpr std::chrono::minutes kFirstSizesSave{1};
constexpr std::chrono::minutes kSizesSaveInterval{10};

}  // namespace

SizeKeeper::SizeKeeper(const std::string& directory, ChangeLog& log) : log_(log) {
  if (directory.empty()) return;
  file_ = std::make_unique<StateFile>(directory, kSizesFile, log);
  restore();
}

void SizeKeeper::restore() {
  const auto text = file_->read();
  if (!text && text.error().kind == ErrorKind::kNotFound) return;  // the first start on this host
  if (!text && text.error().kind == ErrorKind::kTimeout) {
    is_unread_ = true;  // to be kept
    log_.warning(kSizesSubject,
                 "no answer from the filesystem of the state directory; volumes have no size until "
                 "measured and sizes are not saved; check that filesystem and restart",
                 {{"path", text.error().where}});
    return;
  }
  auto bad_lines = text ? history_.restore(*text) : Result<std::size_t>(text.error());
  damaged_ = !bad_lines || *bad_lines > 0;
  if (!damaged_) return;
  bad_lines_ = bad_lines ? *bad_lines : 1;
  const ChangeLog::Fields why = bad_lines ? ChangeLog::Fields{{"lines", std::to_string(bad_lines_)}}
                                          : ChangeLog::Fields{{"error", bad_lines.error().text()}};
  log_.warning(kSizesSubject,
               "saved sizes are damaged; volumes on these lines have no size until measured again",
               why);
}

void SizeKeeper::start_writing() {
  if (file_ == nullptr || is_unread_) return;
  writing_ = true;
  if (!damaged_) return;
  const auto aside = file_->set_aside();
  if (aside) {
    log_.warning(kSizesSubject, "damaged file of sizes renamed", {{"path", *aside}});
  } else {
    log_.warning(kSizesSubject, "cannot rename the damaged file of sizes; it will be overwritten",
                 {{"error", aside.error().text()}});
  }
}

bool SizeKeeper::is_due(SteadyTime now) {
  if (!writing_) return false;
  if (!next_save_) next_save_ = now + kFirstSizesSave;
  if (now < *next_save_) return false;
  next_save_ = now + kSizesSaveInterval;
  return true;
}

void SizeKeeper::save(const Inventory& inventory, const SizeReadings& readings) {
  if (writing_) file_->submit(history_.to_text(inventory, readings));
}

SourceHealth SizeKeeper::health() const {
  SourceHealth health = file_->health();
  health.bad_items = bad_lines_;
  return health;
}

}  // namespace volumeter
