// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/base/fields.h"
#include "exporter/base/parsed.h"

namespace volumeter {

// A device number of the kernel: of a block device, or anonymous for filesystems without one.
struct DeviceNumber {
  unsigned major = 0;
  unsigned minor = 0;

  auto operator<=>(const DeviceNumber&) const = default;
};

// "254:0"
inline std::optional<DeviceNumber> parse_device_number(std::string_view text) {
  const auto major = to_integer<unsigned>(cut(text, ':'));
  const auto minor = to_integer<unsigned>(text);
  if (!major || !minor) return {};
  return DeviceNumber{*major, *minor};
}

inline std::string to_string(DeviceNumber number) {
  return std::to_string(number.major) + ":" + std::to_string(number.minor);
}

// Sorts the items by device number and rejects duplicates, which would be duplicate series.
template <typename Item>
void keep_first_of_each(Parsed<Item>& parsed) {
  auto& items = parsed.items;
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.number < b.number; });
  const auto end = std::unique(items.begin(), items.end(), [&](const Item& a, const Item& b) {
    if (a.number != b.number) return false;
    parsed.reject(to_string(b.number));
    return true;
  });
  items.erase(end, items.end());
}

}  // namespace volumeter
