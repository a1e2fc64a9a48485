// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"
#include "exporter/metrics/server_metrics.h"

namespace volumeter {
namespace server_collector {

// The HTTP server's own metrics. Without a server, none.
class ServerCollector final : public Collector {
 public:
  explicit ServerCollector(std::shared_ptr<const ServerMetrics> server)
      : server_(std::move(server)) {}

  std::span<const MetricDesc* const> describe() const override { return ServerMetrics::describe(); }

  MetricFamilies collect(const HostSnapshot&) const override {
    return server_ == nullptr ? MetricFamilies() : server_->collect();
  }

 private:
  std::shared_ptr<const ServerMetrics> server_;
};

}  // namespace server_collector

std::unique_ptr<Collector> make_server_collector(std::shared_ptr<const ServerMetrics> server) {
  return std::make_unique<server_collector::ServerCollector>(std::move(server));
}

}  // namespace volumeter
