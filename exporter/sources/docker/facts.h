// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "exporter/base/source_health.h"
#include "exporter/base/time.h"
#include "exporter/sources/docker/types.h"

namespace volumeter::docker {

// A consistent list of the volumes and containers of the engine. Immutable once published.
struct Facts {
  Engine engine;
  std::vector<Volume> volumes;
  // False until the engine has listed its volumes for the first time: `volumes` then has only
  // those mounted by containers, and a missing volume means nothing.
  bool has_all_volumes = true;
  std::vector<Container> containers;
  std::map<std::string, ContainerDetails> details;  // by container id; filled in after the list
  WallTime taken_at;
};

// The current state of the watcher.
struct State {
  bool up = false;                     // the last request succeeded
  std::shared_ptr<const Facts> facts;  // the last successful list; null before the first
  SourceHealth health;
};

}  // namespace volumeter::docker
