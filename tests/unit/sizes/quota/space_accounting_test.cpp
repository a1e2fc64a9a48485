// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/quota/space_accounting.h"

#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <limits>
#include <vector>

#include "exporter/sources/sizes/quota/btrfs_qgroup.h"
#include "exporter/sources/sizes/quota/project_quota.h"
#include "exporter/sources/sizes/quota/statfs_space.h"
#include "tests/support/requires.h"
#include "tests/support/scratch_mount.h"

using namespace volumeter;
using test::ScratchMount;

namespace {

constexpr auto kHuge = std::numeric_limits<std::uint64_t>::max();

struct statfs said_of(std::uint64_t blocks, std::uint64_t free) {
  struct statfs said {};
  said.f_type = EXT4_SUPER_MAGIC;
  said.f_frsize = said.f_bsize = 4096;
  said.f_blocks = blocks;
  said.f_bfree = free;
  return said;
}

if_dqblk quota_with(std::uint32_t valid) {
  if_dqblk quota{};
  quota.dqb_valid = valid;
  quota.dqb_curspace = 12288;
  quota.dqb_curinodes = 3;
  return quota;
}

std::vector<std::byte> numbers(const std::vector<std::uint64_t>& values) {
  std::vector<std::byte> bytes;
  for (const auto value : values) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      bytes.push_back(std::byte(value >> shift & 0xff));
  }
  return bytes;
}

std::vector<std::byte> answer(std::uint32_t length, const std::vector<std::byte>& data) {
  btrfs_ioctl_search_header header{};
  header.type = BTRFS_QGROUP_INFO_KEY;
  header.offset = 256;
  header.len = length;
  std::vector<std::byte> bytes(sizeof header + data.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  std::copy(data.begin(), data.end(), bytes.begin() + sizeof header);
  return bytes;
}

void write_file(const std::string& path, std::size_t size) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  const std::string text(size, 'x');
  REQUIRE(::write(file.get(), text.data(), size) == static_cast<ssize_t>(size));
}

bool is_mounted_or_skip(const ScratchMount& mount, const std::string& what) {
  return mount.is_mounted() || test::skip("needs " + what);
}

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

bool give_project(const UniqueFd& folder, std::uint32_t project) {
  fsxattr attributes{};
  attributes.fsx_projid = project;
  attributes.fsx_xflags = FS_XFLAG_PROJINHERIT;
  return ::ioctl(folder.get(), FS_IOC_FSSETXATTR, &attributes) == 0;
}

}  // namespace

TEST_CASE("a filesystem's used blocks and inodes are those of its volume, its size the limit") {
  auto said = said_of(100, 40);
  said.f_files = 50;
  said.f_ffree = 39;
  const auto usage = statfs_space(said);
  REQUIRE(usage);
  CHECK(usage->method == SizeMethod::kStatfs);
  CHECK(usage->allocated_bytes == 60 * 4096);
  CHECK(usage->inodes == 11U);
  CHECK(usage->limit_bytes == 100U * 4096);
  CHECK_FALSE(usage->apparent_bytes);
}

TEST_CASE("inodes that a filesystem does not limit are not counted") {
  CHECK_FALSE(statfs_space(said_of(100, 40))->inodes);
}

TEST_CASE("the size of a server's filesystem is no limit of a volume") {
  for (const std::uint32_t type : {0x6969U, 0xff534d42U, 0xfe534d42U, 0x01021997U, 0x65735546U}) {
    auto said = said_of(100, 40);
    said.f_type = static_cast<decltype(said.f_type)>(type);
    const auto usage = statfs_space(said);
    REQUIRE(usage);
    CHECK(usage->allocated_bytes == 60 * 4096);
    CHECK_FALSE(usage->limit_bytes);
  }
}

TEST_CASE("a filesystem that counts nothing, or for another one, says nothing") {
  CHECK_FALSE(statfs_space(said_of(0, 0)));
  auto overlay = said_of(100, 40);
  overlay.f_type = OVERLAYFS_SUPER_MAGIC;
  CHECK_FALSE(statfs_space(overlay));
}

