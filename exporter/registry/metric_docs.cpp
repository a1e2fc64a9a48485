// SPDX-License-Identifier: Apache-2.0
#include "exporter/registry/metric_docs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace volumeter {

std::string metric_docs(const std::vector<const MetricDesc*>& descs) {
  std::string out =
      "# Metrics\n\n"
      "Made by `volumeter --list-metrics`; do not edit. *Sampled* values are measured in the\n"
      "background and served with their age; all others are read during the scrape.\n\n"
      "| metric | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricDesc* desc : descs) {
    fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} | {} |\n", desc->name,
                   to_string(desc->type), fmt::join(desc->labels.get(), ", "), desc->help);
  }
  return out;
}

}  // namespace volumeter
