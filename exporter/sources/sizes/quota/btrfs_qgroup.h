// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "exporter/sources/interface/space_usage.h"

namespace volumeter {

// The space that the open directory `root` refers to as the root of a btrfs subvolume: its own
// metadata is in it, extents that are shared or partly in use count whole, and it is as old as
// the last commit (30 s by default). Nothing if it is no subvolume, or quota groups are off,
// not consistent, or refused (they need CAP_SYS_ADMIN).
std::optional<SpaceUsage> qgroup_space(int root);

// The parts of an answer to BTRFS_IOC_TREE_SEARCH for one item of the quota tree. What is
// shorter than it should be has no value.
namespace qgroup {

using Bytes = std::span<const std::byte>;

// The data of the first item, if it is the one that was asked for; else empty.
Bytes first_item(Bytes answer, std::uint32_t type, std::uint64_t offset);

bool is_counting_exactly(Bytes status_item);
std::optional<std::uint64_t> referenced_bytes(Bytes info_item);
std::optional<std::uint64_t> limit_bytes(Bytes limit_item);

}  // namespace qgroup
}  // namespace volumeter
