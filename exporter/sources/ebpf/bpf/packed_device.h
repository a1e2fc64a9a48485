// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "exporter/base/device_number.h"

namespace volumeter::bpf {

// How the kernel itself holds a device number (MINORBITS of include/linux/kdev_t.h), and so how
// the BPF programs do.
inline constexpr unsigned kMinorBits = 20;

constexpr std::uint32_t packed(DeviceNumber number) {
  return number.major << kMinorBits | number.minor;
}

constexpr DeviceNumber unpacked(std::uint32_t device) {
  return {device >> kMinorBits, device & ((1U << kMinorBits) - 1)};
}

}  // namespace volumeter::bpf
