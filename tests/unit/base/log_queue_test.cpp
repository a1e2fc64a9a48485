// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/log_queue.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>

#include "exporter/base/unique_fd.h"
#include "tests/support/eventually.h"

namespace volumeter::log_queue_test {
namespace {

using namespace std::chrono_literals;
using test::eventually;

std::string notice(std::uint64_t dropped) { return "lost " + std::to_string(dropped) + "\n"; }

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;

  Pipe() {
    std::array<int, 2> fds{};
    REQUIRE(::pipe2(fds.data(), O_CLOEXEC) == 0);
    reader = UniqueFd(fds[0]);
    writer = UniqueFd(fds[1]);
    ::fcntl(writer.get(), F_SETPIPE_SZ, 4096);
  }

  void fill() const {
    ::fcntl(writer.get(), F_SETFL, O_NONBLOCK);
    while (::write(writer.get(), "xxxxxxxxxxxxxxxx", 16) > 0) {
    }
    ::fcntl(writer.get(), F_SETFL, 0);
  }

  // What is there within a moment.
  std::string read() const {
    std::string text;
    std::array<char, 4096> buffer{};
    ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
    eventually([&] {
      const ssize_t got = ::read(reader.get(), buffer.data(), buffer.size());
      if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
      return got <= 0 && !text.empty();
    });
    return text;
  }
};

TEST_CASE("queued lines are written in order, the last ones before the queue ends") {
  const Pipe pipe;
  {
    LogQueue queue(pipe.writer.get(), notice);
    queue.start();
    queue.add("one\n");
    queue.add("two\n");
  }
  CHECK(pipe.read() == "one\ntwo\n");
}

TEST_CASE("a full pipe delays neither whoever logs nor the end") {
  const Pipe pipe;
  pipe.fill();
  const auto began = std::chrono::steady_clock::now();
  {
    LogQueue queue(pipe.writer.get(), notice);
    queue.start();
    for (int i = 0; i < 100; ++i) queue.add("line\n");
    queue.add("last\n");
  }
  CHECK(std::chrono::steady_clock::now() - began < 2s);
  // The thread that was left behind ends with the pipe's last line, here before the pipe does.
  std::string text;
  CHECK(eventually([&] {
    text += pipe.read();
    return text.find("last\n") != std::string::npos;
  }));
}

TEST_CASE("lines beyond the limit are dropped, counted and mentioned once there is room") {
  const Pipe pipe;
  pipe.fill();
  LogQueue queue(pipe.writer.get(), notice);
  queue.start();
  const std::string half(LogQueue::kMaxBytes / 2, 'h');
  queue.add("first\n");
  for (int i = 0; i < 5; ++i) queue.add(half);
  CHECK(queue.dropped() >= 3);
  std::string text;
  CHECK(eventually([&] {
    text += pipe.read();
    return text.find("lost ") != std::string::npos;
  }));
}

TEST_CASE("lines to a closed pipe are dropped and counted") {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.reader.reset();
  LogQueue queue(pipe.writer.get(), notice);
  queue.start();
  queue.add("one\n");
  queue.add("two\n");
  CHECK(eventually([&] { return queue.dropped() == 2; }));
}

TEST_CASE("lines to a full disk are dropped and counted") {
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) return;
  LogQueue queue(full.get(), notice);
  queue.start();
  queue.add("one\n");
  CHECK(eventually([&] { return queue.dropped() == 1; }));
}

TEST_CASE("a descriptor that others made non-blocking loses no line while it is read") {
  const Pipe pipe;
  pipe.fill();
  ::fcntl(pipe.writer.get(), F_SETFL, O_NONBLOCK);
  LogQueue queue(pipe.writer.get(), notice);
  queue.start();
  queue.add("one\n");
  std::string text;
  CHECK(eventually([&] {
    text += pipe.read();
    return text.find("one\n") != std::string::npos;
  }));
  CHECK(queue.dropped() == 0);
}

}  // namespace
}  // namespace volumeter::log_queue_test
