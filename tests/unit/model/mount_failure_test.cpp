// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/mount_failure.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::mount_failure_test {
namespace {

struct Said {
  std::string text;
  std::optional<MountFailureReason> reason;
};

docker::ContainerMount mount_of(std::string volume, std::string source, std::string destination) {
  docker::ContainerMount mount;
  mount.volume = std::move(volume);
  mount.source = std::move(source);
  mount.destination = std::move(destination);
  return mount;
}

}  // namespace

TEST_CASE("the reason of a failed mount is found in what engines and runtimes say") {
  using Reason = MountFailureReason;
  const Said kSaid[] = {
      {"error while mounting volume '/v/nas/_data': failed to mount local volume: mount "
       ":/export:/v/nas/_data, data: addr=10.0.0.5: connection refused",
       Reason::kUnreachable},
      {"failed to populate volume: error while mounting volume '/v/d/_data': failed to mount local "
       "volume: mount /dev/sdz1:/v/d/_data: no such device or address",
       Reason::kNoDevice},
      {"failed to populate volume: error while mounting volume '/v/b/_data': failed to mount local "
       "volume: mount /srv/gone:/v/b/_data, flags: 0x1000: no such file or directory",
       Reason::kSourceMissing},
      {"invalid mount config for type \"bind\": bind source path does not exist: /srv/config",
       Reason::kSourceMissing},
      {"failed to create task for container: failed to create shim task: OCI runtime create "
       "failed: "
       "runc create failed: unable to start container process: error during container init: error "
       "mounting \"/srv/app.conf\" to rootfs at \"/etc/app.conf\": mount "
       "/srv/app.conf:/etc/app.conf "
       "(via /proc/self/fd/6), flags: 0x5000: not a directory: unknown",
       Reason::kNotADirectory},
      {"error while creating mount source path '/srv/x': mkdir /srv: read-only file system",
       Reason::kReadOnly},
      {"error while mounting volume '': VolumeDriver.Mount: cannot log in", Reason::kDriver},
      {"error while mounting volume 'x': Post \"http://plugin/VolumeDriver.Mount\": context "
       "deadline "
       "exceeded",
       Reason::kUnreachable},
      {"get d: error while checking if volume \"d\" exists in driver \"nfs\": plugin not found",
       Reason::kDriver},
      {"crun: mount `/srv/x` to `y`: Permission denied: OCI permission denied", Reason::kDenied},
      {"error while mounting volume '/v/s/_data': failed to mount local volume: invalid argument",
       Reason::kOther},
  };
  for (const Said& said : kSaid) {
    INFO(said.text);
    CHECK(mount_failure_reason(said.text) == said.reason);
  }
}

TEST_CASE("a container that failed to start for another reason has no failed mount") {
  for (const char* text :
       {"",
        "OCI runtime create failed: exec: \"/usr/bin/mount-data\": stat /usr/bin/mount-data: no "
        "such file or directory: unknown",
        "driver failed programming external connectivity on endpoint web: port is already "
        "allocated",
        "network mounting not found", "OOM command not allowed when used memory > 'maxmemory'"}) {
    INFO(text);
    CHECK_FALSE(mount_failure_reason(text));
  }
}

TEST_CASE("a failed mount is found by its destination, its source and its volume") {
  const std::string text = "error mounting \"/srv/app.conf\" to rootfs at \"/etc/app.conf\": x";
  CHECK(is_about(text, mount_of("", "/srv/app.conf", "/other"), ""));
  CHECK(is_about(text, mount_of("", "", "/etc/app.conf"), ""));
  CHECK_FALSE(is_about(text, mount_of("", "/srv", "/etc"), ""));
  CHECK_FALSE(is_about(text, mount_of("", "/srv/app.conf.d", "/conf"), ""));
  CHECK_FALSE(is_about(text, mount_of("", "/app.conf", "/"), ""));
  const std::string volume = "error while mounting volume '/v/nas/_data': refused";
  CHECK(is_about(volume, mount_of("nas", "", "/data"), "/v/nas/_data"));
  CHECK_FALSE(is_about(volume, mount_of("na", "", "/data"), "/v/na/_data"));
  CHECK(is_about("get \"nas\": no such volume", mount_of("nas", "", "/data"), ""));
}

}  // namespace volumeter::mount_failure_test
