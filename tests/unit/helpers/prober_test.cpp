// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/prober.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include "exporter/base/fields.h"
#include "exporter/sources/os/files.h"
#include "exporter/sources/sizes/changes/fanotify_feed.h"
#include "tests/support/eventually.h"
#include "tests/support/hung_fuse.h"
#include "tests/support/requires.h"
#include "tests/support/temp_folder.h"

namespace volumeter::prober_test {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::HungFuse;
using test::TempFolder;

constexpr ProberLimits kShort{.questions = {.patience = 300ms}};
constexpr ProberLimits kPatient{.questions = {.patience = 60s}, .statfs_round = 60s};
constexpr ScanGrant kFree{.cpu = 1h, .wall = 1h};

struct ProcessLine {
  pid_t parent = 0;
  char state = '?';
  int threads = 0;
};

// /proc/<pid>/stat: 42 (volumeter-work) S 41 41 1289 0 -1 4194368 141 0 0 0 0 0 0 0 20 0 1 0 ...
std::optional<ProcessLine> read_process(const std::string& pid) {
  const auto text = read_file("/proc/" + pid + "/stat");
  if (!text) return {};
  std::string_view rest = *text;
  rest.remove_prefix(rest.rfind(')') + 1);
  const std::string_view state = next_field(rest);
  const auto parent = to_integer<pid_t>(next_field(rest));
  constexpr int kFieldsBetween = 15;
  for (int i = 0; i < kFieldsBetween; ++i) next_field(rest);
  const auto threads = to_integer<int>(next_field(rest));
  if (state.empty() || !parent || !threads) return {};
  return ProcessLine{*parent, state.front(), *threads};
}

// ThreadSanitizer gives each process a second thread: while that ends, the first is a zombie already
// and its files are open still.
bool is_running(pid_t pid) {
  const auto line = read_process(std::to_string(pid));
  return line && (line->state != 'Z' || line->threads > 1);
}

std::set<pid_t> children_of(pid_t parent) {
  std::set<pid_t> found;
  const auto names = list_dir("/proc");
  for (const std::string& name : *names) {
    const auto pid = to_integer<pid_t>(name);
    if (!pid) continue;
    const auto line = read_process(name);
    if (line && line->parent == parent && line->state != 'Z') found.insert(*pid);
  }
  return found;
}

// A prober and the process that makes its workers.
struct Bench {
  explicit Bench(ProberLimits limits = {}, std::string rootfs = "/")
      : Bench(WorkerSpawner::start(), limits, std::move(rootfs)) {}

  std::set<pid_t> workers() const { return children_of(spawner); }

  pid_t spawner;
  Prober prober;

 private:
  Bench(Result<WorkerSpawner> made, ProberLimits limits, std::string rootfs)
      : spawner(made->pid()), prober(std::move(made).value(), std::move(rootfs), limits) {}
};

template <typename Work>
std::chrono::milliseconds time_of(Work work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               began);
}

Place at(const std::string& path, std::uint64_t mount_id = 0) {
  Place place;
  place.path = path;
  place.mount_id = mount_id;
  return place;
}

Place local_at(const std::string& path) {
  Place place = at(path);
  place.is_local = true;
  return place;
}

// An answer and how long it took from the beginning of the round.
struct TimedUsage {
  Result<FsUsage> usage = Error{ErrorKind::kIo, "", "no answer was handed out"};
  std::chrono::milliseconds took{0};
};

std::vector<TimedUsage> capacities(Prober& prober, const std::vector<Place>& places) {
  std::vector<TimedUsage> answers(places.size());
  const auto began = std::chrono::steady_clock::now();
  prober.statfs(places,
                [&](std::size_t index, Result<FsUsage> usage) {
                  answers[index] = {std::move(usage),
                                    std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::steady_clock::now() - began)};
                },
                {});
  return answers;
}

Result<FsUsage> capacity(Prober& prober, const Place& place, std::stop_token stop = {}) {
  Result<FsUsage> usage = Error{ErrorKind::kIo, "", "no answer was handed out"};
  prober.statfs(
      {place}, [&](std::size_t, Result<FsUsage> answer) { usage = std::move(answer); }, stop);
  return usage;
}

Result<FsUsage> capacity(Prober& prober, const std::string& path, std::stop_token stop = {}) {
  return capacity(prober, at(path), stop);
}

// One link at a time, as long as there are any.
Result<std::string> resolve(Prober& prober, std::string path) {
  while (true) {
    auto answer = prober.resolve({at(path)}, {}).at(0);
    if (!answer || *answer == path) return answer;
    path = std::move(answer).value();
  }
}

ScanOrder order_of(const std::string& path) {
  ScanOrder order;
  order.place.path = path;
  return order;
}

