// SPDX-License-Identifier: Apache-2.0
#include "exporter/model/volume_paths.h"

namespace volumeter {

bool is_at_or_below(std::string_view path, std::string_view ancestor) {
  if (ancestor.empty() || path.empty()) return false;
  if (ancestor == "/") return path.front() == '/';
  return path.starts_with(ancestor) &&
         (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

std::string_view volumes_folder(std::string_view path, std::string_view name) {
  constexpr std::string_view kData = "/_data";
  if (!path.ends_with(kData)) return {};
  path.remove_suffix(kData.size());
  if (!path.ends_with(name)) return {};
  path.remove_suffix(name.size());
  return path.size() > 1 && path.back() == '/' ? path.substr(0, path.size() - 1)
                                               : std::string_view{};
}

bool bind_refers_to(std::string_view source, std::string_view path, std::string_view name) {
  if (is_at_or_below(source, path)) return true;
  if (!is_at_or_below(path, source)) return false;
  const std::string_view folder = volumes_folder(path, name);
  const bool above_all = source == "/" || (!folder.empty() && is_at_or_below(folder, source));
  return !above_all;
}

}  // namespace volumeter
