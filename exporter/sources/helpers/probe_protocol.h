// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"
#include "exporter/sources/interface/fs_usage.h"

// The protocol between the agent and its helper processes: one message a packet of a
// SOCK_SEQPACKET socket. Both ends are the same program, so numbers travel as they are.
namespace volumeter {

enum class Operation : std::uint32_t {
  kStatfs,
  kResolve,
  kScan,  // no answer; from now on it speaks as scan_protocol.h has it
  kWatch,
};

struct Question {
  Operation operation = Operation::kStatfs;
  std::string rootfs;
  std::string path;
};

enum class AnswerKind : std::uint32_t { kDone, kError };

struct Answer {
  AnswerKind kind = AnswerKind::kError;
  StatfsCounts filesystem;                // of kStatfs
  ErrorKind error_kind = ErrorKind::kIo;  // of kError
  std::string text;                       // the path of kResolve, the words of kError
  UniqueFd descriptor;                    // a change feed, of kWatch
};

// Sending never raises SIGPIPE. Both return an errno(3), 0 for done.
int send_question(int socket, const Question& question);
int send_answer(int socket, const Answer& answer);

// Wait for a message; nothing if the other end is gone or sent nonsense.
std::optional<Question> receive_question(int socket);
std::optional<Answer> receive_answer(int socket);

// A descriptor in place of a message: what the spawner answers with.
int send_descriptor(int socket, int fd);
// An errno(3) if the packet brought none; EPIPE if the other end is gone.
struct ReceivedDescriptor {
  UniqueFd fd;
  int error = 0;
};
ReceivedDescriptor receive_descriptor(int socket);

}  // namespace volumeter
