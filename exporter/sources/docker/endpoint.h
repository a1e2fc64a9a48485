// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace volumeter::docker {

// The environment variables of Docker's CLI; empty if not set.
struct Environment {
  std::string host;         // DOCKER_HOST
  std::string tls_verify;   // DOCKER_TLS_VERIFY: any text means yes
  std::string cert_path;    // DOCKER_CERT_PATH: folder of ca.pem, cert.pem and key.pem
  std::string home;         // HOME
  std::string api_version;  // DOCKER_API_VERSION
};

// The address of the engine and how to connect to it.
struct Endpoint {
  std::string name;         // for people: "unix:///var/run/docker.sock"
  std::string base_url;     // "http://docker", "https://[::1]:2376"
  std::string socket_path;  // empty unless it is a unix socket
  std::string ca_file;      // these three are empty unless client certificates are used
  std::string cert_file;
  std::string key_file;
};

// `host` is the value of --docker.host; if empty, DOCKER_HOST is used, else Docker's default
// socket:
//   unix:///var/run/docker.sock   tcp://10.0.0.7:2375   tcp://[::1]   https://host
// kUnsupported, with the remedy, for any other text.
// https://docs.docker.com/reference/cli/docker/#environment-variables
Result<Endpoint> parse_endpoint(std::string_view host, const Environment& environment);

}  // namespace volumeter::docker
