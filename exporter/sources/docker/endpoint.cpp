// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/endpoint.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "exporter/base/fields.h"

namespace volumeter::docker {
namespace {

constexpr std::string_view kDefaultSocket = "/var/run/docker.sock";
constexpr std::size_t kMaxSocketPath = 107;  // sizeof sockaddr_un::sun_path less the NUL

Error refusal(std::string_view host, std::string why) {
  return {ErrorKind::kUnsupported, std::string(host), std::move(why)};
}

bool consists_of(std::string_view text, std::string_view punctuation) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           punctuation.find(c) != std::string_view::npos;
  });
}

// The part after "tcp://": a host, in brackets if it is an IPv6 address, and an optional port.
struct Authority {
  std::string host;
  std::string_view port;
};

std::optional<Authority> split_authority(std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  const bool bracketed = text.starts_with('[');
  const auto host_end = bracketed ? text.find(']') + 1 : std::min(text.find(':'), text.size());
  if (bracketed && host_end == 0) return {};
  const auto host = text.substr(0, host_end);
  auto port = text.substr(host_end);
  if (!port.empty() && !port.starts_with(':')) return {};
  if (!port.empty()) port.remove_prefix(1);
  const bool host_ok = bracketed
                           ? host.size() > 2 && consists_of(host.substr(1, host.size() - 2), ":.")
                           : consists_of(host, ".-_");
  const auto number = to_integer<std::uint16_t>(port);
  if (!host_ok || (!port.empty() && number.value_or(0) == 0)) return {};
  // As in Docker's CLI, an empty host means localhost.
  return Authority{host.empty() ? "localhost" : std::string(host), port};
}

Result<Endpoint> unix_endpoint(std::string_view host, std::string_view path) {
  if (path.empty()) path = kDefaultSocket;
  if (!path.starts_with('/')) {
    return refusal(host, "a unix socket needs an absolute path, as in unix:///var/run/docker.sock");
  }
  if (path.size() > kMaxSocketPath || path.find('\0') != std::string_view::npos) {
    return refusal(host, "invalid path of a unix socket; at most 107 bytes");
  }
  Endpoint endpoint;
  endpoint.name = "unix://" + std::string(path);
  endpoint.base_url = "http://docker";
  endpoint.socket_path = path;
  return endpoint;
}

void use_certificates(Endpoint& endpoint, const Environment& environment) {
  const std::string folder =
      environment.cert_path.empty() ? environment.home + "/.docker" : environment.cert_path;
  endpoint.ca_file = folder + "/ca.pem";
  endpoint.cert_file = folder + "/cert.pem";
  endpoint.key_file = folder + "/key.pem";
}

Result<Endpoint> network_endpoint(std::string_view host, std::string_view scheme,
                                  std::string_view rest, const Environment& environment) {
  const auto authority = split_authority(rest);
  if (!authority) {
    return refusal(host,
                   "expected scheme://host:port, as in tcp://10.0.0.7:2375 or tcp://[::1]:2376");
  }
  // As in Docker's CLI, DOCKER_TLS_VERIFY enables TLS even with http://, so that a request for
  // verification never results in plain text.
  const bool own_certificates = !environment.tls_verify.empty();
  const bool tls = scheme == "https" || own_certificates;
  const std::string port(!authority->port.empty() ? authority->port : tls ? "2376" : "2375");
  Endpoint endpoint;
  endpoint.name = std::string(scheme) + "://" + authority->host + ":" + port;
  endpoint.base_url = (tls ? "https://" : "http://") + authority->host + ":" + port;
  if (own_certificates) use_certificates(endpoint, environment);
  return endpoint;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view host, const Environment& environment) {
  if (host.empty()) host = environment.host;
  if (host.empty()) return unix_endpoint(host, {});
  const auto colon = host.find("://");
  const auto scheme = host.substr(0, colon);
  const auto rest = colon == std::string_view::npos ? std::string_view{} : host.substr(colon + 3);
  if (scheme == "ssh") {
    return refusal(host,
                   "ssh:// is not supported; forward the socket with "
                   "`ssh -L /run/remote.sock:/var/run/docker.sock HOST` and use "
                   "unix:///run/remote.sock");
  }
  if (scheme == "npipe") {
    return refusal(host, "npipe:// is for Windows only; use unix:// or tcp://");
  }
  if (scheme == "fd") {
    return refusal(host, "fd:// is a listen address of dockerd; use unix:///var/run/docker.sock");
  }
  if (colon != std::string_view::npos) {
    if (scheme == "unix") return unix_endpoint(host, rest);
    if (scheme == "tcp" || scheme == "http" || scheme == "https") {
      return network_endpoint(host, scheme, rest, environment);
    }
  }
  return refusal(host, "use unix:///path, tcp://host:port, http://host:port or https://host:port");
}

}  // namespace volumeter::docker
