// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/helpers/scan_protocol.h"

#include <sys/socket.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <type_traits>

#include "exporter/sources/os/files.h"

namespace volumeter {
namespace {

// Before the texts and handles of an order.
struct OrderHeader {
  ScanOrder::Kind kind = ScanOrder::Kind::kMeasure;
  std::uint32_t own_filesystem = 0;
  std::uint32_t has_mounts_below = 1;
  std::uint32_t want_records = 0;
  std::uint32_t threads = 1;
  std::uint32_t root_bytes = 0;
  std::uint32_t path_bytes = 0;
  std::uint32_t directories = 0;
  std::int64_t hot_time_ns = 0;
};

// Before the records, or the words of an error, of a report.
struct ReportHeader {
  ScanReport::Kind kind = ScanReport::Kind::kDone;
  std::uint32_t records = 0;
  std::uint64_t entries = 0;
  std::int64_t cpu_ns = 0;
  std::uint32_t failed = 0;
  ErrorKind error_kind = ErrorKind::kIo;
  std::uint32_t where_bytes = 0;
  std::uint32_t what_bytes = 0;
  SpaceUsage space;
};

static_assert(std::is_trivially_copyable_v<DirectoryHandle>);
static_assert(std::is_trivially_copyable_v<TreeRecord>);
static_assert(std::is_trivially_copyable_v<SpaceUsage>);

constexpr std::size_t kMaxText = PATH_MAX;
constexpr std::size_t kMaxOrder = sizeof(ScanGrant) + sizeof(OrderHeader) + 2 * kMaxText +
                                  ScanOrder::kMaxDirectories * sizeof(DirectoryHandle);
constexpr std::size_t kMaxReport =
    sizeof(ReportHeader) + 2 * kMaxText + kRecordsPerPacket * sizeof(TreeRecord);

template <typename T>
void append(std::string& packet, const T& value) {
  packet.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
void append_all(std::string& packet, std::span<const T> values) {
  packet.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

int send_packet(int socket, std::string_view packet) {
  while (::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

// Empty: the other end is gone, or MSG_DONTWAIT and nothing is there (errno is EAGAIN).
std::string receive_packet(int socket, std::size_t max_bytes, int flags) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(max_bytes);
  ssize_t got = 0;
  errno = 0;
  do {
    got = ::recv(socket, buffer.get(), max_bytes, flags);
  } while (got < 0 && errno == EINTR);
  return {buffer.get(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

// Takes values from the front of a packet.
class Unpacker {
 public:
  explicit Unpacker(std::string_view rest) : rest_(rest) {}

  template <typename T>
  bool take(T& value) {
    if (rest_.size() < sizeof(T)) return false;
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return true;
  }

  bool take(std::string& text, std::size_t bytes) {
    if (rest_.size() < bytes) return false;
    text = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return true;
  }

  template <typename T>
  bool take(std::vector<T>& values, std::size_t count) {
    if (rest_.size() / sizeof(T) < count) return false;
    if (count == 0) return true;
    values.resize(count);
    std::memcpy(values.data(), rest_.data(), count * sizeof(T));
    rest_.remove_prefix(count * sizeof(T));
    return true;
  }

 private:
  std::string_view rest_;
};

std::string_view shortened(const std::string& text) {
  return std::string_view(text).substr(0, kMaxText);
}

int send_report(int socket, const ReportHeader& header, std::string_view tail) {
  std::string packet;
  packet.reserve(sizeof(header) + tail.size());
  append(packet, header);
  packet += tail;
  return send_packet(socket, packet);
}

Error nonsense() { return {ErrorKind::kIo, "helper process", "it has ended"}; }

}  // namespace

Result<std::string> to_packet(const ScanOrder& order) {
  if (order.place.root.size() >= kMaxText || order.place.path.size() >= kMaxText) {
    return from_errno(order.place.path, ENAMETOOLONG);
  }
  if (order.directories.size() > ScanOrder::kMaxDirectories)
    return from_errno(order.place.path, E2BIG);
  OrderHeader header;
  header.kind = order.kind;
  header.own_filesystem = order.own_filesystem;
  header.has_mounts_below = order.has_mounts_below;
  header.want_records = order.want_records;
  header.threads = order.threads;
  header.root_bytes = static_cast<std::uint32_t>(order.place.root.size());
  header.path_bytes = static_cast<std::uint32_t>(order.place.path.size());
  header.hot_time_ns = order.hot_time.count();
  header.directories = static_cast<std::uint32_t>(order.directories.size());
  std::string packet;
  append(packet, header);
  packet += order.place.root;
  packet += order.place.path;
  append_all(packet, std::span<const DirectoryHandle>(order.directories));
  return packet;
}

int send_order(int socket, std::string_view order, const ScanGrant& grant) {
  std::string packet;
  append(packet, grant);
  packet += order;
  return send_packet(socket, packet);
}

int send_grant(int socket, const ScanGrant& grant) {
  std::string packet;
  append(packet, grant);
  return send_packet(socket, packet);
}

int send_records(int socket, std::span<const TreeRecord> records) {
  ReportHeader header;
  header.kind = ScanReport::Kind::kRecords;
  header.records = static_cast<std::uint32_t>(records.size());
  std::string tail;
  append_all(tail, records);
  return send_report(socket, header, tail);
}

int send_pause(int socket, std::uint64_t entries, std::chrono::nanoseconds cpu) {
  ReportHeader header;
  header.kind = ScanReport::Kind::kPaused;
  header.entries = entries;
  header.cpu_ns = cpu.count();
  return send_report(socket, header, {});
}

int send_done(int socket, std::uint64_t entries, std::chrono::nanoseconds cpu,
              const Result<SpaceUsage>& outcome) {
  ReportHeader header;
  header.entries = entries;
  header.cpu_ns = cpu.count();
  std::string tail;
  if (outcome) {
    header.space = *outcome;
  } else {
    const Error& error = outcome.error();
    header.failed = 1;
    header.error_kind = error.kind;
    tail = shortened(error.where);
    header.where_bytes = static_cast<std::uint32_t>(tail.size());
    tail += shortened(error.what);
    header.what_bytes = static_cast<std::uint32_t>(tail.size()) - header.where_bytes;
  }
  return send_report(socket, header, tail);
}

std::optional<GrantedOrder> receive_order(int socket) {
  const std::string packet = receive_packet(socket, kMaxOrder, 0);
  Unpacker unpacker(packet);
  OrderHeader header;
  GrantedOrder granted;
  ScanOrder& order = granted.order;
  if (!unpacker.take(granted.grant) || !unpacker.take(header) ||
      !unpacker.take(order.place.root, header.root_bytes) ||
      !unpacker.take(order.place.path, header.path_bytes) ||
      !unpacker.take(order.directories, header.directories)) {
    return {};
  }
  order.kind = header.kind;
  order.own_filesystem = header.own_filesystem != 0;
  order.has_mounts_below = header.has_mounts_below != 0;
  order.want_records = header.want_records != 0;
  order.threads = header.threads;
  order.hot_time = std::chrono::nanoseconds(header.hot_time_ns);
  return granted;
}

std::optional<ScanGrant> receive_grant(int socket) {
  const std::string packet = receive_packet(socket, sizeof(ScanGrant), 0);
  ScanGrant grant;
  if (!Unpacker(packet).take(grant)) return {};
  return grant;
}

Result<ScanReport> receive_report(int socket) {
  const std::string packet = receive_packet(socket, kMaxReport, MSG_DONTWAIT);
  if (packet.empty() && errno == EAGAIN) {
    return Error{ErrorKind::kTimeout, "helper process", "nothing yet"};
  }
  Unpacker unpacker(packet);
  ReportHeader header;
  ScanReport report;
  if (!unpacker.take(header) || !unpacker.take(report.records, header.records)) return nonsense();
  report.kind = header.kind;
  report.entries = header.entries;
  report.cpu = std::chrono::nanoseconds(header.cpu_ns);
  if (header.failed == 0) {
    report.outcome = header.space;
    return report;
  }
  Error error;
  error.kind = header.error_kind;
  if (!unpacker.take(error.where, header.where_bytes) ||
      !unpacker.take(error.what, header.what_bytes)) {
    return nonsense();
  }
  report.outcome = std::move(error);
  return report;
}

}  // namespace volumeter
