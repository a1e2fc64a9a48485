// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/parsed.h"
#include "exporter/base/result.h"
#include "exporter/sources/docker/decode.h"
#include "exporter/sources/docker/types.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter::docker {

// A client of the Engine API; sends GET requests only. For one thread at a time.
//
// Errors besides those of the transport: kPermission for 401 and 403, kNotFound for 404,
// kUnsupported for other 4xx and for an unsupported API version, kIo for 5xx, kMalformed for a
// response that cannot be parsed.
class Client {
 public:
  // `api_version` is the value of DOCKER_API_VERSION; if empty, the version is negotiated.
  Client(const HostAccess& host, std::string api_version)
      : host_(host), wanted_version_(std::move(api_version)) {}

  // Negotiates the API version and identifies the engine. To be called first and after each
  // failure, because the engine may have been replaced. If a proxy forbids /version or /info,
  // the fields they fill stay empty.
  Result<Engine> connect(std::stop_token stop);

  Result<VolumesReply> list_volumes(std::stop_token stop);

  // Lists the volumes of each driver by itself, in parallel and within kDriverDeadline, because a
  // plugin that hangs delays the list of all drivers by a minute. In the order of `drivers`.
  std::vector<Result<VolumesReply>> list_volumes_of(const std::vector<std::string>& drivers,
                                                    std::stop_token stop);
  Result<Volume> volume(const std::string& name, std::stop_token stop);

  // The volume drivers that the engine has loaded, as of connect() or asked again; empty if it does
  // not say.
  const std::vector<std::string>& loaded_drivers() const { return loaded_drivers_; }
  std::vector<std::string> ask_loaded_drivers(std::stop_token stop);

  Result<Parsed<Container>> list_containers(std::stop_token stop);
  Result<ContainerDetails> inspect(const std::string& id, std::stop_token stop);

  // The path of the event stream, filtered to events that change the lists.
  std::string events_target() const;

 private:
  static constexpr std::chrono::seconds kDriverDeadline{5};

  Result<HttpReply> get(std::string_view path, std::stop_token stop);
  Result<Engine> negotiate(std::stop_token stop);
  Result<> ask_version(Engine& engine, std::stop_token stop);
  void ask_info(Engine& engine, std::stop_token stop);

  const HostAccess& host_;
  const std::string wanted_version_;
  std::string prefix_;  // "/v1.41"; empty until connected
  bool can_filter_events_ = true;
  std::vector<std::string> loaded_drivers_;
};

}  // namespace volumeter::docker
