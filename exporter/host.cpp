// SPDX-License-Identifier: Apache-2.0
#include "exporter/host.h"

#include <cstdlib>
#include <memory>

#include "exporter/sources/docker/endpoint.h"
#include "exporter/sources/docker/transport.h"
#include "exporter/sources/helpers/prober.h"
#include "exporter/sources/hosts/folder_host.h"
#include "exporter/sources/hosts/real_host.h"

namespace volumeter {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread exists yet
  return value == nullptr ? "" : value;
}

docker::Environment docker_environment() {
  return {environment("DOCKER_HOST"), environment("DOCKER_TLS_VERIFY"),
          environment("DOCKER_CERT_PATH"), environment("HOME"), environment("DOCKER_API_VERSION")};
}

Result<Host> make_folder(const Config& config) {
  auto access = make_folder_host(config.root);
  if (!access) return std::move(access).error();
  return Host{.access = std::move(access).value(), .state_directory = config.root + "/state"};
}

}  // namespace

Result<Host> make_host(const Config& config, BuildInfo build) {
  if (!config.root.empty()) return make_folder(config);

  const docker::Environment variables = docker_environment();
  auto endpoint = docker::parse_endpoint(config.docker_host, variables);
  if (!endpoint) return std::move(endpoint).error();
  auto spawner = WorkerSpawner::start();
  if (!spawner) return std::move(spawner).error();
  const auto prober = std::make_shared<Prober>(std::move(spawner).value(), config.paths.rootfs);
  const std::string socket = endpoint->socket_path;
  const auto transport = std::make_shared<docker::Transport>(std::move(endpoint).value());

  Host host{.access = make_host_access(config.paths, std::move(build), prober),
            .docker_api_version = variables.api_version,
            .state_directory = config.state_directory,
            .docker_socket = socket,
            .is_machine = true,
            .units = kernel_units()};
  host.access.docker_get = [transport](const std::string& target, std::stop_token stop) {
    return transport->get(target, stop);
  };
  host.access.docker_stream = [transport](const std::string& target, const auto& on_data,
                                          std::stop_token stop) {
    return transport->stream(target, on_data, stop);
  };
  return host;
}

CapabilitySet drop_privileges(const Host& host, ChangeLog& log) {
  const CapabilitySet had = permitted_capabilities();
  if (!host.is_machine) return had;
  CapabilitySet kept = kAgentCapabilities;
  for (const std::string& path : {host.docker_socket, host.state_directory}) {
    if (path.empty() || !had.has(Capability::kDacOverride) || !belongs_to_another(path)) continue;
    kept.add(Capability::kDacOverride);
    log.info({"privileges", {{"path", path}}},
             "CAP_DAC_OVERRIDE kept: the path is owned by another user");
  }
  if (const auto done = keep_only(kept, kAgentCapabilitiesOnDemand); !done) {
    log.warning("privileges", "could not drop all privileges", {{"error", done.error().text()}});
  }
  return had;
}

}  // namespace volumeter
