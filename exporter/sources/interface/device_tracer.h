// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "exporter/base/device_number.h"
#include "exporter/base/result.h"
#include "exporter/sources/interface/io_counts.h"

namespace volumeter {

// What a block device was asked for, by kind; requests that were merged count once.
struct DeviceLatency {
  DeviceNumber number;
  IoCounts reads;
  IoCounts writes;
  IoCounts flushes;
  IoCounts discards;
};

// The kernel's measuring of how long block devices take. Any thread may read.
class DeviceTracer {
 public:
  virtual ~DeviceTracer() = default;

  // By device number; devices that were not asked for anything are left out.
  virtual Result<std::vector<DeviceLatency>> read() = 0;
};

}  // namespace volumeter
