// SPDX-License-Identifier: Apache-2.0
// What a walk reports of each directory, and what rereading one reports.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/walked_trees.h"

namespace volumeter::tree_records_test {
namespace {

using namespace test;
using Kind = TreeRecord::Kind;

TEST_CASE("the records of a walk sum up to its totals, however many threads made them") {
  const TempFolder folder;
  if (!require_handles_or_skip(folder.path())) return;
  make_mixed_tree(folder);
  for (int i = 0; i < 2000; ++i) folder.write("many/file" + std::to_string(i), "");
  for (const unsigned threads : {1U, 2U, 8U}) {
    WalkRecords records;
    const SpaceUsage usage = walk(folder.path(), records.options(threads));
    CHECK(usage == walk(folder.path()));
    check_sums_up(records.all, usage);
    CHECK(records.of(Kind::kDirectory).size() == usage.contents->directories);
    CHECK(records.of(Kind::kLink).size() == 80);
    CHECK(records.all.size() == usage.contents->directories + 80);
  }
}

TEST_CASE("the records of a walk are a tree") {
  const TempFolder folder;
  if (!require_handles_or_skip(folder.path())) return;
  folder.write("a/b/c/file", "hello");
  folder.write("a/file", "hello");
  WalkRecords records;
  walk(folder.path(), records.options());
  std::map<Bytes, TreeRecord> directories;
  for (const TreeRecord& record : records.of(Kind::kDirectory)) {
    CHECK(directories.emplace(key(record.handle), record).second);
  }
  REQUIRE(directories.size() == 4);
  CHECK(directories.at(key(handle_at(folder.path()))).parent.empty());
  CHECK(directories.at(key(handle_at(folder / "a"))).parent == handle_at(folder.path()));
  CHECK(directories.at(key(handle_at(folder / "a/b/c"))).parent == handle_at(folder / "a/b"));
  const TreeRecord a = directories.at(key(handle_at(folder / "a")));
  CHECK(a.inodes == 2);
  CHECK(a.allocated_bytes == du("-B1 -S", folder / "a"));
}

TEST_CASE("a directory is hot while something in it was modified a short time ago") {
  const TempFolder folder;
  if (!require_handles_or_skip(folder.path())) return;
  WalkRecords records;
  records.now = day(20'000);
  const std::vector<std::pair<std::string, std::chrono::seconds>> folders{
      {"old", std::chrono::seconds(-601)},
      {"recent", std::chrono::seconds(-599)},
      {"soon", std::chrono::seconds(599)},
      {"later", std::chrono::seconds(601)}};
  for (const auto& [name, age] : folders) {
    set_modified(folder.write(name + "/file", "x"), records.now + age);
    set_modified(folder / name, day(1));
  }
  walk(folder.path(), records.options());
  std::map<Bytes, bool> is_hot;
  for (const TreeRecord& record : records.all) is_hot[key(record.handle)] = record.is_hot;
  CHECK_FALSE(is_hot.at(key(handle_at(folder / "old"))));
  CHECK(is_hot.at(key(handle_at(folder / "recent"))));
  CHECK(is_hot.at(key(handle_at(folder / "soon"))));
  CHECK_FALSE(is_hot.at(key(handle_at(folder / "later"))));
}

TEST_CASE("a directory that cannot be opened has a record of itself") {
  const TempFolder folder;
  if (!require_handles_or_skip(folder.path())) return;
  make_chain(folder.path(), 60, 3);
  const FewDescriptors few(32);
  WalkRecords records;
  const SpaceUsage usage = walk(folder.path(), records.options());
  CHECK(usage.errors > 0);
  check_sums_up(records.all, usage);
}

TEST_CASE("records of a filesystem without handles are refused before it is walked") {
  WalkRecords records;
  WalkOptions options = records.options();
  bool walked = false;
  options.progress = [&](std::uint64_t) { return walked = true; };
  const auto usage = walk_tree(open_folder("/proc/self/fdinfo"), options);
  REQUIRE_FALSE(usage);
  CHECK(usage.error().kind == ErrorKind::kUnsupported);
  CHECK_FALSE(walked);
  CHECK(records.all.empty());
}

TEST_CASE("a reread directory reports what it holds and not what lies below it") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  const std::string linked = folder.write("d/linked", "hello");
  REQUIRE(::link(linked.c_str(), (folder / "d/sub1/../linked2").c_str()) == -1);
  folder.write("d/sub1/deep/file", "hello");
  folder.write("d/file", std::string(5000, 'x'));
  folder.make_folder("d/sub2");
  REQUIRE(::link(linked.c_str(), (folder / "d/sub2/linked").c_str()) == 0);
  const Mount other(folder.make_folder("d/mounted"));
  const std::vector<DirectoryHandle> asked{handle_at(folder / "d")};

  WalkRecords records;
  REQUIRE(look_again(open_folder(folder.path()), asked, records.options()));
  const auto directories = records.of(Kind::kDirectory);
  REQUIRE(directories.size() == 1);
  CHECK(directories[0].handle == asked[0]);
  CHECK(directories[0].parent.empty());
  CHECK(directories[0].inodes == 2);  // itself and the file

  std::set<Bytes> children;
  for (const TreeRecord& child : records.of(Kind::kChild)) {
    CHECK(child.parent == asked[0]);
    children.insert(key(child.handle));
  }
  CHECK(children == std::set{key(handle_at(folder / "d/sub1")), key(handle_at(folder / "d/sub2"))});

  const auto links = records.of(Kind::kLink);
  REQUIRE(links.size() == 1);
  CHECK(links[0].handle == asked[0]);
  CHECK(links[0].apparent_bytes == 5);
  CHECK(records.all.size() == 4);
}

TEST_CASE("second looks at all directories give what a walk gives") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  make_mixed_tree(folder);
  WalkRecords walked;
  const SpaceUsage usage = walk(folder.path(), walked.options());
  std::vector<DirectoryHandle> all;
  for (const TreeRecord& record : walked.of(Kind::kDirectory)) all.push_back(record.handle);
  for (const unsigned threads : {1U, 3U}) {
    WalkRecords records;
    REQUIRE(look_again(open_folder(folder.path()), all, records.options(threads)));
    CHECK(records.of(Kind::kChild).size() == all.size() - 1);
    std::erase_if(records.all,
                  [](const TreeRecord& record) { return record.kind == Kind::kChild; });
    CHECK(records.all.size() == walked.all.size());
    check_sums_up(records.all, usage);
  }
}

TEST_CASE("subtrees are walked from where they begin") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  make_mixed_tree(folder);
  const std::vector<DirectoryHandle> beginnings{handle_at(folder / "d1"),
                                                handle_at(folder / "d2/e2")};
  for (const unsigned threads : {1U, 3U}) {
    WalkRecords records;
    REQUIRE(walk_subtrees(open_folder(folder.path()), beginnings, records.options(threads)));
    std::uint64_t tops = 0;
    for (const TreeRecord& record : records.of(Kind::kDirectory)) {
      if (!record.parent.empty()) continue;
      CHECK(std::count(beginnings.begin(), beginnings.end(), record.handle) == 1);
      ++tops;
    }
    CHECK(tops == 2);
    CHECK(*sum_of(records.all).inodes ==
          *walk(folder / "d1").inodes + *walk(folder / "d2/e2").inodes);
  }
}

