// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace volumeter {

// What the lines of state files are made of: fields separated by blanks, "-" for what is absent.

// A name in one field: bytes up to the blank, '%' and DEL as %XX; an empty one as "%".
std::string encoded_name(std::string_view name);
// Absent if it is not the encoding of a name.
std::optional<std::string> decoded_name(std::string_view field);

std::string time_text(std::optional<double> unix_seconds);

// A field that may be "-": `valid` is false if it is neither that nor a value.
template <typename T>
struct StateField {
  bool valid = false;
  std::optional<T> value;
};

// Takes the next field of a line: a Unix time up to the year 5138, anything later is damage.
StateField<double> next_time(std::string_view& line);
StateField<std::uint64_t> next_count(std::string_view& line);

}  // namespace volumeter
