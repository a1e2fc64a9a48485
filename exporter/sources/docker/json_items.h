// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string_view>

namespace volumeter::docker {

// Where the items are in a text: the text itself is the one item, it is a list of them, or
// it is an object with a list under a key.
struct ItemsAt {
  enum class Shape { kWhole, kList, kListUnderKey };

  Shape shape = Shape::kWhole;
  std::string_view key;
};

// Hands one item after the other to `sink`, so that only one is in memory as a tree however
// long the list. Go sends null for an empty list, and so null is one. False if the text is
// not JSON of this shape, nests deeper than 64 levels or holds over a million values;
// nothing of what the sink was given counts then. Never throws but for memory.
bool read_items(std::string_view text, ItemsAt where,
                const std::function<void(const nlohmann::json&)>& sink);

}  // namespace volumeter::docker
