// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>

#include "exporter/config/command_line.h"
#include "exporter/config/config_file.h"

namespace {

using namespace volumeter;

constexpr CollectorChoice kCollectors[] = {{"sizes", "sizes", true}, {"extra", "more", false}};

void require(bool promise) {
  if (!promise) std::abort();
}

void check_settings(const Result<std::vector<Setting>>& settings) {
  if (!settings) {
    require(settings.error().where.starts_with("line "));
    return;
  }
  std::size_t bytes = 0;
  for (const Setting& setting : *settings) {
    require(setting.line > 0);
    for (const auto& value : setting.values) bytes += value.size();
  }
  require(bytes <= std::size_t{1} << 20);
}

// A refusal is one line and code 2; what is accepted can be worked with.
void check_command_line(const std::string& file) {
  const auto parsed =
      parse_command_line({.arguments = {"--config.file=v.yml"},
                          .version = "1",
                          .collectors = kCollectors,
                          .read_file = [&](const auto&) -> Result<std::string> { return file; }});
  if (const auto* early = std::get_if<EarlyExit>(&parsed)) {
    require(early->code == 2 && early->text.find('\n') == early->text.size() - 1);
    return;
  }
  const Config& config = std::get<Config>(parsed);
  require(config.mode == Mode::kServe && config.root.empty());
  const WebOptions& web = config.web;
  require(web.telemetry_path.starts_with('/') && web.telemetry_path.size() > 1);
  require(!web.listen_addresses.empty() && web.max_requests > 0);
  require(config.monitor.filesystem_interval.count() > 0);
  const SizeSamplerOptions& sizes = config.monitor.sizes;
  require(sizes.schedule.interval.count() > 0 && sizes.full_interval.count() > 0);
  require(sizes.schedule.cpu_share > 0 && sizes.schedule.cpu_share <= 1);
  require(sizes.max_io_pressure >= 0 && sizes.max_io_pressure <= 1);
  require(sizes.threads >= 1 && sizes.threads <= 64);
  require(!config.state_directory.empty() && !config.paths.procfs.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_settings(parse_config_file(text));
  check_command_line(text);
  return 0;
}
