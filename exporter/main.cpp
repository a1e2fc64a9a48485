// SPDX-License-Identifier: Apache-2.0
// Volumeter: Prometheus metrics of a Docker host's storage.
//
//   sources -> model -> collectors -> registry -> exposition -> http
//
// Pipeline (pipeline.h) is the flow up to the text of a scrape; serve() puts it behind HTTP.
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
#include "exporter/host.h"
#include "exporter/http/landing_page.h"
#include "exporter/http/server.h"
#include "exporter/http/service.h"
#include "exporter/pipeline.h"
#include "exporter/registry/metric_docs.h"
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

int serve(const Config& config, const Host& host, ChangeLog& log, const sigset_t& end_signals) {
  const auto addresses = listen_addresses(config);
  if (!addresses) return fail(2, "--web.listen-address: " + addresses.error().text());
  auto sockets = open_listen_sockets(*addresses);
  if (!sockets) return fail(1, sockets.error().text());
  drop_privileges(host, log);

  const auto metrics = std::make_shared<ServerMetrics>();
  Pipeline pipeline(config, host, metrics, log);
  HostMonitor& monitor = pipeline.monitor();
  Service service(
      {.telemetry_path = config.web.telemetry_path,
       .scrape = [&](const auto& request,
                     Format format) { return pipeline.scrape(request, format); },
       .is_collector = [&](std::string_view name) { return pipeline.registry().has(name); },
       .landing_page = [&] { return landing_page(*monitor.snapshot(), config.web.telemetry_path); },
       .ready = [&] { return monitor.ready(); }},
      config.web.max_requests, log, *metrics, host.access.steady_now);
  const auto server = Server::start(std::move(sockets).value(), {}, service);
  if (!server) return fail(1, server.error().text());

  monitor.start();
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    const auto url = url_of((*addresses)[i], (*server)->ports()[i]);
    log.info({"server", {{"address", (*addresses)[i].text()}}}, "listening", {{"url", url}});
  }
  int signal = 0;
  sigwait(&end_signals, &signal);
  log.info("agent",
           signal == SIGINT ? "received SIGINT, shutting down" : "received SIGTERM, shutting down");
  return 0;
}

int once(const Config& config, const Host& host, ChangeLog& log, const sigset_t& end_signals) {
  pthread_sigmask(SIG_UNBLOCK, &end_signals, nullptr);  // there is no state to save
  drop_privileges(host, log);
  Pipeline pipeline(config, host, nullptr, log);
  pipeline.monitor().sample_once({});
  print(stdout, pipeline.scrape({}, Format::kText004));
  return 0;
}

int check(const Config& config, const Host& host, ChangeLog& log, const sigset_t& end_signals) {
  pthread_sigmask(SIG_UNBLOCK, &end_signals, nullptr);
  const auto addresses = listen_addresses(config);
  if (!addresses) return fail(2, "--web.listen-address: " + addresses.error().text());
  const CapabilitySet had = drop_privileges(host, log);
  Pipeline pipeline(config, host, nullptr, log);
  HostMonitor& monitor = pipeline.monitor();
  monitor.sample_once({});
  const auto changes = monitor.check_once(config.monitor.sizes.watch_changes, {});
  const auto missing = host.is_machine ? missing_capabilities(had) : std::vector<CapabilityUse>{};
  const CheckReport report = check_report(*monitor.snapshot(), changes, missing);
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
  // The threads rarely allocate at the same time; with an arena each, memory for the largest
  // scrape and list would be kept several times over.
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
