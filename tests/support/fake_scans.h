// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/eventfd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "exporter/base/unique_fd.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter::test {

// A host whose scans say what a test wants, on a clock that only a test moves.
//
// Each scan of a path takes `steps` grants, each of which takes `cpu_of_step` of the clock.
class FakeScans {
 public:
  struct Script {
    int steps = 1;
    std::chrono::milliseconds cpu_of_step{1};
    bool is_silent = false;  // never reports
    Result<SpaceUsage> outcome = SpaceUsage{};
    std::vector<TreeRecord> records;  // of a walk for which they are wanted
  };

  HostAccess access;

  FakeScans() {
    access.now = [] { return from_unix_seconds(1000); };
    access.steady_now = [this] {
      const std::lock_guard lock(mutex_);
      return steady_;
    };
    access.thread_cpu = [] { return std::chrono::nanoseconds(0); };
    access.start_scan = [this](const ScanOrder& order,
                               std::stop_token) -> Result<std::unique_ptr<TreeScan>> {
      const std::lock_guard lock(mutex_);
      orders_.push_back(order);
      return std::unique_ptr<TreeScan>(std::make_unique<Scan>(*this, script_of(order), order));
    };
    access.watch_changes = [](const Place& place, std::stop_token) {
      return Result<std::unique_ptr<ChangeFeed>>(
          Error{ErrorKind::kUnsupported, place.path, "not here"});
    };
  }

  Script& operator[](const std::string& path) { return scripts_[path]; }

  // What is said to an order of another kind than kMeasure.
  std::function<std::vector<TreeRecord>(const ScanOrder&)> look;

  void pass(std::chrono::nanoseconds time) {
    const std::lock_guard lock(mutex_);
    steady_ += time;
  }

  std::size_t scans(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(orders_.begin(), orders_.end(),
                      [&](const auto& order) { return order.place.path == path; }));
  }

  std::vector<ScanOrder> orders() {
    const std::lock_guard lock(mutex_);
    return orders_;
  }

  // Whether there is something to receive.
  bool has_spoken() {
    const std::lock_guard lock(mutex_);
    return unread_ > 0;
  }

  std::size_t alive() {
    const std::lock_guard lock(mutex_);
    return alive_;
  }

 private:
  class Scan final : public TreeScan {
   public:
    Scan(FakeScans& host, Script script, ScanOrder order)
        : host_(host),
          script_(std::move(script)),
          order_(std::move(order)),
          event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) {
      ++host_.alive_;
    }

    ~Scan() override {
      const std::lock_guard lock(host_.mutex_);
      --host_.alive_;
      host_.unread_ -= reports_.size();
    }

    int descriptor() const override { return event_.get(); }

    void grant(const ScanGrant&) override {
      if (script_.is_silent) return;
      host_.pass(script_.cpu_of_step);
      --script_.steps;
      if (script_.steps <= 0) add_records();
      ScanReport report;
      report.kind = script_.steps <= 0 ? ScanReport::Kind::kDone : ScanReport::Kind::kPaused;
      report.entries = 1;
      report.cpu = script_.cpu_of_step;
      report.outcome = script_.outcome;
      say(std::move(report));
    }

    Result<ScanReport> receive() override {
      if (reports_.empty()) return Error{ErrorKind::kTimeout, order_.place.path, "nothing yet"};
      eventfd_t taken = 0;
      ::eventfd_read(event_.get(), &taken);
      ScanReport report = std::move(reports_.front());
      reports_.erase(reports_.begin());
      const std::lock_guard lock(host_.mutex_);
      --host_.unread_;
      return report;
    }

   private:
    void add_records() {
      std::vector<TreeRecord> records;
      if (order_.kind != ScanOrder::Kind::kMeasure) records = host_.look(order_);
      if (order_.want_records) records = script_.records;
      if (records.empty()) return;
      ScanReport report;
      report.kind = ScanReport::Kind::kRecords;
      report.records = std::move(records);
      say(std::move(report));
    }

    void say(ScanReport report) {
      reports_.push_back(std::move(report));
      ::eventfd_write(event_.get(), 1);
      const std::lock_guard lock(host_.mutex_);
      ++host_.unread_;
    }

    FakeScans& host_;
    Script script_;
    const ScanOrder order_;
    const UniqueFd event_;
    std::vector<ScanReport> reports_;
  };

  Script script_of(const ScanOrder& order) const {
    const auto found = scripts_.find(order.place.path);
    if (found != scripts_.end()) return found->second;
    Script script;
    SpaceUsage space;
    space.allocated_bytes = order.place.path.size();
    script.outcome = space;
    return script;
  }

  std::mutex mutex_;  // of the rest but the scripts, which are set up before
  SteadyTime steady_{std::chrono::hours(1)};
  std::map<std::string, Script> scripts_;
  std::vector<ScanOrder> orders_;
  std::size_t alive_ = 0;
  std::size_t unread_ = 0;  // reports of all scans
};

// A change feed that tells what a test puts in.
class FakeFeed final : public ChangeFeed {
 public:
  explicit FakeFeed(std::shared_ptr<Changes> next) : next_(std::move(next)) {}

  Changes drain() override { return std::exchange(*next_, {}); }

 private:
  std::shared_ptr<Changes> next_;
};

}  // namespace volumeter::test
