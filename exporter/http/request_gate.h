// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

namespace volumeter {

// Lets a limited number of requests in at once. Thread-safe.
class RequestGate {
  struct Leave {
    void operator()(RequestGate* gate) const { --gate->inside_; }
  };

 public:
  // The place of one request, given back when destroyed.
  using Place = std::unique_ptr<RequestGate, Leave>;

  explicit RequestGate(unsigned limit) : limit_(limit) {}  // 0 is no limit

  // Null if all places are taken.
  Place enter() {
    const unsigned inside = ++inside_;
    Place place(this);
    if (limit_ != 0 && inside > limit_) place.reset();
    return place;
  }

 private:
  const unsigned limit_;
  std::atomic<unsigned> inside_{0};
};

}  // namespace volumeter
