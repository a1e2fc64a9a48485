// SPDX-License-Identifier: Apache-2.0
#include "exporter/exposition/gzip.h"

#include <libdeflate.h>

#include <catch2/catch.hpp>
#include <memory>
#include <thread>
#include <vector>

namespace volumeter::gzip_test {
namespace {

std::string unpacked(const std::string& gzip, std::size_t limit) {
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> inflater(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  std::string out(limit, '\0');
  std::size_t size = 0;
  REQUIRE(libdeflate_gzip_decompress(inflater.get(), gzip.data(), gzip.size(), out.data(),
                                     out.size(), &size) == LIBDEFLATE_SUCCESS);
  out.resize(size);
  return out;
}

std::string sample_text(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) {
    text += "docker_volume_size_bytes{volume=\"v" + std::to_string(i) + "\"} 4096\n";
  }
  return text;
}

}  // namespace

TEST_CASE("compressed text decompresses to the same text") {
  GzipCompressor gzip;
  const std::string metrics = sample_text(10000);
  for (const std::string& text : {std::string(), std::string("x"), metrics}) {
    CHECK(unpacked(gzip.compress(text), text.size() + 1) == text);
  }
  CHECK(gzip.compress(metrics).size() < metrics.size() / 5);
}

TEST_CASE("a compressor is thread-safe") {
  GzipCompressor gzip;
  std::vector<std::string> packed(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < packed.size(); ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 20; ++round) {
          packed[i] = gzip.compress(sample_text(100 * static_cast<int>(i + 1)));
        }
      });
    }
  }
  for (std::size_t i = 0; i < packed.size(); ++i) {
    const std::string text = sample_text(100 * static_cast<int>(i + 1));
    CHECK(unpacked(packed[i], text.size() + 1) == text);
  }
}

}  // namespace volumeter::gzip_test
