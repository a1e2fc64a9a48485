// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "exporter/base/log.h"
#include "exporter/http/web_options.h"
#include "exporter/monitor/monitor_options.h"
#include "exporter/sources/interface/host_paths.h"

namespace volumeter {

enum class Mode { kServe, kOnce, kCheck, kListMetrics };

// Everything the operator may set: read once, checked once, then const. A default is the initial
// value of the field it belongs to; --help and docs/flags.md print it from there.
struct Config {
  Mode mode = Mode::kServe;
  std::string root;  // directory that stands in for the host; empty: this machine

  HostPaths paths;
  std::string docker_host;  // empty: DOCKER_HOST, then the default socket
  std::string state_directory = "/var/lib/volumeter";
  WebOptions web;
  LogOptions log;

  std::set<std::string, std::less<>> collectors;  // the enabled ones
  bool ebpf = true;
  MonitorOptions monitor;
};

// A collector that can be switched on and off.
struct CollectorChoice {
  std::string_view name;
  std::string_view about;
  bool on_by_default = true;
};

}  // namespace volumeter
