// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/octal_escapes.h"

namespace volumeter {
namespace {

bool is_octal(char c, char highest) { return c >= '0' && c <= highest; }

}  // namespace

std::string undo_octal_escapes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view code = text.substr(i, 4);
    if (code.size() == 4 && code[0] == '\\' && is_octal(code[1], '3') && is_octal(code[2], '7') &&
        is_octal(code[3], '7')) {
      out += static_cast<char>((code[1] - '0') * 64 + (code[2] - '0') * 8 + (code[3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace volumeter
