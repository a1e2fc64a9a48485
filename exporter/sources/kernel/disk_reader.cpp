// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/disk_reader.h"

#include <string>
#include <utility>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::string_view kSubject = "diskstats";

}  // namespace

DiskReader::DiskReader(const HostAccess& host, ChangeLog& log)
    : host_(host), log_(log), path_(host.paths.proc("diskstats")) {
  health_.name = kSubject;
}

std::shared_ptr<const DiskList> DiskReader::read() {
  const auto text = read_file(path_);
  if (!text) return fail(text.error());
  auto parsed = parse_diskstats(*text);
  if (parsed.items.empty() && parsed.bad > 0) {
    return fail({ErrorKind::kMalformed, path_, "no readable line"});
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
  // Without the line itself: its counters are others each time, and would be news each time.
  if (parsed.bad > 0) {
    log_.warning(kSubject, std::to_string(parsed.bad) + " lines of " + path_ +
                               " cannot be read and those devices have no figures; please "
                               "report that file");
  } else {
    log_.debug(kSubject, "block devices are read from " + path_);
  }
  return std::make_shared<const DiskList>(std::move(parsed.items));
}

std::shared_ptr<const DiskList> DiskReader::fail(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    health_.failed(error);
  }
  log_.error(kSubject, "cannot read " + error.text() +
                           "; block devices have no figures; check --path.procfs and the "
                           "permissions of this process");
  return std::make_shared<const DiskList>();
}

}  // namespace volumeter
