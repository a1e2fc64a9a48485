// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace volumeter {

// The text as valid UTF-8: each invalid byte becomes U+FFFD. Names in /proc and on disks are
// arbitrary bytes; the exposition formats are UTF-8.
std::string repaired_utf8(std::string_view text);

// A label value as it appears in the exposition: valid UTF-8, escaped, from at most 4 KiB of text.
// Built once with the inventory; scrapes only copy it.
class Label {
 public:
  static constexpr std::size_t kMaxBytes = 4096;

  Label() = default;
  explicit Label(std::string_view raw);

  const std::string& escaped() const { return escaped_; }
  bool empty() const { return escaped_.empty(); }
  std::string plain() const;  // unescaped, for pages and logs

  bool operator==(const Label&) const = default;
  auto operator<=>(const Label&) const = default;

 private:
  std::string escaped_;
};

}  // namespace volumeter
