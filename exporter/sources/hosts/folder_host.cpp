// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/hosts/folder_host.h"

#include <sys/eventfd.h>

#include <memory>

#include "exporter/sources/hosts/folder_engine.h"
#include "exporter/sources/hosts/folder_fixture.h"
#include "exporter/sources/hosts/folder_io.h"

namespace volumeter {
namespace {

// A scan whose end was known before it began.
class FinishedScan final : public TreeScan {
 public:
  explicit FinishedScan(const SpaceUsage& space)
      : space_(space), event_(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  int descriptor() const override { return event_.get(); }
  void grant(const ScanGrant&) override {}
  Result<ScanReport> receive() override {
    return ScanReport{.entries = space_.inodes.value_or(0), .records = {}, .outcome = space_};
  }

 private:
  const SpaceUsage space_;
  const UniqueFd event_;
};

// As accounted_space() and walk_tree() between them.
Result<std::unique_ptr<TreeScan>> start_scan(const Fixture& fixture, const std::string& folder,
                                             const ScanOrder& order) {
  const std::string root = order.place.root.empty() ? "" : order.place.root.substr(folder.size());
  const std::string path = root + order.place.path;
  Result<SpaceUsage> space = answer_for(fixture.trees, path);
  if (order.own_filesystem) {
    const auto filesystem = answer_for(fixture.filesystems, path);
    const auto counted = filesystem ? to_space_usage(*filesystem) : std::nullopt;
    if (counted) space = *counted;
  }
  if (!space) return std::move(space).error();
  return std::unique_ptr<TreeScan>(std::make_unique<FinishedScan>(*space));
}

}  // namespace

Result<HostAccess> make_folder_host(const std::string& folder) {
  const auto read = read_fixture(folder);
  if (!read) return read.error();
  const auto& fixture = *read;

  HostAccess host;
  host.paths = {folder + "/proc", folder + "/sys", folder};
  host.build = {"0.0.0", "fixture"};
  host.now = [fixture] { return fixture->now; };
  host.steady_now = [] { return SteadyTime(std::chrono::hours(1)); };
  host.docker_get = [folder](const std::string& target, std::stop_token) {
    return docker_reply(folder + "/docker", target);
  };
  host.docker_stream = [](const std::string&, const std::function<bool(std::string_view)>&,
                          std::stop_token) -> Result<> { return Nothing{}; };
  host.statfs = [fixture](const std::vector<Place>& places, const HostAccess::OnUsage& on_answer,
                          std::stop_token) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      on_answer(i, answer_for(fixture->filesystems, places[i].path));
    }
  };
  host.start_scan = [fixture, folder](const ScanOrder& order, std::stop_token) {
    return start_scan(*fixture, folder, order);
  };
  host.watch_changes = [](const Place& place, std::stop_token) {
    return Result<std::unique_ptr<ChangeFeed>>(
        Error{ErrorKind::kUnsupported, place.path, "a folder reports no changes"});
  };
  host.trace_mounts = [folder] { return make_folder_mount_tracer(folder); };
  host.trace_devices = [folder] { return make_folder_device_tracer(folder); };
  host.thread_cpu = [] { return std::chrono::nanoseconds(0); };
  host.resolve = [fixture](const std::vector<Place>& places, std::stop_token) {
    std::vector<Result<std::string>> paths;
    paths.reserve(places.size());
    for (const Place& place : places) paths.push_back(follow_link(fixture->links, place.path));
    return paths;
  };
  return host;
}

}  // namespace volumeter
