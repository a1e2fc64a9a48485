// SPDX-License-Identifier: Apache-2.0
// accounted_space CALLS DIRECTORY...: one line of JSON a directory, in their order:
//   {"method":"quota","allocated_bytes":12288,"inodes":3,"limit_bytes":null,"nanoseconds":4100}
// or null. The nanoseconds are processor time, the median of the calls, in which the directories
// take turns: what slows the machine down meets all of them.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include "exporter/base/unique_fd.h"
#include "exporter/sources/sizes/quota/space_accounting.h"

using namespace volumeter;

namespace {

struct Asked {
  UniqueFd directory;
  std::optional<SpaceUsage> answer;
  std::vector<std::int64_t> nanoseconds;
};

std::int64_t processor_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void ask(Asked& asked) {
  const auto began = processor_nanoseconds();
  asked.answer = accounted_space(asked.directory.get(), false);
  asked.nanoseconds.push_back(processor_nanoseconds() - began);
}

std::string or_null(const std::optional<std::uint64_t>& number) {
  return number ? std::to_string(*number) : "null";
}

std::string to_json(Asked& asked) {
  if (!asked.answer) return "null";
  constexpr std::array kMethods{"walk", "statfs", "quota", "qgroup"};
  const auto middle = asked.nanoseconds.begin() + std::ssize(asked.nanoseconds) / 2;
  std::nth_element(asked.nanoseconds.begin(), middle, asked.nanoseconds.end());
  return std::string(R"({"method":")") +
         kMethods.at(static_cast<std::size_t>(asked.answer->method)) + R"(","allocated_bytes":)" +
         std::to_string(asked.answer->allocated_bytes) + R"(,"inodes":)" +
         or_null(asked.answer->inodes) + R"(,"limit_bytes":)" + or_null(asked.answer->limit_bytes) +
         R"(,"nanoseconds":)" + std::to_string(*middle) + "}";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const int calls = std::max(1, std::atoi(argv[1]));
  std::vector<Asked> all;
  for (int i = 2; i < argc; ++i) {
    UniqueFd directory(::open(argv[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return 1;
    all.push_back({std::move(directory), {}, {}});
  }
  for (int call = 0; call < calls; ++call) {
    for (auto& asked : all) ask(asked);
  }
  for (auto& asked : all) std::cout << to_json(asked) << "\n";
}
