// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "exporter/base/label.h"
#include "exporter/model/inventory.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// How a mount differs from what was asked for. Its source does not exist, so that the container
// cannot start; its source was deleted, and the container has what was there; it is read-only;
// writable; noexec; not noexec, not nosuid or not nodev; private or a slave, so that mounts made later
// do not propagate.
enum class MountMismatch {
  kSourceMissing,
  kSourceDeleted,
  kReadOnly,
  kWritable,
  kNoexec,
  kExec,
  kSuid,
  kDev,
  kPrivate,
  kSlave,
};

// A mount of a container that is not as asked for; complete in itself, as it may outlive the
// inventory that it was found with.
struct MountMismatchFacts {
  Label container;
  Label destination;
  MountMismatch mismatch = MountMismatch::kReadOnly;

  bool operator==(const MountMismatchFacts&) const = default;
};

// Compares the mounts that containers asked for with those that they have.
class MountComparison {
 public:
  // Whether a path of the host leads to the same directory for this agent as for the host.
  using SeesPath = std::function<bool(const std::string& path)>;

  // Keeps a reference to the inventory.
  explicit MountComparison(const Inventory& inventory) : inventory_(inventory) {}

  // `mounts` are those that the first process of a container sees. A destination that is a symbolic
  // link in the image, as /var/run, is not found among them and not compared.
  void add_view(std::size_t container, const std::vector<Mount>& mounts);

  // After all views: bind mounts without a source, of containers that do not run.
  void add_missing_sources(const SeesPath& sees_path);

  std::vector<MountMismatchFacts> taken() && { return std::move(found_); }

 private:
  void compare(const MountFacts& asked, const Mount& seen);
  void compare_flags(const MountFacts& asked, const Mount& seen);
  void compare_propagation(const MountFacts& asked, const Mount& seen);
  bool is_engine_here() const;
  void add(const MountFacts& mount, MountMismatch mismatch);

  const Inventory& inventory_;
  bool is_view_of_engine_ = true;  // nothing shows that the engine's paths lead elsewhere
  std::vector<MountMismatchFacts> found_;
};

// Whether `path` leads to the same directory of the same filesystem in two tables of mounts; in `own`
// the root of the host is mounted at `rootfs`.
bool is_same_directory(const std::string& path, const MountList& host, const MountList& own,
                       const std::string& rootfs);

}  // namespace volumeter
