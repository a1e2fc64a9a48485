// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

namespace volumeter::docker {

// Where a JSON text has its items: the text itself is the only item, it is a list of items, or it
// is an object with such a list under a key, and maybe a list of texts about it under another key.
struct ItemsAt {
  enum class Shape { kWhole, kList, kListUnderKey };

  Shape shape = Shape::kWhole;
  std::string_view key;
  std::string_view texts_key = {};
};

// Passes the items to `sink` one at a time, so that only one is in memory as a tree, and of an item
// only the fields named `kept`: the others, such as the 65,000 ports that an image may expose, take
// no memory and do not count towards the limits. Null is an empty list, because Go encodes an empty list
// as null. False if the text is not JSON of this shape, is nested deeper than 64 levels or has over
// a million values in what is kept; discard what the sinks got then. Throws only std::bad_alloc.
bool read_items(std::string_view text, ItemsAt where, std::span<const std::string_view> kept,
                const std::function<void(const nlohmann::json&)>& sink,
                const std::function<void(std::string_view)>& text_sink = {});

}  // namespace volumeter::docker
