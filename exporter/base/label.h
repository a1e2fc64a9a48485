// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace volumeter {

// The same text as valid UTF-8: each byte that belongs to no valid sequence becomes
// U+FFFD. Names in /proc and on disks may be any bytes; the exposition formats are UTF-8.
std::string repaired_utf8(std::string_view text);

// A label value ready to stand between the quotes of an exposition line: valid UTF-8,
// escaped, made of at most 4 KiB. Made once when the inventory is built, so that a scrape
// copies it.
class Label {
 public:
  static constexpr std::size_t kMaxBytes = 4096;

  Label() = default;
  explicit Label(std::string_view raw);

  const std::string& escaped() const { return escaped_; }
  bool empty() const { return escaped_.empty(); }
  std::string plain() const;  // without the escapes, for pages and logs

  bool operator==(const Label&) const = default;
  auto operator<=>(const Label&) const = default;

 private:
  std::string escaped_;
};

}  // namespace volumeter
