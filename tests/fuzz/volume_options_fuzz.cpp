// SPDX-License-Identifier: Apache-2.0
// The options of a volume of the driver "local", one a line, as "size=10G" or
// "o=mode=755,size=64m".
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/base/fields.h"
#include "exporter/model/volume_options.h"

namespace {

using namespace volumeter;

void require(bool promise) {
  if (!promise) std::abort();
}

// A limit is a number of bytes that a file can have.
void check_limit(std::optional<std::uint64_t> limit) {
  if (limit) require(*limit > 0 && *limit <= INT64_MAX);
}

docker::Volume read_volume(std::string_view text) {
  docker::Volume volume;
  volume.driver = "local";
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const std::string key(cut(line, '='));
    volume.options[key] = line;
  }
  return volume;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_limit(parse_docker_size(text));
  check_limit(parse_tmpfs_size(text));
  docker::Volume volume = read_volume(text);
  check_limit(limit_bytes(volume));
  const auto bound = bound_directory(volume);
  if (bound) require(bound->starts_with('/') && has_own_mount(volume));
  volume.driver = "other";
  require(!limit_bytes(volume) && !bound_directory(volume) && !has_own_mount(volume));
  return 0;
}