TEST_CASE("numbers of a filesystem that cannot be true say nothing") {
  CHECK_FALSE(statfs_space(said_of(10, 11)));
  CHECK_FALSE(statfs_space(said_of(kHuge, 0)));
  auto negative = said_of(100, 40);
  negative.f_frsize = -4096;
  CHECK_FALSE(statfs_space(negative));
  auto files = said_of(100, 40);
  files.f_files = 1;
  files.f_ffree = 2;
  CHECK_FALSE(statfs_space(files)->inodes);
}

TEST_CASE("a filesystem without fragments counts in blocks") {
  auto said = said_of(100, 40);
  said.f_frsize = 0;
  CHECK(statfs_space(said)->allocated_bytes == 60 * 4096);
}

TEST_CASE("a quota tells space, inodes and the hard limit, else the soft one") {
  auto quota = quota_with(QIF_ALL);
  quota.dqb_bsoftlimit = 100;
  const auto soft = to_space_usage(quota);
  REQUIRE(soft);
  CHECK(soft->method == SizeMethod::kQuota);
  CHECK(soft->allocated_bytes == 12288);
  CHECK(soft->inodes == 3U);
  CHECK(soft->limit_bytes == 100U * 1024);
  quota.dqb_bhardlimit = 200;
  CHECK(to_space_usage(quota)->limit_bytes == 200U * 1024);
}

TEST_CASE("a quota tells nothing of the fields that are not valid, not set or too large") {
  CHECK_FALSE(to_space_usage(quota_with(QIF_ALL & ~unsigned{QIF_SPACE})));
  auto quota = quota_with(QIF_SPACE);
  quota.dqb_bhardlimit = 200;
  CHECK_FALSE(to_space_usage(quota)->inodes);
  CHECK_FALSE(to_space_usage(quota)->limit_bytes);
  CHECK_FALSE(to_space_usage(quota_with(QIF_ALL))->limit_bytes);
  quota = quota_with(QIF_ALL);
  quota.dqb_bhardlimit = kHuge / 2;
  CHECK_FALSE(to_space_usage(quota)->limit_bytes);
}

TEST_CASE("quota groups are trusted only when they are on and nothing else is said of them") {
  CHECK(qgroup::is_counting_exactly(numbers({1, 7, 1, 0})));
  for (const std::uint64_t flags : {0U, 2U, 3U, 5U, 7U, 9U}) {
    CHECK_FALSE(qgroup::is_counting_exactly(numbers({1, 7, flags, 0})));
  }
  CHECK_FALSE(qgroup::is_counting_exactly(numbers({2, 7, 1, 0})));
}

TEST_CASE("a quota group's item that is cut off has no value") {
  const auto info = numbers({7, 16384, 0, 0, 0});
  const auto limit = numbers({BTRFS_QGROUP_LIMIT_MAX_RFER, 1 << 20, 0, 0, 0});
  const auto status = numbers({1, 7, 1, 0});
  CHECK(qgroup::referenced_bytes(info) == 16384U);
  CHECK(qgroup::limit_bytes(limit) == 1U << 20);
  for (std::size_t size = 0; size < 16; ++size) {
    CHECK_FALSE(qgroup::referenced_bytes(qgroup::Bytes(info).first(size)));
    CHECK_FALSE(qgroup::limit_bytes(qgroup::Bytes(limit).first(size)));
    CHECK_FALSE(qgroup::is_counting_exactly(qgroup::Bytes(status).first(size)));
  }
}

TEST_CASE("a limit of a quota group counts only if its flag is set") {
  CHECK_FALSE(qgroup::limit_bytes(numbers({BTRFS_QGROUP_LIMIT_MAX_EXCL, 1 << 20, 5, 0, 0})));
}

TEST_CASE("of an answer of btrfs only the item that was asked for is taken, and only if whole") {
  const auto data = numbers({7, 16384});
  const auto take = [](const std::vector<std::byte>& bytes, std::uint32_t type = 242,
                       std::uint64_t offset = 256) {
    return qgroup::first_item(bytes, type, offset).size();
  };
  CHECK(take(answer(16, data)) == 16);
  CHECK(take(answer(8, data)) == 8);
  CHECK(take(answer(17, data)) == 0);
  CHECK(take(answer(0xffffffff, data)) == 0);
  CHECK(take(answer(16, data), BTRFS_QGROUP_LIMIT_KEY) == 0);
  CHECK(take(answer(16, data), BTRFS_QGROUP_INFO_KEY, 257) == 0);
  auto torn = answer(0, {});
  torn.pop_back();
  CHECK(take(torn) == 0);
  CHECK(take({}) == 0);
}

