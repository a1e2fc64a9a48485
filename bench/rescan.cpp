// SPDX-License-Identifier: Apache-2.0
// What it costs to know the size of a tree again after some of its directories changed, as a
// ratio to a full walk: drains the change feed, looks again at what it names, and sums up.
// CPU time of this process, which works in one thread. Needs root.
//
//   bench_rescan TREE
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/sources/sizes/changes/directory_index.h"
#include "exporter/sources/sizes/changes/fanotify_feed.h"
#include "exporter/sources/sizes/walk/file_handles.h"
#include "exporter/sources/sizes/walk/tree_walk.h"

namespace {

using namespace volumeter;

constexpr int kRounds = 11;
constexpr std::size_t kMaxDirectories = 10'000'000;

template <typename T>
T value_or_exit(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "%s\n", result.error().text().c_str());
  std::exit(1);
}

UniqueFd open_root(const char* path) {
  return UniqueFd(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

double median_cpu_seconds(const std::function<void()>& prepare, const std::function<void()>& work) {
  std::vector<double> costs;
  for (int round = 0; round < kRounds; ++round) {
    prepare();
    timespec begin{};
    timespec end{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    work();
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    costs.push_back(static_cast<double>(end.tv_sec - begin.tv_sec) +
                    static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e9);
  }
  std::sort(costs.begin(), costs.end());
  return costs[costs.size() / 2];
}

// A tree with an index of it that is kept up by a change feed.
class WatchedTree {
 public:
  explicit WatchedTree(const char* path)
      : root_(open_root(path)),
        feed_(make_change_feed(value_or_exit(open_change_feed(root_.get())))) {
    WalkOptions options{.now = std::chrono::system_clock::now(), .has_mounts_below = false};
    options.record = [this](const TreeRecord& record) {
      index_.add(record);
      if (record.kind == TreeRecord::Kind::kDirectory) directories_.push_back(record.handle);
    };
    value_or_exit(walk_tree(open_root(path), options));
    std::sort(directories_.begin(), directories_.end(),
              [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
  }

  std::size_t size() const { return directories_.size(); }

  // Makes a file in directories that lie far from each other, or removes it the next time.
  void change(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto& handle = directories_[i * directories_.size() / count];
      const UniqueFd directory = open_handle(root_.get(), handle);
      if (::unlinkat(directory.get(), kName, 0) == 0) continue;
      UniqueFd(::openat(directory.get(), kName, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
  }

  TreeSums rescan() {
    std::vector<TreeRecord> records;
    WalkOptions options{.now = std::chrono::system_clock::now(), .has_mounts_below = false};
    options.record = [&](const TreeRecord& record) { records.push_back(record); };
    const auto changes = feed_->drain();
    value_or_exit(look_again(root_, changes.directories, options));
    index_.update(records);
    return index_.totals();
  }

 private:
  static constexpr const char* kName = "bench_rescan.tmp";

  UniqueFd root_;
  std::unique_ptr<ChangeFeed> feed_;
  DirectoryIndex index_{kMaxDirectories};
  std::vector<DirectoryHandle> directories_;
};

bool compare(WatchedTree& tree, const char* path, double walk, double share, double bar) {
  const auto count = static_cast<std::size_t>(static_cast<double>(tree.size()) * share);
  TreeSums sums;
  const double cost =
      median_cpu_seconds([&] { tree.change(count); }, [&] { sums = tree.rescan(); });
  const auto truth = value_or_exit(walk_tree(open_root(path), {}));
  const bool is_right = sums.allocated_bytes == truth.allocated_bytes &&
                        sums.apparent_bytes == truth.apparent_bytes && sums.inodes == truth.inodes;
  std::printf("%.1f %% of %zu directories changed: %.3f ms, 1/%.0f of a walk, bar 1/%.0f: %s\n",
              share * 100, tree.size(), cost * 1e3, walk / cost, bar,
              walk / cost >= bar ? "met" : "MISSED");
  if (!is_right) std::printf("the sums are not those of a walk\n");
  return is_right;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: bench_rescan TREE\n");
    return 2;
  }
  WatchedTree tree(argv[1]);
  const double walk =
      median_cpu_seconds([] {}, [&] { value_or_exit(walk_tree(open_root(argv[1]), {})); });
  std::printf("a walk: %.1f ms of CPU, median of %d\n", walk * 1e3, kRounds);
  const bool is_right =
      compare(tree, argv[1], walk, 0.001, 500) && compare(tree, argv[1], walk, 0.01, 50);
  return is_right ? 0 : 1;
}
