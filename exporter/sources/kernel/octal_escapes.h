// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace volumeter {

// Decodes the octal escapes \ooo of mountinfo and mountstats, used for space, tab, newline,
// backslash and, in sources, '#' (seq_path() and mangle() in fs/proc_namespace.c). Incomplete
// escapes are kept.
std::string undo_octal_escapes(std::string_view text);

}  // namespace volumeter
