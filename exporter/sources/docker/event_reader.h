// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/sources/docker/types.h"

namespace volumeter::docker {

// Splits the stream of GET /events, one message per line, into events.
class EventReader {
 public:
  static constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

  // Called once per line; absent for a line that is too long or cannot be parsed.
  using Sink = std::function<void(const std::optional<Event>&)>;

  // `piece` may begin and end anywhere in a line.
  void feed(std::string_view piece, const Sink& sink);

 private:
  void take(std::string_view part);
  void end_line(const Sink& sink);

  std::string line_;
  bool too_long_ = false;
};

}  // namespace volumeter::docker
