// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/sources/interface/tree_scan.h"
#include "exporter/sources/sizes/changes/followed_tree.h"
#include "exporter/sources/sizes/size_reading.h"
#include "exporter/sources/sizes/size_target.h"

namespace volumeter {

// How targets are measured.
struct MeasuringOptions {
  // How often a walk verifies a size that is kept up by reading what changed.
  std::chrono::nanoseconds full_interval = std::chrono::hours(1);
  // A walk verifies it sooner if there were writes that may have changed it without a word: not
  // before this interval, nor before a multiple (kDoubtFactor) of the duration of the last walk.
  std::chrono::nanoseconds doubt_interval = std::chrono::minutes(5);
  std::chrono::nanoseconds hot_time = std::chrono::minutes(10);  // see WalkOptions
  std::uint32_t threads = 1;                                     // of one walk
};

// Where the measuring of one target stands.
enum class TargetState {
  kPending,          // never measured
  kWalking,          // a scan finds its size: from the filesystem's accounting or by a walk
  kRereading,        // a scan reads the directories that changed, then subtrees that are new
  kPaused,           // between two grants, or between two orders
  kMeasured,         // the next measurement is a walk
  kFollowing,        // changes are known; the next measurement reads them
  kVerificationDue,  // as following, but a walk comes next
  kStalled,          // no word from its scan, or its filesystem is known to hang
  kRefused,          // the last scan failed
  kNotAsked,         // the agent declined to start a scan
  kUnmounted,        // its own filesystem is not mounted there any more
  kGone,             // not a target any more
};

std::string_view to_string(TargetState state);

// What is to be done about a target after an event. At most one of `scan`, `grant` and `drop` is
// set, and at most one of `result` and `failure`.
struct TargetOrders {
  std::optional<ScanOrder> scan;  // start it, in place of any other, and grant
  bool grant = false;             // let the scan go on
  bool drop = false;              // end the scan

  std::optional<SizeMeasurement> result;    // publish it; the measurement has ended
  std::optional<Error> failure;             // publish it; the measurement has ended
  std::chrono::nanoseconds retry_after{0};  // with `failure`
  std::optional<Error> refused_handles;     // log it: changes cannot be read
};

// The measuring of one target: a state machine without I/O, clock or log, which turns events into
// orders. These are its transitions; "resting" is every state but walking, rereading, paused and
// gone, and a state that an event does not name stays as it is.
//
//   state             event                                     next state        orders
//   ---------------   ---------------------------------------   ---------------   ---------------
//   resting, with no  turn                                      walking           scan: measure
//     index
//   resting, with an  turn, nothing changed                     following         result
//     index           turn, some directories changed            rereading         scan: look again
//                     turn, too many changed to be worth it     walking           scan: measure
//   verification due  turn, nothing changed                     walking           scan: measure
//                     turn, some directories changed            rereading, then   scan: look again
//                                                               paused
//   following         clock: the full interval has passed, or   verification due
//                       less after writes were noted
//   following         feed lost                                 measured
//   walking           report: records                           walking
//   walking           report: paused                            paused
//   walking           report: done, with a complete index       following         result
//   walking           report: done, without                     measured          result
//   walking           report: not found, own filesystem         unmounted         failure
//   walking           report: failed                            refused           failure
//   rereading         report: records                           rereading
//   rereading         report: paused                            paused
//   rereading         report: done, there is more to read       paused
//   rereading         report: done, that was all                following         result
//   rereading         report: done, verification is due         paused
//   rereading         report: failed, or read with errors       paused
//   walking,          no word for kSilence                      stalled           drop, failure
//     rereading       scan did not start or its process ended   see below         failure
//   paused            turn, a scan waits                        walking or        grant
//   paused            turn, between two orders                    rereading       scan
//   paused            evicted                                   pending or        drop
//                                                                 measured
//   resting           its filesystem is known to hang           stalled           failure
//   any               removed, or another mount in its place    gone              drop
//
// A scan that did not start: kNotAsked leads to "not asked", kTimeout to "stalled", anything else
// to "refused". All of them come back with the next turn, after retry_after; for a stall and for
// what was not asked that doubles up to kMaxRetry. What stalls leaves nothing behind but its own
// state: no other target waits for it.
class TargetMachine {
 public:
  static constexpr std::chrono::seconds kSilence{30};
  static constexpr std::chrono::seconds kStalledRetry{15};
  static constexpr std::chrono::seconds kErrorRetry{30};
  static constexpr std::chrono::seconds kMaxRetry{120};
  static constexpr int kDoubtFactor = 20;

