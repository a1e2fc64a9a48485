// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "exporter/base/result.h"
#include "exporter/sources/interface/tree_scan.h"

// What the agent and a helper process say to each other after Operation::kScan: for each scan an
// order, then reports one way and, after each that says paused, a grant the other. Packets of
// a SOCK_SEQPACKET socket; both ends are the same program, so numbers travel as they are.
namespace volumeter {

// Error if it does not fit into a packet.
Result<std::string> to_packet(const ScanOrder& order);

// Each returns an errno(3), 0 for done. Sending never raises SIGPIPE. One packet brings the
// order and the first grant: each that the helper waits for costs two context switches.
int send_order(int socket, std::string_view order, const ScanGrant& grant);
int send_grant(int socket, const ScanGrant& grant);
int send_records(int socket, std::span<const TreeRecord> records);
int send_pause(int socket, std::uint64_t entries, std::chrono::nanoseconds cpu);
int send_done(int socket, std::uint64_t entries, std::chrono::nanoseconds cpu,
              const Result<SpaceUsage>& outcome);

// How many records fit into one packet.
inline constexpr std::size_t kRecordsPerPacket = 256;

// Wait for a message; nothing if the other end is gone or sent nonsense.
// An order that may begin.
struct GrantedOrder {
  ScanOrder order;
  ScanGrant grant;
};
std::optional<GrantedOrder> receive_order(int socket);
std::optional<ScanGrant> receive_grant(int socket);

// Never waits. kTimeout: nothing there yet. kIo: the other end is gone or sent nonsense.
Result<ScanReport> receive_report(int socket);

}  // namespace volumeter
