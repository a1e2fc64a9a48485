// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/base/build_info.h"
#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/sources/interface/change_feed.h"
#include "exporter/sources/interface/device_tracer.h"
#include "exporter/sources/interface/fs_usage.h"
#include "exporter/sources/interface/host_paths.h"
#include "exporter/sources/interface/mount_tracer.h"
#include "exporter/sources/interface/place.h"
#include "exporter/sources/interface/tree_scan.h"

namespace volumeter {

// An HTTP answer of the Docker Engine.
struct HttpReply {
  long status = 0;
  std::string body;
  std::string api_version;  // header Api-Version, sent with /_ping
  bool podman = false;      // header Libpod-Api-Version is there
  // Values left out of the body because they are larger than any that is read.
  std::size_t cut_fields = 0;
};

// The one door: every way in which this program learns about the world. Files come from
// under three roots; what a folder cannot imitate is a function. All of them may be called
// from any thread. None blocks beyond its own limit or a stop that is asked for, yet all but
// the clocks may take seconds: they belong to samplers, never to the path of a scrape.
struct HostAccess {
  HostPaths paths;
  BuildInfo build;

  std::function<WallTime()> now;
  std::function<SteadyTime()> steady_now;

  // GET of a path such as "/v1.41/volumes". Any status is an answer; an Error is a
  // transport that failed.
  std::function<Result<HttpReply>(const std::string& target, std::stop_token)> docker_get;

  // GET of an endless answer: calls `on_data` with an empty piece once the daemon has agreed,
  // then with each piece of the body, until that returns false, the daemon ends the stream
  // (done, no error) or a stop is asked for.
  std::function<Result<>(const std::string& target,
                         const std::function<bool(std::string_view)>& on_data, std::stop_token)>
      docker_stream;

  // Capacity of the filesystems that hold some places, asked in parallel. Calls `on_answer` once
  // for each place, by its index and from this thread, as the answers come in: a filesystem that
  // hangs delays none that answers. kTimeout: it hangs; at once while an earlier question about
  // the same mount is unanswered. kNotAsked: too many other questions are unanswered, no process
  // could be had, or a stop was asked for.
  using OnUsage = std::function<void(std::size_t index, Result<FsUsage>)>;
  std::function<void(const std::vector<Place>&, const OnUsage& on_answer, std::stop_token)> statfs;

  // A scan of a directory that does nothing before its first grant. kTimeout at once while an
  // earlier question about its mount or an earlier scan of it is unanswered; kNotAsked as of
  // statfs.
  std::function<Result<std::unique_ptr<TreeScan>>(const ScanOrder& order, std::stop_token)>
      start_scan;

  // What changes in the filesystem that holds the place; kPermission or kUnsupported where the
  // kernel does not report it, kTimeout and kNotAsked as of statfs.
  std::function<Result<std::unique_ptr<ChangeFeed>>(const Place&, std::stop_token)> watch_changes;

  // The kernel's counting of what goes through mounts and its measuring of disks; errors as of
  // make_mount_tracer().
  std::function<Result<std::unique_ptr<MountTracer>>()> trace_mounts;
  std::function<Result<std::unique_ptr<DeviceTracer>>()> trace_devices;

  // CPU time that the calling thread has used.
  std::function<std::chrono::nanoseconds()> thread_cpu;

  // The path of each place with its first symbolic link replaced by the link's target; without a
  // link the path itself. Asked again until it stays the same it is resolved; one link at a time,
  // because each may lead to another mount. Asked in parallel and answered in the same order,
  // within half a second: kTimeout is also what was slower. Other errors as of statfs.
  std::function<std::vector<Result<std::string>>(const std::vector<Place>&, std::stop_token)>
      resolve;
};

// Asks a single place.
inline Result<FsUsage> statfs_at(const HostAccess& host, const Place& place, std::stop_token stop) {
  Result<FsUsage> usage = Error{ErrorKind::kNotAsked, place.path, "not asked"};
  host.statfs(
      {place}, [&](std::size_t, Result<FsUsage> answer) { usage = std::move(answer); },
      std::move(stop));
  return usage;
}

}  // namespace volumeter
