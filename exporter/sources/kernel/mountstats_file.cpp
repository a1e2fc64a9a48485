// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/mountstats_file.h"

#include <string>
#include <utility>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

// A mount of NFS 4.2 takes some 4 KiB: this is enough for 16 000.
constexpr std::size_t kMaxMountstatsBytes = 64 << 20;

constexpr std::string_view kSubject = "mountstats";

}  // namespace

MountstatsFile::MountstatsFile(const HostAccess& host, ChangeLog& log) : host_(host), log_(log) {
  health_.name = kSubject;
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
    log_.warning(kSubject, std::to_string(parsed.bad) +
                               " lines cannot be read and their counters of NFS are left out; "
                               "please report the first: " +
                               parsed.first_bad);
  } else {
    log_.debug(kSubject, "counters of NFS are readable");
  }
}

void MountstatsFile::fail(const Error& error) {
  const std::lock_guard lock(mutex_);
  health_.failed(error);
  log_.error(kSubject, "cannot read " + error.text() +
                           "; the counters of NFS volumes are unknown; check --path.procfs and "
                           "the permissions of this process");
}

}  // namespace volumeter
