// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "exporter/sources/docker/json_items.h"

namespace volumeter::docker {

// Passes on of a JSON text, which arrives in pieces, only those fields of its items that are read: a
// reply then takes the memory of what is kept, though an engine may list 65,000 ports of each
// container. A value too large for any such field becomes null and is counted. Text that is not JSON
// passes as it is, or parts of it: the parser rejects it.
class JsonSieve {
 public:
  static constexpr std::size_t kMaxFieldBytes = std::size_t{256} << 10;

  // As for read_items(); `kept` must outlive the sieve.
  JsonSieve(ItemsAt::Shape shape, std::span<const std::string_view> kept);

  // Appends what is kept of `piece` to `out`, which must be the same each time.
  void feed(std::string_view piece, std::string& out);

  std::size_t cut_fields() const { return cut_fields_; }

 private:
  bool is_between_fields() const { return is_object_ && depth_ == field_depth_; }
  void take_string_part(std::string_view& piece, std::string& out);
  void take(char c, std::string& out);
  void begin_string(std::string& out);
  void end_key(std::string& out);
  void begin_value(std::string& out);
  void keep(std::string_view part, std::string& out);

  std::size_t field_depth_;
  std::span<const std::string_view> kept_;
  std::size_t depth_ = 0;    // of open objects and lists
  bool is_object_ = false;   // the item at hand
  bool has_fields_ = false;  // in the output
  bool is_key_next_ = false;
  bool in_key_ = false;  // in a key of the item
  bool in_string_ = false;
  bool is_escaped_ = false;
  bool skips_ = false;     // the value at hand is not kept
  bool in_value_ = false;  // of a field that is kept
  std::string key_;
  std::size_t value_began_ = 0;  // in the output
  std::size_t cut_fields_ = 0;
};

}  // namespace volumeter::docker
