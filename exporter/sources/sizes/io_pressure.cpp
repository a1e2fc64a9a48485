// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/io_pressure.h"

#include <cstdint>

#include "exporter/base/fields.h"

namespace volumeter {
namespace {

constexpr std::chrono::nanoseconds kJudgedAfter = std::chrono::seconds(1);

}  // namespace

// some avg10=0.00 avg60=0.12 avg300=0.05 total=1234567
// full avg10=0.00 avg60=0.10 avg300=0.04 total=1034567
std::optional<std::chrono::microseconds> parse_io_pressure(std::string_view text) {
  std::string_view line = next_line(text);
  if (next_field(line) != "some") return {};
  constexpr std::string_view kTotal = "total=";
  while (!line.empty()) {
    const std::string_view field = next_field(line);
    if (!field.starts_with(kTotal)) continue;
    const auto total = to_integer<std::int64_t>(field.substr(kTotal.size()));
    if (!total || *total < 0) return {};
    return std::chrono::microseconds(*total);
  }
  return {};
}

void PressureGate::look(SteadyTime now, std::optional<std::chrono::microseconds> waited,
                        bool was_running) {
  if (!waited) {  // no CONFIG_PSI, or psi=0
    last_.reset();
    closed_ = false;
    return;
  }
  if (last_ && !was_running && *waited >= last_->waited) {
    rested_ += now - last_->at;
    waited_ += *waited - last_->waited;
  }
  last_ = Look{now, *waited};
  if (rested_ < kJudgedAfter) return;
  closed_ = max_share_ < 1 && std::chrono::duration<double>(waited_) / rested_ > max_share_;
  rested_ = waited_ = std::chrono::nanoseconds::zero();
}

}  // namespace volumeter
