// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "exporter/base/time.h"
#include "exporter/http/request_gate.h"
#include "exporter/http/router.h"
#include "exporter/metrics/server_metrics.h"

namespace volumeter {

// What stands between the sockets and the routes: the limit on requests at once, and the
// counters. Thread-safe.
class Service {
 public:
  // `log` and `metrics` must outlive it.
  Service(Routes routes, unsigned max_requests, ChangeLog& log, ServerMetrics& metrics,
          std::function<SteadyTime()> steady_now);

  // A response and its place among the requests at once, to be kept until all is sent: it
  // is the bodies waiting for slow readers that cost memory.
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
