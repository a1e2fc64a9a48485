// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace volumeter {

// What a program that starts without a shell's care does first. Both are for the top of main().

// Puts /dev/null in the place of standard input, output and error where they are closed: the first
// files and sockets that are opened would take their numbers, and the log be written into them.
void open_missing_standard_descriptors();

// Raises the limit on open files to what this process may have: services get 1024 from systemd and
// as many as half a million on request, which only programs that call select(2) must not make.
void raise_descriptor_limit();

// The limit in force.
std::uint64_t descriptor_limit();

}  // namespace volumeter
