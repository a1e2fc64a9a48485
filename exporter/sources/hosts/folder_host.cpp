// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/hosts/folder_host.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <type_traits>

#include "exporter/base/fields.h"
#include "exporter/sources/hosts/folder_io.h"
#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxFixtureBytes = 64 << 20;

template <typename T>
using Answers = std::map<std::string, Result<T>>;  // by path

// "hung" is a filesystem that does not answer, everything else the name of an errno(3).
std::optional<Error> named_error(const std::string& path, const std::string& name) {
  if (name == "hung") {
    return Error{ErrorKind::kTimeout, path, "still no answer to an earlier question"};
  }
  constexpr int kLastErrno = 133;
  for (int number = 1; number <= kLastErrno; ++number) {
    const char* known = ::strerrorname_np(number);
    if (known != nullptr && name == known) return from_errno(path, number);
  }
  return {};
}

// Of a fixture, so years are ordinary ones; the bounds keep "nan" and "1e300" out.
std::optional<WallTime> to_time(double unix_time) {
  constexpr double kMaxUnixSeconds = 9e9;
  if (!(unix_time >= 0 && unix_time < kMaxUnixSeconds)) return {};
  return from_unix_seconds(unix_time);
}

std::uint64_t number(const Json& object, const char* key) {
  const Json& value = object.at(key);
  if (!value.is_number_unsigned()) throw std::runtime_error(std::string(key) + " is no count");
  return value.get<std::uint64_t>();
}

std::optional<std::uint64_t> optional_number(const Json& object, const char* key) {
  if (!object.contains(key)) return {};
  return number(object, key);
}

FsUsage to_usage(const Json& said) {
  return to_fs_usage({.unit = number(said, "block_size"),
                      .blocks = number(said, "blocks"),
                      .blocks_free = number(said, "bfree"),
                      .blocks_available = number(said, "bavail"),
                      .files = number(said, "files"),
                      .files_free = number(said, "ffree")});
}

SizeMethod to_method(const std::string& name) {
  if (name == "walk") return SizeMethod::kWalk;
  if (name == "quota") return SizeMethod::kQuota;
  if (name == "qgroup") return SizeMethod::kQgroup;
  throw std::runtime_error("no method is called " + name);
}

TreeContents to_contents(const Json& said) {
  const auto count = [&](const char* key) { return optional_number(said, key).value_or(0); };
  TreeContents contents;
  contents.files = count("files");
  contents.directories = count("directories");
  contents.symlinks = count("symlinks");
  contents.others = count("others");
  contents.device_nodes = count("device_nodes");
  contents.setuid_files = count("setuid_files");
  contents.largest_file_bytes = count("largest_file_bytes");
  if (said.contains("old_bytes")) contents.old_bytes = said.at("old_bytes");
  return contents;
}

SpaceUsage to_tree(const Json& said) {
  SpaceUsage usage;
  usage.method = to_method(said.value("method", "walk"));
  usage.apparent_bytes = optional_number(said, "apparent_bytes");
  usage.allocated_bytes = number(said, "allocated_bytes");
  usage.inodes = optional_number(said, "inodes");
  usage.limit_bytes = optional_number(said, "limit_bytes");
  usage.errors = optional_number(said, "errors").value_or(0);
  if (said.contains("last_modified")) {
    usage.last_modified = to_time(said.at("last_modified").get<double>());
  }
  if (said.contains("contents")) usage.contents = to_contents(said.at("contents"));
  return usage;
}

std::string to_path(const Json& said) { return said.get<std::string>(); }

// A fixture's JSON object; an empty one if the file is not there.
Result<Json> read_object(const std::string& file) {
  const auto text = read_file(file, kMaxFixtureBytes);
  if (!text) {
    if (text.error().kind == ErrorKind::kNotFound) return Json::object();
    return text.error();
  }
  Json object = Json::parse(*text, nullptr, false);
  if (!object.is_object()) return Error{ErrorKind::kMalformed, file, "not a JSON object"};
  return object;
}

// A file of answers by path. A string where a value of another shape belongs is an error.
template <typename T>
Result<Answers<T>> read_answers(const std::string& file, T (*convert)(const Json&)) {
  const auto object = read_object(file);
  if (!object) return object.error();
  Answers<T> answers;
  for (const auto& [path, said] : object->items()) {
    try {
      if (said.is_string() && !std::is_same_v<T, std::string>) {
        const auto error = named_error(path, said.template get<std::string>());
        if (!error) throw std::runtime_error("not the name of an error");
        answers.emplace(path, *error);
      } else {
        answers.emplace(path, convert(said));
      }
    } catch (const std::exception& failure) {
      return Error{ErrorKind::kMalformed, file, path + ": " + failure.what()};
    }
  }
  return answers;
}

