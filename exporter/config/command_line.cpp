// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "exporter/base/fields.h"
#include "exporter/config/config_file.h"
#include "exporter/config/validators.h"

namespace volumeter {
namespace {

// One line, whatever an argument or the file held.
EarlyExit refused(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return {2, "volumeter: " + text + "\n"};
}

// The flags, bound to a Config; kept together because CLI11 holds references into it.
class Flags {
 public:
  explicit Flags(const CommandLineInputs& inputs) : inputs_(inputs) {
    app_.name("volumeter");
    app_.set_version_flag("--version", "volumeter " + inputs.version);
    app_.get_formatter()->column_width(44);
    add_modes();
    add_paths();
    add_web();
    add_collectors();
    add_log();
  }

  std::variant<Config, EarlyExit> parse() {
    try {
      std::vector<std::string> reversed(inputs_.arguments.rbegin(), inputs_.arguments.rend());
      app_.parse(reversed);
    } catch (const CLI::Success& success) {
      return EarlyExit{0, success.get_name() == "CallForHelp" ? app_.help()
                                                              : std::string(success.what()) + "\n"};
    } catch (const CLI::ParseError& error) {
      return refused(error.what());
    }
    if (auto error = apply_file()) return refused(error->text());
    return finished();
  }

 private:
  void add_modes() {
    auto* modes = app_.add_option_group("Modes", "What to do instead of serving metrics");
    modes->add_flag("--once", once_, "Print one scrape and exit");
    modes->add_flag("--check", check_, "Say what each source can and cannot do here, and exit");
    modes->add_flag("--list-metrics", list_metrics_, "Print docs/metrics.md and exit");
    modes->require_option(0, 1);
    app_.add_option("--root", config_.root, "This folder is the host: print what it would say")
        ->check(CLI::ExistingDirectory);
    app_.add_option("--config.file", config_file_, "YAML file whose keys are these flags")
        ->check(not_empty());
  }

  void add_paths() {
    text("--docker.host", config_.docker_host,
         "Engine: unix:///path or tcp://host:port (default: DOCKER_HOST, then "
         "unix:///var/run/docker.sock)");
    text("--path.procfs", config_.paths.procfs, "Where the host's /proc is mounted");
    text("--path.sysfs", config_.paths.sysfs, "Where the host's /sys is mounted");
    text("--path.rootfs", config_.paths.rootfs, "Where the host's / is mounted");
    text("--state.directory", config_.state_directory, "Where the history of use is kept");
  }

  void add_web() {
    app_.add_option("--web.listen-address", config_.listen_addresses,
                    "Address to serve on; may be repeated")
        ->capture_default_str()
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false)
        ->check(not_empty());
    text("--web.telemetry-path", config_.telemetry_path, "Path of the metrics");
    app_.add_option("--web.max-requests", config_.max_requests,
                    "Requests answered at once; more get 503")
        ->capture_default_str()
        ->check(CLI::Range(1U, 100000U));
  }

  void add_collectors() {
    for (const CollectorChoice& choice : inputs_.collectors) {
      const std::string name(choice.name);
      const std::string about = "Collector: " + std::string(choice.about);
      switches_[name] = app_.add_flag("--collector." + name + ",!--no-collector." + name, about)
                            ->check(true_or_false());
    }
    app_.add_flag("--collector.disable-defaults", disable_defaults_,
                  "Only collectors that are switched on by their own flag")
        ->check(true_or_false());
    app_.add_option("--collector.volumes.labels", config_.volume_labels,
                    "Keys of volume labels to export, parted by commas")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(not_empty());
    duration("--collector.filesystems.interval", config_.filesystem_interval,
             "How often filesystems are asked for their capacity");
    app_.add_flag("--collector.io.ebpf,!--no-collector.io.ebpf", config_.ebpf,
                  "Let the kernel count and measure I/O by eBPF, where it allows it")
        ->check(true_or_false());
    app_.add_flag("--collector.devices.all", config_.all_devices,
                  "Every block device that ever worked, not just those under Docker data")
        ->check(true_or_false());
    add_sizes();
  }

  void add_sizes() {
    duration("--collector.sizes.interval", config_.size_interval,
             "How often the size of a volume is measured at least, ten times as often while it "
             "changes");
    duration("--collector.sizes.full-interval", config_.size_full_interval,
             "How often a size kept up by looking at changes is proven by a full walk");
    number("--collector.sizes.cpu-percent", config_.size_cpu_percent, {0.1, 100},
           "Share of one core that measuring takes, in percent");
    number("--collector.sizes.max-io-pressure", config_.size_max_io_pressure, {0, 100},
           "Percent of time that others wait for I/O above which measuring pauses");
    app_.add_option("--collector.sizes.threads", config_.size_threads,
                    "Threads that walk one volume")
        ->capture_default_str()
        ->check(CLI::Range(1U, 64U));
    app_.add_flag("--collector.sizes.fanotify,!--no-collector.sizes.fanotify",
                  config_.size_fanotify,
                  "Learn from fanotify what changed instead of walking all again")
        ->check(true_or_false());
    app_.add_option_function<std::string>(
            "--collector.sizes.binds",
            [this](const std::string& given) {
              config_.bind_regex = PathPattern::parse(given).value();
            },
            "Sources of bind mounts to measure as well: their whole path, links resolved")
        ->check(not_empty())
        ->check(path_pattern());
  }

