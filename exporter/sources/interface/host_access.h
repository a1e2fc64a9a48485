// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "exporter/base/build_info.h"
#include "exporter/base/result.h"
#include "exporter/base/time.h"
#include "exporter/sources/interface/change_feed.h"
#include "exporter/sources/interface/device_tracer.h"
#include "exporter/sources/interface/fs_usage.h"
#include "exporter/sources/interface/host_paths.h"
#include "exporter/sources/interface/mount_tracer.h"
#include "exporter/sources/interface/tree_scan.h"

namespace volumeter {

// An HTTP answer of the Docker Engine.
struct HttpReply {
  long status = 0;
  std::string body;
  std::string api_version;  // header Api-Version, sent with /_ping
  bool podman = false;      // header Libpod-Api-Version is there
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

  // Capacity of the filesystem that holds `path` (a path of the host). kTimeout at once
  // while an earlier question about the same path is still unanswered.
  std::function<Result<FsUsage>(const std::string& path, std::stop_token)> statfs;

  // A scan of a directory that does nothing before its first grant. kTimeout at once while an
  // earlier question about the same path is unanswered.
  std::function<Result<std::unique_ptr<TreeScan>>(const ScanOrder& order, std::stop_token)>
      start_scan;

  // What changes in the filesystem that holds `path` (a path of the host); kPermission or
  // kUnsupported where nobody tells.
  std::function<Result<std::unique_ptr<ChangeFeed>>(const std::string& path, std::stop_token)>
      watch_changes;

  // The kernel's counting of what goes through mounts and its measuring of disks; errors as of
  // make_mount_tracer().
  std::function<Result<std::unique_ptr<MountTracer>>()> trace_mounts;
  std::function<Result<std::unique_ptr<DeviceTracer>>()> trace_devices;

  // CPU time that the calling thread has used.
  std::function<std::chrono::nanoseconds()> thread_cpu;

  // `path` of the host with its symbolic links resolved, as a path of the host.
  std::function<Result<std::string>(const std::string& path, std::stop_token)> resolve;
};

}  // namespace volumeter
