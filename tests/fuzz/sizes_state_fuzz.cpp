// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/model/size_history.h"

namespace {

using namespace volumeter;

void require(bool promise) {
  if (!promise) std::abort();
}

// A host whose volume and bind mount the seeds name.
Inventory host() {
  Inventory inventory;
  inventory.filesystems.emplace_back();
  inventory.filesystems.back().fstype = Label("ext4");
  inventory.filesystems.back().device = Label("/dev/vda1");
  inventory.volumes.emplace_back();
  VolumeFacts& volume = inventory.volumes.back();
  volume.name = "db";
  volume.driver = Label("local");
  volume.path = "/db";
  volume.created = 1000;
  volume.filesystem = 0;
  inventory.binds.emplace_back();
  inventory.binds.back().path = "/srv";
  return inventory;
}

}  // namespace

// What was restored from any text is saved as one that restores the same, without a bad line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Inventory inventory = host();
  const WallTime now = from_unix_seconds(2e9);
  SizeHistory history;
  if (!history.restore({reinterpret_cast<const char*>(data), size})) {
    require(history.take(inventory, now).empty());
    return 0;
  }
  const std::string text = history.to_text(inventory, {});
  SizeHistory again;
  const auto bad = again.restore(text);
  require(bad && *bad == 0);
  require(again.to_text(inventory, {}) == text);
  for (const auto& [key, reading] : again.take(inventory, now)) {
    require(reading.is_restored && reading.space.value && reading.space.taken_at <= now);
  }
  return 0;
}
