// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/size_sampler.h"

#include <algorithm>
#include <utility>

#include "exporter/sources/kernel/io_pressure.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kHungRetry = std::chrono::seconds(15);
constexpr nanoseconds kErrorRetry = std::chrono::seconds(30);
constexpr nanoseconds kLookEvery = std::chrono::seconds(1);
// What was modified since is likely to be open and modified again.
constexpr nanoseconds kHotTime = std::chrono::minutes(10);
constexpr nanoseconds kHeldAtMost = std::chrono::seconds(10);
constexpr nanoseconds kTrustAnswer = std::chrono::seconds(1);
// More records of one look would be a directory with as many subdirectories: walk instead.
constexpr std::size_t kMaxRecords = 100'000;

// As many as one order holds, from the end.
template <typename T>
std::vector<T> take_some(std::vector<T>& all) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(all.size(), ScanOrder::kMaxDirectories));
  std::vector<T> some(all.end() - count, all.end());
  all.erase(all.end() - count, all.end());
  return some;
}

double in_seconds(nanoseconds time) { return Seconds(time).count(); }

}  // namespace

// One target being measured: a walk, or a look at what changed and then at what is new there.
struct SizeSampler::Measurement {
  enum class Phase { kWalk, kLookAgain, kSubtrees };

  Phase phase = Phase::kWalk;
  std::unique_ptr<TreeScan> scan;  // null between two orders
  SteadyTime began;
  std::uint64_t entries = 0;
  bool wants_records = false;                     // kWalk
  bool walk_follows = false;                      // kLookAgain: to prove it
  std::vector<DirectoryHandle> to_look_at;        // kLookAgain: in orders to come
  std::vector<DirectoryIndex::Unknown> unknown;   // kSubtrees: this order and those to come
  std::vector<DirectoryIndex::Unknown> in_order;  // kSubtrees: this order
  std::vector<TreeRecord> records;
  std::optional<WallTime> last_modified;  // kLookAgain, kSubtrees
  std::optional<std::int64_t> drift_bytes;
};

SizeSampler::SizeSampler(const HostAccess& host, ChangeLog& log, SizeSamplerOptions options,
                         IsHung is_hung)
    : host_(host),
      options_(options),
      is_hung_(std::move(is_hung)),
      schedule_(options.schedule),
      tracker_(host, log),
      gate_(options.max_io_pressure),
      results_(log) {
  totals_.budget_cpu_share = options.schedule.cpu_share;
}

SizeSampler::~SizeSampler() {
  thread_.request_stop();
  waiting_.wake();
}

void SizeSampler::set_targets(std::vector<SizeTarget> targets) {
  {
    const std::lock_guard lock(mutex_);
    new_targets_ = std::move(targets);
  }
  waiting_.wake();
}

void SizeSampler::start() {
  thread_ = std::jthread([this](std::stop_token stop) {
    while (!stop.stop_requested()) wait(step(stop));
  });
}

void SizeSampler::sample_once(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const auto pause = step(stop);
    if (measurements_.empty() && latest()->size() >= schedule_.size()) break;
    wait(pause);
  }
  totals_.queue_length = schedule_.queue_length(host_.steady_now());
  publish_work();
}

nanoseconds SizeSampler::step(std::stop_token stop) {
  take_targets();
  const bool was_running = schedule_.is_any_running();
  receive_all();
  give_up_silent();
  SteadyTime now = host_.steady_now();
  if (was_running && !schedule_.is_any_running()) look_at_pressure(now, true);
  if (now >= next_look_) look_around(now);
  ScanSchedule::Turn turn = schedule_.next(now, is_held(now));
  while (turn.kind != ScanSchedule::Turn::Kind::kWait && !stop.stop_requested()) {
    if (!schedule_.is_any_running()) look_at_pressure(now, false);
    last_step_ = now;
    if (turn.kind == ScanSchedule::Turn::Kind::kStart) start_scan(turn.key, stop);
    if (turn.kind == ScanSchedule::Turn::Kind::kResume) resume(turn.key, stop);
    now = host_.steady_now();
    turn = schedule_.next(now, is_held(now));
  }
  const nanoseconds cpu = host_.thread_cpu();
  schedule_.spent(cpu - own_cpu_);
  totals_.cpu_seconds += in_seconds(cpu - own_cpu_);
  own_cpu_ = cpu;
  publish_work();
  SteadyTime wake = turn.until;
  if (tracker_.is_watching() || schedule_.is_any_due(now) || schedule_.is_any_running())
    wake = std::min(wake, next_look_);
  return std::max<nanoseconds>(wake - now, nanoseconds::zero());
}

