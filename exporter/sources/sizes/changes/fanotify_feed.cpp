// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/changes/fanotify_feed.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/fanotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <unordered_set>
#include <utility>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

// FAN_MODIFY would make each write cost its writer twice as much.
constexpr std::uint64_t kWatched = FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO |
                                   FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_ONDIR;

// None: the text is shorter.
template <typename T>
std::optional<T> read_front(std::string_view text) {
  if (text.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, text.data(), sizeof(T));
  return value;
}

// The part of struct file_handle before its bytes.
struct HandleHead {
  std::uint32_t size;
  std::int32_t type;
};

// An information record, as fanotify(7) has it:
//   0  u8   its type
//   1  u8   padding
//   2  u16  its length, with what pads it
//   4  u64  the filesystem's f_fsid
//   12 u32  length of the handle
//   16 s32  type of the handle
//   20      the handle
std::optional<DirectoryHandle> parse_directory(std::string_view record) {
  constexpr std::size_t kHandleOffset =
      sizeof(fanotify_event_info_header) + sizeof(__kernel_fsid_t);
  if (record.size() < kHandleOffset) return std::nullopt;
  const auto head = read_front<HandleHead>(record.substr(kHandleOffset));
  if (!head || head->size == 0 || head->size > DirectoryHandle::kMaxBytes) return std::nullopt;
  const std::string_view bytes = record.substr(kHandleOffset + sizeof(HandleHead));
  if (bytes.size() < head->size) return std::nullopt;
  DirectoryHandle handle{.type = head->type, .size = head->size};
  std::memcpy(handle.bytes.data(), bytes.data(), head->size);
  return handle;
}

// A group with FAN_REPORT_DIR_FID alone gets the handle of a directory and nothing else. Yet
// Linux calls it FAN_EVENT_INFO_TYPE_FID if something happened to a file in it and not to its
// name (seen with 6.18: closed after writing, attributes), against what fanotify(7) says.
bool is_of_directory(std::uint8_t type) {
  return type == FAN_EVENT_INFO_TYPE_DFID || type == FAN_EVENT_INFO_TYPE_FID;
}

// `records`: what an event has behind its metadata.
std::optional<DirectoryHandle> find_directory(std::string_view records) {
  while (const auto header = read_front<fanotify_event_info_header>(records)) {
    if (header->len < sizeof *header || header->len > records.size()) return std::nullopt;
    if (is_of_directory(header->info_type)) return parse_directory(records.substr(0, header->len));
    records.remove_prefix(header->len);
  }
  return std::nullopt;
}

// Gathers the changes of several buffers.
class Gatherer {
 public:
  // struct fanotify_event_metadata of fanotify(7), and its information records:
  //   0  u32  length of the event, with its records
  //   4  u8   3, FANOTIFY_METADATA_VERSION
  //   5  u8   reserved
  //   6  u16  24, the length of the metadata
  //   8  u64  what happened; FAN_Q_OVERFLOW (0x4000) alone and without records
  //   16 s32  -1, FAN_NOFD: a group that reports handles opens nothing
  //   20 s32  process
  //   24      records
  void take(std::string_view buffer) {
    while (!buffer.empty()) {
      const auto event = read_front<fanotify_event_metadata>(buffer);
      if (!event || event->vers != FANOTIFY_METADATA_VERSION ||
          event->metadata_len < sizeof *event || event->metadata_len > event->event_len ||
          event->event_len > buffer.size()) {
        reject();
        return;
      }
      take_event(*event, buffer.substr(event->metadata_len,
                                       std::size_t{event->event_len} - event->metadata_len));
      buffer.remove_prefix(event->event_len);
    }
  }

  std::uint64_t bad_events() const { return bad_events_; }
  ChangeFeed::Changes take_changes() { return std::move(changes_); }
  void miss() { changes_.is_complete = false; }

 private:
  void take_event(const fanotify_event_metadata& event, std::string_view records) {
    if ((event.mask & FAN_Q_OVERFLOW) != 0) return miss();
    const auto directory = find_directory(records);
    if (!directory) return reject();
    if (seen_.insert(*directory).second) changes_.directories.push_back(*directory);
  }

  // The directory that it meant is not known.
  void reject() {
    ++bad_events_;
    miss();
  }

  ChangeFeed::Changes changes_;
  std::unordered_set<DirectoryHandle, DirectoryHandleHash> seen_;
  std::uint64_t bad_events_ = 0;
};

// A feed of the kernel.
class Fanotify final : public ChangeFeed {
 public:
  explicit Fanotify(UniqueFd group) : group_(std::move(group)) {}

  // The kernel holds 16384 events, of at most 64 bytes with these handles: sixteen reads.
  // More are only needed for what comes meanwhile, and that may wait.
  Changes drain() override {
    constexpr int kReads = 64;
    Gatherer gatherer;
    for (int i = 0; i < kReads; ++i) {
      std::array<char, 65536> buffer;
      const ssize_t size = ::read(group_.get(), buffer.data(), buffer.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno != EAGAIN) gatherer.miss();
      if (size <= 0) break;
      gatherer.take({buffer.data(), static_cast<std::size_t>(size)});
    }
    return gatherer.take_changes();
  }

 private:
  UniqueFd group_;
};

// EINVAL: no FAN_REPORT_DIR_FID, before Linux 5.9. ENODEV: a filesystem without an f_fsid.
// EXDEV: a btrfs subvolume, whose f_fsid is not that of the whole. EOPNOTSUPP: one without
// handles.
Error refusal(std::string_view where, int number) {
  Error error = from_errno(where, number);
  if (number == EINVAL || number == ENODEV || number == EXDEV) {
    error.kind = ErrorKind::kUnsupported;
  }
  return error;
}

// Whether only this host can change the filesystem: a cluster's (ceph, ocfs2, gfs2, lustre) has
// marks and handles as well, but no word of what others do.
bool is_local(int root) {
  constexpr std::uint32_t kZfs = 0x2fc12fc1;  // OpenZFS, include/sys/fs/zfs.h
  constexpr std::array<std::uint32_t, 7> kLocal{
      EXT4_SUPER_MAGIC,    XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC, F2FS_SUPER_MAGIC, kZfs,
      REISERFS_SUPER_MAGIC};
  struct statfs said {};
  if (::fstatfs(root, &said) != 0) return false;
  const auto type = static_cast<std::uint32_t>(said.f_type);
  return std::find(kLocal.begin(), kLocal.end(), type) != kLocal.end();
}

}  // namespace

Result<UniqueFd> open_change_feed(int root) {
  if (!is_local(root)) {
    return Error{ErrorKind::kUnsupported, "fstatfs",
                 "not known as a filesystem of this host alone"};
  }
  UniqueFd group(::fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DIR_FID,
                                 O_RDONLY | O_CLOEXEC));
  if (!group) return refusal("fanotify_init", errno);
  if (::fanotify_mark(group.get(), FAN_MARK_ADD | FAN_MARK_FILESYSTEM, kWatched, root, ".") < 0) {
    return refusal("fanotify_mark", errno);
  }
  return group;
}

std::unique_ptr<ChangeFeed> make_change_feed(UniqueFd fanotify) {
  return std::make_unique<Fanotify>(std::move(fanotify));
}

ChangeFeed::Changes parse_fanotify_events(std::string_view buffer, std::uint64_t& bad_events) {
  Gatherer gatherer;
  gatherer.take(buffer);
  bad_events += gatherer.bad_events();
  return gatherer.take_changes();
}

}  // namespace volumeter
