// SPDX-License-Identifier: Apache-2.0
#include "exporter/registry/registry.h"

#include <algorithm>
#include <exception>

namespace volumeter {
namespace {

constexpr MetricDesc kDuration{"volumeter_scrape_collector_duration_seconds",
                               MetricType::kGauge,
                               "Duration of the collector in this scrape.",
                               {"collector"}};
constexpr MetricDesc kSuccess{"volumeter_scrape_collector_success",
                              MetricType::kGauge,
                              "Whether the collector succeeded in this scrape (1), or failed or "
                              "exceeded the scrape timeout (0).",
                              {"collector"}};

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool Selection::wants(std::string_view name) const {
  return (only.empty() || contains(only, name)) && !contains(without, name);
}

Registry::Registry(std::vector<NamedCollector> collectors, std::function<SteadyTime()> clock,
                   ChangeLog& log)
    : collectors_(std::move(collectors)), clock_(std::move(clock)), log_(log) {}

bool Registry::has(std::string_view name) const {
  return std::any_of(collectors_.begin(), collectors_.end(),
                     [&](const NamedCollector& entry) { return entry.name == name; });
}

MetricFamilies Registry::gather(const HostSnapshot& host, const Selection& selection,
                                std::optional<SteadyTime> deadline) const {
  MetricFamilies out;
  MetricFamilies about;
  for (const NamedCollector& entry : collectors_) {
    if (!selection.wants(entry.name)) continue;
    const LabelRef name = LabelRef::literal(entry.name);
    const SteadyTime begin = clock_();
    const bool in_time = !deadline || begin < *deadline;
    const bool success = in_time && run(entry, host, out);
    about.add(kDuration, {name}, Seconds(clock_() - begin).count());
    about.add(kSuccess, {name}, success ? 1 : 0);
  }
  out.merge(std::move(about));
  return out;
}

bool Registry::run(const NamedCollector& entry, const HostSnapshot& host,
                   MetricFamilies& out) const {
  const LogSubject subject{"collector", {{"collector", std::string(entry.name)}}};
  try {
    out.merge(entry.collector->collect(host));
    log_.forget(subject);
    return true;
  } catch (const std::exception& exception) {
    log_failure(subject, exception.what());
  } catch (...) {
    log_failure(subject, "unknown exception");
  }
  return false;
}

void Registry::log_failure(const LogSubject& subject, const std::string& error) const {
  log_.error(subject, "failed; metrics missing from the scrape; please report this bug",
             {{"error", error}});
}

std::vector<const MetricDesc*> Registry::describe() const {
  std::vector<const MetricDesc*> all;
  for (const NamedCollector& entry : collectors_) {
    const auto described = entry.collector->describe();
    all.insert(all.end(), described.begin(), described.end());
  }
  all.push_back(&kDuration);
  all.push_back(&kSuccess);
  return all;
}

}  // namespace volumeter
