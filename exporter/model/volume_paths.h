// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace volumeter {

// Whether absolute `path` is `ancestor` or lies below it, component by component:
// /data is above /data/x, not above /database.
bool is_at_or_below(std::string_view path, std::string_view ancestor);

// Whether a bind mount of `source` refers to the volume whose data is at `path`: it is the
// directory, inside it, or above it. Both with symbolic links resolved.
//
// A source that lies above the folder of all volumes (/, /var/lib/docker, .../volumes: what
// node_exporter, cAdvisor, the Portainer agent and this agent mount) refers to no single volume;
// otherwise no volume of such a host would ever be an orphan.
bool bind_refers_to(std::string_view source, std::string_view path, std::string_view name);

// Whether a path is the root directory of a managed plugin, which is what Docker shows of its volumes
// before they are mounted, or lies in it: "/var/lib/docker/plugins/<64 hex digits>/rootfs".
bool is_in_plugin_root(std::string_view path);

// "/var/lib/docker/volumes/db/_data" of volume "db" -> "/var/lib/docker/volumes"; empty if
// the path is not of that shape (plugins put theirs anywhere).
std::string_view volumes_folder(std::string_view path, std::string_view name);

}  // namespace volumeter
