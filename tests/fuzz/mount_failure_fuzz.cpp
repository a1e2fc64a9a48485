// SPDX-License-Identifier: Apache-2.0
// The text with which an engine says why a container did not start. A name that it is about is in it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/model/mount_failure.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto end = text.find('\n');
  const std::string_view error = text.substr(0, end);
  const std::string_view name = end == std::string_view::npos ? "" : text.substr(end + 1);
  const auto reason = volumeter::mount_failure_reason(error);
  if (error.empty() && reason) std::abort();
  volumeter::docker::ContainerMount mount;
  mount.destination = std::string(name);
  const bool is_about = volumeter::is_about(error, mount, "");
  if (is_about && error.find(name) == std::string_view::npos) std::abort();
  return 0;
}
