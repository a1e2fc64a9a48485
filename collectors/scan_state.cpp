// SPDX-License-Identifier: Apache-2.0
#include "collectors/scan_state.h"

namespace volumeter {

LabelRef scan_state(const SizeReading* reading) {
  if (reading == nullptr || reading->is_restored) return "pending";
  const Sampled<SpaceUsage>& size = reading->space;
  if (!size.error && !size.value) return "pending";
  if (!size.error) return "measured";
  switch (size.error->kind) {
    case ErrorKind::kPermission: return "permission";
    case ErrorKind::kNotFound: return "not_found";
    case ErrorKind::kTimeout: return "timeout";
    case ErrorKind::kNotAsked: return "not_asked";
    default: return "error";
  }
}

LabelRef method_label(SizeMethod method) {
  switch (method) {
    case SizeMethod::kWalk: return "walk";
    case SizeMethod::kStatfs: return "statfs";
    case SizeMethod::kQuota: return "quota";
    case SizeMethod::kQgroup: return "qgroup";
  }
  return "walk";
}

}  // namespace volumeter
