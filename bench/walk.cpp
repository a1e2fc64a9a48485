// SPDX-License-Identifier: Apache-2.0
// Walks one tree and prints what it found and what that cost; bench/walk.py compares it.
#include <fcntl.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "exporter/sources/sizes/walk/tree_walk.h"

namespace {

using namespace volumeter;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// VmHWM of proc(5). ru_maxrss would count what the program was before exec(2), too.
long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (long kib = 0; word == "VmHWM:" && status >> kib) return kib;
  }
  return 0;
}

struct Arguments {
  unsigned threads = 1;
  bool records = false;
  const char* path = nullptr;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--threads" && i + 1 < argc) {
      arguments.threads = static_cast<unsigned>(std::atoi(argv[++i]));
    } else if (word == "--records") {
      arguments.records = true;
    } else {
      arguments.path = argv[i];
    }
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  if (arguments.path == nullptr) {
    std::fprintf(stderr, "usage: bench_walk [--threads N] [--records] PATH\n");
    return 2;
  }
  std::uint64_t records = 0;
  WalkOptions options{.threads = arguments.threads,
                      .now = std::chrono::system_clock::now(),
                      .has_mounts_below = false};
  if (arguments.records) options.record = [&](const TreeRecord&) { ++records; };
  const auto began = std::chrono::steady_clock::now();
  const auto usage =
      walk_tree(UniqueFd(::open(arguments.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)), options);
  const Seconds wall = std::chrono::steady_clock::now() - began;
  if (!usage) {
    std::fprintf(stderr, "%s\n", usage.error().text().c_str());
    return 1;
  }
  rusage cost{};
  ::getrusage(RUSAGE_SELF, &cost);
  std::printf("apparent %llu allocated %llu inodes %llu errors %llu records %llu\n",
              static_cast<unsigned long long>(usage->apparent_bytes.value_or(0)),
              static_cast<unsigned long long>(usage->allocated_bytes),
              static_cast<unsigned long long>(usage->inodes.value_or(0)),
              static_cast<unsigned long long>(usage->errors),
              static_cast<unsigned long long>(records));
  std::printf("wall %.4f s cpu %.4f s peak %ld KiB\n", wall.count(),
              seconds(cost.ru_utime) + seconds(cost.ru_stime), peak_kib());
  return 0;
}
