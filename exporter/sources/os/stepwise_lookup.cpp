// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/stepwise_lookup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <vector>

namespace volumeter {
namespace {

constexpr unsigned kMaxLinks = 40;  // as the kernel, path_resolution(7)

// One lookup: where it is, and what of the path is left.
class Lookup {
 public:
  Lookup(int root, const std::string& path, int flags)
      : root_(root), rest_(path), flags_(flags | O_CLOEXEC) {}

  UniqueFd open() {
    while (true) {
      const std::string name = next_name();
      if (name.empty()) return open_here(".", flags_ & ~O_NOFOLLOW);
      if (name == "..") {
        if (!way_.empty()) way_.pop_back();
      } else if (rest_.empty()) {
        if (auto file = open_last(name)) return std::move(*file);
      } else if (!descend(name)) {
        return {};
      }
    }
  }

 private:
  int here() const { return way_.empty() ? root_ : way_.back().get(); }

  UniqueFd open_here(const std::string& name, int flags) const {
    return UniqueFd(::openat(here(), name.c_str(), flags));
  }

  // Without slashes before it; a slash after it stays and says that it is a directory.
  std::string next_name() {
    while (!rest_.empty()) {
      rest_.erase(0, std::min(rest_.find_first_not_of('/'), rest_.size()));
      const auto end = std::min(rest_.find('/'), rest_.size());
      std::string name = rest_.substr(0, end);
      rest_.erase(0, end);
      if (name != ".") return name;
    }
    return {};
  }

  // Nothing if it was a link, which is to be followed next.
  std::optional<UniqueFd> open_last(const std::string& name) {
    if ((flags_ & O_NOFOLLOW) != 0) return open_here(name, flags_);
    if (follow(name)) return {};
    if (errno != EINVAL) return UniqueFd();
    return open_here(name, flags_ | O_NOFOLLOW);  // a link may have taken its place meanwhile
  }

  bool descend(const std::string& name) {
    UniqueFd directory = open_here(name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory) {
      way_.push_back(std::move(directory));
      return true;
    }
    if (errno != ENOTDIR && errno != ELOOP) return false;
    if (follow(name)) return true;
    if (errno == EINVAL) errno = ENOTDIR;
    return false;
  }

  // Puts the target of a link in front of what is left. EINVAL: it is no link.
  bool follow(const std::string& name) {
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlinkat(here(), name.c_str(), target.data(), target.size());
    if (size < 0) return false;
    const std::string path(target.data(), static_cast<std::size_t>(size));
    if (path.empty() || ++links_ > kMaxLinks || path.size() + rest_.size() >= PATH_MAX) {
      errno = path.empty() ? ENOENT : links_ > kMaxLinks ? ELOOP : ENAMETOOLONG;
      return false;
    }
    if (path.front() == '/') way_.clear();
    rest_.insert(0, path);
    return true;
  }

  const int root_;
  std::string rest_;
  const int flags_;
  std::vector<UniqueFd> way_;  // the directories from the root to here
  unsigned links_ = 0;
};

}  // namespace

UniqueFd open_stepwise(int root, const std::string& path, int flags) {
  return Lookup(root, path, flags).open();
}

}  // namespace volumeter
