// SPDX-License-Identifier: Apache-2.0
// The header of Catch2 2 where version 3 is installed (Debian 13 and later).
#pragma once

#include <catch2/catch_all.hpp>
#include <string>

namespace Catch {
inline auto Contains(const std::string& text) { return Matchers::ContainsSubstring(text); }
}  // namespace Catch

using Catch::Approx;