// The next report of a scan; kTimeout if none comes within `limit`.
Result<ScanReport> next_report(TreeScan& scan, std::chrono::milliseconds limit = 20s) {
  pollfd entry{scan.descriptor(), POLLIN, 0};
  ::poll(&entry, 1, static_cast<int>(limit.count()));
  return scan.receive();
}

// A scan from beginning to end.
Result<SpaceUsage> measure(Prober& prober, const std::string& path,
                           std::chrono::milliseconds limit = 20s) {
  const auto scan = prober.start_scan(order_of(path), {});
  if (!scan) return scan.error();
  (*scan)->grant(kFree);
  const auto report = next_report(**scan, limit);
  if (!report) return report.error();
  return report->outcome;
}

TEST_CASE("a filesystem is asked for its capacity through a worker") {
  Bench bench;
  const auto usage = capacity(bench.prober, "/");
  struct statvfs expected {};
  REQUIRE(::statvfs("/", &expected) == 0);
  REQUIRE(usage);
  CHECK(usage->size_bytes == expected.f_blocks * expected.f_frsize);
  CHECK(usage->files == expected.f_files);
}

TEST_CASE("a tree is measured through a worker") {
  const TempFolder folder;
  folder.write("a/b", "hello");
  Bench bench;
  const auto usage = measure(bench.prober, folder.path());
  REQUIRE(usage);
  CHECK(usage->inodes == 3);
  CHECK(usage->last_modified);
}

TEST_CASE("a path is resolved through a worker, inside the root file system") {
  const TempFolder folder;
  folder.write("root/data/volumes/a", "");
  REQUIRE(::symlink("/data", (folder / "root/link").c_str()) == 0);
  Bench host({}, folder / "root");
  CHECK(resolve(host.prober, "/link/volumes/a").value() == "/data/volumes/a");
  CHECK(resolve(host.prober, "/link/..").value() == "/");
  CHECK(resolve(host.prober, "/link/nothing").error().kind == ErrorKind::kNotFound);
  Bench plain;
  REQUIRE(::symlink((folder / "root").c_str(), (folder / "r").c_str()) == 0);
  CHECK(resolve(plain.prober, folder / "r/data").value() == folder / "root/data");
  CHECK(resolve(plain.prober, "/").value() == "/");
}

TEST_CASE("what a worker cannot do is an error that names the path") {
  const TempFolder folder;
  Bench bench;
  const auto missing = capacity(bench.prober, "/no/such/path");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::kNotFound);
  CHECK(missing.error().where == "/no/such/path");
  CHECK(measure(bench.prober, folder.write("file", "12345"))->apparent_bytes == 5U);
  CHECK(capacity(bench.prober, "relative").error().kind == ErrorKind::kMalformed);
  CHECK(capacity(bench.prober, std::string("/a\0b", 4)).error().kind == ErrorKind::kMalformed);
  CHECK(capacity(bench.prober, "/" + std::string(9000, 'x')).error().kind == ErrorKind::kMalformed);
}

TEST_CASE("workers are used again, one for questions and one for scans") {
  const TempFolder folder;
  Bench bench;
  for (int i = 0; i < 20; ++i) {
    REQUIRE(capacity(bench.prober, "/"));
    REQUIRE(resolve(bench.prober, "/"));
    REQUIRE(measure(bench.prober, folder.path()));
  }
  CHECK(bench.workers().size() == 2);
}

TEST_CASE("a worker holds nothing of the program but its socket") {
  const TempFolder folder;
  const UniqueFd precious(::open(folder.write("log", "").c_str(), O_RDWR));
  Bench bench;
  REQUIRE(capacity(bench.prober, "/"));
  REQUIRE(bench.workers().size() == 1);
  for (const pid_t pid : {bench.spawner, *bench.workers().begin()}) {
    const std::string fds = "/proc/" + std::to_string(pid) + "/fd/";
    for (const char* fd : {"0", "1", "2"}) CHECK(read_link(fds + fd).value() == "/dev/null");
    CHECK(list_dir(fds)->size() == 4);
    CHECK(read_link("/proc/" + std::to_string(pid) + "/cwd").value() == "/");
  }
}

TEST_CASE("all helper processes end with the prober") {
  std::set<pid_t> pids;
  {
    Bench bench;
    REQUIRE(capacity(bench.prober, "/"));
    pids = bench.workers();
    pids.insert(bench.spawner);
    CHECK(pids.size() == 2);
  }
  for (const pid_t pid : pids) CHECK(eventually([&] { return !is_running(pid); }));
}

TEST_CASE("an idle worker that was killed is replaced unnoticed") {
  Bench bench;
  REQUIRE(capacity(bench.prober, "/"));
  const pid_t worker = *bench.workers().begin();
  ::kill(worker, SIGKILL);
  // Reaped, that is: a thread that a sanitizer gave it may hold its socket longer than itself.
  REQUIRE(eventually([&] { return !read_process(std::to_string(worker)); }));
  CHECK(capacity(bench.prober, "/"));
}

