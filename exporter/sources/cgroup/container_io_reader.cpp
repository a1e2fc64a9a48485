// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/cgroup/container_io_reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "exporter/base/device_number.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/cgroup/blkio.h"
#include "exporter/sources/cgroup/io_stat.h"
#include "exporter/sources/kernel/block_devices.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr std::string_view kCgroupSubject = "cgroup";
constexpr std::size_t kMaxFileSize = 1 << 20;  // about 10,000 devices

// A pair of cgroup v1 files.
struct BlkioFiles {
  const char* bytes;
  const char* requests;
};

// In order of preference. The throttling layer counts every request; "recursive", which old
// kernels lack, includes child cgroups (Docker in Docker). The I/O schedulers BFQ and, until Linux
// 5.0, CFQ count only the disks that they schedule.
constexpr BlkioFiles kBlkioFiles[] = {
    {"blkio.throttle.io_service_bytes_recursive", "blkio.throttle.io_serviced_recursive"},
    {"blkio.throttle.io_service_bytes", "blkio.throttle.io_serviced"},
    {"blkio.bfq.io_service_bytes_recursive", "blkio.bfq.io_serviced_recursive"},
    {"blkio.io_service_bytes_recursive", "blkio.io_serviced_recursive"},
};

// An open cgroup directory.
struct Folder {
  UniqueFd fd;
  std::uint64_t inode = 0;
};

// Files are opened relative to it: after the cgroup was removed this fails, while the path could
// already be that of the next run.
Result<Folder> open_folder(const std::string& path) {
  Folder folder{UniqueFd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)), 0};
  struct stat status {};
  if (!folder.fd || ::fstat(folder.fd.get(), &status) != 0) return from_errno(path, errno);
  folder.inode = status.st_ino;
  return folder;
}

