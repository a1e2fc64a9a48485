// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/disk_reader.h"

#include <string>
#include <utility>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::string_view kDiskstats = "diskstats";

}  // namespace

DiskReader::DiskReader(const HostAccess& host, ChangeLog& log)
    : host_(host), log_(log), path_(host.paths.proc("diskstats")) {
  health_.name = kDiskstats;
  health_.provides = "I/O statistics of block devices";
}

std::shared_ptr<const DiskList> DiskReader::read() {
  const auto text = read_file(path_);
  if (!text) return fail(text.error());
  auto parsed = parse_diskstats(*text);
  if (parsed.items.empty() && parsed.bad > 0) {
    return fail({ErrorKind::kMalformed, path_, "no valid line"});
  }
  return accept(std::move(parsed));
}

SourceHealth DiskReader::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

std::shared_ptr<const DiskList> DiskReader::accept(Parsed<DiskStats> parsed) {
  {
    const std::lock_guard lock(mutex_);
    health_.succeeded(host_.now(), parsed.bad);
  }
  // Without an example: its counters change, and each read would log a new line.
  if (parsed.bad > 0) {
    log_.warning(kDiskstats,
                 "cannot parse lines; no metrics for their devices; please report the file",
                 {{"path", path_}, {"lines", std::to_string(parsed.bad)}});
  } else {
    log_.debug(kDiskstats, "reading block devices", {{"path", path_}});
  }
  return std::make_shared<const DiskList>(std::move(parsed.items));
}

std::shared_ptr<const DiskList> DiskReader::fail(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    health_.failed(error);
  }
  log_.error(kDiskstats,
             "cannot read; no metrics for block devices; check --path.procfs and permissions",
             {{"error", error.text()}});
  return std::make_shared<const DiskList>();
}

}  // namespace volumeter
