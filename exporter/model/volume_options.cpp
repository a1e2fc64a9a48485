// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_options.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "exporter/base/ascii.h"
#include "exporter/base/fields.h"

namespace volumeter {
namespace {

constexpr std::uint64_t kMaxBytes = std::numeric_limits<std::int64_t>::max();

std::string_view option(const docker::Volume& volume, const char* key) {
  const auto found = volume.options.find(key);
  return found == volume.options.end() ? std::string_view{} : found->second;
}

// Whether "rw,bind,nosuid" holds a word.
bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    if (cut(words, ',') == word) return true;
  }
  return false;
}

// The value of the last "key=value" in "mode=755,size=64m": the kernel reads from left to
// right, and the last one wins.
std::string_view last_value(std::string_view words, std::string_view key) {
  std::string_view value;
  while (!words.empty()) {
    std::string_view word = cut(words, ',');
    if (cut(word, '=') == key) value = word;
  }
  return value;
}

// 10 for 'k', 20 for 'm' and so on; nothing for another letter.
std::optional<unsigned> binary_exponent(char letter) {
  constexpr std::string_view kLetters = "kmgtpe";
  const auto at = kLetters.find(lower(letter));
  if (at == std::string_view::npos) return {};
  return 10 * (static_cast<unsigned>(at) + 1);
}

// Takes the unit, if there is one, off the end of "1.5 GiB": its exponent. Nothing for what
// is none.
std::optional<unsigned> take_docker_unit(std::string_view& text) {
  const auto end = text.find_last_of("0123456789. ");
  if (end == std::string_view::npos) return {};
  const std::string_view unit = text.substr(end + 1);
  text = text.substr(0, text[end] == ' ' ? end : end + 1);
  if (unit.empty() || (unit.size() == 1 && lower(unit[0]) == 'b')) return 0;
  const auto exponent = binary_exponent(unit[0]);
  const bool has_e = lower(unit[0]) == 'e';  // RAMInBytes() ends with p
  const bool is_short = unit.size() == 2 && lower(unit[1]) == 'b';
  const bool is_long = unit.size() == 3 && lower(unit[1]) == 'i' && lower(unit[2]) == 'b';
  if (has_e || (unit.size() > 1 && !is_short && !is_long)) return {};
  return exponent;
}

// A number in C's notation at the front of `text`, which it is taken off.
std::optional<std::uint64_t> take_c_number(std::string_view& text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with('0')) {
    base = 8;
  }
  std::uint64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value, base);
  if (error != std::errc{}) return {};
  text = {end, static_cast<std::size_t>(last - end)};
  return value;
}

}  // namespace

bool has_own_mount(const docker::Volume& volume) {
  return volume.driver == "local" &&
         (!option(volume, "device").empty() || !option(volume, "type").empty());
}

// {"type":"none","o":"bind","device":"/srv/data"}; Podman also takes "type":"bind".
bool is_read_only(const docker::Volume& volume) { return has_mount_option(volume, "ro"); }

bool has_mount_option(const docker::Volume& volume, std::string_view word) {
  return volume.driver == "local" && has_word(option(volume, "o"), word);
}

std::optional<std::string> bound_directory(const docker::Volume& volume) {
  if (volume.driver != "local") return {};
  const std::string_view words = option(volume, "o");
  const bool is_bind =
      option(volume, "type") == "bind" || has_word(words, "bind") || has_word(words, "rbind");
  const std::string_view device = option(volume, "device");
  if (!is_bind || !device.starts_with('/')) return {};
  return std::string(device);
}

// {"type":"overlay","o":"lowerdir=/srv/a:/srv/b,upperdir=/srv/c,workdir=/srv/w","device":"overlay"}
std::vector<std::string> source_paths(const docker::Volume& volume) {
  std::vector<std::string> paths;
  if (volume.driver != "local") return paths;
  const auto add = [&](std::string_view path) {
    if (path.starts_with('/')) paths.emplace_back(path);
  };
  add(option(volume, "device"));
  if (option(volume, "type") != "overlay") return paths;
  std::string_view layers = last_value(option(volume, "o"), "lowerdir");
  while (!layers.empty()) add(cut(layers, ':'));
  add(last_value(option(volume, "o"), "upperdir"));
  return paths;
}

std::optional<std::uint64_t> limit_bytes(const docker::Volume& volume) {
  if (volume.driver != "local") return {};
  if (!has_own_mount(volume)) return parse_docker_size(option(volume, "size"));
  if (option(volume, "type") != "tmpfs") return {};
  return parse_tmpfs_size(last_value(option(volume, "o"), "size"));
}

std::optional<std::uint64_t> parse_docker_size(std::string_view text) {
  const auto exponent = take_docker_unit(text);
  const bool is_decimal = text.find_first_not_of("0123456789.") == std::string_view::npos;
  const auto number = is_decimal ? to_double(text) : std::nullopt;
  if (!exponent || !number) return {};
  const double bytes = *number * static_cast<double>(std::uint64_t{1} << *exponent);
  if (bytes < 1 || bytes >= static_cast<double>(kMaxBytes)) return {};
  return static_cast<std::uint64_t>(bytes);
}

std::optional<std::uint64_t> parse_tmpfs_size(std::string_view text) {
  const auto number = take_c_number(text);
  if (!number || *number == 0) return {};
  unsigned exponent = 0;
  if (!text.empty()) {
    const auto unit = binary_exponent(text[0]);
    if (!unit || text.size() > 1) return {};
    exponent = *unit;
  }
  if (*number > kMaxBytes >> exponent) return {};
  return *number << exponent;
}

}  // namespace volumeter
