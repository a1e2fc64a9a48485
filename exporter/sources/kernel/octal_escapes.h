// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace volumeter {

// The text behind a name as the files of mounts under /proc write it: there space, tab,
// newline, backslash and, in sources, '#' are \ooo (seq_path and mangle in
// fs/proc_namespace.c). Any \ooo is undone; what only looks like one stays.
std::string undo_octal_escapes(std::string_view text);

}  // namespace volumeter
