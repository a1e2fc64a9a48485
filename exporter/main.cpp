// SPDX-License-Identifier: Apache-2.0
// Volumeter: asks the Docker Engine what exists and the kernel how it is doing, and tells
// Prometheus. The wiring, in the order of the data flow:
//
//   sources -> model -> collectors -> registry -> exposition -> http
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <variant>
#include <vector>

#include "collectors/builtin.h"
#include "exporter/build_info.h"
#include "exporter/check.h"
#include "exporter/config/command_line.h"
#include "exporter/exposition/text_format.h"
#include "exporter/host.h"
#include "exporter/http/landing_page.h"
#include "exporter/http/server.h"
#include "exporter/http/service.h"
#include "exporter/monitor/host_monitor.h"
#include "exporter/registry/metric_docs.h"
#include "exporter/registry/registry.h"
#include "exporter/sources/os/files.h"
#include "exporter/sources/os/privileges.h"

namespace volumeter {
namespace {

void print(std::FILE* stream, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

int fail(int code, const std::string& sentence) {
  print(stderr, "volumeter: " + sentence + "\n");
  return code;
}

std::vector<CollectorChoice> collector_choices() {
  std::vector<CollectorChoice> choices;
  for (const CollectorEntry& entry : builtin_collectors()) {
    choices.push_back({entry.name, entry.about, entry.on_by_default});
  }
  return choices;
}

Registry make_registry(const Config& config, const HostAccess& host,
                       const std::shared_ptr<const ServerMetrics>& server, ChangeLog& log) {
  std::vector<NamedCollector> collectors;
  for (const CollectorEntry& entry : builtin_collectors()) {
    if (config.collectors.contains(entry.name)) {
      collectors.push_back({entry.name, entry.make(server)});
    }
  }
  return Registry(std::move(collectors), host.steady_now, log);
}

// One pass is to finish soon; what runs all the time must not load the host.
SizeSamplerOptions for_one_pass(SizeSamplerOptions sizes) {
  sizes.schedule.cpu_share = 0;
  sizes.max_io_pressure = 1;
  sizes.watch_changes = false;
  return sizes;
}

MonitorOptions monitor_options(const Config& config, const Host& host) {
  const auto wanted = [&](Needs needs) {
    for (const CollectorEntry& entry : builtin_collectors()) {
      if (entry.needs == needs && config.collectors.contains(entry.name)) return true;
    }
    return false;
  };
  // eBPF counts from the moment it is attached: in one pass its zeros would take the place of
  // what the kernel has counted since boot.
  const bool can_count = config.mode != Mode::kOnce || !host.is_machine;
  MonitorOptions options = config.monitor;
  if (config.mode != Mode::kServe) options.sizes = for_one_pass(options.sizes);
  options.docker_api_version = host.docker_api_version;
  options.watch_filesystems = wanted(Needs::kFilesystems);
  options.watch_sizes = wanted(Needs::kSizes);
  options.trace_mounts = wanted(Needs::kMountIo) && config.ebpf && can_count;
  options.trace_devices = wanted(Needs::kDeviceLatency) && config.ebpf;
  options.watch_disks = wanted(Needs::kDisks) || wanted(Needs::kMountIo);
  options.watch_containers = wanted(Needs::kContainerIo) || wanted(Needs::kMountIo);
  options.state_directory = host.state_directory;
  options.units = host.units;
  return options;
}

// Prometheus gives up after `timeout`; what is ready half a second earlier arrives in time.
Seconds time_to_collect(Seconds timeout) { return std::max(timeout - Seconds(0.5), timeout / 2); }

std::string scrape(HostMonitor& monitor, const Registry& registry, const HostAccess& host,
                   const ScrapeRequest& request, Format format) {
  std::optional<SteadyTime> deadline;
  if (request.timeout) {
    deadline = host.steady_now() +
               std::chrono::duration_cast<SteadyTime::duration>(time_to_collect(*request.timeout));
  }
  const auto snapshot = monitor.snapshot();
  return render(registry.gather(*snapshot, {request.collect, request.exclude}, deadline), format);
}

Result<std::vector<ListenAddress>> listen_addresses(const Config& config) {
  std::vector<ListenAddress> addresses;
  for (const auto& text : config.web.listen_addresses) {
    auto address = parse_listen_address(text);
    if (!address) return std::move(address).error();
    addresses.push_back(std::move(address).value());
  }
  return addresses;
}

std::string url_of(const ListenAddress& address, unsigned port) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  const std::string host = address.host.empty() ? "localhost"
                           : is_ipv6            ? "[" + address.host + "]"
                                                : address.host;
  return "http://" + host + ":" + std::to_string(port) + "/";
}

// What is left of the privileges with which this program was started; before any thread.
// Returns what there was.
CapabilitySet drop_privileges(const Host& host, ChangeLog& log) {
  const CapabilitySet had = permitted_capabilities();
  if (!host.is_machine) return had;
  CapabilitySet kept = kAgentCapabilities;
  for (const std::string& path : {host.docker_socket, host.state_directory}) {
    if (path.empty() || !had.has(Capability::kDacOverride) || !belongs_to_another(path)) continue;
    kept.add(Capability::kDacOverride);
    log.info("privileges", "CAP_DAC_OVERRIDE is kept because " + path + " is another user's");
  }
  if (const auto done = keep_only(kept, kAgentCapabilitiesOnDemand); !done) {
    log.warning("privileges", "not all are given up: " + done.error().text());
  }
  return had;
}

int serve(const Config& config, const Host& host, ChangeLog& log, const sigset_t& end_signals) {
  const auto addresses = listen_addresses(config);
  if (!addresses) return fail(2, "--web.listen-address: " + addresses.error().text());
  auto sockets = open_listen_sockets(*addresses);
  if (!sockets) return fail(1, sockets.error().text());
  drop_privileges(host, log);

  const auto metrics = std::make_shared<ServerMetrics>();
  const Registry registry = make_registry(config, host.access, metrics, log);
  HostMonitor monitor(host.access, log, monitor_options(config, host));

  Service service(
      {.telemetry_path = config.web.telemetry_path,
       .scrape =
           [&](const ScrapeRequest& request, Format format) {
             return scrape(monitor, registry, host.access, request, format);
           },
       .is_collector = [&](std::string_view name) { return registry.has(name); },
       .landing_page = [&] { return landing_page(*monitor.snapshot(), config.web.telemetry_path); },
       .ready = [&] { return monitor.ready(); }},
      config.web.max_requests, log, *metrics, host.access.steady_now);
  const auto server = Server::start(std::move(sockets).value(), {}, service);
  if (!server) return fail(1, server.error().text());

  monitor.start();
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    const auto url = url_of((*addresses)[i], (*server)->ports()[i]);
    log.info("listening on " + (*addresses)[i].text(), "open " + url + " in a browser");
  }
  int signal = 0;
  sigwait(&end_signals, &signal);
  log.info("ending", std::string("on ") + (signal == SIGINT ? "SIGINT" : "SIGTERM"));
  return 0;
}

int once(const Config& config, const Host& host, ChangeLog& log, const sigset_t& end_signals) {
  pthread_sigmask(SIG_UNBLOCK, &end_signals, nullptr);  // nothing is to be kept: just end
  drop_privileges(host, log);
  const Registry registry = make_registry(config, host.access, nullptr, log);
  HostMonitor monitor(host.access, log, monitor_options(config, host));
  monitor.sample_once({});
  print(stdout, scrape(monitor, registry, host.access, {}, Format::kText004));
  return 0;
}

int check(const Config& config, const Host& host, ChangeLog& log, const sigset_t& end_signals) {
  pthread_sigmask(SIG_UNBLOCK, &end_signals, nullptr);
  const auto addresses = listen_addresses(config);
  if (!addresses) return fail(2, "--web.listen-address: " + addresses.error().text());
  const CapabilitySet had = drop_privileges(host, log);
  HostMonitor monitor(host.access, log, monitor_options(config, host));
  monitor.sample_once({});
  const HostAccess* changes = config.monitor.sizes.watch_changes ? &host.access : nullptr;
  const auto lacking = host.is_machine ? missing_capabilities(had) : std::vector<CapabilityUse>{};
  const CheckReport report =
      check_report(*monitor.snapshot(), changes, host.access.paths, host.state_directory, lacking);
  print(stdout, report.text);
  return report.complete ? 0 : 1;
}

int list_metrics(const HostAccess& host, ChangeLog& log) {
  Config everything;
  for (const CollectorEntry& entry : builtin_collectors()) {
    everything.collectors.emplace(entry.name);
  }
  print(stdout, metric_docs(make_registry(everything, host, nullptr, log).describe()));
  return 0;
}

int run(std::vector<std::string> arguments) {
  // The threads rarely allocate at the same time, while an arena for each would keep the
  // largest scrape and the largest list several times over.
  mallopt(M_ARENA_MAX, 1);  // NOLINT(concurrency-mt-unsafe): no thread exists yet
  const auto choices = collector_choices();
  auto parsed = parse_command_line({.arguments = std::move(arguments),
                                    .version = kVersion,
                                    .collectors = choices,
                                    .read_file = [](const auto& path) { return read_file(path); }});
  if (const auto* early = std::get_if<EarlyExit>(&parsed)) {
    print(early->code == 0 ? stdout : stderr, early->text);
    return early->code;
  }
  const Config& config = std::get<Config>(parsed);

  // Blocked before the first thread is made, so that only sigwait() sees them.
  sigset_t end_signals;
  sigemptyset(&end_signals);
  sigaddset(&end_signals, SIGINT);
  sigaddset(&end_signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &end_signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  // Forks: before the first thread as well.
  auto host = make_host(config, {kVersion, kRevision});
  if (!host) return fail(2, host.error().text());
  ChangeLog log(make_logger(config.log.level, config.log.format), config.log.format,
                host->access.steady_now);
  switch (config.mode) {
    case Mode::kServe: return serve(config, *host, log, end_signals);
    case Mode::kOnce: return once(config, *host, log, end_signals);
    case Mode::kCheck: return check(config, *host, log, end_signals);
    case Mode::kListMetrics: return list_metrics(host->access, log);
  }
  return 2;
}

}  // namespace
}  // namespace volumeter

int main(int argc, char** argv) { return volumeter::run({argv + 1, argv + argc}); }
