// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/landing_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "exporter/http/human_units.h"

namespace volumeter {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Volumeter</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:78rem;padding:1rem 1.5rem;
  color:#1f2328;background:#fff}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:1.6rem 0 .5rem}
a{color:#0a58ca}nav a{margin-right:1.2rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .7rem .3rem 0;border-bottom:1px solid #d8dee4;
  vertical-align:top}
th{font-weight:600;white-space:nowrap}td.n,th.n{text-align:right;white-space:nowrap}
td.name{overflow-wrap:anywhere}
.muted{color:#59636e}.warn{color:#9a4d00;font-weight:600}
meter{width:7rem;vertical-align:middle}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}a{color:#6cb6ff}
  th,td{border-color:#30363d}.muted{color:#9198a1}.warn{color:#f0a35e}}
</style></head><body>
)";

constexpr std::string_view kHealthy = "/-/healthy";
constexpr std::string_view kReady = "/-/ready";

class Page {
 public:
  Page(const HostSnapshot& host, std::string_view telemetry_path)
      : host_(host), inventory_(*host.inventory), telemetry_path_(telemetry_path) {}

  std::string html() && {
    out_ = kHead;
    header();
    filesystems();
    volumes();
    sources();
    out_ += "</body></html>\n";
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void print(fmt::format_string<Args...> shape, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), shape, std::forward<Args>(args)...);
  }

  static std::string text(const Label& label) { return escaped_html(label.plain()); }

  void header() {
    print("<h1>Volumeter on {}</h1><p class=\"muted\">version {} &middot; {}</p>\n",
          escaped_html(repaired_utf8(host_.hostname)), escaped_html(host_.build.version), engine());
    out_ += "<nav>";
    for (const std::string_view path : {telemetry_path_, kHealthy, kReady}) link(path);
    out_ += "</nav>\n";
    if (!inventory_.engine) return;
    print("<p>Volumes: {} ({} in use, {} idle, {} orphaned). Containers: {}.</p>\n",
          inventory_.volumes.size(), inventory_.count(VolumeUse::kInUse),
          inventory_.count(VolumeUse::kIdle), inventory_.count(VolumeUse::kOrphaned),
          inventory_.containers.size());
  }

  // Relative to this page, which a reverse proxy may serve behind a prefix.
  void link(std::string_view path) {
    print("<a href=\"{}\">{}</a>", escaped_html(path.substr(1)), escaped_html(path));
  }

  std::string engine() const {
    if (!inventory_.engine) {
      return "<span class=\"warn\">not connected to Docker yet</span>";
    }
    const EngineFacts& engine = *inventory_.engine;
    std::string line = fmt::format("{} {}, API {}, {}", text(engine.product), text(engine.version),
                                   text(engine.api_version), text(engine.storage_driver));
    if (!host_.docker_up) {
      line +=
          " &middot; <span class=\"warn\">Docker unreachable; showing the last known state</span>";
    }
    return line;
  }

  void filesystems() {
    if (inventory_.filesystems.empty()) return;
    out_ +=
        "<h2>Filesystems that hold Docker data</h2>\n<table><tr><th>Mount point<th>Device"
        "<th>Type<th>Used<th class=\"n\">Size<th class=\"n\">Available<th class=\"n\">Sampled\n";
    for (const FilesystemFacts& facts : inventory_.filesystems) {
      print("<tr><td class=\"name\">{}<td class=\"name\">{}<td>{}", text(facts.mountpoint),
            text(facts.device), text(facts.fstype));
      filesystem_figures(host_.usage_of(facts));
    }
    out_ += "</table>\n";
  }

  void filesystem_figures(const Sampled<FsUsage>* sampled) {
    const bool is_hung = sampled != nullptr && sampled->error && is_evidence(*sampled->error);
    if (sampled == nullptr || !sampled->value) {
      print("<td class=\"muted\">{}<td><td><td>\n", is_hung ? "not responding" : "not sampled yet");
      return;
    }
    const FsUsage& usage = *sampled->value;
    print("<td>{}{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}\n", use_bar(usage),
          is_hung ? " <span class=\"warn\">not responding</span>" : "",
          bytes_or_nothing(usage.size_bytes), bytes_or_nothing(usage.avail_bytes),
          age(sampled->taken_at));
  }

  static std::string bytes_or_nothing(std::optional<std::uint64_t> bytes) {
    return bytes ? human_bytes(static_cast<double>(*bytes)) : "";
  }

  // Use% as in df: the share of the space available to non-root users.
  static std::string use_bar(const FsUsage& usage) {
    if (!usage.size_bytes || !usage.free_bytes || !usage.avail_bytes) return "";
    const double used =
        static_cast<double>(*usage.size_bytes) - static_cast<double>(*usage.free_bytes);
    const double reach = used + static_cast<double>(*usage.avail_bytes);
    if (reach <= 0) return "";
    const double share = std::clamp(used / reach, 0.0, 1.0);
    return fmt::format(
        "<meter min=\"0\" max=\"1\" low=\"0.85\" high=\"0.97\" optimum=\"0\" value=\"{:.3f}\">"
        "</meter> {:.0f}%",
        share, share * 100);
  }

  void volumes() {
    out_ +=
        "<h2>Volumes</h2>\n<table><tr><th>Volume<th class=\"n\">Apparent size"
        "<th class=\"n\">Allocated<th>Filesystem<th>Containers<th>State"
        "<th class=\"n\">Measured\n";
    for (const VolumeFacts* volume : by_size()) {
      const SizeReading* reading = host_.size_of(*volume);
      const bool measured = reading != nullptr && reading->space.value;
      print("<tr><td class=\"name\" title=\"{}\">{}", text(volume->label), short_name(*volume));
      if (measured) {
        const SpaceUsage& space = *reading->space.value;
        print("<td class=\"n\">{}<td class=\"n\">{}",
              space.apparent_bytes ? human_bytes(static_cast<double>(*space.apparent_bytes)) : "",
              human_bytes(static_cast<double>(space.allocated_bytes)));
      } else {
        print("<td class=\"n muted\">{}<td>",
              host_.is_unmounted(*volume) ? "not mounted" : "unknown");
      }
      print("<td>{}<td>{}<td>{}<td class=\"n\">{}\n", filesystem_of(*volume),
            containers(volume->containers), state(*volume),
            measured ? age(reading->space.taken_at) : "");
    }
    out_ += "</table>\n";
  }

  // Largest first, then those of unknown size by name.
  std::vector<const VolumeFacts*> by_size() const {
    const auto bytes = [&](const VolumeFacts* volume) {
      const SizeReading* reading = host_.size_of(*volume);
      if (reading == nullptr || !reading->space.value) return -1.0;
      return static_cast<double>(reading->space.value->allocated_bytes);
    };
    std::vector<const VolumeFacts*> all;
    for (const VolumeFacts& volume : inventory_.volumes) all.push_back(&volume);
    std::stable_sort(all.begin(), all.end(),
                     [&](const auto* a, const auto* b) { return bytes(a) > bytes(b); });
    return all;
  }

  static std::string short_name(const VolumeFacts& volume) {
    if (!volume.anonymous || volume.name.size() <= 12) return text(volume.label);
    return escaped_html(repaired_utf8(volume.name.substr(0, 12))) +
           "&hellip; <span class=\"muted\">anonymous</span>";
  }

  std::string filesystem_of(const VolumeFacts& volume) const {
    if (!volume.filesystem) return "";
    const FilesystemFacts& facts = inventory_.filesystems[*volume.filesystem];
    const Sampled<FsUsage>* sampled = host_.usage_of(facts);
    return text(facts.mountpoint) + " " +
           (sampled != nullptr && sampled->value ? use_bar(*sampled->value) : std::string());
  }

  static std::string containers(const ContainerCounts& counts) {
    std::string out;
    const auto add = [&](std::uint32_t count, std::string_view what) {
      if (count > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, what);
    };
    add(counts.running, "running");
    add(counts.stopped, "stopped");
    add(counts.created, "created");
    return out;
  }

  std::string state(const VolumeFacts& volume) const {
    std::string since;
    const VolumeTimes* times = host_.times_of(volume);
    if (times != nullptr && times->unused_since()) {
      const double unused = unix_seconds(host_.taken_at) - *times->unused_since();
      since = " for " + human_duration(std::max(0.0, unused));
    }
    switch (volume.use) {
      case VolumeUse::kInUse: return "in use";
      case VolumeUse::kIdle: return "idle" + since;
      case VolumeUse::kOrphaned: return "<span class=\"warn\">orphaned</span>" + since;
      case VolumeUse::kUnknown: return "unknown";
    }
    return "";
  }

  void sources() {
    out_ += "<h2>Data sources</h2>\n<table><tr><th>Source<th>Status<th class=\"n\">Last success\n";
    for (const SourceHealth& source : host_.sources) {
      print(
          "<tr><td>{}<td>{}<td class=\"n\">{}\n", source.name,
          source.up ? "ok" : "<span class=\"warn\">" + escaped_html(source.last_error) + "</span>",
          source.last_good ? age(*source.last_good) : "");
    }
    out_ += "</table>\n";
  }

  std::string age(WallTime then) const {
    return human_duration(std::max(0.0, Seconds(host_.taken_at - then).count())) + " ago";
  }

  const HostSnapshot& host_;
  const Inventory& inventory_;
  std::string_view telemetry_path_;
  std::string out_;
};

}  // namespace

std::string landing_page(const HostSnapshot& host, std::string_view telemetry_path) {
  return Page(host, telemetry_path).html();
}

}  // namespace volumeter
