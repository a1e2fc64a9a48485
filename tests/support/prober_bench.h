// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "exporter/base/fields.h"
#include "exporter/sources/helpers/prober.h"
#include "exporter/sources/os/files.h"

namespace volumeter::test {

constexpr ProberLimits kShort{.questions = {.patience = std::chrono::milliseconds(300)}};
constexpr ProberLimits kPatient{.questions = {.patience = std::chrono::minutes(1)},
                                .statfs_round = std::chrono::minutes(1)};
constexpr ScanGrant kFree{.cpu = std::chrono::hours(1), .wall = std::chrono::hours(1)};

// What the tests ask of a process: its parent, its state and how many threads it has.
struct ProcessLine {
  pid_t parent = 0;
  char state = '?';
  int threads = 0;
};

// /proc/<pid>/stat: 42 (volumeter-work) S 41 41 1289 0 -1 4194368 141 0 0 0 0 0 0 0 20 0 1 0 ...
inline std::optional<ProcessLine> read_process(const std::string& pid) {
  const auto text = read_file("/proc/" + pid + "/stat");
  if (!text) return {};
  std::string_view rest = *text;
  rest.remove_prefix(rest.rfind(')') + 1);
  const std::string_view state = next_field(rest);
  const auto parent = to_integer<pid_t>(next_field(rest));
  constexpr int kFieldsBetween = 15;
  for (int i = 0; i < kFieldsBetween; ++i) next_field(rest);
  const auto threads = to_integer<int>(next_field(rest));
  if (state.empty() || !parent || !threads) return {};
  return ProcessLine{*parent, state.front(), *threads};
}

// ThreadSanitizer gives each process a second thread: while that ends, the first is a zombie already
// and its files are open still.
inline bool is_running(pid_t pid) {
  const auto line = read_process(std::to_string(pid));
  return line && (line->state != 'Z' || line->threads > 1);
}

inline std::set<pid_t> children_of(pid_t parent) {
  std::set<pid_t> found;
  const auto names = list_dir("/proc");
  for (const std::string& name : *names) {
    const auto pid = to_integer<pid_t>(name);
    if (!pid) continue;
    const auto line = read_process(name);
    if (line && line->parent == parent && line->state != 'Z') found.insert(*pid);
  }
  return found;
}

// A prober and the process that makes its workers.
struct ProberBench {
  explicit ProberBench(ProberLimits limits = {}, std::string rootfs = "/")
      : ProberBench(WorkerSpawner::start(), limits, std::move(rootfs)) {}

  std::set<pid_t> workers() const { return children_of(spawner); }

  pid_t spawner;
  Prober prober;

 private:
  ProberBench(Result<WorkerSpawner> made, ProberLimits limits, std::string rootfs)
      : spawner(made->pid()), prober(std::move(made).value(), std::move(rootfs), limits) {}
};

template <typename Work>
std::chrono::milliseconds time_of(Work work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               began);
}

inline Place at(const std::string& path, std::uint64_t mount_id = 0) {
  Place place;
  place.path = path;
  place.mount_id = mount_id;
  return place;
}

inline Place local_at(const std::string& path) {
  Place place = at(path);
  place.is_local = true;
  return place;
}

// An answer and how long it took from the beginning of the round.
struct TimedUsage {
  Result<FsUsage> usage = Error{ErrorKind::kIo, "", "no answer was handed out"};
  std::chrono::milliseconds took{0};
};

inline std::vector<TimedUsage> capacities(Prober& prober, const std::vector<Place>& places) {
  std::vector<TimedUsage> answers(places.size());
  const auto began = std::chrono::steady_clock::now();
  prober.statfs(places,
                [&](std::size_t index, Result<FsUsage> usage) {
                  answers[index] = {std::move(usage),
                                    std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now() - began)};
                },
                {});
  return answers;
}

inline Result<FsUsage> capacity(Prober& prober, const Place& place, std::stop_token stop = {}) {
  Result<FsUsage> usage = Error{ErrorKind::kIo, "", "no answer was handed out"};
  prober.statfs(
      {place}, [&](std::size_t, Result<FsUsage> answer) { usage = std::move(answer); }, stop);
  return usage;
}

inline Result<FsUsage> capacity(Prober& prober, const std::string& path,
                                std::stop_token stop = {}) {
  return capacity(prober, at(path), stop);
}

// One link at a time, as long as there are any.
inline Result<std::string> resolve(Prober& prober, std::string path) {
  while (true) {
    auto answer = prober.resolve({at(path)}, {}).at(0);
    if (!answer || *answer == path) return answer;
    path = std::move(answer).value();
  }
}

inline ScanOrder order_of(const std::string& path) {
  ScanOrder order;
  order.place.path = path;
  return order;
}

// The next report of a scan; kTimeout if none comes within `limit`.
inline Result<ScanReport> next_report(TreeScan& scan,
                                      std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  pollfd entry{scan.descriptor(), POLLIN, 0};
  ::poll(&entry, 1, static_cast<int>(limit.count()));
  return scan.receive();
}

// A scan from beginning to end.
inline Result<SpaceUsage> measure(Prober& prober, const std::string& path,
                                  std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  const auto scan = prober.start_scan(order_of(path), {});
  if (!scan) return scan.error();
  (*scan)->grant(kFree);
  const auto report = next_report(**scan, limit);
  if (!report) return report.error();
  return report->outcome;
}

}  // namespace volumeter::test
