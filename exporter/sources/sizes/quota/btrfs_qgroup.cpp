// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/quota/btrfs_qgroup.h"

#include <endian.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cstring>
#include <vector>

namespace volumeter {
namespace qgroup {
namespace {

// A number of the disk's format, which is little endian.
std::optional<std::uint64_t> number_at(Bytes item, std::size_t at) {
  std::uint64_t value = 0;
  if (item.size() < at + sizeof value) return {};
  std::memcpy(&value, item.data() + at, sizeof value);
  return le64toh(value);
}

}  // namespace

// struct btrfs_ioctl_search_header (linux/btrfs.h), in the machine's byte order, then `len`
// bytes of data:
//   transid u64 | objectid u64 | offset u64 | type u32 | len u32
Bytes first_item(Bytes answer, std::uint32_t type, std::uint64_t offset) {
  btrfs_ioctl_search_header header{};
  if (answer.size() < sizeof header) return {};
  std::memcpy(&header, answer.data(), sizeof header);
  const Bytes data = answer.subspan(sizeof header);
  if (header.objectid != 0 || header.type != type || header.offset != offset) return {};
  return header.len <= data.size() ? data.first(header.len) : Bytes{};
}

// struct btrfs_qgroup_status_item (linux/btrfs_tree.h):
//   version u64 | generation u64 | flags u64 | rescan u64
// Any flag but ON forbids to trust the numbers: a rescan is under way or needed, or "simple"
// quotas (Linux 6.7) charge shared data to the subvolume that wrote it.
bool is_counting_exactly(Bytes item) {
  return number_at(item, offsetof(btrfs_qgroup_status_item, version)) ==
             BTRFS_QGROUP_STATUS_VERSION &&
         number_at(item, offsetof(btrfs_qgroup_status_item, flags)) == BTRFS_QGROUP_STATUS_FLAG_ON;
}

// struct btrfs_qgroup_info_item:
//   generation u64 | rfer u64 | rfer_cmpr u64 | excl u64 | excl_cmpr u64
std::optional<std::uint64_t> referenced_bytes(Bytes item) {
  return number_at(item, offsetof(btrfs_qgroup_info_item, rfer));
}

// struct btrfs_qgroup_limit_item:
//   flags u64 | max_rfer u64 | max_excl u64 | rsv_rfer u64 | rsv_excl u64
std::optional<std::uint64_t> limit_bytes(Bytes item) {
  const auto flags = number_at(item, offsetof(btrfs_qgroup_limit_item, flags));
  if (!flags || (*flags & BTRFS_QGROUP_LIMIT_MAX_RFER) == 0) return {};
  return number_at(item, offsetof(btrfs_qgroup_limit_item, max_rfer));
}

}  // namespace qgroup

namespace {

// The tree that begins at `root`, by BTRFS_IOC_INO_LOOKUP, which needs no privilege for this.
std::optional<std::uint64_t> subvolume_of(int root) {
  struct stat info {};
  if (::fstat(root, &info) != 0 || info.st_ino != BTRFS_FIRST_FREE_OBJECTID) return {};
  btrfs_ioctl_ino_lookup_args lookup{};
  lookup.objectid = BTRFS_FIRST_FREE_OBJECTID;
  if (::ioctl(root, BTRFS_IOC_INO_LOOKUP, &lookup) != 0) return {};
  return lookup.treeid;
}

// The data of the item (0, type, offset) of the quota tree; empty if it is not there.
std::vector<std::byte> quota_item(int fd, std::uint32_t type, std::uint64_t offset) {
  btrfs_ioctl_search_args search{};
  search.key.tree_id = BTRFS_QUOTA_TREE_OBJECTID;
  search.key.min_type = search.key.max_type = type;
  search.key.min_offset = search.key.max_offset = offset;
  search.key.max_transid = UINT64_MAX;
  search.key.nr_items = 1;
  if (::ioctl(fd, BTRFS_IOC_TREE_SEARCH, &search) != 0) return {};
  if (search.key.nr_items == 0) return {};
  const auto item = qgroup::first_item(std::as_bytes(std::span(search.buf)), type, offset);
  return {item.begin(), item.end()};
}

}  // namespace

std::optional<SpaceUsage> qgroup_space(int root) {
  const auto subvolume = subvolume_of(root);
  if (!subvolume) return {};
  if (!qgroup::is_counting_exactly(quota_item(root, BTRFS_QGROUP_STATUS_KEY, 0))) return {};
  // The quota group of level 0 has the number of its subvolume.
  const auto referenced =
      qgroup::referenced_bytes(quota_item(root, BTRFS_QGROUP_INFO_KEY, *subvolume));
  if (!referenced) return {};
  return SpaceUsage{
      .method = SizeMethod::kQgroup,
      .allocated_bytes = *referenced,
      .limit_bytes = qgroup::limit_bytes(quota_item(root, BTRFS_QGROUP_LIMIT_KEY, *subvolume))};
}

}  // namespace volumeter
