// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/service.h"

namespace volumeter {
namespace {

Routes timed(Routes routes, ServerMetrics& metrics, std::function<SteadyTime()> steady_now) {
  routes.scrape = [scrape = std::move(routes.scrape), now = std::move(steady_now), &metrics](
                      const ScrapeRequest& request, Format format) {
    const SteadyTime start = now();
    std::string body = scrape(request, format);
    metrics.scraped(now() - start);
    return body;
  };
  return routes;
}

// Health checks are cheap and exempt from the limit: a 503 could get the container killed.
bool always_let_in(std::string_view path) { return path.starts_with("/-/"); }

Response too_many_requests() {
  return {503,
          "Too many requests at once; try again later.\n",
          {{"Content-Type", "text/plain; charset=utf-8"}, {"Retry-After", "1"}}};
}

}  // namespace

Service::Service(Routes routes, unsigned max_requests, ChangeLog& log, ServerMetrics& metrics,
                 std::function<SteadyTime()> steady_now)
    : metrics_(metrics),
      gate_(max_requests),
      router_(timed(std::move(routes), metrics, std::move(steady_now)), log) {}

Service::Answer Service::answer(const Request& request) {
  Answer answer{gate_.enter(), {}};
  const bool let_in = answer.place || always_let_in(request.path);
  answer.response = let_in ? router_.answer(request) : too_many_requests();
  const std::size_t sent = request.method == "HEAD" ? 0 : answer.response.body.size();
  metrics_.responded(answer.response.status, sent);
  return answer;
}

}  // namespace volumeter
