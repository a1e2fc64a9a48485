// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/event_reader.h"

#include "exporter/base/fields.h"
#include "exporter/sources/docker/decode.h"

namespace volumeter::docker {

void EventReader::feed(std::string_view piece, const Sink& sink) {
  while (!piece.empty()) {
    const auto end = piece.find('\n');
    take(piece.substr(0, end));
    if (end == std::string_view::npos) return;
    piece.remove_prefix(end + 1);
    end_line(sink);
  }
}

void EventReader::take(std::string_view part) {
  too_long_ = too_long_ || part.size() > kMaxLineBytes - line_.size();
  if (!too_long_) line_ += part;
}

void EventReader::end_line(const Sink& sink) {
  const bool blank = !too_long_ && trim(line_).empty();
  if (!blank) sink(too_long_ ? std::nullopt : decode_event(line_));
  line_.clear();
  too_long_ = false;
}

}  // namespace volumeter::docker
