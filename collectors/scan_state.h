// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/metrics/metric_families.h"
#include "exporter/model/snapshot.h"

namespace volumeter {

// The label `state` of a scan info: the result of the last measurement. Null: not measured yet.
LabelRef scan_state(const SizeReading* reading);

// The label `method` of a scan info metric.
LabelRef method_label(SizeMethod method);

}  // namespace volumeter
