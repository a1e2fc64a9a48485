// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/mount.h>

#include <cstdlib>
#include <string>

#include "exporter/base/unique_fd.h"
#include "tests/support/temp_folder.h"

namespace volumeter::test {

// A new filesystem, unmounted by the destructor. Needs root.
class ScratchMount {
 public:
  static ScratchMount tmpfs(const std::string& options) {
    return ScratchMount("mount -t tmpfs -o " + options + " volumeter", {});
  }
  // On a loop device, which is released on unmount. `mkfs` is a command with options:
  // "mkfs.ext4 -q".
  static ScratchMount disk(const std::string& mkfs, int megabytes) {
    return ScratchMount(
        "mount -o loop \"$image\"",
        "truncate -s " + std::to_string(megabytes) + "M \"$image\" && " + mkfs + " \"$image\" && ");
  }
  ~ScratchMount() {
    if (mounted_) ::umount2(path().c_str(), MNT_DETACH);
  }
  ScratchMount(const ScratchMount&) = delete;
  ScratchMount& operator=(const ScratchMount&) = delete;

  // False if a program, a loop device or the filesystem in the kernel is missing.
  bool is_mounted() const { return mounted_; }
  std::string path() const { return folder_ / "mount"; }
  std::string operator/(const std::string& name) const { return path() + "/" + name; }
  UniqueFd open(const std::string& name = ".") const {
    return UniqueFd(::open((*this / name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

 private:
  ScratchMount(const std::string& mount, const std::string& prepare) {
    folder_.make_folder("mount");
    const std::string command = "image=" + (folder_ / "image") + "; { " + prepare + mount + " " +
                                path() + "; } >/dev/null 2>&1";
    mounted_ = std::system(command.c_str()) == 0;
  }

  TempFolder folder_;
  bool mounted_ = false;
};

}  // namespace volumeter::test