TEST_CASE("a worker that dies over a question costs that answer only") {
  Bench bench(kPatient);
  REQUIRE(capacity(bench.prober, "/"));
  const pid_t worker = *bench.workers().begin();
  ::kill(worker, SIGSTOP);
  REQUIRE(eventually([&] { return read_process(std::to_string(worker))->state == 'T'; }));
  auto answer = std::async(std::launch::async, [&] { return capacity(bench.prober, "/"); });
  CHECK(answer.wait_for(100ms) == std::future_status::timeout);
  ::kill(worker, SIGKILL);
  const auto failed = answer.get();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == ErrorKind::kNotAsked);
  CHECK(capacity(bench.prober, "/"));
}

TEST_CASE("without the spawner questions fail and nothing else happens") {
  Bench bench;
  REQUIRE(capacity(bench.prober, "/"));
  const std::set<pid_t> workers = bench.workers();
  REQUIRE(workers.size() == 1);
  ::kill(bench.spawner, SIGKILL);
  for (const pid_t pid : workers) REQUIRE(eventually([&] { return !is_running(pid); }));
  for (int i = 0; i < 3; ++i) {
    const auto answer = capacity(bench.prober, "/");
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ErrorKind::kNotAsked);  // it says nothing of the filesystem
  }
}

TEST_CASE("helpers ignore the signals that end the program") {
  Bench bench;
  REQUIRE(capacity(bench.prober, "/"));
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    ::kill(bench.spawner, number);
    ::kill(*bench.workers().begin(), number);
  }
  CHECK(capacity(bench.prober, "/"));
  CHECK(measure(bench.prober, "/proc/self/fdinfo"));
}

TEST_CASE("a mount that hangs costs one process however often it is asked") {
  if (!test::require_fuse_or_skip()) return;
  Bench bench(kShort);
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

TEST_CASE("a scan that hangs and is dropped costs one process") {
  if (!test::require_fuse_or_skip()) return;
  Bench bench(kShort);
  const TempFolder folder;
  HungFuse fuse(folder.path(), 12);
  CHECK(measure(bench.prober, folder.path())->inodes == 13U);
  fuse.hang();
  CHECK(measure(bench.prober, folder.path(), 100ms).error().kind == ErrorKind::kTimeout);
  CHECK(bench.prober.unanswered() == 1);
  CHECK(measure(bench.prober, folder.path()).error().kind == ErrorKind::kTimeout);
  CHECK(bench.workers().size() == 1);
  fuse.release();
  CHECK(eventually([&] { return measure(bench.prober, folder.path()).has_value(); }));
}

TEST_CASE("a scan does nothing before its first grant and pauses when that is used up") {
  const TempFolder folder;
  for (int i = 0; i < 3000; ++i)
    folder.write("d" + std::to_string(i % 10) + "/" + std::to_string(i), "");
  Bench bench;
  const auto scan = bench.prober.start_scan(order_of(folder.path()), {});
  REQUIRE(scan);
  CHECK(next_report(**scan, 50ms).error().kind == ErrorKind::kTimeout);
  int pauses = 0;
  std::uint64_t entries = 0;
  while (true) {
    (*scan)->grant({.cpu = 1ns, .wall = 1h});
    const auto report = next_report(**scan);
    REQUIRE(report);
    entries += report->entries;
    CHECK(report->cpu > 0ns);
    if (report->kind == ScanReport::Kind::kDone) {
      CHECK(report->outcome->inodes == 3011U);
      break;
    }
    REQUIRE(report->kind == ScanReport::Kind::kPaused);
    ++pauses;
    CHECK(next_report(**scan, 0ms).error().kind == ErrorKind::kTimeout);
  }
  CHECK(pauses > 5);
  CHECK(entries >= 3010);
}

TEST_CASE("a scan that is dropped while it is paused leaves nothing behind") {
  const TempFolder folder;
  for (int i = 0; i < 300; ++i) folder.write("d" + std::to_string(i) + "/f", "");
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    const auto scan = bench.prober.start_scan(order_of(folder.path()), {});
    REQUIRE(scan);
    (*scan)->grant({.cpu = 1ns, .wall = 1h});
    REQUIRE(next_report(**scan)->kind == ScanReport::Kind::kPaused);
  }
  CHECK(bench.prober.unanswered() == 0);
  CHECK(measure(bench.prober, folder.path())->inodes == 601U);
  CHECK(eventually([&] { return bench.workers().size() == 1; }));
}

TEST_CASE("several scans are in progress at the same time, each in a process of its own") {
  const TempFolder folder;
  folder.write("a/b", "x");
  Bench bench;
  const auto first = bench.prober.start_scan(order_of(folder.path()), {});
  const auto second = bench.prober.start_scan(order_of(folder / "a"), {});
  REQUIRE((first && second));
  (*second)->grant(kFree);
  CHECK(next_report(**second)->outcome->inodes == 2U);
  (*first)->grant(kFree);
  CHECK(next_report(**first)->outcome->inodes == 3U);
}

