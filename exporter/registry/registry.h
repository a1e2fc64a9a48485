// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/collector.h"
#include "exporter/base/change_log.h"
#include "exporter/base/time.h"

namespace volumeter {

struct NamedCollector {
  std::string_view name;  // of the table of collectors
  std::unique_ptr<Collector> collector;
};

// Which collectors a scrape wants; both empty: all of them.
struct Selection {
  std::vector<std::string> only;
  std::vector<std::string> without;

  bool wants(std::string_view name) const;
};

// Runs each collector alone: one that throws or comes too late costs its own metrics and
// shows as success 0.
class Registry {
 public:
  Registry(std::vector<NamedCollector> collectors, std::function<SteadyTime()> clock,
           ChangeLog& log);

  bool has(std::string_view name) const;

  // The metrics of the wanted collectors. Those not begun by `deadline` are left out. The
  // labels may point into `host`, which must outlive the families.
  MetricFamilies gather(const HostSnapshot& host, const Selection& selection,
                        std::optional<SteadyTime> deadline) const;

  // Every metric that gather() may emit, in order.
  std::vector<const MetricDesc*> describe() const;

 private:
  bool run(const NamedCollector& entry, const HostSnapshot& host, MetricFamilies& out) const;
  void log_failure(const std::string& subject, const std::string& why) const;

  std::vector<NamedCollector> collectors_;
  std::function<SteadyTime()> clock_;
  ChangeLog& log_;
};

}  // namespace volumeter
