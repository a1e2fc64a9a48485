// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/bpf/filesystem_hooks.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

namespace volumeter::bpf::filesystem_hooks_test {
namespace {

// The driver used for that type; empty if unsupported.
std::string_view family(std::string_view fstype) {
  const FilesystemHooks* hooks = hooks_of(fstype);
  return hooks == nullptr ? "" : hooks->fstype;
}

TEST_CASE("aliases of a filesystem type use the functions of its driver") {
  CHECK(family("ext4") == "ext4");
  CHECK(family("ext3") == "ext4");
  CHECK(family("overlay") == "overlay");
  CHECK(family("nfs") == "nfs");
  CHECK(family("nfs4") == "nfs");
  CHECK(family("fuse") == "fuse");
  CHECK(family("fuse.sshfs") == "fuse");
  CHECK(family("fuseblk") == "fuse");
  CHECK(family("virtiofs") == "fuse");
}

TEST_CASE("an unsupported filesystem type has no functions") {
  for (const auto* fstype :
       {"", "zfs", "cifs", "9p", "fusectl", "nfsd", "nfs3", "ext", "ext4 ", "EXT4", "fuse3"}) {
    CAPTURE(fstype);
    CHECK(hooks_of(fstype) == nullptr);
  }
}

TEST_CASE("each filesystem type is listed once with read, write and fsync") {
  std::set<std::string_view> names;
  for (const FilesystemHooks& hooks : filesystem_hooks()) {
    CAPTURE(std::string(hooks.fstype));
    CHECK(names.insert(hooks.fstype).second);
    CHECK_FALSE(hooks.read.empty());
    CHECK_FALSE(hooks.write.empty());
    CHECK_FALSE(hooks.fsync.empty());
    CHECK(hooks_of(hooks.fstype) == &hooks);
  }
}

}  // namespace
}  // namespace volumeter::bpf::filesystem_hooks_test
