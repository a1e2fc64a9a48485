// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace volumeter {

// What a worker process does: answers one question after the other until the socket closes,
// or does nothing but scans once it was told to. Any of it may hang for ever.
void serve_questions(int socket);

}  // namespace volumeter
