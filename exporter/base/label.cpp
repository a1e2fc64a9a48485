// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/label.h"

#include <cstdint>

namespace volumeter {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The length of the UTF-8 sequence at the start of `text`, 0 if invalid
// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                             : (lead & 0xF0) == 0xE0        ? 3
                             : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(at(i))) return 0;
  }
  const bool overlong = (lead == 0xE0 && at(1) < 0xA0) || (lead == 0xF0 && at(1) < 0x90);
  const bool outside = (lead == 0xED && at(1) > 0x9F) || (lead == 0xF4 && at(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

}  // namespace

std::string repaired_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    out += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

Label::Label(std::string_view raw) {
  // A truncated sequence at the end becomes U+FFFD.
  const std::string text = repaired_utf8(raw.substr(0, kMaxBytes));
  escaped_.reserve(text.size());
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped_ += '\\';
    if (c == '\n') {
      escaped_ += "\\n";
    } else {
      escaped_ += c;
    }
  }
}

std::string Label::plain() const {
  std::string out;
  out.reserve(escaped_.size());
  for (std::size_t i = 0; i < escaped_.size(); ++i) {
    if (escaped_[i] != '\\') {
      out += escaped_[i];
    } else {
      ++i;
      out += escaped_[i] == 'n' ? '\n' : escaped_[i];
    }
  }
  return out;
}

}  // namespace volumeter
