// SPDX-License-Identifier: Apache-2.0
#include "exporter/exposition/content_type.h"

#include <catch2/catch.hpp>
#include <string>

namespace volumeter::content_type_test {
namespace {

constexpr Format kText = Format::kText004;
constexpr Format kOpenMetrics = Format::kOpenMetrics100;

}  // namespace

TEST_CASE("Prometheus gets OpenMetrics") {
  CHECK(negotiate("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                  "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1") == kOpenMetrics);
  CHECK(negotiate("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                  "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
                  "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2") ==
        kOpenMetrics);
}

TEST_CASE("Prometheus configured for text gets text") {
  CHECK(negotiate("text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;"
                  "escaping=allow-utf-8;q=0.5,*/*;q=0.2") == kText);
  CHECK(negotiate("text/plain;version=0.0.4;q=0.5,*/*;q=0.4") == kText);
}

TEST_CASE("clients that do not name OpenMetrics get text") {
  CHECK(negotiate("") == kText);
  CHECK(negotiate("*/*") == kText);
  CHECK(negotiate("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8") == kText);
  CHECK(negotiate("application/json") == kText);
  CHECK(negotiate("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                  "encoding=delimited") == kText);
}

TEST_CASE("only OpenMetrics 1.0.0 is supported") {
  CHECK(negotiate("application/openmetrics-text;version=0.0.1") == kText);
  CHECK(negotiate("application/openmetrics-text;version=2.0.0,text/plain;q=0.1") == kText);
}

TEST_CASE("the higher q wins, and a tie goes to OpenMetrics") {
  CHECK(negotiate("application/openmetrics-text;version=1.0.0;q=0.4,text/plain;q=0.5") == kText);
  CHECK(negotiate("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.5") ==
        kOpenMetrics);
  CHECK(negotiate("application/openmetrics-text") == kOpenMetrics);
  CHECK(negotiate("application/*") == kOpenMetrics);
}

TEST_CASE("the more specific media range wins") {
  // The exact version is refused although the type is accepted.
  CHECK(negotiate("application/openmetrics-text;q=1,"
                  "application/openmetrics-text;version=1.0.0;q=0") == kText);
  CHECK(negotiate("*/*;q=1,text/plain;q=0.2,application/openmetrics-text;q=0.5") == kOpenMetrics);
  CHECK(negotiate("text/*;q=0.9,application/openmetrics-text;q=0.5") == kText);
}

TEST_CASE("case and blanks are ignored") {
  CHECK(negotiate(" Application/OpenMetrics-Text ; VERSION = 1.0.0 ; Q = 0.9 , text/plain;q=0.8") ==
        kOpenMetrics);
}

TEST_CASE("a media range with a malformed q is ignored") {
  for (const std::string q : {"nan", "-1", "2", "inf", "", "1e999", "0x1"}) {
    CAPTURE(q);
    CHECK(negotiate("application/openmetrics-text;version=1.0.0;q=" + q) == kText);
  }
  CHECK(negotiate(",,;;,=;q,") == kText);
}

TEST_CASE("the content types have a version") {
  CHECK(content_type(kText) == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(content_type(kOpenMetrics) == "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST_CASE("gzip is used if the client accepts it") {
  CHECK(accepts_gzip("gzip"));
  CHECK(accepts_gzip("deflate, GZIP;q=0.5"));
  CHECK(accepts_gzip("x-gzip"));
  CHECK(accepts_gzip("*"));
  CHECK(accepts_gzip("identity;q=0, *;q=0.1"));
  CHECK(accepts_gzip("gzip;q=0.5, *;q=0"));
}

TEST_CASE("gzip is not used if the client refuses or omits it") {
  CHECK_FALSE(accepts_gzip(""));
  CHECK_FALSE(accepts_gzip("identity"));
  CHECK_FALSE(accepts_gzip("br, zstd"));
  CHECK_FALSE(accepts_gzip("gzip;q=0"));
  CHECK_FALSE(accepts_gzip("gzip;q=0.000, *"));
  CHECK_FALSE(accepts_gzip("gzip;q=bad"));
  CHECK_FALSE(accepts_gzip("gzipped"));
}

}  // namespace volumeter::content_type_test
