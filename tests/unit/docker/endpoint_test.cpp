// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/endpoint.h"

#include <catch2/catch.hpp>

namespace volumeter::docker::endpoint_test {
namespace {

Endpoint endpoint(std::string_view host, const Environment& environment = {}) {
  const auto parsed = parse_endpoint(host, environment);
  INFO(host);
  REQUIRE(parsed);
  return *parsed;
}

std::string refusal(std::string_view host) {
  const auto parsed = parse_endpoint(host, {});
  INFO(host);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().kind == ErrorKind::kUnsupported);
  return parsed.error().what;
}

Environment with_tls() {
  Environment environment;
  environment.tls_verify = "1";
  environment.home = "/root";
  return environment;
}

}  // namespace

TEST_CASE("the default is Docker's default socket") {
  CHECK(endpoint("").socket_path == "/var/run/docker.sock");
  CHECK(endpoint("").name == "unix:///var/run/docker.sock");
  CHECK(endpoint("").base_url == "http://docker");
  CHECK(endpoint("unix://").socket_path == "/var/run/docker.sock");
}

TEST_CASE("the flag takes precedence over DOCKER_HOST") {
  Environment environment;
  environment.host = "unix:///run/podman/podman.sock";
  CHECK(endpoint("", environment).socket_path == "/run/podman/podman.sock");
  CHECK(endpoint("unix:///other.sock", environment).socket_path == "/other.sock");
}

TEST_CASE("the default port of a TCP address is 2375") {
  CHECK(endpoint("tcp://10.0.0.7").base_url == "http://10.0.0.7:2375");
  CHECK(endpoint("tcp://10.0.0.7").name == "tcp://10.0.0.7:2375");
  CHECK(endpoint("tcp://host.example:1234/").base_url == "http://host.example:1234");
  CHECK(endpoint("http://host").base_url == "http://host:2375");
  CHECK(endpoint("https://host").base_url == "https://host:2376");
  CHECK(endpoint("tcp://:2375").base_url == "http://localhost:2375");
  CHECK(endpoint("tcp://10.0.0.7").socket_path.empty());
}

TEST_CASE("IPv6 addresses are in brackets") {
  CHECK(endpoint("tcp://[::1]:2375").base_url == "http://[::1]:2375");
  CHECK(endpoint("tcp://[fe80::1]").base_url == "http://[fe80::1]:2375");
  for (const auto host :
       {"tcp://::1:2375", "tcp://[::1", "tcp://[]:1", "tcp://[::1]2375", "tcp://[::1%eth0]:1"}) {
    refusal(host);
  }
}

TEST_CASE("DOCKER_TLS_VERIFY enables TLS, port 2376 and the certificates in ~/.docker") {
  const auto secure = endpoint("tcp://host", with_tls());
  CHECK(secure.base_url == "https://host:2376");
  CHECK(secure.ca_file == "/root/.docker/ca.pem");
  CHECK(secure.cert_file == "/root/.docker/cert.pem");
  CHECK(secure.key_file == "/root/.docker/key.pem");
  CHECK(endpoint("http://host", with_tls()).base_url == "https://host:2376");
  CHECK(endpoint("tcp://host").ca_file.empty());
}

TEST_CASE("DOCKER_CERT_PATH sets the directory of the certificates") {
  Environment environment = with_tls();
  environment.cert_path = "/etc/docker/certs";
  CHECK(endpoint("tcp://host", environment).ca_file == "/etc/docker/certs/ca.pem");
}

TEST_CASE("unsupported schemes are refused with the remedy") {
  CHECK(refusal("ssh://me@host").find("ssh -L") != std::string::npos);
  CHECK(refusal("npipe:////./pipe/docker_engine").find("Windows") != std::string::npos);
  CHECK(refusal("fd://").find("unix:///var/run/docker.sock") != std::string::npos);
  CHECK(refusal("/var/run/docker.sock").find("unix:///path") != std::string::npos);
  CHECK(refusal("gopher://host").find("tcp://host:port") != std::string::npos);
}

TEST_CASE("malformed addresses are refused") {
  for (const auto host : {"tcp://host:port", "tcp://host:0", "tcp://host:65536", "tcp://host:-1",
                          "tcp://host/path", "tcp://user@host", "tcp://host name", "tcp://host:1:2",
                          "unix://relative", "unix", "ssh", "tcp://host?x", "tcp://ho\nst"}) {
    refusal(host);
  }
  refusal("unix:///" + std::string(107, 'x'));
  CHECK(endpoint("unix:///" + std::string(106, 'x')).socket_path.size() == 107);
}

}  // namespace volumeter::docker::endpoint_test
