// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporter/base/result.h"

namespace volumeter::docker {

// What the environment variables of Docker's own tools say; empty where one is not set.
struct Environment {
  std::string host;         // DOCKER_HOST
  std::string tls_verify;   // DOCKER_TLS_VERIFY: any text means yes
  std::string cert_path;    // DOCKER_CERT_PATH: folder of ca.pem, cert.pem and key.pem
  std::string home;         // HOME
  std::string api_version;  // DOCKER_API_VERSION
};

// Where the engine listens and how it is spoken to.
struct Endpoint {
  std::string name;         // for people: "unix:///var/run/docker.sock"
  std::string base_url;     // "http://docker", "https://[::1]:2376"
  std::string socket_path;  // empty unless it is a unix socket
  std::string ca_file;      // the three are empty unless certificates of our own are used
  std::string cert_file;
  std::string key_file;
};

// `host` is what --docker.host says; if it is empty DOCKER_HOST counts, else Docker's
// default socket:
//   unix:///var/run/docker.sock   tcp://10.0.0.7:2375   tcp://[::1]   https://host
// kUnsupported with the way out for anything we cannot speak.
// https://docs.docker.com/reference/cli/docker/#environment-variables
Result<Endpoint> parse_endpoint(std::string_view host, const Environment& environment);

}  // namespace volumeter::docker
