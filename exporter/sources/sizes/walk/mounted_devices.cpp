// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/mounted_devices.h"

#include <sys/sysmacros.h>

#include <charconv>
#include <optional>

namespace volumeter {
namespace {

std::string_view take_until(std::string_view& rest, char end) {
  const std::string_view taken = rest.substr(0, rest.find(end));
  rest.remove_prefix(taken.size() < rest.size() ? taken.size() + 1 : rest.size());
  return taken;
}

std::optional<unsigned> number_of(std::string_view text, int base = 10) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

// Space, tab, newline and backslash are written as a backslash and three octal digits.
std::string unescaped(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto code = text.front() == '\\' ? number_of(text.substr(1, 3), 8) : std::nullopt;
    plain += code ? static_cast<char>(*code) : text.front();
    text.remove_prefix(code ? 4 : 1);
  }
  return plain;
}

}  // namespace

// A line is: id, parent's id, major:minor, root, mount point and more, separated by spaces.
MountedDevices parse_mounted_devices(std::string_view text) {
  MountedDevices devices;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    take_until(line, ' ');
    take_until(line, ' ');
    std::string_view device = take_until(line, ' ');
    take_until(line, ' ');
    const std::string_view point = take_until(line, ' ');
    const auto major = number_of(take_until(device, ':'));
    const auto minor = number_of(device);
    if (major && minor && !point.empty()) devices[unescaped(point)] = makedev(*major, *minor);
  }
  return devices;
}

}  // namespace volumeter
