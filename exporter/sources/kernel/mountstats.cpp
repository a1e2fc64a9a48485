// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/kernel/mountstats.h"

#include <algorithm>
#include <array>
#include <utility>

#include "exporter/base/fields.h"
#include "exporter/sources/kernel/octal_escapes.h"

namespace volumeter {
namespace {

// NFS 4.2 has about 70 operations.
constexpr std::size_t kMaxOperations = 256;

// Requests of the client as a whole (lease, sessions, first ping), not of a mount. Since Linux 4.20
// rpc_clnt_show_stats() adds them to every mount of the server.
constexpr std::array<std::string_view, 12> kOfTheClient = {
    "NULL",           "SETCLIENTID",      "SETCLIENTID_CONFIRM",  "RENEW",
    "EXCHANGE_ID",    "CREATE_SESSION",   "DESTROY_SESSION",      "SEQUENCE",
    "GET_LEASE_TIME", "RECLAIM_COMPLETE", "BIND_CONN_TO_SESSION", "DESTROY_CLIENTID"};

bool is_of_the_mount(std::string_view operation) {
  return std::find(kOfTheClient.begin(), kOfTheClient.end(), operation) == kOfTheClient.end();
}

// The kernel's operation names. Other text can be injected by a server: the kernel prints the
// server's name unescaped (impl_id).
bool is_legal_name(std::string_view name) {
  return !name.empty() &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == std::string_view::npos;
}

bool is_data(std::string_view operation) {
  return operation == "READ" || operation == "WRITE" || operation == "COMMIT";
}

// Reads `Count` numbers; newer kernels may append more.
template <std::size_t Count>
std::optional<std::array<std::uint64_t, Count>> leading_numbers(std::string_view& rest) {
  std::array<std::uint64_t, Count> numbers{};
  for (auto& number : numbers) {
    const auto read = to_integer<std::uint64_t>(next_field(rest));
    if (!read) return {};
    number = *read;
  }
  return numbers;
}

// nfs_show_stats() in fs/nfs/super.c, enum nfs_stat_bytecounters: bytes read and written by
// programs, the same with O_DIRECT, from and to the server, then pages read and written.
//   \tbytes:\t0 1001000 1007616 0 1001000 1001000 0 245
std::optional<NfsBytes> parse_bytes(std::string_view rest) {
  const auto numbers = leading_numbers<6>(rest);
  if (!numbers) return {};
  const auto [normal_read, normal_written, direct_read, direct_written, server_read,
              server_written] = *numbers;
  return NfsBytes{normal_read,    normal_written, direct_read,
                  direct_written, server_read,    server_written};
}

double seconds(std::uint64_t milliseconds) { return static_cast<double>(milliseconds) / 1000; }

// _print_rpc_iostats() in net/sunrpc/stats.c: requests, transmissions, major timeouts, bytes
// sent and received, milliseconds in the queue, to the reply and in total, and since Linux 5.3
// errors:
//   \t        READ: 246 246 0 25584 1032488 8 65 80 0
std::optional<NfsOperation> parse_operation(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  const std::string_view name = trim(line.substr(0, colon));
  std::string_view rest = line.substr(colon + 1);
  const auto numbers = leading_numbers<8>(rest);
  if (!is_legal_name(name) || !numbers) return {};
  NfsOperation operation{.name = std::string(name),
                         .completed = (*numbers)[0],
                         .transmissions = (*numbers)[1],
                         .timeouts = (*numbers)[2],
                         .sent_bytes = (*numbers)[3],
                         .received_bytes = (*numbers)[4],
                         .queue_seconds = seconds((*numbers)[5]),
                         .response_seconds = seconds((*numbers)[6]),
                         .execution_seconds = seconds((*numbers)[7]),
                         .errors = {}};
  const std::string_view errors = next_field(rest);
  if (errors.empty()) return operation;
  operation.errors = to_integer<std::uint64_t>(errors);
  if (!operation.errors) return {};
  return operation;
}

// Fast path: most operations of a mount have no requests and are skipped.
bool never_happened(std::string_view line) {
  const std::string_view name = trim(cut(line, ':'));
  return !is_data(name) && next_field(line) == "0";
}

// Parses the file line by line and keeps track of the current mount.
class MountstatsReader {
 public:
  void read(std::string_view line) {
    if (line.starts_with("device ") || line.starts_with("no device ")) {
      end_mount();
      begin_mount(line);
    } else if (mount_) {
      read_of_mount(line);
    }
  }

  Parsed<NfsStats> finished() && {
    end_mount();
    return std::move(parsed_);
  }

 private:
  // show_vfsstat() in fs/proc_namespace.c; a source may be empty, or missing ("no device"):
  //   device 10.0.0.5:/my\040export mounted on /mnt/a\040b with fstype nfs4 statvers=1.1
  //   device proc mounted on /proc with fstype proc
  void begin_mount(std::string_view line) {
    std::string_view rest = line;
    if (cut(rest, ' ') == "no") return;  // NFS always has a source
    const std::string_view source = cut(rest, ' ');
    if (cut(rest, ' ') != "mounted" || cut(rest, ' ') != "on") return parsed_.reject(line);
    const std::string_view point = cut(rest, ' ');
    if (cut(rest, ' ') != "with" || cut(rest, ' ') != "fstype") return parsed_.reject(line);
    const std::string_view type = cut(rest, ' ');
    if (type != "nfs" && type != "nfs4") return;
    const std::string_view version = next_field(rest);
    // 1.0 is used before Linux 2.6.25; 1.1 added transports. The lines parsed here are the same.
    if (version != "statvers=1.0" && version != "statvers=1.1") return parsed_.reject(line);
    mount_.emplace();
    mount_->source = undo_octal_escapes(source);
    mount_->mount_point = undo_octal_escapes(point);
  }

  void end_mount() {
    if (mount_) parsed_.items.push_back(std::move(*mount_));
    mount_.reset();
    is_among_operations_ = false;
  }

  void read_of_mount(std::string_view line) {
    const std::string_view text = trim(line);
    if (text.empty()) {
      is_among_operations_ = false;  // a blank line ends the list
    } else if (text == "per-op statistics") {
      is_among_operations_ = true;
    } else if (is_among_operations_) {
      add_operation(line);
    } else if (text.starts_with("bytes:")) {
      mount_->bytes = parse_bytes(text.substr(text.find(':') + 1));
      if (!mount_->bytes) parsed_.reject(line);
    }
  }

  void add_operation(std::string_view line) {
    if (never_happened(line)) return;
    auto operation = parse_operation(line);
    if (!operation || mount_->operation(operation->name) != nullptr ||
        mount_->operations.size() == kMaxOperations) {
      return parsed_.reject(line);
    }
    if (is_of_the_mount(operation->name)) mount_->operations.push_back(std::move(*operation));
  }

  Parsed<NfsStats> parsed_;
  std::optional<NfsStats> mount_;  // the current mount; absent for other filesystems
  bool is_among_operations_ = false;
};

}  // namespace

const NfsOperation* NfsStats::operation(std::string_view name) const {
  const auto found = std::find_if(operations.begin(), operations.end(),
                                  [&](const NfsOperation& one) { return one.name == name; });
  return found == operations.end() ? nullptr : &*found;
}

Parsed<NfsStats> parse_mountstats(std::string_view text) {
  MountstatsReader reader;
  while (!text.empty()) reader.read(next_line(text));
  return std::move(reader).finished();
}

}  // namespace volumeter
