// SPDX-License-Identifier: Apache-2.0
// What the change feed costs those who write: CPU of two loops of system calls, without and
// with a feed of their filesystem, in turns. The feed is drained ten times a second, which is
// dearer than the once a second of the agent, so that the turns can be short: what else the
// machine does then falls on both. Needs root.
//
//   bench_writer [folder]
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/sources/sizes/changes/fanotify_feed.h"

namespace {

using namespace volumeter;

constexpr int kRounds = 150;
constexpr std::chrono::milliseconds kTurn{100};

double thread_cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double cpu_ns_of_one(const std::function<void()>& operation) {
  const auto end = std::chrono::steady_clock::now() + kTurn;
  const double start = thread_cpu_ns();
  std::size_t count = 0;
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 100; ++i) operation();
    count += 100;
  }
  return (thread_cpu_ns() - start) / static_cast<double>(count);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// False: there is no feed here.
bool compare(const char* name, const std::string& folder, const std::function<void()>& operation) {
  const UniqueFd root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::vector<double> without;
  std::vector<double> with;
  std::vector<double> ratios;
  cpu_ns_of_one(operation);  // warms up
  for (int round = 0; round < kRounds; ++round) {
    without.push_back(cpu_ns_of_one(operation));
    auto fanotify = open_change_feed(root.get());
    if (!fanotify) {
      std::printf("%s\n", fanotify.error().text().c_str());
      return false;
    }
    const auto feed = make_change_feed(*std::move(fanotify));
    with.push_back(cpu_ns_of_one(operation));
    feed->drain();
    ratios.push_back(with.back() / without.back());
  }
  std::printf("%-28s %8.0f ns  with the feed %8.0f ns  ratio %.3f\n", name, median(without),
              median(with), median(ratios));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : ".";
  const std::string path = folder + "/bench_writer.tmp";
  const std::string other = folder + "/bench_writer.new";
  const std::string block(4096, 'x');
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  bool is_done = static_cast<bool>(file);
  const auto write_block = [&](int fd) {
    is_done = is_done && ::pwrite(fd, block.data(), block.size(), 0) > 0;
  };
  std::printf("median CPU of one operation, %d rounds each; bar: an overwrite <= 1.05\n", kRounds);
  is_done = is_done && compare("overwrite 4 KiB", folder, [&] { write_block(file.get()); }) &&
            compare("create, write, close, unlink", folder, [&] {
              UniqueFd made(::open(other.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
              write_block(made.get());
              made.reset();
              ::unlink(other.c_str());
            });
  ::unlink(path.c_str());
  return is_done ? 0 : 1;
}
