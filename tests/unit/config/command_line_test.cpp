// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/command_line.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "tests/support/temp_folder.h"

namespace volumeter::command_line_test {
namespace {

using std::chrono::seconds;
using Arguments = std::vector<std::string>;
using Names = std::set<std::string, std::less<>>;

constexpr CollectorChoice kCollectors[] = {
    {"volumes", "the volumes", true}, {"sizes", "their sizes", true}, {"extra", "more", false}};

// What a command line with a --config.file of this content comes to.
std::variant<Config, EarlyExit> parse(Arguments arguments, const std::string& file = "") {
  return parse_command_line(
      {.arguments = std::move(arguments),
       .version = "1.2.3",
       .collectors = kCollectors,
       .read_file = [&](const std::string& path) -> Result<std::string> {
         if (path == "v.yml") return file;
         return Error{ErrorKind::kNotFound, path, "No such file or directory"};
       }});
}

Config config(const Arguments& arguments, const std::string& file = "") {
  auto parsed = parse(arguments, file);
  if (const auto* early = std::get_if<EarlyExit>(&parsed)) FAIL(early->text);
  return std::get<Config>(std::move(parsed));
}

// As set by keys of the file alone.
Config from_file(const std::string& file) { return config({"--config.file=v.yml"}, file); }

std::string minutes(std::chrono::nanoseconds duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(duration).count()) + "m";
}

// The one line of a command line that is refused.
std::string refusal(const Arguments& arguments, const std::string& file = "") {
  const auto parsed = parse(arguments, file);
  CAPTURE(arguments, file);
  const auto* early = std::get_if<EarlyExit>(&parsed);
  REQUIRE(early != nullptr);
  CHECK(early->code == 2);
  CHECK(early->text.starts_with("volumeter: "));
  CHECK(std::count(early->text.begin(), early->text.end(), '\n') == 1);
  CHECK(early->text.ends_with('\n'));
  return early->text;
}

bool refuses(const Arguments& arguments, const std::string& part) {
  const std::string text = refusal(arguments);
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

// Whether the file is refused with "v.yml: line N: " and `part`.
bool refuses_file(const std::string& file, int line, const std::string& part) {
  const std::string text = refusal({"--config.file=v.yml"}, file);
  CAPTURE(text);
  return text.starts_with("volumeter: v.yml: line " + std::to_string(line) + ": ") &&
         text.find(part) != std::string::npos;
}

// --- defaults and modes -----------------------------------------------------------------

TEST_CASE("without flags the agent serves the default collectors on the default port") {
  const Config made = config({});
  CHECK(made.mode == Mode::kServe);
  CHECK(made.web.listen_addresses == std::vector<std::string>{":10066"});
  CHECK(made.web.telemetry_path == "/metrics");
  CHECK(made.collectors == Names{"sizes", "volumes"});
  CHECK(made.log.format == LogFormat::kLogfmt);
  CHECK(made.docker_host.empty());
}

TEST_CASE("without flags sizes use 5 % of a core, watch for changes and leave bind mounts out") {
  const Config made = config({});
  CHECK(made.monitor.sizes.schedule.interval == seconds(300));
  CHECK(made.monitor.sizes.full_interval == seconds(3600));
  CHECK(made.monitor.sizes.schedule.cpu_share == 0.05);
  CHECK(made.monitor.sizes.max_io_pressure == 0.2);
  CHECK(made.monitor.sizes.threads == 1);
  CHECK(made.monitor.sizes.watch_changes);
  CHECK_FALSE(made.monitor.measured_binds.matches("/srv"));
  CHECK_FALSE(made.monitor.measured_binds.matches(""));
}

TEST_CASE("a mode is selected by its flag, and modes are mutually exclusive") {
  CHECK(config({"--once"}).mode == Mode::kOnce);
  CHECK(config({"--check"}).mode == Mode::kCheck);
  CHECK(config({"--list-metrics"}).mode == Mode::kListMetrics);
  CHECK(refuses({"--once", "--check"}, "mutually exclusive"));
  CHECK(refuses({"--list-flags", "--list-metrics"}, "mutually exclusive"));
}

TEST_CASE("--help and --version are printed with exit code 0") {
  const auto help = std::get<EarlyExit>(parse({"--help"}));
  CHECK(help.code == 0);
  for (const auto* flag :
       {"--once", "--config.file", "--web.listen-address", "--[no-]collector.sizes",
        "--collector.disable-defaults", "--log.format", "--state.directory",
        "--[no-]collector.sizes.fanotify", "--collector.sizes.binds"}) {
    CAPTURE(flag);
    CHECK(help.text.find(flag) != std::string::npos);
  }
  const auto version = std::get<EarlyExit>(parse({"--version"}));
  CHECK(version.code == 0);
  CHECK(version.text == "volumeter 1.2.3\n");
}

TEST_CASE("--root requires --once or --check") {
  const test::TempFolder folder;
  CHECK(config({"--once", "--root", folder.path()}).root == folder.path());
  CHECK(config({"--check", "--root", folder.path()}).root == folder.path());
  CHECK(refuses({"--root", folder.path()}, "--root: requires --once or --check"));
  CHECK(refuses({"--once", "--root", folder / "absent"}, "--root"));
}

// The row of docs/flags.md, or of --help, that names the flag.
std::string row(const std::string& page, const std::string& flag) {
  const auto at = page.find(flag);
  if (at == std::string::npos) return "";
  return page.substr(at, page.find('\n', at) - at);
}

TEST_CASE("--list-flags prints each flag with its default and meaning, by group") {
  const auto docs = std::get<EarlyExit>(parse({"--list-flags"}));
  CHECK(docs.code == 0);
  CHECK(row(docs.text, "--web.listen-address") ==
        "--web.listen-address=ADDRESS` | `:10066` | Address to listen on; may be repeated; :PORT "
        "listens on all IPv4 and IPv6 addresses |");
  CHECK(row(docs.text, "--[no-]collector.extra") == "--[no-]collector.extra` | `off` | more |");
  CHECK(row(docs.text, "--[no-]collector.sizes`") ==
        "--[no-]collector.sizes` | `on` | their sizes |");
  CHECK(row(docs.text, "--collector.sizes.interval")
            .starts_with("--collector.sizes.interval=DURATION` | `5m` |"));
  CHECK(row(docs.text, "--collector.sizes.cpu-percent").find("| `5` |") != std::string::npos);
  CHECK(row(docs.text, "--log.format").starts_with("--log.format=logfmt\\|json` | `logfmt` |"));
  for (const auto* group : {"General", "Host", "HTTP server", "Collectors", "Log"}) {
    CAPTURE(group);
    CHECK(docs.text.find("\n## " + std::string(group) + "\n") != std::string::npos);
  }
}

TEST_CASE("--list-flags prints defaults, not what the run was given") {
  const auto docs = std::get<EarlyExit>(parse({"--list-flags", "--log.level=debug"}));
  CHECK(docs.text == std::get<EarlyExit>(parse({"--list-flags"})).text);
}

TEST_CASE("--help shows the default of each flag") {
  const auto help = std::get<EarlyExit>(parse({"--help"}));
  CHECK(row(help.text, "--web.max-requests NUMBER").ends_with("(default: 40)"));
  CHECK(row(help.text, "--[no-]collector.extra").ends_with("more (default: off)"));
  CHECK(row(help.text, "--config.file FILE").ends_with("YAML configuration file"));
}

// --- every flag and its key -------------------------------------------------------------

TEST_CASE("each flag that takes one value is also a key") {
  struct Case {
    std::string name;
    std::string value;
    std::string (*read)(const Config&);
  };
  const Case cases[] = {
      {"docker.host", "tcp://h:1", [](const Config& c) { return c.docker_host; }},
      {"path.procfs", "/host/proc", [](const Config& c) { return c.paths.procfs; }},
      {"path.sysfs", "/host/sys", [](const Config& c) { return c.paths.sysfs; }},
      {"path.rootfs", "/host", [](const Config& c) { return c.paths.rootfs; }},
      {"state.directory", "/state", [](const Config& c) { return c.state_directory; }},
      {"web.telemetry-path", "/m", [](const Config& c) { return c.web.telemetry_path; }},
      {"web.max-requests", "7", [](const Config& c) { return std::to_string(c.web.max_requests); }},
      {"log.level", "debug", [](const Config& c) { return c.log.level; }},
      {"log.format", "json",
       [](const Config& c) { return std::string(c.log.format == LogFormat::kJson ? "json" : ""); }},
      {"collector.sizes.interval", "2m",
       [](const Config& c) { return minutes(c.monitor.sizes.schedule.interval); }},
      {"collector.sizes.full-interval", "2m",
       [](const Config& c) { return minutes(c.monitor.sizes.full_interval); }},
      {"collector.sizes.cpu-percent", "2.5",
       [](const Config& c) {
         return std::string(c.monitor.sizes.schedule.cpu_share == 0.025 ? "2.5" : "");
       }},
      {"collector.sizes.max-io-pressure", "7.5",
       [](const Config& c) {
         return std::string(c.monitor.sizes.max_io_pressure == 0.075 ? "7.5" : "");
       }},
      {"collector.sizes.threads", "3",
       [](const Config& c) { return std::to_string(c.monitor.sizes.threads); }},
      {"collector.sizes.binds", "/srv/.*",
       [](const Config& c) {
         return std::string(c.monitor.measured_binds.matches("/srv/x") ? "/srv/.*" : "");
       }},
      {"collector.filesystems.interval", "2m",
       [](const Config& c) { return minutes(c.monitor.filesystem_interval); }},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CHECK(one.read(config({"--" + one.name + "=" + one.value})) == one.value);
    CHECK(one.read(config({"--" + one.name, one.value})) == one.value);
    CHECK(one.read(from_file(one.name + ": " + one.value + "\n")) == one.value);
    CHECK(refuses_file(one.name + ": [" + one.value + ", " + one.value + "]\n", 1, one.name));
    CHECK(refuses_file(one.name + ":\n", 1, one.name));
  }
}

TEST_CASE("listen addresses may be repeated and replace the default") {
  const std::vector<std::string> two = {"127.0.0.1:1", "[::1]:2"};
  CHECK(config({"--web.listen-address=127.0.0.1:1", "--web.listen-address", "[::1]:2"})
            .web.listen_addresses == two);
  CHECK(from_file("web:\n  listen-address: ['127.0.0.1:1', '[::1]:2']\n").web.listen_addresses ==
        two);
  CHECK(from_file("web.listen-address: ':9'\n").web.listen_addresses ==
        std::vector<std::string>{":9"});
}

TEST_CASE("label keys are comma-separated or a YAML list, and duplicates are dropped") {
  const std::vector<std::string> two = {"env", "team"};
  CHECK(config({"--collector.volumes.labels=env,team"}).monitor.user_labels == two);
  CHECK(config({"--collector.volumes.labels=env", "--collector.volumes.labels=team"})
            .monitor.user_labels == two);
  CHECK(config({"--collector.volumes.labels=team,env,team"}).monitor.user_labels == two);
  CHECK(from_file("collector.volumes.labels: [env, team]\n").monitor.user_labels == two);
  CHECK(from_file("collector.volumes.labels: env,team\n").monitor.user_labels == two);
}

TEST_CASE("a flag takes precedence over the file") {
  const std::string file =
      "log.level: debug\nweb.listen-address: [':1', ':2']\ncollector.sizes: true\n"
      "path.procfs: /from/file\n";
  const Config made = config({"--log.level=error", "--config.file=v.yml", "--no-collector.sizes",
                              "--web.listen-address=:3"},
                             file);
  CHECK(made.log.level == "error");
  CHECK(made.web.listen_addresses == std::vector<std::string>{":3"});
  CHECK_FALSE(made.collectors.contains("sizes"));
  CHECK(made.paths.procfs == "/from/file");
}

// --- collectors -------------------------------------------------------------------------

TEST_CASE("collectors are enabled and disabled by their flags") {
  CHECK(config({"--no-collector.sizes"}).collectors == Names{"volumes"});
  CHECK(config({"--collector.extra"}).collectors == Names{"extra", "sizes", "volumes"});
  CHECK(config({"--collector.disable-defaults"}).collectors.empty());
  CHECK(config({"--collector.disable-defaults", "--collector.sizes"}).collectors == Names{"sizes"});
  CHECK(config({"--collector.sizes", "--no-collector.sizes"}).collectors == Names{"volumes"});
  CHECK(config({"--collector.sizes=false"}).collectors == Names{"volumes"});
}

TEST_CASE("collectors are enabled and disabled by keys of the file") {
  CHECK(from_file("collector:\n  sizes: false\n").collectors == Names{"volumes"});
  CHECK(from_file("collector.extra: true\n").collectors == Names{"extra", "sizes", "volumes"});
  CHECK(from_file("collector.disable-defaults: true\ncollector.sizes: true\n").collectors ==
        Names{"sizes"});
  CHECK(from_file("collector.disable-defaults: false\n").collectors == Names{"sizes", "volumes"});
}

TEST_CASE("a switch is true or false and nothing else") {
  CHECK(refuses({"--collector.sizes=maybe"}, "--collector.sizes"));
  CHECK(refuses({"--no-collector.sizes=maybe"}, "--collector.sizes"));
  CHECK(refuses_file("log.level: info\ncollector.sizes: maybe\n", 2, "collector.sizes"));
  CHECK(refuses_file("collector.disable-defaults: maybe\n", 1, "collector.disable-defaults"));
  CHECK(refuses_file("collector.sizes: [true, false]\n", 1, "collector.sizes"));
  CHECK(refuses_file("collector.sizes: ''\n", 1, "collector.sizes"));
}

TEST_CASE("all devices are exported only if a flag or key enables it") {
  CHECK_FALSE(config({}).monitor.all_devices);
  CHECK(config({"--collector.devices.all"}).monitor.all_devices);
  CHECK_FALSE(config({"--collector.devices.all=false"}).monitor.all_devices);
  CHECK(from_file("collector.devices.all: true\n").monitor.all_devices);
  CHECK(from_file("collector:\n  devices:\n    all: true\n").monitor.all_devices);
  CHECK(refuses({"--collector.devices.all=maybe"}, "--collector.devices.all"));
}

TEST_CASE("fanotify is enabled and disabled by its flag and its key") {
  CHECK_FALSE(config({"--no-collector.sizes.fanotify"}).monitor.sizes.watch_changes);
  CHECK_FALSE(config({"--collector.sizes.fanotify=false"}).monitor.sizes.watch_changes);
  CHECK(config({"--no-collector.sizes.fanotify", "--collector.sizes.fanotify"})
            .monitor.sizes.watch_changes);
  CHECK_FALSE(from_file("collector.sizes.fanotify: false\n").monitor.sizes.watch_changes);
  CHECK(from_file("collector.sizes.fanotify: true\n").monitor.sizes.watch_changes);
  CHECK(config({"--collector.sizes.fanotify", "--config.file=v.yml"},
               "collector.sizes.fanotify: false\n")
            .monitor.sizes.watch_changes);
  CHECK(refuses({"--collector.sizes.fanotify=maybe"}, "--collector.sizes.fanotify"));
  CHECK(refuses_file("collector.sizes.fanotify: maybe\n", 1, "collector.sizes.fanotify"));
  CHECK(refuses_file("collector.no-sizes.fanotify: true\n", 1, "unknown key"));
}

// --- what is refused --------------------------------------------------------------------

TEST_CASE("a wrong flag is named") {
  CHECK(refuses({"--nonsense"}, "--nonsense"));
  CHECK(refuses({"stray"}, "stray"));
  CHECK(refuses({"--collector.nonsense"}, "--collector.nonsense"));
  CHECK(refuses({"--log.level=loud"}, "--log.level"));
  CHECK(refuses({"--log.format"}, "--log.format"));
  CHECK(refuses({"--web.max-requests=0"}, "--web.max-requests"));
  CHECK(refuses({"--web.max-requests=-1"}, "--web.max-requests"));
  CHECK(refuses({"--web.max-requests=many"}, "--web.max-requests"));
  CHECK(refuses({"--web.listen-address="}, "--web.listen-address"));
  CHECK(refuses({"--web.telemetry-path=metrics"}, "--web.telemetry-path"));
  CHECK(refuses({"--web.telemetry-path=/"}, "--web.telemetry-path"));
}

TEST_CASE("an error is one line whatever was given") {
  CHECK(refuses({"--non\nsense\x1B[31m"}, "--non"));
  CHECK(refusal({"--once\r\n"}).find('\r') == std::string::npos);
  CHECK(refuses_file("\"a.\\nb\": 1\n", 1, "unknown key a."));
}

TEST_CASE("a duration is a whole number of seconds, minutes or hours up to a week") {
  const auto interval = [](const std::string& text) {
    return config({"--collector.sizes.interval=" + text}).monitor.sizes.schedule.interval;
  };
  CHECK(interval("90") == seconds(90));
  CHECK(interval("30s") == seconds(30));
  CHECK(interval("5m") == seconds(300));
  CHECK(interval("1h") == seconds(3600));
  CHECK(interval("168h") == seconds(604800));
  for (const std::string text : {"", "0", "0s", "-5s", "1.5m", "5 m", "5d", "s", "169h", "604801",
                                 "99999999999999999999h"}) {
    CAPTURE(text);
    CHECK(refuses({"--collector.sizes.interval=" + text}, "--collector.sizes.interval"));
  }
}

TEST_CASE("budget and threads of size measurements must be within their range") {
  const auto cpu = [](const std::string& text) {
    return config({"--collector.sizes.cpu-percent=" + text}).monitor.sizes.schedule.cpu_share;
  };
  CHECK(cpu("0.1") == Approx(0.001));
  CHECK(cpu("100") == 1);
  for (const std::string text : {"", "0", "0.09", "100.1", "-5", "5%", "nan", "inf", "five"}) {
    CAPTURE(text);
    CHECK(refuses({"--collector.sizes.cpu-percent=" + text}, "--collector.sizes.cpu-percent"));
  }
  CHECK(config({"--collector.sizes.max-io-pressure=0"}).monitor.sizes.max_io_pressure == 0);
  CHECK(refuses({"--collector.sizes.max-io-pressure=101"}, "must be a number from 0 to 100"));
  CHECK(refuses({"--collector.sizes.max-io-pressure=nan"}, "--collector.sizes.max-io-pressure"));
  CHECK(config({"--collector.sizes.threads=64"}).monitor.sizes.threads == 64);
  CHECK(refuses({"--collector.sizes.threads=0"}, "--collector.sizes.threads"));
  CHECK(refuses({"--collector.sizes.threads=65"}, "--collector.sizes.threads"));
  CHECK(refuses({"--collector.sizes.threads=-1"}, "--collector.sizes.threads"));
}

TEST_CASE("the regular expression for bind mounts must match the whole path") {
  const PathPattern chosen =
      config({"--collector.sizes.binds=/srv/[^/]+|/data"}).monitor.measured_binds;
  CHECK(chosen.matches("/srv/x"));
  CHECK(chosen.matches("/data"));
  CHECK_FALSE(chosen.matches("/srv/x/y"));
  CHECK_FALSE(chosen.matches("/mnt/data"));
  for (const std::string text : {"", "(", "[a-", "a{2,1}", "\\1", "(?=x)", "a**"}) {
    CAPTURE(text);
    CHECK(refuses({"--collector.sizes.binds=" + text}, "--collector.sizes.binds"));
  }
  CHECK(refuses_file("log.level: info\ncollector.sizes.binds: '('\n", 2, "missing )"));
}

TEST_CASE("an unknown key is named with its line") {
  CHECK(refuses_file("log.level: info\nlog.colour: red\n", 2, "unknown key log.colour"));
  CHECK(refuses_file("log:\n  level: info\n  colour: red\n", 3, "unknown key log.colour"));
  CHECK(refuses_file("# comment\n\nlevel: info\n", 3, "unknown key level"));
}

TEST_CASE("flags that ask for one run are not keys of the file") {
  for (const std::string key :
       {"once", "check", "help", "version", "root", "list-metrics", "list-flags", "config.file",
        "no-collector.sizes", "--log.level", "", "."}) {
    CAPTURE(key);
    CHECK(refuses_file("'" + key + "': x\n", 1, "unknown key"));
  }
}

TEST_CASE("a wrong value in the file is named with its key and line") {
  CHECK(refuses_file("\nlog.level: loud\n", 2, "log.level"));
  CHECK(refuses_file("web.max-requests: many\n", 1, "web.max-requests"));
  CHECK(refuses_file("web.max-requests: 0\n", 1, "web.max-requests"));
  CHECK(refuses_file("collector.sizes.interval: soon\n", 1, "collector.sizes.interval"));
  CHECK(refuses_file("docker.host: ''\n", 1, "docker.host"));
  CHECK(refuses_file("web.listen-address: []\n", 1, "web.listen-address"));
  CHECK(refuses_file("web.listen-address: ['']\n", 1, "web.listen-address"));
  CHECK(refuses_file("log.level: {a: b}\n", 1, "unknown key log.level.a"));
}

TEST_CASE("a file that does not exist or is not YAML is named") {
  CHECK(refuses({"--config.file=absent.yml"}, "absent.yml: No such file or directory"));
  CHECK(refuses({"--config.file="}, "--config.file"));
  CHECK(refuses_file("a: [1\n", 2, ""));
}

TEST_CASE("an empty file changes nothing") {
  CHECK(from_file("").collectors == config({}).collectors);
  CHECK(from_file("# nothing\n").web.listen_addresses == config({}).web.listen_addresses);
}

}  // namespace
}  // namespace volumeter::command_line_test
