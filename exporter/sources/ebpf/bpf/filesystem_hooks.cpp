// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/ebpf/bpf/filesystem_hooks.h"

#include <algorithm>

namespace volumeter::bpf {
namespace {

// From their file_operations and vm_operations_struct. overlayfs maps pages of the underlying file,
// which is not on the mount of a container.
constexpr FilesystemHooks kHooks[] = {
    {.fstype = "ext4",
     .read = "ext4_file_read_iter",
     .write = "ext4_file_write_iter",
     .fsync = "ext4_sync_file",
     .mapped_write = "ext4_page_mkwrite",
     .splice_read = "ext4_file_splice_read",
     .splice_write = "",
     .write_before = ""},
    {.fstype = "xfs",
     .read = "xfs_file_read_iter",
     .write = "xfs_file_write_iter",
     .fsync = "xfs_file_fsync",
     .mapped_write = "xfs_filemap_page_mkwrite",
     .splice_read = "xfs_file_splice_read",
     .splice_write = "",
     .write_before = ""},
    {.fstype = "btrfs",
     .read = "btrfs_file_read_iter",
     .write = "btrfs_file_write_iter",
     .fsync = "btrfs_sync_file",
     .mapped_write = "btrfs_page_mkwrite",
     .splice_read = "filemap_splice_read",
     .splice_write = "",
     .write_before = ""},
    {.fstype = "tmpfs",
     .read = "shmem_file_read_iter",
     .write = "shmem_file_write_iter",
     .fsync = "noop_fsync",
     .mapped_write = "",
     .splice_read = "shmem_file_splice_read",
     .splice_write = "",
     .write_before = "generic_file_write_iter"},  // Linux up to 6.5
    {.fstype = "overlay",
     .read = "ovl_read_iter",
     .write = "ovl_write_iter",
     .fsync = "ovl_fsync",
     .mapped_write = "",
     .splice_read = "ovl_splice_read",
     .splice_write = "ovl_splice_write",
     .write_before = ""},
    {.fstype = "nfs",
     .read = "nfs_file_read",
     .write = "nfs_file_write",
     .fsync = "nfs_file_fsync",
     .mapped_write = "nfs_vm_page_mkwrite",
     .splice_read = "nfs_file_splice_read",
     .splice_write = "",
     .write_before = ""},
    {.fstype = "fuse",
     .read = "fuse_file_read_iter",
     .write = "fuse_file_write_iter",
     .fsync = "fuse_fsync",
     .mapped_write = "fuse_page_mkwrite",
     .splice_read = "fuse_splice_read",
     .splice_write = "",
     .write_before = ""},
    {.fstype = "f2fs",
     .read = "f2fs_file_read_iter",
     .write = "f2fs_file_write_iter",
     .fsync = "f2fs_sync_file",
     .mapped_write = "f2fs_vm_page_mkwrite",
     .splice_read = "f2fs_file_splice_read",
     .splice_write = "",
     .write_before = ""},
    {.fstype = "ceph",
     .read = "ceph_read_iter",
     .write = "ceph_write_iter",
     .fsync = "ceph_fsync",
     .mapped_write = "ceph_page_mkwrite",
     .splice_read = "ceph_splice_read",
     .splice_write = "",
     .write_before = ""},
};

// "nfs4" is nfs, "fuse.sshfs", "fuseblk" and "virtiofs" are fuse; since Linux 4.3 "ext3" is mounted by
// ext4.
std::string_view family_of(std::string_view fstype) {
  if (fstype == "nfs4") return "nfs";
  if (fstype == "ext3") return "ext4";
  if (fstype == "fuseblk" || fstype == "virtiofs" || fstype.starts_with("fuse.")) return "fuse";
  return fstype;
}

}  // namespace

std::span<const FilesystemHooks> filesystem_hooks() { return kHooks; }

const FilesystemHooks* hooks_of(std::string_view fstype) {
  const auto* found = std::find_if(
      std::begin(kHooks), std::end(kHooks),
      [family = family_of(fstype)](const auto& hooks) { return hooks.fstype == family; });
  return found == std::end(kHooks) ? nullptr : found;
}

}  // namespace volumeter::bpf
