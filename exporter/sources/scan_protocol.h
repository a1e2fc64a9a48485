// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "exporter/base/result.h"
#include "exporter/sources/tree_scan.h"

// What the agent and a scanning helper process say to each other after Operation::kScan: the
// order, then grants one way and reports the other. Packets of a SOCK_SEQPACKET socket; both
// ends are the same program, so numbers travel as they are.
namespace volumeter {

// Each returns an errno(3), 0 for done. Sending never raises SIGPIPE.
int send_order(int socket, const ScanOrder& order);
int send_grant(int socket, const ScanGrant& grant);
int send_records(int socket, std::span<const TreeRecord> records);
int send_pause(int socket, std::uint64_t entries, std::chrono::nanoseconds cpu);
int send_done(int socket, std::uint64_t entries, std::chrono::nanoseconds cpu,
              const Result<SpaceUsage>& outcome);

// How many records fit into one packet.
inline constexpr std::size_t kRecordsPerPacket = 256;

// Wait for a message; nothing if the other end is gone or sent nonsense.
std::optional<ScanOrder> receive_order(int socket);
std::optional<ScanGrant> receive_grant(int socket);

// Never waits. kTimeout: nothing there yet. kIo: the other end is gone or sent nonsense.
Result<ScanReport> receive_report(int socket);

}  // namespace volumeter
