// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/model/inventory.h"
#include "exporter/sources/interface/place.h"
#include "exporter/sources/kernel/mountinfo.h"

namespace volumeter {

// What all mounts of a filesystem fail together with (Place::device): "254:1" for a block device,
// "nfs:10.0.0.5" or "cifs:nas" for a file server, "fuse:7:0" for a server of block devices, else
// the number that the kernel gave the filesystem, "0:45".
std::string backing_device(const Mount& mount);

// Whether the host's own kernel and hardware answer for it (Place::is_local): no file server and
// no FUSE process can make it hang.
bool is_local(const Mount& mount);

// Where a filesystem is asked for its capacity: at the mount that stands for it.
Place place_of(const FilesystemFacts& filesystem);

// A directory of the host on that filesystem.
Place place_on(const FilesystemFacts& filesystem, std::string path);

// A path of the host, by the mount that holds it. Without one nothing but the path is known.
Place place_in(const MountList& mounts, std::string path);

// A path as a container sees it; `procfs` is where the host's is. The container must be running.
Place place_inside(const ContainerFacts& container, std::string path, const std::string& procfs);

}  // namespace volumeter
