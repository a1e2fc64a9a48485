// SPDX-License-Identifier: Apache-2.0
#include "exporter/monitor/mount_view_keeper.h"

#include <string>
#include <utility>

#include "exporter/sources/kernel/container_view.h"
#include "exporter/sources/os/files.h"

namespace volumeter {

bool MountViewKeeper::is_due(bool is_new) {
  has_changed_ = has_changed_ || is_new;
  if (!looked_at_) return true;
  const auto pause = has_changed_ ? std::chrono::seconds(kPauseAfterLook) : kLookAgainAfter;
  return host_.steady_now() - *looked_at_ >= pause;
}

void MountViewKeeper::look(const Inventory& inventory, const MountList& mounts) {
  if (!inventory.engine) return;
  looked_at_ = host_.steady_now();
  has_changed_ = false;
  MountComparison comparison(inventory);
  for (std::size_t i = 0; i < inventory.containers.size(); ++i) {
    const auto& pid = inventory.containers[i].pid;
    if (!pid) continue;
    const auto text = read_file(host_.paths.proc(std::to_string(*pid) + "/mountinfo"));
    if (!text) continue;
    const auto view = parse_mountinfo(*text);
    if (shows_container(view.items, mounts)) comparison.add_view(i, view.items);
  }
  comparison.add_missing_sources(seen_paths(mounts));
  auto found =
      std::make_shared<const std::vector<MountMismatchFacts>>(std::move(comparison).taken());
  const std::lock_guard lock(mutex_);
  latest_ = std::move(found);
}

// The agent may have mounts of its own: in a container, or as a unit with ProtectHome= or PrivateTmp=.
MountComparison::SeesPath MountViewKeeper::seen_paths(const MountList& mounts) const {
  const auto text = read_file(host_.paths.proc("self/mountinfo"));
  if (!text) return [](const std::string&) { return false; };
  const auto own = std::make_shared<const MountList>(parse_mountinfo(*text).items);
  return [this, own, &mounts](const std::string& path) {
    // The mounts of a folder (--root) are those of its root directory.
    return is_same_directory(path, mounts, *own, host_.paths.rootfs) ||
           is_same_directory(path, mounts, *own, "/");
  };
}

std::shared_ptr<const std::vector<MountMismatchFacts>> MountViewKeeper::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

}  // namespace volumeter
