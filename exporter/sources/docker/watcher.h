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

// Keeps the list of volumes and containers up to date: lists once, follows the event stream and
// lists again after an event, after a reconnect and once a minute in case an event was lost.
// While the engine is unreachable it keeps the last list and retries.
class Watcher {
 public:
  struct Options {
    std::string api_version;  // DOCKER_API_VERSION; empty: negotiated
    Pace pace;
  };

  // `on_change` is called after each change of the state, in the thread that changed it.
  Watcher(const HostAccess& host, ChangeLog& log, Options options, std::function<void()> on_change);

  // Lists and inspects once in the caller's thread; do not combine with start().
  void list_once(std::stop_token stop);

  // Watches in background threads, which the destructor ends.
  void start();

  State state() const;  // never blocks on the engine

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
  void log_drivers(const Facts& facts);
  void log_bad_items();

  const HostAccess& host_;
  ChangeLog& log_;
  const Options options_;
  const std::function<void()> on_change_;
  Lister lister_;
  ChangeQueue changes_;
  WakeUp never_;  // is never woken: for pauses that only a stop ends
  mutable std::mutex mutex_;
  State state_;  // under mutex_
  std::jthread keeper_;
};

}  // namespace volumeter::docker
