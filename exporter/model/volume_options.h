// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/sources/docker/types.h"

// What the options say that a volume of the driver "local" was made with
// (docker volume create --opt type=T --opt o=O --opt device=D --opt size=S); to other drivers
// the same words may mean anything.
// https://docs.docker.com/reference/cli/docker/volume/create/#opt
namespace volumeter {

// Whether something is mounted onto its directory when a container starts (nfs, cifs, tmpfs,
// bind, a block device); until then that directory is an empty one on another disk. As needsMount()
// of Docker: an empty option is none.
bool has_own_mount(const docker::Volume& volume);

// Whether its options make it read-only on purpose, whatever a container asks for.
bool is_read_only(const docker::Volume& volume);

// Whether its options have a word for the mount, as "noexec".
bool has_mount_option(const docker::Volume& volume, std::string_view word);

// The absolute path of the directory that holds its data although it lies elsewhere: the
// device of a bind mount. Nothing for every other volume.
std::optional<std::string> bound_directory(const docker::Volume& volume);

// The absolute paths of the host that its data comes from: the device, which may be a directory or
// a file with a filesystem in it, and the layers of an overlay.
std::vector<std::string> source_paths(const docker::Volume& volume);

// How many bytes it may hold, as far as its options say: the quota of a plain volume, the
// size of a tmpfs.
std::optional<std::uint64_t> limit_bytes(const docker::Volume& volume);

// "10G", "512m", "1.5GiB", "1024", "2 kb" -> bytes; all units are powers of 1024. Nothing for
// zero, which is no limit, and for what the engine would refuse. As RAMInBytes() of
// https://pkg.go.dev/github.com/docker/go-units.
std::optional<std::uint64_t> parse_docker_size(std::string_view text);

// "64m", "1048576", "0x10k" -> bytes. Nothing for zero, which is no limit, for "50%", which
// depends on the memory of the machine, and for what the kernel would refuse. As memparse()
// of the kernel's lib/cmdline.c; see "size" in Documentation/filesystems/tmpfs.rst.
std::optional<std::uint64_t> parse_tmpfs_size(std::string_view text);

}  // namespace volumeter
