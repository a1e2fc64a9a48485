// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace volumeter {

// Where and how metrics are served.
struct WebOptions {
  std::vector<std::string> listen_addresses{":10066"};  // HOST:PORT each; no host: all interfaces
  std::string telemetry_path = "/metrics";
  unsigned max_requests = 40;  // served at once; further ones get 503
};

}  // namespace volumeter
