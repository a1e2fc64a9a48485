// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/interface/change_feed.h"

namespace volumeter {

// A fanotify(7) group that watches the filesystem of the open directory `root`. kPermission
// without CAP_SYS_ADMIN, kUnsupported where the kernel or the filesystem cannot do it.
// Blocks for as long as the filesystem does.
Result<UniqueFd> open_change_feed(int root);

// Takes over a descriptor of open_change_feed().
std::unique_ptr<ChangeFeed> make_change_feed(UniqueFd fanotify);

// One buffer read from such a descriptor. Total: an event that makes no sense costs itself,
// and what follows a wrong length.
ChangeFeed::Changes parse_fanotify_events(std::string_view buffer, std::uint64_t& bad_events);

}  // namespace volumeter
