// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/state_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

#include "exporter/base/fields.h"

namespace volumeter {
namespace {

constexpr std::string_view kUnknown = "-";
constexpr std::string_view kEmpty = "%";
constexpr double kLatestTime = 1e11;

}  // namespace

std::string encoded_name(std::string_view name) {
  if (name.empty()) return std::string(kEmpty);
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || c == '%' || byte == 0x7F) {
      fmt::format_to(std::back_inserter(out), "%{:02X}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> decoded_name(std::string_view field) {
  std::string out;
  if (field == kEmpty) return out;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] != '%') {
      out += field[i];
      continue;
    }
    unsigned byte = 0;
    if (i + 2 >= field.size()) return {};
    const auto [end, error] = std::from_chars(field.data() + i + 1, field.data() + i + 3, byte, 16);
    if (error != std::errc{} || end != field.data() + i + 3) return {};
    out += static_cast<char>(byte);
    i += 2;
  }
  if (out.empty()) return {};
  return out;
}

std::string time_text(std::optional<double> unix_seconds) {
  return unix_seconds ? fmt::format("{:.3f}", *unix_seconds) : std::string(kUnknown);
}

StateField<double> next_time(std::string_view& line) {
  const auto field = next_field(line);
  if (field == kUnknown) return {true, {}};
  const auto value = to_double(field);
  if (!value || !std::isfinite(*value) || *value < 0 || *value > kLatestTime) return {};
  return {true, value};
}

StateField<std::uint64_t> next_count(std::string_view& line) {
  const auto field = next_field(line);
  if (field == kUnknown) return {true, {}};
  const auto value = to_integer<std::uint64_t>(field);
  return {value.has_value(), value};
}

}  // namespace volumeter
