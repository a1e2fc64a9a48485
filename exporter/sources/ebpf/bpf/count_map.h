// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "exporter/base/result.h"
#include "exporter/sources/interface/io_counts.h"

namespace volumeter::bpf {

// Receives an element of a per-CPU map of struct io_counts, summed over all CPUs.
template <typename Key>
using SeeCounts = std::function<void(const Key&, const IoCounts&)>;

// Reads many elements per system call: 6000 single lookups cost ten times as much. Elements added
// or removed meanwhile may or may not be included.
template <typename Key>
Result<> read_counts(int map, const SeeCounts<Key>& see);

}  // namespace volumeter::bpf
