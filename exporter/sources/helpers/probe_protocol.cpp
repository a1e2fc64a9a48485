// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/probe_protocol.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace volumeter {
namespace {

constexpr std::uint32_t kVersion = 1;

struct QuestionHeader {
  std::uint32_t version = kVersion;
  Operation operation = Operation::kStatfs;
  std::uint32_t rootfs_bytes = 0;
  std::uint32_t path_bytes = 0;
};

struct AnswerHeader {
  std::uint32_t version = kVersion;
  AnswerKind kind = AnswerKind::kError;
  ErrorKind error_kind = ErrorKind::kIo;
  std::uint32_t text_bytes = 0;
  StatfsCounts filesystem;
};

static_assert(std::is_trivially_copyable_v<QuestionHeader>);
static_assert(std::is_trivially_copyable_v<AnswerHeader>);

// Two paths and a header fit; nothing longer is ever sent.
constexpr std::size_t kMaxPacket = 2 * PATH_MAX + 1024;

struct Packet {
  std::array<char, kMaxPacket> bytes;
  std::size_t size = 0;
  UniqueFd descriptor;
};

iovec piece(const void* data, std::size_t size) { return {const_cast<void*>(data), size}; }

// Room for one descriptor beside a message.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

void attach(int fd, Control& control, msghdr& message) {
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &fd, sizeof(fd));
}

UniqueFd attached(const msghdr& message) {
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return {};
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof(fd));
  return UniqueFd(fd);
}

// `fd` travels with the pieces; -1: none.
int send_pieces(int socket, iovec* pieces, std::size_t count, int fd = -1) {
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = count;
  Control control;
  if (fd >= 0) attach(fd, control, message);
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

bool receive_packet(int socket, Packet& packet) {
  iovec body = piece(packet.bytes.data(), packet.bytes.size());
  Control control;
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  packet.size = got > 0 ? static_cast<std::size_t>(got) : 0;
  if (got > 0) packet.descriptor = attached(message);
  return got > 0;
}

template <typename Header>
bool read_header(const Packet& packet, Header& header) {
  if (packet.size < sizeof(Header)) return false;
  std::memcpy(&header, packet.bytes.data(), sizeof(Header));
  return header.version == kVersion;
}

}  // namespace

int send_question(int socket, const Question& question) {
  QuestionHeader header;
  header.operation = question.operation;
  header.rootfs_bytes = static_cast<std::uint32_t>(question.rootfs.size());
  header.path_bytes = static_cast<std::uint32_t>(question.path.size());
  if (question.rootfs.size() >= PATH_MAX || question.path.size() >= PATH_MAX) return ENAMETOOLONG;
  std::array pieces{piece(&header, sizeof(header)),
                    piece(question.rootfs.data(), question.rootfs.size()),
                    piece(question.path.data(), question.path.size())};
  return send_pieces(socket, pieces.data(), pieces.size());
}

int send_answer(int socket, const Answer& answer) {
  const std::string_view text = std::string_view(answer.text).substr(0, PATH_MAX);
  AnswerHeader header;
  header.kind = answer.kind;
  header.error_kind = answer.error_kind;
  header.text_bytes = static_cast<std::uint32_t>(text.size());
  header.filesystem = answer.filesystem;
  std::array pieces{piece(&header, sizeof(header)), piece(text.data(), text.size())};
  return send_pieces(socket, pieces.data(), pieces.size(), answer.descriptor.get());
}

std::optional<Question> receive_question(int socket) {
  Packet packet;
  QuestionHeader header;
  if (!receive_packet(socket, packet) || !read_header(packet, header)) return {};
  const std::string_view text(packet.bytes.data() + sizeof(header), packet.size - sizeof(header));
  if (text.size() != std::size_t{header.rootfs_bytes} + header.path_bytes) return {};
  return Question{header.operation, std::string(text.substr(0, header.rootfs_bytes)),
                  std::string(text.substr(header.rootfs_bytes))};
}

std::optional<Answer> receive_answer(int socket) {
  Packet packet;
  AnswerHeader header;
  if (!receive_packet(socket, packet) || !read_header(packet, header)) return {};
  const std::string_view text(packet.bytes.data() + sizeof(header), packet.size - sizeof(header));
  if (text.size() != header.text_bytes) return {};
  return Answer{header.kind, header.filesystem, header.error_kind, std::string(text),
                std::move(packet.descriptor)};
}

int send_descriptor(int socket, int fd) {
  char byte = 0;
  iovec body = piece(&byte, sizeof(byte));
  return send_pieces(socket, &body, 1, fd);
}

ReceivedDescriptor receive_descriptor(int socket) {
  char byte = 0;
  iovec body = piece(&byte, sizeof(byte));
  Control control;
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (got == 0) return {UniqueFd(), EPIPE};
  if (got < 0) return {UniqueFd(), errno};
  UniqueFd fd = attached(message);
  // The spawner has no process to give, or we have no room for one more descriptor.
  if (!fd) return {UniqueFd(), ENOBUFS};
  return {std::move(fd), 0};
}

}  // namespace volumeter
