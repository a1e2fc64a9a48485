// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace volumeter {

// Whose data a mount reaches: a bind mount that of volumes below and above its source, a volume
// that of the volumes in which its own data lies. All paths are resolved.
class VolumeReach {
 public:
  // Where one volume's data is.
  struct Volume {
    std::string name;
    std::string directory;  // its own, where its data is seen once it is mounted
    // Where that data comes from: the device of a bind mount or of a disk image, the layers of an
    // overlay; the directory itself if a plugin chose it, as it may lie in another volume.
    std::vector<std::string> sources;
    // Of a bind volume the directory that it shows, which others may mount by its path; else empty.
    std::string bound;
  };

  // `engine_root` holds the data of the engine; empty if unknown.
  VolumeReach(std::vector<Volume> volumes, std::string engine_root);

  // The volumes that a bind mount of `source` reaches; indices, sorted.
  std::vector<std::size_t> of_bind(std::string_view source) const;

  // The other volumes that the data of a volume lies in, and those that these lie in; sorted.
  const std::vector<std::size_t>& of_volume(std::size_t volume) const { return through_[volume]; }

 private:
  std::vector<std::size_t> touched_by(std::string_view source) const;
  std::vector<std::size_t> with_those_below(std::vector<std::size_t> volumes) const;

  std::vector<Volume> volumes_;
  std::string engine_root_;
  std::vector<std::vector<std::size_t>> through_;  // by volume
};

}  // namespace volumeter
