// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_options.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::volume_options_test {
namespace {

constexpr std::uint64_t kKi = 1024;
constexpr std::uint64_t kMi = kKi << 10;
constexpr std::uint64_t kGi = kMi << 10;

docker::Volume local(docker::StringMap options) {
  docker::Volume volume;
  volume.driver = "local";
  volume.options = std::move(options);
  return volume;
}

docker::Volume plugin(docker::StringMap options) {
  docker::Volume volume = local(std::move(options));
  volume.driver = "rexray";
  return volume;
}

// --- sizes as Docker reads them ---------------------------------------------------------

TEST_CASE("a size for Docker is a number with a binary unit") {
  CHECK(parse_docker_size("1024") == kKi);
  CHECK(parse_docker_size("10G") == 10 * kGi);
  CHECK(parse_docker_size("512m") == 512 * kMi);
  CHECK(parse_docker_size("1.5GiB") == 3 * kGi / 2);
  CHECK(parse_docker_size("2 kb") == 2 * kKi);
  CHECK(parse_docker_size("3Kib") == 3 * kKi);
  CHECK(parse_docker_size("7b") == 7);
  CHECK(parse_docker_size("7 ") == 7);
  CHECK(parse_docker_size("1t") == kGi << 10);
  CHECK(parse_docker_size("1P") == kGi << 20);
  CHECK(parse_docker_size(".5k") == 512);
  CHECK(parse_docker_size("1.9") == 1);
}

TEST_CASE("a size that Docker rejects is ignored") {
  for (const char* text :
       {"",   " ",   "G",    "-1",    "+1",  "1e3", "0x10",  "inf",  "nan", "1,5",   "1  k", " 1",
        "1x", "1bb", "1kbb", "1kibb", "1ki", "1e",  "1.2.3", "1..2", "10%", "1 k b", "\xFF", "."}) {
    CAPTURE(text);
    CHECK_FALSE(parse_docker_size(text));
  }
}

TEST_CASE("zero and sizes beyond the maximum are no limit") {
  CHECK_FALSE(parse_docker_size("0"));
  CHECK_FALSE(parse_docker_size("0.1"));
  CHECK_FALSE(parse_docker_size("8192P"));
  CHECK_FALSE(parse_docker_size("9223372036854775807"));
  CHECK_FALSE(parse_docker_size(std::string(5000, '9')));
  CHECK(parse_docker_size("8191P") == (std::uint64_t{8191} << 50));
}

// --- sizes as the kernel reads them -----------------------------------------------------

TEST_CASE("a size for a tmpfs is a number in C's notation with a binary unit") {
  CHECK(parse_tmpfs_size("1048576") == kMi);
  CHECK(parse_tmpfs_size("64m") == 64 * kMi);
  CHECK(parse_tmpfs_size("64M") == 64 * kMi);
  CHECK(parse_tmpfs_size("2g") == 2 * kGi);
  CHECK(parse_tmpfs_size("1e") == std::uint64_t{1} << 60);
  CHECK(parse_tmpfs_size("0x10k") == 16 * kKi);
  CHECK(parse_tmpfs_size("010k") == 8 * kKi);
}

TEST_CASE("a tmpfs size that the kernel rejects or derives from memory is ignored") {
  for (const char* text : {"", "m", "50%", "1.5g", "64mb", "64 m", "-1", "0x", "09", " 64m", "64m ",
                           "99999999999999999999", "8e", "9223372036854775807k"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_tmpfs_size(text));
  }
  CHECK_FALSE(parse_tmpfs_size("0"));
  CHECK_FALSE(parse_tmpfs_size("0m"));
  CHECK(parse_tmpfs_size("7e") == std::uint64_t{7} << 60);
}

// --- limits -----------------------------------------------------------------------------

TEST_CASE("a plain volume's limit is its size option") {
  CHECK(limit_bytes(local({{"size", "10G"}})) == 10 * kGi);
  CHECK_FALSE(limit_bytes(local({})));
  CHECK_FALSE(limit_bytes(local({{"size", "much"}})));
}

TEST_CASE("a tmpfs volume's limit is the last size in its mount options") {
  const auto tmpfs = [](const std::string& o) {
    return limit_bytes(local({{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", o}}));
  };
  CHECK(tmpfs("size=64m") == 64 * kMi);
  CHECK(tmpfs("mode=755,size=64m,uid=1000") == 64 * kMi);
  CHECK(tmpfs("size=64m,size=128m") == 128 * kMi);
  CHECK_FALSE(tmpfs("size=64m,size=50%"));
  CHECK_FALSE(tmpfs("size"));
  CHECK_FALSE(tmpfs("mode=755,maxsize=64m"));
  CHECK_FALSE(tmpfs(""));
}

TEST_CASE("a size option next to a mount is no limit of what is mounted") {
  CHECK_FALSE(limit_bytes(local({{"type", "nfs"}, {"device", ":/x"}, {"size", "10G"}})));
  CHECK_FALSE(limit_bytes(local({{"type", "nfs"}, {"device", ":/x"}, {"o", "size=64m"}})));
  CHECK_FALSE(limit_bytes(local({{"type", "tmpfs"}, {"device", "tmpfs"}, {"size", "10G"}})));
}

TEST_CASE("options of other drivers are ignored") {
  CHECK_FALSE(limit_bytes(plugin({{"size", "10G"}})));
  CHECK_FALSE(has_own_mount(plugin({{"type", "nfs"}, {"device", "x"}})));
  CHECK_FALSE(bound_directory(plugin({{"o", "bind"}, {"device", "/srv"}})));
}

TEST_CASE("options with empty values make no mount and set no limit") {
  // A Compose file that takes them from variables which are not set; so accepted by Docker 20.10.
  const docker::Volume volume = local({{"type", ""}, {"o", ""}, {"device", ""}, {"size", ""}});
  CHECK_FALSE(has_own_mount(volume));
  CHECK_FALSE(bound_directory(volume));
  CHECK_FALSE(limit_bytes(volume));
  CHECK(has_own_mount(local({{"type", ""}, {"device", "/dev/sdb1"}})));
}

TEST_CASE("Podman's options for a size and an owner make no mount") {
  // podman volume create --opt o=size=10G. The unit is decimal there, so that is no limit here.
  const docker::Volume sized = local({{"SIZE", "10G"}, {"o", "size=10G"}});
  CHECK_FALSE(has_own_mount(sized));
  CHECK_FALSE(limit_bytes(sized));
  CHECK_FALSE(has_own_mount(local({{"UID", "1000"}, {"GID", "1000"}, {"o", "uid=1000,gid=1000"}})));
}

// --- where the data is ------------------------------------------------------------------

TEST_CASE("a bind volume's data lies in its device directory") {
  CHECK(bound_directory(local({{"type", "none"}, {"o", "bind"}, {"device", "/srv/a"}})) ==
        "/srv/a");
  CHECK(bound_directory(local({{"o", "ro,rbind,nosuid"}, {"device", "/srv/a"}})) == "/srv/a");
  CHECK(bound_directory(local({{"type", "bind"}, {"device", "/srv/a"}})) == "/srv/a");
}

TEST_CASE("without a bind of an absolute path the data lies in the volume's own directory") {
  CHECK_FALSE(bound_directory(local({})));
  CHECK_FALSE(bound_directory(local({{"type", "none"}, {"o", "bind"}})));
  CHECK_FALSE(bound_directory(local({{"o", "bind"}, {"device", "srv/a"}})));
  CHECK_FALSE(bound_directory(local({{"o", "binder,nobind"}, {"device", "/srv/a"}})));
  CHECK_FALSE(bound_directory(local({{"type", "ext4"}, {"device", "/dev/sdb1"}})));
}

}  // namespace
}  // namespace volumeter::volume_options_test
