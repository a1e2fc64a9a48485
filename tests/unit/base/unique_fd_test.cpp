// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/unique_fd.h"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <type_traits>
#include <utility>

namespace volumeter::unique_fd_test {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueFd> && !std::is_copy_assignable_v<UniqueFd>);
static_assert(std::is_nothrow_move_constructible_v<UniqueFd>);

UniqueFd opened() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

TEST_CASE("the destructor closes the descriptor") {
  int number = -1;
  {
    const UniqueFd fd = opened();
    number = fd.get();
    REQUIRE(fd);
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("a moved descriptor stays open with a single owner") {
  UniqueFd from = opened();
  const int number = from.get();
  UniqueFd to(std::move(from));
  CHECK_FALSE(from);
  CHECK(to.get() == number);
  CHECK(is_open(number));
}

TEST_CASE("assignment closes the previous descriptor") {
  UniqueFd target = opened();
  UniqueFd source = opened();
  const int old_number = target.get();
  const int new_number = source.get();
  target = std::move(source);
  CHECK_FALSE(is_open(old_number));
  CHECK(target.get() == new_number);
  CHECK(is_open(new_number));
}

TEST_CASE("self-assignment keeps the descriptor open") {
  UniqueFd fd = opened();
  UniqueFd& same = fd;
  fd = std::move(same);
  REQUIRE(fd);
  CHECK(is_open(fd.get()));
}

TEST_CASE("a released descriptor stays open") {
  UniqueFd fd = opened();
  const int number = fd.release();
  CHECK_FALSE(fd);
  CHECK(is_open(number));
  fd.reset(number);
  fd.reset();
  CHECK_FALSE(is_open(number));
}

}  // namespace
}  // namespace volumeter::unique_fd_test