void SizeSampler::wait(nanoseconds limit) {
  std::vector<int> descriptors;
  for (const auto& [key, measurement] : measurements_) {
    if (measurement.scan) descriptors.push_back(measurement.scan->descriptor());
  }
  waiting_.wait(descriptors, limit);
}

void SizeSampler::take_targets() {
  std::optional<std::vector<SizeTarget>> targets;
  {
    const std::lock_guard lock(mutex_);
    targets = std::exchange(new_targets_, std::nullopt);
  }
  if (!targets) return;
  answered_.clear();
  for (const std::string& key : schedule_.set_targets(*targets)) {
    measurements_.erase(key);
    tracker_.forget(key);
    proven_.erase(key);
    results_.forget(key);
    std::erase_if(silent_, [&](const auto& silent) { return silent.second == key; });
  }
  tracker_.close_unused_feeds();
}

void SizeSampler::look_around(SteadyTime now) {
  next_look_ = now + kLookEvery;
  tracker_.drain();
  look_at_pressure(now, schedule_.is_any_running());
  totals_.indexed_directories = tracker_.directories();
  totals_.queue_length = schedule_.queue_length(now);
}

void SizeSampler::look_at_pressure(SteadyTime now, bool was_running) {
  const auto text = read_file(host_.paths.proc("pressure/io"));
  const auto pressure = text ? parse_io_pressure(*text) : std::nullopt;
  gate_.look(now, pressure ? std::optional(pressure->some) : std::nullopt, was_running);
}

// Where others always wait for the disks, sizes are old, but there are some.
bool SizeSampler::is_held(SteadyTime now) const {
  return gate_.is_closed() && now - last_step_ < kHeldAtMost;
}

// A filesystem that has just answered is not asked again.
bool SizeSampler::hangs(const std::string& key, const std::string& mount_point, SteadyTime now,
                        std::stop_token stop) {
  if (mount_point.empty()) return false;
  // Of a disk that is gone a filesystem may still tell how full it is (ext4, xfs).
  const auto silent = silent_.find(mount_point);
  if (silent != silent_.end() && silent->second != key) return true;
  const auto answered = answered_.find(mount_point);
  if (answered != answered_.end() && now - answered->second < kTrustAnswer) return false;
  if (is_hung_(mount_point, stop)) return true;
  answered_[mount_point] = now;
  return false;
}

void SizeSampler::start_scan(const std::string& key, std::stop_token stop) {
  const SizeTarget& target = *schedule_.target(key);
  const SteadyTime began = host_.steady_now();
  schedule_.running(key, began);
  Measurement& measurement = measurements_[key];
  measurement.began = began;
  if (hangs(key, target.mount_point, began, stop)) {
    if (stop.stop_requested()) return;
    return fail(key, {ErrorKind::kTimeout, target.place.path, "it was found hung"});
  }
  auto changed = tracker_.take_changed(key);
  const auto proven = proven_.find(key);
  const bool wants_proof =
      proven == proven_.end() || began - proven->second >= options_.full_interval;
  if (changed && !(changed->empty() && wants_proof)) {
    measurement.phase = Measurement::Phase::kLookAgain;
    measurement.walk_follows = wants_proof;
    measurement.to_look_at = std::move(*changed);
    if (measurement.to_look_at.empty() && from_index(key, measurement)) return;
  }
  send_order(key, measurement, stop);
}

// What filesystems account needs no change feed, which costs those who write.
bool SizeSampler::is_likely_walked(const SizeTarget& target) const {
  const auto last = results_.space(target.key);
  return !target.own_filesystem && (!last || last->method == SizeMethod::kWalk);
}

