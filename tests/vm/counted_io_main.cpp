// SPDX-License-Identifier: Apache-2.0
// counted_io MOUNT_POINT... -- COMMAND...: runs the command and says in one line of JSON what went
// through each of these mounts of our own namespace meanwhile, as the kernel counted it:
//   {"read":{"operations":1,"bytes":4096,"nanoseconds":900,"latency":[1,0,...],"errors":[...]},
//    "write":{...},"fsync":{...},"mapped_writes":0}
// Its exit code is that of the command; 3 if the kernel does not let us count.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/sources/ebpf/bpf/tracers.h"
#include "exporter/sources/interface/mount_tracer.h"
#include "exporter/sources/kernel/mountinfo.h"
#include "exporter/sources/os/files.h"

using namespace volumeter;

namespace {

template <typename Numbers>
std::string to_json(const Numbers& numbers) {
  std::string text = "[";
  for (const auto number : numbers) {
    if (text.size() > 1) text += ",";
    text += std::to_string(number);
  }
  return text + "]";
}

std::string to_json(const IoCounts& counts) {
  return R"({"operations":)" + std::to_string(counts.operations) + R"(,"bytes":)" +
         std::to_string(counts.bytes) + R"(,"nanoseconds":)" + std::to_string(counts.nanoseconds) +
         R"(,"latency":)" + to_json(counts.latency) + R"(,"errors":)" + to_json(counts.errors) +
         "}";
}

std::string to_json(const MountIo& io) {
  return R"({"read":)" + to_json(io.reads) + R"(,"write":)" + to_json(io.writes) + R"(,"fsync":)" +
         to_json(io.fsyncs) + R"(,"mapped_writes":)" + std::to_string(io.mapped_writes) + "}";
}

int run(char** command) {
  pid_t pid = 0;
  if (::posix_spawnp(&pid, command[0], nullptr, nullptr, command, environ) != 0) return 127;
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

// Watches the mount on `point`; says on standard error why that failed.
bool watch(MountTracer& tracer, MountToken token, std::string_view point) {
  const auto text = read_file("/proc/self/mountinfo");
  const auto namespaces = tracer.namespaces();
  if (!text || !namespaces) return false;
  const auto parsed = parse_mountinfo(*text);
  for (const Mount& mount : parsed.items) {
    if (mount.mount_point != point) continue;
    auto done = tracer.follow(mount.fstype);
    if (done) {
      done = tracer.watch(token,
                          {.id = static_cast<std::uint32_t>(mount.id),
                           .namespace_id = namespaces->at(static_cast<std::uint32_t>(::getpid())),
                           .device = mount.device});
    }
    if (!done) std::cerr << done.error().text() << "\n";
    return done.has_value();
  }
  std::cerr << point << " is no mount point\n";
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  auto tracer = make_mount_tracer();
  if (!tracer) {
    std::cerr << tracer.error().text() << "\n";
    return 3;
  }
  const auto counter = std::move(tracer).value();
  MountToken token = 0;
  int argument = 1;
  for (; argument < argc && std::string_view(argv[argument]) != "--"; ++argument) {
    if (!watch(*counter, ++token, argv[argument])) return 3;
  }
  if (argument + 1 >= argc) return 2;
  const int code = run(argv + argument + 1);
  const auto counted = counter->read();
  if (!counted) return 3;
  for (MountToken one = 1; one <= token; ++one) {
    const auto found = counted->find(one);
    std::cout << to_json(found == counted->end() ? MountIo{} : found->second) << "\n";
  }
  return code;
}
