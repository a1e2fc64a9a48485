// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/hosts/folder_fixture.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "exporter/base/fields.h"

namespace volumeter {
namespace {

using Json = nlohmann::json;

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

Result<WallTime> read_now(const std::string& file) {
  const auto text = read_file(file);
  if (!text) return text.error();
  const auto seconds = to_double(trim(*text));
  const auto now = seconds ? to_time(*seconds) : std::nullopt;
  if (!now) return Error{ErrorKind::kMalformed, file, "not a number of Unix seconds"};
  return *now;
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

}  // namespace

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

}  // namespace volumeter