  void add_log() {
    app_.add_option("--log.level", config_.log_level, "debug, info, warn or error")
        ->capture_default_str()
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    app_.add_option("--log.format", log_format_, "logfmt or json")
        ->capture_default_str()
        ->check(CLI::IsMember({"logfmt", "json"}));
  }

  void text(const std::string& name, std::string& value, const std::string& about) {
    app_.add_option(name, value, about)->capture_default_str()->check(not_empty());
  }

  void duration(const std::string& name, std::chrono::seconds& value, const std::string& about) {
    app_.add_option_function<std::string>(
            name, [&value](const std::string& given) { value = *parse_duration(given); },
            about + " (default " + std::to_string(value.count()) + "s)")
        ->check(duration_text());
  }

  void number(const std::string& name, double& value, std::pair<double, double> range,
              const std::string& about) {
    app_.add_option_function<std::string>(
            name, [&value](const std::string& given) { value = *to_double(given); },
            fmt::format("{} (default {:g})", about, value))
        ->check(number_between(range.first, range.second));
  }

  std::optional<Error> apply_file() {
    if (config_file_.empty()) return {};
    const auto content = inputs_.read_file(config_file_);
    if (!content) return content.error();
    const auto settings = parse_config_file(*content);
    if (!settings) {
      return Error{ErrorKind::kMalformed, config_file_ + ": " + settings.error().where,
                   settings.error().what};
    }
    for (const Setting& setting : *settings) {
      if (auto problem = apply(setting)) {
        return Error{ErrorKind::kMalformed, config_file_ + ": line " + std::to_string(setting.line),
                     *problem};
      }
    }
    return {};
  }

  // What is wrong with the setting, if anything. A flag that was given wins over the file.
  std::optional<std::string> apply(const Setting& setting) {
    CLI::Option* option = is_setting(setting.key) ? find(setting.key) : nullptr;
    if (option == nullptr) return "unknown key " + setting.key;
    if (option->count() > 0) return {};
    if (setting.values.empty()) return setting.key + ": the list is empty";
    if (setting.values.size() > 1 && option->get_items_expected_max() <= 1) {
      return setting.key + ": takes one value, not a list";
    }
    try {
      for (const auto& value : setting.values) {
        if (value.empty()) return setting.key + ": is empty";
        option->add_result(value);
      }
      option->run_callback();
    } catch (const CLI::Error& error) {
      return error.what();
    }
    return {};
  }

  // Modes ask for one run; they are no property of a host that a file could hold.
  static bool is_setting(std::string_view key) {
    return !key.starts_with("no-") && key.find('.') != std::string_view::npos &&
           key != "config.file";
  }

  CLI::Option* find(const std::string& key) { return app_.get_option_no_throw("--" + key); }

  std::variant<Config, EarlyExit> finished() {
    config_.mode = list_metrics_ ? Mode::kListMetrics
                   : check_      ? Mode::kCheck
                   : once_       ? Mode::kOnce
                                 : Mode::kServe;
    if (!config_.root.empty() && config_.mode == Mode::kServe) {
      return refused("--root: needs --once or --check");
    }
    if (config_.telemetry_path.front() != '/' || config_.telemetry_path == "/") {
      return refused("--web.telemetry-path: must be a path such as /metrics");
    }
    // A key named twice would be the same series twice.
    auto& labels = config_.volume_labels;
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    config_.log_format = log_format_ == "json" ? LogFormat::kJson : LogFormat::kLogfmt;
    for (const CollectorChoice& choice : inputs_.collectors) {
      const CLI::Option& given = *switches_.at(std::string(choice.name));
      const bool by_default = choice.on_by_default && !disable_defaults_;
      if (given.count() > 0 ? given.as<bool>() : by_default) {
        config_.collectors.emplace(choice.name);
      }
    }
    return std::move(config_);
  }

  const CommandLineInputs& inputs_;
  CLI::App app_{"Storage metrics of a Docker host for Prometheus"};
  Config config_;
  std::string config_file_;
  std::string log_format_ = "logfmt";
  bool once_ = false;
  bool check_ = false;
  bool list_metrics_ = false;
  bool disable_defaults_ = false;
  std::map<std::string, CLI::Option*> switches_;  // by collector
};

}  // namespace

std::variant<Config, EarlyExit> parse_command_line(const CommandLineInputs& inputs) {
  return Flags(inputs).parse();
}

}  // namespace volumeter
