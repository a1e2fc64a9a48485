// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>
#include <string_view>

#include "exporter/base/change_log.h"

namespace volumeter {

// The signals that end the agent, and those that must not: a log whose reader has gone (SIGPIPE), a
// limit on the size of files (SIGXFSZ), and what scripts send to daemons that rotate or reload
// something (SIGHUP, SIGUSR1, SIGUSR2). Threads and processes started later inherit this.
class EndSignals {
 public:
  // To be made before the first thread, so that only wait() sees them.
  EndSignals();

  // From now on they end the program at once.
  void unblock() const;

  // Returns what was received: SIGINT, SIGTERM, or SIGHUP because the terminal has closed. Any
  // other SIGHUP is logged.
  std::string_view wait(ChangeLog& log) const;

 private:
  bool has_terminal_closed() const;

  sigset_t signals_{};
  int terminal_ = -1;  // the descriptor of one, or -1
};

}  // namespace volumeter
