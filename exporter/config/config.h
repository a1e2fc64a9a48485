// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/log.h"
#include "exporter/sources/host_access.h"

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
  std::chrono::seconds size_interval{300};

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
