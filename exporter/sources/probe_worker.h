// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace volumeter {

// What a worker process does: answers one question after the other until the socket closes.
// Any of them may hang for ever. After its first scan the process runs at the lowest
// priority for CPU and I/O, so scans want workers of their own.
void serve_questions(int socket);

}  // namespace volumeter
