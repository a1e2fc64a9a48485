// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/sources/docker/client.h"
#include "exporter/sources/docker/types.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter::docker {

// Lists the volumes of the engine, with a backoff while it does not answer.
//
// For GET /volumes dockerd 20.10 calls stat(2) on each local volume and queries each plugin. While
// one of them hangs there is no response and each request leaves a blocked thread in dockerd; Go
// aborts a program that has 10,000 threads.
class VolumeList {
 public:
  // Keeps references to both.
  VolumeList(const HostAccess& host, Client& client) : host_(host), client_(client) {}

  // Lists the volumes. After a timeout, and after an error of the engine's own (Podman answers 500
  // for all if the plugin of one volume is missing), the earlier list stays and no request is sent
  // until the backoff, which doubles each time, is over. Other errors are passed on.
  Result<> renew(std::stop_token stop);

  // The last list, sorted by name; of two drivers there may be two of one name.
  const std::vector<Volume>& listed() const { return listed_; }

  // For an engine that was restarted: the next renew() sends a request.
  void reset_backoff() { not_before_.reset(); }

  bool was_ever_answered() const { return was_answered_; }
  const std::optional<Error>& unanswered() const { return unanswered_; }  // the last request

  // The items of the last response that could not be parsed.
  std::size_t bad() const { return bad_; }
  const std::string& first_bad() const { return first_bad_; }

 private:
  static constexpr std::chrono::seconds kFirstPause{45};  // over at the next periodic list
  static constexpr std::chrono::seconds kLastPause{600};

  const HostAccess& host_;
  Client& client_;
  std::size_t bad_ = 0;
  std::string first_bad_;
  bool was_answered_ = false;
  std::vector<Volume> listed_;
  std::optional<Error> unanswered_;
  std::chrono::seconds pause_ = kFirstPause;
  std::optional<SteadyTime> not_before_;
};

// The volumes mounted by containers, sorted by name, with the fields that the list of containers
// has. Used until the engine has listed its volumes for the first time.
std::vector<Volume> volumes_of(const std::vector<Container>& containers);

// The list with one volume of each name, as containers and labels name them: the one whose driver
// the mount of a container says, else that of the driver "local", else the first by driver.
std::vector<Volume> one_of_each_name(const std::vector<Volume>& volumes,
                                     const std::vector<Container>& containers);

}  // namespace volumeter::docker
