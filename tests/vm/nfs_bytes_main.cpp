// SPDX-License-Identifier: Apache-2.0
// nfs_bytes FILE: what a file such as /proc/1/mountstats says of the bytes of each NFS mount, one
// JSON object a line.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "exporter/sources/files.h"
#include "exporter/sources/io/mountstats.h"

int main(int argc, char** argv) {
  using namespace volumeter;
  if (argc != 2) return 2;
  const auto text = read_file(argv[1]);
  if (!text) {
    std::fprintf(stderr, "%s\n", text.error().text().c_str());
    return 1;
  }
  const auto parsed = parse_mountstats(*text);
  for (const NfsStats& stats : parsed.items) {
    if (!stats.bytes) continue;
    const NfsBytes& bytes = *stats.bytes;
    const nlohmann::json line = {
        {"mount_point", stats.mount_point},       {"normal_read", bytes.normal_read},
        {"normal_written", bytes.normal_written}, {"direct_read", bytes.direct_read},
        {"direct_written", bytes.direct_written}, {"server_read", bytes.server_read},
        {"server_written", bytes.server_written}};
    std::printf("%s\n", line.dump().c_str());
  }
  return parsed.bad == 0 ? 0 : 1;
}
