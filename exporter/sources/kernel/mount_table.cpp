// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/mount_table.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr auto kReadAgainAfter = std::chrono::seconds(15);

// The kernel allows 100,000 mounts in a namespace, about 16 MiB.
constexpr std::size_t kMaxMountinfoBytes = 64 << 20;

constexpr std::string_view kMountinfo = "mountinfo";

}  // namespace

MountTable::MountTable(const HostAccess& host, ChangeLog& log)
    : host_(host), log_(log), list_(std::make_shared<const MountList>(std::vector<Mount>{})) {
  health_.name = kMountinfo;
  health_.provides = "the mount table";
}

std::shared_ptr<const MountList> MountTable::current() {
  const std::lock_guard lock(mutex_);
  if (is_current()) {
    health_.last_good = host_.now();
  } else {
    refresh();
  }
  return list_;
}

SourceHealth MountTable::health() const {
  const std::lock_guard lock(mutex_);
  return health_;
}

bool MountTable::is_current() {
  return file_ && !has_changed() && host_.steady_now() - read_at_ < kReadAgainAfter;
}

// proc(5): mountinfo is always readable; POLLERR and POLLPRI are reported once per change since
// it was opened or last polled. A regular file (--root) never reports them.
bool MountTable::has_changed() const {
  pollfd entry{file_.get(), POLLPRI, 0};
  return ::poll(&entry, 1, 0) > 0;
}

Result<> MountTable::open_file() {
  if (file_) return Nothing{};
  for (const char* name : {"1/mountinfo", "self/mountinfo"}) {
    path_ = host_.paths.proc(name);
    file_.reset(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file_) return Nothing{};
  }
  return from_errno(path_, errno);
}

// A mount can be missed if the list changes between two read(2) calls; then the file is read
// again.
Result<std::string> MountTable::read_consistently() {
  constexpr int kAttempts = 4;
  Result<std::string> text = std::string();
  for (int i = 0; i < kAttempts; ++i) {
    if (::lseek(file_.get(), 0, SEEK_SET) != 0) return from_errno(path_, errno);
    text = read_to_end(file_.get(), path_, kMaxMountinfoBytes);
    if (!text || !has_changed()) break;
  }
  return text;
}

void MountTable::refresh() {
  if (const auto opened = open_file(); !opened) return fail(opened.error());
  const auto text = read_consistently();
  if (!text) return fail(text.error());
  const auto hash = std::hash<std::string>{}(*text);
  if (hash == text_hash_) return stay();
  auto parsed = parse_mountinfo(*text);
  if (parsed.items.empty() && parsed.bad > 0) {
    return fail({ErrorKind::kMalformed, path_, "no valid line: " + parsed.first_bad});
  }
  text_hash_ = hash;
  accept(std::move(parsed));
}

void MountTable::stay() {
  read_at_ = host_.steady_now();
  health_.succeeded(host_.now(), health_.bad_items);
}

void MountTable::accept(Parsed<Mount> parsed) {
  read_at_ = host_.steady_now();
  health_.succeeded(host_.now(), parsed.bad);
  if (parsed.bad > 0) {
    log_.warning(
        kMountinfo, "cannot parse lines; mounts left out; please report the example",
        {{"path", path_}, {"lines", std::to_string(parsed.bad)}, {"example", parsed.first_bad}});
  } else {
    log_.debug(kMountinfo, "reading mounts", {{"path", path_}});
  }
  list_ = std::make_shared<const MountList>(std::move(parsed.items), list_->generation() + 1);
}

void MountTable::fail(const Error& error) {
  file_.reset();
  text_hash_.reset();
  health_.failed(error);
  log_.error(kMountinfo,
             "cannot read; using the last known mounts; check --path.procfs and permissions",
             {{"error", error.text()}});
}

}  // namespace volumeter
