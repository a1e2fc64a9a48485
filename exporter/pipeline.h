// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "collectors/builtin.h"
#include "exporter/exposition/text_format.h"
#include "exporter/host.h"
#include "exporter/http/query.h"
#include "exporter/monitor/host_monitor.h"
#include "exporter/registry/registry.h"

namespace volumeter {

// The enabled collectors. `server`: null for a run without an HTTP server.
Registry make_registry(const Config& config, const HostAccess& host,
                       const std::shared_ptr<const ServerMetrics>& server, ChangeLog& log);

// From a host to the text of a scrape: sources -> model -> collectors -> registry -> exposition.
class Pipeline {
 public:
  // `host` and `log` must outlive it; `server` as for make_registry().
  Pipeline(const Config& config, const Host& host,
           const std::shared_ptr<const ServerMetrics>& server, ChangeLog& log);

  HostMonitor& monitor() { return monitor_; }
  const Registry& registry() const { return registry_; }

  std::string scrape(const ScrapeRequest& request, Format format);

 private:
  const Host& host_;
  HostMonitor monitor_;
  const Registry registry_;
};

}  // namespace volumeter
