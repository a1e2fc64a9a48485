// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "exporter/model/inventory.h"
#include "exporter/sources/docker/types.h"

// What the engine says when a container cannot be started: State.Error of its inspection, a text for
// humans that differs with versions, runtimes and plugins.
namespace volumeter {

// Why a mount failed; absent if the text is about something else, as a command or a port.
std::optional<MountFailureReason> mount_failure_reason(std::string_view start_error);

// Whether the text is about this mount: it has its destination, its source or the name or mountpoint
// of its volume.
bool is_about(std::string_view start_error, const docker::ContainerMount& mount,
              std::string_view mountpoint);

}  // namespace volumeter
