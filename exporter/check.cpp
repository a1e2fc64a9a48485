// SPDX-License-Identifier: Apache-2.0
#include "exporter/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "exporter/check_io.h"

namespace volumeter {
namespace {

// Counts what `matches` in a list.
template <typename List, typename Matches>
std::size_t count_of(const List& list, const Matches& matches) {
  return static_cast<std::size_t>(std::count_if(list.begin(), list.end(), matches));
}

// Collects the lines: a verdict, a subject and what there is to say.
class Report {
 public:
  explicit Report(const HostSnapshot& host) : host_(host), inventory_(*host.inventory) {}

  void source(const SourceHealth& source) {
    if (!source.up && !source.asked() && !source.is_required) return;
    if (!source.up) {
      failed(source, source.last_error.empty() ? "not asked" : source.last_error);
    } else if (source.bad_items > 0) {
      failed(source, fmt::format("{} items failed, see the log", source.bad_items));
    } else {
      line("ok", source.name, source.provides);
    }
  }

  void host() {
    if (inventory_.engine) {
      found("engine", "{} {}, API {}; volumes: {}, containers: {}",
            inventory_.engine->product.plain(), inventory_.engine->version.plain(),
            inventory_.engine->api_version.plain(), inventory_.volumes.size(),
            inventory_.containers.size());
    }
    found("storage", "filesystems with Docker data: {}; block devices below: {}",
          inventory_.filesystems.size(), inventory_.devices.size());
    volumes();
    containers();
  }

  void io() {
    for (const CheckLine& said : check_io(host_)) {
      line(said.is_good ? "ok" : "missing", "io", said.text);
    }
  }

  // Of what could not be read in volumes that were measured all the same.
  void unreadable() {
    std::size_t named = 0;
    for (const VolumeFacts& volume : inventory_.volumes) {
      const SpaceUsage* space = space_of(volume);
      if (space == nullptr || space->errors == 0 || ++named > kMostNamed) continue;
      cannot("sizes",
             fmt::format("volume {}: {} files or directories could not be read and are not "
                         "included in its size; run as root or with CAP_DAC_READ_SEARCH",
                         volume.label.plain(), space->errors));
    }
    if (named > kMostNamed) cannot("sizes", fmt::format("{} more", named - kMostNamed));
  }

  void change_feed(const ChangeFeedCheck& check) {
    if (!check.error) {
      line("ok", "changes",
           fmt::format("{}: fanotify; only what changed is rescanned", check.mountpoint));
      return;
    }
    const std::string text = fmt::format("{}: no change events ({}); volumes are rescanned whole",
                                         check.mountpoint, check.error->what);
    if (check.error->kind == ErrorKind::kPermission) {
      cannot("changes", text + "; run as root or with CAP_SYS_ADMIN");
    } else {
      line("missing", "changes", text);
    }
  }

  // Running without them is a choice; a source that requires one reports that itself.
  void capability(const CapabilityUse& missing) {
    line("lacks", "privileges", fmt::format("{}: {}", missing.name, missing.gives));
  }

  CheckReport finished() && { return std::move(report_); }

 private:
  const SpaceUsage* space_of(const VolumeFacts& volume) const {
    const SizeReading* reading = host_.size_of(volume);
    return reading != nullptr && reading->space.value ? &*reading->space.value : nullptr;
  }

  void volumes() {
    const auto is_measured = [&](const VolumeFacts& volume) { return space_of(volume) != nullptr; };
    const auto by_quota = [&](const VolumeFacts& volume) {
      return is_measured(volume) && space_of(volume)->method != SizeMethod::kWalk;
    };
    const auto has_nfs_counters = [&](const VolumeFacts& volume) {
      return host_.nfs_of(volume) != nullptr;
    };
    found("volumes",
          "measured: {}, of them by filesystem quota accounting: {}; not mounted: {}; "
          "with their own NFS counters: {}",
          count_of(inventory_.volumes, is_measured), count_of(inventory_.volumes, by_quota),
          count_of(inventory_.volumes, [](const auto& volume) { return volume.unmounted; }),
          count_of(inventory_.volumes, has_nfs_counters));
  }

  void containers() {
    const auto has_counters = [&](const ContainerFacts& container) {
      const ContainerIo* io = host_.io_of(container);
      return io != nullptr && (io->lists_all || !io->devices.empty());
    };
    const auto has_pressure = [&](const ContainerFacts& container) {
      const ContainerIo* io = host_.io_of(container);
      return io != nullptr && io->pressure;
    };
    found("containers", "running: {}; with I/O counters: {}; with I/O pressure: {}",
          count_of(inventory_.containers, [](const auto& one) { return one.pid.has_value(); }),
          count_of(inventory_.containers, has_counters),
          count_of(inventory_.containers, has_pressure));
  }

  void failed(const SourceHealth& source, std::string_view why) {
    const std::string text = fmt::format("{}: {}{}{}", source.provides, why,
                                         source.remedy.empty() ? "" : "; ", source.remedy);
    if (source.is_required) {
      cannot(source.name, text);
    } else {
      line("missing", source.name, text);
    }
  }

  template <typename... Values>
  void found(std::string_view subject, fmt::format_string<Values...> format, Values&&... values) {
    line("found", subject, fmt::format(format, std::forward<Values>(values)...));
  }

  void cannot(std::string_view subject, std::string_view why) {
    line("cannot", subject, why);
    report_.complete = false;
  }

  void line(std::string_view verdict, std::string_view subject, std::string_view what) {
    fmt::format_to(std::back_inserter(report_.text), "{:<7} {:<12} {}\n", verdict, subject, what);
  }

  const HostSnapshot& host_;
  const Inventory& inventory_;
  CheckReport report_;
};

}  // namespace

CheckReport check_report(const HostSnapshot& host, const std::vector<ChangeFeedCheck>& changes,
                         const std::vector<CapabilityUse>& missing) {
  Report report(host);
  for (const SourceHealth& source : host.sources) report.source(source);
  report.host();
  report.unreadable();
  report.io();
  for (const ChangeFeedCheck& check : changes) report.change_feed(check);
  for (const CapabilityUse& use : missing) report.capability(use);
  return std::move(report).finished();
}

}  // namespace volumeter
