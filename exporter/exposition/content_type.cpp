// SPDX-License-Identifier: Apache-2.0
#include "exporter/exposition/content_type.h"

#include <algorithm>
#include <optional>

#include "exporter/base/ascii.h"
#include "exporter/base/fields.h"

namespace volumeter {
namespace {

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// The relevant parts of an element of an Accept or Accept-Encoding list:
//   application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6
struct Element {
  std::string_view value;
  std::string_view version;  // empty if not given
  double q = 1;
};

// Absent if q is not a number from 0 to 1.
std::optional<Element> parse_element(std::string_view text) {
  Element element;
  element.value = trim(cut(text, ';'));
  while (!text.empty()) {
    std::string_view parameter = cut(text, ';');
    const auto name = trim(cut(parameter, '='));
    if (same(name, "version")) element.version = trim(parameter);
    if (!same(name, "q")) continue;
    const auto q = to_double(trim(parameter));
    if (!q || !(*q >= 0 && *q <= 1)) return {};
    element.q = *q;
  }
  return element;
}

// The quality of an offered type: that of the most specific matching element.
struct Wish {
  int specificity = 0;
  double q = 0;

  void consider(int fit, double fit_q) {
    if (fit == 0 || fit < specificity) return;
    q = fit == specificity ? std::max(q, fit_q) : fit_q;
    specificity = fit;
  }
};

// How specifically `element` matches text 0.0.4; 0 is no match.
int fit_of_text(const Element& element) {
  if (same(element.value, "text/plain")) {
    return element.version.empty() ? 3 : element.version == "0.0.4" ? 4 : 0;
  }
  return same(element.value, "text/*") ? 2 : same(element.value, "*/*") ? 1 : 0;
}

// "*/*" does not select OpenMetrics: curl sends it, and text is easier to read.
int fit_of_openmetrics(const Element& element) {
  if (same(element.value, "application/openmetrics-text")) {
    return element.version.empty() ? 3 : element.version == "1.0.0" ? 4 : 0;
  }
  return same(element.value, "application/*") ? 2 : 0;
}

}  // namespace

// Prometheus 2 and 3 send
//   application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1
//   application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2
Format negotiate(std::string_view accept) {
  Wish text;
  Wish openmetrics;
  while (!accept.empty()) {
    const auto element = parse_element(cut(accept, ','));
    if (!element) continue;
    text.consider(fit_of_text(*element), element->q);
    openmetrics.consider(fit_of_openmetrics(*element), element->q);
  }
  return openmetrics.q > 0 && openmetrics.q >= text.q ? Format::kOpenMetrics100 : Format::kText004;
}

// gzip, deflate;q=0.5, *;q=0
bool accepts_gzip(std::string_view accept_encoding) {
  Wish gzip;
  while (!accept_encoding.empty()) {
    const auto element = parse_element(cut(accept_encoding, ','));
    if (!element) continue;
    const bool named = same(element->value, "gzip") || same(element->value, "x-gzip");
    gzip.consider(named ? 2 : element->value == "*" ? 1 : 0, element->q);
  }
  return gzip.q > 0;
}

}  // namespace volumeter
