// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/diskstats.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "exporter/base/fields.h"

namespace volumeter {
namespace {

// The unit of the block layer, whatever the sector size of the device.
constexpr std::uint64_t kSectorBytes = 512;

// The number of fields after the name.
constexpr std::size_t kBasic = 11;
constexpr std::size_t kWithDiscards = 15;
constexpr std::size_t kWithFlushes = 17;

// The known fields of a line; `count` includes unknown ones.
struct Numbers {
  std::array<std::uint64_t, kWithFlushes> values{};
  std::size_t count = 0;
  bool are_numbers = true;

  // Any other short length is a truncated line; a longer one is from a newer kernel.
  bool is_whole() const {
    return are_numbers && (count == kBasic || count == kWithDiscards || count >= kWithFlushes);
  }
};

Numbers parse_numbers(std::string_view rest) {
  Numbers numbers;
  for (auto field = next_field(rest); !field.empty(); field = next_field(rest)) {
    const auto value = to_integer<std::uint64_t>(field);
    if (!value) numbers.are_numbers = false;
    if (numbers.count < kWithFlushes) numbers.values[numbers.count] = value.value_or(0);
    ++numbers.count;
  }
  return numbers;
}

double milliseconds(std::uint64_t count) { return static_cast<double>(count) / 1000; }

DiskStats::Requests requests(const std::uint64_t* at) {
  return {.completed = at[0],
          .merged = at[1],
          .bytes = at[2] * kSectorBytes,
          .seconds = milliseconds(at[3])};
}

std::optional<DiskStats> parse_disk(std::string_view line) {
  const auto major = to_integer<unsigned>(next_field(line));
  const auto minor = to_integer<unsigned>(next_field(line));
  const auto name = next_field(line);
  const Numbers numbers = parse_numbers(line);
  if (!major || !minor || !numbers.is_whole()) return {};

  const std::uint64_t* const at = numbers.values.data();
  DiskStats stats{.number = {*major, *minor},
                  .name = std::string(name),
                  .reads = requests(at),
                  .writes = requests(at + 4),
                  .in_flight = at[8],
                  .busy_seconds = milliseconds(at[9]),
                  .weighted_seconds = milliseconds(at[10]),
                  .discards = {},
                  .flushes = {}};
  if (numbers.count >= kWithDiscards) stats.discards = requests(at + kBasic);
  if (numbers.count >= kWithFlushes) {
    stats.flushes = {.completed = at[kWithDiscards],
                     .seconds = milliseconds(at[kWithDiscards + 1])};
  }
  return stats;
}

auto key(const DiskStats& disk) { return std::tie(disk.number, disk.name); }

}  // namespace

bool DiskStats::has_worked() const {
  return reads.completed > 0 || writes.completed > 0 || in_flight > 0 ||
         (discards && discards->completed > 0) || (flushes && flushes->completed > 0);
}

// Documentation/admin-guide/iostats.rst. After number and name: reads and writes (completed,
// merged, sectors, ms), in flight, ms busy, ms weighted; since 4.18 discards; since 5.5 flushes
// (completed, ms):
//  259       2 nvme0n1p2 4912 1287 309530 2131 10933 9841 530648 12005 0 8764 16403 0 0 0 0 0 0
Parsed<DiskStats> parse_diskstats(std::string_view text) {
  Parsed<DiskStats> parsed;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (trim(line).empty()) continue;
    if (auto stats = parse_disk(line)) {
      parsed.items.push_back(std::move(*stats));
    } else {
      parsed.reject(line);
    }
  }
  return parsed;
}

DiskList::DiskList(std::vector<DiskStats> disks) : disks_(std::move(disks)) {
  std::sort(disks_.begin(), disks_.end(),
            [](const DiskStats& a, const DiskStats& b) { return key(a) < key(b); });
}

const DiskStats* DiskList::find(DeviceNumber number) const {
  const auto found = std::lower_bound(
      disks_.begin(), disks_.end(), number,
      [](const DiskStats& disk, DeviceNumber wanted) { return disk.number < wanted; });
  return found != disks_.end() && found->number == number ? &*found : nullptr;
}

const DiskStats* DiskList::find(DeviceNumber number, std::string_view name) const {
  const DiskStats* disk = find(number);
  if (disk == nullptr) return nullptr;
  const DiskStats* const end = disks_.data() + disks_.size();
  for (; disk != end && disk->number == number; ++disk) {
    if (disk->name == name) return disk;
  }
  return nullptr;
}

}  // namespace volumeter
