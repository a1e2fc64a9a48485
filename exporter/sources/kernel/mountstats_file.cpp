// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/mountstats_file.h"

#include <string>
#include <utility>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

// An NFS 4.2 mount takes about 4 KiB: enough for 16,000 mounts.
constexpr std::size_t kMaxMountstatsBytes = 64 << 20;

constexpr std::string_view kMountstats = "mountstats";

}  // namespace

MountstatsFile::MountstatsFile(const HostAccess& host, ChangeLog& log) : host_(host), log_(log) {
  health_.name = kMountstats;
  health_.provides = "I/O statistics of NFS volumes";
}

std::optional<std::vector<NfsStats>> MountstatsFile::read() {
  const auto text = read_text();
  if (!text) {
    fail(text.error());
    return {};
  }
  auto parsed = parse_mountstats(*text);
  accept(parsed);
  return std::move(parsed.items);
}

SourceHealth MountstatsFile::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

Result<std::string> MountstatsFile::read_text() const {
  auto text = read_file(host_.paths.proc("1/mountstats"), kMaxMountstatsBytes);
  return text ? std::move(text)
              : read_file(host_.paths.proc("self/mountstats"), kMaxMountstatsBytes);
}

void MountstatsFile::accept(const Parsed<NfsStats>& parsed) {
  const std::lock_guard lock(mutex_);
  health_.succeeded(host_.now(), parsed.bad);
  if (parsed.bad > 0) {
    log_.warning(kMountstats,
                 "cannot parse lines; NFS counters left out; please report the example",
                 {{"lines", std::to_string(parsed.bad)}, {"example", parsed.first_bad}});
  } else {
    log_.debug(kMountstats, "reading NFS counters");
  }
}

void MountstatsFile::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  health_.failed(error);
  log_.error(kMountstats, "cannot read; no NFS counters; check --path.procfs and permissions",
             {{"error", error.text()}});
}

}  // namespace volumeter
