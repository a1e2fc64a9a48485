// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/worker_spawner.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "exporter/sources/helpers/probe_protocol.h"
#include "exporter/sources/helpers/probe_worker.h"
#include "exporter/sources/os/files.h"
#include "exporter/sources/os/privileges.h"

namespace volumeter {
namespace {

constexpr std::string_view kWhere = "helper process";

struct SocketPair {
  UniqueFd ours;
  UniqueFd theirs;
};

SocketPair make_socket_pair() {
  std::array<int, 2> fds{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) != 0) return {};
  return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// To end with the process that forked us, however that one ends.
void die_with_parent(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
}

// Ctrl-C and a service manager signal the whole group. The agent decides what happens then,
// and its helpers end with it. No process waits for a worker that was left behind.
void ignore_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ}) {
    std::signal(number, SIG_IGN);
  }
  std::signal(SIGCHLD, SIG_IGN);  // the kernel reaps
}

// A worker left behind must not keep open the log, the port or the directory of the agent.
UniqueFd let_go_of_everything_but(UniqueFd given) {
  constexpr int kSocket = STDERR_FILENO + 1;
  const int socket = given.release();
  if (socket != kSocket) ::dup3(socket, kSocket, O_CLOEXEC);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (null < 0 || ::dup2(null, fd) < 0) ::close(fd);
  }
  ::closefrom(kSocket + 1);
  [[maybe_unused]] const int moved = ::chdir("/");
  return UniqueFd(kSocket);
}

[[noreturn]] void run_worker(UniqueFd socket, pid_t parent) {
  die_with_parent(parent);
  ::prctl(PR_SET_NAME, "volumeter-work");
  serve_questions(socket.get());
  ::_exit(0);
}

// Forks a worker and returns the agent's end of its socket.
UniqueFd fork_worker(UniqueFd& spawner_socket) {
  SocketPair pair = make_socket_pair();
  if (!pair.ours) return {};
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return {};
  if (child == 0) {
    spawner_socket.reset();
    pair.ours.reset();
    run_worker(std::move(pair.theirs), self);
  }
  return std::move(pair.ours);
}

[[noreturn]] void run_spawner(UniqueFd given, pid_t parent) {
  die_with_parent(parent);
  ignore_signals();
  ::prctl(PR_SET_NAME, "volumeter-spawn");
  // The workers, which it forks, have what it has. Should it fail they keep more, no less.
  [[maybe_unused]] const auto kept = keep_only(kHelperCapabilities, {Capability::kSysAdmin});
  UniqueFd socket = let_go_of_everything_but(std::move(given));
  char byte = 0;
  while (true) {
    const ssize_t got = ::recv(socket.get(), &byte, sizeof(byte), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) ::_exit(0);
    const UniqueFd worker = fork_worker(socket);
    if (send_descriptor(socket.get(), worker.get()) != 0) ::_exit(0);
  }
}

Error gone() { return {ErrorKind::kIo, std::string(kWhere), "it has ended; restart this program"}; }

}  // namespace

Result<WorkerSpawner> WorkerSpawner::start() {
  SocketPair pair = make_socket_pair();
  if (!pair.ours) return from_errno(kWhere, errno);
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) {
    Error error = from_errno(kWhere, errno);
    error.what +=
        "; raise the limit on processes (TasksMax=, --pids-limit, ulimit -u) or on memory";
    return error;
  }
  if (child == 0) {
    pair.ours.reset();
    run_spawner(std::move(pair.theirs), self);
  }
  return WorkerSpawner(std::move(pair.ours), child);
}

// Closing the socket ends the spawner. It is not waited for: one that has been stopped
// (SIGSTOP) must not keep us; init reaps it then.
WorkerSpawner::~WorkerSpawner() {
  if (!socket_) return;
  socket_.reset();
  ::waitpid(pid_, nullptr, WNOHANG);
}

Result<UniqueFd> WorkerSpawner::new_worker(const StoppableWait& wait, SteadyTime deadline) {
  // An earlier request may have been answered too late; its worker is as good as a new one.
  ReceivedDescriptor received = receive_descriptor(socket_.get());
  if (received.fd) return std::move(received.fd);
  if (received.error == EPIPE) return gone();
  const char byte = 0;
  if (::send(socket_.get(), &byte, sizeof(byte), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    return errno == EPIPE ? gone() : from_errno(kWhere, errno);
  }
  switch (wait.until_readable(socket_.get(), deadline)) {
    case Wait::kReady: break;
    case Wait::kTimedOut:
      return Error{ErrorKind::kTimeout, std::string(kWhere), "it could not start in time"};
    case Wait::kStopped: return Error{ErrorKind::kTimeout, std::string(kWhere), "interrupted"};
  }
  received = receive_descriptor(socket_.get());
  if (received.fd) return std::move(received.fd);
  if (received.error == EPIPE || received.error == ECONNRESET) return gone();
  return Error{ErrorKind::kIo, std::string(kWhere),
               "no process or descriptor is left for it; raise the limits of this service"};
}

}  // namespace volumeter
