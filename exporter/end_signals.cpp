// SPDX-License-Identifier: Apache-2.0
#include "exporter/end_signals.h"

#include <termios.h>
#include <unistd.h>

namespace volumeter {

EndSignals::EndSignals() {
  for (const int number : {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2}) std::signal(number, SIG_IGN);
  sigemptyset(&signals_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals_, number);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  for (const int fd : {STDERR_FILENO, STDOUT_FILENO, STDIN_FILENO}) {
    if (::isatty(fd) != 0) terminal_ = fd;
  }
}

void EndSignals::unblock() const { pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr); }

std::string_view EndSignals::wait(ChangeLog& log) const {
  while (true) {
    int number = 0;
    sigwait(&signals_, &number);
    if (number == SIGINT) return "SIGINT";
    if (number == SIGTERM) return "SIGTERM";
    if (number == SIGHUP && has_terminal_closed()) return "SIGHUP";
    log.info("agent",
             "SIGHUP ignored: the configuration is read at startup; restart to apply a change");
  }
}

// The kernel answers EIO for a terminal that has hung up.
bool EndSignals::has_terminal_closed() const {
  termios settings{};
  return terminal_ >= 0 && ::tcgetattr(terminal_, &settings) != 0;
}

}  // namespace volumeter
