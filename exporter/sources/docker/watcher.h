// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "exporter/base/change_log.h"
#include "exporter/base/wake_up.h"
#include "exporter/sources/docker/facts.h"
#include "exporter/sources/docker/lister.h"
#include "exporter/sources/docker/pending_changes.h"
#include "exporter/sources/docker/relist_schedule.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter::docker {

// Keeps the list of what the engine has up to date: lists once, follows the events and lists
// again when they tell of a change, after each reconnect and once a minute should an event
// have been lost. While the engine is away the last list stays and it is tried again.
class Watcher {
 public:
  struct Options {
    std::string api_version;  // DOCKER_API_VERSION; empty: negotiated
    Pace pace;
  };

  // `on_change` is called after each new State, from the thread that made it.
  Watcher(const HostAccess& host, ChangeLog& log, Options options, std::function<void()> on_change);

  // Everything once, in the caller's thread; not together with start().
  void list_once(std::stop_token stop);

  // Begins to watch in threads of its own; the destructor ends them.
  void start();

  State state() const;  // never waits for the engine

 private:
  void keep(std::stop_token stop);
  bool connect(std::stop_token stop);
  void follow_changes(std::stop_token stop);
  void follow_events(const std::string& target, std::stop_token stop);
  bool list(const PendingChanges& changes, std::stop_token stop);
  void inspect(std::stop_token stop);

  void publish_list();
  void publish_failure(const Error& error);
  void log_connected(const Facts& facts);
  void log_unlisted_volumes();
  void log_bad_items();

  const HostAccess& host_;
  ChangeLog& log_;
  const Options options_;
  const std::function<void()> on_change_;
  Lister lister_;
  ChangeQueue changes_;
  WakeUp never_;  // what a pause waits for
  mutable std::mutex mutex_;
  State state_;  // under mutex_
  std::jthread keeper_;
};

}  // namespace volumeter::docker