void SizeSampler::resume(const std::string& key, std::stop_token stop) {
  Measurement& measurement = measurements_.at(key);
  if (!measurement.scan) return send_order(key, measurement, stop);
  schedule_.running(key, host_.steady_now());
  measurement.scan->grant(schedule_.grant());
}

void SizeSampler::send_order(const std::string& key, Measurement& measurement,
                             std::stop_token stop) {
  const SizeTarget& target = *schedule_.target(key);
  ScanOrder order;
  order.place = target.place;
  order.hot_time = std::max(kHotTime, 2 * options_.schedule.interval);
  switch (measurement.phase) {
    case Measurement::Phase::kWalk:
      measurement.wants_records =
          options_.watch_changes && is_likely_walked(target) && tracker_.begin_walk(target, stop);
      order.own_filesystem = target.own_filesystem;
      order.want_records = measurement.wants_records;
      order.threads = options_.threads;
      break;
    case Measurement::Phase::kLookAgain:
      order.kind = ScanOrder::Kind::kLookAgain;
      order.directories = take_some(measurement.to_look_at);
      break;
    case Measurement::Phase::kSubtrees:
      order.kind = ScanOrder::Kind::kSubtrees;
      measurement.in_order = take_some(measurement.unknown);
      for (const auto& one : measurement.in_order) order.directories.push_back(one.directory);
      break;
  }
  auto scan = host_.start_scan(order, stop);
  if (stop.stop_requested()) return;
  if (!scan) return fail(key, scan.error());
  std::erase_if(silent_, [&](const auto& silent) { return silent.second == key; });
  measurement.scan = std::move(scan).value();
  schedule_.running(key, host_.steady_now());
  measurement.scan->grant(schedule_.grant());
}

void SizeSampler::receive_all() {
  std::vector<std::string> keys;
  for (const auto& [key, measurement] : measurements_) {
    if (measurement.scan) keys.push_back(key);
  }
  for (const std::string& key : keys) receive(key);
}

// All that a scan has said so far; records of a large tree come faster than anything else.
void SizeSampler::receive(const std::string& key) {
  while (true) {
    const auto found = measurements_.find(key);
    if (found == measurements_.end() || !found->second.scan) return;
    Measurement& measurement = found->second;
    auto report = measurement.scan->receive();
    if (!report && report.error().kind == ErrorKind::kTimeout) return;
    if (!report) return fail(key, report.error());
    measurement.entries += report->entries;
    totals_.cpu_seconds += in_seconds(report->cpu);
    totals_.entries += report->entries;
    switch (report->kind) {
      case ScanReport::Kind::kRecords:
        if (measurement.phase == Measurement::Phase::kWalk) {
          for (const TreeRecord& record : report->records) tracker_.add(key, record);
        } else if (measurement.records.size() <= kMaxRecords) {
          measurement.records.insert(measurement.records.end(), report->records.begin(),
                                     report->records.end());
        }
        break;
      case ScanReport::Kind::kPaused:
        schedule_.paused(key, report->cpu, host_.steady_now());
        if (!schedule_.keep_place(key, host_.steady_now())) abandon(key);
        return;
      case ScanReport::Kind::kDone: return order_done(key, std::move(report).value());
    }
  }
}

void SizeSampler::order_done(const std::string& key, ScanReport report) {
  Measurement& measurement = measurements_.at(key);
  measurement.scan.reset();
  schedule_.paused(key, report.cpu, host_.steady_now());
  if (!report.outcome) {
    const Error& error = report.outcome.error();
    if (measurement.phase == Measurement::Phase::kWalk) return fail(key, error);
    if (error.kind == ErrorKind::kUnsupported) tracker_.refuse(key, error);
    return walk_instead(key, measurement);
  }
  if (measurement.phase == Measurement::Phase::kWalk) {
    return walk_done(key, measurement, *report.outcome);
  }
  // What could not be read was left out: that is no word on what is there.
  if (report.outcome->errors > 0) return walk_instead(key, measurement);
  measurement.last_modified = std::max(measurement.last_modified, report.outcome->last_modified);
  look_done(key, measurement);
}

// In its turn.
void SizeSampler::walk_instead(const std::string& key, Measurement& measurement) {
  tracker_.drop_index(key);
  measurement.phase = Measurement::Phase::kWalk;
}

