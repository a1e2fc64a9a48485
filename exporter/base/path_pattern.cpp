// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/path_pattern.h"

#include <re2/re2.h>

#include <string>

namespace volumeter {
namespace {

re2::RE2::Options options() {
  constexpr std::int64_t kMaxMemory = 1 << 20;
  re2::RE2::Options out;
  out.set_encoding(re2::RE2::Options::EncodingLatin1);  // a path is bytes, not UTF-8
  out.set_dot_nl(true);                                 // and may contain newlines
  out.set_never_capture(true);
  out.set_max_mem(kMaxMemory);
  out.set_log_errors(false);
  return out;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Result<PathPattern> PathPattern::parse(std::string_view expression) {
  auto compiled = std::make_shared<const re2::RE2>(piece(expression), options());
  if (!compiled->ok()) {
    return Error{ErrorKind::kMalformed, std::string(expression), compiled->error()};
  }
  PathPattern pattern;
  pattern.expression_ = std::move(compiled);
  return pattern;
}

bool PathPattern::matches(std::string_view path) const {
  return expression_ != nullptr && re2::RE2::FullMatch(piece(path), *expression_);
}

}  // namespace volumeter
