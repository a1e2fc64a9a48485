// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/size_history.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "exporter/base/fields.h"
#include "exporter/model/size_targets.h"
#include "exporter/model/state_text.h"

namespace volumeter {
namespace {

constexpr std::string_view kSizesHeader = "volumeter-sizes 1";
constexpr std::string_view kBindDriver = "bind";
constexpr std::array<std::pair<SizeMethod, std::string_view>, 4> kMethods{
    {{SizeMethod::kWalk, "walk"},
     {SizeMethod::kStatfs, "statfs"},
     {SizeMethod::kQuota, "quota"},
     {SizeMethod::kQgroup, "qgroup"}}};

std::string_view name_of(SizeMethod method) {
  for (const auto& [known, name] : kMethods) {
    if (known == method) return name;
  }
  return kMethods.front().second;
}

std::optional<SizeMethod> method_called(std::string_view name) {
  for (const auto& [method, known] : kMethods) {
    if (known == name) return method;
  }
  return {};
}

std::string count_text(std::optional<std::uint64_t> count) {
  return count ? std::to_string(*count) : "-";
}

// Lives in memory: the same directory is empty after a restart of the host or a remount.
bool is_volatile(std::string_view fstype) { return fstype == "tmpfs" || fstype == "ramfs"; }

// Within what WallTime can hold.
bool is_wall_time(std::optional<double> seconds) {
  constexpr double kLatest = 9e9;
  return seconds && *seconds < kLatest;
}

// As it is read from a line.
std::optional<double> rounded(std::optional<double> seconds) {
  if (!seconds) return {};
  return std::round(*seconds * 1000) / 1000;
}

bool has_measurable_path(const VolumeFacts& volume) {
  return volume.filesystem && !volume.path.empty() && !volume.unmounted && !volume.may_be_unmounted;
}

}  // namespace

SizeHistory::Identity SizeHistory::identity_of(const VolumeFacts& volume,
                                               const Inventory& inventory) {
  Identity identity{volume.driver.plain(), rounded(volume.created), "", "", volume.path};
  if (volume.filesystem) {
    identity.fstype = inventory.filesystems[*volume.filesystem].fstype.plain();
    identity.device = inventory.filesystems[*volume.filesystem].device.plain();
  }
  return identity;
}

// A directory of the host is what its path says; nothing is created anew in its name.
SizeHistory::Identity SizeHistory::identity_of(const BindFacts& bind, const Inventory& inventory) {
  const FilesystemFacts& filesystem = inventory.filesystems[bind.filesystem];
  return {std::string(kBindDriver), 0.0, filesystem.fstype.plain(), filesystem.device.plain(),
          bind.path};
}

// CreatedAt may move without another volume: before Docker 23 it is the ctime of the volume's
// directory. If it moved before the measurement, that was of the volume that is there now. Its
// resolution is a second.
bool SizeHistory::is_same(const Saved& saved, const Identity& now) {
  if (!saved.identity.created || !now.created) return false;
  Identity before = saved.identity;
  const double measured = unix_seconds(saved.reading.space.taken_at);
  if (*now.created >= *before.created && *now.created + 1 <= measured) before.created = now.created;
  return before == now;
}

// A line, fields as written by line_of() and the key last:
//   size 1763880000.123 2.500 walk 8192 5000 3 - 0 1763879000.000 3 1763876700.000 local ext4
//   /dev/vda1 /var/lib/docker/volumes/db/_data db
std::optional<std::pair<std::string, SizeHistory::Saved>> SizeHistory::parse(
    std::string_view line) {
  const auto taken = next_time(line);
  const auto took = next_time(line);
  const auto method = method_called(next_field(line));
  const auto allocated = next_count(line);
  const auto apparent = next_count(line);
  const auto inodes = next_count(line);
  const auto limit = next_count(line);
  const auto errors = next_count(line);
  const auto modified = next_time(line);
  const auto entries = next_count(line);
  const auto created = next_time(line);
  if (!is_wall_time(taken.value) || !is_wall_time(took.value) || !method || !allocated.value ||
      !apparent.valid || !inodes.valid || !limit.valid || !errors.value || !modified.valid ||
      (modified.value && !is_wall_time(modified.value)) || !entries.value || !created.valid) {
    return {};
  }
  auto driver = decoded_name(next_field(line));
  auto fstype = decoded_name(next_field(line));
  auto device = decoded_name(next_field(line));
  auto path = decoded_name(next_field(line));
  auto key = decoded_name(next_field(line));
  if (!driver || !fstype || !device || !path || !key || key->empty() || !trim(line).empty()) {
    return {};
  }
  SizeReading reading;
  reading.space.value = SpaceUsage{.method = *method,
                                   .apparent_bytes = apparent.value,
                                   .allocated_bytes = *allocated.value,
                                   .inodes = inodes.value,
                                   .limit_bytes = limit.value,
                                   .errors = *errors.value,
                                   .last_modified = {},
                                   .contents = {}};
  if (modified.value) reading.space.value->last_modified = from_unix_seconds(*modified.value);
  reading.space.taken_at = from_unix_seconds(*taken.value);
  reading.space.took = Seconds(*took.value);
  reading.entries = *entries.value;
  reading.is_restored = true;
  return std::pair{std::move(*key), Saved{{std::move(*driver), created.value, std::move(*fstype),
                                           std::move(*device), std::move(*path)},
                                          std::move(reading)}};
}

std::string SizeHistory::line_of(const std::string& key, const Identity& identity,
                                 const SizeReading& reading) {
  const SpaceUsage& space = *reading.space.value;
  const auto modified = space.last_modified ? std::optional(unix_seconds(*space.last_modified))
                                            : std::optional<double>();
  return fmt::format("size {:.3f} {:.3f} {} {} {} {} {} {} {} {} {} {} {} {} {} {}\n",
                     unix_seconds(reading.space.taken_at), reading.space.took.count(),
                     name_of(space.method), space.allocated_bytes, count_text(space.apparent_bytes),
                     count_text(space.inodes), count_text(space.limit_bytes), space.errors,
                     modified && *modified >= 0 ? time_text(modified) : "-", reading.entries,
                     time_text(identity.created), encoded_name(identity.driver),
                     encoded_name(identity.fstype), encoded_name(identity.device),
                     encoded_name(identity.path), encoded_name(key));
}

Result<std::size_t> SizeHistory::restore(std::string_view text) {
  if (next_line(text) != kSizesHeader) {
    return Error{ErrorKind::kMalformed, "state file", "does not begin with \"volumeter-sizes 1\""};
  }
  std::size_t bad = 0;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    const auto word = next_field(line);
    if (word.empty()) continue;
    auto saved = word == "size" ? parse(line) : std::nullopt;
    if (!saved || !saved_.insert(std::move(*saved)).second) ++bad;
  }
  return bad;
}

