// SPDX-License-Identifier: Apache-2.0
#include "tests/support/hung_fuse.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace volumeter::test {
namespace {

constexpr std::size_t kPacketBytes = 256 << 10;
constexpr std::uint64_t kSubdirectory = std::uint64_t{1} << 32;  // files follow their directory

bool is_directory(std::uint64_t node) { return node == FUSE_ROOT_ID || node == kSubdirectory; }

std::uint32_t type_of(std::uint64_t node) { return is_directory(node) ? S_IFDIR : S_IFREG; }

fuse_attr attributes(std::uint64_t node, const OddEntries& odd) {
  fuse_attr attr{};
  attr.ino = node;
  attr.mode = type_of(node) | (is_directory(node) ? 0755U : 0644U);
  attr.nlink = odd.link_count.value_or(is_directory(node) ? 2 : 1);
  attr.blksize = 4096;
  return attr;
}

}  // namespace

HungFuse::HungFuse(std::string mount_point, std::uint64_t files, OddEntries odd)
    : mount_point_(std::move(mount_point)),
      files_(files),
      odd_(odd),
      device_(::open("/dev/fuse", O_RDWR | O_CLOEXEC)),
      stop_event_(::eventfd(0, EFD_CLOEXEC)) {
  const std::string options =
      "fd=" + std::to_string(device_.get()) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
  if (!device_ || ::mount("hung", mount_point_.c_str(), "fuse.hung", MS_NOSUID | MS_NODEV,
                          options.c_str()) != 0) {
    throw std::runtime_error("cannot mount FUSE at " + mount_point_);
  }
  thread_ = std::thread([this] { serve(); });
}

HungFuse::~HungFuse() {
  release();
  ::umount2(mount_point_.c_str(), MNT_DETACH);
  ::eventfd_write(stop_event_.get(), 1);
  thread_.join();
}

void HungFuse::hang() {
  const std::lock_guard lock(mutex_);
  hung_ = true;
}

void HungFuse::release() {
  std::vector<Request> held;
  {
    const std::lock_guard lock(mutex_);
    hung_ = false;
    held.swap(held_);
  }
  for (const Request& request : held) answer(request);
}

void HungFuse::set_delay(std::chrono::milliseconds delay) {
  const std::lock_guard lock(mutex_);
  delay_ = delay;
}

