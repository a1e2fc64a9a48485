// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/probe_worker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>
#include <string_view>

#include "exporter/base/fields.h"
#include "exporter/sources/helpers/probe_protocol.h"
#include "exporter/sources/helpers/scan_worker.h"
#include "exporter/sources/os/files.h"
#include "exporter/sources/os/privileges.h"
#include "exporter/sources/sizes/changes/fanotify_feed.h"

namespace volumeter {
namespace {

Answer failure(const Error& error) {
  Answer answer;
  answer.kind = AnswerKind::kError;
  answer.error_kind = error.kind;
  answer.text = error.what;
  return answer;
}

// statvfs(3): sizes are in units of f_frsize.
Answer statfs_answer(const Question& question) {
  const auto place = open_in_root(question.rootfs, question.path, O_PATH);
  if (!place) return failure(place.error());
  struct statvfs said {};
  if (::fstatvfs(place->get(), &said) != 0) return failure(from_errno(question.path, errno));
  Answer answer;
  answer.kind = AnswerKind::kDone;
  answer.filesystem = {.unit = said.f_frsize,
                       .blocks = said.f_blocks,
                       .blocks_free = said.f_bfree,
                       .blocks_available = said.f_bavail,
                       .files = said.f_files,
                       .files_free = said.f_ffree};
  return answer;
}

// The target of a symbolic link; nothing if the open file is none.
std::optional<std::string> link_target(const UniqueFd& place) {
  std::array<char, PATH_MAX> target;
  const ssize_t size = ::readlinkat(place.get(), "", target.data(), target.size());
  if (size <= 0) return {};
  return std::string(target.data(), static_cast<std::size_t>(size));
}

// Component by component up to the first symbolic link, which is not followed: where it leads may
// hang, and that is no fault of the mount that is asked.
Answer resolve_answer(const Question& question) {
  if (!question.path.starts_with('/')) {
    return failure({ErrorKind::kMalformed, question.path, "not an absolute path"});
  }
  Answer answer;
  answer.kind = AnswerKind::kDone;
  std::string_view rest = question.path;
  std::string done;  // without links
  while (!rest.empty()) {
    const std::string_view name = cut(rest, '/');
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      done.erase(std::min(done.rfind('/'), done.size()));
      continue;
    }
    const std::string next = done + "/" + std::string(name);
    const auto place = open_in_root(question.rootfs, next, O_PATH | O_NOFOLLOW);
    if (!place) return failure(place.error());
    if (const auto target = link_target(*place)) {
      answer.text = target->starts_with('/') ? *target : done + "/" + *target;
      if (!rest.empty()) answer.text += "/" + std::string(rest);
      return answer;
    }
    done = next;
  }
  answer.text = done.empty() ? "/" : done;
  return answer;
}

Answer watch_answer(const Question& question) {
  const auto root = open_in_root(question.rootfs, question.path, O_RDONLY | O_DIRECTORY);
  if (!root) return failure(root.error());
  auto feed = [&] {
    const WithCapability admin(Capability::kSysAdmin);
    return open_change_feed(root->get());
  }();
  if (!feed) return failure(feed.error());
  Answer answer;
  answer.kind = AnswerKind::kDone;
  answer.descriptor = std::move(feed).value();
  return answer;
}

// False: the agent is gone.
bool serve(const Question& question, int socket) {
  switch (question.operation) {
    case Operation::kStatfs: return send_answer(socket, statfs_answer(question)) == 0;
    case Operation::kResolve: return send_answer(socket, resolve_answer(question)) == 0;
    case Operation::kScan: serve_scans(socket, question.rootfs); return false;
    case Operation::kWatch: return send_answer(socket, watch_answer(question)) == 0;
  }
  return false;
}

}  // namespace

void serve_questions(int socket) {
  while (const auto question = receive_question(socket)) {
    if (!serve(*question, socket)) return;
  }
}

}  // namespace volumeter
