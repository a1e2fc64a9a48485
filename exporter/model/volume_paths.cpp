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

bool is_in_plugin_root(std::string_view path) {
  constexpr std::string_view kPlugins = "/plugins/";
  constexpr std::size_t kIdDigits = 64;
  for (auto at = path.find(kPlugins); at != std::string_view::npos;
       at = path.find(kPlugins, at + 1)) {
    const std::string_view rest = path.substr(at + kPlugins.size());
    if (rest.substr(0, kIdDigits).find_first_not_of("0123456789abcdef") == rest.npos &&
        rest.size() > kIdDigits && is_at_or_below(rest.substr(kIdDigits), "/rootfs")) {
      return true;
    }
  }
  return false;
}

bool bind_refers_to(std::string_view source, std::string_view path, std::string_view name) {
  if (is_at_or_below(source, path)) return true;
  if (!is_at_or_below(path, source)) return false;
  const std::string_view folder = volumes_folder(path, name);
  const bool above_all = source == "/" || (!folder.empty() && is_at_or_below(folder, source));
  return !above_all;
}

}  // namespace volumeter
