// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "exporter/base/result.h"

namespace re2 {
class RE2;
}

namespace volumeter {

// Which paths are meant: those that a regular expression describes as a whole. In the syntax
// of RE2, which is that of Prometheus and node_exporter
// (https://github.com/google/re2/wiki/Syntax). It takes time linear in the path and bounded
// memory, whatever the expression. Copies share it; any thread may ask.
class PathPattern {
 public:
  PathPattern() = default;  // means no path

  // kMalformed says what is wrong with the expression, or that it needs too much memory.
  static Result<PathPattern> parse(std::string_view expression);

  bool matches(std::string_view path) const;

 private:
  std::shared_ptr<const re2::RE2> expression_;  // null: means no path
};

}  // namespace volumeter
