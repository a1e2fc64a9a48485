// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/docker/watcher.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "exporter/sources/docker/event_reader.h"

namespace volumeter::docker {
namespace {

PendingChanges everything() {
  PendingChanges changes;
  changes.volumes = changes.all_details = changes.missed_events = true;
  return changes;
}

bool needs_an_operator(ErrorKind kind) {
  return kind == ErrorKind::kPermission || kind == ErrorKind::kUnsupported;
}

}  // namespace

Watcher::Watcher(const HostAccess& host, ChangeLog& log, Options options,
                 std::function<void()> on_change)
    : host_(host),
      log_(log),
      options_(std::move(options)),
      on_change_(std::move(on_change)),
      lister_(host, options_.api_version),
      changes_(options_.pace, host.steady_now) {
  state_.health.name = "docker";
  state_.health.provides = "volumes, containers and their mounts";
}

void Watcher::list_once(std::stop_token stop) {
  if (!connect(stop)) return;
  while (!stop.stop_requested() && !lister_.has_all_details()) inspect(stop);
}

void Watcher::start() {
  keeper_ = std::jthread([this](std::stop_token stop) { keep(stop); });
}

State Watcher::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Watcher::keep(std::stop_token stop) {
  const Pace& pace = options_.pace;
  Pace::Time retry = pace.first_retry;
  while (!stop.stop_requested()) {
    if (connect(stop)) {
      const SteadyTime began = host_.steady_now();
      follow_changes(stop);
      // A connection that lasted was probably ended by a restart of the engine: retry soon.
      if (host_.steady_now() - began >= pace.steady_after) retry = pace.first_retry;
    }
    never_.wait_for(stop, retry);
    retry = std::min(retry * 2, pace.last_retry);
  }
}

bool Watcher::connect(std::stop_token stop) {
  if (const auto connected = lister_.connect(stop); !connected) {
    if (!stop.stop_requested()) publish_failure(connected.error());
    return false;
  }
  changes_.clear();
  return list(everything(), stop);
}

// Returns when the connection is lost.
void Watcher::follow_changes(std::stop_token stop) {
  std::jthread events;
  try {
    events = std::jthread([this, target = lister_.events_target()](std::stop_token ended) {
      follow_events(target, ended);
    });
  } catch (const std::system_error& error) {  // a limit on processes
    log_.warning("docker_events", "no event stream; listing once a minute instead",
                 {{"error", std::string("cannot start a thread: ") + error.what()}});
  }
  while (!stop.stop_requested()) {
    if (!lister_.has_all_details() && !changes_.is_due()) {
      inspect(stop);
      continue;
    }
    const auto changes = changes_.take_when_due(stop, lister_.next_retry());
    if (stop.stop_requested()) return;
    if (changes && (changes->connection_lost || !list(*changes, stop))) return;
  }
}

void Watcher::follow_events(const std::string& target, std::stop_token stop) {
  while (!stop.stop_requested()) {
    EventReader reader;
    bool opened = false;
    const auto ended = host_.docker_stream(
        target,
        [&](std::string_view piece) {
          // Events between the list and the subscription are lost; dockerd 20.10 (getEvents)
          // even sends the headers before it subscribes the client.
          if (!std::exchange(opened, true)) {
            log_.forget("docker_events");
            changes_.note_missed_events();
          }
          reader.feed(piece, [this](const std::optional<Event>& event) { changes_.note(event); });
          return true;
        },
        stop);
    if (stop.stop_requested()) return;
    if (opened) return changes_.note_lost_connection();
    log_.warning("docker_events", "no event stream; listing once a minute instead",
                 {{"error", ended ? "closed by the engine at once" : ended.error().text()}});
    changes_.note_missed_events();  // the next list shows whether the engine is still running
    never_.wait_for(stop, options_.pace.relist_interval);
  }
}

bool Watcher::list(const PendingChanges& changes, std::stop_token stop) {
  const SteadyTime began = host_.steady_now();
  const auto listed = lister_.list(changes, stop);
  changes_.listed(began);
  if (stop.stop_requested()) return false;
  if (listed) {
    publish_list();
  } else {
    publish_failure(listed.error());
  }
  return listed.has_value();
}

// Inspects for a short time, so that a change does not wait for a thousand containers.
void Watcher::inspect(std::stop_token stop) {
  constexpr auto kSlice = std::chrono::milliseconds(250);
  lister_.inspect_some(host_.steady_now() + kSlice, stop);
  if (stop.stop_requested()) return;
  {
    const std::lock_guard lock(mutex_);
    state_.facts = lister_.facts();
  }
  on_change_();
}

void Watcher::publish_list() {
  const auto facts = lister_.facts();
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    is_news = !state_.up || state_.facts->engine != facts->engine;
    state_.up = true;
    state_.facts = facts;
    state_.health.succeeded(facts->taken_at, lister_.bad_items());
    if (const auto& error = lister_.volumes_unanswered()) state_.health.failed(*error);
  }
  if (is_news) log_connected(*facts);
  log_unlisted_volumes();
  log_drivers(*facts);
  log_bad_items();
  on_change_();
}

void Watcher::publish_failure(const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    state_.up = false;
    state_.health.failed(error);
  }
  constexpr std::string_view kMessage =
      "cannot list volumes and containers; exporting the last list; retrying";
  if (needs_an_operator(error.kind)) {
    log_.error("docker", kMessage, {{"error", error.text()}});
  } else {
    log_.warning("docker", kMessage, {{"error", error.text()}});
  }
  on_change_();
}

// Fields that a proxy forbids are omitted.
void Watcher::log_connected(const Facts& facts) {
  const Engine& engine = facts.engine;
  ChangeLog::Fields fields{{"engine", engine.product}};
  if (!engine.version.empty()) fields.push_back({"version", engine.version});
  fields.push_back({"api_version", engine.api_version});
  if (!engine.storage_driver.empty()) fields.push_back({"storage_driver", engine.storage_driver});
  fields.push_back({"volumes", std::to_string(facts.volumes.size())});
  fields.push_back({"containers", std::to_string(facts.containers.size())});
  log_.info("docker", "connected", fields);
}

void Watcher::log_unlisted_volumes() {
  const auto& error = lister_.volumes_unanswered();
  if (!error) return log_.forget("docker_volumes");
  // To list volumes dockerd calls stat(2) on the directory of each.
  log_.warning("docker_volumes",
               "engine does not list its volumes; new volumes are missing; a volume is probably on "
               "a hung filesystem, see docker_filesystem_up",
               {{"error", error->text()}});
}

void Watcher::log_drivers(const Facts& facts) {
  for (const VolumeDriver& driver : facts.volume_drivers) {
    if (driver.name == kLocalDriver) continue;  // see log_unlisted_volumes()
    const LogSubject subject("volume_driver", {{"driver", driver.name}});
    const auto& error = lister_.failure_of(driver.name);
    if (!error) {
      log_.forget(subject);
      continue;
    }
    log_.warning(
        subject,
        "volume driver does not list its volumes; its last known volumes are exported, new "
        "ones are missing; check the plugin and its storage, or remove it if it is not used",
        {{"error", error->text()}});
  }
}

void Watcher::log_bad_items() {
  if (lister_.bad_items() == 0) return log_.forget("docker_items");
  log_.warning(
      "docker_items",
      "cannot parse items of the engine's lists; items left out; please report the example",
      {{"items", std::to_string(lister_.bad_items())}, {"example", lister_.first_bad()}});
}

}  // namespace volumeter::docker
