// SPDX-License-Identifier: Apache-2.0
#include "collectors/collector.h"

namespace volumeter {
namespace nfs_collector {

constexpr LabelNames kLabels{"volume", "operation"};

constexpr MetricDesc kOperations{
    "docker_volume_nfs_operations_total", MetricType::kCounter,
    "NFS requests completed for the volume since it was mounted, by operation (READ, WRITE, "
    "GETATTR, ...). Absent if the mount shares its superblock with other mounts, the default for "
    "mounts of one export (see nosharecache in nfs(5)).",
    kLabels};
constexpr MetricDesc kTransmissions{"docker_volume_nfs_transmissions_total", MetricType::kCounter,
                                    "Transmissions of NFS requests. The excess over "
                                    "docker_volume_nfs_operations_total is retransmissions.",
                                    kLabels};
constexpr MetricDesc kTimeouts{"docker_volume_nfs_timeouts_total", MetricType::kCounter,
                               "Major timeouts of NFS requests: no reply after all retransmissions "
                               "(timeo and retrans in nfs(5)). Counted when the request completes.",
                               kLabels};
constexpr MetricDesc kErrors{
    "docker_volume_nfs_errors_total", MetricType::kCounter,
    "NFS requests completed with an error, including file not found. Absent before Linux 5.3.",
    kLabels};
constexpr MetricDesc kSent{"docker_volume_nfs_sent_bytes_total", MetricType::kCounter,
                           "Bytes sent in NFS requests, including headers.", kLabels};
constexpr MetricDesc kReceived{"docker_volume_nfs_received_bytes_total", MetricType::kCounter,
                               "Bytes received in NFS replies, including headers.", kLabels};
constexpr MetricDesc kQueue{
    "docker_volume_nfs_queue_seconds_total", MetricType::kCounter,
    "Total time NFS requests were queued in the client before their last transmission.", kLabels};
constexpr MetricDesc kResponse{"docker_volume_nfs_response_seconds_total", MetricType::kCounter,
                               "Total time between the transmission of NFS requests and their "
                               "replies (RTT): network and server.",
                               kLabels};
constexpr MetricDesc kExecution{
    "docker_volume_nfs_execution_seconds_total", MetricType::kCounter,
    "Total time from issue to completion of NFS requests, including queueing and retries.",
    kLabels};
constexpr const MetricDesc* kAll[] = {&kOperations, &kTransmissions, &kTimeouts, &kErrors,   &kSent,
                                      &kReceived,   &kQueue,         &kResponse, &kExecution};

class NfsCollector final : public Collector {
 public:
  std::span<const MetricDesc* const> describe() const override { return kAll; }

  MetricFamilies collect(const HostSnapshot& host) const override {
    MetricFamilies out;
    for (const MetricDesc* desc : kAll) out[*desc];
    for (const VolumeFacts& volume : host.inventory->volumes) {
      if (const NfsStats* stats = host.nfs_of(volume)) add_volume(volume.label, *stats, out);
    }
    return out;
  }

 private:
  static void add_volume(const Label& volume, const NfsStats& stats, MetricFamilies& out) {
    for (const NfsOperation& operation : stats.operations) {
      if (operation.completed > 0) {
        add_operation(volume, out.keep(Label(operation.name)), operation, out);
      }
    }
  }

  static void add_operation(const Label& volume, const Label& name, const NfsOperation& operation,
                            MetricFamilies& out) {
    const auto add = [&](const MetricDesc& desc, std::uint64_t value) {
      out.add(desc, {volume, name}, static_cast<double>(value));
    };
    add(kOperations, operation.completed);
    add(kTransmissions, operation.transmissions);
    add(kTimeouts, operation.timeouts);
    if (operation.errors) add(kErrors, *operation.errors);
    add(kSent, operation.sent_bytes);
    add(kReceived, operation.received_bytes);
    out.add(kQueue, {volume, name}, operation.queue_seconds);
    out.add(kResponse, {volume, name}, operation.response_seconds);
    out.add(kExecution, {volume, name}, operation.execution_seconds);
  }
};

}  // namespace nfs_collector

std::unique_ptr<Collector> make_nfs_collector() {
  return std::make_unique<nfs_collector::NfsCollector>();
}

}  // namespace volumeter
