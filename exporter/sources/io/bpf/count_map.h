// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "exporter/base/result.h"
#include "exporter/sources/io/io_counts.h"

namespace volumeter::bpf {

// All keys of a per-CPU map of struct io_counts, with the sums of all processors.
template <typename Key>
using CountsByKey = std::vector<std::pair<Key, IoCounts>>;

// Reads many elements with each system call: 6000 keys one by one cost four times as much.
// Elements that come or go meanwhile may or may not be there.
template <typename Key>
Result<CountsByKey<Key>> read_counts(int map);

}  // namespace volumeter::bpf
