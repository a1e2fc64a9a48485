// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace volumeter {

// Total time tasks were stalled on I/O, on the host (/proc/pressure/io, since boot) or in a cgroup
// (io.pressure, since its creation).
struct IoPressure {
  std::chrono::microseconds some{0};              // at least one task stalled
  std::optional<std::chrono::microseconds> full;  // all non-idle tasks stalled

  bool operator==(const IoPressure&) const = default;
};

// See Documentation/accounting/psi.rst; absent for any other text.
std::optional<IoPressure> parse_io_pressure(std::string_view text);

}  // namespace volumeter