Result<std::string> read_in(const Folder& folder, const char* name) {
  const UniqueFd file(
      ::openat(folder.fd.get(), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return from_errno(name, errno);
  return read_to_end(file.get(), name, kMaxFileSize);
}

Result<std::vector<BlkioCount>> read_counts(const Folder& folder, const char* name,
                                            std::size_t& bad_lines) {
  const auto text = read_in(folder, name);
  if (!text) return text.error();
  auto parsed = parse_blkio(*text);
  bad_lines += parsed.bad;
  return std::move(parsed.items);
}

// The counters of both files; empty if one cannot be read.
std::vector<DeviceIo> read_blkio(const Folder& folder, const BlkioFiles& files,
                                 std::size_t& bad_lines) {
  const auto bytes = read_counts(folder, files.bytes, bad_lines);
  if (!bytes || bytes->empty()) return {};
  const auto requests = read_counts(folder, files.requests, bad_lines);
  return requests ? join_blkio(*bytes, *requests) : std::vector<DeviceIo>{};
}

// Keeps using the same files, `source`, during a run: counters of other files have other values.
void read_v1(const Folder& folder, std::optional<std::size_t>& source, ContainerIo& io,
             std::size_t& bad_lines) {
  for (std::size_t i = source.value_or(0); i < std::size(kBlkioFiles); ++i) {
    io.devices = read_blkio(folder, kBlkioFiles[i], bad_lines);
    if (!io.devices.empty()) source = i;
    if (source) break;
  }
}

Result<> read_v2(const Folder& folder, ContainerIo& io, std::size_t& bad_lines) {
  const auto text = read_in(folder, "io.stat");
  if (!text) return text.error();
  auto parsed = parse_io_stat(*text);
  bad_lines += parsed.bad;
  io.lists_all = parsed.bad == 0;
  // Writeback is attributed by the memory controller; without it, to the root cgroup.
  io.counts_writeback = ::faccessat(folder.fd.get(), "memory.current", F_OK, 0) == 0;
  io.devices = std::move(parsed.items);
  return Nothing{};
}

// The file is missing without CONFIG_PSI, and unreadable with psi=0.
void read_pressure(const Folder& folder, ContainerIo& io, std::size_t& bad_lines) {
  const auto text = read_in(folder, "io.pressure");
  if (!text) return;
  io.pressure_run = folder.inode;
  io.pressure = parse_io_pressure(*text);
  if (!io.pressure) ++bad_lines;
}

}  // namespace

ContainerIoReader::ContainerIoReader(const HostAccess& host, ChangeLog& log)
    : host_(host), log_(log) {
  health_.name = kCgroupSubject;
  health_.provides = "I/O and I/O pressure of containers";
}

std::vector<std::optional<ContainerIo>> ContainerIoReader::read(
    std::span<const ContainerProcess> containers, const MountList& mounts) {
  follow(mounts);
  names_.clear();
  bad_lines_ = 0;
  first_error_.reset();

  std::vector<std::optional<ContainerIo>> all;
  all.reserve(containers.size());
  Places next;  // without containers that are gone
  std::size_t answered = 0;
  std::size_t ended = 0;
  MissingRuns next_missing;
  for (const ContainerProcess& container : containers) {
    auto io = read_one(container, next);
    if (io) {
      ++answered;
      all.emplace_back(std::move(io).value());
    } else {
      ended += may_have_ended(container, io.error(), next_missing) ? 1 : 0;
      count(std::move(io).error());
      all.emplace_back();
    }
  }
  places_ = std::move(next);
  missing_ = std::move(next_missing);
  note(containers.size(), answered, ended);
  return all;
}

// Mounts change with each container, but cgroup mounts hardly ever do.
void ContainerIoReader::follow(const MountList& mounts) {
  if (mounts_generation_ == mounts.generation()) return;
  mounts_generation_ = mounts.generation();
  CgroupMounts found = find_cgroup_mounts(mounts);
  if (found == mounts_) return;
  mounts_ = std::move(found);
  places_.clear();
}

Result<ContainerIo> ContainerIoReader::read_one(const ContainerProcess& container, Places& next) {
  const auto known = places_.find(container.id);
  Place place;
  if (known != places_.end() && known->second.pid == container.pid) {
    place = std::move(known->second);
  } else {
    auto found = look_up(container);
    if (!found) return std::move(found).error();
    place = std::move(found).value();
  }
  auto io = read_place(place);
  if (io) next.emplace(container.id, std::move(place));
  return io;
}

Result<ContainerIoReader::Place> ContainerIoReader::look_up(const ContainerProcess& container) {
  const std::string file = host_.paths.proc(std::to_string(container.pid) + "/cgroup");
  const auto text = read_file(file, kMaxFileSize);
  if (!text) return text.error();
  const auto memberships = parse_cgroup_memberships(*text);
  bad_lines_ += memberships.bad;
  auto folders = find_cgroup_folders(host_.paths, mounts_, memberships.items, container.id);
  if (!folders) return std::move(folders).error();
  return Place{container.pid, std::move(folders).value(), {}};
}

Result<ContainerIo> ContainerIoReader::read_place(Place& place) {
  const CgroupFolders& folders = place.folders;
  const auto folder = open_folder(folders.counters);
  if (!folder) return folder.error();
  ContainerIo io;
  io.device_run = folder->inode;
  Result<> read = Nothing{};
  if (folders.is_v1) {
    read_v1(*folder, place.source, io, bad_lines_);
  } else {
    read = read_v2(*folder, io, bad_lines_);
  }
  if (folders.pressure == folders.counters) {
    read_pressure(*folder, io, bad_lines_);
  } else if (folders.pressure) {
    if (const auto other = open_folder(*folders.pressure)) read_pressure(*other, io, bad_lines_);
  }
  if (!read) {
    // The cgroup still exists if its pressure could be read after that.
    if (read.error().kind != ErrorKind::kNotFound || !io.pressure) return read.error();
    count({ErrorKind::kUnsupported, folders.counters,
           "io controller not enabled; rootless engines need Delegate=io in user@.service"});
  }
  name_devices(io.devices);
  return io;
}

void ContainerIoReader::name_devices(std::vector<DeviceIo>& devices) {
  for (DeviceIo& device : devices) {
    const auto [name, is_new] = names_.try_emplace(device.number);
    if (is_new) {
      const auto read = read_block_device_name(host_.paths, device.number);
      name->second = Label(read ? *read : to_string(device.number));
    }
    device.name = name->second;
  }
}

void ContainerIoReader::count(Error error) {
  ++health_.errors[static_cast<std::size_t>(error.kind)];
  if (!first_error_) first_error_ = std::move(error);
}

bool ContainerIoReader::may_have_ended(const ContainerProcess& container, const Error& error,
                                       MissingRuns& next) const {
  if (error.kind != ErrorKind::kNotFound) return false;
  const SteadyTime now = host_.steady_now();
  const auto known = missing_.find(container.id);
  const bool is_new = known == missing_.end() || known->second.pid != container.pid;
  const Missing missing = is_new ? Missing{container.pid, now} : known->second;
  next.emplace(container.id, missing);
  return now - missing.since < kMayHaveEnded;
}

// kNotFound of single containers, or of all for a while, is not logged: they have just stopped. Before
// anything was ever found it is a failure all the same, which --check shows.
void ContainerIoReader::note(std::size_t asked, std::size_t answered, std::size_t ended) {
  const bool is_quiet = answered > 0 || ended == asked;
  const bool up = asked == 0 || answered > 0 || (ended == asked && health_.last_good);
  if (up) health_.succeeded(host_.now(), bad_lines_);
  health_.up = up;
  if (!up && first_error_) health_.last_error = first_error_->text();
  if (first_error_ && !(is_quiet && first_error_->kind == ErrorKind::kNotFound)) {
    log_.warning(kCgroupSubject, "container I/O metrics are incomplete",
                 {{"error", first_error_->text()}});
  } else {
    log_.debug(kCgroupSubject, "reading container I/O");
  }
}

}  // namespace volumeter
