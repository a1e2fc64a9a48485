// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/sizes/target_machine.h"

#include <algorithm>
#include <array>
#include <utility>

namespace volumeter {
namespace {

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

TargetState state_after(const Error& error) {
  if (error.kind == ErrorKind::kTimeout) return TargetState::kStalled;
  if (error.kind == ErrorKind::kNotAsked) return TargetState::kNotAsked;
  return TargetState::kRefused;
}

}  // namespace

std::string_view to_string(TargetState state) {
  constexpr std::array<std::string_view, 12> kNames{
      "pending",          "walking", "rereading", "paused",    "measured",  "following",
      "verification due", "stalled", "refused",   "not asked", "unmounted", "gone"};
  return kNames.at(static_cast<std::size_t>(state));
}

// A measurement: a walk, or a look at what changed and then at the subtrees that are new there.
struct TargetMachine::Attempt {
  enum class Phase { kWalk, kLookAgain, kSubtrees };

  Phase phase = Phase::kWalk;
  bool has_scan = false;    // false: between two orders
  bool is_running = false;  // the scan has a grant
  SteadyTime began;
  SteadyTime last_word;
  std::uint64_t entries = 0;
  bool wants_records = false;                     // kWalk
  bool walk_follows = false;                      // kLookAgain: to verify it
  std::vector<DirectoryHandle> to_read;           // kLookAgain: in orders to come
  std::vector<DirectoryIndex::Unknown> unknown;   // kSubtrees: this order and those to come
  std::vector<DirectoryIndex::Unknown> in_order;  // kSubtrees: this order
  std::vector<TreeRecord> records;                // kLookAgain, kSubtrees
  std::optional<WallTime> last_modified;          // kLookAgain, kSubtrees
  std::optional<std::int64_t> drift_bytes;        // kWalk
};

TargetMachine::TargetMachine(const SizeTarget& target, const MeasuringOptions& options,
                             IndexPool& pool, std::uint32_t id)
    : target_(target), options_(options), id_(id), tree_(pool, id) {}

TargetMachine::~TargetMachine() = default;

TargetState TargetMachine::state(SteadyTime now) const {
  if (attempt_) {
    if (!attempt_->is_running) return TargetState::kPaused;
    const bool walks = attempt_->phase == Attempt::Phase::kWalk;
    return walks ? TargetState::kWalking : TargetState::kRereading;
  }
  if (resting_ != TargetState::kMeasured || !tree_.has_index()) return resting_;
  return is_verification_due(now) ? TargetState::kVerificationDue : TargetState::kFollowing;
}

bool TargetMachine::is_verification_due(SteadyTime now) const {
  if (!verified_ || now - *verified_ >= options_.full_interval) return true;
  return has_doubts_ &&
         now - *verified_ >= std::max(options_.doubt_interval, verification_took_ * kDoubtFactor);
}

bool TargetMachine::wants_feed() const {
  if (attempt_ && attempt_->has_scan) return false;
  return !target_.mount_point.empty() && !target_.own_filesystem && !is_accounted_ &&
         !refuses_handles_;
}

bool TargetMachine::wants_changes() const {
  return tree_.is_building() || (attempt_ && attempt_->phase == Attempt::Phase::kSubtrees);
}

TargetOrders TargetMachine::turn(SteadyTime now, bool has_feed) {
  if (resting_ == TargetState::kGone) return {};
  if (!attempt_) return begin(now, has_feed);
  if (!attempt_->has_scan) return send_order(now, has_feed);
  attempt_->is_running = true;
  attempt_->last_word = now;
  TargetOrders orders;
  orders.grant = true;
  return orders;
}

TargetOrders TargetMachine::begin(SteadyTime now, bool has_feed) {
  attempt_ = std::make_unique<Attempt>();
  attempt_->began = now;
  auto changed = tree_.take_changed();
  const bool verifies = is_verification_due(now);
  if (changed && changed->empty() && !verifies && tree_.totals()) return publish_index(now, {});
  if (changed && !changed->empty()) {
    attempt_->phase = Attempt::Phase::kLookAgain;
    attempt_->walk_follows = verifies;
    attempt_->to_read = std::move(*changed);
  }
  return send_order(now, has_feed);
}

TargetOrders TargetMachine::send_order(SteadyTime now, bool has_feed) {
  Attempt& attempt = *attempt_;
  attempt.has_scan = attempt.is_running = true;
  attempt.last_word = now;
  TargetOrders orders;
  ScanOrder& order = orders.scan.emplace();
  order.place = target_.place;
  order.hot_time = options_.hot_time;
  order.has_mounts_below = target_.has_mounts_below;
  switch (attempt.phase) {
    case Attempt::Phase::kWalk:
      has_doubts_ = false;
      attempt.wants_records = has_feed && tree_.begin_walk();
      order.own_filesystem = target_.own_filesystem;
      order.want_records = attempt.wants_records;
      order.threads = options_.threads;
      break;
    case Attempt::Phase::kLookAgain:
      order.kind = ScanOrder::Kind::kLookAgain;
      order.directories = take_some(attempt.to_read);
      break;
    case Attempt::Phase::kSubtrees:
      order.kind = ScanOrder::Kind::kSubtrees;
      attempt.in_order = take_some(attempt.unknown);
      for (const auto& one : attempt.in_order) order.directories.push_back(one.directory);
      break;
  }
  return orders;
}

TargetOrders TargetMachine::report(ScanReport report, SteadyTime now,
                                   const DirectoryHandles& meanwhile) {
  if (!attempt_) return {};
  attempt_->last_word = now;
  attempt_->entries += report.entries;
  switch (report.kind) {
    case ScanReport::Kind::kRecords: take_records(std::move(report.records)); return {};
    case ScanReport::Kind::kPaused: attempt_->is_running = false; return {};
    case ScanReport::Kind::kDone: return end_order(report, now, meanwhile);
  }
  return {};
}

void TargetMachine::take_records(std::vector<TreeRecord> records) {
  if (attempt_->phase == Attempt::Phase::kWalk) {
    for (const TreeRecord& record : records) tree_.add(record);
  } else if (attempt_->records.size() <= kMaxRecords) {
    attempt_->records.insert(attempt_->records.end(), records.begin(), records.end());
  }
}

TargetOrders TargetMachine::end_order(const ScanReport& report, SteadyTime now,
                                      const DirectoryHandles& meanwhile) {
  Attempt& attempt = *attempt_;
  attempt.has_scan = attempt.is_running = false;
  if (attempt.phase == Attempt::Phase::kWalk) {
    return report.outcome ? end_walk(*report.outcome, now, meanwhile)
                          : fail(report.outcome.error());
  }
  if (!report.outcome && report.outcome.error().kind == ErrorKind::kUnsupported) {
    return refuse_handles(report.outcome.error());
  }
  // What could not be read is not in the records, so the result would be incomplete.
  if (!report.outcome || report.outcome->errors > 0) return walk_instead();
  attempt.last_modified = std::max(attempt.last_modified, report.outcome->last_modified);
  return end_reread(now, meanwhile);
}

TargetOrders TargetMachine::end_walk(const SpaceUsage& space, SteadyTime now,
                                     const DirectoryHandles& meanwhile) {
  is_accounted_ = space.method != SizeMethod::kWalk;
  if (is_accounted_ || !attempt_->wants_records) {
    tree_.drop();  // if there is an index, this has not verified it
  } else if (const auto before = tree_.end_walk(space, meanwhile)) {
    attempt_->drift_bytes =
        static_cast<std::int64_t>(before->allocated_bytes - space.allocated_bytes);
  }
  verified_ = attempt_->began;
  verification_took_ = now - attempt_->began;
  return publish(space, false, now);
}

TargetOrders TargetMachine::end_reread(SteadyTime now, const DirectoryHandles& meanwhile) {
  Attempt& attempt = *attempt_;
  if (attempt.records.size() > kMaxRecords) return walk_instead();
  if (attempt.phase == Attempt::Phase::kSubtrees) {
    tree_.graft(attempt.in_order, attempt.records);
    attempt.records.clear();
  } else if (attempt.to_read.empty()) {
    attempt.unknown = tree_.update(attempt.records);
    attempt.records.clear();
    if (!attempt.unknown.empty()) attempt.phase = Attempt::Phase::kSubtrees;
  } else {
    return {};  // the next order follows in its turn
  }
  return attempt.unknown.empty() ? publish_index(now, meanwhile) : TargetOrders{};
}

TargetOrders TargetMachine::refuse_handles(const Error& error) {
  refuses_handles_ = true;
  TargetOrders orders = walk_instead();
  orders.refused_handles = error;
  return orders;
}

// In its turn.
TargetOrders TargetMachine::walk_instead() {
  tree_.drop();
  attempt_->phase = Attempt::Phase::kWalk;
  return {};
}

// All that changed was read: the index has the size. If it got lost, or is to be verified, a walk
// follows in its turn.
TargetOrders TargetMachine::publish_index(SteadyTime now, const DirectoryHandles& meanwhile) {
  tree_.settle(meanwhile);
  const auto sums = tree_.totals();
  if (!sums || attempt_->walk_follows) {
    attempt_->phase = Attempt::Phase::kWalk;
    return {};
  }
  SpaceUsage space;
  space.apparent_bytes = sums->apparent_bytes;
  space.allocated_bytes = sums->allocated_bytes;
  space.inodes = sums->inodes;
  space.last_modified = attempt_->last_modified;
  return publish(space, true, now);
}

TargetOrders TargetMachine::publish(const SpaceUsage& space, bool is_update, SteadyTime now) {
  TargetOrders orders;
  orders.result = SizeMeasurement{.space = space,
                                  .is_update = is_update,
                                  .took = now - attempt_->began,
                                  .entries = attempt_->entries,
                                  .drift_bytes = attempt_->drift_bytes};
  attempt_.reset();
  resting_ = TargetState::kMeasured;
  stalls_ = 0;
  return orders;
}

TargetOrders TargetMachine::fail(const Error& error) {
  const bool is_unmounted = error.kind == ErrorKind::kNotFound && target_.own_filesystem;
  abandon();
  resting_ = is_unmounted ? TargetState::kUnmounted : state_after(error);
  TargetOrders orders;
  orders.failure = error;
  orders.retry_after = kErrorRetry;
  if (resting_ == TargetState::kStalled || resting_ == TargetState::kNotAsked) {
    orders.retry_after = std::min<std::chrono::seconds>(kStalledRetry * (1 << stalls_), kMaxRetry);
    if (orders.retry_after < kMaxRetry) ++stalls_;
  } else {
    stalls_ = 0;
  }
  return orders;
}

// Knowing it costs nothing, so there is no need to wait longer each time.
TargetOrders TargetMachine::find_hung() {
  TargetOrders orders = fail({ErrorKind::kTimeout, target_.place.path, "its filesystem hangs"});
  orders.retry_after = kStalledRetry;
  stalls_ = 0;
  return orders;
}

TargetOrders TargetMachine::check_silence(SteadyTime now) {
  if (!attempt_ || !attempt_->is_running || now - attempt_->last_word < kSilence) return {};
  TargetOrders orders =
      fail({ErrorKind::kTimeout, target_.place.path, "no word from the scan for 30 s"});
  orders.drop = true;
  return orders;
}

TargetOrders TargetMachine::evict() {
  if (!attempt_) return {};
  abandon();
  TargetOrders orders;
  orders.drop = true;
  return orders;
}

TargetOrders TargetMachine::remove() {
  TargetOrders orders = evict();
  tree_.drop();
  resting_ = TargetState::kGone;
  return orders;
}

void TargetMachine::lose_feed() { tree_.drop(); }

// What changed counts as read once a look begins: cut short, it leaves no index behind. A walk
// that is cut short leaves the index before it as it was.
void TargetMachine::abandon() {
  tree_.drop_walk();
  if (attempt_ && attempt_->phase != Attempt::Phase::kWalk) tree_.drop();
  attempt_.reset();
}

}  // namespace volumeter
