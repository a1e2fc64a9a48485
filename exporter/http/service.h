// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "exporter/base/time.h"
#include "exporter/http/request_gate.h"
#include "exporter/http/router.h"
#include "exporter/metrics/server_metrics.h"

namespace volumeter {

// The layer between sockets and router: limits concurrent requests and counts them. Thread-safe.
class Service {
 public:
  // Keeps references to `log` and `metrics`.
  Service(Routes routes, unsigned max_requests, ChangeLog& log, ServerMetrics& metrics,
          std::function<SteadyTime()> steady_now);

  // A response and its slot, to be kept until the response is sent: bodies waiting for slow
  // readers are what uses memory.
  struct Answer {
    RequestGate::Place place;
    Response response;
  };
  Answer answer(const Request& request);

 private:
  ServerMetrics& metrics_;
  RequestGate gate_;
  Router router_;
};

}  // namespace volumeter
