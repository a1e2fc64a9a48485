// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/state_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "exporter/sources/os/files.h"
#include "tests/support/captured_log.h"
#include "tests/support/eventually.h"
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

}  // namespace
}  // namespace volumeter::state_file_test
