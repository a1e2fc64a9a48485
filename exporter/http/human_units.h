// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace volumeter {

// 1536 -> "1.5 KiB".
std::string human_bytes(double bytes);

// 90 -> "90 s", 5400 -> "90 min", 200000 -> "2 days": a single unit, rounded down.
std::string human_duration(double seconds);

// Escapes text for HTML content and quoted attributes.
std::string escaped_html(std::string_view text);

}  // namespace volumeter
