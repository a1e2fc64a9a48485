// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/log.h"
#include "exporter/base/path_pattern.h"
#include "exporter/sources/interface/host_paths.h"

namespace volumeter {

enum class Mode { kServe, kOnce, kCheck, kListMetrics };

// Everything the operator may set: read once, checked once, then const.
struct Config {
  Mode mode = Mode::kServe;
  std::string root;  // not empty: this folder is the host

  HostPaths paths;
  std::string docker_host;  // empty: DOCKER_HOST, then the default socket
  std::string state_directory = "/var/lib/volumeter";

  std::vector<std::string> listen_addresses{":10066"};
  std::string telemetry_path = "/metrics";
  unsigned max_requests = 40;

  std::set<std::string, std::less<>> collectors;  // the enabled ones
  std::vector<std::string> volume_labels;
  std::chrono::seconds filesystem_interval{10};
  bool all_devices = false;
  bool ebpf = true;
  std::chrono::seconds size_interval{300};
  std::chrono::seconds size_full_interval{3600};  // between proofs of a size by a full walk
  double size_cpu_percent = 5;                    // of one core
  double size_max_io_pressure = 20;               // percent of time
  unsigned size_threads = 1;                      // of one walk
  bool size_fanotify = true;
  PathPattern bind_regex;  // sources of bind mounts to measure

  std::string log_level = "info";
  LogFormat log_format = LogFormat::kLogfmt;
};

// A collector that can be switched on and off.
struct CollectorChoice {
  std::string_view name;
  std::string_view about;
  bool on_by_default = true;
};

}  // namespace volumeter
