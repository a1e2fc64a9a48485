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
  std::string_view name;  // as in the table of collectors
  std::unique_ptr<Collector> collector;
};

// The collectors requested by a scrape; all of them if both lists are empty.
struct Selection {
  std::vector<std::string> only;
  std::vector<std::string> without;

  bool wants(std::string_view name) const;
};

// Runs each collector in isolation: one that throws or starts after the deadline loses its own
// metrics only and is reported with success 0.
class Registry {
 public:
  Registry(std::vector<NamedCollector> collectors, std::function<SteadyTime()> clock,
           ChangeLog& log);

  bool has(std::string_view name) const;

  // The metrics of the selected collectors. Collectors not started by `deadline` are skipped.
  // Labels may point into `host`, which must outlive the families.
  MetricFamilies gather(const HostSnapshot& host, const Selection& selection,
                        std::optional<SteadyTime> deadline) const;

  // All metrics that gather() can emit, in order.
  std::vector<const MetricDesc*> describe() const;

 private:
  bool run(const NamedCollector& entry, const HostSnapshot& host, MetricFamilies& out) const;
  void log_failure(const LogSubject& subject, const std::string& error) const;

  std::vector<NamedCollector> collectors_;
  std::function<SteadyTime()> clock_;
  ChangeLog& log_;
};

}  // namespace volumeter
