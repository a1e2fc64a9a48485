// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "exporter/exposition/text_format.h"

namespace volumeter {

// The Content-Type of `format`.
constexpr std::string_view content_type(Format format) {
  return format == Format::kOpenMetrics100
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

// The format requested by an Accept header (RFC 9110, 12.5.1): text 0.0.4 unless the client names
// OpenMetrics 1.0.0 with at least the same quality. An empty header is a missing one.
Format negotiate(std::string_view accept);

// Whether an Accept-Encoding header allows gzip (RFC 9110, 12.5.3).
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace volumeter
