// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/sources/docker/types.h"

namespace volumeter::docker {

// Reads the fields of a JSON object. Null is the same as absent; a field of another type than
// requested is absent and makes the object wrong().
class Fields {
 public:
  using Json = nlohmann::json;

  explicit Fields(const Json& value) : object_(value.is_object() ? &value : nullptr) {}

  bool wrong() const { return object_ == nullptr || wrong_; }

  std::string text(std::string_view key) {
    const Json* const field = find(key, Json::value_t::string);
    return field ? field->get_ref<const std::string&>() : std::string();
  }

  std::optional<bool> flag(std::string_view key) {
    const Json* const field = find(key, Json::value_t::boolean);
    return field ? std::optional(field->get<bool>()) : std::nullopt;
  }

  // A non-negative integer.
  std::optional<std::uint64_t> count(std::string_view key) {
    const Json* const field = find(key, Json::value_t::number_unsigned);
    return field ? std::optional(field->get<std::uint64_t>()) : std::nullopt;
  }

  // Null and absent are "not told", an empty list is not: ask before list().
  bool has_list(std::string_view key) { return find(key, Json::value_t::array) != nullptr; }

  // Empty if absent.
  const Json& list(std::string_view key) {
    static const Json kNone = Json::array();
    const Json* const field = find(key, Json::value_t::array);
    return field ? *field : kNone;
  }

  const Json& object(std::string_view key) {
    static const Json kNone = Json::object();
    const Json* const field = find(key, Json::value_t::object);
    return field ? *field : kNone;
  }

  StringMap map(std::string_view key) {
    StringMap out;
    for (const auto& [name, value] : object(key).items()) {
      if (value.is_string()) {
        out.emplace(name, value.get_ref<const std::string&>());
      } else if (!value.is_null()) {
        wrong_ = true;
      }
    }
    return out;
  }

 private:
  const Json* find(std::string_view key, Json::value_t type) {
    if (object_ == nullptr) return nullptr;
    const auto found = object_->find(key);
    if (found == object_->end() || found->is_null()) return nullptr;
    if (found->type() != type) {
      wrong_ = true;
      return nullptr;
    }
    return &*found;
  }

  const Json* object_;
  bool wrong_ = false;
};

}  // namespace volumeter::docker
