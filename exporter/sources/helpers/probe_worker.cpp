// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/probe_worker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

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

std::optional<std::uint64_t> product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return {};
  return result;
}

// statvfs(3): sizes are in units of f_frsize.
Answer statfs_answer(const Question& question) {
  const auto place = open_in_root(question.rootfs, question.path, O_PATH);
  if (!place) return failure(place.error());
  struct statvfs said {};
  if (::fstatvfs(place->get(), &said) != 0) return failure(from_errno(question.path, errno));
  const auto size = product(said.f_blocks, said.f_frsize);
  const auto free = product(said.f_bfree, said.f_frsize);
  const auto available = product(said.f_bavail, said.f_frsize);
  if (!size || !free || !available) {
    return failure({ErrorKind::kMalformed, question.path, "its size does not fit in 64 bits"});
  }
  Answer answer;
  answer.kind = AnswerKind::kDone;
  answer.filesystem = {*size, *free, *available, said.f_files, said.f_ffree};
  return answer;
}

Result<std::string> path_of(const UniqueFd& place) {
  return read_link("/proc/self/fd/" + std::to_string(place.get()));
}

// The kernel's own name of an open file, less the place where the host's root is seen.
Answer resolve_answer(const Question& question) {
  const auto place = open_in_root(question.rootfs, question.path, O_PATH);
  if (!place) return failure(place.error());
  struct stat info {};
  if (::fstat(place->get(), &info) == 0 && info.st_nlink == 0) {
    return failure(from_errno(question.path, ENOENT));  // removed since, "/a (deleted)"
  }
  const auto root = open_in_root("/", question.rootfs, O_PATH);
  if (!root) return failure(root.error());
  auto path = path_of(*place);
  const auto prefix = path_of(*root);
  if (!path) return failure(path.error());
  if (!prefix) return failure(prefix.error());
  Answer answer;
  answer.kind = AnswerKind::kDone;
  answer.text = *prefix == "/" ? *path : path->substr(std::min(prefix->size(), path->size()));
  if (answer.text.empty()) answer.text = "/";
  return answer;
}

// The descriptor travels behind the answer.
bool serve_watch(const Question& question, int socket) {
  const auto root = open_in_root(question.rootfs, question.path, O_RDONLY | O_DIRECTORY);
  if (!root) return send_answer(socket, failure(root.error())) == 0;
  const auto feed = [&] {
    const WithCapability admin(Capability::kSysAdmin);
    return open_change_feed(root->get());
  }();
  if (!feed) return send_answer(socket, failure(feed.error())) == 0;
  Answer answer;
  answer.kind = AnswerKind::kDone;
  return send_answer(socket, answer) == 0 && send_descriptor(socket, feed->get()) == 0;
}

// False: there is nobody left to serve.
bool serve(const Question& question, int socket) {
  switch (question.operation) {
    case Operation::kStatfs: return send_answer(socket, statfs_answer(question)) == 0;
    case Operation::kResolve: return send_answer(socket, resolve_answer(question)) == 0;
    case Operation::kScan: serve_scans(socket, question.rootfs); return false;
    case Operation::kWatch: return serve_watch(question, socket);
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