TEST_CASE("a directory that was removed is gone, even while somebody has it open") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  folder.write("stays/file", "x");
  const UniqueFd held = open_folder(folder.make_folder("held"));
  const std::vector<DirectoryHandle> asked{handle_at(folder.make_folder("removed")),
                                           handle_at(folder / "held"), handle_at(folder / "stays")};
  REQUIRE(::rmdir((folder / "removed").c_str()) == 0);
  REQUIRE(::rmdir((folder / "held").c_str()) == 0);
  for (const auto& ask : {look_again, walk_subtrees}) {
    WalkRecords records;
    REQUIRE(ask(open_folder(folder.path()), asked, records.options()));
    const auto gone = records.of(Kind::kGone);
    REQUIRE(gone.size() == 2);
    CHECK(gone[0].handle == asked[0]);
    CHECK(gone[1].handle == asked[1]);
    CHECK(records.of(Kind::kDirectory).size() == 1);
  }
}

TEST_CASE("a handle that makes no sense is gone or an error") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  DirectoryHandle wrong = handle_at(folder.path());
  wrong.bytes.fill(0xff);
  for (const std::uint32_t size : {0U, 1U, wrong.size, 20U, 4'000'000'000U}) {
    wrong.size = size;
    WalkRecords records;
    const auto looked = look_again(open_folder(folder.path()), {&wrong, 1}, records.options());
    CHECK((!looked || looked->errors == 1 || records.of(Kind::kGone).size() == 1));
  }
}

TEST_CASE("a directory whose inode number is given away at this moment is gone") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  const std::vector<std::string> paths{folder / "a", folder / "b", folder / "c", folder / "d"};
  std::atomic<bool> is_over = false;
  std::jthread churn([&] {
    for (int i = 0; i < 4'000; ++i) {
      const std::string& path = paths[static_cast<std::size_t>(i) % paths.size()];
      if (::mkdir(path.c_str(), 0755) != 0) ::rmdir(path.c_str());
      if (i % 3 == 0) ::rmdir(path.c_str());
    }
    is_over = true;
  });
  const UniqueFd root = open_folder(folder.path());
  std::map<std::string, DirectoryHandle> known;
  std::uint64_t errors = 0;
  while (!is_over) {
    for (const std::string& path : paths) {
      if (const auto handle = handle_of(AT_FDCWD, path.c_str())) known[path] = *handle;
    }
    for (const auto& [path, handle] : known) {
      WalkRecords records;
      const auto looked = look_again(root, {&handle, 1}, records.options());
      REQUIRE(looked);
      errors += looked->errors;
    }
  }
  CHECK(errors <= 3);  // a disk that is busy may take longer than we wait
}

TEST_CASE("second looks and subtrees can be given up") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  make_mixed_tree(folder);
  const std::vector<DirectoryHandle> asked{handle_at(folder / "d1"), handle_at(folder / "d2")};
  for (const auto& ask : {look_again, walk_subtrees}) {
    WalkRecords records;
    WalkOptions options = records.options(2);
    options.progress = [](std::uint64_t) { return false; };
    const auto done = ask(open_folder(folder.path()), asked, options);
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == ErrorKind::kTimeout);
  }
}

TEST_CASE("without the right to open by handle there is no second look") {
  const TempFolder folder;
  if (!require_root_and_handles_or_skip(folder.path())) return;
  const DirectoryHandle handle = handle_at(folder.path());
  const UniqueFd root = open_folder(folder.path());
  WalkRecords records;
  REQUIRE(::seteuid(65534) == 0);
  const auto looked = look_again(root, {&handle, 1}, records.options());
  REQUIRE(::seteuid(0) == 0);
  REQUIRE_FALSE(looked);
  CHECK(looked.error().kind == ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace volumeter::tree_records_test
