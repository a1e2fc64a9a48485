// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/walk/file_handles.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

constexpr int kOpenFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

// struct file_handle of name_to_handle_at(2): u32 handle_bytes, s32 handle_type, bytes.
struct alignas(file_handle) RawHandle {
  std::array<std::uint8_t, sizeof(file_handle) + DirectoryHandle::kMaxBytes> bytes{};

  file_handle* get() { return reinterpret_cast<file_handle*>(bytes.data()); }
};

// O_NOATIME is for the owner and root (open(2)).
template <typename Open>
UniqueFd open_quietly(Open open) {
  const int fd = open(kOpenFlags | O_NOATIME);
  return UniqueFd(fd < 0 && errno == EPERM ? open(kOpenFlags) : fd);
}

// EXDEV if something is mounted at `name` and that is refused. ENOSYS: Linux before 5.6. EPERM: what
// some seccomp filters answer to an unknown call, and what O_NOATIME gets on files of others.
int open_at(int parent, const char* name, int flags, Crossing crossing) {
  if (crossing == Crossing::kRefused) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags);
    how.resolve = RESOLVE_NO_XDEV;
    const long fd = ::syscall(SYS_openat2, parent, name, &how, sizeof how);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(fd);
  }
  return ::openat(parent, name, flags);
}

}  // namespace

Result<DirectoryHandle> handle_of(int directory, const char* name) {
  RawHandle raw;
  raw.get()->handle_bytes = DirectoryHandle::kMaxBytes;
  int mount = 0;
  const int flags = *name == '\0' ? AT_EMPTY_PATH : 0;
  if (::name_to_handle_at(directory, name, raw.get(), &mount, flags) != 0) {
    if (errno == EOVERFLOW) {
      return Error{ErrorKind::kUnsupported, "name_to_handle_at", "handles are too long"};
    }
    // Only a seccomp filter answers EPERM: the files can be read all the same.
    if (errno == EPERM) {
      return Error{ErrorKind::kUnsupported, "name_to_handle_at", "denied by a seccomp filter"};
    }
    return from_errno("name_to_handle_at", errno);
  }
  DirectoryHandle handle;
  handle.type = raw.get()->handle_type;
  handle.size = std::min<std::uint32_t>(raw.get()->handle_bytes, DirectoryHandle::kMaxBytes);
  std::memcpy(handle.bytes.data(), raw.get()->f_handle, handle.size);
  return handle;
}

UniqueFd open_handle(int filesystem, const DirectoryHandle& handle) {
  RawHandle raw;
  raw.get()->handle_bytes = std::min<std::uint32_t>(handle.size, DirectoryHandle::kMaxBytes);
  raw.get()->handle_type = handle.type;
  std::memcpy(raw.get()->f_handle, handle.bytes.data(), raw.get()->handle_bytes);
  // ext4 says ENOMEM while the inode number of a removed directory is given to a new file
  // (iget_locked() has no other word for it); as soon as that is done the handle is stale.
  constexpr int kTries = 50;
  UniqueFd fd;
  for (int i = 0; i < kTries && !fd && (i == 0 || errno == ENOMEM); ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    fd = open_quietly([&](int flags) { return ::open_by_handle_at(filesystem, raw.get(), flags); });
  }
  return fd;
}

UniqueFd open_subdirectory(int parent, const char* name, Crossing crossing) {
  return open_quietly([&](int flags) { return open_at(parent, name, flags, crossing); });
}

UniqueFd open_entry(int parent, const char* name, Crossing crossing) {
  return UniqueFd(open_at(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, crossing));
}

}  // namespace volumeter
