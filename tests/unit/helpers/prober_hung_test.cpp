// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/hung_fuse.h"
#include "tests/support/prober_bench.h"
#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::prober_hung_test {
namespace {

using namespace std::chrono_literals;
using namespace test;

TEST_CASE("a mount that hangs costs one process however often it is asked") {
  if (!test::require_fuse_or_skip()) return;
  ProberBench bench(kShort);
  const TempFolder folder;
  HungFuse fuse(folder.path());
  CHECK(capacity(bench.prober, folder.path())->size_bytes == HungFuse::kBlocks * 4096);

  fuse.hang();
  const auto first = capacity(bench.prober, folder.path());
  REQUIRE_FALSE(first);
  CHECK(first.error().kind == ErrorKind::kTimeout);
  const auto took = time_of([&] {
    for (int i = 0; i < 100; ++i) {
      CHECK(capacity(bench.prober, folder.path()).error().kind == ErrorKind::kTimeout);
      CHECK(measure(bench.prober, folder.path()).error().kind == ErrorKind::kTimeout);
      CHECK(resolve(bench.prober, folder.path()).error().kind == ErrorKind::kTimeout);
    }
  });
  CHECK(took < 300 * kShort.questions.patience / 4);
  CHECK(bench.prober.unanswered() == 1);
  CHECK(bench.workers().size() == 1);
  CHECK(fuse.statfs_requests() == 2);
  CHECK(capacity(bench.prober, "/"));  // others are asked meanwhile

  fuse.release();
  CHECK(eventually([&] { return capacity(bench.prober, folder.path()).has_value(); }));
  CHECK(bench.prober.unanswered() == 0);
}

TEST_CASE("places beyond the limit are not asked, and that is no timeout") {
  if (!test::require_fuse_or_skip()) return;
  ProberBench bench({.questions = {.patience = 500ms, .for_any = 2}});
  const TempFolder folder;
  std::vector<std::unique_ptr<HungFuse>> mounts;
  for (const char* name : {"a", "b", "c"}) {
    mounts.push_back(std::make_unique<HungFuse>(folder.make_folder(name)));
    mounts.back()->hang();
  }
  const auto answers = capacities(
      bench.prober, {at(folder / "a"), at(folder / "b"), at(folder / "c"), local_at("/")});
  CHECK(answers[0].usage.error().kind == ErrorKind::kTimeout);
  CHECK(answers[1].usage.error().kind == ErrorKind::kTimeout);
  CHECK(answers[2].usage.error().kind == ErrorKind::kNotAsked);
  CHECK(answers[2].usage.error().what == "2 earlier questions have no answer");
  CHECK(mounts.back()->waiting() == 0);
  CHECK(answers[3].usage);
  CHECK(measure(bench.prober, folder / "c").error().kind == ErrorKind::kNotAsked);
  mounts.front()->release();
  mounts.back()->release();
  CHECK(eventually([&] { return capacity(bench.prober, folder / "c").has_value(); }));
}

TEST_CASE("34 hung mounts do not delay the answers of healthy ones") {
  if (!test::require_fuse_or_skip()) return;
  ProberBench bench;
  const TempFolder folder;
  HungFuse known(folder.make_folder("known"));
  REQUIRE(capacity(bench.prober, folder / "known"));
  std::vector<std::unique_ptr<HungFuse>> hung;
  std::vector<Place> places;
  for (int i = 0; i < 34; ++i) {
    const std::string name = std::to_string(i);
    hung.push_back(std::make_unique<HungFuse>(folder.make_folder(name)));
    hung.back()->hang();
    places.push_back(at(folder / name));
  }
  places.push_back(at(folder / "known"));
  places.push_back(local_at("/"));
  for (int round = 0; round < 2; ++round) {
    const auto answers = capacities(bench.prober, places);
    for (const std::size_t healthy : {34U, 35U}) {
      CHECK(answers[healthy].usage);
      CHECK(answers[healthy].took < 500ms);
    }
    std::map<ErrorKind, int> errors;
    for (std::size_t i = 0; i < 34; ++i) ++errors[answers[i].usage.error().kind];
    CHECK(errors[ErrorKind::kTimeout] == 24);
    CHECK(errors[ErrorKind::kNotAsked] == 10);
  }
  CHECK(bench.prober.unanswered() == 24);
  CHECK(bench.workers().size() <= 25);
}

TEST_CASE("places of one mount are asked one after the other, none after one that hangs") {
  if (!test::require_fuse_or_skip()) return;
  ProberBench bench(kShort);
  const TempFolder folder;
  HungFuse fuse(folder.path(), 3);
  const std::vector<Place> places{at(folder.path(), 7), at(folder / "f0", 7), at(folder / "f1", 7)};
  for (const auto& answer : capacities(bench.prober, places)) CHECK(answer.usage);
  CHECK(bench.workers().size() == 1);
  fuse.hang();
  for (const auto& answer : capacities(bench.prober, places)) {
    CHECK(answer.usage.error().kind == ErrorKind::kTimeout);
  }
  CHECK(fuse.waiting() == 1);
  CHECK(bench.prober.unanswered() == 1);
}

TEST_CASE("a mount that another thread is asking is asked after it") {
  if (!test::require_fuse_or_skip()) return;
  ProberBench bench;
  const TempFolder folder;
  HungFuse fuse(folder.path());
  fuse.hang();
  auto first =
      std::async(std::launch::async, [&] { return capacity(bench.prober, folder.path()); });
  REQUIRE(eventually([&] { return fuse.waiting() == 1; }));
  auto second =
      std::async(std::launch::async, [&] { return capacity(bench.prober, folder.path()); });
  CHECK(second.wait_for(100ms) == std::future_status::timeout);
  CHECK(fuse.waiting() == 1);
  fuse.release();
  CHECK(first.get());
  CHECK(second.get());
}

TEST_CASE("what hangs in a container says nothing of the same path of the host") {
  if (!test::require_fuse_or_skip()) return;
  const TempFolder folder;
  folder.write("host/data/file", "x");
  HungFuse fuse(folder.make_folder("container/data"), 3);
  fuse.hang();
  ProberBench bench(kShort, folder / "host");
  ScanOrder inside = order_of("/data");
  inside.place.root = folder / "container";
  inside.place.container = "web";
  {
    const auto scan = bench.prober.start_scan(inside, {});
    REQUIRE(scan);
    (*scan)->grant(kFree);
    CHECK(next_report(**scan, 100ms).error().kind == ErrorKind::kTimeout);
  }
  CHECK(bench.prober.unanswered() == 1);
  CHECK(bench.prober.start_scan(inside, {}).error().kind == ErrorKind::kTimeout);
  CHECK(capacity(bench.prober, "/data"));
  CHECK(measure(bench.prober, "/data")->inodes == 2U);
}

TEST_CASE("a link that leads into a hung mount is not followed") {
  if (!test::require_fuse_or_skip()) return;
  const TempFolder folder;
  HungFuse fuse(folder.make_folder("hung"), 3);
  fuse.hang();
  REQUIRE(::symlink((folder / "hung").c_str(), (folder / "link").c_str()) == 0);
  ProberBench bench(kShort);
  CHECK(bench.prober.resolve({at(folder / "link/f0")}, {}).at(0).value() == folder / "hung/f0");
  CHECK(bench.prober.resolve({at(folder / "hung/f0")}, {}).at(0).error().kind ==
        ErrorKind::kTimeout);
}

TEST_CASE("the paths of hung mounts are given up soon and asked again later") {
  if (!test::require_fuse_or_skip()) return;
  const TempFolder folder;
  HungFuse fuse(folder.path(), 3);
  fuse.hang();
  ProberBench bench;
  const auto took = time_of([&] {
    CHECK(bench.prober.resolve({at(folder / "f0")}, {}).at(0).error().kind == ErrorKind::kTimeout);
  });
  CHECK(took < 1500ms);
  fuse.release();
  CHECK(eventually([&] { return resolve(bench.prober, folder / "f0").has_value(); }));
}

TEST_CASE("a stop cuts a hung question short") {
  if (!test::require_fuse_or_skip()) return;
  ProberBench bench(kPatient);
  const TempFolder folder;
  HungFuse fuse(folder.path());
  fuse.hang();
  std::stop_source stop;
  auto answer = std::async(std::launch::async,
                           [&] { return capacity(bench.prober, folder.path(), stop.get_token()); });
  REQUIRE(eventually([&] { return fuse.waiting() == 1; }));
  const auto took = time_of([&] {
    stop.request_stop();
    CHECK(answer.get().error().kind == ErrorKind::kNotAsked);
  });
  CHECK(took < 5s);
}

TEST_CASE("the end of the prober waits for no hung worker") {
  if (!test::require_fuse_or_skip()) return;
  const TempFolder folder;
  HungFuse fuse(folder.path());
  fuse.hang();
  std::set<pid_t> workers;
  auto bench = std::make_unique<ProberBench>(kShort);
  CHECK_FALSE(capacity(bench->prober, folder.path()));
  workers = bench->workers();
  REQUIRE(workers.size() == 1);
  CHECK(time_of([&] { bench.reset(); }) < 5s);
  CHECK(is_running(*workers.begin()));  // nothing can end it now
  fuse.release();
  CHECK(eventually([&] { return !is_running(*workers.begin()); }));
}

TEST_CASE("many threads may ask at the same time") {
  const TempFolder folder;
  folder.write("a/b", "x");
  ProberBench bench;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 25; ++round) {
        good += capacity(bench.prober, "/").has_value();
        good += measure(bench.prober, folder.path()).has_value();
        good += resolve(bench.prober, folder.path()).has_value();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 300);
  CHECK(eventually([&] { return bench.workers().size() <= 3; }));  // one answers, two scan
}

}  // namespace
}  // namespace volumeter::prober_hung_test
