// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/mount_failure.h"

#include <algorithm>
#include <iterator>

namespace volumeter {
namespace {

// In texts about mounts: of dockerd, its local driver, plugins, runc and crun. The word "mount" alone
// may be part of a command.
constexpr std::string_view kAboutMounts[] = {
    "error while mounting volume",             // dockerd: a volume
    "failed to mount",                         // the local driver; containerd
    "failed to populate volume",               // dockerd 26
    "VolumeDriver.",                           // a request to a plugin
    "while checking if volume",                // dockerd: a plugin that is missing
    "invalid mount config",                    // dockerd: --mount
    "bind source path does not exist",         //
    "error while creating mount source path",  // dockerd: -v
    "error creating overlay mount",            // the container's own layers
    "error mounting \"",                       // runc 1.1
    "to rootfs at",                            // runc before
    "mount_setattr",                           // crun
    "crun: mount `",                           //
};

struct Sign {
  std::string_view text;
  MountFailureReason reason;
};

// strerror(3) as the kernel, Go and C say it; the first that is found decides.
constexpr Sign kSigns[] = {
    {"bind source path does not exist", MountFailureReason::kSourceMissing},
    {"connection refused", MountFailureReason::kUnreachable},
    {"onnection timed out", MountFailureReason::kUnreachable},
    {"no route to host", MountFailureReason::kUnreachable},
    {"No route to host", MountFailureReason::kUnreachable},
    {"host is down", MountFailureReason::kUnreachable},
    {"Host is down", MountFailureReason::kUnreachable},
    {"etwork is unreachable", MountFailureReason::kUnreachable},
    {"no such host", MountFailureReason::kUnreachable},
    {"i/o timeout", MountFailureReason::kUnreachable},
    {"deadline exceeded", MountFailureReason::kUnreachable},
    {"o such device", MountFailureReason::kNoDevice},
    {"nknown filesystem type", MountFailureReason::kNoDevice},
    {"ermission denied", MountFailureReason::kDenied},
    {"peration not permitted", MountFailureReason::kDenied},
    {"ccess denied", MountFailureReason::kDenied},
    {"ot a directory", MountFailureReason::kNotADirectory},
    {"s a directory", MountFailureReason::kNotADirectory},
    {"ead-only file system", MountFailureReason::kReadOnly},
    {"VolumeDriver.", MountFailureReason::kDriver},
    {"while checking if volume", MountFailureReason::kDriver},
    {"o such file or directory", MountFailureReason::kSourceMissing},
};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool may_continue_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// "/srv/x" is not in "/srv/xy", and "/data" not in "/srv/data".
bool names(std::string_view text, std::string_view name) {
  if (name.size() < 2) return false;
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    const bool begins = at == 0 || (!may_continue_name(text[at - 1]) && text[at - 1] != '/');
    const bool ends = end == text.size() || (!may_continue_name(text[end]) && text[end] != '/');
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

// error while mounting volume '/var/lib/docker/volumes/nas/_data': failed to mount local volume:
//   mount :/export:/var/lib/docker/volumes/nas/_data, data: addr=10.0.0.5: connection refused
// invalid mount config for type "bind": bind source path does not exist: /srv/config
// failed to create task for container: [...] error mounting "/srv/app.conf" to rootfs at
//   "/etc/app.conf": [...] not a directory: unknown
std::optional<MountFailureReason> mount_failure_reason(std::string_view start_error) {
  const auto is_said = [&](std::string_view part) { return has(start_error, part); };
  if (std::none_of(std::begin(kAboutMounts), std::end(kAboutMounts), is_said)) return {};
  const auto* const sign =
      std::find_if(std::begin(kSigns), std::end(kSigns),
                   [&](const Sign& candidate) { return is_said(candidate.text); });
  return sign == std::end(kSigns) ? MountFailureReason::kOther : sign->reason;
}

bool is_about(std::string_view start_error, const docker::ContainerMount& mount,
              std::string_view mountpoint) {
  return names(start_error, mount.destination) || names(start_error, mount.source) ||
         names(start_error, mountpoint) || names(start_error, mount.volume);
}

}  // namespace volumeter
