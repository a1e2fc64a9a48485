// SPDX-License-Identifier: Apache-2.0
#include "collectors/builtin.h"
#include "collectors/collectable.h"
#include "exporter/metrics/server_metric_descs.h"

namespace volumeter {
namespace {

// Passes on what the HTTP server counts of itself. Without a server there is nothing.
class ServerCollector final : public Collector {
 public:
  explicit ServerCollector(std::shared_ptr<const prometheus::Collectable> server)
      : server_(std::move(server)) {}

  std::span<const MetricDesc* const> describe() const override { return kServerMetrics; }

  MetricFamilies collect(const HostSnapshot&) const override {
    if (server_ == nullptr) return {};
    return to_families(*server_, kServerMetrics);
  }

 private:
  std::shared_ptr<const prometheus::Collectable> server_;
};

}  // namespace

std::unique_ptr<Collector> make_server_collector(
    std::shared_ptr<const prometheus::Collectable> server) {
  return std::make_unique<ServerCollector>(std::move(server));
}

}  // namespace volumeter
