// SPDX-License-Identifier: Apache-2.0
// What eBPF costs: reading a map of 6000 counts in a scrape, against reading it key by key in the
// same run; and, for a command given, what the program that measures disks takes for each of the
// requests made meanwhile, as the kernel itself measures it (see bpf.sh). Needs root.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "exporter/base/unique_fd.h"
#include "exporter/sources/ebpf/bpf/count_map.h"
#include "exporter/sources/ebpf/bpf/shared.h"
#include "exporter/sources/ebpf/bpf/tracers.h"
#include "exporter/sources/interface/device_tracer.h"

namespace {

using namespace volumeter;

constexpr std::uint32_t kKeys = 6000;
constexpr std::uint32_t kMaxKeys = 16384;  // as the agent's own map
constexpr int kRounds = 50;

struct ProgramCost {
  std::uint64_t runs = 0;
  std::uint64_t nanoseconds = 0;
};

UniqueFd make_map() {
  bpf_map_create_opts options{};
  options.sz = sizeof options;
  options.map_flags = BPF_F_NO_PREALLOC;
  return UniqueFd(bpf_map_create(BPF_MAP_TYPE_PERCPU_HASH, "bench_counts", sizeof(std::uint32_t),
                                 sizeof(io_counts), kMaxKeys, &options));
}

// The kernel keeps a few elements ready and makes more in the background: ENOMEM may be for now.
bool put(int map, std::uint32_t key, const std::vector<io_counts>& values) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (bpf_map_update_elem(map, &key, values.data(), BPF_ANY) == 0) return true;
    if (errno != ENOMEM) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

bool fill(int map, std::size_t processors) {
  std::vector<io_counts> values(processors);
  for (std::uint32_t key = 0; key < kKeys; ++key) {
    for (auto& value : values) value.operations = key;
    if (!put(map, key, values)) return false;
  }
  return true;
}

std::size_t read_in_batches(int map) {
  std::size_t seen = 0;
  std::uint64_t operations = 0;
  const auto done = bpf::read_counts<std::uint32_t>(map, [&](std::uint32_t, const IoCounts& sum) {
    ++seen;
    operations += sum.operations;
  });
  return done && operations > 0 ? seen : 0;
}

std::size_t read_by_key(int map, std::size_t processors) {
  std::vector<io_counts> values(processors);
  std::size_t seen = 0;
  std::uint64_t operations = 0;
  std::uint32_t key = 0;
  for (int at = bpf_map_get_next_key(map, nullptr, &key); at == 0;
       at = bpf_map_get_next_key(map, &key, &key)) {
    if (bpf_map_lookup_elem(map, &key, values.data()) != 0) continue;
    IoCounts sum;
    for (const auto& value : values) sum.add(value);
    ++seen;
    operations += sum.operations;
  }
  return operations > 0 ? seen : 0;
}

// Of this thread: that of the clock is also other programs'.
std::chrono::duration<double, std::milli> cpu_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// CPU milliseconds, the median of some rounds; nothing if one did not see every key.
template <typename Read>
std::optional<double> median_ms(Read read) {
  std::vector<double> times;
  for (int i = 0; i < kRounds; ++i) {
    const auto began = cpu_time();
    if (read() != kKeys) return {};
    times.push_back((cpu_time() - began).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

int measure_map() {
  const auto processors = static_cast<std::size_t>(libbpf_num_possible_cpus());
  const UniqueFd map = make_map();
  if (!map || !fill(map.get(), processors)) {
    std::perror("bpf map");
    return 1;
  }
  const auto batch = median_ms([&] { return read_in_batches(map.get()); });
  const auto by_key = median_ms([&] { return read_by_key(map.get(), processors); });
  if (!batch || !by_key) return 1;
  std::printf("%u counts of %zu bytes, %zu processors\n", kKeys, sizeof(io_counts), processors);
  std::printf("in batches  %6.2f ms\nkey by key  %6.2f ms\nratio       %6.2f\n", *batch, *by_key,
              *batch / *by_key);
  return 0;
}

// Of all loaded programs of that name.
ProgramCost cost_of(std::string_view name) {
  ProgramCost cost;
  std::uint32_t id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    const UniqueFd program(bpf_prog_get_fd_by_id(id));
    bpf_prog_info info{};
    std::uint32_t size = sizeof info;
    if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) continue;
    if (name != info.name) continue;
    cost.runs += info.run_cnt;
    cost.nanoseconds += info.run_time_ns;
  }
  return cost;
}

bool run(char** command) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp(command[0], command);
    ::_exit(127);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

int measure_disks(char** command) {
  const auto tracer = make_device_tracer();
  if (!tracer) {
    std::fprintf(stderr, "%s\n", tracer.error().text().c_str());
    return 1;
  }
  const UniqueFd statistics(bpf_enable_stats(BPF_STATS_RUN_TIME));
  if (!statistics || !run(command)) return 1;
  const ProgramCost cost = cost_of("request_done");
  if (cost.runs == 0) return 1;
  std::printf("a request   %6.0f ns (%llu requests)\n",
              static_cast<double>(cost.nanoseconds) / static_cast<double>(cost.runs),
              static_cast<unsigned long long>(cost.runs));
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return argc > 1 ? measure_disks(argv + 1) : measure_map(); }
