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

// Asks for the engine's volumes, no more often than the engine can bear.
//
// For GET /volumes dockerd 20.10 looks at the directory of each local volume, and asks each
// plugin. While one of them hangs there is no answer, and each question costs the engine a
// thread that stays stuck; Go ends a program that has 10 000 of them.
class VolumeList {
 public:
  // Both must outlive it.
  VolumeList(const HostAccess& host, Client& client) : host_(host), client_(client) {}

  // The volumes by name as the engine says now. If it does not answer in time they are
  // `known`, and for a while, doubled each time, it is not asked again. Other errors
  // are passed on.
  Result<std::vector<Volume>> renew(const std::vector<Volume>& known, std::stop_token stop);

  // An engine that was started anew deserves to be asked at once.
  void be_patient_no_more() { not_before_.reset(); }

  bool was_ever_answered() const { return was_answered_; }
  const std::optional<Error>& unanswered() const { return unanswered_; }  // the newest question

  // Of the newest answer: items that could not be read.
  std::size_t bad() const { return bad_; }
  const std::string& first_bad() const { return first_bad_; }

 private:
  static constexpr std::chrono::seconds kFirstPause{45};  // over at the next regular list
  static constexpr std::chrono::seconds kLastPause{600};

  const HostAccess& host_;
  Client& client_;
  std::size_t bad_ = 0;
  std::string first_bad_;
  bool was_answered_ = false;
  std::optional<Error> unanswered_;
  std::chrono::seconds pause_ = kFirstPause;
  std::optional<SteadyTime> not_before_;
};

// The volumes that containers name, by name, with what little the list of containers says
// of them: for as long as the engine has never listed its volumes.
std::vector<Volume> volumes_of(const std::vector<Container>& containers);

}  // namespace volumeter::docker
