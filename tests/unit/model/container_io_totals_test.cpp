// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/container_io_totals.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::container_io_totals_test {
namespace {

using namespace std::chrono_literals;

// A device whose four counters are all `count`.
DeviceIo device(const std::string& name, std::uint64_t count) {
  return {{254, 0}, count, count, count, count, Label(name)};
}

ContainerIo run(std::uint64_t id, std::vector<DeviceIo> devices) {
  ContainerIo io;
  io.devices = std::move(devices);
  io.device_run = io.pressure_run = id;
  return io;
}

// A totals and a clock.
struct Book {
  ContainerIoTotals totals;
  SteadyTime now{1000h};

  std::vector<DeviceIo> write(const std::string& name, ContainerIo io,
                              std::vector<DeviceIo> disks = {}) {
    return totals.carried(name, std::move(io), disks, now).devices;
  }

  std::vector<DeviceIo> after(SteadyTime::duration time, ContainerIo io) {
    now += time;
    return write("db", std::move(io));
  }
};

TEST_CASE("the counters of the first run equal the kernel's") {
  Book book;
  CHECK(book.write("db", run(1, {device("vda", 5)})) == std::vector{device("vda", 5)});
  CHECK(book.write("db", run(1, {device("vda", 9)})) == std::vector{device("vda", 9)});
}

TEST_CASE("after a restart each counter continues from the last value read") {
  Book book;
  book.write("db", run(1, {{{254, 0}, 10, 20, 30, 40, Label("vda")}}));
  CHECK(book.write("db", run(2, {{{254, 0}, 1, 2, 3, 4, Label("vda")}})) ==
        std::vector{DeviceIo{{254, 0}, 11, 22, 33, 44, Label("vda")}});
  CHECK(book.write("db", run(2, {{{254, 0}, 2, 2, 3, 5, Label("vda")}})) ==
        std::vector{DeviceIo{{254, 0}, 12, 22, 33, 45, Label("vda")}});
}

TEST_CASE("a new run whose counters exceed the last ones is added in full") {
  Book book;
  book.write("db", run(1, {device("vda", 10)}));
  CHECK(book.write("db", run(2, {device("vda", 500)})) == std::vector{device("vda", 510)});
}

TEST_CASE("totals are kept per container and device") {
  Book book;
  book.write("db", run(1, {device("vda", 10), device("vdb", 20)}));
  book.write("web", run(2, {device("vda", 1)}));
  CHECK(book.write("db", run(3, {device("vda", 1), device("vdb", 1)})) ==
        std::vector{device("vda", 11), device("vdb", 21)});
  CHECK(book.write("web", run(2, {device("vda", 2)})) == std::vector{device("vda", 2)});
}

TEST_CASE("a device that a new run has not used yet keeps the totals of earlier runs") {
  Book book;
  book.write("db", run(1, {device("vda", 10)}));
  CHECK(book.write("db", run(2, {})) == std::vector{device("vda", 10)});
  CHECK(book.write("db", run(2, {device("vda", 3)})) == std::vector{device("vda", 13)});
}

TEST_CASE("a device missing from a single read keeps its totals") {
  Book book;
  book.write("db", run(1, {device("vda", 10)}));
  book.write("db", run(1, {}));
  CHECK(book.write("db", run(1, {device("vda", 12)})) == std::vector{device("vda", 12)});
}

TEST_CASE("a counter that decreases within a run keeps its total and continues from there") {
  Book book;
  book.write("db", run(1, {device("vda", 1000)}));
  CHECK(book.write("db", run(1, {device("vda", 600)})) == std::vector{device("vda", 1000)});
  CHECK(book.write("db", run(1, {device("vda", 650)})) == std::vector{device("vda", 1050)});
}

TEST_CASE("a device that disappeared is shown for an hour and its totals are kept beyond") {
  Book book;
  book.write("db", run(1, {device("vda", 10)}));
  CHECK(book.after(59min, run(1, {})).size() == 1);
  CHECK(book.after(2min, run(1, {})).empty());
  CHECK(book.after(50h, run(2, {device("vda", 1)})) == std::vector{device("vda", 11)});
}

TEST_CASE("disks without I/O are zero if the kernel lists every disk with I/O") {
  Book book;
  ContainerIo io = run(1, {device("vdb", 7)});
  CHECK(book.write("db", io, {device("vda", 0)}) == std::vector{device("vdb", 7)});
  io.lists_all = true;
  CHECK(book.write("db", io, {device("vda", 0)}) ==
        std::vector{device("vda", 0), device("vdb", 7)});
  book.now += 3h;
  CHECK(book.write("db", io, {device("vda", 0)}).size() == 2);
  io.devices.push_back(device("vda", 4));
  CHECK(book.write("db", io, {device("vda", 0)}) ==
        std::vector{device("vda", 4), device("vdb", 7)});
  io.devices.clear();
  CHECK(book.write("db", io, {device("vda", 0)}) ==
        std::vector{device("vda", 4), device("vdb", 7)});
}

TEST_CASE("I/O pressure is cumulative across container restarts") {
  ContainerIoTotals totals;
  ContainerIo io = run(1, {});
  io.pressure = IoPressure{5s, 2s};
  totals.carried("db", io, {}, SteadyTime(1h));
  io.pressure_run = 2;
  io.pressure = IoPressure{1s, 1s};
  CHECK(totals.carried("db", io, {}, SteadyTime(1h)).pressure == IoPressure{6s, 3s});
  io.pressure = IoPressure{2s, {}};
  CHECK(totals.carried("db", io, {}, SteadyTime(1h)).pressure == IoPressure{7s, {}});
  io.pressure.reset();
  CHECK_FALSE(totals.carried("db", io, {}, SteadyTime(1h)).pressure);
}

ContainerFacts container(const std::string& name) {
  ContainerFacts facts;
  facts.name = Label(name);
  return facts;
}

TEST_CASE("totals of a container are kept until an hour after its removal") {
  Book book;
  book.write("db", run(1, {device("vda", 10)}));
  book.now += 100h;
  book.totals.forget_gone({container("db")}, book.now);
  book.now += 59min;
  book.totals.forget_gone({}, book.now);
  CHECK(book.write("db", run(2, {device("vda", 1)})) == std::vector{device("vda", 11)});
  book.now += 61min;
  book.totals.forget_gone({}, book.now);
  CHECK(book.totals.size() == 0);
}

TEST_CASE("of many short-lived containers the most recent are kept") {
  Book book;
  for (std::size_t i = 0; i < ContainerIoTotals::kMaxGoneNames + 50; ++i) {
    book.now += 1s;
    book.write("job" + std::to_string(i), run(i, {device("vda", 10)}));
    book.totals.forget_gone({container("job" + std::to_string(i))}, book.now);
    REQUIRE(book.totals.size() <= ContainerIoTotals::kMaxGoneNames + 1);
  }
  CHECK(book.write("job60", run(9999, {device("vda", 1)})) == std::vector{device("vda", 11)});
  CHECK(book.write("job0", run(9999, {device("vda", 1)})) == std::vector{device("vda", 1)});
}

TEST_CASE("of many devices of a container the most recently used are kept") {
  Book book;
  for (std::size_t i = 0; i < ContainerIoTotals::kMaxDevices + 9; ++i) {
    const auto listed = book.after(1s, run(1, {device("loop" + std::to_string(i), 1)}));
    REQUIRE(listed.size() <= ContainerIoTotals::kMaxDevices);
  }
  CHECK(book.after(1s, run(2, {device("loop200", 1)})).size() == ContainerIoTotals::kMaxDevices);
}

}  // namespace
}  // namespace volumeter::container_io_totals_test
