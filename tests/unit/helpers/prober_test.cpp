// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/prober.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <future>
#include <set>
#include <string>

#include "exporter/sources/os/files.h"
#include "tests/support/eventually.h"
#include "tests/support/prober_bench.h"
#include "tests/support/temp_folder.h"

namespace volumeter::prober_test {
namespace {

using namespace std::chrono_literals;
using namespace test;

TEST_CASE("a filesystem is asked for its capacity through a worker") {
  ProberBench bench;
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
  ProberBench bench;
  const auto usage = measure(bench.prober, folder.path());
  REQUIRE(usage);
  CHECK(usage->inodes == 3);
  CHECK(usage->last_modified);
}

TEST_CASE("a path is resolved through a worker, inside the root file system") {
  const TempFolder folder;
  folder.write("root/data/volumes/a", "");
  REQUIRE(::symlink("/data", (folder / "root/link").c_str()) == 0);
  ProberBench host({}, folder / "root");
  CHECK(resolve(host.prober, "/link/volumes/a").value() == "/data/volumes/a");
  CHECK(resolve(host.prober, "/link/..").value() == "/");
  CHECK(resolve(host.prober, "/link/nothing").error().kind == ErrorKind::kNotFound);
  ProberBench plain;
  REQUIRE(::symlink((folder / "root").c_str(), (folder / "r").c_str()) == 0);
  CHECK(resolve(plain.prober, folder / "r/data").value() == folder / "root/data");
  CHECK(resolve(plain.prober, "/").value() == "/");
}

TEST_CASE("what a worker cannot do is an error that names the path") {
  const TempFolder folder;
  ProberBench bench;
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
  ProberBench bench;
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
  ProberBench bench;
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
    ProberBench bench;
    REQUIRE(capacity(bench.prober, "/"));
    pids = bench.workers();
    pids.insert(bench.spawner);
    CHECK(pids.size() == 2);
  }
  for (const pid_t pid : pids) CHECK(eventually([&] { return !is_running(pid); }));
}

TEST_CASE("an idle worker that was killed is replaced unnoticed") {
  ProberBench bench;
  REQUIRE(capacity(bench.prober, "/"));
  const pid_t worker = *bench.workers().begin();
  ::kill(worker, SIGKILL);
  // Reaped, that is: a thread that a sanitizer gave it may hold its socket longer than itself.
  REQUIRE(eventually([&] { return !read_process(std::to_string(worker)); }));
  CHECK(capacity(bench.prober, "/"));
}

TEST_CASE("a worker that dies over a question costs that answer only") {
  ProberBench bench(kPatient);
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
  ProberBench bench;
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
  ProberBench bench;
  REQUIRE(capacity(bench.prober, "/"));
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    ::kill(bench.spawner, number);
    ::kill(*bench.workers().begin(), number);
  }
  CHECK(capacity(bench.prober, "/"));
  CHECK(measure(bench.prober, "/proc/self/fdinfo"));
}

}  // namespace
}  // namespace volumeter::prober_test
