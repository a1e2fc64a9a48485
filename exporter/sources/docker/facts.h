// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
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
  std::vector<Volume> volumes;  // by name; of each name one
  // False until each driver has listed its volumes once: `volumes` then has of the others only those
  // mounted by containers, and a missing volume means nothing.
  bool has_all_volumes = true;
  std::vector<VolumeDriver> volume_drivers;  // by name
  std::vector<Container> containers;
  std::map<std::string, ContainerDetails> details;  // by container id; filled in after the list
  WallTime taken_at;
  // How often events may have been missed so far: if it did not change between two lists, whatever
  // happened in between was seen.
  std::uint64_t event_gaps = 0;
};

// The current state of the watcher.
struct State {
  bool up = false;                     // the last request succeeded
  std::shared_ptr<const Facts> facts;  // the last successful list; null before the first
  SourceHealth health;
};

}  // namespace volumeter::docker
