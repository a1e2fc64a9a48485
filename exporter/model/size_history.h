// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/model/inventory.h"
#include "exporter/sources/sizes/size_reading.h"

namespace volumeter {

// Remembers the last sizes of volumes and bind mounts across restarts of the agent. Reads neither a
// clock nor a file: both are passed in. Of tmpfs nothing is remembered, which a restart empties.
class SizeHistory {
 public:
  static constexpr std::size_t kMaxTextBytes = 6 << 20;

  // Restores a saved text and returns how many lines were skipped. kMalformed, and nothing is
  // restored, if the text is not a state file of a known format.
  Result<std::size_t> restore(std::string_view text);

  // The restored sizes, by key of SizeTarget, of what the inventory has; each is given once. Not
  // those of another volume of the same name, those that may be: of a volume without CreatedAt, or
  // that lies elsewhere now, and those from the future, for then a clock is wrong.
  SizeReadings take(const Inventory& inventory, WallTime now);

  // The text of the state file. What is neither in `readings` nor given yet is kept as it was
  // restored, as long as its volume exists.
  std::string to_text(const Inventory& inventory, const SizeReadings& readings) const;

 private:
  // What a size belongs to, besides its name.
  struct Identity {
    std::string driver;  // "bind" of a bind mount
    std::optional<double> created;
    std::string fstype;
    std::string device;
    std::string path;

    bool operator==(const Identity&) const = default;
  };

  struct Saved {
    Identity identity;
    SizeReading reading;
  };

  static std::optional<std::pair<std::string, Saved>> parse(std::string_view line);
  static std::string line_of(const std::string& key, const Identity& identity,
                             const SizeReading& reading);
  static Identity identity_of(const VolumeFacts& volume, const Inventory& inventory);
  static Identity identity_of(const BindFacts& bind, const Inventory& inventory);
  static bool is_same(const Saved& saved, const Identity& now);

  void take_one(const std::string& key, const Identity& identity, WallTime now,
                SizeReadings& taken);
  void write_one(const std::string& key, const Identity& identity, const SizeReadings& readings,
                 std::string& out) const;

  std::unordered_map<std::string, Saved> saved_;  // by key, those not given yet
};

}  // namespace volumeter
