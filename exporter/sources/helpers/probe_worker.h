// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace volumeter {

// The loop of a worker process: answers questions until the socket closes; after Operation::kScan
// it only scans. Each system call in it may hang forever.
void serve_questions(int socket);

}  // namespace volumeter
