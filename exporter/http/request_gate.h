// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

namespace volumeter {

// Limits the number of concurrent requests. Thread-safe.
class RequestGate {
  struct Leave {
    void operator()(RequestGate* gate) const { --gate->inside_; }
  };

 public:
  // The slot of a request, released on destruction.
  using Place = std::unique_ptr<RequestGate, Leave>;

  explicit RequestGate(unsigned limit) : limit_(limit) {}  // 0: no limit

  // Null if all slots are in use.
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
