// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/json_sieve.h"

#include <algorithm>

namespace volumeter::docker {
namespace {

constexpr std::size_t kMaxKeyBytes = 64;  // longer ones are none that is kept

// How many objects and lists are open between the fields of an item.
std::size_t depth_of_fields(ItemsAt::Shape shape) {
  switch (shape) {
    case ItemsAt::Shape::kWhole: return 1;
    case ItemsAt::Shape::kList: return 2;
    case ItemsAt::Shape::kListUnderKey: return 3;
  }
  return 1;
}

}  // namespace

JsonSieve::JsonSieve(ItemsAt::Shape shape, std::span<const std::string_view> kept)
    : field_depth_(depth_of_fields(shape)), kept_(kept) {}

void JsonSieve::feed(std::string_view piece, std::string& out) {
  while (!piece.empty()) {
    if (in_string_) {
      take_string_part(piece, out);
    } else {
      take(piece.front(), out);
      piece.remove_prefix(1);
    }
  }
}

// Up to the end of the string, or one escaped character of it.
void JsonSieve::take_string_part(std::string_view& piece, std::string& out) {
  std::size_t size = 1;
  if (is_escaped_) {
    is_escaped_ = false;
  } else {
    size = std::min(piece.find_first_of("\"\\"), piece.size());
    if (size == 0) {
      size = 1;
      is_escaped_ = piece.front() == '\\';
      in_string_ = is_escaped_;
    }
  }
  if (in_key_) {
    if (key_.size() <= kMaxKeyBytes) key_ += piece.substr(0, std::min(size, kMaxKeyBytes));
    if (!in_string_) end_key(out);
  } else {
    keep(piece.substr(0, size), out);
  }
  piece.remove_prefix(size);
}

void JsonSieve::take(char c, std::string& out) {
  switch (c) {
    case '"': return begin_string(out);
    case '{':
    case '[':
      keep({&c, 1}, out);
      if (++depth_ == field_depth_) {
        is_object_ = is_key_next_ = c == '{';
        has_fields_ = false;
      }
      return;
    case '}':
    case ']':
      if (is_between_fields()) skips_ = in_value_ = is_object_ = false;
      if (depth_ > 0) --depth_;
      return keep({&c, 1}, out);
    case ',':
      if (!is_between_fields()) return keep({&c, 1}, out);
      skips_ = in_value_ = false;  // the comma itself comes with the next field that is kept
      is_key_next_ = true;
      return;
    case ':':
      keep({&c, 1}, out);
      if (is_between_fields() && !skips_) begin_value(out);
      return;
    default: return keep({&c, 1}, out);
  }
}

void JsonSieve::begin_string(std::string& out) {
  in_string_ = true;
  in_key_ = is_between_fields() && is_key_next_;
  is_key_next_ = false;
  key_.clear();
  if (!in_key_) keep("\"", out);
}

void JsonSieve::end_key(std::string& out) {
  in_key_ = false;
  if (key_.ends_with('"')) key_.pop_back();
  // A key written with escapes may be any: the parser knows.
  const bool is_plain = key_.find('\\') == std::string::npos;
  const bool is_kept = std::find(kept_.begin(), kept_.end(), key_) != kept_.end();
  skips_ = key_.size() > kMaxKeyBytes || (is_plain && !is_kept);
  if (skips_) return;
  if (has_fields_) out += ',';
  has_fields_ = true;
  out.append("\"").append(key_).append("\"");
}

void JsonSieve::begin_value(std::string& out) {
  in_value_ = true;
  value_began_ = out.size();
}

void JsonSieve::keep(std::string_view part, std::string& out) {
  if (skips_) return;
  const bool is_too_large = in_value_ && out.size() - value_began_ + part.size() > kMaxFieldBytes;
  if (!is_too_large) {
    out += part;
    return;
  }
  out.resize(value_began_);
  out += "null";
  skips_ = true;
  in_value_ = false;
  ++cut_fields_;
}

}  // namespace volumeter::docker
