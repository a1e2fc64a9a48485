// SPDX-License-Identifier: Apache-2.0
#include "exporter/check.h"

#include <fmt/format.h>

#include <iterator>

#include "exporter/sources/files.h"

namespace volumeter {
namespace {

class Report {
 public:
  explicit Report(const HostSnapshot& host) : host_(host) {}

  void source(const SourceHealth& source) {
    if (!source.up) {
      cannot(source.name, source.last_error.empty() ? "was not asked" : source.last_error);
    } else if (source.bad_items > 0) {
      cannot(source.name, fmt::format("{}; {} could not be read, the log says which",
                                      ability(source.name), source.bad_items));
    } else {
      line("ok", source.name, ability(source.name));
    }
  }

  void state(const std::string& directory) {
    if (directory.empty()) return;
    if (const auto writable = check_writable_directory(directory); !writable) {
      cannot("state", writable.error().text() + "; history will not survive a restart");
    } else {
      line("ok", "state", "history is kept in " + directory);
    }
  }

  // Of what could not be read in volumes that were measured all the same.
  void unreadable() {
    constexpr std::size_t kMostNamed = 10;
    std::size_t named = 0;
    for (const VolumeFacts& volume : host_.inventory->volumes) {
      const SizeReading* reading = host_.size(volume.name);
      if (reading == nullptr || !reading->space.value || reading->space.value->errors == 0)
        continue;
      if (++named > kMostNamed) continue;
      cannot("sizes", fmt::format("volume {}: {} files or directories could not be read and are "
                                  "not in its size; run as root or with CAP_DAC_READ_SEARCH",
                                  volume.label.plain(), reading->space.value->errors));
    }
    if (named > kMostNamed) cannot("sizes", fmt::format("and {} more", named - kMostNamed));
  }

  CheckReport finished() && { return std::move(report_); }

 private:
  std::string ability(std::string_view source) const {
    const Inventory& inventory = *host_.inventory;
    if (source == "docker" && inventory.engine) {
      return fmt::format("{} {}, API {} (volumes: {}, containers: {})",
                         inventory.engine->product.plain(), inventory.engine->version.plain(),
                         inventory.engine->api_version.plain(), inventory.volumes.size(),
                         inventory.containers.size());
    }
    if (source == "mountinfo") return "the mount table is readable";
    if (source == "statfs") {
      return fmt::format("filesystems that hold Docker data: {}", inventory.filesystems.size());
    }
    if (source == "sizes") {
      return fmt::format("volumes measured: {}, not mounted now: {}", host_.sizes->size(),
                         unmounted());
    }
    return "answers";
  }

  std::size_t unmounted() const {
    std::size_t count = 0;
    for (const VolumeFacts& volume : host_.inventory->volumes) count += volume.unmounted ? 1 : 0;
    return count;
  }

  void cannot(std::string_view name, std::string_view why) {
    line("cannot", name, why);
    report_.complete = false;
  }

  void line(std::string_view verdict, std::string_view name, std::string_view what) {
    fmt::format_to(std::back_inserter(report_.text), "{:<7} {:<10} {}\n", verdict, name, what);
  }

  const HostSnapshot& host_;
  CheckReport report_;
};

}  // namespace

CheckReport check_report(const HostSnapshot& host, const std::string& state_directory) {
  Report report(host);
  for (const SourceHealth& source : host.sources) {
    if (source.name != "state") report.source(source);
  }
  report.unreadable();
  report.state(state_directory);
  return std::move(report).finished();
}

}  // namespace volumeter