TEST_CASE("the records of a walk come before its end") {
  const TempFolder folder;
  for (int i = 0; i < 600; ++i) folder.write("d" + std::to_string(i) + "/f", "x");
  Bench bench;
  ScanOrder order = order_of(folder.path());
  order.want_records = true;
  const auto scan = bench.prober.start_scan(order, {});
  REQUIRE(scan);
  (*scan)->grant(kFree);
  std::vector<TreeRecord> records;
  while (true) {
    auto report = next_report(**scan);
    REQUIRE(report);
    records.insert(records.end(), report->records.begin(), report->records.end());
    if (report->kind == ScanReport::Kind::kDone) break;
  }
  CHECK(records.size() == 601);

  order.kind = ScanOrder::Kind::kLookAgain;
  order.directories = {records.back().handle};
  const auto again = bench.prober.start_scan(order, {});
  REQUIRE(again);
  (*again)->grant(kFree);
  const auto report = next_report(**again);
  REQUIRE(report);
  if (report->outcome || ::geteuid() == 0) {
    CHECK(report->kind == ScanReport::Kind::kRecords);
    CHECK(report->records.front().handle == records.back().handle);
  } else {
    CHECK(report->outcome.error().kind == ErrorKind::kPermission);
  }
}

TEST_CASE("a feed of changes is opened by a worker") {
  const TempFolder folder;
  Bench bench;
  auto feed = bench.prober.watch(at(folder.path()), {});
  if (!feed) {
    CHECK((feed.error().kind == ErrorKind::kPermission ||
           feed.error().kind == ErrorKind::kUnsupported));
    return;
  }
  const auto changes = make_change_feed(std::move(feed).value());
  folder.write("file", "x");
  CHECK(eventually([&] { return !changes->drain().directories.empty(); }));
}

TEST_CASE("places beyond the limit are not asked, and that is no timeout") {
  if (!test::require_fuse_or_skip()) return;
  Bench bench({.questions = {.patience = 500ms, .for_any = 2}});
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
  Bench bench;
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
  Bench bench(kShort);
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
  Bench bench;
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
  Bench bench(kShort, folder / "host");
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

TEST_CASE("a scan that hangs in one directory refuses no other directory of the mount") {
  if (!test::require_fuse_or_skip()) return;
  const TempFolder folder;
  folder.write("b/file", "x");
  HungFuse fuse(folder.make_folder("a"), 3);
  fuse.hang();
  Bench bench(kShort);
  ScanOrder order = order_of(folder / "a");
  order.place.mount_id = 7;
  {
    const auto scan = bench.prober.start_scan(order, {});
    REQUIRE(scan);
    (*scan)->grant(kFree);
    CHECK(next_report(**scan, 100ms).error().kind == ErrorKind::kTimeout);
  }
  CHECK(bench.prober.start_scan(order, {}).error().kind == ErrorKind::kTimeout);
  order.place.path = folder / "b";
  CHECK(bench.prober.start_scan(order, {}));
  CHECK(capacity(bench.prober, at(folder / "b", 7)));
}

TEST_CASE("a link that leads into a hung mount is not followed") {
  if (!test::require_fuse_or_skip()) return;
  const TempFolder folder;
  HungFuse fuse(folder.make_folder("hung"), 3);
  fuse.hang();
  REQUIRE(::symlink((folder / "hung").c_str(), (folder / "link").c_str()) == 0);
  Bench bench(kShort);
  CHECK(bench.prober.resolve({at(folder / "link/f0")}, {}).at(0).value() == folder / "hung/f0");
  CHECK(bench.prober.resolve({at(folder / "hung/f0")}, {}).at(0).error().kind ==
        ErrorKind::kTimeout);
}

TEST_CASE("the paths of hung mounts are given up soon and asked again later") {
  if (!test::require_fuse_or_skip()) return;
  const TempFolder folder;
  HungFuse fuse(folder.path(), 3);
  fuse.hang();
  Bench bench;
  const auto took = time_of([&] {
    CHECK(bench.prober.resolve({at(folder / "f0")}, {}).at(0).error().kind == ErrorKind::kTimeout);
  });
  CHECK(took < 1500ms);
  fuse.release();
  CHECK(eventually([&] { return resolve(bench.prober, folder / "f0").has_value(); }));
}

TEST_CASE("a stop cuts a hung question short") {
  if (!test::require_fuse_or_skip()) return;
  Bench bench(kPatient);
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
  auto bench = std::make_unique<Bench>(kShort);
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
  Bench bench;
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
}  // namespace volumeter::prober_test