void SizeSampler::look_done(const std::string& key, Measurement& measurement) {
  if (measurement.records.size() > kMaxRecords) return walk_instead(key, measurement);
  if (measurement.phase == Measurement::Phase::kSubtrees) {
    tracker_.graft(key, measurement.in_order, measurement.records);
    measurement.records.clear();
  } else if (measurement.to_look_at.empty()) {
    measurement.unknown = tracker_.update(key, measurement.records);
    measurement.records.clear();
    measurement.phase = Measurement::Phase::kSubtrees;
  } else {
    return;  // the next order follows in its turn
  }
  if (measurement.unknown.empty()) from_index(key, measurement);
}

// Everything was looked at: the index tells the size. False: a walk has to.
bool SizeSampler::from_index(const std::string& key, Measurement& measurement) {
  tracker_.end_look(key);
  const auto sums = tracker_.totals(key);
  if (!sums || measurement.walk_follows) {
    measurement.phase = Measurement::Phase::kWalk;
    return false;
  }
  SpaceUsage space = results_.space(key).value_or(SpaceUsage{});
  space.apparent_bytes = sums->apparent_bytes;
  space.allocated_bytes = sums->allocated_bytes;
  space.inodes = sums->inodes;
  space.last_modified = std::max(space.last_modified, measurement.last_modified);
  accept(key, measurement, space);
  return true;
}

void SizeSampler::walk_done(const std::string& key, Measurement& measurement,
                            const SpaceUsage& space) {
  if (space.method != SizeMethod::kWalk) {
    tracker_.forget(key);
  } else if (!measurement.wants_records) {
    tracker_.drop_index(key);  // if there is one, this walk has not proven it
  } else {
    const auto before = tracker_.end_walk(key, space);
    if (before) {
      measurement.drift_bytes = static_cast<std::int64_t>(before->allocated_bytes) -
                                static_cast<std::int64_t>(space.allocated_bytes);
    }
  }
  proven_[key] = measurement.began;
  accept(key, measurement, space);
}

void SizeSampler::accept(const std::string& key, const Measurement& measurement,
                         const SpaceUsage& space) {
  const SteadyTime now = host_.steady_now();
  const bool is_changed =
      results_.accept(*schedule_.target(key), {.space = space,
                                               .at = host_.now(),
                                               .took = now - measurement.began,
                                               .entries = measurement.entries,
                                               .drift_bytes = measurement.drift_bytes});
  measurements_.erase(key);
  schedule_.finished(key, nanoseconds::zero(), is_changed, now);
}

void SizeSampler::fail(const std::string& key, const Error& error) {
  results_.fail(*schedule_.target(key), error);
  abandon(key);
  const bool no_answer = error.kind == ErrorKind::kTimeout;
  schedule_.failed(key, no_answer ? kHungRetry : kErrorRetry, host_.steady_now());
}

// What changed counts as looked at once a look begins: cut short, it leaves no index behind.
void SizeSampler::abandon(const std::string& key) {
  tracker_.drop_walk(key);
  if (measurements_.at(key).phase != Measurement::Phase::kWalk) tracker_.drop_index(key);
  measurements_.erase(key);
}

void SizeSampler::give_up_silent() {
  for (const std::string& key : schedule_.running_since(host_.steady_now() - kSilence)) {
    const SizeTarget target = *schedule_.target(key);
    fail(key, {ErrorKind::kTimeout, target.place.path, "nothing was heard of the scan for 30 s"});
    if (!target.mount_point.empty()) silent_[target.mount_point] = key;
  }
}

void SizeSampler::publish_work() {
  totals_.in_progress = schedule_.in_progress();
  if (!schedule_.is_any_due(host_.steady_now())) totals_.queue_length = 0;
  totals_.is_held = gate_.is_closed();
  const std::lock_guard lock(mutex_);
  work_ = totals_;
}

std::shared_ptr<const SizeReadings> SizeSampler::latest() const { return results_.latest(); }

SizeWork SizeSampler::work() const {
  const std::lock_guard lock(mutex_);
  return work_;
}

SourceHealth SizeSampler::health() const { return results_.health(); }

}  // namespace volumeter
