// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/io_pressure.h"

#include <cstdint>

#include "exporter/base/fields.h"

namespace volumeter {
namespace {

// "avg10=0.00 avg60=0.12 avg300=0.05 total=1234567", in microseconds.
std::optional<std::chrono::microseconds> total_of(std::string_view fields) {
  constexpr std::string_view kTotal = "total=";
  while (!fields.empty()) {
    const std::string_view field = next_field(fields);
    if (!field.starts_with(kTotal)) continue;
    const auto total = to_integer<std::int64_t>(field.substr(kTotal.size()));
    if (!total || *total < 0) return {};
    return std::chrono::microseconds(*total);
  }
  return {};
}

}  // namespace

// some avg10=0.00 avg60=0.12 avg300=0.05 total=1234567
// full avg10=0.00 avg60=0.10 avg300=0.04 total=1034567
std::optional<IoPressure> parse_io_pressure(std::string_view text) {
  std::string_view line = next_line(text);
  if (next_field(line) != "some") return {};
  const auto some = total_of(line);
  if (!some) return {};
  IoPressure pressure{*some, {}};
  line = next_line(text);
  if (next_field(line) == "full") pressure.full = total_of(line);
  return pressure;
}

}  // namespace volumeter
