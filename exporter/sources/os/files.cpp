// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "exporter/sources/os/stepwise_lookup.h"

namespace volumeter {
namespace {

namespace fs = boost::filesystem;

ErrorKind kind_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ENXIO:
    case ESRCH:  // of a file in /proc/<pid>: the process has ended meanwhile
    case ENODEV: return ErrorKind::kNotFound;
    case EACCES:
    case EPERM: return ErrorKind::kPermission;
    case ETIMEDOUT: return ErrorKind::kTimeout;
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG:
    case EOVERFLOW: return ErrorKind::kMalformed;
    case ENOSYS:
    case EOPNOTSUPP: return ErrorKind::kUnsupported;
    // Limits of this process or of the whole system: no evidence about what was to be opened.
    case EMFILE:
    case ENFILE:
    case ENOMEM: return ErrorKind::kNotAsked;
    default: return ErrorKind::kIo;
  }
}

std::string folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

Result<> write_all(int fd, std::string_view text, const std::string& where) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return from_errno(where, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return Nothing{};
}

Result<> write_and_sync(const std::string& path, std::string_view text) {
  const UniqueFd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return from_errno(path, errno);
  if (auto written = write_all(file.get(), text, path); !written) return written;
  if (::fsync(file.get()) != 0) return from_errno(path, errno);
  return Nothing{};
}

int open_below(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: a concurrent rename while ".." was resolved (openat2(2)).
  constexpr int kAttempts = 16;
  int fd = -1;
  for (int i = 0; i < kAttempts; ++i) {
    fd = static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how)));
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return fd;
}

}  // namespace

Error from_errno(std::string_view where, int number) {
  return {kind_of(number), std::string(where), std::generic_category().message(number)};
}

Result<std::string> read_to_end(int fd, std::string_view where, std::size_t max_bytes) {
  std::string text;
  std::array<char, 16 << 10> buffer;
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return from_errno(where, errno);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > max_bytes) {
      return Error{ErrorKind::kMalformed, std::string(where),
                   "longer than " + std::to_string(max_bytes) + " bytes"};
    }
  }
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return from_errno(path, errno);
  return read_to_end(file.get(), path, max_bytes);
}

Result<std::vector<std::string>> list_dir(const std::string& path) {
  boost::system::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    if (names.size() == kMaxDirEntries) {
      return Error{ErrorKind::kMalformed, path,
                   "more than " + std::to_string(kMaxDirEntries) + " entries"};
    }
    names.push_back(entry->path().filename().string());
  }
  if (error) return from_errno(path, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> read_link(const std::string& path) {
  boost::system::error_code error;
  const fs::path target = fs::read_symlink(path, error);
  if (error) return from_errno(path, error.value());
  return target.string();
}

Result<UniqueFd> open_in_root(const std::string& rootfs, const std::string& path, int flags) {
  if (path.empty() || path.front() != '/' || path.find('\0') != std::string::npos) {
    return Error{ErrorKind::kMalformed, path, "not an absolute path"};
  }
  if (rootfs == "/") {
    UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC));
    if (!file) return from_errno(path, errno);
    return file;
  }
  const UniqueFd root(::open(rootfs.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return from_errno(rootfs, errno);
  UniqueFd file(open_below(root.get(), path, flags | O_CLOEXEC));
  // ENOSYS: Linux before 5.6, or RestrictSUIDSGID= of systemd. EPERM and EACCES: what seccomp filters
  // older than the call answer to it, and what a lookup that is really refused gets twice.
  if (!file && (errno == ENOSYS || errno == EPERM || errno == EACCES)) {
    file = open_stepwise(root.get(), path, flags);
  }
  if (!file) return from_errno(path, errno);
  return file;
}

Result<> make_directories(const std::string& path) {
  boost::system::error_code error;
  fs::create_directories(path, error);
  if (error) return from_errno(path, error.value());
  return Nothing{};
}

Result<> check_writable_directory(const std::string& path) {
  for (std::string folder = path;; folder = folder_of(folder)) {
    if (::access(folder.c_str(), W_OK | X_OK) == 0) return Nothing{};
    if (errno != ENOENT || folder == "/" || folder == ".") return from_errno(folder, errno);
  }
}

Result<> write_file_atomically(const std::string& path, std::string_view text) {
  const std::string draft = path + ".tmp";
  if (auto written = write_and_sync(draft, text); !written) {
    ::unlink(draft.c_str());
    return written;
  }
  if (std::rename(draft.c_str(), path.c_str()) != 0) {
    const Error error = from_errno(path, errno);
    ::unlink(draft.c_str());
    return error;
  }
  const UniqueFd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return from_errno(folder_of(path), errno);
  return Nothing{};
}

}  // namespace volumeter
