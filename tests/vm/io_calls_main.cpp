// SPDX-License-Identifier: Apache-2.0
// io_calls FILE COUNT: nanoseconds that one call takes, in one line of JSON:
//   {"read":812,"write":1130,"zero":301,"pipe":955}
// read and write are of 4 KiB of FILE in the page cache; zero reads 8 bytes of /dev/zero; pipe
// writes 8 bytes and reads them. Where the machine counts a nanosecond for an instruction
// (qemu -icount shift=0), these are instructions.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>

#include "exporter/base/unique_fd.h"

using volumeter::UniqueFd;

namespace {

std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC_RAW, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// The shortest of several rounds: the others were interrupted.
std::int64_t nanoseconds_of(int count, const std::function<bool()>& call) {
  std::int64_t best = INT64_MAX;
  for (int round = 0; round < 10; ++round) {
    const auto began = now();
    for (int i = 0; i < count; ++i) {
      if (!call()) std::abort();
    }
    best = std::min(best, (now() - began) / count);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int count = std::atoi(argv[2]);
  const UniqueFd file(::open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const UniqueFd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  std::array<int, 2> ends{};
  if (!file || !zero || ::pipe2(ends.data(), O_CLOEXEC) != 0) return 1;
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  static std::array<char, 4096> block{};
  if (::pwrite(file.get(), block.data(), block.size(), 0) != std::ssize(block)) return 1;

  const auto read = nanoseconds_of(count, [&] {
    return ::pread(file.get(), block.data(), block.size(), 0) == std::ssize(block);
  });
  const auto write = nanoseconds_of(count, [&] {
    return ::pwrite(file.get(), block.data(), block.size(), 0) == std::ssize(block);
  });
  const auto zeros =
      nanoseconds_of(count, [&] { return ::read(zero.get(), block.data(), 8) == 8; });
  const auto pipe = nanoseconds_of(count, [&] {
    return ::write(writer.get(), block.data(), 8) == 8 &&
           ::read(reader.get(), block.data(), 8) == 8;
  });
  std::cout << R"({"read":)" << read << R"(,"write":)" << write << R"(,"zero":)" << zeros
            << R"(,"pipe":)" << pipe << "}\n";
}
