// SPDX-License-Identifier: Apache-2.0
#include "exporter/exposition/gzip.h"

#include <libdeflate.h>

#include <new>

namespace volumeter {
namespace {

constexpr int kFastest = 1;

}  // namespace

GzipCompressor::GzipCompressor() : compressor_(libdeflate_alloc_compressor(kFastest)) {
  if (!compressor_) throw std::bad_alloc();
}

void GzipCompressor::Free::operator()(libdeflate_compressor* compressor) const {
  libdeflate_free_compressor(compressor);
}

std::string GzipCompressor::compress(std::string_view text) {
  const std::size_t bound = libdeflate_gzip_compress_bound(compressor_.get(), text.size());
  // Uninitialized: only the pages filled by the result, about a tenth, are ever touched.
  const auto buffer = std::make_unique_for_overwrite<char[]>(bound);
  const std::lock_guard lock(mutex_);
  const std::size_t size =
      libdeflate_gzip_compress(compressor_.get(), text.data(), text.size(), buffer.get(), bound);
  return {buffer.get(), size};
}

}  // namespace volumeter
