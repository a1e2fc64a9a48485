// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/privileges.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::privileges_test {
namespace {

using test::TempFolder;

// Runs the function in a child process, which may drop privileges, and returns its result.
template <typename Holds>
bool holds_in_child(Holds holds) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(holds() ? 0 : 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

TEST_CASE("a capability set has the bits of its capabilities") {
  constexpr CapabilitySet set{Capability::kDacReadSearch, Capability::kBpf};
  CHECK(set.bits() == 0x8000000004);
  CHECK(set.has(Capability::kBpf));
  CHECK_FALSE(set.has(Capability::kPerfmon));
  CHECK((set & CapabilitySet{Capability::kBpf}) == CapabilitySet{Capability::kBpf});
  CapabilitySet less = set;
  less.remove(Capability::kBpf);
  CHECK(less == CapabilitySet{Capability::kDacReadSearch});
}

TEST_CASE("agent and helpers keep only the capabilities they need") {
  CHECK(kAgentCapabilities.bits() == 0xc000080004);
  CHECK(kHelperCapabilities.bits() == 0x8000c);
  CHECK_FALSE(kHelperCapabilities.has(Capability::kSysAdmin));  // only around what needs it
}

TEST_CASE("missing capabilities are listed with their use") {
  CHECK(missing_capabilities(CapabilitySet(~std::uint64_t{0})).empty());
  const auto missing = missing_capabilities(
      CapabilitySet{Capability::kDacReadSearch, Capability::kSysPtrace, Capability::kFowner,
                    Capability::kBpf, Capability::kPerfmon});
  REQUIRE(missing.size() == 1);
  CHECK(missing.front().name == "CAP_SYS_ADMIN");
  CHECK(missing.front().gives.find("fanotify") != std::string_view::npos);
}

TEST_CASE("dropped capabilities cannot be regained") {
  if (!test::require_root_or_skip()) return;
  CHECK(holds_in_child([] {
    if (!keep_only({Capability::kDacReadSearch})) return false;
    const WithCapability admin(Capability::kSysAdmin);
    return permitted_capabilities() == CapabilitySet{Capability::kDacReadSearch};
  }));
}

TEST_CASE("later threads have the kept capabilities only") {
  if (!test::require_root_or_skip()) return;
  CHECK(holds_in_child([] {
    if (!keep_only({Capability::kDacReadSearch})) return false;
    CapabilitySet seen;
    std::thread([&] { seen = permitted_capabilities(); }).join();
    return seen == CapabilitySet{Capability::kDacReadSearch};
  }));
}

TEST_CASE("a capability on demand is effective only during its scope") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  const std::string closed = folder.path() + "/closed";
  REQUIRE(::mkdir(closed.c_str(), 0700) == 0);
  REQUIRE(::chown(closed.c_str(), 65534, 65534) == 0);
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  CHECK(holds_in_child([&] {
    if (!keep_only({}, {Capability::kDacReadSearch})) return false;
    const auto is_readable = [&] { return ::open(closed.c_str(), O_RDONLY | O_DIRECTORY) >= 0; };
    if (is_readable()) return false;
    {
      const WithCapability search(Capability::kDacReadSearch);
      if (!is_readable()) return false;
    }
    return !is_readable();
  }));
}

TEST_CASE("dropping privileges without having any is not an error") {
  if (!test::require_root_or_skip()) return;
  CHECK(holds_in_child([] {
    return ::setresuid(65534, 65534, 65534) == 0 && keep_only(kAgentCapabilities).has_value() &&
           permitted_capabilities() == CapabilitySet{};
  }));
}

TEST_CASE("a missing file is owned by the owner of its nearest directory") {
  if (!test::require_root_or_skip()) return;
  const TempFolder folder;
  CHECK_FALSE(belongs_to_another(folder.path() + "/a/b/c.sock"));
  REQUIRE(::chown(folder.path().c_str(), 65534, 65534) == 0);
  CHECK(belongs_to_another(folder.path() + "/a/b/c.sock"));
  CHECK_FALSE(belongs_to_another("/"));
  CHECK_FALSE(belongs_to_another("no/such/relative/path"));
}

}  // namespace volumeter::privileges_test
