// SPDX-License-Identifier: Apache-2.0
#include "exporter/sources/interface/device_tracer.h"

#include <map>
#include <utility>

#include "exporter/sources/ebpf/bpf/block_io.skel.h"
#include "exporter/sources/ebpf/bpf/count_map.h"
#include "exporter/sources/ebpf/bpf/kernel_calls.h"
#include "exporter/sources/ebpf/bpf/loading.h"
#include "exporter/sources/ebpf/bpf/packed_device.h"
#include "exporter/sources/ebpf/bpf/shared.h"
#include "exporter/sources/ebpf/bpf/tracers.h"
#include "exporter/sources/os/privileges.h"

namespace volumeter {
namespace {

class BpfDeviceTracer final : public DeviceTracer {
 public:
  BpfDeviceTracer(bpf::Link link, UniqueFd map) : link_(std::move(link)), map_(std::move(map)) {}

  Result<std::vector<DeviceLatency>> read() override {
    std::map<std::uint32_t, DeviceLatency> devices;
    const auto done =
        bpf::read_counts<device_key>(map_.get(), [&](const auto& key, const auto& sum) {
          DeviceLatency& device = devices[key.device];
          device.number = bpf::unpacked(key.device);
          switch (key.operation) {
            case 0: device.reads.add(sum); break;
            case 1: device.writes.add(sum); break;
            case 2: device.flushes.add(sum); break;
            case 3: device.discards.add(sum); break;
            default: break;
          }
        });
    if (!done) return done.error();
    std::vector<DeviceLatency> all;
    all.reserve(devices.size());
    for (auto& [number, device] : devices) all.push_back(device);
    return all;
  }

 private:
  const bpf::Link link_;
  const UniqueFd map_;
};

}  // namespace

Result<std::unique_ptr<DeviceTracer>> make_device_tracer() {
  bpf::be_quiet();
  // libbpf looks for a type missing in vmlinux (enum rqf_flags before Linux 6.11) in the modules,
  // which requires CAP_SYS_ADMIN; some versions fail without it.
  const WithCapability modules(Capability::kSysAdmin);
  const bpf::GiveBackMemory at_the_end;
  bpf::Skeleton<block_io_bpf> programs(block_io_bpf__open(), block_io_bpf__destroy);
  if (!programs) return bpf::failure("block_io", errno);
  if (!bpf::set_kernel_calls(programs->obj, bpf::find_kernel_functions())) {
    return bpf::failure("block_io", ENOMEM);
  }
  if (const int result = block_io_bpf__load(programs.get()); result != 0) {
    return bpf::failure("block_io", -result);
  }
  bpf::Link link(bpf_program__attach(programs->progs.request_done));
  if (!link) return bpf::failure("tracepoint block_rq_complete", errno);
  return std::unique_ptr<DeviceTracer>(std::make_unique<BpfDeviceTracer>(
      std::move(link), bpf::duplicate(programs->maps.device_counts)));
}

}  // namespace volumeter
