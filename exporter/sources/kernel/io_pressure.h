// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace volumeter {

// How long tasks have waited for I/O so far, of the host (/proc/pressure/io, since boot) or
// of a cgroup (io.pressure, since it was made).
struct IoPressure {
  std::chrono::microseconds some{0};              // some task waited
  std::optional<std::chrono::microseconds> full;  // all that had work waited

  bool operator==(const IoPressure&) const = default;
};

// Documentation/accounting/psi.rst; nothing if the text is of another shape.
std::optional<IoPressure> parse_io_pressure(std::string_view text);

}  // namespace volumeter
