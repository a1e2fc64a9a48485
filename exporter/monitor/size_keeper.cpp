// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/size_keeper.h"

#include <chrono>

namespace volumeter {
namespace {

constexpr SavedState::Wording kSizesWording{"state_sizes", "sizes",
                                            "volumes have no size until measured again"};
constexpr std::chrono::minutes kFirstSizesSave{1};
constexpr std::chrono::minutes kSizesSaveInterval{10};

}  // namespace

SizeKeeper::SizeKeeper(const std::string& directory, ChangeLog& log)
    : file_(directory, "sizes.txt", kSizesWording, log) {
  file_.restore([this](std::string_view text) { return history_.restore(text); });
}

bool SizeKeeper::is_due(SteadyTime now) {
  if (!file_.is_writing()) return false;
  if (!next_save_) next_save_ = now + kFirstSizesSave;
  if (now < *next_save_) return false;
  next_save_ = now + kSizesSaveInterval;
  return true;
}

void SizeKeeper::save(const Inventory& inventory, const SizeReadings& readings) {
  file_.submit(history_.to_text(inventory, readings));
}

}  // namespace volumeter
