// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/os/file_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "exporter/base/time.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

using Clock = std::chrono::steady_clock;

// Once a stop is asked for; the agent has to exit within two seconds.
constexpr std::chrono::milliseconds kLastPatience{300};
constexpr std::chrono::milliseconds kStopCheck{50};

constexpr std::size_t kMaxResultBytes = kMaxFileBytes + 4096;
constexpr char kDone = 'd';

struct Pipe {
  UniqueFd ours;
  UniqueFd theirs;
};

Result<Pipe> make_pipe(std::string_view where) {
  std::array<int, 2> fds{-1, -1};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return from_errno(where, errno);
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// A helper left behind must not keep open the log, the port or a directory of the agent.
void keep_only_output(int output) {
  constexpr int kOutput = STDERR_FILENO + 1;
  if (output != kOutput) ::dup2(output, kOutput);
  const int null = ::open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null < 0 || ::dup2(null, fd) < 0) ::close(fd);
  }
  ::closefrom(kOutput + 1);
  [[maybe_unused]] const int moved = ::chdir("/");
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// A byte that says what follows: the result, or what failed.
[[noreturn]] void run_helper(int output, const FileHelper::Work& work) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(number, SIG_IGN);
  ::prctl(PR_SET_NAME, "volumeter-file");
  keep_only_output(output);
  const auto result = work();
  const char tag = result ? kDone : static_cast<char>(result.error().kind);
  write_all(STDERR_FILENO + 1, std::string(1, tag) + (result ? *result : result.error().what));
  ::_exit(0);
}

Result<std::string> to_result(std::string_view where, std::string answer) {
  if (answer.empty()) return Error{ErrorKind::kIo, std::string(where), "the helper process ended"};
  const char tag = answer.front();
  answer.erase(0, 1);
  if (tag == kDone) return answer;
  return Error{static_cast<ErrorKind>(tag), std::string(where), std::move(answer)};
}

// Until the helper closes its end; nothing: it takes too long.
std::optional<std::string> receive_until_closed(int fd, SteadyTime deadline,
                                                const std::stop_token& stop) {
  std::string answer;
  std::array<char, 16 << 10> buffer;
  bool is_stopping = false;
  while (answer.size() <= kMaxResultBytes) {
    const SteadyTime now = Clock::now();
    if (stop.stop_requested() && !std::exchange(is_stopping, true)) {
      deadline = std::min<SteadyTime>(deadline, now + kLastPatience);
    }
    if (now >= deadline) return {};
    pollfd entry{fd, POLLIN, 0};
    const auto pause = std::min<Clock::duration>(deadline - now, kStopCheck);
    if (::poll(&entry, 1,
               static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(pause).count())) <=
        0) {
      continue;
    }
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return answer;
    if (got > 0) answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return std::string();
}

}  // namespace

FileHelper::~FileHelper() { is_busy(); }

// Reaps the one that was left behind, if it has ended.
bool FileHelper::is_busy() {
  if (left_ && ::waitpid(*left_, nullptr, WNOHANG) != 0) left_.reset();
  return left_.has_value();
}

Result<std::string> FileHelper::run(std::string_view where, const Work& work,
                                    std::chrono::milliseconds patience, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  const Error timeout{ErrorKind::kTimeout, std::string(where), "no answer"};
  if (is_busy()) return timeout;
  auto pipe = make_pipe(where);
  if (!pipe) return std::move(pipe).error();
  Pipe ends = std::move(pipe).value();
  const pid_t child = ::fork();
  if (child == 0) run_helper(ends.theirs.get(), work);
  if (child < 0) {
    Error error = from_errno(where, errno);
    error.kind = ErrorKind::kNotAsked;
    return error;
  }
  ends.theirs.reset();
  left_ = child;
  auto answer = receive_until_closed(ends.ours.get(), Clock::now() + patience, stop);
  if (!answer) return timeout;
  // It is about to exit: nothing but that is left after its end of the pipe is closed.
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  left_.reset();
  return to_result(where, *std::move(answer));
}

}  // namespace volumeter