template <typename T>
Result<T> answer_for(const Answers<T>& answers, const std::string& path) {
  const auto found = answers.find(path);
  if (found == answers.end()) return from_errno(path, ENOENT);
  return found->second;
}

// "/v1.41/containers/json?all=1" -> "/containers/json".
std::string endpoint_of(std::string_view target) {
  target = target.substr(0, target.find('?'));
  if (target.starts_with("/v")) {
    std::string_view rest = target.substr(2);
    if (to_double(cut(rest, '/'))) return "/" + std::string(rest);
  }
  return std::string(target);
}

// "HTTP 403\n{...}": the status and the body behind it; status 200 without such a line.
HttpReply to_reply(std::string_view text) {
  constexpr std::string_view kMark = "HTTP ";
  HttpReply reply;
  reply.status = 200;
  if (text.starts_with(kMark)) {
    const auto status = to_integer<long>(trim(next_line(text).substr(kMark.size())));
    reply.status = status.value_or(500);
  }
  reply.body = text;
  return reply;
}

// Turns the body of docker/_ping.json into the headers of the answer.
Result<HttpReply> with_headers(HttpReply reply, const std::string& file) {
  if (reply.status != 200) return reply;
  try {
    const Json headers = Json::parse(reply.body);
    reply.api_version = headers.value("Api-Version", "");
    reply.podman = headers.contains("Libpod-Api-Version");
  } catch (const std::exception& failure) {
    return Error{ErrorKind::kMalformed, file, failure.what()};
  }
  reply.body = "OK";
  return reply;
}

Result<HttpReply> docker_reply(const std::string& folder, const std::string& target) {
  if (!list_dir(folder)) return Error{ErrorKind::kNotFound, folder, "connection refused"};
  const std::string endpoint = endpoint_of(target);
  const std::string file = folder + endpoint + ".json";
  const auto text = read_file(file, kMaxFixtureBytes);
  if (!text && text.error().kind == ErrorKind::kNotFound) {
    return HttpReply{.status = 404, .body = R"({"message":"page not found"})", .api_version = {}};
  }
  if (!text) return text.error();
  HttpReply reply = to_reply(*text);
  return endpoint == "/_ping" ? with_headers(std::move(reply), file) : reply;
}

Result<WallTime> read_now(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return text.error();
  const auto seconds = to_double(trim(*text));
  const auto now = seconds ? to_time(*seconds) : std::nullopt;
  if (!now) return Error{ErrorKind::kMalformed, file, "not a number of Unix seconds"};
  return *now;
}

// Everything of a folder that is not read file by file.
struct Fixture {
  WallTime now;
  Answers<FsUsage> filesystems;
  Answers<SpaceUsage> trees;
  Answers<std::string> links;
};

// As the real host: the first symbolic link of the path replaced, from left to right.
Result<std::string> follow_link(const Answers<std::string>& links, const std::string& path) {
  for (auto end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const auto found = links.find(path.substr(0, end));
    const std::string rest = end == std::string::npos ? "" : path.substr(end);
    if (found != links.end() && found->second) {
      if (!found->second->starts_with('/')) {
        return named_error(path, *found->second).value_or(from_errno(path, ENOENT));
      }
      return *found->second + rest;
    }
    if (end == std::string::npos) return path;
  }
}

// A tree is found by a path with links and by the one that these lead to.
void add_resolved(Answers<SpaceUsage>& trees, const Answers<std::string>& links) {
  constexpr int kMaxLinks = 40;
  const Answers<SpaceUsage> written = trees;
  for (const auto& [path, tree] : written) {
    Result<std::string> end = path;
    for (int i = 0; i < kMaxLinks && end; ++i) end = follow_link(links, *end);
    if (end) trees.emplace(*end, tree);
  }
}

Result<std::shared_ptr<const Fixture>> read_fixture(const std::string& folder) {
  auto now = read_now(folder + "/now");
  if (!now) return now.error();
  auto filesystems = read_answers<FsUsage>(folder + "/statfs.json", to_usage);
  if (!filesystems) return filesystems.error();
  auto trees = read_answers<SpaceUsage>(folder + "/trees.json", to_tree);
  if (!trees) return trees.error();
  auto links = read_answers<std::string>(folder + "/links.json", to_path);
  if (!links) return links.error();
  Fixture fixture{*now, *filesystems, *trees, *links};
  add_resolved(fixture.trees, fixture.links);
  return std::make_shared<const Fixture>(std::move(fixture));
}

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
