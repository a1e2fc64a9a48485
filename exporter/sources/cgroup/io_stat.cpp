// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/cgroup/io_stat.h"

#include <optional>

#include "exporter/base/device_number.h"
#include "exporter/base/fields.h"

namespace volumeter {
namespace {

// The name from bdi_dev_name() for a disk that is being removed, and for the hidden paths of an
// NVMe multipath disk.
constexpr std::string_view kUnnamed = "(unknown)";

// The fields of one device collected so far.
struct DeviceFields {
  std::optional<DeviceNumber> number;
  std::optional<std::uint64_t> read_bytes;
  std::optional<std::uint64_t> written_bytes;
  std::optional<std::uint64_t> reads;
  std::optional<std::uint64_t> writes;
  bool is_unnamed = false;  // a disk without a number
  bool is_bad = false;

  bool has_none() const { return !read_bytes && !written_bytes && !reads && !writes; }
  bool has_all() const { return read_bytes && written_bytes && reads && writes; }
};

void set(std::optional<std::uint64_t>& value, std::string_view text, DeviceFields& entry) {
  const auto number = to_integer<std::uint64_t>(text);
  if (!number || value) entry.is_bad = true;
  value = number;
}

// Other keys are of discards, iocost and iolatency: "dbytes=0", "cost.vrate=100.00",
// "depth=max".
void add_field(DeviceFields& entry, std::string_view field) {
  const std::string_view key = cut(field, '=');
  if (key == "rbytes") set(entry.read_bytes, field, entry);
  if (key == "wbytes") set(entry.written_bytes, field, entry);
  if (key == "rios") set(entry.reads, field, entry);
  if (key == "wios") set(entry.writes, field, entry);
}

class IoStatReader {
 public:
  Parsed<DeviceIo> read(std::string_view text) && {
    while (!text.empty()) {
      const bool is_whole = text.find('\n') != std::string_view::npos;
      add_line(next_line(text), is_whole);
    }
    keep_first_of_each(parsed_);
    return std::move(parsed_);
  }

 private:
  void add_line(std::string_view line, bool is_whole) {
    std::string_view rest = line;
    DeviceFields entry;
    bool has_begun = false;
    bool is_good = true;
    while (true) {
      const std::string_view field = next_field(rest);
      if (field.empty()) break;
      if (field.find('=') != std::string_view::npos) {
        if (!has_begun) entry.is_bad = true;  // a line without its beginning
        has_begun = true;
        add_field(entry, field);
        continue;
      }
      // Since 5.13 kernels print the number of a device without I/O, and some omit the newline:
      // "7:7 7:6 8:0 rbytes=90430464 ...".
      DeviceFields next = begin(field);
      if (has_begun && next.is_bad) {  // a key without a value
        entry.is_bad = true;
        continue;
      }
      if (has_begun) is_good &= add(entry);
      has_begun = true;
      entry = next;
    }
    if (has_begun && is_whole) is_good &= add(entry);
    // Without a newline the last number may be truncated.
    if (has_begun && !is_whole) is_good &= !entry.is_bad && entry.has_none();
    if (!is_good) parsed_.reject(line);
  }

  static DeviceFields begin(std::string_view field) {
    DeviceFields entry;
    entry.number = parse_device_number(field);
    entry.is_unnamed = field == kUnnamed;
    entry.is_bad = !entry.number && !entry.is_unnamed;
    return entry;
  }

  // False if the entry is malformed.
  bool add(const DeviceFields& entry) {
    if (entry.is_bad || (!entry.has_none() && !entry.has_all())) return false;
    if (entry.is_unnamed) return true;
    DeviceIo device;
    device.number = *entry.number;
    device.reads = entry.reads.value_or(0);
    device.writes = entry.writes.value_or(0);
    device.read_bytes = entry.read_bytes.value_or(0);
    device.written_bytes = entry.written_bytes.value_or(0);
    parsed_.items.push_back(std::move(device));
    return true;
  }

  Parsed<DeviceIo> parsed_;
};

}  // namespace

// Documentation/admin-guide/cgroup-v2.rst, io.stat:
//   8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0
//   8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=50331648 dios=3021
Parsed<DeviceIo> parse_io_stat(std::string_view text) { return IoStatReader().read(text); }

}  // namespace volumeter
