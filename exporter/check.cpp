// SPDX-License-Identifier: Apache-2.0
#include "exporter/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "exporter/check_io.h"
#include "exporter/model/places.h"
#include "exporter/sources/os/files.h"

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

  // Not having one is the choice of who runs us; where a source needs it, that says so too.
  void privileges(const std::vector<CapabilityUse>& lacking) {
    for (const CapabilityUse& use : lacking) {
      line("lacks", "privileges", fmt::format("{}: {}", use.name, use.gives));
    }
  }

  // That a kernel does not count for each volume is nothing that everybody could mend.
  void io(const HostPaths& paths) {
    for (const CheckLine& said : check_io(host_, paths)) {
      line(said.is_good ? "ok" : "cannot", "io", said.text);
    }
  }

  // Of what could not be read in volumes that were measured all the same.
  void unreadable() {
    constexpr std::size_t kMostNamed = 10;
    std::size_t named = 0;
    for (const VolumeFacts& volume : host_.inventory->volumes) {
      const SizeReading* reading = host_.size_of(volume);
      if (reading == nullptr || !reading->space.value || reading->space.value->errors == 0)
        continue;
      if (++named > kMostNamed) continue;
      cannot("sizes", fmt::format("volume {}: {} files or directories could not be read and are "
                                  "not in its size; run as root or with CAP_DAC_READ_SEARCH",
                                  volume.label.plain(), reading->space.value->errors));
    }
    if (named > kMostNamed) cannot("sizes", fmt::format("and {} more", named - kMostNamed));
  }

  // Of each filesystem with volumes whose files are walked.
  void changes(const HostAccess& access) {
    const Inventory& inventory = *host_.inventory;
    std::set<std::size_t> walked;
    for (const VolumeFacts& volume : inventory.volumes) {
      const SizeReading* reading = host_.size_of(volume);
      const bool is_walked = reading != nullptr && reading->space.value &&
                             reading->space.value->method == SizeMethod::kWalk;
      if (is_walked && volume.filesystem) walked.insert(*volume.filesystem);
    }
    for (const std::size_t number : walked) {
      const FilesystemFacts& filesystem = inventory.filesystems[number];
      const auto feed = access.watch_changes(place_of(filesystem), {});
      change_feed(filesystem.mountpoint.plain(), feed ? nullptr : &feed.error());
    }
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
    if (source == "diskstats") {
      return fmt::format("block devices under Docker data: {}", inventory.devices.size());
    }
    if (source == "mountstats") {
      const auto has_counters = [this](const VolumeFacts& volume) {
        return host_.nfs_of(volume) != nullptr;
      };
      return fmt::format(
          "volumes with counters of their own NFS mount: {}",
          std::count_if(inventory.volumes.begin(), inventory.volumes.end(), has_counters));
    }
    if (source == "statfs") {
      return fmt::format("filesystems that hold Docker data: {}", inventory.filesystems.size());
    }
    if (source == "sizes") {
      return fmt::format(
          "volumes measured: {}, of them by the filesystem's own accounts: {}; "
          "not mounted now: {}",
          measured([](const SpaceUsage&) { return true; }),
          measured([](const SpaceUsage& space) { return space.method != SizeMethod::kWalk; }),
          unmounted());
    }
    if (source == "cgroup") return container_io();
    return "answers";
  }

  std::string container_io() const {
    std::size_t running = 0;
    std::size_t counted = 0;
    std::size_t waiting = 0;
    for (const ContainerFacts& container : host_.inventory->containers) {
      running += container.pid ? 1 : 0;
      const ContainerIo* io = host_.io_of(container);
      if (io == nullptr) continue;
      counted += io->lists_all || !io->devices.empty() ? 1 : 0;
      waiting += io->pressure ? 1 : 0;
    }
    return fmt::format(
        "running containers: {}; the kernel counts the I/O of {}, and how long {} wait for it",
        running, counted, waiting);
  }

  template <typename Matches>
  std::size_t measured(const Matches& matches) const {
    std::size_t count = 0;
    for (const VolumeFacts& volume : host_.inventory->volumes) {
      const SizeReading* reading = host_.size_of(volume);
      if (reading != nullptr && reading->space.value && matches(*reading->space.value)) ++count;
    }
    return count;
  }

  std::size_t unmounted() const {
    std::size_t count = 0;
    for (const VolumeFacts& volume : host_.inventory->volumes) count += volume.unmounted ? 1 : 0;
    return count;
  }

  // That a kernel or a filesystem has no change feeds is nothing that anybody could mend.
  void change_feed(std::string_view place, const Error* error) {
    if (error == nullptr) {
      line("ok", "changes",
           fmt::format("{} tells what changes; the rest is not walked again", place));
    } else if (error->kind == ErrorKind::kPermission) {
      cannot("changes", fmt::format("{} does not tell what changes ({}); its volumes are walked "
                                    "each time; run as root or with CAP_SYS_ADMIN",
                                    place, error->what));
    } else {
      line("cannot", "changes",
           fmt::format("{} does not tell what changes ({}); its volumes are "
                       "walked each time",
                       place, error->what));
    }
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

CheckReport check_report(const HostSnapshot& host, const HostAccess* changes,
                         const HostPaths& paths, const std::string& state_directory,
                         const std::vector<CapabilityUse>& lacking) {
  Report report(host);
  for (const SourceHealth& source : host.sources) {
    if (source.name != "state" && !source.name.starts_with("ebpf")) report.source(source);
  }
  report.unreadable();
  report.io(paths);
  if (changes != nullptr) report.changes(*changes);
  report.state(state_directory);
  report.privileges(lacking);
  return std::move(report).finished();
}

}  // namespace volumeter
