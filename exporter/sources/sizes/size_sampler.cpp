// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/size_sampler.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "exporter/sources/kernel/io_pressure.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

using std::chrono::nanoseconds;
using Turn = ScanSchedule::Turn;

constexpr nanoseconds kLookEvery = std::chrono::seconds(1);
// What was modified since is likely to be open and modified again.
constexpr nanoseconds kHotTime = std::chrono::minutes(10);
constexpr nanoseconds kHeldAtMost = std::chrono::seconds(10);

double in_seconds(nanoseconds time) { return Seconds(time).count(); }

MeasuringOptions measuring(const SizeSamplerOptions& options) {
  return {.full_interval = options.full_interval,
          .doubt_interval = options.schedule.interval,
          .hot_time = std::max(kHotTime, 2 * options.schedule.interval),
          .threads = options.threads};
}

}  // namespace

SizeSampler::SizeSampler(const HostAccess& host, ChangeLog& log, SizeSamplerOptions options,
                         IsHung is_hung)
    : host_(host),
      log_(log),
      options_(options),
      measuring_(measuring(options)),
      is_hung_(std::move(is_hung)),
      schedule_(options.schedule),
      feeds_(host, log, pool_),
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

void SizeSampler::note_writes(const std::vector<std::string>& keys) {
  const std::lock_guard lock(mutex_);
  written_.insert(keys.begin(), keys.end());
}

void SizeSampler::start() {
  thread_ = std::jthread([this](std::stop_token stop) {
    while (!stop.stop_requested()) wait(step(stop));
  });
}

void SizeSampler::sample_once(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const auto pause = step(stop);
    if (schedule_.in_progress() == 0 && results_.size() >= schedule_.size()) break;
    wait(pause);
  }
  totals_.queue_length = schedule_.queue_length(host_.steady_now());
  publish_work();
}

nanoseconds SizeSampler::step(std::stop_token stop) {
  take_targets();
  take_writes();
  receive_all();
  give_up_silent();
  SteadyTime now = host_.steady_now();
  if (now >= next_look_) look_around(now);
  SteadyTime wake = give_turns(stop);
  count_own_cpu();
  publish_work();
  now = host_.steady_now();
  if (feeds_.is_any_open() || schedule_.is_any_due(now) || schedule_.is_any_running())
    wake = std::min(wake, next_look_);
  return std::max<nanoseconds>(wake - now, nanoseconds::zero());
}

// As long as the schedule has one; gives when it has the next.
SteadyTime SizeSampler::give_turns(std::stop_token stop) {
  while (true) {
    const SteadyTime now = host_.steady_now();
    const Turn turn = schedule_.next(now, is_held(now));
    if (turn.kind == Turn::Kind::kWait || stop.stop_requested()) {
      if (is_scanning_ && !schedule_.is_any_running()) look_at_pressure(now, false);
      return turn.until;
    }
    if (!is_scanning_) look_at_pressure(now, true);
    last_step_ = now;
    give_turn(turn.key, stop);
  }
}