SizeReadings SizeHistory::take(const Inventory& inventory, WallTime now) {
  SizeReadings taken;
  if (saved_.empty()) return taken;
  for (const VolumeFacts& volume : inventory.volumes) {
    if (has_measurable_path(volume))
      take_one(volume.name, identity_of(volume, inventory), now, taken);
  }
  for (const BindFacts& bind : inventory.binds) {
    take_one(size_key(bind), identity_of(bind, inventory), now, taken);
  }
  return taken;
}

void SizeHistory::take_one(const std::string& key, const Identity& identity, WallTime now,
                           SizeReadings& taken) {
  const auto saved = saved_.find(key);
  if (saved == saved_.end() || !is_same(saved->second, identity)) return;
  if (is_volatile(identity.fstype) || saved->second.reading.space.taken_at > now) return;
  taken.emplace(key, std::move(saved->second.reading));
  saved_.erase(saved);
}

std::string SizeHistory::to_text(const Inventory& inventory, const SizeReadings& readings) const {
  std::string out = std::string(kSizesHeader) + '\n';
  for (const VolumeFacts& volume : inventory.volumes) {
    write_one(volume.name, identity_of(volume, inventory), readings, out);
  }
  for (const BindFacts& bind : inventory.binds) {
    write_one(size_key(bind), identity_of(bind, inventory), readings, out);
  }
  return out;
}

void SizeHistory::write_one(const std::string& key, const Identity& identity,
                            const SizeReadings& readings, std::string& out) const {
  std::string line;
  const auto reading = readings.find(key);
  if (reading != readings.end() && reading->second.space.value) {
    if (identity.created && !is_volatile(identity.fstype)) {
      line = line_of(key, identity, reading->second);
    }
  } else if (const auto saved = saved_.find(key); saved != saved_.end()) {
    line = line_of(key, saved->second.identity, saved->second.reading);
  }
  if (out.size() + line.size() <= kMaxTextBytes) out += line;
}

}  // namespace volumeter