std::size_t HungFuse::waiting() {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

std::size_t HungFuse::statfs_requests() {
  const std::lock_guard lock(mutex_);
  return statfs_requests_;
}

void HungFuse::serve() {
  std::vector<char> packet(kPacketBytes);
  while (true) {
    std::array entries{pollfd{device_.get(), POLLIN, 0}, pollfd{stop_event_.get(), POLLIN, 0}};
    ::poll(entries.data(), entries.size(), -1);
    if (entries[1].revents != 0) return;
    const ssize_t got = ::read(device_.get(), packet.data(), packet.size());
    if (got < 0 && errno == ENODEV) return;  // unmounted
    if (got > 0) take(packet.data(), static_cast<std::size_t>(got));
  }
}

// linux/fuse.h: a request is a fuse_in_header and the data of its opcode.
void HungFuse::take(const char* packet, std::size_t size) {
  fuse_in_header header{};
  if (size < sizeof(header)) return;
  std::memcpy(&header, packet, sizeof(header));
  const char* body = packet + sizeof(header);
  Request request{header.unique, header.nodeid, 0, header.opcode, {}};
  if (header.opcode == FUSE_LOOKUP) request.name = body;
  if (header.opcode == FUSE_READDIR) {
    fuse_read_in read{};
    std::memcpy(&read, body, sizeof(read));
    request.offset = read.offset;
  }
  if (header.opcode == FUSE_FORGET || header.opcode == FUSE_BATCH_FORGET ||
      header.opcode == FUSE_INTERRUPT) {
    return;  // need no reply
  }
  std::chrono::milliseconds delay{0};
  {
    const std::lock_guard lock(mutex_);
    if (header.opcode == FUSE_STATFS) ++statfs_requests_;
    if (hung_ && header.opcode != FUSE_INIT) return held_.push_back(request);
    delay = delay_;
  }
  std::this_thread::sleep_for(delay);
  answer(request);
}

void HungFuse::answer(const Request& request) {
  switch (request.opcode) {
    case FUSE_INIT: {
      fuse_init_out out{};
      out.major = FUSE_KERNEL_VERSION;
      out.minor = 31;
      out.max_write = 4096;
      return reply(request.unique, 0, &out, sizeof(out));
    }
    case FUSE_STATFS: return reply_statfs(request);
    case FUSE_GETATTR: return reply_attributes(request);
    case FUSE_LOOKUP: return reply_lookup(request);
    case FUSE_READDIR: return reply_directory(request);
    case FUSE_OPENDIR: {
      const fuse_open_out out{};
      return reply(request.unique, 0, &out, sizeof(out));
    }
    case FUSE_RELEASEDIR:
    case FUSE_DESTROY: return reply(request.unique, 0, nullptr, 0);
    default: return reply(request.unique, ENOSYS, nullptr, 0);
  }
}

void HungFuse::reply(std::uint64_t unique, int error, const void* data, std::size_t size) {
  fuse_out_header header{};
  header.unique = unique;
  header.error = -error;
  header.len = static_cast<std::uint32_t>(sizeof(header) + size);
  std::array pieces{iovec{&header, sizeof(header)}, iovec{const_cast<void*>(data), size}};
  // Fails if the caller was killed or the filesystem unmounted; both are fine.
  [[maybe_unused]] const ssize_t written = ::writev(device_.get(), pieces.data(), pieces.size());
}

// "f0", "f1", ..., and in the root "d" last.
std::uint64_t HungFuse::children(std::uint64_t directory) const {
  return files_ + (odd_.has_subdirectory && directory == FUSE_ROOT_ID ? 1 : 0);
}

std::uint64_t HungFuse::child(std::uint64_t directory, std::uint64_t index) const {
  return index < files_ ? directory + 1 + index : kSubdirectory;
}

std::string HungFuse::name_of_child(std::uint64_t index) const {
  return index < files_ ? "f" + std::to_string(index) : "d";
}

void HungFuse::reply_attributes(const Request& request) {
  fuse_attr_out out{};  // validity 0: the kernel asks each time
  out.attr = attributes(request.node, odd_);
  reply(request.unique, 0, &out, sizeof(out));
}

void HungFuse::reply_lookup(const Request& request) {
  for (std::uint64_t i = 0; i < children(request.node); ++i) {
    if (request.name != name_of_child(i)) continue;
    fuse_entry_out out{};
    out.nodeid = child(request.node, i);
    out.attr = attributes(out.nodeid, odd_);
    return reply(request.unique, 0, &out, sizeof(out));
  }
  reply(request.unique, ENOENT, nullptr, 0);
}

// One entry per reply.
void HungFuse::reply_directory(const Request& request) {
  if (request.offset >= children(request.node)) return reply(request.unique, 0, nullptr, 0);
  const std::string name = name_of_child(request.offset);
  fuse_dirent entry{};
  entry.ino = child(request.node, request.offset);
  entry.off = request.offset + 1;
  entry.namelen = static_cast<std::uint32_t>(name.size());
  entry.type = odd_.listed_type.value_or(type_of(entry.ino) >> 12);
  std::vector<char> out(FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + name.size()));
  std::memcpy(out.data(), &entry, FUSE_NAME_OFFSET);
  std::memcpy(out.data() + FUSE_NAME_OFFSET, name.data(), name.size());
  reply(request.unique, 0, out.data(), out.size());
}

void HungFuse::reply_statfs(const Request& request) {
  fuse_statfs_out out{};
  out.st.blocks = kBlocks;
  out.st.bfree = kFreeBlocks;
  out.st.bavail = kFreeBlocks;
  out.st.bsize = 4096;
  out.st.frsize = 4096;
  out.st.namelen = 255;
  reply(request.unique, 0, &out, sizeof(out));
}

}  // namespace volumeter::test
