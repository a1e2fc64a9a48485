// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace volumeter {

// tolower(3) of ASCII letters, whatever the locale.
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace volumeter
