// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "exporter/sources/sizes/size_sampler.h"
#include "tests/support/captured_log.h"
#include "tests/support/fake_scans.h"

namespace volumeter::test {

inline SizeTarget target(const std::string& key, const std::string& mount_point = "/") {
  SizeTarget target;
  target.key = key;
  target.place.path = "/v/" + key;
  target.mount_point = mount_point;
  return target;
}

inline bool never_hung(const std::string&) { return false; }

inline SpaceUsage allocated(std::uint64_t bytes) {
  SpaceUsage space;
  space.allocated_bytes = bytes;
  return space;
}

constexpr SizeSamplerOptions kNoLimit{.schedule = {.cpu_share = 0}};
constexpr SizeSamplerOptions kBlind{.schedule = {}, .watch_changes = false};

// A sampler that works only when it is told to.
struct SamplerBench {
  FakeScans host;
  CapturedLog log;
  SizeSampler sampler;

  explicit SamplerBench(SizeSamplerOptions options = {}, SizeSampler::IsHung is_hung = never_hung)
      : sampler(host.access, log.log, options, std::move(is_hung)) {}

  // Steps until nothing is left to do before `time` has passed.
  void run_for(std::chrono::nanoseconds time) {
    const SteadyTime end = host.access.steady_now() + time;
    while (host.access.steady_now() < end) {
      const auto pause = sampler.step({});
      const std::chrono::nanoseconds left = end - host.access.steady_now();
      if (!host.has_spoken())
        host.pass(std::max<std::chrono::nanoseconds>(std::chrono::microseconds(1),
                                                     std::min(pause, left)));
    }
  }

  std::optional<SpaceUsage> space(const std::string& key) const {
    const auto latest = sampler.latest();
    const auto found = latest->find(key);
    return found == latest->end() ? std::nullopt : found->second.space.value;
  }

  std::optional<ErrorKind> error(const std::string& key) const {
    const auto latest = sampler.latest();
    const auto found = latest->find(key);
    if (found == latest->end() || !found->second.space.error) return {};
    return found->second.space.error->kind;
  }
};

}  // namespace volumeter::test
