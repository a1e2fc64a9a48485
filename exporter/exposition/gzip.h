// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

struct libdeflate_compressor;

namespace volumeter {

// Makes gzip files (RFC 1952) at the fastest level, one at a time; its working memory is
// kept between them. Thread-safe.
class GzipCompressor {
 public:
  GzipCompressor();

  std::string compress(std::string_view text);

 private:
  struct Free {
    void operator()(libdeflate_compressor* compressor) const;
  };

  std::mutex mutex_;
  std::unique_ptr<libdeflate_compressor, Free> compressor_;
};

}  // namespace volumeter
