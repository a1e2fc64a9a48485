// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "exporter/base/result.h"

namespace re2 {
class RE2;
}

namespace volumeter {

// Matches whole paths against a regular expression in RE2 syntax, as in Prometheus and
// node_exporter (https://github.com/google/re2/wiki/Syntax). Linear time and bounded memory for any
// expression. Copies share the expression. Thread-safe.
class PathPattern {
 public:
  PathPattern() = default;  // matches nothing

  // kMalformed if the expression is invalid or needs too much memory.
  static Result<PathPattern> parse(std::string_view expression);

  bool matches(std::string_view path) const;

 private:
  std::shared_ptr<const re2::RE2> expression_;  // null: matches nothing
};

}  // namespace volumeter
