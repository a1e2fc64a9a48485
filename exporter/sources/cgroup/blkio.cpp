// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/cgroup/blkio.h"

#include <optional>

#include "exporter/base/device_number.h"
#include "exporter/base/fields.h"

namespace volumeter {
namespace {

// "8:16 Read 1459200"
struct Row {
  DeviceNumber device;
  std::string_view operation;
  std::uint64_t count = 0;
};

std::optional<Row> parse_row(std::string_view line) {
  const auto device = parse_device_number(next_field(line));
  const std::string_view operation = next_field(line);
  const auto count = to_integer<std::uint64_t>(next_field(line));
  if (!device || !count || !next_field(line).empty()) return {};
  return Row{*device, operation, *count};
}

// The rows of one device collected so far.
struct DeviceOperations {
  DeviceNumber device;
  std::optional<std::uint64_t> read;
  std::optional<std::uint64_t> write;
};

void finish(const std::optional<DeviceOperations>& entry, Parsed<BlkioCount>& parsed) {
  if (!entry) return;
  if (!entry->read || !entry->write) return parsed.reject(to_string(entry->device));
  parsed.items.push_back({entry->device, *entry->read, *entry->write});
}

// A disk that is being removed, or a path of an NVMe multipath disk (containerd/cgroups issue 393):
// "(unknown) Read 4096".
bool is_unnamed(std::string_view line) { return next_field(line) == "(unknown)"; }

// The sum over all devices, the last and often the only line: "Total 316232704".
bool is_sum(std::string_view line) { return next_field(line) == "Total"; }

}  // namespace

// Documentation/admin-guide/cgroup-v1/blkio-controller.rst; Discard since Linux 4.18:
//   8:16 Read 1459200
//   8:16 Write 314773504
//   8:16 Sync 316232704
//   8:16 Async 0
//   8:16 Discard 0
//   8:16 Total 316232704
//   Total 316232704
Parsed<BlkioCount> parse_blkio(std::string_view text) {
  Parsed<BlkioCount> parsed;
  std::optional<DeviceOperations> entry;
  while (!text.empty()) {
    const bool is_whole = text.find('\n') != std::string_view::npos;
    const std::string_view line = next_line(text);
    if (line.empty() || is_sum(line) || is_unnamed(line)) continue;
    const auto row = parse_row(line);
    if (!row || !is_whole) {  // without a newline the number may be truncated
      parsed.reject(line);
      continue;
    }
    if (!entry || entry->device != row->device) {
      finish(entry, parsed);
      entry = DeviceOperations{row->device, {}, {}};
    }
    if (row->operation == "Read" && !entry->read) entry->read = row->count;
    if (row->operation == "Write" && !entry->write) entry->write = row->count;
  }
  finish(entry, parsed);
  keep_first_of_each(parsed);
  return parsed;
}

std::vector<DeviceIo> join_blkio(const std::vector<BlkioCount>& bytes,
                                 const std::vector<BlkioCount>& requests) {
  std::vector<DeviceIo> joined;
  auto request = requests.begin();
  for (const BlkioCount& of_bytes : bytes) {
    while (request != requests.end() && request->number < of_bytes.number) ++request;
    if (request == requests.end()) break;
    if (request->number != of_bytes.number) continue;
    DeviceIo device;
    device.number = of_bytes.number;
    device.reads = request->read;
    device.writes = request->write;
    device.read_bytes = of_bytes.read;
    device.written_bytes = of_bytes.write;
    joined.push_back(std::move(device));
  }
  return joined;
}

}  // namespace volumeter