TEST_CASE("a tmpfs of its own says what is in it and what it may grow to") {
  if (!test::require_root_or_skip()) return;
  const auto mount = ScratchMount::tmpfs("size=1m,nr_inodes=100");
  if (!is_mounted_or_skip(mount, "tmpfs")) return;
  write_file(mount / "file", 5000);
  const auto usage = accounted_space(mount.open().get(), true);
  REQUIRE(usage);
  CHECK(usage->method == SizeMethod::kStatfs);
  CHECK(usage->allocated_bytes == 8192);
  CHECK(usage->inodes == 2U);
  CHECK(usage->limit_bytes == 1U << 20);
  CHECK_FALSE(accounted_space(mount.open().get(), false));
}

TEST_CASE("a tmpfs without a limit does not count") {
  if (!test::require_root_or_skip()) return;
  const auto mount = ScratchMount::tmpfs("size=0");
  if (!is_mounted_or_skip(mount, "tmpfs")) return;
  CHECK_FALSE(accounted_space(mount.open().get(), true));
}

TEST_CASE("a disk of its own says what is in it, and nothing of a folder") {
  if (!test::require_root_or_skip()) return;
  const auto mount = ScratchMount::disk("mkfs.ext4 -q", 16);
  if (!is_mounted_or_skip(mount, "mkfs.ext4 and a loop device")) return;
  const auto before = accounted_space(mount.open().get(), true);
  write_file(mount / "file", 1 << 20);
  const auto after = accounted_space(mount.open().get(), true);
  REQUIRE(before);
  REQUIRE(after);
  CHECK(after->allocated_bytes - before->allocated_bytes == 1 << 20);
  CHECK(*after->inodes - *before->inodes == 1);
  CHECK_FALSE(accounted_space(mount.open("lost+found").get(), false));
}

TEST_CASE("a btrfs subvolume says what its quota group counts, and a plain folder nothing") {
  if (!test::require_root_or_skip()) return;
  const auto mount = ScratchMount::disk("mkfs.btrfs -q", 120);
  if (!is_mounted_or_skip(mount, "mkfs.btrfs, btrfs and a loop device")) return;
  const std::string data = mount / "data";
  REQUIRE(run("btrfs subvolume create " + data));
  CHECK_FALSE(accounted_space(mount.open("data").get(), false));
  // Switching quota on starts a rescan; until its end the numbers are not to be trusted.
  REQUIRE(run("btrfs quota enable " + mount.path() + " && btrfs quota rescan -w " + mount.path()));
  REQUIRE(run("btrfs qgroup limit 50M " + data));
  ::mkdir((data + "/folder").c_str(), 0755);
  write_file(data + "/file", 1 << 20);
  ::sync();

  const auto usage = accounted_space(mount.open("data").get(), false);
  REQUIRE(usage);
  CHECK(usage->method == SizeMethod::kQgroup);
  CHECK(usage->allocated_bytes == (1 << 20) + 16384);  // and one block of metadata
  CHECK_FALSE(usage->inodes);
  CHECK(usage->limit_bytes == 50U << 20);
  CHECK_FALSE(accounted_space(mount.open("data/folder").get(), false));

  REQUIRE(run("btrfs quota disable " + mount.path()));
  CHECK_FALSE(accounted_space(mount.open("data").get(), false));
}

TEST_CASE("a project without quota says nothing") {
  if (!test::require_root_or_skip()) return;
  const auto mount = ScratchMount::disk("mkfs.xfs -q", 320);
  if (!is_mounted_or_skip(mount, "mkfs.xfs, xfs and a loop device")) return;
  ::mkdir((mount / "data").c_str(), 0755);
  REQUIRE(give_project(mount.open("data"), 7));
  CHECK_FALSE(accounted_space(mount.open("data").get(), false));
}

TEST_CASE("a descriptor that cannot be asked says nothing") {
  CHECK_FALSE(accounted_space(-1, true));
}
