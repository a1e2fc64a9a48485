// SPDX-License-Identifier: Apache-2.0
#include <sys/fanotify.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "exporter/sources/sizes/changes/fanotify_feed.h"

namespace volumeter::fanotify_events_test {
namespace {

using Handles = std::vector<DirectoryHandle>;

template <typename T>
std::string raw(const T& value) {
  std::string text(sizeof(T), '\0');
  std::memcpy(text.data(), &value, sizeof(T));
  return text;
}

// An information record with a handle of `size` bytes, all of them `fill`.
std::string info(std::uint8_t type, std::uint32_t size, char fill) {
  const std::string body =
      std::string(8, 'f') + raw(size) + raw(std::int32_t{1}) + std::string(size, fill);
  const fanotify_event_info_header header{
      .info_type = type, .pad = 0, .len = static_cast<std::uint16_t>(4 + body.size())};
  return raw(header) + body;
}

std::string event(std::uint64_t mask, const std::string& records) {
  const fanotify_event_metadata metadata{
      .event_len = static_cast<std::uint32_t>(FAN_EVENT_METADATA_LEN + records.size()),
      .vers = FANOTIFY_METADATA_VERSION,
      .reserved = 0,
      .metadata_len = FAN_EVENT_METADATA_LEN,
      .mask = mask,
      .fd = FAN_NOFD,
      .pid = 1};
  return raw(metadata) + records;
}

std::string created_in(char fill, std::uint32_t size = 8) {
  return event(FAN_CREATE, info(FAN_EVENT_INFO_TYPE_DFID, size, fill));
}

DirectoryHandle filled(char fill, std::uint32_t size = 8) {
  DirectoryHandle handle{.type = 1, .size = size};
  std::fill_n(handle.bytes.begin(), size, static_cast<std::uint8_t>(fill));
  return handle;
}

ChangeFeed::Changes parse(const std::string& buffer, std::uint64_t expected_bad = 0) {
  std::uint64_t bad = 0;
  ChangeFeed::Changes changes = parse_fanotify_events(buffer, bad);
  CHECK(bad == expected_bad);
  CHECK(changes.is_complete == (bad == 0));
  return changes;
}

TEST_CASE("events name their directories, each once") {
  CHECK(parse("").directories.empty());
  const std::string two = created_in('a') + created_in('b', 20);
  CHECK(parse(two + two).directories == Handles{filled('a'), filled('b', 20)});
}

TEST_CASE("an event on a file names its directory under another type") {
  CHECK(parse(event(FAN_CLOSE_WRITE, info(FAN_EVENT_INFO_TYPE_FID, 8, 'a'))).directories ==
        Handles{filled('a')});
}

TEST_CASE("information that is not of the directory is passed over") {
  const std::string other = info(FAN_EVENT_INFO_TYPE_PIDFD, 8, 'x');
  const std::string ours = info(FAN_EVENT_INFO_TYPE_DFID, 8, 'a');
  CHECK(parse(event(FAN_DELETE, other + ours)).directories == Handles{filled('a')});
}

TEST_CASE("metadata may grow") {
  std::string text = created_in('a');
  text.insert(FAN_EVENT_METADATA_LEN, "12345678");
  text[0] = static_cast<char>(text.size());
  text[6] = FAN_EVENT_METADATA_LEN + 8;
  CHECK(parse(text).directories == Handles{filled('a')});
}

TEST_CASE("an overflow is told") {
  std::uint64_t bad = 0;
  const auto changes =
      parse_fanotify_events(created_in('a') + event(FAN_Q_OVERFLOW, "") + created_in('b'), bad);
  CHECK(bad == 0);
  CHECK_FALSE(changes.is_complete);
  CHECK(changes.directories == Handles{filled('a'), filled('b')});
}

TEST_CASE("an event that names no directory that we can hold costs itself") {
  std::string bad;
  SECTION("no information") { bad = event(FAN_CREATE, ""); }
  SECTION("other information") { bad = event(FAN_CREATE, info(FAN_EVENT_INFO_TYPE_PIDFD, 8, 'x')); }
  SECTION("a handle that is too long") { bad = created_in('x', 21); }
  SECTION("a handle of no bytes") { bad = created_in('x', 0); }
  SECTION("a record that ends early") {
    bad = event(FAN_CREATE, info(FAN_EVENT_INFO_TYPE_DFID, 8, 'x').substr(0, 27));
  }
  SECTION("a handle longer than its record") {
    std::string record = info(FAN_EVENT_INFO_TYPE_DFID, 8, 'x');
    record[12] = 9;
    bad = event(FAN_CREATE, record + std::string(8, 'y'));
  }
  SECTION("a record of no length") { bad = event(FAN_CREATE, std::string(28, '\0')); }
  CHECK(parse(created_in('a') + bad + created_in('b'), 1).directories ==
        Handles{filled('a'), filled('b')});
}

TEST_CASE("an event of a wrong length costs itself and what follows") {
  std::string bad = created_in('x');
  SECTION("none") { bad[0] = 0; }
  SECTION("shorter than its metadata") { bad[0] = 23; }
  SECTION("longer than the buffer") { bad[1] = 1; }
  SECTION("metadata longer than the event") { bad[6] = 120; }
  SECTION("metadata shorter than it is") { bad[6] = 23; }
  SECTION("another version") { bad[4] = 2; }
  CHECK(parse(created_in('a') + bad + created_in('b'), 1).directories == Handles{filled('a')});
}

TEST_CASE("a buffer may end anywhere") {
  const std::string one = created_in('a');
  const std::string two = one + created_in('b');
  for (std::size_t size = 1; size < two.size(); ++size) {
    const bool is_whole = size == one.size();
    const auto changes = parse(two.substr(0, size), is_whole ? 0 : 1);
    CHECK(changes.directories.size() == (size < one.size() ? 0 : 1));
  }
}

}  // namespace
}  // namespace volumeter::fanotify_events_test
