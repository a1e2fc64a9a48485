// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/mount_io_totals.h"

namespace volumeter {

void MountIoTotals::open(MountToken token, MountKey mount, std::string volume) {
  mounts_.try_emplace(mount);
  if (!volume.empty()) volumes_.try_emplace(volume);
  closed_.erase(mount);
  open_[token] = {std::move(mount), std::move(volume), {}};
}

void MountIoTotals::add(const std::unordered_map<MountToken, MountIo>& counted) {
  for (const auto& [token, io] : counted) {
    const auto found = open_.find(token);
    if (found == open_.end()) continue;
    Account& account = found->second;
    const MountIo news = io.since(account.counted);
    mounts_[account.mount].add(news);
    if (!account.volume.empty()) volumes_[account.volume].add(news);
    account.counted = io;
  }
}

void MountIoTotals::close(MountToken token, SteadyTime now) {
  const auto found = open_.find(token);
  if (found == open_.end()) return;
  closed_[found->second.mount] = now;
  open_.erase(found);
}

void MountIoTotals::forget(const std::set<std::string>& volumes, SteadyTime now) {
  std::erase_if(volumes_, [&](const auto& entry) { return !volumes.contains(entry.first); });
  const bool is_full = mounts_.size() > kMaxMounts;
  std::erase_if(closed_, [&](const auto& entry) {
    const bool is_over = is_full || now - entry.second > kKept;
    if (is_over) mounts_.erase(entry.first);
    return is_over;
  });
}

}  // namespace volumeter
