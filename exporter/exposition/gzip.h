// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

struct libdeflate_compressor;

namespace volumeter {

// Compresses to gzip (RFC 1952) at the fastest level, one text at a time, and reuses its working
// memory. Thread-safe.
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
