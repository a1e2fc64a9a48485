// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporter/base/result.h"
#include "exporter/sources/interface/host_access.h"

namespace volumeter {

// A folder that stands in for a host: for tests, demonstrations and debugging from a copy of
// another host's files.
//
//   proc/, sys/       what the kernel would show there; the folder itself is the root
//   now               the time as a number of Unix seconds; the clocks stand still
//   statfs.json       {"/": {"block_size": 4096, "blocks": 9, "bfree": 5, "bavail": 4,
//                      "files": 90, "ffree": 80},
//                      "/mnt/nfs": "hung", "/x": "EACCES"}
//   trees.json        {"/v/_data": {"apparent_bytes": 9, "allocated_bytes": 4096, "inodes": 2,
//                      "errors": 0, "last_modified": 1700000000.5, "method": "quota",
//                      "limit_bytes": 8192, "contents": {"files": 1}}, "/p": "hung"}
//                     A tmpfs in a container: "/proc/42/root/run". Given, not walked: the sizes
//                     of directories and the blocks of files depend on the filesystem that
//                     holds the folder.
//   io.json           see folder_io.h
//   links.json        {"/a/link": "/a/target"}; every other path is its own target
//   docker/           GET /v1.41/containers/json?all=1 is docker/containers/json.json; a file
//                     that begins with "HTTP 403\n" gives that status and the rest as body; a
//                     file that is missing is 404. _ping.json holds the headers that we
//                     use: {"Api-Version": "1.41", "Libpod-Api-Version": "4.3.1"}.
//                     Without the folder there is no daemon.
//
// Only `now` must be there. An Error names the file that is missing or malformed.
Result<HostAccess> make_folder_host(const std::string& folder);

}  // namespace volumeter
