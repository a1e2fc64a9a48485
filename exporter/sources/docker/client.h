// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "exporter/base/parsed.h"
#include "exporter/base/result.h"
#include "exporter/sources/docker/types.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter::docker {

// The Engine API as far as we use it: which paths there are and in which version they are
// asked for. GET only. Used by one thread at a time.
//
// Besides the errors of the transport: kPermission for 401 and 403, kNotFound for 404,
// kUnsupported for other 4xx and for an engine too old or too new, kIo for 5xx, kMalformed
// for an answer that cannot be read.
class Client {
 public:
  // `api_version` is what DOCKER_API_VERSION says; if empty, the version is negotiated.
  Client(const HostAccess& host, std::string api_version)
      : host_(host), wanted_version_(std::move(api_version)) {}

  // Agrees on a version and asks who answers; to be called first and after each trouble, as
  // the engine may have been replaced. Behind a proxy that forbids /version or /info those
  // fields of the Engine stay empty.
  Result<Engine> connect(std::stop_token stop);

  Result<Parsed<Volume>> list_volumes(std::stop_token stop);
  Result<Parsed<Container>> list_containers(std::stop_token stop);
  Result<ContainerDetails> inspect(const std::string& id, std::stop_token stop);

  // The path of the stream of those events that change what the lists say.
  std::string events_target() const;

 private:
  Result<std::string> get(std::string_view path, std::stop_token stop);
  Result<Engine> negotiate(std::stop_token stop);
  Result<> ask_version(Engine& engine, std::stop_token stop);
  void ask_info(Engine& engine, std::stop_token stop);

  const HostAccess& host_;
  const std::string wanted_version_;
  std::string prefix_;  // "/v1.41"; empty until connected
};

}  // namespace volumeter::docker
