// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/base/change_log.h"
#include "exporter/base/result.h"
#include "exporter/config/config.h"
#include "exporter/sources/interface/host_access.h"
#include "exporter/sources/kernel/process_stats.h"
#include "exporter/sources/os/privileges.h"

namespace volumeter {

// The host to watch: this machine, or the directory that --root names.
struct Host {
  HostAccess access;
  std::string docker_api_version;
  std::string state_directory;
  std::string docker_socket;  // empty unless the engine is asked by a unix socket
  bool is_machine = false;    // not a directory, so privileges matter
  KernelUnits units;
};

// Forks a helper process for this machine: call it before any thread exists. The error is
// one of the configuration.
Result<Host> make_host(const Config& config, BuildInfo build);

// Gives up for good every capability that watching the host does not take; call it before any
// thread exists. Returns what the program was started with.
CapabilitySet drop_privileges(const Host& host, ChangeLog& log);

}  // namespace volumeter
