// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/flags.h"

#include <memory>

#include "exporter/config/flag_binder.h"
#include "exporter/config/flag_docs.h"

namespace volumeter {

Flags::Flags(const std::string& version, std::span<const CollectorChoice> choices) {
  app.name("volumeter");
  app.formatter(std::make_shared<FlagHelp>());
  add_general(version);
  add_docker();
  add_web();
  add_collectors(choices);
  add_collector_options();
  add_sizes();
  add_log();
}

void Flags::add_general(const std::string& version) {
  app.get_help_ptr()->group(kGeneral)->description("Print this help and exit");
  app.set_version_flag("--version", "volumeter " + version, "Print the version and exit")
      ->group(kGeneral);
  add_mode("once", Mode::kOnce, "Print one scrape and exit");
  add_mode("check", Mode::kCheck, "Report what each source can and cannot do here, and exit");
  add_mode("list-metrics", Mode::kListMetrics, "Print docs/metrics.md and exit");
  modes.push_back(
      app.add_flag("--list-flags", list_flags, "Print docs/flags.md and exit")->group(kGeneral));
  app.add_option("--root", config.root,
                 "Use this directory as the host's root; with --once or --check")
      ->group(kGeneral)
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory.description(""));
  FlagBinder(app, kGeneral).text("config.file", "FILE", config_file, "YAML configuration file");
}

void Flags::add_mode(const std::string& name, Mode mode, const std::string& about) {
  const auto choose = [this, mode] { config.mode = mode; };
  modes.push_back(app.add_flag_callback("--" + name, choose, about)->group(kGeneral));
}

void Flags::add_docker() {
  FlagBinder add(app, "Host");
  add.text("docker.host", "ADDRESS", config.docker_host,
           "Docker Engine: unix:///PATH or tcp://HOST:PORT; TLS is configured as for the Docker "
           "CLI, by DOCKER_TLS_VERIFY and DOCKER_CERT_PATH")
      ->default_str("DOCKER_HOST, then unix:///var/run/docker.sock");
  add.text("path.procfs", "DIR", config.paths.procfs, "Mount point of the host's procfs");
  add.text("path.sysfs", "DIR", config.paths.sysfs, "Mount point of the host's sysfs");
  add.text("path.rootfs", "DIR", config.paths.rootfs, "Mount point of the host's root filesystem");
  add.text("state.directory", "DIR", config.state_directory,
           "Directory for the history behind \"last used\" and \"unused since\"");
}

void Flags::add_web() {
  FlagBinder add(app, "HTTP server");
  add.texts("web.listen-address", "ADDRESS", config.web.listen_addresses,
            "Address to listen on; may be repeated; :PORT listens on all IPv4 and IPv6 addresses")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add.text("web.telemetry-path", "PATH", config.web.telemetry_path,
           "Path under which to expose metrics");
  add.number("web.max-requests", config.web.max_requests, {1, 100000},
             "Maximum number of requests served at once; further requests get 503");
}

void Flags::add_collectors(std::span<const CollectorChoice> choices) {
  FlagBinder add(app, "Collectors");
  for (const CollectorChoice& choice : choices) {
    const std::string name(choice.name);
    Switch& made = collectors[name];
    made.on = choice.on_by_default;
    made.option = add.toggle("collector." + name, made.on, std::string(choice.about));
  }
  add.enable("collector.disable-defaults", disable_defaults,
             "Disable all collectors that are not enabled by their own flag");
}

void Flags::add_collector_options() {
  FlagBinder add(app, "Options of collectors");
  add.texts("collector.volumes.labels", "KEY", config.monitor.user_labels,
            "Comma-separated keys of volume labels to export as docker_volume_label_info")
      ->delimiter(',');
  add.duration("collector.filesystems.interval", config.monitor.filesystem_interval,
               "Interval between readings of filesystem capacity");
  add.toggle("collector.io.ebpf", config.ebpf,
             "Count and time I/O by eBPF where the kernel allows it");
  add.enable("collector.devices.all", config.monitor.all_devices,
             "Export every block device that has done I/O, not only those with Docker data");
}

void Flags::add_sizes() {
  FlagBinder add(app, "Measurement of sizes");
  SizeSamplerOptions& sizes = config.monitor.sizes;
  add.duration("collector.sizes.interval", sizes.schedule.interval,
               "Longest interval between measurements of a volume, a tenth of it while its size "
               "changes; a slow volume waits 20 times the duration of its scan");
  add.duration("collector.sizes.full-interval", sizes.full_interval,
               "Interval between full scans that verify a size kept current by fanotify");
  add.percent("collector.sizes.cpu-percent", sizes.schedule.cpu_share, {0.1, 100},
              "CPU budget for measuring, in percent of one core");
  add.percent("collector.sizes.max-io-pressure", sizes.max_io_pressure, {0, 100},
              "Pause measuring while other tasks stall on I/O for more than this percentage of "
              "the time");
  add.number("collector.sizes.threads", sizes.threads, {1, 64}, "Threads per scan of a volume");
  add.toggle("collector.sizes.fanotify", sizes.watch_changes,
             "Rescan only what fanotify reports as changed, where the kernel allows it");
  add.parsed("collector.sizes.binds", "REGEX",
             "Also measure bind mounts whose source, with symbolic links resolved, matches this "
             "regular expression (RE2) as a whole",
             path_pattern(), [this](const std::string& given) {
               config.monitor.measured_binds = PathPattern::parse(given).value();
             });
}

void Flags::add_log() {
  FlagBinder add(app, "Log");
  const std::vector<std::pair<std::string, std::string>> levels{
      {"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}};
  add.choice("log.level", config.log.level, levels, "Lowest severity to log");
  add.choice("log.format", config.log.format,
             {{"logfmt", LogFormat::kLogfmt}, {"json", LogFormat::kJson}},
             "Format of log messages");
}

}  // namespace volumeter
