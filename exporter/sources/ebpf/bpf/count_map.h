// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "exporter/base/result.h"
#include "exporter/sources/interface/io_counts.h"

namespace volumeter::bpf {

// Takes an element of a per-CPU map of struct io_counts, with the sum of all processors.
template <typename Key>
using SeeCounts = std::function<void(const Key&, const IoCounts&)>;

// Reads many elements with each system call: 6000 keys one by one cost ten times as much.
// Elements that come or go meanwhile may or may not be there.
template <typename Key>
Result<> read_counts(int map, const SeeCounts<Key>& see);

}  // namespace volumeter::bpf
