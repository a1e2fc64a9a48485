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

// One consistent list of what the engine has. Immutable once published.
struct Facts {
  Engine engine;
  std::vector<Volume> volumes;
  // False while the engine has never listed its volumes: they are then only those that
  // containers name, and that one is missing means nothing.
  bool has_all_volumes = true;
  std::vector<Container> containers;
  std::map<std::string, ContainerDetails> details;  // by container id; fills in after the list
  WallTime taken_at;
};

// What the watcher knows now.
struct State {
  bool up = false;                     // the engine answers now
  std::shared_ptr<const Facts> facts;  // the last good list; null before the first
  SourceHealth health;
};

}  // namespace volumeter::docker
