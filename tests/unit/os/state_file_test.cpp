// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/state_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>

#include "exporter/sources/os/files.h"
#include "tests/support/captured_log.h"
#include "tests/support/eventually.h"
#include "tests/support/hung_fuse.h"
#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::state_file_test {
namespace {

using test::CapturedLog;
using test::eventually;
using test::TempFolder;

TEST_CASE("submitted text is written soon, and finally the newest") {
  const TempFolder folder;
  CapturedLog log;
  StateFile file(folder / "state/volumeter", "history.txt", log.log);
  CHECK(file.read().error().kind == ErrorKind::kNotFound);
  file.submit("one");
  CHECK(eventually([&] { return file.read() && *file.read() == "one"; }));
  for (int i = 0; i < 100; ++i) file.submit(std::to_string(i));
  CHECK(eventually([&] { return *file.read() == "99"; }));
}

TEST_CASE("pending text is written by the destructor") {
  const TempFolder folder;
  CapturedLog log;
  {
    StateFile file(folder.path(), "history.txt", log.log);
    file.submit("last words");
  }
  CHECK(StateFile(folder.path(), "history.txt", log.log).read().value() == "last words");
}

TEST_CASE("a damaged state file is renamed and a new one can be written") {
  const TempFolder folder;
  folder.write("history.txt", "{{{");
  CapturedLog log;
  StateFile file(folder.path(), "history.txt", log.log);
  const auto aside = file.set_aside();
  REQUIRE(aside);
  CHECK(*aside == folder / "history.txt.damaged");
  CHECK(read_file(*aside).value() == "{{{");
  CHECK_FALSE(file.read());
  CHECK_FALSE(file.set_aside());
  file.submit("new");
  CHECK(eventually([&] { return file.read().has_value(); }));
}

TEST_CASE("an unwritable state directory is logged once") {
  const TempFolder folder;
  folder.write("file", "");
  CapturedLog log;
  {
    StateFile file(folder / "file", "history.txt", log.log);  // not a directory, not even for root
    file.submit("a");
    file.submit("b");
  }
  CHECK(log.count(R"(warning subject=state msg="cannot write the state directory)") == 1);
}

TEST_CASE("a state directory on a filesystem that hangs delays neither reading nor the end") {
  if (!test::require_fuse_or_skip()) return;
  const TempFolder folder;
  test::HungFuse fuse(folder.path());
  CapturedLog log;
  fuse.hang();
  const auto began = std::chrono::steady_clock::now();
  {
    StateFile file(folder.path(), "history.txt", log.log);
    CHECK(file.read().error().kind == ErrorKind::kTimeout);
    CHECK_FALSE(file.health().up);
    file.check();
    file.submit("lost");
  }
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(2500));
  CHECK(log.count(R"(warning subject=state msg="no answer from the filesystem)") == 1);
  fuse.release();
}

TEST_CASE("a write that hangs is given up at the end") {
  if (!test::require_fuse_or_skip()) return;
  const TempFolder folder;
  test::HungFuse fuse(folder.path());
  CapturedLog log;
  auto file = std::make_unique<StateFile>(folder.path(), "history.txt", log.log);
  fuse.hang();
  file->submit("lost");
  CHECK(eventually([&] { return fuse.waiting() > 0; }));
  const auto began = std::chrono::steady_clock::now();
  file.reset();
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::milliseconds(1500));
  fuse.release();
}

}  // namespace
}  // namespace volumeter::state_file_test