  // `target` and `pool` must outlive it. `id`: its name in IndexPool::owners().
  TargetMachine(const SizeTarget& target, const MeasuringOptions& options, IndexPool& pool,
                std::uint32_t id);
  ~TargetMachine();

  const SizeTarget& target() const { return target_; }
  std::uint32_t id() const { return id_; }
  TargetState state(SteadyTime now) const;

  // Whether the next turn begins a measurement.
  bool is_resting() const { return attempt_ == nullptr; }
  // Whether a change feed would be of use now: it costs those who write, so it is not opened for
  // what filesystems account.
  bool wants_feed() const;
  // Whether changes in its filesystem are to be collected for report().
  bool wants_changes() const;

  // The schedule gives it its turn. `has_feed`: its filesystem reports changes.
  TargetOrders turn(SteadyTime now, bool has_feed);
  // `meanwhile`: what changed in the filesystem since wants_changes() became true.
  TargetOrders report(ScanReport report, SteadyTime now, const DirectoryHandles& meanwhile);
  // The scan could not be started, or its process has ended.
  TargetOrders fail(const Error& error);
  // Its filesystem is known to hang; instead of a turn.
  TargetOrders find_hung();
  TargetOrders check_silence(SteadyTime now);
  // Its place among the scans in progress goes to another.
  TargetOrders evict();
  TargetOrders remove();

  void note_change(const DirectoryHandle& directory) { tree_.note_change(directory); }
  // Who uses it wrote, perhaps without an event: through a file that stays open, or truncate(2).
  void note_writes() { has_doubts_ = true; }
  // Its filesystem lost changes or reports none any more.
  void lose_feed();
  // See FollowedTree.
  void claim_directories() { tree_.claim_all(); }

 private:
  struct Attempt;

  bool is_verification_due(SteadyTime now) const;
  TargetOrders begin(SteadyTime now, bool has_feed);
  TargetOrders send_order(SteadyTime now, bool has_feed);
  void take_records(std::vector<TreeRecord> records);
  TargetOrders end_order(const ScanReport& report, SteadyTime now,
                         const DirectoryHandles& meanwhile);
  TargetOrders end_walk(const SpaceUsage& space, SteadyTime now, const DirectoryHandles& meanwhile);
  TargetOrders end_reread(SteadyTime now, const DirectoryHandles& meanwhile);
  TargetOrders refuse_handles(const Error& error);
  TargetOrders walk_instead();
  TargetOrders publish_index(SteadyTime now, const DirectoryHandles& meanwhile);
  TargetOrders publish(const SpaceUsage& space, bool is_update, SteadyTime now);
  void abandon();

  const SizeTarget& target_;
  const MeasuringOptions& options_;
  const std::uint32_t id_;
  TargetState resting_ = TargetState::kPending;  // kMeasured stands for kFollowing as well
  bool is_accounted_ = false;           // the last size came from the filesystem's accounting
  bool refuses_handles_ = false;        // directories cannot be opened by handle: no index
  unsigned stalls_ = 0;                 // in a row
  std::optional<SteadyTime> verified_;  // when the last scan began that measured all of it
  std::chrono::nanoseconds verification_took_{0};
  bool has_doubts_ = false;  // writes were noted since then
  FollowedTree tree_;
  std::unique_ptr<Attempt> attempt_;  // a measurement in progress
};

}  // namespace volumeter
