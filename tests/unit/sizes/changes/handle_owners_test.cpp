// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/changes/handle_owners.h"

#include <catch2/catch.hpp>
#include <set>

namespace volumeter::handle_owners_test {
namespace {

DirectoryHandle handle(std::uint32_t number) {
  DirectoryHandle made{.type = 1, .size = 4};
  for (std::size_t i = 0; i < 4; ++i) made.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return made;
}

std::multiset<std::uint32_t> owners_of(const HandleOwners& owners, const DirectoryHandle& wanted) {
  std::multiset<std::uint32_t> found;
  owners.find(wanted, [&](std::uint32_t tree) { found.insert(tree); });
  return found;
}

TEST_CASE("each directory leads to the trees that may hold it") {
  HandleOwners owners;
  CHECK(owners_of(owners, handle(1)).empty());
  for (std::uint32_t i = 0; i < 10'000; ++i) owners.insert(handle(i), i % 7);
  owners.insert(handle(5), 99);
  CHECK(owners.size() == 10'001);
  for (std::uint32_t i = 0; i < 10'000; ++i) CHECK(owners_of(owners, handle(i)).count(i % 7) == 1);
  CHECK(owners_of(owners, handle(5)).count(99) == 1);
  CHECK(owners_of(owners, handle(123'456)).empty());
}

TEST_CASE("a directory that is inserted again takes no more room") {
  HandleOwners owners;
  for (int i = 0; i < 1000; ++i) owners.insert(handle(1), 3);
  CHECK(owners.size() == 1);
  CHECK(owners_of(owners, handle(1)) == std::multiset<std::uint32_t>{3});
  owners.clear();
  CHECK(owners.size() == 0);
  CHECK(owners_of(owners, handle(1)).empty());
}

}  // namespace
}  // namespace volumeter::handle_owners_test