void SizeSampler::wait(nanoseconds limit) {
  std::vector<int> descriptors;
  for (const auto& [key, measured] : scanning_) {
    descriptors.push_back(measured->scan->descriptor());
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
  for (const std::string& key : schedule_.set_targets(*targets)) remove(key);
  add_new(*targets);
}

void SizeSampler::take_writes() {
  std::set<std::string> written;
  {
    const std::lock_guard lock(mutex_);
    written.swap(written_);
  }
  for (const std::string& key : written) {
    const auto found = targets_.find(key);
    if (found != targets_.end()) found->second.machine.note_writes();
  }
}

void SizeSampler::remove(const std::string& key) {
  const auto found = targets_.find(key);
  found->second.machine.remove();
  feeds_.remove(found->second.machine);
  scanning_.erase(key);
  targets_.erase(found);
  results_.forget(key);
}

void SizeSampler::add_new(const std::vector<SizeTarget>& targets) {
  for (const SizeTarget& target : targets) {
    if (targets_.contains(target.key)) continue;
    targets_.emplace(
        std::piecewise_construct, std::forward_as_tuple(target.key),
        std::forward_as_tuple(*schedule_.target(target.key), measuring_, pool_, next_id_++));
  }
}

void SizeSampler::look_around(SteadyTime now) {
  next_look_ = now + kLookEvery;
  feeds_.drain_all();
  look_at_pressure(now, is_scanning_);
  totals_.indexed_directories = pool_.indexed();
  totals_.queue_length = schedule_.queue_length(now);
}

// The gate judges the time in which no scan runs: it is told when one begins, when the last of a
// row has ended, and once a second.
void SizeSampler::look_at_pressure(SteadyTime now, bool is_scanning) {
  const auto text = read_file(host_.paths.proc("pressure/io"));
  const auto pressure = text ? parse_io_pressure(*text) : std::nullopt;
  gate_.look(now, pressure ? std::optional(pressure->some) : std::nullopt, is_scanning_);
  is_scanning_ = is_scanning;
}

// Where others always wait for the disks, sizes are old, but there are some.
bool SizeSampler::is_held(SteadyTime now) const {
  return gate_.is_closed() && now - last_step_ < kHeldAtMost;
}

void SizeSampler::give_turn(const std::string& key, std::stop_token stop) {
  Measured& measured = targets_.at(key);
  TargetMachine& machine = measured.machine;
  schedule_.running(key, host_.steady_now());
  const std::string& mount_point = machine.target().mount_point;
  if (machine.is_resting() && !mount_point.empty() && is_hung_(mount_point)) {
    return carry_out(key, measured, machine.find_hung(), stop);
  }
  bool has_feed = false;
  if (options_.watch_changes && machine.wants_feed()) {
    has_feed = feeds_.watch(machine, stop);
    feeds_.drain(machine);  // what changed before a walk is none of its business
    if (stop.stop_requested()) return;
  }
  carry_out(key, measured, machine.turn(host_.steady_now(), has_feed), stop);
}

void SizeSampler::carry_out(const std::string& key, Measured& measured, TargetOrders orders,
                            std::stop_token stop) {
  feeds_.update(measured.machine);
  const SizeTarget& target = measured.machine.target();
  const SteadyTime now = host_.steady_now();
  if (orders.refused_handles) {
    log_.info("change_feed", "directories cannot be opened by handle; volumes are walked each time",
              {{"error", orders.refused_handles->text()}});
  }
  if (orders.drop) end_scan(key, measured);
  if (orders.scan) return start_scan(key, measured, *orders.scan, stop);
  if (orders.grant) return grant(key, measured);
  if (orders.result) {
    const bool is_changed = results_.accept(target, *orders.result, host_.now());
    schedule_.finished(key, nanoseconds::zero(), is_changed, now);
    if (!measured.machine.wants_feed()) feeds_.remove(measured.machine);
  } else if (orders.failure) {
    end_scan(key, measured);
    results_.fail(target, *orders.failure);
    schedule_.failed(key, orders.retry_after, now);
  }
}

void SizeSampler::start_scan(const std::string& key, Measured& measured, const ScanOrder& order,
                             std::stop_token stop) {
  auto scan = host_.start_scan(order, stop);
  if (stop.stop_requested()) return;
  if (!scan) return carry_out(key, measured, measured.machine.fail(scan.error()), stop);
  measured.scan = std::move(scan).value();
  scanning_[key] = &measured;
  grant(key, measured);
}

void SizeSampler::grant(const std::string& key, Measured& measured) {
  schedule_.running(key, host_.steady_now());
  measured.scan->grant(schedule_.grant());
}

void SizeSampler::end_scan(const std::string& key, Measured& measured) {
  measured.scan.reset();
  scanning_.erase(key);
}

void SizeSampler::receive_all() {
  for (auto next = scanning_.begin(); next != scanning_.end();) {
    const auto [key, measured] = *next++;  // it may leave
    receive(key, *measured);
  }
}

// All that a scan has said so far; records of a large tree come faster than anything else.
void SizeSampler::receive(const std::string& key, Measured& measured) {
  while (measured.scan) {
    auto report = measured.scan->receive();
    if (!report && report.error().kind == ErrorKind::kTimeout) return;
    if (!report) return carry_out(key, measured, measured.machine.fail(report.error()), {});
    pass_on(key, measured, std::move(report).value());
  }
}

void SizeSampler::pass_on(const std::string& key, Measured& measured, ScanReport report) {
  const SteadyTime now = host_.steady_now();
  const ScanReport::Kind kind = report.kind;
  totals_.cpu_seconds += in_seconds(report.cpu);
  totals_.entries += report.entries;
  if (kind != ScanReport::Kind::kRecords) schedule_.paused(key, report.cpu, now);
  if (kind == ScanReport::Kind::kDone) {
    end_scan(key, measured);
    feeds_.drain(measured.machine);
  }
  TargetMachine& machine = measured.machine;
  carry_out(key, measured, machine.report(std::move(report), now, feeds_.meanwhile(machine)), {});
  if (kind == ScanReport::Kind::kPaused && !schedule_.keep_place(key, now)) {
    carry_out(key, measured, machine.evict(), {});
  }
}

void SizeSampler::give_up_silent() {
  const SteadyTime now = host_.steady_now();
  for (const std::string& key : schedule_.running_since(now - TargetMachine::kSilence)) {
    Measured& measured = targets_.at(key);
    carry_out(key, measured, measured.machine.check_silence(now), {});
  }
}

void SizeSampler::count_own_cpu() {
  const nanoseconds cpu = host_.thread_cpu();
  schedule_.spent(cpu - own_cpu_);
  totals_.cpu_seconds += in_seconds(cpu - own_cpu_);
  own_cpu_ = cpu;
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
